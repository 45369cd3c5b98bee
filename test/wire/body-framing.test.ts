/** Bodies: RFC 9112 sections 6.3 and 7. */
import { describe, expect, test } from 'vitest'
import { CHUNK_DIGITS_MAX, CHUNK_EXTENSIONS_MAX, CHUNKED, createBodyDecoder, responseFraming, UNTIL_CLOSE } from '../../src/wire/body-framing.js'
import { MORE } from '../../src/wire/decoder.js'
import { HEAD_BYTES_MAX, HEAD_FIELDS_MAX, NO_LENGTH } from '../../src/wire/response-head.js'
import { codesOfPrefixes, decoderRows, octets, run, type Row, type Subject } from '../support/cuts.js'

describe('RFC 9112 section 6.3, the framing of a response', () => {
  const fields = { none: {}, length: { length: 5 }, zero: { length: 0 }, chunked: { chunked: true } }
  const usual = { none: UNTIL_CLOSE, length: 5, zero: 0, chunked: CHUNKED }
  const empty = { none: 0, length: 0, zero: 0, chunked: 0 }

  const table: [rule: string, method: string, statuses: number[], framing: Record<keyof typeof fields, number>][] = [
    ['rule 1, HEAD', 'HEAD', [200, 206, 301, 404, 500], empty],
    ['rule 1, 1xx', 'GET', [100, 102, 103, 199], empty],
    ['rule 1, 204', 'GET', [204], empty],
    ['rule 1, 204 of a DELETE', 'DELETE', [204], empty],
    ['rule 1, 304', 'GET', [304], empty],
    ['rule 1, 304 of POST start', 'POST', [304], empty],
    ['rules 4, 6 and 8', 'GET', [200, 201, 202, 203, 205, 206, 300, 301, 400, 404, 409, 500, 503, 599, 999], usual],
    ['rules 4, 6 and 8', 'POST', [200, 201, 400], usual],
    ['rules 4, 6 and 8', 'PUT', [200, 500], usual],
    ['rules 4, 6 and 8', 'DELETE', [200, 404], usual],
    ['methods have a case', 'head', [200], usual],
  ]
  const rows = table.flatMap(([rule, method, statuses, framing]) =>
    statuses.flatMap(status => (['none', 'length', 'zero', 'chunked'] as const).map(key => ({ rule, method, status, key, framing: framing[key] }))),
  )

  test.each(rows)('$rule: $method $status with $key', ({ method, status, key, framing }) => {
    const head = { status, reason: '', version: '1.1' as const, fields: '', length: NO_LENGTH, chunked: false, keepAlive: true, ...fields[key] }
    expect(responseFraming(head, method)).toBe(framing)
  })
})

const body = (framing: number): Subject => out => createBodyDecoder(framing, (chunk, start, end) => out.piece('data', chunk, start, end), fields => out.note('trailer', fields))

const good = (name: string, bytes: string, data: string, finished?: number, trailer?: string): Row => ({
  name,
  bytes,
  items: [...(data ? [['data', data] as [string, string]] : []), ...(trailer === undefined ? [] : [['trailer', trailer] as [string, string]])],
  finished: [finished ?? bytes.length],
})

decoderRows('RFC 9112 section 6.2, a length of 5', body(5), [
  good('exactly', 'hello', 'hello'),
  good('more than that: the rest is not its own', 'helloHTTP/1.1', 'hello', 5),
  good('any octets', '\0\r\n\xff\n', '\0\r\n\xff\n'),
  { name: 'cut short', bytes: 'hell', items: [['data', 'hell']], endError: 'message-truncated' },
  { name: 'cut before the first', bytes: '', endError: 'message-truncated' },
])

decoderRows('RFC 9112 section 6.2, a length of 0', body(0), [good('takes nothing', 'HTTP/1.1', '', 0), good('is finished before anything came', '', '')])

decoderRows('RFC 9112 section 6.3 rule 8, until the peer closes', body(UNTIL_CLOSE), [
  { name: 'nothing', bytes: '' },
  { name: 'something', bytes: 'hello\r\n0\r\n\r\n', items: [['data', 'hello\r\n0\r\n\r\n']] },
])

test('a length of 2^53 - 1 counts exactly', () => {
  let seen = 0
  const decoder = createBodyDecoder(Number.MAX_SAFE_INTEGER, (_chunk, start, end) => {
    seen += end - start
  })
  expect(decoder.push(new Uint8Array(3), 0, 3)).toBe(MORE)
  expect(seen).toBe(3)
  expect(() => decoder.end()).toThrow(expect.objectContaining({ code: 'message-truncated', message: expect.stringContaining('9007199254740988') }))
})

decoderRows('RFC 9112 section 7.1, chunks', body(CHUNKED), [
  good('none', '0\r\n\r\n', ''),
  good('one', '5\r\nhello\r\n0\r\n\r\n', 'hello'),
  good('several', '1\r\na\r\n2\r\nbc\r\n3\r\ndef\r\n0\r\n\r\n', 'abcdef'),
  good('data that looks like framing', '9\r\n\r\n0\r\n\r\n\r\n\r\n0\r\n\r\n', '\r\n0\r\n\r\n\r\n'),
  good('sizes in both cases, of two digits', `1a\r\n${'x'.repeat(26)}\r\n1A\r\n${'y'.repeat(26)}\r\n0\r\n\r\n`, 'x'.repeat(26) + 'y'.repeat(26)),
  good('zeros in front of a size', '0005\r\nhello\r\n00\r\n\r\n', 'hello'),
  good(`a size of ${CHUNK_DIGITS_MAX} digits`, `${'5'.padStart(CHUNK_DIGITS_MAX, '0')}\r\nhello\r\n0\r\n\r\n`, 'hello'),
  good('what follows is not its own', '1\r\na\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n', 'a', 11),
  good('what follows is not its own, be it an empty line', '0\r\n\r\n\r\n', '', 5),
])

const CHUNK = 'chunk-malformed'
const malformed = (name: string, bytes: string, data = ''): Row => ({ name, bytes, items: data ? [['data', data]] : [], error: CHUNK })

decoderRows('RFC 9112 section 7.1, what is refused', body(CHUNKED), [
  malformed('no size', '\r\n'),
  malformed('no size but an extension', ';a=b\r\n'),
  malformed('a plus', '+5\r\nhello\r\n'),
  malformed('a minus', '-5\r\nhello\r\n'),
  malformed('a minus and zero', '-0\r\n\r\n'),
  malformed('0x', '0x5\r\nhello\r\n'),
  malformed('an underscore', '1_0\r\n'),
  malformed('a point', '5.0\r\n'),
  malformed('the letter behind f', 'g\r\n'),
  malformed('the sign before 0', '/\r\n'),
  malformed('the sign behind 9', ':\r\n'),
  malformed('the sign before A', '@\r\n'),
  malformed('the sign before a', '`\r\n'),
  malformed('a digit of another script', '\xb2\r\n'),
  malformed('NUL', '5\0\r\nhello\r\n'),
  malformed('space before the size', ' 5\r\nhello\r\n'),
  malformed('space behind the size', '5 \r\nhello\r\n'),
  malformed('tab behind the size', '5\t\r\nhello\r\n'),
  malformed('space between the size and an extension', '5 ;a\r\nhello\r\n'),
  malformed('a bare LF behind the size', '5\nhello\r\n'),
  malformed('a bare CR behind the size', '5\rhello\r\n'),
  malformed('CR CR LF behind the size', '5\r\r\nhello\r\n'),
  malformed('data that runs over its size', '5\r\nhello!\r\n', 'hello'),
  malformed('data that runs over its size by one octet, with a bare LF', '5\r\nhello!\n0\r\n\r\n', 'hello'),
  malformed('data that runs over its size by a CR', '5\r\nhello\r\r\n', 'hello'),
  malformed('a bare LF behind the data', '5\r\nhello\n0\r\n\r\n', 'hello'),
  malformed('nothing between two chunks', '5\r\nhello5\r\nworld\r\n', 'hello'),
  malformed('an empty line between two chunks', '5\r\nhello\r\n\r\n0\r\n\r\n', 'hello'),
  malformed('the size of the next line', '5\r\nhello\r\nhello\r\n', 'hello'),
  malformed('2^53', '20000000000000\r\n'),
  malformed('2^64', '10000000000000000\r\n'),
  malformed('2^64 + 5, which 64 bits take for 5', '10000000000000005\r\nhello\r\n'),
  malformed(`a size of ${CHUNK_DIGITS_MAX + 1} digits`, `${'5'.padStart(CHUNK_DIGITS_MAX + 1, '0')}\r\nhello\r\n`),
  malformed('zeros without an end', '0'.repeat(1000)),
])

test('a chunk of 2^53 - 1 octets counts exactly', () => {
  const bytes = octets('1fffffffffffff\r\nabc')
  expect(run(body(CHUNKED), bytes, [])).toMatchObject({ items: [['data', 'abc']], error: 'message-truncated', thrownBy: 'end' })
})

const room = CHUNK_EXTENSIONS_MAX - 'a='.length

decoderRows('RFC 9112 section 7.1.1, chunk extensions', body(CHUNKED), [
  good('a name', '1;a\r\nx\r\n0\r\n\r\n', 'x'),
  good('a name and a value, at the last chunk too', '1;a=b;c="d e"\r\nx\r\n0;e=f\r\n\r\n', 'x'),
  good('white space, colons, semicolons and obs-text in quotes', '1; a = "\t;:\xff"\r\nx\r\n0\r\n\r\n', 'x'),
  good('exactly at the limit', `1;a=${'b'.repeat(room)}\r\nx\r\n0\r\n\r\n`, 'x'),
  malformed('one beyond', `1;a=${'b'.repeat(room + 1)}\r\nx\r\n0\r\n\r\n`),
  { name: 'one beyond, spread over many chunks', bytes: `${'1;abc\r\nx\r\n'.repeat(CHUNK_EXTENSIONS_MAX / 3)}1;ab\r\nx\r\n`, items: [['data', 'x'.repeat(Math.floor(CHUNK_EXTENSIONS_MAX / 3))]], error: CHUNK },
  malformed('one without an end', `1;${'a'.repeat(CHUNK_EXTENSIONS_MAX + 1)}`),
  malformed('NUL', '1;a\0\r\nx\r\n'),
  malformed('ESC', '1;\x1b\r\nx\r\n'),
  malformed('DEL', '1;a\x7f\r\nx\r\n'),
  malformed('a bare LF', '1;a\nx\r\n'),
  malformed('a bare CR', '1;a\rb\r\nx\r\n'),
  good('a line end in quotes ends the line all the same', '1;a="\r\nx\r\n0\r\n\r\n"\r\n', 'x', 15),
])

decoderRows('RFC 9112 section 7.1.2, trailers', body(CHUNKED), [
  good('one', '1\r\nx\r\n0\r\nA: b\r\n\r\n', 'x', undefined, 'A: b\r\n'),
  good('several', '0\r\nA: b\r\nC:\r\na: d\r\n\r\nrest', '', 21, 'A: b\r\nC:\r\na: d\r\n'),
  { name: 'malformed', bytes: '0\r\nA : b\r\n\r\n', error: 'trailer-malformed' },
  { name: 'obs-fold', bytes: '0\r\nA: b\r\n c\r\n\r\n', error: 'trailer-malformed' },
  { name: 'a bare LF instead of the last line', bytes: '0\r\n\n', error: 'trailer-malformed' },
  { name: 'a bare CR instead of the last line', bytes: '0\r\n\rx\r\n', error: 'trailer-malformed' },
  { name: 'too many octets', bytes: `0\r\nA:${'b'.repeat(HEAD_BYTES_MAX)}`, error: 'head-too-large' },
  { name: 'too many fields', bytes: `0\r\n${'A:b\r\n'.repeat(HEAD_FIELDS_MAX + 1)}`, error: 'head-too-large' },
])

test('an end at every position of a chunked body cuts it short', () => {
  const codes = codesOfPrefixes(body(CHUNKED), octets('3;a=b\r\nabc\r\n1\r\nd\r\n0;e\r\nF: g\r\n\r\n'))
  expect(new Set(codes)).toEqual(new Set(['message-truncated']))
})

test('an end at every position of a body with a length cuts it short', () => {
  expect(codesOfPrefixes(body(3), octets('abc'))).toEqual(Array(3).fill('message-truncated'))
})

test('trailers need nobody who takes them', () => {
  const bytes = octets('0\r\nA: b\r\n\r\n')
  expect(createBodyDecoder(CHUNKED, () => {}).push(bytes, 0, bytes.length)).toBe(bytes.length)
})

test('data is handed on where it lies, without a copy', () => {
  for (const [framing, text, spans] of [
    [5, 'xxhelloyy', [[2, 7]]],
    [UNTIL_CLOSE, 'xxhelloyy', [[2, 9]]],
    [CHUNKED, 'xx3\r\nabc\r\n1\r\nd\r\n0\r\n\r\nyy', [[5, 8], [13, 14]]],
  ] as const) {
    const bytes = octets(text)
    const seen: number[][] = []
    createBodyDecoder(framing, (chunk, start, end) => {
      expect(chunk).toBe(bytes)
      seen.push([start, end])
    }).push(bytes, 2, bytes.length)
    expect(seen).toEqual(spans)
  }
})
