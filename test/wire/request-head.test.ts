/** Request heads: RFC 9112 sections 3, 5 and 6, RFC 9110 section 5.5. Nothing that is passed in adds a line or changes the framing. */
import { describe, expect, test } from 'vitest'
import { encodeRequestHead, type RequestHead } from '../../src/wire/request-head.js'

const GET: RequestHead = { method: 'GET', path: '/', host: 'docker' }

/** Every octet, as the character of its number. */
const OCTETS = Array.from({ length: 256 }, (_, i) => String.fromCharCode(i))
/** RFC 9110 section 5.6.2. */
const TCHAR = new Set("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")

describe('what it writes', () => {
  const rows: [name: string, head: Partial<RequestHead>, wanted: string][] = [
    ['a GET has no length', {}, 'GET / HTTP/1.1\r\nHost: docker\r\n\r\n'],
    ['neither has a HEAD', { method: 'HEAD' }, 'HEAD / HTTP/1.1\r\nHost: docker\r\n\r\n'],
    ['nor a DELETE', { method: 'DELETE' }, 'DELETE / HTTP/1.1\r\nHost: docker\r\n\r\n'],
    ['a POST without a body has length 0 (RFC 9110 section 8.6)', { method: 'POST' }, 'POST / HTTP/1.1\r\nHost: docker\r\nContent-Length: 0\r\n\r\n'],
    ['so has a PUT', { method: 'PUT' }, 'PUT / HTTP/1.1\r\nHost: docker\r\nContent-Length: 0\r\n\r\n'],
    ['a length', { method: 'POST', type: 'application/json', length: 2 }, 'POST / HTTP/1.1\r\nHost: docker\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n'],
    ['a length of a GET', { length: 0 }, 'GET / HTTP/1.1\r\nHost: docker\r\nContent-Length: 0\r\n\r\n'],
    ['the largest length', { method: 'PUT', length: Number.MAX_SAFE_INTEGER }, 'PUT / HTTP/1.1\r\nHost: docker\r\nContent-Length: 9007199254740991\r\n\r\n'],
    ['chunks', { method: 'PUT', length: 'chunked' }, 'PUT / HTTP/1.1\r\nHost: docker\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['an upgrade (RFC 9110 section 7.8)', { method: 'POST', upgrade: 'tcp' }, 'POST / HTTP/1.1\r\nHost: docker\r\nContent-Length: 0\r\nUpgrade: tcp\r\nConnection: Upgrade\r\n\r\n'],
    ['an expectation (RFC 9110 section 10.1.1)', { method: 'PUT', length: 'chunked', expect: true }, 'PUT / HTTP/1.1\r\nHost: docker\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n'],
    ['headers in their order and case', { headers: { 'X-b': 'B', 'x-A': '' } }, 'GET / HTTP/1.1\r\nHost: docker\r\nX-b: B\r\nx-A: \r\n\r\n'],
    ['an array as a field for each of its values (RFC 9110 section 5.3)', { headers: { 'X-A': ['1', '2'], b: [] } }, 'GET / HTTP/1.1\r\nHost: docker\r\nX-A: 1\r\nX-A: 2\r\n\r\n'],
    ["the caller's Host instead of its own", { headers: { hOsT: 'api.moby.localhost' } }, 'GET / HTTP/1.1\r\nhOsT: api.moby.localhost\r\n\r\n'],
    ["the caller's Content-Type instead of the body's", { method: 'POST', type: 'a/b', length: 0, headers: { 'content-type': 'c/d' } }, 'POST / HTTP/1.1\r\nHost: docker\r\ncontent-type: c/d\r\nContent-Length: 0\r\n\r\n'],
    ['names of JavaScript like any other', { headers: JSON.parse('{"__proto__":"a","constructor":"b"}') as Record<string, string> }, 'GET / HTTP/1.1\r\nHost: docker\r\n__proto__: a\r\nconstructor: b\r\n\r\n'],
    ['a path with a query, percent-encoded', { path: '/v1.47/images/a%2Fb:c@d/json?filters=%7B%22a%22%3A%5B%22%26%22%5D%7D&b' }, 'GET /v1.47/images/a%2Fb:c@d/json?filters=%7B%22a%22%3A%5B%22%26%22%5D%7D&b HTTP/1.1\r\nHost: docker\r\n\r\n'],
  ]
  test.each(rows)('%s', (_name, head, wanted) => {
    expect(encodeRequestHead({ ...GET, ...head })).toBe(wanted)
  })
})

/** What is not a string, and what is a string only to those who do not look. */
const NO_STRINGS: unknown[] = [undefined, null, true, 0, 1, NaN, 10n, Symbol('GET'), ['/'], {}, { toString: () => '/' }, () => '/', new Date(0), Object.create(null), new Uint8Array(1)]

const refusal = (head: Record<string, unknown>): unknown => {
  try {
    return encodeRequestHead({ ...GET, ...head } as RequestHead)
  } catch (error) {
    return error
  }
}

const REFUSED = expect.objectContaining({ code: 'request-invalid' })

describe('which octets it takes', () => {
  const places: [place: string, put: (text: string) => Partial<RequestHead>, allowed: (c: string) => boolean][] = [
    ['a method (RFC 9110 section 9.1)', text => ({ method: text }), c => TCHAR.has(c)],
    ['a path (RFC 9112 section 3.2), where a fragment and what is not visible ASCII must have been encoded', text => ({ path: `/${text}` }), c => c > ' ' && c < '\x7f' && c !== '#'],
    ["a header's name (RFC 9110 section 5.1)", text => ({ headers: { [`X${text}`]: 'b' } }), c => TCHAR.has(c)],
    ["a header's value (RFC 9110 section 5.5, without obs-text)", text => ({ headers: { X: `a${text}b` } }), c => c === '\t' || (c >= ' ' && c < '\x7f')],
    ['a Host', text => ({ host: `a${text}b` }), c => c === '\t' || (c >= ' ' && c < '\x7f')],
    ['a content type', text => ({ type: `a${text}b` }), c => c === '\t' || (c >= ' ' && c < '\x7f')],
    ['an upgrade (RFC 9110 section 7.8)', text => ({ upgrade: `a${text}b` }), c => TCHAR.has(c)],
  ]
  test.each(places)('in %s', (_place, put, allowed) => {
    for (const c of [...OCTETS, '\u0100', '\u010d', '\u010a', '\u2028', '\ud83d\ude00', '\ud83d']) {
      const got = refusal(put(c))
      const what = `0x${c.charCodeAt(0).toString(16)}`
      if (allowed(c)) expect(got, what).toBeTypeOf('string')
      else expect(got, what).toEqual(REFUSED)
    }
  })
})

describe('what it refuses', () => {
  const INJECTIONS = ['\r\nX-Injected: 1', '\nX-Injected: 1', '\rX-Injected: 1', '\r\n\r\nGET /second HTTP/1.1\r\n', '\r\n', '\n', '\r', '\0', '\u010d\u010aX-Injected: 1']
  const places: [place: string, put: (text: string) => Record<string, unknown>][] = [
    ['the method', text => ({ method: `GET${text}` })],
    ['the path', text => ({ path: `/a${text}` })],
    ['the host', text => ({ host: `docker${text}` })],
    ["a header's name", text => ({ headers: { [`X-A${text}`]: 'b' } })],
    ["a header's value", text => ({ headers: { 'X-A': `b${text}` } })],
    ['a Host in the headers', text => ({ headers: { Host: `b${text}` } })],
    ['the content type', text => ({ type: `text/plain${text}` })],
    ['the length', text => ({ length: `1${text}` })],
    ['the upgrade', text => ({ upgrade: `tcp${text}` })],
  ]
  test.each(places)('line ends and NUL in %s', (_place, put) => {
    for (const text of INJECTIONS) expect(refusal(put(text)), JSON.stringify(text)).toEqual(REFUSED)
  })

  test.each(places)('what is no string in %s', (place, put) => {
    const key = Object.keys(put(''))[0]!
    for (const value of NO_STRINGS) {
      const isHeader = place.endsWith('value') || place.endsWith('headers')
      // undefined is how an option is left out, and a number is what a length is.
      if (!isHeader && value === undefined && key !== 'method' && key !== 'path' && key !== 'host') continue
      // An array is several values, of which each is checked, except for a Host.
      if (place.endsWith('value') && Array.isArray(value)) continue
      if (place.endsWith('name') || (key === 'length' && (value === 0 || value === 1))) continue
      expect(refusal(isHeader ? { headers: { [place.endsWith('value') ? 'X-A' : 'Host']: value } } : { [key]: value }), String(place)).toEqual(REFUSED)
    }
  })

  test.each([
    ['no method', { method: '' }],
    ['a method with a space', { method: 'GET /x' }],
    ['no path', { path: '' }],
    ['a path without a slash', { path: 'containers/json' }],
    ['a whole URL', { path: 'http://docker/_ping' }],
    ['an asterisk', { path: '*' }],
    ['a path with a space', { path: '/a b' }],
    ['a path with a fragment', { path: '/a#b' }],
    ['a path that is not ASCII', { path: '/\xe4' }],
    ['a header without a name', { headers: { '': 'a' } }],
    ['a name with a colon', { headers: { 'a:': 'b' } }],
    ['a name with a space', { headers: { 'a ': 'b' } }],
    ['a value that is not ASCII', { headers: { a: '\xe4' } }],
    ['one of several values that is not ASCII', { headers: { a: ['b', '\xe4'] } }],
    ['an array in an array', { headers: { a: [['b']] } }],
    ['a negative length', { length: -1 }],
    ['half an octet', { length: 0.5 }],
    ['no number', { length: NaN }],
    ['an endless length', { length: Infinity }],
    ['a length beyond what digits tell', { length: 1e21 }],
    ['a length in words', { length: 'gzip' }],
    ['no upgrade', { upgrade: '' }],
  ])('%s', (_name, head) => {
    expect(refusal(head)).toEqual(REFUSED)
  })

  test.each(['Connection', 'Content-Length', 'Expect', 'Keep-Alive', 'TE', 'Trailer', 'Transfer-Encoding', 'Upgrade'])('%s in the headers, for it frames the message', name => {
    for (const spelt of [name, name.toLowerCase(), name.toUpperCase()]) {
      expect(refusal({ headers: { [spelt]: '1' } }), spelt).toEqual(REFUSED)
      expect(refusal({ headers: { [`X-${spelt}`]: '1' } }), spelt).toBeTypeOf('string')
      expect(refusal({ headers: { [`${spelt}X`]: '1' } }), spelt).toBeTypeOf('string')
    }
  })

  test('without telling what is in a header, which may be a password', () => {
    const error = refusal({ headers: { 'X-Registry-Auth': 'c2VjcmV0\n' } })
    expect(error).toEqual(expect.objectContaining({ message: expect.stringContaining('X-Registry-Auth') }))
    expect(error).not.toEqual(expect.objectContaining({ message: expect.stringContaining('c2VjcmV0') }))
  })
})
