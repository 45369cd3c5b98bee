/** Frames of RFC 6455: what they decode to whatever the cuts, what is refused, and what is encoded. */
import { describe, expect, test } from 'vitest'
import { createWebSocketDecoder, encodeWebSocketClose, encodeWebSocketFrame, WEB_SOCKET_CONTROL_MAX, WEB_SOCKET_MESSAGE_MAX, type WebSocketDecoderOptions, type WebSocketOpcode } from '../../src/wire/index.js'
import { decoderRows, latin1, octets, run, type Row, type Subject } from '../support/cuts.js'

const subject =
  (options?: WebSocketDecoderOptions): Subject =>
  out =>
    createWebSocketDecoder(
      {
        data: (isText, chunk, start, end) => out.piece(isText ? 'text' : 'binary', chunk, start, end),
        message: isText => out.item('end', isText ? 'text' : 'binary'),
        ping: payload => out.note('ping', latin1(payload)),
        pong: payload => out.note('pong', latin1(payload)),
        close: (code, reason) => out.note('close', [code, reason]),
      },
      options,
    )

const CLOSE = '\x88\x02\x03\xe8'
const closed = ['close', [1000, '']] as [string, unknown]
/** A row that ends in a Close of 1000. */
const whole = (name: string, bytes: string, items: Row['items'] = []): Row => ({ name, bytes: bytes + CLOSE, items: [...items, closed], finished: [bytes.length + 4] })
const refused = (name: string, bytes: string, items: Row['items'] = [], error = 'web-socket-malformed'): Row => ({ name, bytes, items, error })
const text = (value: string): [string, unknown][] => [['text', value], ['end', 'text']]

decoderRows('section 5.7: the examples', subject(), [
  whole('an unmasked text message', '\x81\x05Hello', text('Hello')),
  whole('a fragmented one', '\x01\x03Hel\x80\x02lo', text('Hello')),
  whole('a ping', '\x89\x05Hello', [['ping', 'Hello']]),
  whole('256 octets of binary', `\x82\x7e\x01\x00${'b'.repeat(256)}`, [['binary', 'b'.repeat(256)], ['end', 'binary']]),
  whole('64 KiB of binary', `\x82\x7f\0\0\0\0\0\x01\0\0${'b'.repeat(65536)}`, [['binary', 'b'.repeat(65536)], ['end', 'binary']]),
])

decoderRows('section 5.7: the examples of a client', subject({ masked: true }), [
  { name: 'a masked text message', bytes: '\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58', items: text('Hello'), endError: 'web-socket-truncated' },
  { name: 'a masked pong', bytes: '\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58', items: [['pong', 'Hello']], endError: 'web-socket-truncated' },
  { name: 'no mask', bytes: '\x81\x05Hello', error: 'web-socket-malformed' },
])

decoderRows('messages and what is between them', subject(), [
  whole('nothing but a Close', ''),
  whole('an empty message of text', '\x81\x00', [['end', 'text']]),
  whole('an empty message of binary', '\x82\x00', [['end', 'binary']]),
  whole('fragments that are all empty', '\x01\x00\x00\x00\x80\x00', [['end', 'text']]),
  whole('control frames between fragments', '\x01\x03Hel\x89\x01p\x8a\x00\x00\x00\x80\x02lo', [['text', 'Hel'], ['ping', 'p'], ['pong', ''], ['text', 'lo'], ['end', 'text']]),
  whole('a character cut by fragments', '\x01\x01\xc3\x80\x01\xa9', text('\xc3\xa9')),
  whole('octets that are no UTF-8, in binary', '\x82\x02\xff\xc0', [['binary', '\xff\xc0'], ['end', 'binary']]),
  whole('the largest control frame', `\x89\x7d${'p'.repeat(125)}`, [['ping', 'p'.repeat(125)]]),
  whole('the largest 7-bit length', `\x82\x7d${'b'.repeat(125)}`, [['binary', 'b'.repeat(125)], ['end', 'binary']]),
  whole('the smallest 16-bit length', `\x82\x7e\x00\x7e${'b'.repeat(126)}`, [['binary', 'b'.repeat(126)], ['end', 'binary']]),
  { name: 'a Close in a message', bytes: `\x01\x01a${CLOSE}`, items: [['text', 'a'], closed], finished: [7] },
  { name: 'what follows a Close is not read', bytes: `${CLOSE}\xff\xff`, items: [closed], finished: [4] },
  { name: 'a Close without a status', bytes: '\x88\x00', items: [['close', [1005, '']]], finished: [2] },
  { name: 'a Close with a reason', bytes: '\x88\x05\x0f\xa0\xe2\x82\xac', items: [['close', [4000, '€']]], finished: [7] },
])

decoderRows('sections 5.2, 5.4 and 5.5: what is refused', subject(), [
  refused('a reserved bit', '\xc1\x00'),
  refused('another', '\xa1\x00'),
  refused('the third', '\x91\x00'),
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map(opcode => refused(`the opcode ${opcode}`, `${String.fromCharCode(0x80 + opcode)}\x00`)),
  refused('a mask from a server', '\x81\x80aaaa'),
  refused('a fragmented ping', '\x09\x00'),
  refused('a ping of 126 octets', '\x89\x7e\x00\x7e'),
  refused('a continuation of nothing', '\x80\x00'),
  refused('a continuation behind the end', '\x81\x01a\x80\x00', text('a')),
  refused('a message within a message', '\x01\x01a\x82\x00', [['text', 'a']]),
  refused('16 bits for 125', '\x82\x7e\x00\x7d'),
  refused('64 bits for 65535', '\x82\x7f\0\0\0\0\0\0\xff\xff'),
  refused('a length beyond 2^63', '\x82\x7f\x80\0\0\0\0\0\0\0'),
  refused('half a status', '\x88\x01\x03'),
  ...[0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535].map(code => refused(`the status ${code}`, `\x88\x02${String.fromCharCode(code >> 8, code & 255)}`)),
])

decoderRows('section 8.1: text that is not UTF-8', subject(), [
  refused('a continuation alone', '\x81\x01\x80', [], 'web-socket-text-malformed'),
  refused('an overlong slash', '\x81\x02\xc0\xaf', [], 'web-socket-text-malformed'),
  refused('in a reason', '\x88\x03\x03\xe8\xff', [], 'web-socket-text-malformed'),
  refused('a reason that breaks off', '\x88\x04\x03\xe8\xe2\x82', [], 'web-socket-text-malformed'),
])

describe('text that is not UTF-8 is refused at the octet that shows it', () => {
  test.each([
    ['an overlong one of three', '\xe0\x9f', 1],
    ['a surrogate', '\xed\xa0', 1],
    ['an overlong one of four', '\xf0\x8f', 1],
    ['beyond U+10FFFF', '\xf4\x90', 1],
    ['a fifth octet', '\xf8', 0],
    ['a character that breaks off', '\xe2\x82a', 2],
  ])('%s', (_, bytes, at) => {
    // The frame is announced to be longer, and never comes to its end.
    const frame = octets(`\x81\x20${bytes}`)
    expect(run(subject(), frame.subarray(0, 2 + at), []).error).toBe('web-socket-truncated')
    expect(run(subject(), frame, []).error).toBe('web-socket-text-malformed')
    for (let cut = 0; cut < frame.length; cut++) expect(run(subject(), frame, [cut]).error).toBe('web-socket-text-malformed')
  })
  test('at the end of the message, if there is half a character', () => {
    expect(run(subject(), octets('\x81\x02\xe2\x82'), []).error).toBe('web-socket-text-malformed')
  })
})

decoderRows('limits', subject({ limit: 4 }), [
  whole('a message of all', '\x82\x04four', [['binary', 'four'], ['end', 'binary']]),
  whole('two of them', '\x82\x04four\x82\x04five', [['binary', 'four'], ['end', 'binary'], ['binary', 'five'], ['end', 'binary']]),
  refused('one more', '\x82\x05', [], 'web-socket-too-large'),
  refused('one more in fragments', '\x02\x04four\x80\x01', [['binary', 'four']], 'web-socket-too-large'),
  whole('control frames do not count', '\x89\x06longer', [['ping', 'longer']]),
])

test('the limit that holds when none is given', () => {
  const length = WEB_SOCKET_MESSAGE_MAX + 1
  const head = Uint8Array.of(0x82, 127, 0, 0, 0, 0, length >>> 24, (length >> 16) & 255, (length >> 8) & 255, length & 255)
  expect(run(subject(), head, []).error).toBe('web-socket-too-large')
  head[9] = 0
  expect(run(subject(), head, []).error).toBe('web-socket-truncated')
})

decoderRows('ends', subject(), [
  { name: 'nothing at all', bytes: '', endError: 'web-socket-truncated' },
  { name: 'in a head', bytes: '\x81', endError: 'web-socket-truncated' },
  { name: 'in a payload', bytes: '\x81\x02a', items: [['text', 'a']], endError: 'web-socket-truncated' },
  { name: 'between fragments', bytes: '\x01\x01a', items: [['text', 'a']], endError: 'web-socket-truncated' },
  { name: 'without a Close', bytes: '\x81\x01a', items: text('a'), endError: 'web-socket-truncated' },
])

describe('encodeWebSocketFrame', () => {
  const bytes = (value: string): Uint8Array => octets(value)
  test.each<[string, Uint8Array, string]>([
    ['section 5.7: text', encodeWebSocketFrame('text', bytes('Hello')), '\x81\x05Hello'],
    ['section 5.7: masked text', encodeWebSocketFrame('text', bytes('Hello'), { mask: bytes('\x37\xfa\x21\x3d') }), '\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58'],
    ['section 5.7: fragments', encodeWebSocketFrame('text', bytes('Hel'), { fin: false }), '\x01\x03Hel'],
    ['section 5.7: the last fragment', encodeWebSocketFrame('continuation', bytes('lo')), '\x80\x02lo'],
    ['section 5.7: a masked pong', encodeWebSocketFrame('pong', bytes('Hello'), { mask: bytes('\x37\xfa\x21\x3d') }), '\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58'],
    ['a Close', encodeWebSocketFrame('close', encodeWebSocketClose(1000, 'bye')), '\x88\x05\x03\xe8bye'],
    ['a Close without a status', encodeWebSocketFrame('close', encodeWebSocketClose()), '\x88\x00'],
  ])('%s', (_, frame, wanted) => expect(latin1(frame)).toBe(wanted))

  test.each([0, 1, 125, 126, 65535, 65536])('%i octets have the head that section 5.2 gives them', length => {
    const head = length < 126 ? [length] : length < 65536 ? [126, length >> 8, length & 255] : [127, 0, 0, 0, 0, 0, 1, 0, 0]
    const payload = new Uint8Array(length).fill(97)
    expect([...encodeWebSocketFrame('binary', payload).subarray(0, 1 + head.length)]).toEqual([0x82, ...head])
    for (const mask of [undefined, Uint8Array.of(1, 2, 3, 4)]) {
      const { items } = run(subject({ masked: mask !== undefined }), encodeWebSocketFrame('binary', payload, { mask }), [])
      expect(items).toEqual(length > 0 ? [['binary', 'a'.repeat(length)], ['end', 'binary']] : [['end', 'binary']])
    }
  })

  const bad = (value: unknown): never => value as never
  test.each<[string, () => unknown]>([
    ['an unknown opcode', () => encodeWebSocketFrame(bad('hello') as WebSocketOpcode, bytes(''))],
    ['an inherited opcode', () => encodeWebSocketFrame(bad('toString'), bytes(''))],
    ['text for octets', () => encodeWebSocketFrame('text', bad('Hello'))],
    ['a short mask', () => encodeWebSocketFrame('text', bytes(''), { mask: bytes('abc') })],
    ['a long control frame', () => encodeWebSocketFrame('ping', new Uint8Array(WEB_SOCKET_CONTROL_MAX + 1))],
    ['a fragmented control frame', () => encodeWebSocketFrame('ping', bytes(''), { fin: false })],
    ['a status that is never sent', () => encodeWebSocketClose(1005)],
    ['a status of text', () => encodeWebSocketClose(bad('1000'))],
    ['a reason without a status', () => encodeWebSocketClose(undefined, 'bye')],
    ['a reason of 124 octets', () => encodeWebSocketClose(1000, 'é'.repeat(62))],
  ])('%s is refused', (_, act) => expect(act).toThrow(expect.objectContaining({ code: 'request-invalid' })))
})
