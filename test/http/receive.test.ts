/** Reading bodies: borrowed, kept and whole; at every pace, to the end and not. What cuts do is in cut.test.ts. */
import { describe, expect, test } from 'vitest'
import { body, bodyInto, bytes, direct, json, pool, text, type Pool, type Request } from '../../src/http/index.js'
import { answering, codeOf, gate, play, rejection, reply, startPeer, type Over } from '../support/peer.js'

const get: Request = { method: 'GET', path: '/' }
const DONE = { done: true, value: undefined }
const OKAY = 'HTTP/1.1 200 OK\r\n'

/** Octets that repeat only after a prime, so that a lost or doubled piece shows. */
const pattern = (length: number): Buffer => Buffer.from(Uint8Array.from({ length }, (_, i) => i % 251))

const chunked = (content: Buffer, size: number): Buffer => {
  const pieces: Buffer[] = []
  for (let at = 0; at < content.length; at += size) {
    const piece = content.subarray(at, at + size)
    pieces.push(Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n'))
  }
  return Buffer.concat([Buffer.from(`${OKAY}Transfer-Encoding: chunked\r\n\r\n`), ...pieces, Buffer.from('0\r\n\r\n')])
}

describe.each<Over>(['unix', 'tcp', 'data'])('over %s, a body of', over => {
  const ROWS: [string, number, (content: Buffer) => Buffer][] = []
  for (const length of [0, 1, 1000, 65_536, 65_537, 1_000_003, 10_000_000])
    ROWS.push(
      [`${length} octets by length`, length, content => Buffer.concat([Buffer.from(`${OKAY}Content-Length: ${length}\r\n\r\n`), content])],
      [`${length} octets in one chunk`, length, content => chunked(content, length || 1)],
      [`${length} octets in chunks of 7001`, length, content => chunked(content, 7001)],
    )
  ROWS.push(['20000 octets in chunks of 1', 20_000, content => chunked(content, 1)])

  test.each(ROWS)('%s comes whole to every reader', async (_, length, encode) => {
    const content = pattern(length)
    const peer = await startPeer(answering(encode(content)), { over })
    const client = pool(peer.dial, { max: 1 })

    expect(Buffer.compare(await bytes(await client.exchange(get)), content)).toBe(0)

    const kept: Uint8Array[] = []
    for await (const chunk of body(await client.exchange(get))) kept.push(chunk)
    expect(kept.every(chunk => chunk.length > 0)).toBe(true)
    expect(Buffer.compare(Buffer.concat(kept), content)).toBe(0)

    for (const pause of [() => undefined, () => Promise.resolve(), () => new Promise<void>(resolve => setImmediate(resolve))]) {
      const pieces: Buffer[] = []
      let running = 0
      await bodyInto(await client.exchange(get), (chunk, start, end) => {
        if (running > 0 || end <= start) throw new Error(`called with ${start} to ${end} while ${running} pending`)
        pieces.push(Buffer.from(chunk.subarray(start, end)))
        const wait = pause()
        if (wait) running++
        return wait?.then(() => void running--)
      })
      expect(Buffer.compare(Buffer.concat(pieces), content)).toBe(0)
    }
    expect(client.stats()).toEqual({ leased: 0, idle: 1, waiting: 0 })
    expect(peer.links).toHaveLength(1)
    await client.close()
  })
})

describe('the chunks of body', () => {
  test('are kept: what comes later does not change them', async () => {
    const content = pattern(3_000_000)
    const peer = await startPeer(answering(Buffer.concat([Buffer.from(`${OKAY}Content-Length: ${content.length}\r\n\r\n`), content])))
    const client = direct(peer.dial)
    const kept: [Uint8Array, Buffer][] = []
    for await (const chunk of body(await client.exchange(get))) kept.push([chunk, Buffer.from(chunk)])
    expect(kept.every(([chunk, then]) => Buffer.compare(chunk, then) === 0)).toBe(true)
    expect(Buffer.compare(Buffer.concat(kept.map(([chunk]) => chunk)), content)).toBe(0)
  })

  test('are read ahead of their consumer, and not without bound', async () => {
    const peer = await startPeer(play({ send: Buffer.concat([Buffer.from(`${OKAY}\r\n`), pattern(20_000_000)]) }, { fin: true }))
    const client = pool(peer.dial)
    const chunks = body(await client.exchange(get))[Symbol.asyncIterator]()
    const first = await chunks.next()
    // The peer cannot get rid of the rest for as long as nobody asks for more.
    for (let turn = 0; turn < 100; turn++) await new Promise(resolve => setImmediate(resolve))
    expect(peer.links[0]!.socket.writableLength).toBeGreaterThan(15_000_000)
    let length = first.done ? 0 : first.value.length
    for await (const chunk of { [Symbol.asyncIterator]: () => chunks }) length += chunk.length
    expect(length).toBe(20_000_000)
    expect(client.stats()).toMatchObject({ leased: 0 })
    await client.close()
  })

  test('answer each of many calls of next, in order', async () => {
    const go = gate()
    const peer = await startPeer(play({ send: `${OKAY}Content-Length: 3\r\n\r\n` }, { wait: go.opened }, { send: 'abc' }))
    const client = pool(peer.dial)
    const chunks = body(await client.exchange(get))[Symbol.asyncIterator]()
    const results = [chunks.next(), chunks.next(), chunks.next()]
    go.open()
    const [first, ...rest] = await Promise.all(results)
    expect(Buffer.from(first!.value as Uint8Array).toString()).toBe('abc')
    expect(rest).toEqual([DONE, DONE])
    expect(await chunks.next()).toEqual(DONE)
    expect(client.stats()).toEqual({ leased: 0, idle: 1, waiting: 0 })
    await client.close()
  })

  test('end for who waits when the iterator is returned, and stay ended', async () => {
    const peer = await startPeer(play({ send: `${OKAY}Content-Length: 3\r\n\r\n` }))
    const client = pool(peer.dial)
    const chunks = body(await client.exchange(get))[Symbol.asyncIterator]()
    const waiting = chunks.next()
    expect(await chunks.return?.()).toEqual(DONE)
    expect(await waiting).toEqual(DONE)
    expect(await chunks.next()).toEqual(DONE)
    expect(client.stats()).toEqual({ leased: 0, idle: 0, waiting: 0 })
    await peer.links[0]!.rest()
  })

  test('end when the iterator is returned behind a failure', async () => {
    const peer = await startPeer(play({ send: `${OKAY}Content-Length: 3\r\n\r\n` }, { send: 'a' }, { close: true }))
    const client = pool(peer.dial)
    const chunks = body(await client.exchange(get))[Symbol.asyncIterator]()
    await peer.links[0]!.closed
    for (let turn = 0; turn < 5; turn++) await new Promise(resolve => setImmediate(resolve))
    await chunks.return?.()
    expect(await chunks.next()).toEqual(DONE)
    expect(client.stats()).toMatchObject({ leased: 0, waiting: 0 })
  })

  test('come before the failure, which is told once', async () => {
    const peer = await startPeer(play({ send: `${OKAY}Content-Length: 9\r\n\r\nabc` }, { close: true }))
    const client = pool(peer.dial)
    const chunks = body(await client.exchange(get))[Symbol.asyncIterator]()
    await peer.links[0]!.closed
    for (let turn = 0; turn < 5; turn++) await new Promise(resolve => setImmediate(resolve))
    const first = await chunks.next()
    expect(Buffer.from(first.value as Uint8Array).toString()).toBe('abc')
    expect(await codeOf(chunks.next())).toBe('message-truncated')
    expect(await chunks.next()).toEqual(DONE)
    expect(client.stats()).toMatchObject({ leased: 0, waiting: 0 })
  })
})

describe('a sink', () => {
  const small = `${OKAY}Transfer-Encoding: chunked\r\n\r\n${'1\r\nx\r\n'.repeat(50)}0\r\n\r\n`
  const both = test.each<[string, Over]>([['unix', 'unix'], ['data', 'data']])

  both('over %s that aborts gets nothing more', async (_, over) => {
    const peer = await startPeer(play({ send: small }), { over })
    const client = pool(peer.dial)
    const controller = new AbortController()
    const reason = new Error('enough')
    let calls = 0
    const reading = bodyInto(await client.exchange(get, { signal: controller.signal }), () => {
      if (++calls === 3) controller.abort(reason)
    })
    expect(await rejection(reading)).toBe(reason)
    expect(calls).toBe(3)
    expect(client.stats()).toEqual({ leased: 0, idle: 0, waiting: 0 })
  })

  both('over %s that throws gets nothing more', async (_, over) => {
    const peer = await startPeer(play({ send: small }), { over })
    const client = pool(peer.dial)
    const mine = new Error('mine')
    let calls = 0
    const reading = bodyInto(await client.exchange(get), () => {
      if (++calls === 3) throw mine
    })
    expect(await rejection(reading)).toBe(mine)
    expect(calls).toBe(3)
    expect(client.stats()).toEqual({ leased: 0, idle: 0, waiting: 0 })
  })

  test('that throws at a response whose octets have all come is heard too', async () => {
    const peer = await startPeer(answering(reply('abc')))
    const client = pool(peer.dial)
    const mine = new Error('mine')
    expect(await rejection(bodyInto(await client.exchange(get), () => { throw mine }))).toBe(mine)
    expect(await rejection(bodyInto(await client.exchange(get), () => Promise.reject(mine)))).toBe(mine)
    expect(client.stats()).toEqual({ leased: 0, idle: 1, waiting: 0 })
    await client.close()
  })

  test('holds the peer back while its promise is pending', async () => {
    const peer = await startPeer(play({ send: Buffer.concat([Buffer.from(`${OKAY}\r\n`), pattern(20_000_000)]) }, { fin: true }))
    const client = pool(peer.dial)
    const called = gate()
    const goOn = gate()
    let length = 0
    const reading = bodyInto(await client.exchange(get), (_, start, end) => {
      length += end - start
      called.open()
      return goOn.opened
    })
    await called.opened
    for (let turn = 0; turn < 100; turn++) await new Promise(resolve => setImmediate(resolve))
    expect(peer.links[0]!.socket.writableLength).toBeGreaterThan(15_000_000)
    expect(length).toBeLessThan(300_000)
    goOn.open()
    await reading
    expect(length).toBe(20_000_000)
    expect(client.stats()).toMatchObject({ leased: 0, waiting: 0 })
    await client.close()
  })
})

describe('whole bodies', () => {
  const ask = async (response: string | Buffer): Promise<Pool> => pool((await startPeer(answering(response))).dial)

  test.each<[string, string, unknown]>([
    ['an object', '{"a":[1,"ä€😀"]}', { a: [1, 'ä€😀'] }],
    ['null', 'null', null],
    ['a number with space around', ' 1.5\r\n', 1.5],
  ])('json of %s', async (_, content, value) => {
    const client = await ask(reply(content))
    expect(await json(await client.exchange(get))).toEqual(value)
    await client.close()
  })

  test.each([['nothing', ''], ['half an object', '{"a":'], ['HTML', '<html>'], ['two values', '{}{}'], ['a byte order mark', '\ufeff{}']])('json of %s is json-malformed, and the connection goes on', async (_, content) => {
    const client = await ask(reply(content))
    expect(await rejection(client.exchange(get).then(response => json(response)))).toMatchObject({ code: 'json-malformed', method: 'GET', path: '/' })
    expect(client.stats()).toEqual({ leased: 0, idle: 1, waiting: 0 })
    await client.close()
  })

  test('text keeps what JSON.parse and users would see, and marks what is no UTF-8', async () => {
    const client = await ask(Buffer.concat([Buffer.from(`${OKAY}Content-Length: 10\r\n\r\n`), Buffer.from([0xef, 0xbb, 0xbf, 0x61, 0xff, 0xe2, 0x82, 0xac, 0xc3, 0x0a])]))
    expect(await text(await client.exchange(get))).toBe('\ufeffa\ufffd€\ufffd\n')
    await client.close()
  })

  test.each([['with the head', true], ['behind it', false]])('a limit is octets, and inclusive; all %s', async (_, together) => {
    const content = Buffer.from('äöü')
    let behind = gate()
    const peer = await startPeer(async link => {
      for (;;) {
        await link.request()
        await link.send(`${OKAY}Content-Length: 6\r\n\r\n`)
        if (!together) await behind.opened
        await link.send(content)
      }
    })
    const client = pool(peer.dial)
    const read = async (limit: number): Promise<string> => {
      behind = gate()
      const response = await client.exchange(get)
      behind.open()
      return text(response, limit)
    }
    expect(await read(6)).toBe('äöü')
    expect(await rejection(read(5))).toMatchObject({ code: 'body-too-large', limit: 5, method: 'GET', path: '/' })
    expect(await codeOf(read(0))).toBe('body-too-large')
    expect(client.stats()).toMatchObject({ leased: 0, waiting: 0 })
    await client.close()
  })
})
