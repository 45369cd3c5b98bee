/**
 * Docker's multiplexed stream: frames of an 8-octet header (stream, three zeros, size as 32-bit big endian) and a payload
 * (daemon: pkg/stdcopy). Attach, exec and logs of containers without a TTY come like this.
 *
 * A payload is handed on in pieces as it arrives, so that a frame of 4 GiB - 1 costs 8 octets of state. Refused: streams
 * above 3, which mean that the source is a TTY's raw output, and ends within a frame.
 */
import { fail } from '../errors.js'
import { MORE, type Decoder } from './decoder.js'

/** Which of the process' streams: 0 stdin, 1 stdout, 2 stderr; 3 is the engine's own error text, and does not end the stream. */
export type MuxStream = 0 | 1 | 2 | 3

/** Octets of a frame's header. */
export const MUX_HEADER = 8
/** The largest payload of one frame. */
export const MUX_PAYLOAD_MAX = 0xffff_ffff

/**
 * Decodes any number of frames. `emit` gets each payload in pieces, with the stream it belongs to, and stops the push by
 * returning `false`. It never finishes by itself: `push` returns MORE unless it was stopped.
 */
export const createMuxDecoder = (emit: (stream: MuxStream, chunk: Uint8Array, start: number, end: number) => unknown): Decoder => {
  let stream: MuxStream = 0
  let word = 0
  let have = 0
  let left = 0

  const begin = (): void => {
    if (word & 0xff_ffff || word > 0x300_0000) throw fail('mux-malformed', `0x${word.toString(16)} begins no frame: a TTY?`)
    stream = (word >>> 24) as MuxStream
  }

  return {
    push(chunk, start, end) {
      let i = start
      while (i < end) {
        if (have < MUX_HEADER) {
          if (have === 0 && end - i >= MUX_HEADER) {
            word = ((chunk[i]! << 24) | (chunk[i + 1]! << 16) | (chunk[i + 2]! << 8) | chunk[i + 3]!) >>> 0
            left = ((chunk[i + 4]! << 24) | (chunk[i + 5]! << 16) | (chunk[i + 6]! << 8) | chunk[i + 7]!) >>> 0
            begin()
            i += MUX_HEADER
            have = MUX_HEADER
          } else {
            const c = chunk[i++]!
            // Four octets later nothing of the last header's is left in it.
            if (have < 4) word = ((word << 8) | c) >>> 0
            else left = ((left << 8) | c) >>> 0
            // What cannot begin a frame is refused at its first octet: a prompt may have two, and wait.
            if (++have === 4 || (have < 4 && c > 3)) begin()
          }
          if (have === MUX_HEADER && left === 0) have = 0
          continue
        }
        const from = i
        i = left < end - i ? i + left : end
        left -= i - from
        if (left === 0) have = 0
        if (emit(stream, chunk, from, i) === false) return i - start
      }
      return MORE
    },
    end() {
      if (have > 0) throw fail('mux-truncated', 'ended in a frame')
    },
  }
}

/** The header of a frame with a payload of `length` octets; the payload follows as it is. */
export const encodeMuxHeader = (stream: MuxStream, length: number): Uint8Array<ArrayBuffer> => {
  if (!Number.isInteger(length) || length < 0 || length > MUX_PAYLOAD_MAX) throw fail('request-invalid', `a frame cannot hold ${String(length)} octets`, { limit: MUX_PAYLOAD_MAX })
  if (stream !== 0 && stream !== 1 && stream !== 2 && stream !== 3) throw fail('request-invalid', `${String(stream)} is not a stream of a frame: 0 to 3 are`)
  return Uint8Array.of(stream, 0, 0, 0, length >>> 24, (length >>> 16) & 255, (length >>> 8) & 255, length & 255)
}
