/**
 * The address of an engine as DOCKER_HOST has it (docker/cli: opts/hosts.go), turned into a Dial.
 *
 * unix:// and npipe:// name a path, which is taken as it stands: nothing in it is percent-decoded. tcp://, http:// and https://
 * name a host and a port; an address without a scheme is tcp. What is missing is filled in: the platform's default socket, localhost,
 * port 2375 without TLS and 2376 with it.
 */
import { fail } from '../errors.js'
import type { Dial } from './connection.js'
import { dialTcp, formatAddress, type TcpAddress } from './dial-tcp.js'
import { dialTls, type TlsOptions } from './dial-tls.js'
import { DEFAULT_PIPE, DEFAULT_SOCKET, dialPipe, dialUnix } from './dial-unix.js'

const PLAIN_PORT = 2375
const TLS_PORT = 2376

/** Where an address leads. */
export type Target = { kind: 'unix' | 'npipe'; path: string } | ({ kind: 'tcp' | 'tls' } & TcpAddress)

/** An address without what may be secret in it. */
const show = (url: string): string => JSON.stringify(url.replace(/^([^:/]*:\/\/)?.*@/s, '$1…@').replace(/[?#].*/s, ''))

const refuse = (url: string, why: string): never => {
  throw fail('config-invalid', `${show(url)} cannot be dialled: ${why}`)
}

/** Reads an address; `tls` is whether tcp:// means TLS. Errors: config-invalid. */
export const parseTarget = (url: string, tls = false): Target => {
  if (typeof url !== 'string') throw fail('config-invalid', `the address of an engine is a string, not ${typeof url}`)
  const trimmed = url.trim() || (globalThis.process?.platform === 'win32' ? 'npipe://' : 'unix://')
  const [, scheme = 'tcp', rest = ''] = /^(?:([^:/]*):\/\/)?(.*)$/s.exec(trimmed) ?? []
  const kind = scheme.toLowerCase()
  if (kind === 'unix' || kind === 'npipe') {
    if (rest.includes('\0')) refuse(url, 'a path has no NUL')
    return { kind, path: rest || (kind === 'unix' ? DEFAULT_SOCKET : DEFAULT_PIPE) }
  }
  if (kind === 'ssh') refuse(url, 'ssh is not spoken yet: forward the socket (ssh -nNT -L /tmp/docker.sock:/var/run/docker.sock user@host) and use unix:///tmp/docker.sock')
  if (kind === 'fd') refuse(url, 'fd:// is an address that a daemon listens on, not one to dial: use its socket, such as unix:///var/run/docker.sock')
  if (kind !== 'tcp' && kind !== 'http' && kind !== 'https') refuse(url, `the scheme is not one of unix, npipe, tcp, http and https`)
  if (rest.includes('@')) refuse(url, 'an engine takes no user or password: leave out what stands before the @, and use TLS certificates')
  if (kind === 'http' && tls) refuse(url, 'http:// is without TLS, for which there are settings: use tcp:// or https://')

  if (trimmed.startsWith('/')) refuse(url, 'a socket is written unix://, with its path behind')
  const [, authority = '', behind = ''] = /^([^/?#]*)(.*)$/s.exec(rest) ?? []
  if (behind !== '' && behind !== '/') refuse(url, 'a path behind the port is not supported: let the proxy serve the engine at its root, on a port or a name of its own')
  const [, bracketed, named, digits] = /^(?:\[([\da-f:.]+(?:%(?:25)?[\w.-]+)?)\]|([\w.-]*))(?::(\d*))?$/i.exec(authority) ?? refuse(url, 'what stands there is not host:port, with an IPv6 address in brackets')
  const secure = kind === 'https' || tls
  // RFC 6874 escapes the percent sign before a zone in a URL; nobody else does.
  const address = { host: bracketed?.replace('%25', '%') ?? (named!.toLowerCase() || 'localhost'), port: digits ? Number(digits) : secure ? TLS_PORT : PLAIN_PORT }
  if (bracketed !== undefined && !bracketed.includes(':')) refuse(url, 'only an IPv6 address stands in brackets')
  formatAddress(address)
  return { kind: secure ? 'tls' : 'tcp', ...address }
}

/**
 * Makes a Dial of an engine's address. `tls` turns tcp:// into TLS and configures https://; sockets and pipes have no use for it.
 * An empty address is the platform's default. Errors: config-invalid for what cannot be dialled, with what to do.
 */
export const dialUrl = (url: string, tls?: TlsOptions): Dial => {
  const target = parseTarget(url, tls !== undefined)
  switch (target.kind) {
    case 'unix':
      return dialUnix(target.path)
    case 'npipe':
      return dialPipe(target.path)
    case 'tcp':
      return dialTcp(target)
    case 'tls':
      return dialTls(target, tls)
  }
}
