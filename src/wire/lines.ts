/**
 * Lines that end in LF or CRLF, joined across any split; the last one may lack its end. A lone CR is part of its line: a
 * progress bar on a TTY is one long line. Bounded by LINE_BYTES_MAX.
 */
import { concat, copy } from '../bytes.js'
import { fail } from '../errors.js'
import { MORE, type Decoder, type Span } from './decoder.js'

/** Octets of one line unless the caller says otherwise. The engine splits log messages at 16 KiB; JSON records with a trace have megabytes. */
export const LINE_BYTES_MAX = 16 * 1024 * 1024

const CR = 13
const LF = 10

/**
 * Decodes any number of lines. `emit` gets each without its line end, borrowed and possibly empty, and stops the push by
 * returning `false`. `end` emits what stands behind the last LF. Errors: line-too-long.
 */
export const createLineDecoder = (emit: Span, limit = LINE_BYTES_MAX): Decoder => {
  let carried: Uint8Array[] = []
  let size = 0

  const check = (length: number): void => {
    if (length > limit) throw fail('line-too-long', `a line is longer than ${limit} octets`, { limit })
  }
  const emitCarried = (): unknown => {
    const line = concat(carried)
    carried = []
    size = 0
    return emit(line, 0, line.at(-1) === CR ? line.length - 1 : line.length)
  }

  return {
    push(chunk, start, end) {
      let from = start
      while (from < end) {
        const at = chunk.indexOf(LF, from)
        if (at < 0 || at >= end) break
        check(size + at - from)
        let goOn
        if (size > 0) {
          carried.push(copy(chunk, from, at))
          goOn = emitCarried()
        } else goOn = emit(chunk, from, at > from && chunk[at - 1] === CR ? at - 1 : at)
        from = at + 1
        if (goOn === false) return from - start
      }
      if (from < end) {
        size += end - from
        check(size)
        carried.push(copy(chunk, from, end))
      }
      return MORE
    },
    end() {
      if (size > 0) emitCarried()
    },
  }
}
