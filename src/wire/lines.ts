/**
 * Lines that end in LF or CRLF, joined across any split; the last one may lack its end. A lone CR is part of its line: a
 * progress bar on a TTY is one long line. Bounded by LINE_BYTES_MAX.
 */
import { allocate } from '../bytes.js'
import { fail } from '../errors.js'
import { MORE, type Decoder, type Span } from './decoder.js'

/** Octets of one line, its CR included, unless the caller says otherwise. The engine splits log messages at 16 KiB; JSON records with a trace have megabytes. */
export const LINE_BYTES_MAX = 16 * 1024 * 1024

/** Octets that the first beginning of a line takes room for, and that stay allocated for the next. */
const CARRIED_MIN = 256
const CARRIED_KEPT = 64 * 1024

const CR = 13
const LF = 10

/**
 * Decodes any number of lines. `emit` gets each without its line end, borrowed and possibly empty, and stops the push by
 * returning `false`. `end` emits what stands behind the last LF. Errors: line-too-long.
 */
export const createLineDecoder = (emit: Span, limit = LINE_BYTES_MAX): Decoder => {
  /** The beginning of a line, in one array that grows by doubling: a piece each would cost ten times its octets where reads are small. */
  let carried = new Uint8Array(0)
  let size = 0

  const carry = (chunk: Uint8Array, start: number, end: number): void => {
    const length = size + end - start
    check(length)
    if (length > carried.length) {
      const grown = allocate(Math.max(length, Math.min(2 * carried.length, limit), CARRIED_MIN))
      grown.set(carried.subarray(0, size))
      carried = grown
    }
    carried.set(chunk.subarray(start, end), size)
    size = length
  }
  const check = (length: number): void => {
    if (length > limit) throw fail('line-too-long', `a line is longer than ${limit} octets`, { limit })
  }
  const emitCarried = (isWhole: boolean): unknown => {
    const line = carried
    const length = size
    size = 0
    if (length > CARRIED_KEPT) carried = new Uint8Array(0)
    return emit(line, 0, isWhole && line[length - 1] === CR ? length - 1 : length)
  }

  return {
    push(chunk, start, end) {
      let from = start
      while (from < end) {
        const at = chunk.indexOf(LF, from)
        if (at < 0 || at >= end) break
        let goOn
        if (size > 0) {
          carry(chunk, from, at)
          goOn = emitCarried(true)
        } else {
          check(at - from)
          goOn = emit(chunk, from, at > from && chunk[at - 1] === CR ? at - 1 : at)
        }
        from = at + 1
        if (goOn === false) return from - start
      }
      if (from < end) carry(chunk, from, end)
      return MORE
    },
    end() {
      if (size > 0) emitCarried(false)
    },
  }
}
