/** TCP, without encryption: anybody who reaches such a port is root on the engine's host. */
import { connect } from 'node:net'
import { fail, type ErrorCode } from '../errors.js'
import type { Dial } from './connection.js'
import { dialSocket, explainer } from './dial-socket.js'

export type TcpAddress = {
  /** A name, an IPv4 address, or an IPv6 address without brackets. */
  host: string
  port: number
}

/** The options of every socket to another host: small requests go out at once, and a dead peer is noticed (Go: 30 s). */
export const TCP_OPTIONS = { noDelay: true, keepAlive: true, keepAliveInitialDelay: 30_000, allowHalfOpen: true } as const

/** `host:port` with brackets around IPv6, as URLs and the Host header have it. */
export const formatAddress = ({ host, port }: TcpAddress): string => {
  if (typeof host !== 'string' || !/^[\w.:%-]+$/.test(host)) throw fail('config-invalid', `${JSON.stringify(host)} is not a host`)
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw fail('config-invalid', `${String(port)} is not a port: 1 to 65535 are`)
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

export const TCP_EXPLANATIONS: Record<string, [ErrorCode, string]> = {
  ECONNREFUSED: ['dial-refused', 'nobody listens on this port: is the engine started with --host tcp://…, and is the port right (2375 plain, 2376 TLS)?'],
  ENOTFOUND: ['dial-not-found', 'no such host: its name does not resolve'],
  EAI_AGAIN: ['dial-not-found', 'the name of the host cannot be resolved now: the name server does not answer'],
  EHOSTUNREACH: ['dial-unreachable', 'there is no route to this host'],
  ENETUNREACH: ['dial-unreachable', 'there is no route to this network'],
  ETIMEDOUT: ['dial-unreachable', 'the host does not answer: it is down, or a firewall drops the connection'],
}

/** Dials a TCP port. Errors: dial-not-found, dial-refused, dial-unreachable, dial-failed. */
export const dialTcp = (address: TcpAddress): Dial => {
  const host = formatAddress(address)
  const peer = `tcp://${host}`
  return dialSocket(onread => connect({ host: address.host, port: address.port, ...TCP_OPTIONS, onread }), 'connect', {
    peer,
    host,
    explain: explainer(peer, TCP_EXPLANATIONS),
  })
}
