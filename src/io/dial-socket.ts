/**
 * Opening a socket of node:net or node:tls as a Connection.
 *
 * Reads arrive through `onread` in one buffer that all sockets share: it is only ever borrowed until the callback returns, and
 * bodies come two to three times as fast as by 'data' events. A runtime that ignores `onread` delivers the same bytes by 'data'.
 */
import type { OnReadOpts, Socket } from 'node:net'
import { clearDeadline, onAbort, setDeadline } from '../abort.js'
import { allocate } from '../bytes.js'
import { fail, type ErrorCode } from '../errors.js'
import { overSocket, type Connection, type Dial, type Peer } from './connection.js'

/** Octets of one read. */
export const READ_BYTES = 64 * 1024

/** Milliseconds that a dial may take: more than a slow handshake, less than a user's patience. */
export const DIAL_MS = 30_000

let slab: Uint8Array | undefined

/**
 * Dials with what `open` makes, which passes `onread` on to node:net or node:tls.
 * `ready` is the event after which the socket may be used.
 */
export const dialSocket =
  (open: (onread: OnReadOpts) => Socket, ready: 'connect' | 'secureConnect', about: Peer): Dial =>
  ({ signal, dialMs = DIAL_MS } = {}) =>
    new Promise<Connection>((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      const { peer } = about
      slab ??= allocate(READ_BYTES)
      const socket = open({
        buffer: slab,
        callback(length, chunk) {
          receive(chunk, length)
          return true
        },
      })
      const { connection, receive } = overSocket(socket, about)
      socket.on('data', (chunk: Uint8Array) => receive(chunk, chunk.length))
      let forget: (() => void) | undefined
      try {
        forget = onAbort(signal, connection.destroy)
      } catch (error) {
        connection.destroy()
        throw error
      }
      const deadline = dialMs > 0 ? setDeadline(dialMs, () => connection.destroy(fail('dial-timeout', `${peer}: not connected within ${dialMs} ms`, { peer, limit: dialMs }))) : undefined
      const settle = (): void => {
        forget?.()
        clearDeadline(deadline)
      }
      // Until it is connected, the reader is the one who dials.
      connection.read({
        push: () => 0,
        end() {
          throw fail('connection-closed', `${peer}: closed before it was ready`, { peer })
        },
        fail(error) {
          settle()
          reject(error)
        },
      })
      socket.once(ready, () => {
        settle()
        connection.read(undefined)
        resolve(connection)
      })
    })

/** What the operating system's name of a failed dial means, and what to do about it. */
type Explanations = Record<string, [code: ErrorCode, what: string]>

/** Turns a socket's error into a coded one: a dial's by the table, any other into `connection-lost`. */
export const explainer =
  (peer: string, explanations: Explanations) =>
  (error: NodeJS.ErrnoException): Error => {
    const reason = error.code ?? error.message
    const [code, what] = explanations[reason] ?? (error.syscall === 'connect' || error.syscall === 'getaddrinfo' ? ['dial-failed', error.message] : ['connection-lost', `connection lost: ${reason}`])
    return fail(code, `${peer}: ${what}`, { peer, reason, cause: error })
  }
