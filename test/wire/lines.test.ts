/** Lines: LF or CRLF ends one, as POSIX has it (3.206) and as the engine writes its records (daemon: pkg/streamformatter). */
import { describe, expect, test } from 'vitest'
import { MORE } from '../../src/wire/decoder.js'
import { createLineDecoder, LINE_BYTES_MAX } from '../../src/wire/lines.js'
import { decoderRows, latin1, octets, runEveryWay, type Item, type Row, type Subject } from '../support/cuts.js'

const linesUpTo =
  (limit?: number): Subject =>
  out =>
    createLineDecoder((chunk, start, end) => out.item('line', latin1(chunk.subarray(start, end))), limit)

const items = (...lines: string[]): Item[] => lines.map(line => ['line', line])
const row = (name: string, bytes: string, ...lines: string[]): Row => ({ name, bytes, items: items(...lines) })

decoderRows('lines', linesUpTo(), [
  row('none', ''),
  row('one', 'a\n', 'a'),
  row('several', 'ab\nc\ndef\n', 'ab', 'c', 'def'),
  row('CRLF', 'ab\r\nc\r\n', 'ab', 'c'),
  row('both kinds', 'a\nb\r\nc\n', 'a', 'b', 'c'),
  row('empty ones', '\n\r\n\n', '', '', ''),
  row('empty ones between others', 'a\n\nb\r\n\r\nc', 'a', '', 'b', '', 'c'),
  row('no end behind the last', 'a\nb', 'a', 'b'),
  row('no end behind the only one', 'ab', 'ab'),
  row('a lone CR is part of its line', 'a\rb\nc', 'a\rb', 'c'),
  row('CR CR LF: only the last belongs to the end', 'a\r\r\nb', 'a\r', 'b'),
  row('LF CR: the CR is of the next line', 'a\n\rb\n', 'a', '\rb'),
  row('a CR behind the last line is part of it', 'a\r', 'a\r'),
  row('a CR alone', '\r', '\r'),
  row('other line ends of Unicode, NUL and any octet are text', 'a\x0b\x0c\x85\0\xff\xe2\x80\xa8b\n', 'a\x0b\x0c\x85\0\xff\xe2\x80\xa8b'),
  row('a multi-byte character', '\xf0\x9f\x98\x80\n\xc3\xa9', '\xf0\x9f\x98\x80', '\xc3\xa9'),
  row('a long one', `${'x'.repeat(70_000)}\ny`, 'x'.repeat(70_000), 'y'),
])

decoderRows('a limit of 4 octets, a CR included', linesUpTo(4), [
  row('exactly', 'abcd\nabcd\n', 'abcd', 'abcd'),
  row('exactly, without an end', 'abcd', 'abcd'),
  row('exactly, with CRLF', 'abc\r\nabc\r\n', 'abc', 'abc'),
  { name: 'one beyond', bytes: 'abcde\n', error: 'line-too-long' },
  { name: 'one beyond, by the CR', bytes: 'abcd\r\n', error: 'line-too-long' },
  { name: 'one beyond, without an end', bytes: 'abcde', error: 'line-too-long' },
  { name: 'one beyond, behind a good one', bytes: 'abcd\nabcde\n', items: items('abcd'), error: 'line-too-long' },
])

test('the limit is 16 MiB unless the caller says otherwise', () => {
  expect(LINE_BYTES_MAX).toBe(16 * 1024 * 1024)
  const MIB = new Uint8Array(1024 * 1024).fill(97)
  const lengths: number[] = []
  const decoder = createLineDecoder((_chunk, start, end) => lengths.push(end - start))
  for (let i = 0; i < 16; i++) decoder.push(MIB, 0, MIB.length)
  decoder.push(octets('\n'), 0, 1)
  expect(lengths).toEqual([LINE_BYTES_MAX])
  for (let i = 0; i < 16; i++) decoder.push(MIB, 0, MIB.length)
  expect(() => decoder.push(octets('a'), 0, 1)).toThrow(expect.objectContaining({ code: 'line-too-long', limit: LINE_BYTES_MAX }))
})

test('a line in one piece is handed on where it lies, without a copy', () => {
  const bytes = octets('xxab\r\nc\nyy')
  const seen: number[][] = []
  createLineDecoder((chunk, start, end) => {
    expect(chunk).toBe(bytes)
    seen.push([start, end])
  }).push(bytes, 2, 8)
  expect(seen).toEqual([
    [2, 4],
    [6, 7],
  ])
})

describe('a stop', () => {
  test('comes right behind its line', () => {
    const bytes = octets('a\nbc\r\nd')
    const seen: string[] = []
    const decoder = createLineDecoder((chunk, start, end) => {
      seen.push(latin1(chunk.subarray(start, end)))
      return false
    })
    expect(decoder.push(bytes, 0, 7)).toBe(2)
    expect(decoder.push(bytes, 2, 7)).toBe(4)
    expect(decoder.push(bytes, 6, 7)).toBe(MORE)
    decoder.end()
    expect(seen).toEqual(['a', 'bc', 'd'])
  })

  test('and a source of plain Uint8Array, not Buffer, is as good', () => {
    const outcome = runEveryWay(linesUpTo(), Uint8Array.from(octets('a\r\nb')), false)
    expect(outcome.items).toEqual(items('a', 'b'))
  })
})

test('a long line that comes an octet at a time costs little more than itself', () => {
  const MIB = 1024 * 1024
  const octet = octets('a')
  let length = 0
  const decoder = createLineDecoder((_chunk, start, end) => void (length = end - start))
  globalThis.gc?.()
  const before = process.memoryUsage()
  for (let i = 0; i < 4 * MIB; i++) decoder.push(octet, 0, 1)
  globalThis.gc?.()
  const after = process.memoryUsage()
  decoder.end()
  expect(length).toBe(4 * MIB)
  expect(after.arrayBuffers + after.heapUsed - before.arrayBuffers - before.heapUsed).toBeLessThan(12 * MIB)
})
