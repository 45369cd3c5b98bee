/**
 * Every error that hawser makes is a plain Error with a string `code`, built here. An abort is not among them:
 * it is rethrown as `signal.reason`.
 */

/** What can go wrong, by layer. The README lists each with its meaning. */
export type ErrorCode =
  // wire: bytes that are not what the format says
  | 'head-malformed'
  | 'head-too-large'
  | 'framing-ambiguous'
  | 'chunk-malformed'
  | 'trailer-malformed'
  | 'message-truncated'
  | 'mux-malformed'
  | 'mux-truncated'
  | 'line-too-long'
  | 'json-malformed'
  | 'tar-malformed'
  | 'tar-truncated'
  | 'tar-too-large'
  | 'web-socket-malformed'
  | 'web-socket-text-malformed'
  | 'web-socket-too-large'
  | 'web-socket-truncated'
  // what the caller handed in
  | 'request-invalid'
  | 'config-invalid'
  | 'tar-size-mismatch'
  | 'tar-entry-passed'
  // io: no connection, or none any more
  | 'dial-not-found'
  | 'dial-permission'
  | 'dial-refused'
  | 'dial-unreachable'
  | 'dial-timeout'
  | 'dial-failed'
  | 'tls-required'
  | 'tls-unsupported'
  | 'tls-certificate'
  | 'tls-failed'
  | 'connection-closed'
  | 'connection-lost'
  // http: an exchange that did not come to its end
  | 'head-timeout'
  | 'silence-timeout'
  | 'pool-closed'
  | 'response-consumed'
  | 'body-too-large'
  | 'body-length-mismatch'
  | 'upgrade-refused'
  // engine: what it answered
  | 'bad-parameter'
  | 'unauthorized'
  | 'forbidden'
  | 'not-found'
  | 'route-unknown'
  | 'conflict'
  | 'server-error'
  | 'not-implemented'
  | 'unavailable'
  | 'http-error'
  | 'version-unsupported'
  | 'stream-error'
  // testing
  | 'replay-mismatch'
  | 'recording-invalid'

/** What an error may say beside its message; each code documents which it carries. */
export type ErrorDetails = {
  method?: string
  /** The path as it went over the wire, API version included. */
  path?: string
  status?: number
  /** The engine's address in the form that dialUrl takes. */
  peer?: string
  /** The bound that was exceeded, in the unit that the message names. */
  limit?: number
  /** Where bytes were refused: how many octets of the head, frame or record came before. */
  offset?: number
  /** The runtime's or the certificate check's own name of the trouble: ENOENT, CERT_HAS_EXPIRED. */
  reason?: string
  cause?: unknown
}

export type HawserError = Error & Omit<ErrorDetails, 'cause'> & { code: ErrorCode }

/** Builds an error; the caller throws it or rejects with it. */
export const fail = (code: ErrorCode, message: string, details?: ErrorDetails): HawserError => Object.assign(new Error(message, details), details, { code })

/** Whether `error` was made by hawser, and has this code where one is given. Codes of Node are written in capitals. */
export const isError = (error: unknown, code?: ErrorCode): error is HawserError =>
  error instanceof Error && 'code' in error && (code === undefined ? typeof error.code === 'string' && /^[a-z-]+$/.test(error.code) : error.code === code)
