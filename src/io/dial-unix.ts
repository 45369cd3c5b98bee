/** Unix domain sockets, and the named pipes that node:net dials the same way. */
import { connect } from 'node:net'
import { encodeUtf8 } from '../bytes.js'
import { fail } from '../errors.js'
import type { Dial } from './connection.js'
import { dialSocket, explainer } from './dial-socket.js'

export const DEFAULT_SOCKET = '/var/run/docker.sock'
export const DEFAULT_PIPE = '//./pipe/docker_engine'

/** Octets of an address: sun_path of unix(7), and a name of CreateNamedPipe. libuv cuts a longer one, and dials what that names. */
const SOCKET_PATH_MAX = 108
const PIPE_PATH_MAX = 256

/** A Host header that Go's server accepts; a socket's path is none. The engine does not look at it. */
const HOST = 'docker'

const dialPath = (path: string, peer: string, what: string, limit: number): Dial => {
  if (typeof path !== 'string' || path === '' || path.includes('\0')) throw fail('config-invalid', `not the path of a ${what}: ${JSON.stringify(path)}`)
  if (encodeUtf8(path).length > limit) throw fail('config-invalid', `longer than the ${limit} octets of a ${what}'s path: ${path}`, { limit })
  return dialSocket(onread => connect({ path, onread, allowHalfOpen: true }), 'connect', {
    peer,
    host: HOST,
    explain: explainer(peer, {
      ENOENT: ['dial-not-found', `no such ${what}: is the engine running, and DOCKER_HOST right?`],
      EACCES: ['dial-permission', 'permission denied: join the group that owns it (docker), or be root'],
      ECONNREFUSED: ['dial-refused', 'nobody listens: is the engine running?'],
    }),
  })
}

/** Dials a Unix domain socket. Errors: config-invalid, dial-not-found, dial-permission, dial-refused, dial-failed. */
export const dialUnix = (path = DEFAULT_SOCKET): Dial => dialPath(path, `unix://${path}`, 'socket', SOCKET_PATH_MAX)

/** Dials a Windows named pipe, which has no half-close: `end` ends both directions (libuv sends no zero-byte message). */
export const dialPipe = (path = DEFAULT_PIPE): Dial => dialPath(path, `npipe://${path}`, 'named pipe', PIPE_PATH_MAX)
