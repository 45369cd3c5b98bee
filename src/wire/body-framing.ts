/**
 * Where a message body begins and ends (RFC 9112 sections 6 and 7): by Content-Length, in chunks, until the peer closes,
 * or not at all.
 *
 * Refused in chunks: sizes with a sign, a prefix, white space or beyond 2^53 - 1, more digits than CHUNK_DIGITS_MAX, a
 * bare LF, data that runs over its size, extensions beyond CHUNK_EXTENSIONS_MAX, and malformed trailers.
 */
import { fail } from '../errors.js'
import { MORE, type Decoder, type Span } from './decoder.js'
import { createTrailerDecoder, NO_LENGTH, type ResponseHead } from './response-head.js'

/** Digits of one chunk size, leading zeros included. 16 hold any 64-bit size. */
export const CHUNK_DIGITS_MAX = 16
/** Octets of all chunk extensions of one body, which nobody uses. Go allows 16 KiB beyond what the chunks carry. */
export const CHUNK_EXTENSIONS_MAX = 16 * 1024

/** How many octets the body has, or one of CHUNKED and UNTIL_CLOSE. */
export type Framing = number
export const CHUNKED = -1
export const UNTIL_CLOSE = -2

/** The framing of the response to a request of this method (RFC 9112 section 6.3). 101 is the caller's to know. */
export const responseFraming = (head: ResponseHead, method: string): Framing => {
  if (method === 'HEAD' || head.status < 200 || head.status === 204 || head.status === 304) return 0
  if (head.chunked) return CHUNKED
  return head.length === NO_LENGTH ? UNTIL_CLOSE : head.length
}

const CR = 13
const LF = 10
const SEMICOLON = 59

/** The value of a hexadecimal digit, or -1. */
const hex = (c: number): number => {
  if (c > 47 && c < 58) return c - 48
  const letter = c | 32
  return letter > 96 && letter < 103 ? letter - 87 : -1
}

/**
 * Decodes one body. `emit` gets its data in pieces as they lie in the chunk, and stops the push by returning `false`;
 * `trailer` gets the field lines behind the last chunk, if there are any.
 */
export const createBodyDecoder = (framing: Framing, emit: Span, trailer?: (fields: string) => void): Decoder =>
  framing === CHUNKED ? createChunkedDecoder(emit, trailer) : createLengthDecoder(framing, emit)

const createLengthDecoder = (framing: Framing, emit: Span): Decoder => {
  let left = framing === UNTIL_CLOSE ? Infinity : framing
  return {
    push(chunk, start, end) {
      const used = Math.min(end - start, left)
      left -= used
      if (used > 0 && emit(chunk, start, start + used) === false) return used
      return left === 0 ? used : MORE
    },
    end() {
      if (left > 0 && left !== Infinity) throw fail('message-truncated', `the peer closed the connection ${left} octets before the end of the ${framing} that Content-Length promised`)
    },
  }
}

const SIZE = 0
const EXTENSION = 1
const SIZE_LF = 2
const DATA = 3
const DATA_CR = 4
const DATA_LF = 5
const TRAILER = 6

const createChunkedDecoder = (emit: Span, trailer?: (fields: string) => void): Decoder => {
  let state = SIZE
  let left = 0
  let digits = 0
  let extensions = 0
  let trailers: Decoder | undefined

  const refuse = (what: string): never => {
    throw fail('chunk-malformed', `the chunked body is malformed: ${what}`)
  }

  return {
    push(chunk, start, end) {
      let i = start
      while (i < end) {
        if (state === DATA) {
          const stop = left < end - i ? i + left : end
          left -= stop - i
          if (left === 0) state = DATA_CR
          const from = i
          i = stop
          if (emit(chunk, from, stop) === false) return i - start
          continue
        }
        if (state === TRAILER) {
          // The usual end is an empty trailer in one piece: nothing to decode.
          if (!trailers && chunk[i] === CR && chunk[i + 1] === LF && i + 1 < end) return i + 2 - start
          trailers ??= createTrailerDecoder(fields => fields && trailer?.(fields))
          const used = trailers.push(chunk, i, end)
          return used === MORE ? MORE : i + used - start
        }
        const c = chunk[i++]!
        if (state === SIZE) {
          const digit = hex(c)
          if (digit >= 0) {
            left = left * 16 + digit
            if (++digits > CHUNK_DIGITS_MAX || left > Number.MAX_SAFE_INTEGER) refuse('a size that is too large')
          } else if (digits > 0 && c === CR) state = SIZE_LF
          else if (digits > 0 && c === SEMICOLON) state = EXTENSION
          else refuse('a size that is not hexadecimal')
        } else if (state === EXTENSION) {
          if (c === CR) state = SIZE_LF
          else if ((c < 32 && c !== 9) || c === 127) refuse('a control character in an extension')
          else if (++extensions > CHUNK_EXTENSIONS_MAX) refuse(`extensions of more than ${CHUNK_EXTENSIONS_MAX} octets`)
        } else if (state === DATA_CR) {
          if (c !== CR) refuse('data longer than its size')
          state = DATA_LF
        } else {
          if (c !== LF) refuse('a carriage return without a line feed')
          digits = 0
          state = state === DATA_LF ? SIZE : left > 0 ? DATA : TRAILER
        }
      }
      return MORE
    },
    end() {
      throw fail('message-truncated', 'the peer closed the connection before the last chunk')
    },
  }
}
