/** Octets to text and back, with Buffer and without: both ways must agree. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import * as withBuffer from '../src/bytes.js'

type Bytes = typeof withBuffer

const portable: { bytes: Bytes | undefined } = { bytes: undefined }

beforeAll(async () => {
  vi.resetModules()
  vi.stubGlobal('Buffer', undefined)
  try {
    portable.bytes = await import('../src/bytes.js')
  } finally {
    vi.unstubAllGlobals()
  }
})
afterAll(() => {
  vi.resetModules()
})

const ALL = Uint8Array.from({ length: 256 }, (_, i) => i)
const ALL_TEXT = Array.from({ length: 256 }, (_, i) => String.fromCharCode(i)).join('')

/** Octets, and what the encoding standard makes of them (https://encoding.spec.whatwg.org/#utf-8-decoder). */
const UTF8: [name: string, octets: number[], text: string][] = [
  ['nothing', [], ''],
  ['ASCII and NUL', [0x61, 0x00, 0x7f], 'a\0\x7f'],
  ['two, three and four octets', [0xc3, 0xa9, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0x98, 0x80], 'é€😀'],
  ['a byte order mark', [0xef, 0xbb, 0xbf, 0x61], '\ufeffa'],
  ['an octet that begins nothing', [0x61, 0xff, 0x62], 'a\ufffdb'],
  ['a lone continuation', [0x80], '\ufffd'],
  ['a cut character', [0xe2, 0x82], '\ufffd'],
  ['a cut character, and text', [0xf0, 0x9f, 0x61], '\ufffda'],
  ['an overlong slash', [0xc0, 0xaf], '\ufffd\ufffd'],
  ['a surrogate', [0xed, 0xa0, 0x80], '\ufffd\ufffd\ufffd'],
]

describe.each(['with Buffer', 'without Buffer'])('%s', kind => {
  const bytes = (): Bytes => (kind === 'with Buffer' ? withBuffer : portable.bytes!)

  test('is what was loaded', () => {
    expect(bytes().allocate(1).constructor.name).toBe(kind === 'with Buffer' ? 'Buffer' : 'Uint8Array')
  })

  test('latin1 gives a character per octet, of any part', () => {
    expect(bytes().latin1(ALL, 0, 256)).toBe(ALL_TEXT)
    expect(bytes().latin1(ALL, 10, 20)).toBe(ALL_TEXT.slice(10, 20))
    expect(bytes().latin1(ALL, 5, 5)).toBe('')
    expect(bytes().latin1(ALL.subarray(100), 1, 3)).toBe(ALL_TEXT.slice(101, 103))
  })

  test.each(UTF8)('utf8 of %s', (_name, octets, text) => {
    const at = 3
    const inside = Uint8Array.from([0xc3, 0xa9, 0xf0, ...octets, 0x80, 0x41])
    expect(bytes().utf8(Uint8Array.from(octets))).toBe(text)
    expect(bytes().utf8(inside, at, at + octets.length)).toBe(text)
    expect(bytes().utf8(inside.subarray(1), at - 1, at - 1 + octets.length)).toBe(text)
  })

  test('encodeUtf8', () => {
    expect([...bytes().encodeUtf8('aé€😀')]).toEqual([0x61, 0xc3, 0xa9, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0x98, 0x80])
    expect([...bytes().encodeUtf8('\ud83d')]).toEqual([0xef, 0xbf, 0xbd])
    expect(bytes().encodeUtf8('').length).toBe(0)
  })

  test('copy shares nothing with what it copies, not even of a Buffer', () => {
    for (const source of [Uint8Array.of(1, 2, 3, 4), Buffer.from([1, 2, 3, 4])]) {
      const whole = bytes().copy(source)
      const part = bytes().copy(source, 1, 3)
      const view = bytes().copy(source.subarray(1), 1)
      source.fill(9)
      expect([[...whole], [...part], [...view]]).toEqual([
        [1, 2, 3, 4],
        [2, 3],
        [3, 4],
      ])
    }
    expect(bytes().copy(ALL, 5, 5).length).toBe(0)
  })

  test('concat joins pieces into an array of its own', () => {
    const pieces = [Uint8Array.of(1, 2), new Uint8Array(0), Buffer.from([3])]
    const joined = bytes().concat(pieces)
    pieces[0]!.fill(9)
    expect([...joined]).toEqual([1, 2, 3])
    expect(bytes().concat([]).length).toBe(0)
    expect(bytes().concat([ALL]).buffer).not.toBe(ALL.buffer)
  })

  test('allocate gives memory that nobody else has', () => {
    const one = bytes().allocate(10)
    expect(one.length).toBe(10)
    expect(one.buffer.byteLength).toBe(10)
  })
})
