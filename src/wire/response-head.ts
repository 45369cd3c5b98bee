/**
 * The head of an HTTP/1.1 response: status line and field lines (RFC 9112 sections 4 and 5), and field lines alone, as
 * they end a chunked body (section 7.1.2).
 *
 * Refused, because readers who disagree about them can be desynchronised: bare CR or LF, NUL and other controls,
 * obs-fold, space before the colon, names that are no token, versions other than 1.0 and 1.1, repeated or conflicting
 * Content-Length, Transfer-Encoding beside Content-Length or in HTTP/1.0, and codings other than chunked alone, which we
 * never ask for (section 6). A head is bounded by HEAD_BYTES_MAX and HEAD_FIELDS_MAX.
 */
import { concat, copy, latin1 } from '../bytes.js'
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

const CR = 13
const LF = 10
const COLON = 58
const STATUS_LINE = 'HTTP/1.x ddd '
const TLS_ALERT = 0x15

/** RFC 9110 section 5.6.2: tchar. */
const isToken = (c: number): boolean => {
  const letter = c | 32
  return (letter > 96 && letter < 123) || c === 45 || (c > 47 && c < 58) || (c > 32 && c < 127 && "!#$%&'*+.^_`|~".includes(String.fromCharCode(c)))
}

/** RFC 9110 section 5.5: what a field value or a reason may hold. */
export const isText = (c: number): boolean => (c > 31 && c !== 127) || c === 9

/** Whether `c` may stand in this column of the status line. */
const isStatusLine = (c: number, column: number): boolean => {
  const wanted = STATUS_LINE[column]
  if (wanted === undefined) return isText(c)
  if (wanted === 'x') return c === 48 || c === 49
  if (wanted === 'd') return c > (column === 9 ? 48 : 47) && c < 58
  return c === wanted.charCodeAt(0)
}

/**
 * Reads lines up to the empty one. `finish` gets them as text without the final CRLF, and where the lines stand whose
 * name is as long as one that decides about framing: [start, colon, end, …].
 */
const createLinesDecoder = (withStatusLine: boolean, malformed: ErrorCode, finish: (text: string, notable: number[]) => void): Decoder => {
  let carried: Uint8Array[] = []
  let size = 0
  let fields = 0
  let statusLine = withStatusLine
  let column = 0
  let colon = -1
  let afterCr = false
  let notable: number[] = []

  const refuse = (c: number): never => {
    const offset = size - 1
    if (offset === 0 && c === TLS_ALERT) throw fail('tls-required', 'the peer answered with a TLS alert: it speaks TLS on this port, so dial it with dialTls or an https:// address')
    throw fail(malformed, `octet 0x${c.toString(16).padStart(2, '0')} is not allowed at offset ${offset} of ${withStatusLine ? 'the response head' : 'the trailer'}`, { offset })
  }

  return {
    push(chunk, start, end) {
      for (let i = start; i < end; i++) {
        const c = chunk[i]!
        if (++size > HEAD_BYTES_MAX) throw fail('head-too-large', `the head is longer than ${HEAD_BYTES_MAX} octets`, { limit: HEAD_BYTES_MAX })
        if (afterCr) {
          if (c !== LF) refuse(c)
          if (column === 0 && !statusLine) {
            const rest = latin1(chunk, start, i > start ? i - 1 : start)
            const text = carried.length === 0 ? rest : join(carried, rest).slice(0, size - 2)
            const lines = notable
            carried = []
            notable = []
            size = fields = 0
            statusLine = withStatusLine
            afterCr = false
            finish(text, lines)
            return i + 1 - start
          }
          if (!statusLine) {
            if (++fields > HEAD_FIELDS_MAX) throw fail('head-too-large', `the head has more than ${HEAD_FIELDS_MAX} fields`, { limit: HEAD_FIELDS_MAX })
            if (colon === 10 || colon === 14 || colon === 17) notable.push(size - 2 - column, size - 2 - column + colon, size - 2)
          }
          statusLine = afterCr = false
          column = 0
          colon = -1
        } else if (c === CR) {
          if (statusLine ? column < STATUS_LINE.length - 1 : colon < 0 && column > 0) refuse(c)
          afterCr = true
        } else {
          if (statusLine) {
            if (!isStatusLine(c, column)) refuse(c)
          } else if (colon >= 0) {
            if (!isText(c)) refuse(c)
          } else if (c === COLON && column > 0) colon = column
          else if (!isToken(c)) refuse(c)
          column++
        }
      }
      carried.push(copy(chunk, start, end))
      return MORE
    },
    end() {
      if (size > 0 || !withStatusLine) throw fail('message-truncated', `the peer closed the connection in the middle of ${withStatusLine ? `the response head, after ${size} octets` : 'the trailer'}`)
    },
  }
}

const join = (carried: Uint8Array[], rest: string): string => {
  const bytes = concat(carried)
  return latin1(bytes, 0, bytes.length) + rest
}

const trim = (value: string): string => value.replace(/^[ \t]+|[ \t]+$/g, '')

const ambiguous = (what: string): never => {
  throw fail('framing-ambiguous', `the response has ${what}, so where its body ends is a matter of opinion`)
}

/** Decodes one response head, and starts anew with the next. `emit` is called before `push` returns what it used. */
export const createHeadDecoder = (emit: (head: ResponseHead) => void): Decoder =>
  createLinesDecoder(true, 'head-malformed', (text, notable) => {
    const statusEnd = text.indexOf('\r\n')
    const http11 = text[7] === '1'
    let length = NO_LENGTH
    let chunked = false
    let keepAlive = http11
    for (let i = 0; i < notable.length; i += 3) {
      const name = text.slice(notable[i], notable[i + 1]).toLowerCase()
      const value = trim(text.slice(notable[i + 1]! + 1, notable[i + 2]))
      if (name === 'content-length') {
        if (length !== NO_LENGTH) ambiguous('more than one Content-Length')
        length = Number(value)
        if (!/^\d+$/.test(value) || !Number.isSafeInteger(length)) ambiguous(`the Content-Length '${value}'`)
      } else if (name === 'transfer-encoding') {
        if (chunked || value.toLowerCase() !== 'chunked') ambiguous(`the Transfer-Encoding '${value}' where only one 'chunked' was expected`)
        if (!http11) ambiguous('a Transfer-Encoding in HTTP/1.0')
        chunked = true
      } else if (name === 'connection') {
        const options = value.toLowerCase().split(/[ \t]*,[ \t]*/)
        if (options.includes('close')) keepAlive = false
        else if (!http11 && options.includes('keep-alive')) keepAlive = true
      }
    }
    if (chunked && length !== NO_LENGTH) ambiguous('both Content-Length and Transfer-Encoding')
    emit({
      status: Number(text.slice(9, 12)),
      reason: text.slice(13, statusEnd),
      version: http11 ? '1.1' : '1.0',
      fields: text.slice(statusEnd + 2),
      length,
      chunked,
      keepAlive,
    })
  })

/** Decodes the trailer section of a chunked body; `emit` gets its field lines as a head's `fields`. */
export const createTrailerDecoder = (emit: (fields: string) => void): Decoder => createLinesDecoder(false, 'trailer-malformed', emit)

/** All fields in order: names in lower case, repeated ones as often as they came. */
export const headers = (head: { fields: string }): [name: string, value: string][] =>
  head.fields
    .split('\r\n')
    .slice(0, -1)
    .map(line => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon).toLowerCase(), trim(line.slice(colon + 1))]
    })

/** One field's value by its name in any case, repeated ones joined by a comma (RFC 9110 section 5.3). */
export const header = (head: { fields: string }, name: string): string | undefined => {
  const wanted = name.toLowerCase()
  const values = headers(head).filter(pair => pair[0] === wanted)
  return values.length > 0 ? values.map(pair => pair[1]).join(', ') : undefined
}
