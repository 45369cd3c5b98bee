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
 * Yields the JSON values of a stream of one per line (RFC 8142 record separators are passed over, as are empty lines). Integers
 * beyond 2^53 are rounded, as JSON.parse does; `lines` gives the text. Errors: json-malformed, line-too-long, and the source's.
 */
export const ndjson = <T>(source: ByteSource, { limit }: LinesOptions = {}): AsyncIterable<T> =>
  iterate(source, queue =>
    createLineDecoder((chunk, start, end) => {
      while (start < end && chunk[start] === RECORD_SEPARATOR) start++
      const text = utf8(chunk, start, end)
      try {
        queue.push(JSON.parse(text) as T)
      } catch (cause) {
        if (text.trim() !== '') throw fail('json-malformed', `a record of the stream is no JSON: ${JSON.stringify(text.slice(0, 200))}`, { cause })
      }
    }, limit),
  )

/** RFC 8142: the engine puts it before each event that is asked for as application/json-seq. */
const RECORD_SEPARATOR = 0x1e
