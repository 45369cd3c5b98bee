/**
 * WebSocket frames (RFC 6455 section 5): two octets, the length where it is longer, a mask from the client, the payload.
 *
 * Payloads are handed on in pieces as they arrive. Refused, with the status that a Close frame has for it: reserved bits and opcodes,
 * control frames that are fragmented or longer than WEB_SOCKET_CONTROL_MAX, a message within a message, a continuation of none,
 * lengths that are not minimal, a mask where there must be none or the reverse, status codes that must not be sent (1002); text that is
 * not UTF-8, at the octet that shows it (1007); messages beyond WEB_SOCKET_MESSAGE_MAX (1009).
 */
import { encodeUtf8, utf8 } from '../bytes.js'
import { fail } from '../errors.js'
import { MORE, type Decoder } from './decoder.js'

/** Octets of a control frame's payload (section 5.5). */
export const WEB_SOCKET_CONTROL_MAX = 125
/** Octets of one message, all its fragments together, unless the caller says otherwise. */
export const WEB_SOCKET_MESSAGE_MAX = 64 * 1024 * 1024

/** The status of a Close frame without one; never sent (section 7.4.1). */
export const WEB_SOCKET_NO_STATUS = 1005

const OPCODES = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const
export type WebSocketOpcode = keyof typeof OPCODES

/** What a decoder has to say. Those of messages stop the push by returning `false`. */
export type WebSocketEvents = {
  /** A piece of a message, borrowed and never empty. */
  data(isText: boolean, chunk: Uint8Array, start: number, end: number): unknown
  /** The message has ended; without a `data` before it is empty. */
  message(isText: boolean): unknown
  /** Octets that may be kept. */
  ping(payload: Uint8Array): unknown
  pong(payload: Uint8Array): unknown
  /** The last of all; `push` returns behind it. The code is WEB_SOCKET_NO_STATUS where there is none. */
  close(code: number, reason: string): void
}

export type WebSocketDecoderOptions = {
  /** Whether frames must be masked, as a server has them; false unless given. */
  masked?: boolean | undefined
  /** Octets of one message. */
  limit?: number | undefined
}

const malformed = (what: string): never => {
  throw fail('web-socket-malformed', `malformed WebSocket frame: ${what}`)
}

/** Section 7.4, and the codes that IANA has registered since: 1012 to 1014. */
const mayBeSent = (code: number): boolean => (code >= 1000 && code <= 1014 && (code < 1004 || code > 1006)) || (code >= 3000 && code <= 4999)

/** Checks UTF-8 across pieces (Unicode, table 3-7: well-formed byte sequences). */
const createUtf8Check = (): { push(chunk: Uint8Array, start: number, end: number): void; end(): void } => {
  let need = 0
  let low = 0x80
  let high = 0xbf
  const refuse = (): never => {
    throw fail('web-socket-text-malformed', 'a text message or a reason is not UTF-8')
  }
  return {
    push(chunk, start, end) {
      for (let i = start; i < end; i++) {
        const c = chunk[i]!
        if (need > 0) {
          if (c < low || c > high) refuse()
          low = 0x80
          high = 0xbf
          need--
        } else if (c > 0x7f) {
          if (c < 0xc2 || c > 0xf4) refuse()
          need = c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3
          if (c === 0xe0) low = 0xa0
          else if (c === 0xed) high = 0x9f
          else if (c === 0xf0) low = 0x90
          else if (c === 0xf4) high = 0x8f
        }
      }
    },
    end() {
      if (need > 0) refuse()
    },
  }
}

/**
 * Decodes frames up to a Close. Control frames between the fragments of a message come when they come. Errors: web-socket-malformed,
 * web-socket-text-malformed, web-socket-too-large; web-socket-truncated from `end`, as a Close has to come before it.
 */
export const createWebSocketDecoder = (events: WebSocketEvents, { masked = false, limit = WEB_SOCKET_MESSAGE_MAX }: WebSocketDecoderOptions = {}): Decoder => {
  const head = new Uint8Array(14)
  let have = 0
  let need = 2
  let opcode = 0
  let left = 0
  let at = 0
  let inPayload = false
  /** The opcode of the message that goes on, 0 for none. */
  let message = 0
  let size = 0
  let text = createUtf8Check()
  let control = new Uint8Array(0)
  let closed = false

  /** What the first two octets refuse, and how many there are in the head. */
  const begin = (): void => {
    const first = head[0]!
    const length = head[1]! & 0x7f
    opcode = first & 15
    if (first & 0x70) malformed('reserved bits')
    if (opcode > 10 || (opcode > 2 && opcode < 8)) malformed(`the reserved opcode ${opcode}`)
    if (opcode > 7) {
      if (first < 0x80) malformed('a control frame that is fragmented')
      if (length > WEB_SOCKET_CONTROL_MAX) malformed(`a control frame of more than ${WEB_SOCKET_CONTROL_MAX} octets`)
      if (opcode === 8 && length === 1) malformed('half a status')
    } else if (opcode === 0 && message === 0) malformed('a continuation of nothing')
    else if (opcode > 0 && message > 0) malformed('a message within a message')
    if (head[1]! > 0x7f !== masked) malformed(masked ? 'no mask' : 'a mask')
    need = 2 + (length === 126 ? 2 : length === 127 ? 8 : 0) + (masked ? 4 : 0)
  }
  const enter = (): void => {
    left = head[1]! & 0x7f
    if (left > 125) {
      const octets = left === 126 ? 2 : 8
      if (octets === 8 && head[2]! > 0x7f) malformed('a length beyond 2^63')
      left = 0
      for (let i = 2; i < 2 + octets; i++) left = left * 256 + head[i]!
      if (left < (octets === 2 ? 126 : 65536)) malformed('a length that is not minimal')
    }
    if (opcode < 8) {
      if (opcode > 0) {
        message = opcode
        size = 0
        text = createUtf8Check()
      }
      size += left
      if (size > limit) throw fail('web-socket-too-large', `a message is longer than ${limit} octets`, { limit })
    } else control = new Uint8Array(left)
    at = 0
    inPayload = true
  }
  /** What is at the end of a frame, whose payload has been handed on. */
  const leave = (): unknown => {
    inPayload = false
    have = 0
    need = 2
    if (opcode === 9) return void events.ping(control)
    if (opcode === 10) return void events.pong(control)
    if (opcode === 8) {
      const code = control.length > 0 ? control[0]! * 256 + control[1]! : WEB_SOCKET_NO_STATUS
      if (control.length > 0 && !mayBeSent(code)) malformed(`the status ${code}`)
      const reason = createUtf8Check()
      reason.push(control, 2, control.length)
      reason.end()
      closed = true
      return events.close(code, utf8(control, Math.min(2, control.length)))
    }
    if (head[0]! < 0x80) return undefined
    const isText = message === 1
    if (isText) text.end()
    message = 0
    return events.message(isText)
  }

  return {
    push(chunk, start, end) {
      let i = start
      while (!closed) {
        if (!inPayload) {
          if (i >= end) return MORE
          head[have++] = chunk[i++]!
          if (have === 2) begin()
          if (have === need) enter()
          if (!inPayload) continue
        }
        if (left === 0) {
          if (leave() === false) return i - start
          continue
        }
        if (i >= end) return MORE
        const from = i
        i = left < end - i ? i + left : end
        left -= i - from
        let piece = chunk
        let pieceStart = from
        if (masked) {
          piece = chunk.subarray(from, i).map((c, n) => c ^ head[need - 4 + ((at + n) & 3)]!)
          pieceStart = 0
        }
        const length = i - from
        if (opcode > 7) control.set(piece.subarray(pieceStart, pieceStart + length), at)
        at += length
        if (opcode > 7) continue
        if (message === 1) text.push(piece, pieceStart, pieceStart + length)
        if (events.data(message === 1, piece, pieceStart, pieceStart + length) === false) return i - start
      }
      return i - start
    },
    end() {
      if (!closed) throw fail('web-socket-truncated', `ended ${have > 0 || message > 0 ? 'in a message' : 'without a Close frame'}`)
    },
  }
}

export type WebSocketFrameOptions = {
  /** Four octets that nobody can foretell; a client must give them (section 5.3). */
  mask?: Uint8Array | undefined
  /** Whether the message ends here; true unless given. */
  fin?: boolean | undefined
}

/** Encodes one frame. The payload is copied. Errors: request-invalid. */
export const encodeWebSocketFrame = (opcode: WebSocketOpcode, payload: Uint8Array, { mask, fin = true }: WebSocketFrameOptions = {}): Uint8Array<ArrayBuffer> => {
  if (!Object.hasOwn(OPCODES, opcode)) throw fail('request-invalid', `${JSON.stringify(opcode)} is no opcode: ${Object.keys(OPCODES).join(', ')} are`)
  if (!(payload instanceof Uint8Array)) throw fail('request-invalid', `a frame's payload is a Uint8Array, not ${typeof payload}`)
  if (mask !== undefined && !(mask instanceof Uint8Array && mask.length === 4)) throw fail('request-invalid', 'a mask is four octets')
  const { length } = payload
  const code = OPCODES[opcode]
  if (code > 7 && (length > WEB_SOCKET_CONTROL_MAX || !fin)) throw fail('request-invalid', `a control frame has ${WEB_SOCKET_CONTROL_MAX} octets at most, and is whole`, { limit: WEB_SOCKET_CONTROL_MAX })
  const octets = length < 126 ? 0 : length < 65536 ? 2 : 8
  const start = 2 + octets + (mask ? 4 : 0)
  const frame = new Uint8Array(start + length)
  frame[0] = (fin ? 0x80 : 0) | code
  frame[1] = (mask ? 0x80 : 0) | (octets === 0 ? length : octets === 2 ? 126 : 127)
  for (let i = 0, rest = length; i < octets; i++) {
    frame[1 + octets - i] = rest % 256
    rest = Math.floor(rest / 256)
  }
  frame.set(payload, start)
  if (mask) {
    frame.set(mask, start - 4)
    const [a = 0, b = 0, c = 0, d = 0] = mask
    let i = start
    for (const whole = start + (length & ~3); i < whole; i += 4) {
      frame[i]! ^= a
      frame[i + 1]! ^= b
      frame[i + 2]! ^= c
      frame[i + 3]! ^= d
    }
    for (let n = 0; i < frame.length; i++, n++) frame[i]! ^= mask[n]!
  }
  return frame
}

/** The payload of a Close frame: a status from 1000 on, and up to 123 octets of UTF-8. Without a status it is empty. Errors: request-invalid. */
export const encodeWebSocketClose = (code?: number, reason = ''): Uint8Array<ArrayBuffer> => {
  if (typeof reason !== 'string' || (code === undefined && reason !== '')) throw fail('request-invalid', 'the reason for a Close is text, behind a status')
  if (code === undefined) return new Uint8Array(0)
  if (!Number.isInteger(code) || !mayBeSent(code)) throw fail('request-invalid', `${String(code)} is no status that a Close frame may have: 1000 is, and 3000 to 4999`)
  const octets = encodeUtf8(reason)
  if (octets.length > WEB_SOCKET_CONTROL_MAX - 2) throw fail('request-invalid', `the reason for a Close has ${WEB_SOCKET_CONTROL_MAX - 2} octets at most`, { limit: WEB_SOCKET_CONTROL_MAX - 2 })
  const payload = new Uint8Array(2 + octets.length)
  payload.set([code >> 8, code & 255])
  payload.set(octets, 2)
  return payload
}
