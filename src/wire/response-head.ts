/**
 * The head of an HTTP/1.1 response: status line and field lines (RFC 9112 sections 4 and 5), and field lines alone, as
 * they end a chunked body (section 7.1.2).
 *
 * Refused, because readers who disagree about them can be desynchronised: bare CR or LF, NUL and other controls,
 * obs-fold, space before the colon, names that are no token, versions other than 1.0 and 1.1, repeated or conflicting
 * Content-Length, Transfer-Encoding beside Content-Length or in HTTP/1.0, and codings other than chunked alone, which we
 * never ask for (section 6). A head is bounded by HEAD_BYTES_MAX and HEAD_FIELDS_MAX.
 */
import { latin1 } from '../bytes.js'
import { fail, type ErrorCode } from '../errors.js'
import { MORE, type Decoder } from './decoder.js'

/** Octets of one head, status line included. Node's http takes 16 KiB, curl 300 KiB, Go 1 MiB. */
export const HEAD_BYTES_MAX = 64 * 1024
/** Field lines of one head. hyper and Apache take 100. */
export const HEAD_FIELDS_MAX = 256

/** `length` of a head that has no Content-Length. */
export const NO_LENGTH = -1

export type ResponseHead = {
  status: number
  /** May be empty; it means nothing to a program (RFC 9112 section 4). */
  reason: string
  version: '1.0' | '1.1'
  /** The field lines as they came, one character per octet. `header` and `headers` read them. */
  fields: string
  /** Content-Length, or NO_LENGTH. */
  length: number
  /** Whether the body comes in chunks. */
  chunked: boolean
  /** Whether the peer lets the connection carry another exchange. */
  keepAlive: boolean
}

const TLS_ALERT = '\x15'

/** Lines as RFC 9110 sections 5.1 and 5.5 allow them: a token, a colon, and text without controls other than HTAB. */
const FIELDS = '((?:[\\w!#$%&\'*+.^`|~-]+:[\\t -~\\x80-\\xff]*\\r\\n)*)(?:\\r\\n)?$'
/** RFC 9112 section 4. The empty line at the end may still be missing. */
const HEAD = /* @__PURE__ */ new RegExp('^HTTP/1\\.([01]) ([1-9]\\d\\d)(?: ([\\t -~\\x80-\\xff]*))?\\r\\n' + FIELDS)
/** RFC 9112 section 7.1.2, and the end of the line before it. */
const TRAILER = /* @__PURE__ */ new RegExp('^\\r\\n' + FIELDS)
/** The fields that decide where a message ends. */
const FRAMING = /^(content-length|transfer-encoding|connection):[ \t]*(.*?)[ \t]*\r$/gim

/** Takes lines up to the empty one behind them, and hands on what `pattern` found; complete lines are checked as they come. */
const createLinesDecoder = (pattern: RegExp, before: string, code: ErrorCode, finish: (match: RegExpExecArray) => void): Decoder => {
  let text = before

  const check = (length: number): RegExpExecArray => {
    const match = pattern.exec(text.slice(0, length))
    if (match && match.at(-1)!.split('\n').length > HEAD_FIELDS_MAX + 1) throw fail('head-too-large', `head of more than ${HEAD_FIELDS_MAX} fields`, { limit: HEAD_FIELDS_MAX })
    if (match) return match
    throw text[0] === TLS_ALERT ? fail('tls-required', 'this port speaks TLS: dial it with TLS') : fail(code, `malformed head: ${JSON.stringify(text.slice(0, 200))}`)
  }

  return {
    push(chunk, start, end) {
      const { length } = text
      text += latin1(chunk, start, Math.min(end, start + HEAD_BYTES_MAX + 1))
      const stop = text.indexOf('\r\n\r\n', length - 3) + 4
      if ((stop > 3 ? stop : text.length) > HEAD_BYTES_MAX + before.length) throw fail('head-too-large', `head of more than ${HEAD_BYTES_MAX} octets`, { limit: HEAD_BYTES_MAX })
      if (stop > 3) {
        const match = check(stop)
        text = before
        finish(match)
        return stop - length
      }
      // A line that HTTP does not allow may be the last that comes.
      if (text[0] === TLS_ALERT || text.includes('\n', length)) check(text.lastIndexOf('\n') + 1)
      return MORE
    },
    end() {
      if (text) throw fail('message-truncated', `closed after ${text.length} octets of a head`)
    },
  }
}

const ambiguous = (what: string): never => {
  throw fail('framing-ambiguous', `ambiguous end of body: ${what}`)
}

/** Decodes one response head, and starts anew with the next. `emit` is called before `push` returns what it used. */
export const createHeadDecoder = (emit: (head: ResponseHead) => void): Decoder =>
  createLinesDecoder(HEAD, '', 'head-malformed', ([, minor, status, reason = '', fields = '']) => {
    let length = NO_LENGTH
    let chunked = false
    let close = false
    let keepAlive = minor === '1'
    // Not matchAll, which makes a new expression each time.
    FRAMING.lastIndex = 0
    for (let match; (match = FRAMING.exec(fields)); ) {
      const kind = match[1]!.length
      const value = match[2]!
      const lower = value.toLowerCase()
      if (kind === 14) {
        if (length !== NO_LENGTH) ambiguous('repeated Content-Length')
        length = Number(value)
        if (!/^\d+$/.test(value) || !Number.isSafeInteger(length)) ambiguous(`Content-Length ${value}`)
      } else if (kind === 17) {
        if (chunked || lower !== 'chunked' || minor === '0') ambiguous(`Transfer-Encoding ${value}`)
        chunked = true
      } else if (/(^|[ \t,])close($|[ \t,])/.test(lower)) close = true
      else if (/(^|[ \t,])keep-alive($|[ \t,])/.test(lower)) keepAlive = true
    }
    if (chunked && length !== NO_LENGTH) ambiguous('Content-Length and Transfer-Encoding')
    emit({ status: Number(status), reason, version: minor === '1' ? '1.1' : '1.0', fields, length, chunked, keepAlive: keepAlive && !close })
  })

/** Decodes the trailer section of a chunked body; `emit` gets its field lines as a head's `fields`. */
export const createTrailerDecoder = (emit: (fields: string) => void): Decoder => createLinesDecoder(TRAILER, '\r\n', 'trailer-malformed', ([, fields = '']) => emit(fields))

/** All fields in order: names in lower case, repeated ones as often as they came. */
export const headers = (head: { fields: string }): [name: string, value: string][] =>
  head.fields
    .split('\r\n')
    .slice(0, -1)
    .map(line => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '')]
    })

/** One field's value by its name in any case, repeated ones joined by a comma (RFC 9110 section 5.3). */
export const header = (head: { fields: string }, name: string): string | undefined => {
  const wanted = name.toLowerCase()
  const values = headers(head).filter(pair => pair[0] === wanted)
  return values.length > 0 ? values.map(pair => pair[1]).join(', ') : undefined
}
