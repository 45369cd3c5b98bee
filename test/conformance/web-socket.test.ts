/** The WebSocket cases over a socket: a peer that does what a case says, and a client that sends every message back. */
import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { isError } from '../../src/errors.js'
import { direct, webSocket } from '../../src/http/index.js'
import { concat } from '../../src/bytes.js'
import { createWebSocketDecoder, WEB_SOCKET_NO_STATUS } from '../../src/wire/index.js'
import { startPeer, type Link } from '../support/peer.js'
import { base64, loadCases, split } from './corpus.js'

type Action = { send: string; chop?: number } | { header: string; payloadRepeat: { base64: string; length: number }; chop?: number } | { closeHandshake: number } | { waitMs: number } | { thenWaitMs: number } | { thenCloseAfterMs: number }
type Event = { event: 'message' | 'pong' | 'timeout'; payload: string | null; length: number | null; binary: boolean | null }
type Case = { id: string; actions: Action[]; expectedEvents: { behaviour: string; events: Event[] }[]; clientMustFail: boolean; closeCodes: number[]; requireCleanClose: boolean }

const cases = loadCases<Case>('websocket/autobahn.json')

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
const CLOSE = Uint8Array.of(0x88, 2, 0x03, 0xe8)

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
const repeated = ({ base64: text, length }: { base64: string; length: number }): Buffer => Buffer.alloc(length, Buffer.from(text, 'base64'))

/** What the peer sends, or a close by itself; waits are left out, as nothing that is right depends on them. */
const sent = (action: Action): Uint8Array | undefined => ('send' in action ? base64(action.send) : 'header' in action ? Buffer.concat([base64(action.header), repeated(action.payloadRepeat)]) : undefined)

type Said = { event: string; binary: boolean | null; sha256: string; length: number }

/** Serves one case, and resolves with what the client said. */
const serve = async ({ socket }: Link, one: Case, cut: boolean): Promise<{ said: Said[]; code: number | undefined }> => {
  const chunks = socket.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>
  const next = async (): Promise<Buffer | undefined> => chunks.next().then(({ value }) => value as Buffer | undefined, () => undefined)
  const send = (data: string | Uint8Array): Promise<void> => new Promise(resolve => void (socket.writable ? socket.write(data, () => resolve()) : resolve()))
  let head = ''
  while (!head.endsWith('\r\n\r\n')) head += String(await next())
  const accept = createHash('sha1').update(/Sec-WebSocket-Key: (.*)\r/.exec(head)![1]! + GUID).digest('base64')
  await send(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`)
  const said: Said[] = []
  let code: number | undefined
  let pieces: Uint8Array[] = []
  const decoder = createWebSocketDecoder(
    {
      data: (_, chunk, start, end) => void pieces.push(chunk.slice(start, end)),
      message(isText) {
        const whole = concat(pieces)
        pieces = []
        said.push({ event: 'message', binary: !isText, sha256: sha256(whole), length: whole.length })
      },
      ping() {},
      pong: payload => void said.push({ event: 'pong', binary: null, sha256: sha256(payload), length: payload.length }),
      close: status => (code = status),
    },
    { masked: true },
  )
  const wanted = one.clientMustFail ? Infinity : alternativesOf(one)[0]!.length
  const starts = one.actions.some(action => 'closeHandshake' in action)
  const sending = (async () => {
    for (const action of one.actions) {
      const bytes = sent(action)
      const chop = 'chop' in action ? action.chop : undefined
      if (bytes) for (const piece of chop && bytes.length < 4096 ? split(bytes, 'octets', 0) : cut ? split(bytes, 'random', 7) : [bytes]) await send(piece)
    }
    if (wanted === 0 && !starts) await send(CLOSE)
  })()
  for (let chunk; code === undefined && (chunk = await next()); ) {
    const before = said.length
    decoder.push(chunk, 0, chunk.length)
    if (said.length === wanted && before < wanted && !starts) await send(CLOSE)
  }
  socket.destroy()
  await sending
  return { said, code }
}

/** What the client may say. Where a case tells nothing, it wants its one message back. */
const alternativesOf = (one: Case): Said[][] => {
  const large = one.actions.find(action => 'payloadRepeat' in action)
  const whole = large && 'payloadRepeat' in large ? repeated(large.payloadRepeat) : undefined
  if (one.expectedEvents.length > 0) {
    return one.expectedEvents.map(({ events }) =>
      events
        .filter(({ event }) => event !== 'timeout')
        .map(({ event, binary, payload }) => {
          const bytes = payload === null ? whole! : base64(payload)
          return { event, binary, sha256: sha256(bytes), length: bytes.length }
        }),
    )
  }
  const [frame] = one.actions.map(sent).filter(bytes => bytes !== undefined)
  const bytes = whole ?? frame!.subarray(frame![1] === 126 ? 4 : 2)
  return [[{ event: 'message', binary: (frame![0]! & 15) === 2, sha256: sha256(bytes), length: bytes.length }]]
}

/**
 * Known differences. 7.1.6 counts the second of two messages only: both are answered here, as section 5.5.1 lets an endpoint finish what it
 * is at before its Close.
 */
const BOTH_ANSWERED = 'autobahn-7.1.6'
/** A Close without a status is answered by one without, as section 5.5.1 has it; two cases count that as another, and one sends it where it means half a status. */
const EMPTY_CLOSE = ['autobahn-7.3.1', 'autobahn-7.3.2']
/** What it sends as text is no UTF-8, which section 8.1 does not let pass. */
const NO_TEXT = 'autobahn-9.4.1'

describe.skipIf(!cases)('websocket', () => {
  test.each((cases ?? []).flatMap(one => [false, true].map(cut => ({ id: one.id, cut, one }))))('$id, cut: $cut', { timeout: 60_000 }, async ({ one, cut }) => {
    let done!: (outcome: Awaited<ReturnType<typeof serve>>) => void
    const served = new Promise<Awaited<ReturnType<typeof serve>>>(resolve => (done = resolve))
    const peer = await startPeer(async link => done(await serve(link, one, cut)))
    const socket = await webSocket(direct(peer.dial), { path: '/' })
    let failure: unknown
    try {
      for await (const message of socket.messages()) await socket.write(message).catch(() => {})
    } catch (error) {
      failure = error
    }
    const { said, code } = await served
    if (one.clientMustFail) expect(isError(failure) && failure.code).toMatch(/^web-socket-/)
    if (one.id === NO_TEXT) {
      expect([isError(failure) && failure.code, code]).toEqual(['web-socket-text-malformed', 1007])
      return
    }
    if (EMPTY_CLOSE.includes(one.id)) expect(code).toBe(WEB_SOCKET_NO_STATUS)
    else if (code !== undefined || one.requireCleanClose || one.clientMustFail) expect(one.closeCodes).toContain(code)
    if (one.requireCleanClose && one.closeCodes.every(status => status === 1000 || status === 1001)) expect(failure).toBeUndefined()
    expect(alternativesOf(one)).toContainEqual(one.id === BOTH_ANSWERED ? said.slice(1) : said)
  })
})
