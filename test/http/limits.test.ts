/** Limits of time, by a clock that stands still until a test moves it: each fires at its moment, says which it was, and only then. */
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { body, bodyInto, CONTINUE_MS, direct, IDLE_MS, ok, pool, streamBody, text, type Request } from '../../src/http/index.js'
import { DIAL_MS, dialTls, type Dial } from '../../src/io/index.js'
import { codeOf, gate, play, rejection, reply, startPeer } from '../support/peer.js'

// For the whole file: deadlines share one timer, which must not be of another clock.
beforeAll(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))

const get: Request = { method: 'GET', path: '/thing' }
const HEAD = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'
const CHUNK = '1\r\nx\r\n'

/** Lets what the sockets have be read and written. */
const turns = async (count = 6): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await new Promise(resolve => setImmediate(resolve))
}
/** Tells whether a promise has settled. */
const watch = (promise: Promise<unknown>): { readonly settled: boolean } => {
  const state = { settled: false }
  const settle = (): void => void (state.settled = true)
  promise.then(settle, settle)
  return state
}

describe('dialMs', () => {
  test.each(['pool', 'direct'])('bounds a handshake that never begins: %s', async kind => {
    const here = gate()
    const peer = await startPeer(async link => {
      await link.bytes(1)
      here.open()
    }, { over: 'tcp' })
    const dial = dialTls({ host: '127.0.0.1', port: peer.port })
    const shared = pool(dial)
    const running = (kind === 'pool' ? shared : direct(dial)).exchange(get, { dialMs: 500 })
    const state = watch(running)
    await here.opened
    vi.advanceTimersByTime(499)
    await turns()
    expect(state.settled).toBe(false)
    vi.advanceTimersByTime(1)
    expect(await rejection(running)).toMatchObject({ code: 'dial-timeout', limit: 500, peer: `https://127.0.0.1:${peer.port}` })
    expect(shared.stats()).toEqual({ leased: 0, idle: 0, waiting: 0 })
    await peer.links[0]!.rest()
  })

  test('is 30 s when nothing is said, and 0 is never', async () => {
    expect(DIAL_MS).toBe(30_000)
    const peer = await startPeer(() => {}, { over: 'tcp' })
    const dial = dialTls({ host: '127.0.0.1', port: peer.port })
    const controller = new AbortController()
    const never = dial({ dialMs: 0, signal: controller.signal })
    const state = watch(never)
    const usual = dial()
    await turns()
    vi.advanceTimersByTime(DIAL_MS)
    expect(await codeOf(usual)).toBe('dial-timeout')
    vi.advanceTimersByTime(3_600_000)
    await turns()
    expect(state.settled).toBe(false)
    controller.abort('enough')
    expect(await rejection(never)).toBe('enough')
  })

  test('ends with the dial', async () => {
    const peer = await startPeer(play())
    const client = direct(peer.dial)
    const controller = new AbortController()
    const running = client.exchange(get, { dialMs: 500, signal: controller.signal })
    const state = watch(running)
    await peer.link(0)
    await turns()
    vi.advanceTimersByTime(100_000)
    await turns()
    expect(state.settled).toBe(false)
    controller.abort('enough')
    expect(await rejection(running)).toBe('enough')
  })
})

describe('headMs', () => {
  test.each([['nothing', ''], ['half a head', HEAD.slice(0, 20)], ['an interim response', 'HTTP/1.1 103 Early Hints\r\n\r\n']])('bounds the wait of a request that gets %s', async (_, response) => {
    const here = gate()
    const peer = await startPeer(async link => {
      await link.request()
      await link.send(response)
      here.open()
    })
    const client = pool(peer.dial, { headMs: 500 })
    const running = client.exchange(get)
    const state = watch(running)
    await here.opened
    await turns()
    vi.advanceTimersByTime(499)
    await turns()
    expect(state.settled).toBe(false)
    vi.advanceTimersByTime(1)
    expect(await rejection(running)).toMatchObject({ code: 'head-timeout', limit: 500, method: 'GET', path: '/thing', peer: `unix://${peer.path}` })
    expect(client.stats()).toEqual({ leased: 0, idle: 0, waiting: 0 })
    await peer.links[0]!.rest()
  })

  test('counts from the last piece of the body that was taken', async () => {
    const pulled: ReturnType<typeof gate>[] = Array.from({ length: 6 }, gate)
    const more: ReturnType<typeof gate>[] = Array.from({ length: 6 }, gate)
    const source = (async function* () {
      for (let piece = 0; piece < 5; piece++) {
        pulled[piece]!.open()
        await more[piece]!.opened
        yield new Uint8Array(10)
      }
      pulled[5]!.open()
    })()
    const peer = await startPeer(link => link.rest())
    const client = pool(peer.dial)
    const running = client.exchange({ method: 'POST', path: '/thing', body: streamBody(source) }, { headMs: 500 })
    const state = watch(running)
    for (let piece = 0; piece < 5; piece++) {
      await pulled[piece]!.opened
      await turns()
      vi.advanceTimersByTime(499)
      await turns()
      expect(state.settled).toBe(false)
      more[piece]!.open()
    }
    await pulled[5]!.opened
    await turns()
    vi.advanceTimersByTime(499)
    await turns()
    expect(state.settled).toBe(false)
    vi.advanceTimersByTime(1)
    expect(await codeOf(running)).toBe('head-timeout')
    expect(client.stats()).toEqual({ leased: 0, idle: 0, waiting: 0 })
  })

  test('bounds a peer that takes nothing of the body', async () => {
    const peer = await startPeer(link => link.head())
    const client = pool(peer.dial)
    let pulls = 0
    let returned = false
    const source = (function* () {
      try {
        for (;;) {
          pulls++
          yield new Uint8Array(1_000_000)
        }
      } finally {
        returned = true
      }
    })()
    const running = client.exchange({ method: 'POST', path: '/thing', body: streamBody(source) }, { headMs: 500 })
    const state = watch(running)
    await peer.link(0)
    await turns(50)
    vi.advanceTimersByTime(500)
    expect(await codeOf(running)).toBe('head-timeout')
    expect(state.settled).toBe(true)
    await turns()
    expect(returned).toBe(true)
    expect(pulls).toBeLessThan(5)
    expect(client.stats()).toEqual({ leased: 0, idle: 0, waiting: 0 })
  })

  test('does not bound the body', async () => {
    const go = gate()
    const peer = await startPeer(play({ send: `${HEAD}${CHUNK}` }, { wait: go.opened }, { send: '0\r\n\r\n' }))
    const client = pool(peer.dial, { headMs: 500 })
    const reading = text(await client.exchange(get))
    vi.advanceTimersByTime(3_600_000)
    go.open()
    expect(await reading).toBe('x')
    expect(client.stats()).toMatchObject({ leased: 0, waiting: 0 })
    await client.close()
  })

  test('does not bound the wait for a place', async () => {
    const go = gate()
    const peer = await startPeer(async link => {
      for (;;) {
        await link.request()
        await go.opened
        await link.send(reply('ab'))
      }
    })
    const client = pool(peer.dial, { max: 1 })
    const first = client.exchange(get)
    const second = client.exchange(get, { headMs: 500 })
    await peer.link(0)
    await turns()
    vi.advanceTimersByTime(3_600_000)
    go.open()
    expect(await text(await first)).toBe('ab')
    expect(await text(await second)).toBe('ab')
    expect(client.stats()).toMatchObject({ leased: 0, waiting: 0 })
    await client.close()
  })

  test('is none when nothing is said', async () => {
    const go = gate()
    const peer = await startPeer(play({ wait: go.opened }, { send: HEAD }, { wait: go.opened }, { send: '0\r\n\r\n' }))
    const client = pool(peer.dial)
    const running = client.exchange(get)
    await peer.link(0)
    await turns()
    vi.advanceTimersByTime(24 * 3_600_000)
    go.open()
    expect(await text(await running)).toBe('')
    await client.close()
  })
})

describe('silenceMs', () => {
  const OPTIONS = { silenceMs: 500 }
  const READERS: [string, (running: ReturnType<ReturnType<typeof pool>['exchange']>) => Promise<unknown>][] = [
    ['text', async running => text(await running)],
    ['bodyInto', async running => bodyInto(await running, () => {})],
    ['bodyInto, a sink that returns promises', async running => bodyInto(await running, () => Promise.resolve())],
    ['body', async running => {
      for await (const _ of body(await running));
    }],
  ]
  test.each(READERS)('bounds the wait between two reads: %s', async (_, read) => {
    const pieces = Array.from({ length: 4 }, gate)
    const peer = await startPeer(play({ send: HEAD }, ...pieces.flatMap(piece => [{ wait: piece.opened }, { send: CHUNK }])))
    const client = pool(peer.dial, OPTIONS)
    const running = read(client.exchange(get))
    const state = watch(running)
    await peer.link(0)
    for (const piece of pieces) {
      await turns()
      vi.advanceTimersByTime(499)
      await turns()
      expect(state.settled).toBe(false)
      piece.open()
    }
    await turns()
    vi.advanceTimersByTime(499)
    await turns()
    expect(state.settled).toBe(false)
    vi.advanceTimersByTime(1)
    expect(await rejection(running)).toMatchObject({ code: 'silence-timeout', limit: 500, method: 'GET', path: '/thing', peer: `unix://${peer.path}` })
    expect(client.stats()).toEqual({ leased: 0, idle: 0, waiting: 0 })
    await peer.links[0]!.rest()
  })

  test('does not count while a sink is pending', async () => {
    const peer = await startPeer(play({ send: HEAD + CHUNK }))
    const client = pool(peer.dial, OPTIONS)
    const called = gate()
    const goOn = gate()
    const running = client.exchange(get).then(response => bodyInto(response, () => {
      called.open()
      return goOn.opened
    }))
    const state = watch(running)
    await called.opened
    vi.advanceTimersByTime(3_600_000)
    await turns()
    expect(state.settled).toBe(false)
    goOn.open()
    await turns()
    vi.advanceTimersByTime(499)
    await turns()
    expect(state.settled).toBe(false)
    vi.advanceTimersByTime(1)
    expect(await codeOf(running)).toBe('silence-timeout')
    expect(client.stats()).toEqual({ leased: 0, idle: 0, waiting: 0 })
  })

  test('does not count while nobody reads', async () => {
    const go = gate()
    const peer = await startPeer(play({ send: HEAD + CHUNK }, { wait: go.opened }, { send: '0\r\n\r\n' }))
    const client = pool(peer.dial, OPTIONS)
    const response = await client.exchange(get)
    vi.advanceTimersByTime(3_600_000)
    const reading = text(response)
    go.open()
    expect(await reading).toBe('x')
    expect(client.stats()).toMatchObject({ leased: 0, waiting: 0 })
    await client.close()
  })

  test('is over with the response', async () => {
    const peer = await startPeer(play({ send: HEAD }, { send: `${CHUNK}0\r\n\r\n` }, { request: true }, { send: reply('again') }))
    const client = pool(peer.dial, { ...OPTIONS, idleMs: 1e9 })
    expect(await text(await client.exchange(get))).toBe('x')
    vi.advanceTimersByTime(3_600_000)
    await turns()
    expect(await text(await client.exchange(get))).toBe('again')
    expect(peer.links).toHaveLength(1)
    await client.close()
  })

  test('an error is told even if its text does not come', async () => {
    const peer = await startPeer(play({ send: 'HTTP/1.1 500 Oh\r\nContent-Length: 100\r\n\r\ndisk is f' }))
    const client = pool(peer.dial, OPTIONS)
    const running = ok(client, get)
    const state = watch(running)
    await peer.link(0)
    await turns()
    expect(state.settled).toBe(false)
    vi.advanceTimersByTime(500)
    expect(await rejection(running)).toMatchObject({ code: 'server-error', status: 500, reason: 'disk is f' })
    expect(client.stats()).toEqual({ leased: 0, idle: 0, waiting: 0 })
  })
})

test('100 Continue is waited for a second', async () => {
  expect(CONTINUE_MS).toBe(1000)
  let pulled = false
  const source = (function* () {
    pulled = true
    yield Buffer.from('sent all the same')
  })()
  const peer = await startPeer(async link => {
    const request = await link.head()
    expect(request.headers.get('expect')).toBe('100-continue')
    here.open()
    await link.send(reply((await link.body(request)).toString()))
  })
  const here = gate()
  const client = pool(peer.dial)
  const running = client.exchange({ method: 'PUT', path: '/', body: streamBody(source, undefined, { expect: true }) })
  await here.opened
  await turns()
  vi.advanceTimersByTime(999)
  await turns()
  expect(pulled).toBe(false)
  vi.advanceTimersByTime(1)
  expect(await text(await running)).toBe('sent all the same')
  expect(client.stats()).toEqual({ leased: 0, idle: 1, waiting: 0 })
  await client.close()
})

test('idle connections expire at their time, each at its own, and 25 s when nothing is said', async () => {
  expect(IDLE_MS).toBe(25_000)
  const gates = [gate(), gate()]
  const peer = await startPeer(async (link, nth) => {
    await link.request()
    await gates[nth]!.opened
    await link.send(reply())
  })
  const client = pool(peer.dial)
  const running = [client.exchange(get), client.exchange(get)]
  await peer.link(1)
  gates[0]!.open()
  await running[0]
  vi.advanceTimersByTime(10_000)
  gates[1]!.open()
  await running[1]
  vi.advanceTimersByTime(14_999)
  expect(client.stats()).toEqual({ leased: 0, idle: 2, waiting: 0 })
  vi.advanceTimersByTime(1)
  expect(client.stats()).toEqual({ leased: 0, idle: 1, waiting: 0 })
  await peer.links[0]!.rest()
  vi.advanceTimersByTime(9_999)
  expect(client.stats()).toEqual({ leased: 0, idle: 1, waiting: 0 })
  vi.advanceTimersByTime(1)
  expect(client.stats()).toEqual({ leased: 0, idle: 0, waiting: 0 })
  await peer.links[1]!.rest()
})

test('a limit of the exchange wins over that of the client', async () => {
  const peer = await startPeer(play())
  const dials: (number | undefined)[] = []
  const dial: Dial = options => {
    dials.push(options?.dialMs)
    return peer.dial(options)
  }
  for (const client of [pool(dial, { headMs: 100, dialMs: 7 }), direct(dial, { headMs: 100, dialMs: 7 })]) {
    const state = watch(client.exchange(get, { headMs: 300, dialMs: 8 }))
    await peer.link(peer.links.length)
    await turns()
    vi.advanceTimersByTime(299)
    await turns()
    expect(state.settled).toBe(false)
    vi.advanceTimersByTime(1)
    await turns()
    expect(state.settled).toBe(true)
  }
  expect(dials).toEqual([8, 8])
})
