/** Lines of text, and JSON records a line, from bytes that are split anywhere. */
import { utf8, type ByteSource } from '../bytes.js'
import { fail } from '../errors.js'
import { createLineDecoder } from '../wire/lines.js'
import { iterate } from './pump.js'

export type LinesOptions = {
  /** Octets of one line. */
  limit?: number | undefined
}

/** Yields lines as UTF-8 text without their line ends; the last may lack one. Errors: line-too-long, and the source's. */
export const lines = (source: ByteSource, { limit }: LinesOptions = {}): AsyncIterable<string> =>
  iterate(source, queue => createLineDecoder((chunk, start, end) => void queue.push(utf8(chunk, start, end)), limit))

/**
 * Yields the JSON values of a stream of one per line (RFC 8142 record separators are passed over, as are empty lines). Several on
 * one line are told apart, with white space or nothing between them: what relays an engine may join its records. A value must
 * not go over a line end, which no engine writes, so each line's are out as soon as it is complete.
 *
 * Integers beyond 2^53 are rounded, as JSON.parse does; `lines` gives the text. Errors: json-malformed behind the values before it,
 * line-too-long, and the source's.
 */
export const ndjson = <T>(source: ByteSource, { limit }: LinesOptions = {}): AsyncIterable<T> =>
  iterate(source, queue => {
    let ended = false
    const decoder = createLineDecoder((chunk, start, end) => {
      const from = start
      while (start < end && chunk[start] === RECORD_SEPARATOR) start++
      const text = utf8(chunk, start, end)
      // RFC 7464 section 2.4: a number at the very end may have lost digits; only white space behind it would say that it has not.
      if (ended && start > from && /[^\s"\]}]$/.test(text)) malformed(text)
      try {
        queue.push(JSON.parse(text) as T)
      } catch {
        parseSeveral(text, queue)
      }
    }, limit)
    return {
      push: decoder.push,
      end() {
        ended = true
        decoder.end()
      },
    }
  })

/** RFC 8142: the engine puts it before each event that is asked for as application/json-seq. */
const RECORD_SEPARATOR = 0x1e

const malformed = (text: string, details?: { cause: unknown }): never => {
  throw fail('json-malformed', `a record of the stream is no JSON: ${JSON.stringify(text.slice(0, 200))}`, details)
}

/** Finds where each value of `text` ends, without a look at what is in it: that is for JSON.parse. Takes no stack for depth. */
const parseSeveral = <T>(text: string, queue: T[]): void => {
  let start = -1
  let depth = 0
  let inString = false
  const take = (end: number): void => {
    const value = text.slice(start, end)
    start = -1
    try {
      queue.push(JSON.parse(value) as T)
    } catch (cause) {
      malformed(value, { cause })
    }
  }
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!
    if (inString) {
      if (c === '\\') i++
      else if (c === '"') {
        inString = false
        if (depth === 0) take(i + 1)
      }
    } else if (depth === 0 && ' \t\r\x1e'.includes(c)) {
      if (start >= 0) take(i)
    } else {
      const opens = c === '{' || c === '['
      if (depth === 0 && start >= 0 && (opens || c === '"')) take(i)
      if (start < 0) start = i
      if (opens) depth++
      else if (c === '"') inString = true
      else if ((c === '}' || c === ']') && --depth <= 0) take(i + 1)
    }
  }
  if (start >= 0) take(text.length)
}
