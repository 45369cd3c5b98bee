/** Responses, iterators and streams that nobody holds any more: garbage collection frees their connections, and no others. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { body, bodyInto, direct, hijack, ok, pool, streamBody, type Client, type Pool, type Request, type Response } from '../../src/http/index.js'
import { gate, play, startPeer, type Peer } from '../support/peer.js'

setFlagsFromString('--expose_gc')
const collect = runInNewContext('gc') as () => void

/** Collects garbage until `done`, with turns of the event loop between, in which finalizers run. */
const collectUntil = async (done: () => boolean, turns = 200): Promise<boolean> => {
  for (let turn = 0; turn < turns && !done(); turn++) {
    collect()
    await new Promise(resolve => setImmediate(resolve))
  }
  return done()
}

const get: Request = { method: 'GET', path: '/' }
const HEAD = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'
const PART = '3\r\nabc\r\n'
const UPGRADED = 'HTTP/1.1 101 UPGRADED\r\n\r\n'

/** Each leaves nothing but what the client itself holds. */
const DROPS: [string, string, (client: Client) => Promise<void>][] = [
  ['an unread response', HEAD, async client => void (await client.exchange(get))],
  ['an unread response with some of its body', HEAD + PART, async client => void (await client.exchange(get))],
  ['an unread response by ok', HEAD + PART, async client => void (await ok(client, get))],
  ['an unread response with limits and a signal', HEAD, async client => void (await client.exchange(get, { headMs: 60_000, silenceMs: 60_000, signal: AbortSignal.timeout(60_000) }))],
  ['an unread response to an upload under way', HEAD, async client => void (await client.exchange({ method: 'POST', path: '/', body: streamBody(endless()) }))],
  ['a body that nobody iterates', HEAD + PART, async client => void body(await client.exchange(get))],
  ['an iterator before its first item', HEAD + PART, async client => void body(await client.exchange(get))[Symbol.asyncIterator]()],
  ['an iterator behind its first item', HEAD + PART, async client => void (await body(await client.exchange(get))[Symbol.asyncIterator]().next())],
  ['an iterator that has read ahead all it may', HEAD + `80000\r\n${'x'.repeat(0x80000)}\r\n`, async client => void (await body(await client.exchange(get))[Symbol.asyncIterator]().next())],
  ['a hijacked stream', `${UPGRADED}abc`, async client => void (await hijack(client, get))],
  ['a hijacked stream behind its first item', `${UPGRADED}abc`, async client => void (await (await hijack(client, get))[Symbol.asyncIterator]().next())],
]

function* endless(): Generator<Uint8Array> {
  for (;;) yield new Uint8Array(50_000)
}

const start = (response: string): Promise<Peer> =>
  startPeer(async link => {
    await link.head()
    await link.send(response)
  })

describe('is freed when it is dropped:', () => {
  test.each(DROPS)('%s', async (_, response, drop) => {
    const peer = await start(response)
    const client = pool(peer.dial)
    await drop(client)
    expect(client.stats()).toMatchObject({ leased: 1 })
    expect(await collectUntil(() => client.stats().leased === 0)).toBe(true)
    expect(client.stats()).toEqual({ leased: 0, idle: 0, waiting: 0 })
    await (await peer.link(0)).rest()
  })

  test.each(DROPS)('%s, without a pool', async (_, response, drop) => {
    const peer = await start(response)
    await drop(direct(peer.dial))
    let ended = false
    void (await peer.link(0)).rest().then(() => (ended = true))
    expect(await collectUntil(() => ended)).toBe(true)
  })

  test('what the one who had waited for it got', async () => {
    const peer = await start(HEAD)
    const client = pool(peer.dial, { max: 1 })
    const served = [client.exchange(get), client.exchange(get), client.exchange(get)].map(async (exchange, nth) => {
      await exchange
      return nth
    })
    expect(await collectUntil(() => client.stats().leased === 0)).toBe(true)
    expect(await Promise.all(served)).toEqual([0, 1, 2])
    expect(peer.links).toHaveLength(3)
    expect(client.stats()).toEqual({ leased: 0, idle: 0, waiting: 0 })
  })
})

describe('is not freed while somebody', () => {
  const USES: [string, string, (client: Client) => Promise<string>][] = [
    ['waits for the next item', HEAD, async client => {
      let all = ''
      for await (const chunk of body(await client.exchange(get))) all += Buffer.from(chunk).toString()
      return all
    }],
    ['reads into a sink', HEAD, async client => {
      let all = ''
      await bodyInto(await client.exchange(get), (chunk, from, to) => void (all += Buffer.from(chunk.subarray(from, to)).toString()))
      return all
    }],
    ['iterates a hijacked stream', UPGRADED, async client => {
      let all = ''
      for await (const chunk of await hijack(client, get)) all += Buffer.from(chunk).toString()
      return all
    }],
  ]
  test.each(USES)('%s', async (_, head, use) => {
    const go = gate()
    const peer = await startPeer(play({ send: head }, { wait: go.opened }, { send: head === HEAD ? `${PART}0\r\n\r\n` : 'abc' }, { fin: true }))
    const client: Pool = pool(peer.dial)
    const using = use(client)
    await peer.link(0)
    expect(await collectUntil(() => client.stats().leased === 0, 30)).toBe(false)
    go.open()
    expect(await using).toBe('abc')
    expect(client.stats()).toMatchObject({ leased: 0, waiting: 0 })
    await client.close()
  })

  test('holds the response, and reads it later', async () => {
    const peer = await start(`${HEAD}${PART}0\r\n\r\n`)
    const client = pool(peer.dial)
    const held: Response[] = [await client.exchange(get)]
    expect(await collectUntil(() => client.stats().leased === 0, 30)).toBe(false)
    let all = ''
    for await (const chunk of body(held[0]!)) all += Buffer.from(chunk).toString()
    expect(all).toBe('abc')
    expect(client.stats()).toEqual({ leased: 0, idle: 1, waiting: 0 })
    // Its collection later must not touch the connection, which is idle, or serves another.
    held.length = 0
    expect(await collectUntil(() => client.stats().idle === 0, 30)).toBe(false)
    await client.close()
  })

  test('writes to a hijacked stream', async () => {
    const peer = await startPeer(async link => {
      await link.request()
      await link.send(UPGRADED)
      await link.send(await link.bytes(5))
    })
    const client = pool(peer.dial)
    const { write } = await hijack(client, get)
    expect(await collectUntil(() => client.stats().leased === 0, 30)).toBe(false)
    await write(Buffer.from('alive'))
    await client.close({ force: true })
  })
})
