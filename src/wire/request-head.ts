/**
 * The head of an HTTP/1.1 request (RFC 9112 sections 3, 5 and 6). Nothing that a caller passes can add a line or change the
 * framing: methods and names must be tokens, paths and values visible ASCII, and the fields that frame the message are ours.
 */
import { fail } from '../errors.js'

export type RequestHead = {
  method: string
  /** Path and query, percent-encoded, beginning with a slash. */
  path: string
  /** What the Host field says, unless `headers` has one. */
  host: string
  /** An array repeats its field. */
  headers?: Readonly<Record<string, string | readonly string[]>> | undefined
  /** Content-Type, unless `headers` has one. */
  type?: string | undefined
  /** Octets of the body, 'chunked' where that is not known, undefined for none. */
  length?: number | 'chunked' | undefined
  /** The protocol to switch to, a token. */
  upgrade?: string | undefined
  /** Wait for 100 Continue before the body. */
  expect?: boolean | undefined
}

const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/
const PATH = /^\/[!"$-~]*$/
const VALUE = /^[\t -~]*$/
const LENGTH = /^\d+$/
/** A token, and none of those that decide how long a message is or what becomes of its connection. */
const NAME = /^(?!(connection|content-length|expect|keep-alive|te|trailer|transfer-encoding|upgrade)$)[\w!#$%&'*+.^`|~-]+$/i

/** A value may be a password and is not told; what else is no string has no text that is safe to make. */
const checked = (pattern: RegExp, value: unknown, what: string): string => {
  if (typeof value !== 'string' || !pattern.test(value)) throw fail('request-invalid', `this cannot be sent as ${what}: ${pattern === VALUE || typeof value !== 'string' ? typeof value : JSON.stringify(value)}`)
  return value
}

/** Encodes the head with the empty line behind it, one octet per character. Errors: request-invalid. */
export const encodeRequestHead = ({ method, path, host, headers, type, length, upgrade, expect }: RequestHead): string => {
  const line = `${checked(TOKEN, method, 'a method')} ${checked(PATH, path, 'a path')} HTTP/1.1\r\n`
  let hostField = `Host: ${checked(VALUE, host, 'Host')}\r\n`
  let fields = ''
  const add = (name: string, value: unknown): void => {
    fields += `${name}: ${checked(VALUE, value, name)}\r\n`
  }
  for (const name in headers) {
    if (/^host$/i.test(name)) hostField = ''
    if (/^content-type$/i.test(name)) type = undefined
    const value = headers[name]
    // Two of these would be understood differently by those on the way.
    const several = Array.isArray(value) && !/^(host|content-type)$/i.test(name)
    for (const one of several ? value : [value]) add(checked(NAME, name, 'a header'), one)
  }
  if (type !== undefined) add('Content-Type', type)
  if (length === 'chunked') add('Transfer-Encoding', length)
  // A POST without a body says so, or the engine takes it for one with (daemon: container_routes.go, postContainersStart).
  else if (length !== undefined || line[0] === 'P') add('Content-Length', checked(LENGTH, length === undefined ? '0' : typeof length === 'number' ? `${length}` : length, 'a length'))
  if (upgrade !== undefined) {
    add('Upgrade', checked(TOKEN, upgrade, 'an upgrade'))
    add('Connection', 'Upgrade')
  }
  if (expect) add('Expect', '100-continue')
  return `${line}${hostField}${fields}\r\n`
}
