/** Response heads and trailers: RFC 9112 sections 4 and 5, RFC 9110 sections 5.5, 5.6.2 and 15. */
import { describe, expect, test } from 'vitest'
import { createHeadDecoder, createTrailerDecoder, header, headers, HEAD_BYTES_MAX, HEAD_FIELDS_MAX, NO_LENGTH, type ResponseHead } from '../../src/wire/response-head.js'
import { codesOfPrefixes, decoderRows, octets, run, type Item, type Row, type Subject } from '../support/cuts.js'

const heads: Subject = out => createHeadDecoder(head => out.note('head', head))
const trailers: Subject = out => createTrailerDecoder(fields => out.note('trailer', fields))

/** A head of HTTP/1.1 200 OK without fields, but for what is said. */
const head = (differences: Partial<ResponseHead> = {}): Item => [
  'head',
  { status: 200, reason: 'OK', version: '1.1', fields: '', length: NO_LENGTH, chunked: false, keepAlive: true, ...differences },
]

const accepted = (name: string, bytes: string, differences?: Partial<ResponseHead>): Row => ({ name, bytes, items: [head(differences)], finished: [bytes.length] })
const ok = (name: string, fields: string, differences?: Partial<ResponseHead>): Row => accepted(name, `HTTP/1.1 200 OK\r\n${fields}\r\n`, { fields, ...differences })

const refused = (name: string, bytes: string): Row => ({ name, bytes, error: 'head-malformed' })
const bad = (name: string, line: string): Row => refused(name, `HTTP/1.1 200 OK\r\n${line}\r\n\r\n`)
const ambiguous = (name: string, fields: string, version = '1.1'): Row => ({ name, bytes: `HTTP/${version} 200 OK\r\n${fields}\r\n`, error: 'framing-ambiguous' })

decoderRows('RFC 9112 section 4, the status line', heads, [
  accepted('with a reason', 'HTTP/1.1 200 OK\r\n\r\n'),
  accepted('of HTTP/1.0, which closes', 'HTTP/1.0 200 OK\r\n\r\n', { version: '1.0', keepAlive: false }),
  accepted('with an empty reason', 'HTTP/1.1 200 \r\n\r\n', { reason: '' }),
  accepted('without the space before an empty reason, as many servers send it', 'HTTP/1.1 200\r\n\r\n', { reason: '' }),
  accepted('with spaces, tabs and obs-text in the reason', 'HTTP/1.1 404 a\t b \xe9\xff\r\n\r\n', { status: 404, reason: 'a\t b \xe9\xff' }),
  accepted('of the daemon on a switch of protocols', 'HTTP/1.1 101 UPGRADED\r\n\r\n', { status: 101, reason: 'UPGRADED' }),
  accepted('with the smallest status', 'HTTP/1.1 100 \r\n\r\n', { status: 100, reason: '' }),
  accepted('with the largest status', 'HTTP/1.1 999 \r\n\r\n', { status: 999, reason: '' }),
  refused('in lower case', 'http/1.1 200 OK\r\n\r\n'),
  refused('of another protocol', 'ICY 200 OK\r\n\r\n'),
  refused('of HTTP/2', 'HTTP/2 200 OK\r\n\r\n'),
  refused('of HTTP/2.0', 'HTTP/2.0 200 OK\r\n\r\n'),
  refused('of HTTP/0.9', 'HTTP/0.9 200 OK\r\n\r\n'),
  refused('of HTTP/1.2', 'HTTP/1.2 200 OK\r\n\r\n'),
  refused('of HTTP/1.10', 'HTTP/1.10 200 OK\r\n\r\n'),
  refused('with a comma in the version', 'HTTP/1,1 200 OK\r\n\r\n'),
  refused('with two spaces before the status', 'HTTP/1.1  200 OK\r\n\r\n'),
  refused('with a tab before the status', 'HTTP/1.1\t200 OK\r\n\r\n'),
  refused('with a status of two digits', 'HTTP/1.1 20 OK\r\n\r\n'),
  refused('with a status of four digits', 'HTTP/1.1 2000 OK\r\n\r\n'),
  refused('with a status that begins with 0', 'HTTP/1.1 099 OK\r\n\r\n'),
  refused('with a sign', 'HTTP/1.1 +20 OK\r\n\r\n'),
  refused('with a status that is no number', 'HTTP/1.1 2x0 OK\r\n\r\n'),
  refused('with no space behind the status', 'HTTP/1.1 200OK\r\n\r\n'),
  refused('with a tab behind the status', 'HTTP/1.1 200\tOK\r\n\r\n'),
  refused('cut behind the version', 'HTTP/1.1\r\n\r\n'),
  refused('cut within the status', 'HTTP/1.1 20\r\n\r\n'),
  refused('with NUL in the reason', 'HTTP/1.1 200 O\0K\r\n\r\n'),
  refused('with ESC in the reason', 'HTTP/1.1 200 \x1b[1m\r\n\r\n'),
  refused('with DEL in the reason', 'HTTP/1.1 200 \x7f\r\n\r\n'),
  refused('ended by a bare LF (section 2.2)', 'HTTP/1.1 200 OK\n\n'),
  refused('with a bare CR', 'HTTP/1.1 200 O\rK\r\n\r\n'),
  refused('with CR CR LF', 'HTTP/1.1 200 OK\r\r\n\r\n'),
  refused('behind an empty line, which only a server may skip', '\r\nHTTP/1.1 200 OK\r\n\r\n'),
  refused('behind white space', ' HTTP/1.1 200 OK\r\n\r\n'),
  refused('that is HTML', '<html>\n'),
  refused('that is a request', 'GET / HTTP/1.1\r\n\r\n'),
  { name: 'that is a TLS alert of a port that wants TLS', bytes: '\x15\x03\x01\x00\x02\x02\x46', error: 'tls-required' },
])

decoderRows('RFC 9112 section 5, field lines', heads, [
  ok('names keep their case as they came, values their inner space', 'X-A:b\r\nx-B:  c  d \t\r\n'),
  ok('a value may be empty', 'A:\r\nB: \t \r\n'),
  ok('a value may hold colons, tabs and obs-text', 'A: b:c\td\x80\xff\r\n'),
  ok('a name may be any token', "!#$%&'*+-.^_`|~09azAZ: 1\r\n"),
  ok('a repeated name stays repeated', 'Set-Cookie: a\r\nset-cookie: b\r\n'),
  ok('names of JavaScript are names like any other', '__proto__: a\r\nconstructor: b\r\nhasOwnProperty: c\r\n'),
  bad('space before the colon', 'A : b'),
  bad('tab before the colon', 'A\t: b'),
  bad('no name', ': b'),
  bad('no colon', 'A'),
  bad('a name with a space', 'A b: c'),
  bad('NUL in a name', 'A\0: b'),
  bad('obs-text in a name', '\xe4: b'),
  bad('DEL in a name', 'A\x7f: b'),
  ...[...'()<>@,;\\"/[]?={}'].map(c => bad(`the delimiter ${c} in a name`, `A${c}: b`)),
  bad('white space before the first field', ' A: b'),
  bad('obs-fold with a space', 'A: b\r\n c'),
  bad('obs-fold with a tab', 'A: b\r\n\tc: d'),
  bad('NUL in a value', 'A: b\0c'),
  bad('ESC in a value', 'A: \x1b'),
  bad('vertical tab in a value', 'A: \x0b'),
  bad('DEL in a value', 'A: \x7f'),
  bad('a bare CR in a value', 'A: b\rc'),
  bad('a bare LF in a value', 'A: b\nc'),
  bad('a bare LF behind a value', 'A: b\n\r\n'),
  bad('CR CR LF behind a value', 'A: b\r'),
  refused('a bare CR instead of the empty line', 'HTTP/1.1 200 OK\r\nA: b\r\n\rX\r\n'),
  refused('a bare LF instead of the empty line', 'HTTP/1.1 200 OK\r\nA: b\r\n\n'),
])

decoderRows('RFC 9112 section 6, what decides where the body ends', heads, [
  ok('Content-Length', 'Content-Length: 12\r\n', { length: 12 }),
  ok('Content-Length in any case', 'cOnTeNt-LeNgTh:12\r\n', { length: 12 }),
  ok('Content-Length 0', 'Content-Length: 0\r\n', { length: 0 }),
  ok('Content-Length with zeros in front, which are digits', 'Content-Length: 0012\r\n', { length: 12 }),
  ok('Content-Length between white space', 'Content-Length: \t 12\t \r\n', { length: 12 }),
  ok('Content-Length 2^53 - 1', 'Content-Length: 9007199254740991\r\n', { length: 9007199254740991 }),
  ok('Transfer-Encoding chunked', 'Transfer-Encoding: chunked\r\n', { chunked: true }),
  ok('Transfer-Encoding in any case', 'TRANSFER-ENCODING: Chunked\r\n', { chunked: true }),
  ok('names as long as these', 'Connectiom: close\r\nContent-Lengty: 1\r\nTransfer-Encodinh: chunked\r\n'),
  ambiguous('Content-Length 2^53', 'Content-Length: 9007199254740992\r\n'),
  ambiguous('Content-Length of 400 digits', `Content-Length: ${'9'.repeat(400)}\r\n`),
  ambiguous('Content-Length empty', 'Content-Length:\r\n'),
  ambiguous('Content-Length with a plus', 'Content-Length: +1\r\n'),
  ambiguous('Content-Length with a minus', 'Content-Length: -1\r\n'),
  ambiguous('Content-Length in hexadecimal', 'Content-Length: 0x10\r\n'),
  ambiguous('Content-Length with a fraction', 'Content-Length: 1.0\r\n'),
  ambiguous('Content-Length with an exponent', 'Content-Length: 1e1\r\n'),
  ambiguous('Content-Length with an underscore', 'Content-Length: 1_0\r\n'),
  ambiguous('Content-Length with a space inside', 'Content-Length: 1 0\r\n'),
  ambiguous('Content-Length in quotes', 'Content-Length: "1"\r\n'),
  ambiguous('Content-Length in digits of another script', 'Content-Length: \xb2\r\n'),
  ambiguous('Content-Length as a list of equals', 'Content-Length: 5, 5\r\n'),
  ambiguous('Content-Length twice, equal', 'Content-Length: 5\r\nContent-Length: 5\r\n'),
  ambiguous('Content-Length twice, in conflict', 'Content-Length: 5\r\nContent-Length: 6\r\n'),
  ambiguous('Content-Length twice, 0 first', 'Content-Length: 0\r\nContent-Length: 6\r\n'),
  ambiguous('both, length first', 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n'),
  ambiguous('both, coding first', 'Transfer-Encoding: chunked\r\nContent-Length: 5\r\n'),
  ambiguous('Transfer-Encoding identity', 'Transfer-Encoding: identity\r\n'),
  ambiguous('Transfer-Encoding gzip', 'Transfer-Encoding: gzip\r\n'),
  ambiguous('Transfer-Encoding gzip, chunked, which nobody asked for', 'Transfer-Encoding: gzip, chunked\r\n'),
  ambiguous('chunked that is not the last coding', 'Transfer-Encoding: chunked, gzip\r\n'),
  ambiguous('chunked twice on one line', 'Transfer-Encoding: chunked, chunked\r\n'),
  ambiguous('chunked twice on two lines', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n'),
  ambiguous('chunked and another line', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n'),
  ambiguous('chunked with a parameter', 'Transfer-Encoding: chunked;q=1\r\n'),
  ambiguous('chunked in quotes', 'Transfer-Encoding: "chunked"\r\n'),
  ambiguous('xchunked', 'Transfer-Encoding: xchunked\r\n'),
  ambiguous('chunked with a vertical tab of another encoding', 'Transfer-Encoding: \xa0chunked\r\n'),
  ambiguous('Transfer-Encoding empty', 'Transfer-Encoding:\r\n'),
  ambiguous('Transfer-Encoding in HTTP/1.0 (section 6.1)', 'Transfer-Encoding: chunked\r\n', '1.0'),
])

const http10 = (name: string, fields: string, keepAlive: boolean): Row => accepted(name, `HTTP/1.0 200 OK\r\n${fields}\r\n`, { version: '1.0', fields, keepAlive })

decoderRows('RFC 9112 section 9.3, whether the connection goes on', heads, [
  ok('close', 'Connection: close\r\n', { keepAlive: false }),
  ok('close in any case, in a list', 'connection: foo ,\tCLOSE , bar\r\n', { keepAlive: false }),
  ok('close on a second line', 'Connection: foo\r\nConnection: close\r\n', { keepAlive: false }),
  ok('close beside keep-alive', 'Connection: keep-alive, close\r\n', { keepAlive: false }),
  ok('close, and keep-alive on a later line', 'Connection: close\r\nConnection: keep-alive\r\n', { keepAlive: false }),
  ok('options that only hold the word', 'Connection: closed, not-close\r\n'),
  ok('Proxy-Connection is no such field', 'Proxy-Connection: close\r\n'),
  http10('HTTP/1.0 with keep-alive', 'Connection: Keep-Alive\r\n', true),
  http10('HTTP/1.0 with both', 'Connection: keep-alive, close\r\n', false),
  http10('HTTP/1.0 with keep-alive behind close', 'Connection: close\r\nConnection: keep-alive\r\n', false),
  http10('HTTP/1.0 with another option', 'Connection: upgrade\r\n', false),
])

const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n'
const HINTS = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n'

decoderRows(
  'RFC 9110 section 15.2, several heads in a row',
  heads,
  [
    {
      name: '100, 103, 100 and the final one: nothing of one is left in the next',
      bytes: CONTINUE + HINTS + CONTINUE + OK,
      items: [
        head({ status: 100, reason: 'Continue' }),
        head({ status: 103, reason: 'Early Hints', fields: 'Link: </a>\r\n' }),
        head({ status: 100, reason: 'Continue' }),
        head({ fields: 'Content-Length: 2\r\n', length: 2 }),
      ],
      finished: [25, 65, 90, 128],
    },
    { name: 'an end within the second', bytes: `${CONTINUE}HTTP/1.1 2`, items: [head({ status: 100, reason: 'Continue' })], finished: [25], endError: 'message-truncated' },
    { name: 'an end before the first', bytes: '' },
    { name: 'a malformed second', bytes: `${CONTINUE}hello\n`, items: [head({ status: 100, reason: 'Continue' })], finished: [25], error: 'head-malformed' },
  ],
  { again: true },
)

test('bytes behind the head are not looked at', () => {
  const bytes = octets(`${OK}\0\r\r\n\xff`)
  expect(run(heads, bytes, []).finished).toEqual([OK.length])
  expect(run(heads, bytes, [OK.length - 1]).finished).toEqual([OK.length])
})

test('an end at every position of a head cuts it short', () => {
  const [empty, ...others] = codesOfPrefixes(heads, octets(OK))
  expect(empty).toBeUndefined()
  expect(new Set(others)).toEqual(new Set(['message-truncated']))
})

/** A head of `size` octets. */
const filled = (size: number): string => {
  const start = 'HTTP/1.1 200 OK\r\nA: '
  return `${start}${'b'.repeat(size - start.length - 4)}\r\n\r\n`
}

describe('limits', () => {
  const many = (count: number): string => `HTTP/1.1 200 OK\r\n${'A: b\r\n'.repeat(count)}\r\n`

  test('are as documented', () => {
    expect({ HEAD_BYTES_MAX, HEAD_FIELDS_MAX }).toEqual({ HEAD_BYTES_MAX: 65536, HEAD_FIELDS_MAX: 256 })
  })

  decoderRows('exactly at', heads, [
    { name: 'octets', bytes: filled(HEAD_BYTES_MAX), items: [head({ fields: filled(HEAD_BYTES_MAX).slice(17, -2) })], finished: [HEAD_BYTES_MAX] },
    { name: 'fields', bytes: many(HEAD_FIELDS_MAX), items: [head({ fields: 'A: b\r\n'.repeat(HEAD_FIELDS_MAX) })], finished: [many(HEAD_FIELDS_MAX).length] },
  ])

  decoderRows('one beyond', heads, [
    { name: 'octets', bytes: filled(HEAD_BYTES_MAX + 1), error: 'head-too-large' },
    { name: 'octets of a status line without an end', bytes: `HTTP/1.1 200 ${'a'.repeat(HEAD_BYTES_MAX - 12)}`, error: 'head-too-large' },
    { name: 'octets of a name without an end', bytes: `HTTP/1.1 200 OK\r\n${'a'.repeat(HEAD_BYTES_MAX - 16)}`, error: 'head-too-large' },
    { name: 'fields', bytes: many(HEAD_FIELDS_MAX + 1), error: 'head-too-large' },
  ])

  test('count anew for each head', () => {
    const one = octets(many(HEAD_FIELDS_MAX))
    const both = new Uint8Array(one.length * 2)
    both.set(one)
    both.set(one, one.length)
    expect(run(heads, both, [], { again: true }).finished).toEqual([one.length, one.length * 2])
  })

  test('say what the limit is', () => {
    const decoder = createHeadDecoder(() => {})
    const bytes = octets(filled(HEAD_BYTES_MAX + 1))
    expect(() => decoder.push(bytes, 0, bytes.length)).toThrow(expect.objectContaining({ code: 'head-too-large', limit: HEAD_BYTES_MAX }))
  })
})

const trailer = (name: string, bytes: string, fields = bytes.slice(0, -2)): Row => ({ name, bytes, items: [['trailer', fields]], finished: [bytes.length] })
const badTrailer = (name: string, bytes: string): Row => ({ name, bytes, error: 'trailer-malformed' })

decoderRows('RFC 9112 section 7.1.2, the trailer', trailers, [
  trailer('none', '\r\n', ''),
  trailer('one field', 'A: b\r\n\r\n'),
  trailer('several, repeated too', 'A: b\r\nX-B:\r\na: c\r\n\r\n'),
  trailer('what would frame a message does not here', 'Content-Length: 5\r\nContent-Length: 6\r\nTransfer-Encoding: gzip\r\n\r\n'),
  { name: 'an end before it', bytes: '', endError: 'message-truncated' },
  { name: 'an end within a field', bytes: 'A: b', endError: 'message-truncated' },
  { name: 'an end before the empty line', bytes: 'A: b\r\n', endError: 'message-truncated' },
  { name: 'an end within the empty line', bytes: 'A: b\r\n\r', endError: 'message-truncated' },
  badTrailer('space before the colon', 'A : b\r\n\r\n'),
  badTrailer('obs-fold', 'A: b\r\n c\r\n\r\n'),
  badTrailer('a bare LF', 'A: b\n\n'),
  badTrailer('a bare LF at once', '\n'),
  badTrailer('a bare CR', '\rA\r\n'),
  badTrailer('no colon', 'A\r\n\r\n'),
  badTrailer('no name', ': b\r\n\r\n'),
  badTrailer('NUL', 'A: \0\r\n\r\n'),
  badTrailer('the next response instead of an empty line', 'HTTP/1.1 200 OK\r\n\r\n'),
  trailer('exactly at the limit of octets', `A:${'b'.repeat(HEAD_BYTES_MAX - 6)}\r\n\r\n`),
  { name: 'one octet beyond', bytes: `A:${'b'.repeat(HEAD_BYTES_MAX - 5)}\r\n\r\n`, error: 'head-too-large' },
  trailer('exactly at the limit of fields', `${'A:b\r\n'.repeat(HEAD_FIELDS_MAX)}\r\n`),
  { name: 'one field beyond', bytes: `${'A:b\r\n'.repeat(HEAD_FIELDS_MAX + 1)}\r\n`, error: 'head-too-large' },
])

describe('RFC 9110 section 5, looking fields up', () => {
  const fields = 'Content-Type: text/plain\r\nX-Many: a\r\nX-Empty:\r\nx-many:\t b, c \r\n__proto__: p\r\nLocation: http://a:1/\xe9\r\n'

  test('headers gives all in order, names in lower case, values without the white space around them', () => {
    expect(headers({ fields })).toEqual([
      ['content-type', 'text/plain'],
      ['x-many', 'a'],
      ['x-empty', ''],
      ['x-many', 'b, c'],
      ['__proto__', 'p'],
      ['location', 'http://a:1/\xe9'],
    ])
    expect(headers({ fields: '' })).toEqual([])
  })

  test.each([
    ['content-type', 'text/plain'],
    ['CONTENT-TYPE', 'text/plain'],
    ['X-Many', 'a, b, c'],
    ['X-Empty', ''],
    ['__proto__', 'p'],
    ['toString', undefined],
    ['text/plain', undefined],
    ['', undefined],
  ])('header %j is %j', (name, value) => {
    expect(header({ fields }, name)).toBe(value)
  })
})
