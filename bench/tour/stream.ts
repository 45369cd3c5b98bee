/** The stream that the throughput is measured with: made once, the same on both sides, so that a client knows what must come. */
import { encodeMuxHeader } from '../../src/wire/index.js'

/** Octets of one stream: long enough for a clock, short enough that a busy machine is as busy for the next. */
const STREAM = 64 * 1024 ** 2

/** Payloads of 1 to 16 KiB in turns, as no reader can get used to; every third frame is stderr. */
const SIZES = [1, 16, 2, 8, 3, 4, 12, 1, 6, 16, 5, 2].map(kibibytes => kibibytes * 1024)

const frames = SIZES.map((size, i) => {
  const frame = Buffer.concat([encodeMuxHeader(i % 3 === 2 ? 2 : 1, size), Buffer.alloc(size, i % 3 === 2 ? 'stderr ' : 'stdout ')])
  // An engine writes each frame by itself, so that each is an HTTP chunk.
  return Buffer.concat([Buffer.from(`${frame.length.toString(16)}\r\n`), frame, Buffer.from('\r\n')])
})

/** All frames, a few times over: what the server writes again and again. */
export const block = Buffer.concat([frames, frames, frames, frames].flat())
export const blocks = Math.ceil(STREAM / block.length)

export const head = 'HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.multiplexed-stream\r\nTransfer-Encoding: chunked\r\n\r\n'
export const tail = '0\r\n\r\n'
export const path = '/containers/throughput/logs?stdout=true&stderr=true'

/** Octets on the wire, and those of the two streams in them. */
export const total = head.length + blocks * block.length + tail.length
const payload = (isStderr: boolean): number => SIZES.reduce((sum, size, i) => (i % 3 === 2 === isStderr ? sum + size : sum), 0) * 4 * blocks
export const expected = { stdout: payload(false), stderr: payload(true) }
