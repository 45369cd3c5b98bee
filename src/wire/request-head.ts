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
  headers?: Readonly<Record<string, string>> | undefined
  /** Content-Type. */
  type?: string | undefined
  /** Octets of the body, 'chunked' where that is not known, undefined for none. */
  length?: number | 'chunked' | undefined
  /** The protocol to switch to. */
  upgrade?: string | undefined
  /** Wait for 100 Continue before the body. */
  expect?: boolean | undefined
}

const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/
const PATH = /^\/[!"$-~]*$/
const VALUE = /^[\t -~]*$/
const FRAMING = /^(connection|content-length|expect|keep-alive|te|trailer|transfer-encoding|upgrade)$/i

const refuse = (what: string, value: unknown, rule: string): never => {
  throw fail('request-invalid', `${what} ${JSON.stringify(value) ?? String(value)} cannot be sent: ${rule}`)
}

const matches = (pattern: RegExp, value: unknown): boolean => typeof value === 'string' && pattern.test(value)

/** Encodes the head with the empty line behind it, one octet per character. Errors: request-invalid. */
export const encodeRequestHead = ({ method, path, host, headers, type, length, upgrade, expect }: RequestHead): string => {
  if (!matches(TOKEN, method)) refuse('the method', method, 'it must be a token')
  if (!matches(PATH, path)) refuse('the path', path, 'it must begin with / and be percent-encoded')
  let fields = ''
  let hostField = `Host: ${host}\r\n`
  const add = (name: string, value: unknown): void => {
    if (!matches(VALUE, value)) refuse(`the header ${name}`, value, 'its value must be visible ASCII on one line')
    fields += `${name}: ${String(value)}\r\n`
  }
  for (const name in headers) {
    if (!TOKEN.test(name)) refuse('the header', name, 'its name must be a token')
    if (FRAMING.test(name)) refuse('the header', name, 'the framing of a message is not the caller\'s to set')
    if (name.toLowerCase() === 'host') hostField = ''
    add(name, headers[name])
  }
  if (type !== undefined) add('Content-Type', type)
  if (length === 'chunked') fields += 'Transfer-Encoding: chunked\r\n'
  // A POST without a body says so, or the engine takes it for one with (daemon: container_routes.go, postContainersStart).
  else if (length !== undefined || (method !== 'GET' && method !== 'HEAD' && method !== 'DELETE')) fields += `Content-Length: ${length ?? 0}\r\n`
  if (upgrade !== undefined) {
    add('Upgrade', upgrade)
    fields += 'Connection: Upgrade\r\n'
  }
  if (expect) fields += 'Expect: 100-continue\r\n'
  return `${method} ${path} HTTP/1.1\r\n${hostField}${fields}\r\n`
}
