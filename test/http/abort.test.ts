/** A signal ends an exchange wherever it stands: the rejection is the signal's reason itself, and nothing of it stays behind. */
import { getEventListeners } from 'node:events'
import { describe, expect, test } from 'vitest'
import { body, bodyInto, bytes, bytesBody, direct, discard, hijack, json, ok, pool, streamBody, text, type Client, type ExchangeOptions, type Request, type Response } from '../../src/http/index.js'
import { dialTls, type Dial } from '../../src/io/index.js'
import { gate, rejection, reply, startPeer, type Link, type Over } from '../support/peer.js'

const get: Request = { method: 'GET', path: '/' }
const HEAD = 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n'

type Stage = {
  name: string
  /** What the peer does; `here` says that the exchange has come to where it is to be aborted. */
  serve(link: Link, here: () => void): unknown
  run(client: Client, options: ExchangeOptions, here: () => void): Promise<unknown>
}

/** A source that gives `pieces` and then blocks; `ended` is set when it is returned. */
const blocking = (pieces: Uint8Array[], here: () => void): { source: AsyncIterable<Uint8Array>; ended: Promise<void> } => {
  const returned = gate()
  return {
    ended: returned.opened,
    source: {
      [Symbol.asyncIterator]: () => ({
        async next() {
          const value = pieces.shift()
          if (value) return { done: false, value }
          here()
          return new Promise(() => {})
        },
        async return() {
          returned.open()
          return { done: true, value: undefined }
        },
      }),
    },
  }
}

const afterRequest = (response: string) => async (link: Link, here: () => void): Promise<void> => {
  await link.request()
  await link.send(response)
  here()
}

/** A stage in which a reader waits for the rest of a body. */
const reading = (name: string, read: (response: Response) => Promise<unknown>, begin = HEAD + 'abc'): Stage => ({
  name: `${name} waits for more`,
  serve: afterRequest(begin),
  run: async (client, options) => read(await client.exchange(get, options)),
})

const STAGES: Stage[] = [
  { name: 'waiting for a head', serve: afterRequest(''), run: (client, options) => client.exchange(get, options) },
  { name: 'within a head', serve: afterRequest(HEAD.slice(0, 20)), run: (client, options) => client.exchange(get, options) },
  { name: 'behind an interim response', serve: afterRequest('HTTP/1.1 103 Early Hints\r\n\r\n'), run: (client, options) => client.exchange(get, options) },
  {
    name: 'sending octets that nobody reads',
    serve: async (link, here) => {
      await link.head()
      here()
    },
    run: (client, options) => client.exchange({ method: 'POST', path: '/', body: bytesBody(new Uint8Array(10_000_000)) }, options),
  },
  {
    name: 'sending a stream that nobody reads',
    serve: async (link, here) => {
      await link.head()
      here()
    },
    run: async (client, options) => {
      const returned = gate()
      const source = (function* () {
        try {
          for (;;) yield new Uint8Array(1_000_000)
        } finally {
          returned.open()
        }
      })()
      await client.exchange({ method: 'POST', path: '/', body: streamBody(source) }, options).finally(() => returned.opened)
    },
  },
  {
    name: 'waiting for the source of a stream',
    serve: link => link.request(),
    run: async (client, options, here) => {
      const { source, ended } = blocking([new Uint8Array(10)], here)
      await client.exchange({ method: 'POST', path: '/', body: streamBody(source) }, options).finally(() => ended)
    },
  },
  {
    name: 'waiting for 100 Continue',
    serve: async (link, here) => {
      await link.head()
      here()
    },
    run: (client, options) => client.exchange({ method: 'POST', path: '/', body: streamBody([new Uint8Array(10)], undefined, { expect: true }) }, options),
  },
  {
    name: 'receiving while the source of a stream blocks',
    serve: async (link, here) => {
      await link.head()
      await link.send(`${HEAD}abc`)
      here()
    },
    run: async (client, options) => {
      const { source, ended } = blocking([], () => {})
      await text(await client.exchange({ method: 'POST', path: '/', body: streamBody(source) }, options)).finally(() => ended)
    },
  },
  { name: 'an unread response', serve: afterRequest(HEAD + 'abc'), run: async (client, options, here) => {
    const response = await client.exchange(get, options)
    here()
    // Read only after the abort.
    await new Promise<void>(resolve => options.signal?.addEventListener('abort', () => resolve(), { once: true }))
    return text(response)
  } },
  reading('text', text),
  reading('json', json),
  reading('bytes', bytes),
  reading('discard', discard),
  reading('next', async response => {
    for await (const _ of body(response));
  }),
  reading('the first next', async response => {
    for await (const _ of body(response));
  }, HEAD),
  reading('bodyInto', response => bodyInto(response, () => {})),
  { name: 'text waits for more of a hijack that was refused', serve: afterRequest('HTTP/1.1 409 Conflict\r\n\r\nabc'), run: (client, options) => hijack(client, get, options) },
  { name: 'ok waits for more of an error', serve: afterRequest('HTTP/1.1 500 Oh\r\nContent-Length: 10\r\n\r\nabc'), run: (client, options) => ok(client, get, options) },
  {
    name: 'a sink is pending',
    serve: afterRequest(HEAD + 'abc').bind(undefined),
    run: async (client, options, here) => bodyInto(await client.exchange(get, options), () => {
      here()
      return new Promise<void>(() => {})
    }),
  },
  {
    name: 'a sink is pending, and octets are held',
    serve: afterRequest(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${'1\r\nx\r\n'.repeat(100)}`),
    run: async (client, options, here) => bodyInto(await client.exchange(get, options), () => {
      here()
      return new Promise<void>(() => {})
    }),
  },
  {
    name: 'a hijacked stream waits',
    serve: afterRequest('HTTP/1.1 101 UPGRADED\r\n\r\nabc'),
    run: async (client, options) => {
      for await (const _ of await hijack(client, get, options));
    },
  },
]

const REASONS: [string, unknown][] = [
  ['an Error', new Error('enough')],
  ['text', 'enough'],
  ['null', null],
  ['false', false],
]

describe.each<Over>(['unix', 'tcp', 'data'])('over %s', over => {
  describe.each(STAGES)('$name', ({ serve, run }) => {
    test.each(REASONS)('the rejection is %s', async (_, reason) => {
      const controller = new AbortController()
      const here = gate()
      const peer = await startPeer(link => serve(link, here.open), { over })
      const client = pool(peer.dial, { max: 1 })
      const running = run(client, { signal: controller.signal, headMs: 60_000, silenceMs: 60_000 }, here.open)
      await here.opened
      // What was sent is read first.
      for (let turn = 0; turn < 4; turn++) await new Promise(resolve => setImmediate(resolve))
      expect(client.stats()).toEqual({ leased: 1, idle: 0, waiting: 0 })
      controller.abort(reason)
      expect(await rejection(running)).toBe(reason)
      expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
      expect(client.stats()).toEqual({ leased: 0, idle: 0, waiting: 0 })
      await (await peer.link(0)).rest()
      await client.close()
    })
  })
})

describe('before there is a connection', () => {
  test('nothing is dialled for a signal that is aborted already', async () => {
    let dials = 0
    const dial: Dial = () => {
      dials++
      return Promise.reject(new Error('dialled'))
    }
    const client = pool(dial)
    const signal = AbortSignal.abort('never mind')
    expect(await rejection(client.exchange(get, { signal }))).toBe('never mind')
    expect(dials).toBe(0)
    expect(client.stats()).toEqual({ leased: 0, idle: 0, waiting: 0 })
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })

  test.each<Over>(['unix', 'tcp', 'tls', 'data'])('the dial over %s connects to nobody for such a signal', async over => {
    const peer = await startPeer(() => {}, { over })
    expect(await rejection(peer.dial({ signal: AbortSignal.abort('never mind') }))).toBe('never mind')
    expect(await rejection(direct(peer.dial).exchange(get, { signal: AbortSignal.abort('never mind') }))).toBe('never mind')
    // A connection that was made before would have been accepted before this one.
    const connection = await (over === 'tls' ? Promise.resolve(undefined) : peer.dial())
    if (connection) await peer.link(0)
    expect(peer.links).toHaveLength(connection ? 1 : 0)
    connection?.destroy()
  })

  test.each(['pool', 'direct'])('a dial ends: %s', async kind => {
    // A peer that accepts and never begins TLS.
    const peer = await startPeer(async link => {
      await link.bytes(1)
      here.open()
    }, { over: 'tcp' })
    const here = gate()
    const dial = dialTls({ host: '127.0.0.1', port: peer.port })
    const shared = pool(dial)
    const controller = new AbortController()
    const reason = new Error('enough')
    const running = (kind === 'pool' ? shared : direct(dial)).exchange(get, { signal: controller.signal })
    await here.opened
    controller.abort(reason)
    expect(await rejection(running)).toBe(reason)
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
    expect(shared.stats()).toEqual({ leased: 0, idle: 0, waiting: 0 })
    await peer.links[0]!.rest()
  })

  test.each(['pool', 'direct'])('a signal that is aborted as the dial comes to its end is heard: %s', async kind => {
    const peer = await startPeer(async link => {
      await link.request()
      await link.send(reply('too late'))
    })
    const controller = new AbortController()
    /** A decorated dial that takes a little longer than the one in it. */
    const dial: Dial = async options => {
      const connection = await peer.dial(options)
      controller.abort('just now')
      return connection
    }
    const shared = pool(dial)
    expect(await rejection((kind === 'pool' ? shared : direct(dial)).exchange(get, { signal: controller.signal }))).toBe('just now')
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
    expect(shared.stats()).toEqual({ leased: 0, idle: 0, waiting: 0 })
    // Nothing was asked.
    expect(await (await peer.link(0)).rest()).toHaveLength(0)
  })
})

describe('listeners are gone behind', () => {
  const ENDS: [string, string, (client: Client, options: ExchangeOptions) => Promise<unknown>][] = [
    ['a response that came whole, unread', reply('ab'), (client, options) => client.exchange(get, options)],
    ['a response that was read', reply('x'.repeat(100_000)), async (client, options) => text(await client.exchange(get, options))],
    ['a loop that was left', reply('x'.repeat(1_000_000)), async (client, options) => {
      for await (const _ of body(await client.exchange(get, options))) break
    }],
    ['a hijacked stream', 'HTTP/1.1 101 UPGRADED\r\n\r\n', async (client, options) => (await hijack(client, get, options)).destroy()],
    ['an error', reply('{}', { status: '409 Conflict' }), (client, options) => ok(client, get, options).catch(() => {})],
    ['a broken response', 'HTTP/1.1 200\r\n', (client, options) => client.exchange(get, options).catch(() => {})],
    ['a request that cannot be sent', '', (client, options) => client.exchange({ method: 'GET', path: '' }, options).catch(() => {})],
  ]
  test.each(ENDS)('%s', async (_, response, use) => {
    const peer = await startPeer(async link => {
      await link.request()
      await link.send(response)
      if (response.endsWith('200\r\n')) link.close()
    })
    const { signal } = new AbortController()
    for (const client of [pool(peer.dial), direct(peer.dial)]) {
      await use(client, { signal })
      expect(getEventListeners(signal, 'abort')).toHaveLength(0)
    }
  })
})
