/** Turning a status that means failure into one coded error, with what the engine says about it. */
import { concat, copy, utf8 } from '../bytes.js'
import { fail, isError, type ErrorCode, type HawserError } from '../errors.js'
import { header } from '../wire/response-head.js'
import type { Client, ExchangeOptions, Request, Response } from './exchange.js'
import { bodyInto } from './receive.js'

/** Octets of an error's text after which no more is read. The Go client takes as many. */
export const ERROR_BYTES_MAX = 1024 * 1024

const CODES: Partial<Record<number, ErrorCode>> = {
  400: 'bad-parameter',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not-found',
  409: 'conflict',
  500: 'server-error',
  501: 'not-implemented',
  503: 'unavailable',
}

/**
 * Runs an exchange and rejects unless it went well: 2xx, 304 (nothing to do) or 101. The error carries method, path, status and
 * the engine's message; its code is bad-parameter, unauthorized, forbidden, not-found, route-unknown, conflict, server-error,
 * not-implemented, unavailable, tls-required or http-error.
 */
export const ok = async (client: Client, request: Request, options?: ExchangeOptions): Promise<Response> => {
  const response = await client.exchange(request, options)
  const { status } = response
  if ((status > 199 && status < 300) || status === 304 || status === 101) return response
  throw await refusal(response)
}

/** The error of a response that refuses; consumes it. */
export const refusal = async (response: Response): Promise<HawserError> => {
  const said: Uint8Array[] = []
  let length = 0
  try {
    await bodyInto(response, (chunk, start, end) => {
      if (length > ERROR_BYTES_MAX) throw fail('body-too-large', 'the rest of an error is not read')
      said.push(copy(chunk, start, end))
      length += end - start
    })
  } catch (error) {
    // What came of the text is told, however it ended. An abort is no such end.
    if (!isError(error)) throw error
  }
  return refusalOf(response, utf8(concat(said)))
}

/** The error of a status and the text that came with it. */
export const refusalOf = (response: Response, body: string): HawserError => {
  const { method, path, status, reason, connection } = response
  const said = body.trim()
  const message = messageOf(said, header(response, 'content-type')) || reason
  // net/http answers a plain request on a TLS port itself, in HTTP/1.0.
  const code = said.includes('HTTP request to an HTTPS server') ? 'tls-required' : status === 404 && message === 'page not found' ? 'route-unknown' : (CODES[status] ?? 'http-error')
  return fail(code, `${message} (${method} ${path} answered ${status})`, { method, path, status, peer: connection.peer, reason: message })
}

/** The engine's own errors are JSON with a message; proxies and net/http answer in plain text or HTML. */
const messageOf = (said: string, type: string | undefined): string => {
  if (!type?.startsWith('application/json')) return said.slice(0, 2000)
  try {
    const { message } = JSON.parse(said) as { message?: unknown }
    return typeof message === 'string' ? message.trim() : said
  } catch {
    return said
  }
}
