/**
 * An engine that refuses an upload answers before it has read it, and closes (net/http drains 256 KiB at most). The answer is what the
 * caller must see, not the write that failed, every time: each row is run fifty times in a row.
 */
import { describe, expect, test } from 'vitest'
import { bytesBody, jsonBody, ok, pool, streamBody, text, type Body } from '../../src/http/index.js'
import { gate, rejection, startPeer, type Link, type Over } from '../support/peer.js'

const TIMES = 50
const TOTAL = 100 * 1024 * 1024
const PIECE = new Uint8Array(1024 * 1024)
const REFUSAL = '{"message":"too much"}'
const TEXT = { '413 Content Too Large': ['http-error', 413], '409 Conflict': ['conflict', 409] } as const

const json = (status: string): string => `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${REFUSAL.length}\r\nConnection: close\r\n\r\n${REFUSAL}`
const chunked = (status: string): string => `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n${[...REFUSAL].map(c => `1\r\n${c}\r\n`).join('')}0\r\n\r\n`
/** As the daemon writes it by hand where a connection was hijacked, and net/http where it takes the request for malformed. */
const untilClose = (status: string): string => `HTTP/1.1 ${status}\r\nContent-Type: text/plain\r\n\r\ntoo much`

/** A source of 100 MiB that says when it is ended. */
const source = (): { pieces: AsyncIterable<Uint8Array>; ended: Promise<void>; pulls(): number } => {
  const { opened, open } = gate()
  let pulls = 0
  const pieces = (async function* () {
    try {
      for (; pulls < TOTAL / PIECE.length; ) {
        pulls++
        yield PIECE
      }
    } finally {
      open()
    }
  })()
  return { pieces, ended: opened, pulls: () => pulls }
}

const PEERS: [string, (link: Link, response: string) => Promise<void>][] = [
  ['answers at once, and closes', async (link, response) => {
    await link.head()
    await link.send(response)
    link.close()
  }],
  ['answers at once, half-closes, and closes later', async (link, response) => {
    await link.head()
    await link.send(response)
    link.fin()
    await link.bytes(256 * 1024)
    link.close()
  }],
  ['reads 256 KiB, answers, and closes', async (link, response) => {
    await link.head()
    await link.bytes(256 * 1024)
    await link.send(response)
    link.close()
  }],
  ['reads half of it, answers, and closes', async (link, response) => {
    await link.head()
    await link.bytes(5 * 1024 * 1024)
    await link.send(response)
    link.close()
  }],
  ['answers piece by piece, and closes', async (link, response) => {
    await link.head()
    for (let at = 0; at < response.length; at += 20) await link.send(response.slice(at, at + 20))
    link.close()
  }],
]

const RESPONSES: [string, (status: string) => string][] = [['with a length', json], ['in chunks', chunked], ['until it closes', untilClose]]

const BODIES: [string, () => { body: Body; ended: Promise<void> }][] = [
  ['a stream', () => {
    const { pieces, ended } = source()
    return { body: streamBody(pieces), ended }
  }],
  ['a stream of a known length', () => {
    const { pieces, ended } = source()
    return { body: streamBody(pieces, undefined, { length: TOTAL }), ended }
  }],
]

describe.each<Over>(['unix', 'tcp', 'data'])('over %s, a peer that', over => {
  describe.each(PEERS)('%s,', (_, serve) => {
    describe.each(RESPONSES)('%s:', (_framing, encode) => {
      test.each(BODIES)('%s', async (_body, make) => {
        for (const [status, [code, number]] of Object.entries(TEXT)) {
          const peer = await startPeer(link => serve(link, encode(status)), { over })
          const client = pool(peer.dial)
          for (let time = 0; time < TIMES / 2; time++) {
            const { body, ended } = make()
            expect(await rejection(ok(client, { method: 'PUT', path: '/archive', body })), `time ${time}`).toMatchObject({ code, status: number, reason: 'too much' })
            await ended
            expect(client.stats()).toEqual({ leased: 0, idle: 0, waiting: 0 })
          }
        }
      })
    })
  })
})

const WHOLE: [string, Body][] = [['octets', bytesBody(new Uint8Array(10 * 1024 * 1024))], ['JSON', jsonBody('x'.repeat(10 * 1024 * 1024))]]

describe.each<Over>(['unix', 'tcp'])('over %s, whole bodies:', over => {
  describe.each(PEERS)('a peer that %s', (_, serve) => {
    test.each(WHOLE)('%s', async (_body, body) => {
      const peer = await startPeer(link => serve(link, json('409 Conflict')), { over })
      const client = pool(peer.dial)
      for (let time = 0; time < TIMES; time++) {
        expect(await rejection(ok(client, { method: 'POST', path: '/', body })), `time ${time}`).toMatchObject({ code: 'conflict', reason: 'too much' })
        expect(client.stats()).toEqual({ leased: 0, idle: 0, waiting: 0 })
      }
    })
  })
})

test('progress that comes during an upload is read during the upload', async () => {
  const peer = await startPeer(async link => {
    const request = await link.head()
    await link.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nbegun\r\n')
    const { length } = await link.body(request)
    await link.send(`${length.toString().length.toString(16)}\r\n${length}\r\n0\r\n\r\n`)
  })
  const begun = gate()
  const client = pool(peer.dial)
  const body = streamBody((async function* () {
    yield PIECE
    await begun.opened
    yield PIECE
  })())
  const response = await client.exchange({ method: 'POST', path: '/build', body })
  begun.open()
  expect(await text(response)).toBe(`begun${2 * PIECE.length}`)
  expect(client.stats()).toEqual({ leased: 0, idle: 1, waiting: 0 })
  await client.close()
})

test('a peer that answers 200 and reads no more has not taken the upload', async () => {
  const peer = await startPeer(async link => {
    await link.head()
    await link.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
  })
  const client = pool(peer.dial)
  const { pieces, ended, pulls } = source()
  expect(await text(await client.exchange({ method: 'POST', path: '/', body: streamBody(pieces) }))).toBe('ok')
  await ended
  expect(pulls()).toBeLessThan(20)
  expect(client.stats()).toEqual({ leased: 0, idle: 0, waiting: 0 })
})

// Not over TCP, where a kernel that resets drops what it has not yet sent.
test.each<Over>(['unix', 'data'])('an answer in many small pieces, which are left to grow meanwhile, is read to its end behind a failed write, over %s', async over => {
  const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))
  const peer = await startPeer(async link => {
    const lines = Number((await link.head()).path.slice(1))
    await link.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
    await turn()
    for (let line = 0; line < lines; line++) {
      await link.send('5\r\nline\n\r\n')
      await turn()
      await turn()
    }
    await link.send('0\r\n\r\n')
    link.close()
  }, { over })
  const client = pool(peer.dial)
  // One of these closes while the client rests, whatever its pace.
  for (let lines = 4; lines < TIMES; lines++) {
    const { pieces, ended } = source()
    const response = await client.exchange({ method: 'POST', path: `/${lines}`, body: streamBody(pieces) })
    expect(await text(response), `${lines} lines`).toBe('line\n'.repeat(lines))
    await ended
    expect(client.stats()).toEqual({ leased: 0, idle: 0, waiting: 0 })
  }
})
