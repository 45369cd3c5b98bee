/** Multiplexed frames (daemon: pkg/stdcopy): a stream number, three zeros, 32 bits of size, the payload. */
import { describe, expect, test } from 'vitest'
import { MORE } from '../../src/wire/decoder.js'
import { createMuxDecoder, encodeMuxHeader, MUX_HEADER, MUX_PAYLOAD_MAX, type MuxStream } from '../../src/wire/mux.js'
import { codesOfPrefixes, decoderRows, octets, run, type Row, type Subject } from '../support/cuts.js'

const frames: Subject = out => createMuxDecoder((stream, chunk, start, end) => out.piece(String(stream), chunk, start, end))

/** A frame spelt out, not made by what is under test. */
const frame = (stream: number, payload: string): string =>
  String.fromCharCode(stream, 0, 0, 0, payload.length >>> 24, (payload.length >>> 16) & 255, (payload.length >>> 8) & 255, payload.length & 255) + payload

decoderRows('frames', frames, [
  { name: 'none', bytes: '' },
  { name: 'one', bytes: '\x01\0\0\0\0\0\0\x05hello', items: [['1', 'hello']] },
  ...[0, 1, 2, 3].map((stream): Row => ({ name: `of stream ${stream}`, bytes: frame(stream, 'a'), items: [[String(stream), 'a']] })),
  {
    name: 'of all streams in turn',
    bytes: frame(0, 'in') + frame(1, 'out') + frame(2, 'err') + frame(3, 'sys') + frame(1, 'more'),
    items: [['0', 'in'], ['1', 'out'], ['2', 'err'], ['3', 'sys'], ['1', 'more']],
  },
  { name: 'of one stream in a row', bytes: frame(1, 'a') + frame(1, 'b') + frame(1, 'c'), items: [['1', 'abc']] },
  { name: 'without a payload', bytes: frame(1, '') },
  { name: 'without a payload among others', bytes: frame(1, '') + frame(2, 'a') + frame(1, '') + frame(2, '') + frame(2, 'b') + frame(0, ''), items: [['2', 'ab']] },
  { name: 'with a payload that looks like a frame', bytes: frame(1, frame(2, 'a')), items: [['1', frame(2, 'a')]] },
  { name: 'with a size of two octets', bytes: frame(2, 'x'.repeat(0x1234)), items: [['2', 'x'.repeat(0x1234)]] },
  { name: 'with a size of three octets', bytes: frame(2, 'y'.repeat(0x10203)), items: [['2', 'y'.repeat(0x10203)]] },
])

const TTY = 'root@0a1b2c3d4e5f:/# ls\r\n'

decoderRows('what is no frame', frames, [
  { name: 'an unknown stream', bytes: '\x04\0\0\0\0\0\0\x01a', error: 'mux-malformed' },
  { name: 'the last stream', bytes: '\xff\0\0\0\0\0\0\x01a', error: 'mux-malformed' },
  { name: 'an unknown stream without a payload', bytes: '\x04\0\0\0\0\0\0\0', error: 'mux-malformed' },
  { name: 'a prompt, and nothing more', bytes: '$ ', error: 'mux-malformed' },
  { name: 'one octet of a TTY', bytes: 'y', error: 'mux-malformed' },
  { name: 'the output of a TTY', bytes: TTY, error: 'mux-malformed' },
  { name: 'text with a control character of a stream in front', bytes: '\x01text', error: 'mux-malformed' },
  ...[1, 2, 3].map((at): Row => ({ name: `octet ${at} of the header not 0`, bytes: `\x01\0\0\0\0\0\0\x01a`.slice(0, at) + '\x01' + '\0\0\0\0\0\0\x01a'.slice(at), error: 'mux-malformed' })),
  { name: 'behind a good frame, which was delivered', bytes: `${frame(1, 'a')}${TTY}`, items: [['1', 'a']], error: 'mux-malformed' },
])

decoderRows('torn ends', frames, [
  { name: 'within a header', bytes: '\x01\0\0\0\0', endError: 'mux-truncated' },
  { name: 'within the header of a second frame', bytes: `${frame(1, 'a')}\x02`, items: [['1', 'a']], endError: 'mux-truncated' },
  { name: 'behind a header', bytes: '\x01\0\0\0\0\0\0\x01', endError: 'mux-truncated' },
  { name: 'within a payload', bytes: '\x01\0\0\0\0\0\0\x05hell', items: [['1', 'hell']], endError: 'mux-truncated' },
])

test('an end at every position of a frame tears it', () => {
  const [empty, ...others] = codesOfPrefixes(frames, octets(frame(1, 'hello')))
  expect(empty).toBeUndefined()
  expect(new Set(others)).toEqual(new Set(['mux-truncated']))
})

test('the header may be cut at each of its positions, and fed an octet at a time', () => {
  const bytes = octets(frame(2, 'payload'))
  const wanted = { items: [['2', 'payload']], finished: [] }
  for (let cut = 0; cut <= MUX_HEADER; cut++) expect(run(frames, bytes, [cut]), `at ${cut}`).toEqual(wanted)
  expect(run(frames, bytes, [1, 2, 3, 4, 5, 6, 7, 8])).toEqual(wanted)
})

test('payloads are handed on where they lie, without a copy', () => {
  const bytes = octets(`xx${frame(1, 'abc')}${frame(2, 'd')}yy`)
  const seen: unknown[] = []
  createMuxDecoder((stream, chunk, start, end) => {
    expect(chunk).toBe(bytes)
    seen.push([stream, start, end])
  }).push(bytes, 2, bytes.length - 2)
  expect(seen).toEqual([
    [1, 10, 13],
    [2, 21, 22],
  ])
})

test('a frame of 4 GiB - 1 passes in the pieces it came in, and costs no memory', () => {
  const MIB = 1024 * 1024
  const chunk = new Uint8Array(MIB).fill(7)
  let seen = 0
  let pieces = 0
  const decoder = createMuxDecoder((stream, piece, start, end) => {
    if (stream !== 1 || piece !== chunk) throw new Error('another stream, or a copy')
    seen += end - start
    pieces++
  })
  expect(decoder.push(octets('\x01\0\0\0\xff\xff\xff\xff'), 0, 8)).toBe(MORE)
  globalThis.gc?.()
  const before = process.memoryUsage()
  for (let i = 0; i < 4095; i++) decoder.push(chunk, 0, MIB)
  expect(() => decoder.end()).toThrow(expect.objectContaining({ code: 'mux-truncated' }))
  expect(decoder.push(chunk, 0, MIB - 1)).toBe(MORE)
  const after = process.memoryUsage()
  expect({ seen, pieces }).toEqual({ seen: MUX_PAYLOAD_MAX, pieces: 4096 })
  expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(MIB)
  expect(after.heapUsed - before.heapUsed).toBeLessThan(8 * MIB)
  decoder.end()
  // It stands right behind the frame: the next one is read as one.
  const next: unknown[] = []
  const both = createMuxDecoder((stream, _piece, start, end) => next.push([stream, end - start]))
  both.push(octets('\x02\0\0\0\xff\xff\xff\xff'), 0, 8)
  for (let i = 0; i < 4096; i++) both.push(chunk, 0, i < 4095 ? MIB : MIB - 1)
  const last = octets(frame(1, 'z'))
  both.push(last, 0, last.length)
  expect(next.slice(-2)).toEqual([
    [2, MIB - 1],
    [1, 1],
  ])
})

test('ten thousand frames of one octet in one chunk', () => {
  const bytes = octets(frame(1, 'a').repeat(10_000))
  let count = 0
  const decoder = createMuxDecoder(() => void count++)
  expect(decoder.push(bytes, 0, bytes.length)).toBe(MORE)
  expect(count).toBe(10_000)
  decoder.end()
})

test('a stop comes right behind its piece, with nothing lost in between', () => {
  const bytes = octets(frame(1, 'ab') + frame(2, '') + frame(2, 'c'))
  const seen: unknown[] = []
  const decoder = createMuxDecoder((stream, _chunk, start, end) => {
    seen.push([stream, start, end])
    return false
  })
  expect(decoder.push(bytes, 0, 9)).toBe(9)
  expect(decoder.push(bytes, 9, bytes.length)).toBe(1)
  expect(decoder.push(bytes, 10, bytes.length)).toBe(bytes.length - 10)
  expect(decoder.push(bytes, bytes.length, bytes.length)).toBe(MORE)
  expect(seen).toEqual([
    [1, 8, 9],
    [1, 9, 10],
    [2, 26, 27],
  ])
})

describe('encodeMuxHeader', () => {
  const rows: [MuxStream, number, number[]][] = [
    [0, 0, [0, 0, 0, 0, 0, 0, 0, 0]],
    [1, 1, [1, 0, 0, 0, 0, 0, 0, 1]],
    [2, 0x01020304, [2, 0, 0, 0, 1, 2, 3, 4]],
    [3, 0x80000000, [3, 0, 0, 0, 128, 0, 0, 0]],
    [1, MUX_PAYLOAD_MAX, [1, 0, 0, 0, 255, 255, 255, 255]],
  ]
  test.each(rows)('stream %i, %i octets', (stream, length, wanted) => {
    const header = encodeMuxHeader(stream, length)
    expect([...header]).toEqual(wanted)
    if (length > 0 && length < 65536) {
      const items: unknown[] = []
      const decoder = createMuxDecoder((got, _chunk, start, end) => items.push([got, end - start]))
      decoder.push(header, 0, header.length)
      decoder.push(new Uint8Array(length), 0, length)
      expect(items).toEqual([[stream, length]])
    }
  })

  test.each([
    [1, -1],
    [1, 0x1_0000_0000],
    [1, 1.5],
    [1, NaN],
    [1, Infinity],
    [1, '5'],
    [1, undefined],
    [1, 10n],
    [4, 1],
    [-1, 1],
    [1.5, 1],
    ['1', 1],
    ['stdout', 1],
    [undefined, 1],
    [Symbol('stdout'), 1],
    [1, Symbol('length')],
  ])('refuses %s, %s', (stream, length) => {
    expect(() => encodeMuxHeader(stream as MuxStream, length as number)).toThrow(expect.objectContaining({ code: 'request-invalid' }))
  })
})
