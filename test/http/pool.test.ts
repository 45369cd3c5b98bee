import { getEventListeners } from 'node:events'
import { describe, expect, test } from 'vitest'
import { body, bodyInto, bytes, bytesBody, discard, hijack, json, jsonBody, pool, streamBody, text, type Pool, type Request, type Response } from '../../src/http/index.js'
import { fail } from '../../src/errors.js'
import type { Dial } from '../../src/io/index.js'
import { answering, codeOf, gate, play, rejection, reply, startPeer, type Link, type Over, type Peer } from '../support/peer.js'

const get: Request = { method: 'GET', path: '/' }
const CLEAN = { leased: 0, waiting: 0 }

/** Which connection answered. */
const numbered = (link: Link, nth: number): Promise<void> => answering(reply(String(nth)))(link)

const ask = async (client: Pool, request = get): Promise<string> => text(await client.exchange(request))

/** Resolves when the client has closed this connection. */
const dropped = async (peer: Peer, nth: number): Promise<void> => void (await (await peer.link(nth)).rest())

describe('places', () => {
  test('the connection that was used last is used next', async () => {
    const gates = [gate(), gate(), gate()]
    const peer = await startPeer(async (link, nth) => {
      await link.request()
      await gates[nth]!.opened
      await link.send(reply(String(nth)))
      await numbered(link, nth)
    })
    const client = pool(peer.dial)
    const first = [ask(client), ask(client), ask(client)]
    await peer.link(2)
    expect(client.stats()).toEqual({ leased: 3, idle: 0, waiting: 0 })
    for (const nth of [1, 2, 0]) {
      gates[nth]!.open()
      await first[nth]
    }
    expect(client.stats()).toEqual({ leased: 0, idle: 3, waiting: 0 })
    expect(await ask(client)).toBe('0')
    expect(await ask(client)).toBe('0')
    // Three at once take them all: the last one first.
    expect(await Promise.all([ask(client), ask(client), ask(client)])).toEqual(['0', '2', '1'])
    expect(peer.links).toHaveLength(3)
    await client.close()
    expect(client.stats()).toEqual({ leased: 0, idle: 0, waiting: 0 })
  })

  test('no more than max connections, and who waits is served in order', async () => {
    const open = gate()
    const peer = await startPeer(async link => {
      await open.opened
      await answering(({ path }) => reply(path))(link)
    })
    const client = pool(peer.dial, { max: 2 })
    const order: string[] = []
    const all = ['/a', '/b', '/c', '/d', '/e', '/f'].map(async path => order.push(await ask(client, { method: 'GET', path })))
    expect(client.stats()).toEqual({ leased: 2, idle: 0, waiting: 4 })
    open.open()
    await Promise.all(all)
    expect(order).toEqual(['/a', '/b', '/c', '/d', '/e', '/f'])
    expect(peer.links).toHaveLength(2)
    expect(client.stats()).toEqual({ leased: 0, idle: 2, waiting: 0 })
    await client.close()
  })

  test.each([0, -1, NaN, 0.5])('a pool of at most %d connections is refused', max => {
    expect(() => pool(async () => Promise.reject(new Error('unused')), { max })).toThrow(expect.objectContaining({ code: 'config-invalid' }))
  })

  test('who gives up waiting leaves the queue, and the others move up', async () => {
    const peer = await startPeer(async link => {
      await link.head()
      await first.opened
      await link.send(reply('first'))
      await answering(({ path }) => reply(path))(link)
    })
    const first = gate()
    const client = pool(peer.dial, { max: 1 })
    const leaving = new AbortController()
    const one = ask(client)
    const two = client.exchange({ method: 'GET', path: '/two' }, { signal: leaving.signal })
    const three = ask(client, { method: 'GET', path: '/three' })
    expect(client.stats()).toEqual({ leased: 1, idle: 0, waiting: 2 })
    const reason = new Error('changed my mind')
    leaving.abort(reason)
    expect(await rejection(two)).toBe(reason)
    expect(getEventListeners(leaving.signal, 'abort')).toHaveLength(0)
    expect(client.stats()).toEqual({ leased: 1, idle: 0, waiting: 1 })
    first.open()
    expect(await Promise.all([one, three])).toEqual(['first', '/three'])
    expect(client.stats()).toMatchObject(CLEAN)
    await client.close()
  })

  test('a failed dial frees its place and passes it on, each with its own error', async () => {
    const peer = await startPeer(answering(reply('here')))
    const troubles = [new Error('first'), new Error('second')]
    let dials = 0
    const dial: Dial = options => {
      const trouble = troubles[dials++]
      return trouble ? Promise.reject(trouble) : peer.dial(options)
    }
    const client = pool(dial, { max: 1 })
    const results = await Promise.allSettled([ask(client), ask(client), ask(client), ask(client)])
    expect(results).toEqual([
      { status: 'rejected', reason: troubles[0] },
      { status: 'rejected', reason: troubles[1] },
      { status: 'fulfilled', value: 'here' },
      { status: 'fulfilled', value: 'here' },
    ])
    expect(dials).toBe(3)
    expect(client.stats()).toEqual({ leased: 0, idle: 1, waiting: 0 })
    await client.close()
  })

  test('a dial that throws is one that fails', async () => {
    const client = pool(() => {
      throw new Error('thrown')
    })
    await expect(ask(client)).rejects.toThrow('thrown')
    expect(client.stats()).toMatchObject(CLEAN)
  })

  test('a request that cannot be sent costs no connection', async () => {
    const peer = await startPeer(numbered)
    const client = pool(peer.dial, { max: 1 })
    expect(await codeOf(ask(client, { method: 'GET', path: '/a b' }))).toBe('request-invalid')
    expect(await ask(client)).toBe('0')
    expect(await codeOf(ask(client, { method: 'GET', path: '/', headers: { 'Content-Length': '1' } }))).toBe('request-invalid')
    expect(await ask(client)).toBe('0')
    expect(client.stats()).toEqual({ leased: 0, idle: 1, waiting: 0 })
    await client.close()
  })
})

describe('idle connections', () => {
  test('expire', async () => {
    const peer = await startPeer(numbered)
    const client = pool(peer.dial, { idleMs: 20 })
    await Promise.all([ask(client), ask(client)])
    expect(client.stats()).toMatchObject({ idle: 2 })
    await Promise.all([dropped(peer, 0), dropped(peer, 1)])
    expect(client.stats()).toEqual({ leased: 0, idle: 0, waiting: 0 })
    expect(await ask(client)).toBe('2')
    await dropped(peer, 2)
    expect(client.stats()).toEqual({ leased: 0, idle: 0, waiting: 0 })
  })

  test('do not expire while they serve', async () => {
    const open = gate()
    const peer = await startPeer(async (link, nth) => {
      await link.request()
      await link.send(reply('warm'))
      await link.request()
      if (nth === 0) await open.opened
      await link.send(reply(`served by ${nth}`))
    })
    const client = pool(peer.dial, { idleMs: 20 })
    await Promise.all([ask(client), ask(client)])
    // One of the two serves, the other expires: when it is gone, the time of the first has passed as well.
    const slow = [ask(client)]
    await Promise.race([dropped(peer, 0), dropped(peer, 1)])
    open.open()
    expect((await slow[0])!.startsWith('served by')).toBe(true)
    await client.close()
  })

  test.each<[string, (link: Link) => unknown]>([
    ['is half-closed', link => link.fin()],
    ['is closed', link => link.close()],
    ['speaks without being asked', link => link.send(reply('not asked for'))],
  ])('one that %s is dropped', async (_, act) => {
    const peer = await startPeer(async (link, nth) => {
      await link.request()
      await link.send(reply(String(nth)))
      if (nth > 0) return
      await idle.opened
      await act(link)
    })
    const idle = gate()
    const client = pool(peer.dial)
    expect(await ask(client)).toBe('0')
    expect(client.stats()).toMatchObject({ idle: 1 })
    idle.open()
    while (client.stats().idle > 0) await new Promise(resolve => setImmediate(resolve))
    await dropped(peer, 0)
    expect(client.stats()).toEqual({ leased: 0, idle: 0, waiting: 0 })
    expect(await ask(client)).toBe('1')
    await client.close()
  })
})

describe('close', () => {
  test('lets run what is under way, rejects who waits, and takes nothing more', async () => {
    const open = gate()
    const peer = await startPeer(async link => {
      await link.request()
      await open.opened
      await link.send(reply('late'))
    })
    const client = pool(peer.dial, { max: 1 })
    const one = ask(client)
    const two = ask(client)
    let closed = false
    await peer.link(0)
    const closing = client.close().then(() => (closed = true))
    expect(await codeOf(two)).toBe('pool-closed')
    expect(await codeOf(ask(client))).toBe('pool-closed')
    expect(client.stats()).toEqual({ leased: 1, idle: 0, waiting: 0 })
    expect(closed).toBe(false)
    open.open()
    expect(await one).toBe('late')
    await closing
    expect(client.stats()).toEqual({ leased: 0, idle: 0, waiting: 0 })
    await dropped(peer, 0)
  })

  test('closes idle connections, and may be called again', async () => {
    const peer = await startPeer(numbered)
    const client = pool(peer.dial)
    await Promise.all([ask(client), ask(client)])
    await Promise.all([client.close(), client.close()])
    await Promise.all([dropped(peer, 0), dropped(peer, 1)])
    await client.close({ force: true })
    await client.close()
    expect(await codeOf(ask(client))).toBe('pool-closed')
    expect(client.stats()).toEqual({ leased: 0, idle: 0, waiting: 0 })
  })

  test('a second, forced one ends what the first was waiting for', async () => {
    const peer = await startPeer(play())
    const client = pool(peer.dial)
    const one = ask(client)
    await peer.link(0)
    const first = client.close()
    const second = client.close({ force: true })
    expect(await codeOf(one)).toBe('pool-closed')
    await Promise.all([first, second])
    expect(client.stats()).toEqual({ leased: 0, idle: 0, waiting: 0 })
  })

  const HEAD = 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345'
  const UNDER_WAY: [string, string, (client: Pool, reading: () => void) => Promise<unknown>][] = [
    ['waits for the head', '', client => ask(client)],
    ['reads a body', HEAD, async (client, reading) => {
      for await (const _ of body(await client.exchange(get))) reading()
    }],
    ['reads a body into a slow sink', HEAD, async (client, reading) =>
      bodyInto(await client.exchange(get), () => {
        reading()
        return new Promise<void>(() => {})
      })],
    ['is hijacked', 'HTTP/1.1 101 UPGRADED\r\n\r\nearly', async (client, reading) => {
      for await (const _ of await hijack(client, get)) reading()
    }],
  ]
  test.each(UNDER_WAY)('by force ends an exchange that %s', async (_, response, run) => {
    const asked = gate()
    const reading = gate()
    const peer = await startPeer(async link => {
      await link.request()
      asked.open()
      await link.send(response)
    })
    const client = pool(peer.dial, { max: 1 })
    const one = run(client, reading.open)
    const waiting = ask(client)
    await asked.opened
    if (response !== '') await reading.opened
    const closing = client.close({ force: true })
    expect(await Promise.all([codeOf(one), codeOf(waiting)])).toEqual(['pool-closed', 'pool-closed'])
    await closing
    expect(client.stats()).toEqual({ leased: 0, idle: 0, waiting: 0 })
    await dropped(peer, 0)
  })

  test('by force ends a dial', async () => {
    const dialling = gate()
    let signal: AbortSignal | undefined
    const client = pool(options => {
      signal = options?.signal
      dialling.open()
      return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal?.reason)))
    })
    const one = ask(client)
    await dialling.opened
    const closing = client.close({ force: true })
    expect(await codeOf(one)).toBe('pool-closed')
    await closing
    expect(client.stats()).toEqual({ leased: 0, idle: 0, waiting: 0 })
  })

  test('by force closes an unread response', async () => {
    const peer = await startPeer(play({ send: HEAD }))
    const client = pool(peer.dial)
    const response = await client.exchange(get)
    await client.close({ force: true })
    expect(client.stats()).toEqual({ leased: 0, idle: 0, waiting: 0 })
    await dropped(peer, 0)
    expect(await codeOf(text(response))).toBe('pool-closed')
  })
})

describe('a connection that died while it was idle', () => {
  /** Answers once; then reads the next request's head and `die`s. Later connections answer. */
  const stale = (die: (link: Link) => unknown) => async (link: Link, nth: number) => {
    await link.request()
    await link.send(reply(String(nth)))
    if (nth > 0) return answering(reply(String(nth)))(link)
    await link.head()
    await die(link)
  }
  const METHODS: [method: string, replayed: boolean][] = [
    ['GET', true],
    ['HEAD', true],
    ['OPTIONS', true],
    ['POST', false],
    ['PUT', false],
    ['DELETE', false],
    ['PATCH', false],
  ]
  describe.each<Over>(['unix', 'tcp', 'data'])('over %s', over => {
    test.each(METHODS)('closed as the request comes: %s replayed: %s', async (method, replayed) => {
      const peer = await startPeer(stale(link => link.close()), { over })
      const client = pool(peer.dial, { max: 1 })
      expect(await ask(client)).toBe('0')
      const again = client.exchange({ method, path: '/' })
      if (replayed) {
        await discard(await again)
        expect(peer.links).toHaveLength(2)
      } else {
        expect(await codeOf(again)).toBe('connection-closed')
        expect(peer.links).toHaveLength(1)
      }
      expect(client.stats()).toMatchObject(CLEAN)
      await client.close()
    })
  })

  test.each(METHODS)('reset as the request comes: %s replayed: %s', async (method, replayed) => {
    const peer = await startPeer(stale(link => link.reset()), { over: 'tcp' })
    const client = pool(peer.dial, { max: 1 })
    expect(await ask(client)).toBe('0')
    const again = client.exchange({ method, path: '/' })
    if (replayed) await discard(await again)
    else expect(await codeOf(again)).toBe('connection-lost')
    expect(peer.links).toHaveLength(replayed ? 2 : 1)
    expect(client.stats()).toMatchObject(CLEAN)
    await client.close()
  })

  test.each<[string, Request, boolean]>([
    ['GET', get, true],
    ['POST', { method: 'POST', path: '/' }, true],
    ['POST of JSON', { method: 'POST', path: '/', body: jsonBody({ a: 1 }) }, true],
    ['DELETE', { method: 'DELETE', path: '/' }, true],
    ['POST of a stream', { method: 'POST', path: '/', body: streamBody([Uint8Array.of(1)]) }, false],
  ])('closed before the request is written, so that not an octet arrives: %s replayed: %s', async (_, request, replayed) => {
    const peer = await startPeer(async (link, nth) => {
      await answering(reply(String(nth)))(link)
    })
    const client = pool(peer.dial, { max: 1 })
    expect(await ask(client)).toBe('0')
    // Both happen before the event loop turns: the client cannot know yet.
    peer.links[0]!.close()
    const again = ask(client, request)
    if (replayed) expect(await again).toBe('1')
    else expect(await codeOf(again)).toMatch(/^connection-(lost|closed)$/)
    expect(peer.links).toHaveLength(replayed ? 2 : 1)
    expect(client.stats()).toMatchObject(CLEAN)
    await client.close()
  })

  const LARGE = [1024, 20_000, 4_000_000]
  test.each([...LARGE.map(size => ['octets', size, bytesBody(new Uint8Array(size))] as const), ...LARGE.map(size => ['JSON', size, jsonBody('x'.repeat(size))] as const)])('a POST of %s (%d) is not replayed once its head has arrived', async (_, __, requestBody) => {
    const peer = await startPeer(stale(link => link.close()))
    const client = pool(peer.dial)
    expect(await ask(client)).toBe('0')
    expect(await codeOf(client.exchange({ method: 'POST', path: '/', body: requestBody }))).toMatch(/^connection-(lost|closed)$/)
    expect(peer.links).toHaveLength(1)
    expect(client.stats()).toMatchObject(CLEAN)
    await client.close()
  })

  test.each([
    ['octets', 16_384, bytesBody(new Uint8Array(16_384)), true],
    ['octets', 16_385, bytesBody(new Uint8Array(16_385)), false],
    ['JSON', 16_384, jsonBody('x'.repeat(16_382)), true],
    ['JSON', 16_385, jsonBody('x'.repeat(16_383)), false],
  ] as const)('a POST of %s (%d) whose last write meets EPIPE is replayed only if it went in one write', async (_, size, requestBody, replayed) => {
    expect(requestBody.length).toBe(size)
    const peer = await startPeer(numbered)
    /** Takes what comes before the last write of the second request, and refuses that. */
    const dial: Dial = async options => {
      const connection = await peer.dial(options)
      const broken = fail('connection-lost', 'EPIPE', { reason: 'EPIPE' })
      let writes = 0
      return Object.assign(Object.create(connection) as typeof connection, {
        write(data: Uint8Array | string, done?: (error?: unknown) => void) {
          if (peer.links.length > 1 || ++writes === 1) return connection.write(data, done)
          if (data.length < size) return
          done?.(broken)
          connection.destroy(broken)
        },
      })
    }
    const client = pool(dial)
    expect(await ask(client)).toBe('0')
    const again = client.exchange({ method: 'POST', path: '/', body: requestBody })
    if (replayed) expect(await text(await again)).toBe('1')
    else expect(await codeOf(again)).toBe('connection-lost')
    expect(peer.links).toHaveLength(replayed ? 2 : 1)
    expect(client.stats()).toMatchObject(CLEAN)
    await client.close()
  })

  test('is replaced once: a fresh one that dies too is the end', async () => {
    const peer = await startPeer(async (link, nth) => {
      await link.request()
      if (nth === 0) {
        await link.send(reply('0'))
        await link.head()
      }
      link.close()
    })
    const client = pool(peer.dial, { max: 1 })
    expect(await ask(client)).toBe('0')
    expect(await codeOf(ask(client))).toBe('connection-closed')
    expect(peer.links).toHaveLength(2)
    expect(client.stats()).toMatchObject(CLEAN)
    await client.close()
  })

  test('a fresh connection that dies is not replaced', async () => {
    const peer = await startPeer(play({ close: true }))
    const client = pool(peer.dial)
    expect(await codeOf(ask(client))).toBe('connection-closed')
    expect(peer.links).toHaveLength(1)
    expect(client.stats()).toMatchObject(CLEAN)
  })

  test.each(['H', 'HTTP/1.1 200 OK\r\n', 'HTTP/1.1 100 Continue\r\n\r\n'])('nothing is replayed once %j was answered', async begin => {
    const peer = await startPeer(
      stale(async link => {
        await link.send(begin)
        link.close()
      }),
    )
    const client = pool(peer.dial)
    expect(await ask(client)).toBe('0')
    expect(await codeOf(ask(client))).toMatch(/^(message-truncated|connection-closed)$/)
    expect(peer.links).toHaveLength(1)
    expect(client.stats()).toMatchObject(CLEAN)
    await client.close()
  })

  test('all of many at once are replaced', async () => {
    const peer = await startPeer(stale(link => link.close()))
    const client = pool(peer.dial, { max: 1 })
    expect(await ask(client)).toBe('0')
    expect(await Promise.all([ask(client), ask(client), ask(client)])).toEqual(['1', '1', '1'])
    expect(client.stats()).toEqual({ leased: 0, idle: 1, waiting: 0 })
    await client.close()
  })

  test('an aborted exchange is not replayed', async () => {
    const peer = await startPeer(stale(() => {}))
    const client = pool(peer.dial)
    expect(await ask(client)).toBe('0')
    const controller = new AbortController()
    const again = client.exchange(get, { signal: controller.signal })
    const reason = new Error('enough')
    controller.abort(reason)
    expect(await rejection(again)).toBe(reason)
    expect(peer.links).toHaveLength(1)
    expect(client.stats()).toMatchObject(CLEAN)
    await client.close()
  })
})

describe('what is not at a clean message boundary is not used again', () => {
  const READ: [string, (response: Response) => Promise<unknown>][] = [
    ['text', text],
    ['bytes', bytes],
    ['discard', discard],
    ['body', async response => {
      for await (const _ of body(response));
    }],
    ['bodyInto', response => bodyInto(response, () => {})],
    ['bodyInto, slowly', response => bodyInto(response, () => new Promise<void>(resolve => setImmediate(resolve)))],
  ]
  const OKAY = 'HTTP/1.1 200 OK\r\n'
  const DIRTY: [string, Request, string][] = [
    ['Connection: close', get, `${OKAY}Connection: close\r\nContent-Length: 2\r\n\r\nab`],
    ['Connection: close, in chunks', get, `${OKAY}Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n`],
    ['HTTP/1.0', get, 'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nab'],
    ['surplus behind a length', get, `${OKAY}Content-Length: 2\r\n\r\nabHTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nsmuggled`],
    ['surplus behind chunks', get, `${OKAY}Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nsmuggled`],
    ['surplus behind a trailer', get, `${OKAY}Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nsmuggled`],
    ['surplus behind 204', get, 'HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nsmuggled'],
    ['a body behind 304', get, 'HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\nab'],
    ['a body behind HEAD', { method: 'HEAD', path: '/' }, `${OKAY}Content-Length: 2\r\n\r\nab`],
    ['one octet too many', get, `${OKAY}Content-Length: 2\r\n\r\nabc`],
  ]
  /** The head and the rest come apart in the second run, so that the readers see the rest. */
  describe.each([false, true])('head and body apart: %s', apart => {
    describe.each(DIRTY)('%s', (_, request, response) => {
      test.each(READ)('%s', async (_name, read) => {
        const split = response.indexOf('\r\n\r\n') + 4
        const behind = gate()
        const peer = await startPeer(async (link, nth) => {
          if (nth > 0) return numbered(link, nth)
          await link.request()
          if (!apart) return link.send(response)
          await link.send(response.slice(0, split))
          await behind.opened
          await link.send(response.slice(split))
        })
        const client = pool(peer.dial)
        const first = await client.exchange(request)
        behind.open()
        await read(first)
        // With nothing left to read the client has parked the connection, and hears of the surplus there.
        await dropped(peer, 0)
        expect(await ask(client)).toBe('1')
        expect(client.stats()).toEqual({ leased: 0, idle: 1, waiting: 0 })
        await client.close()
      })
    })
  })

  const LONG = `${OKAY}Content-Length: 300000\r\n\r\n${'x'.repeat(300_000)}`
  const MISUSED: [string, string, (client: Pool) => Promise<unknown>][] = [
    ['a loop over the body that is left early', LONG, async client => {
      for await (const _ of body(await client.exchange(get))) break
    }],
    ['a loop over the body that throws', LONG, async client => {
      try {
        for await (const _ of body(await client.exchange(get))) throw new Error('mine')
      } catch {}
    }],
    ['a sink that throws', LONG, async client => {
      const mine = new Error('mine')
      expect(await rejection(bodyInto(await client.exchange(get), () => { throw mine }))).toBe(mine)
    }],
    ['a sink that rejects', LONG, async client => {
      const mine = new Error('mine')
      expect(await rejection(bodyInto(await client.exchange(get), () => Promise.reject(mine)))).toBe(mine)
    }],
    ['a body beyond the limit', LONG, async client => expect(await codeOf(text(await client.exchange(get), 1000))).toBe('body-too-large')],
    ['malformed chunks', `${OKAY}Transfer-Encoding: chunked\r\n\r\n2\r\nabX`, async client => expect(await codeOf(text(await client.exchange(get)))).toBe('chunk-malformed')],
    ['a malformed trailer', `${OKAY}Transfer-Encoding: chunked\r\n\r\n0\r\nA\r\n\r\n`, async client => expect(await codeOf(text(await client.exchange(get)))).toBe('trailer-malformed')],
    ['a malformed head', 'HTTP/2 200\r\n\r\n', async client => expect(await codeOf(client.exchange(get))).toBe('head-malformed')],
    ['two lengths', `${OKAY}Content-Length: 2\r\nContent-Length: 3\r\n\r\nab`, async client => expect(await codeOf(client.exchange(get))).toBe('framing-ambiguous')],
    ['a switch of protocols that nobody asked for', 'HTTP/1.1 101 UPGRADED\r\n\r\nab', async client => expect(await codeOf(client.exchange(get))).toBe('head-malformed')],
    ['a hijacked stream that was left', 'HTTP/1.1 101 UPGRADED\r\n\r\nab', async client => {
      for await (const _ of await hijack(client, get)) break
    }],
    ['a hijack that was answered with 200 and a length', reply('ab'), async client => {
      for await (const _ of await hijack(client, get));
    }],
    ['a hijack that was answered with 200 and chunks', `${OKAY}Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n`, async client => {
      for await (const _ of await hijack(client, get));
    }],
    ['a hijack that was answered with 204', 'HTTP/1.1 204 No Content\r\n\r\n', async client => expect(await codeOf(hijack(client, get))).toBe('upgrade-refused')],
    ['a stream of which the rest was not taken', reply('ab'), async client => {
      const endless = streamBody((function* () { for (;;) yield new Uint8Array(100_000) })())
      expect(await text(await client.exchange({ method: 'POST', path: '/', body: endless }))).toBe('ab')
    }],
    ['octets of which the rest was not taken', reply('ab'), async client =>
      expect(await text(await client.exchange({ method: 'POST', path: '/', body: bytesBody(new Uint8Array(8_000_000)) }))).toBe('ab')],
    ['JSON of which the rest was not taken', reply('ab'), async client =>
      expect(await text(await client.exchange({ method: 'POST', path: '/', body: jsonBody('x'.repeat(8_000_000)) }))).toBe('ab')],
  ]
  test.each(MISUSED)('%s', async (_, response, use) => {
    const peer = await startPeer(async (link, nth) => {
      if (nth > 0) return numbered(link, nth)
      await link.head()
      await link.send(response)
    })
    const client = pool(peer.dial)
    await use(client)
    expect(client.stats()).toMatchObject(CLEAN)
    expect(await ask(client)).toBe('1')
    expect(client.stats()).toEqual({ leased: 0, idle: 1, waiting: 0 })
    await dropped(peer, 0)
    await client.close()
  })

  const CLEANLY: [what: string, request: Request, head: string, rest: string][] = [
    ['a length', get, `${OKAY}Content-Length: 2\r\n\r\n`, '{}'],
    ['chunks', get, `${OKAY}Transfer-Encoding: chunked\r\n\r\n`, '2\r\n{}\r\n0\r\n\r\n'],
    ['a trailer', get, `${OKAY}Transfer-Encoding: chunked\r\n\r\n`, '2\r\n{}\r\n0\r\nA: b\r\n\r\n'],
    ['no body', get, reply(''), ''],
    ['204', get, 'HTTP/1.1 204 No Content\r\n\r\n', ''],
    ['304 with a length', get, 'HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\n', ''],
    ['HEAD with a length', { method: 'HEAD', path: '/' }, `${OKAY}Content-Length: 2\r\n\r\n`, ''],
    ['HEAD with chunks', { method: 'HEAD', path: '/' }, `${OKAY}Transfer-Encoding: chunked\r\n\r\n`, ''],
    ['HTTP/1.0 with keep-alive', get, 'HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\n', '{}'],
    ['interim responses', get, 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n', '{}'],
    ['octets', { method: 'POST', path: '/', body: bytesBody(new Uint8Array(4_000_000)) }, `${OKAY}Content-Length: 2\r\n\r\n`, '{}'],
    ['a stream', { method: 'POST', path: '/', body: streamBody([new Uint8Array(100), new Uint8Array(4_000_000)]) }, `${OKAY}Content-Length: 2\r\n\r\n`, '{}'],
    ['a stream of a known length', { method: 'POST', path: '/', body: streamBody([new Uint8Array(100), new Uint8Array(4_000_000)], undefined, { length: 4_000_100 }) }, `${OKAY}Content-Length: 2\r\n\r\n`, '{}'],
    ['an error', get, 'HTTP/1.1 409 Conflict\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n', '{"message":"no"}'],
  ]
  describe.each([false, true])('but what is, is; head and body apart: %s', apart => {
    describe.each(CLEANLY)('%s', (_, request, head, rest) => {
      test.each(READ)('%s', async (_name, read) => {
        const behind = gate()
        const peer = await startPeer(async (link, nth) => {
          await link.request()
          if (apart) {
            await link.send(head)
            await behind.opened
            await link.send(rest)
          } else await link.send(head + rest)
          await numbered(link, nth)
        })
        const client = pool(peer.dial)
        const first = await client.exchange(request)
        behind.open()
        await read(first)
        expect(client.stats()).toEqual({ leased: 0, idle: 1, waiting: 0 })
        expect(await ask(client)).toBe('0')
        expect(peer.links).toHaveLength(1)
        await client.close()
      })
    })
  })
})

describe('a response whose octets have all come', () => {
  test('left early does not close the connection that already serves another', async () => {
    const second = gate()
    const peer = await startPeer(async (link, nth) => {
      await link.request()
      await link.send(reply('all of it'))
      await link.request()
      await second.opened
      await link.send(reply(`second on ${nth}`))
    })
    const client = pool(peer.dial, { max: 1 })
    const first = client.exchange(get)
    const waiting = ask(client)
    for await (const _ of body(await first)) break
    second.open()
    expect(await waiting).toBe('second on 0')
    expect(peer.links).toHaveLength(1)
    expect(client.stats()).toEqual({ leased: 0, idle: 1, waiting: 0 })
    await client.close()
  })

  test('may be read after its connection has served others', async () => {
    const peer = await startPeer(answering(({ path }) => reply(path)))
    const client = pool(peer.dial, { max: 1 })
    const responses = [await client.exchange({ method: 'GET', path: '/1' }), await client.exchange({ method: 'GET', path: '/2' })]
    expect(await Promise.all(responses.map(response => text(response)))).toEqual(['/1', '/2'])
    expect(peer.links).toHaveLength(1)
    await client.close()
  })

  test('is read once', async () => {
    const peer = await startPeer(answering(reply('{}')))
    const client = pool(peer.dial)
    const response = await client.exchange(get)
    expect(await json(response)).toEqual({})
    for (const read of [text, json, bytes, discard]) expect(await codeOf(read(response))).toBe('response-consumed')
    expect(await codeOf(body(response)[Symbol.asyncIterator]().next())).toBe('response-consumed')
    expect(client.stats()).toEqual({ leased: 0, idle: 1, waiting: 0 })
    await client.close()
  })
})
