/** Request bodies as the peer gets them, at the pace of both sides, and what ends them before their end. */
import { describe, expect, test } from 'vitest'
import { bytesBody, jsonBody, pool, streamBody, text, type Body } from '../../src/http/index.js'
import type { ByteSource } from '../../src/bytes.js'
import { codeOf, gate, rejection, reply, startPeer, type Over, type PeerRequest } from '../support/peer.js'

const OVERS: Over[] = ['unix', 'tcp', 'data']

/** Sends a body, and returns the request as the peer got it. */
const deliver = async (body: Body | undefined, over: Over = 'unix'): Promise<PeerRequest> => {
  let got: PeerRequest | undefined
  const peer = await startPeer(async link => {
    got = await link.request()
    await link.send(reply('taken'))
  }, { over })
  const client = pool(peer.dial)
  expect(await text(await client.exchange({ method: 'POST', path: '/', body }))).toBe('taken')
  expect(client.stats()).toEqual({ leased: 0, idle: 1, waiting: 0 })
  await client.close()
  // Nothing stands behind the body.
  expect(await peer.links[0]!.rest()).toHaveLength(0)
  return got!
}

const pattern = (length: number): Buffer => Buffer.from(Uint8Array.from({ length }, (_, i) => (i * 7) % 251))

async function* later(pieces: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) {
    await new Promise(resolve => setImmediate(resolve))
    yield piece
  }
}

describe('octets', () => {
  test.each(OVERS.flatMap(over => [0, 1, 16_384, 16_385, 65_536, 5_000_000].map(size => [over, size] as const)))('over %s, %d', async (over, size) => {
    const content = pattern(size)
    const { headers, body } = await deliver(bytesBody(content, 'application/x-tar'), over)
    expect(Buffer.compare(body, content)).toBe(0)
    expect(headers.get('content-length')).toBe(String(size))
    expect(headers.get('content-type')).toBe('application/x-tar')
    expect(headers.has('transfer-encoding')).toBe(false)
  })

  test('are those of a view, not of what is behind it', async () => {
    const { body } = await deliver(bytesBody(pattern(100).subarray(10, 15)))
    expect(body).toEqual(pattern(100).subarray(10, 15))
  })

  test.each([['text'], [undefined], [null], [42], [[1, 2]], [new ArrayBuffer(2)], [new Uint16Array(2)]])('%j are none', value => {
    expect(() => bytesBody(value as unknown as Uint8Array)).toThrow(expect.objectContaining({ code: 'request-invalid' }))
  })
})

describe('JSON', () => {
  const VALUES: [string, unknown][] = [
    ['an object', { a: [1, null, true, { b: 'c' }] }],
    ['characters of two, three and four octets', { 'ä': '€😀', del: '\u007f', nul: '\0', separators: '\u2028\u2029' }],
    ['lone surrogates', ['\ud800', '\udc00x', 'x\ud83d']],
    ['null', null],
    ['text', 'just text'],
    ['a number', -0.5e-10],
    ['members that are undefined', { a: undefined, b: 1 }],
    ['something large', { data: 'ä'.repeat(300_000) }],
    ['a Date and a map with toJSON', { at: new Date(0) }],
  ]
  test.each(OVERS.flatMap(over => VALUES.map(([what, value]) => [over, what, value] as const)))('over %s, %s', async (over, _, value) => {
    const { headers, body } = await deliver(jsonBody(value), over)
    const sent = body.toString('latin1')
    expect(sent).toMatch(/^[\x20-\x7e]*$/)
    expect(headers.get('content-length')).toBe(String(body.length))
    expect(headers.get('content-type')).toBe('application/json')
    expect(JSON.parse(sent)).toEqual(JSON.parse(JSON.stringify(value)))
  })

  test.each<[string, unknown]>([['undefined', undefined], ['a function', () => {}], ['a symbol', Symbol('s')], ['a bigint', { n: 1n }], ['NaN', [NaN]], ['Infinity', { a: Infinity }], ['a gap', [1, undefined]]])('%s has no form', (_, value) => {
    expect(() => jsonBody(value)).toThrow(expect.objectContaining({ code: 'request-invalid' }))
  })

  test('nor has what refers to itself', () => {
    const value: { self?: unknown } = {}
    value.self = value
    expect(() => jsonBody(value)).toThrow(expect.objectContaining({ code: 'request-invalid' }))
  })
})

describe('a stream', () => {
  const SIZES: [string, number[]][] = [
    ['nothing', []],
    ['one octet', [1]],
    ['empty chunks between', [0, 3, 0, 0, 5, 0]],
    ['only empty chunks', [0, 0]],
    ['chunks around the largest that goes in one write', [16_383, 16_384, 16_385]],
    ['a hundred small ones', Array.from({ length: 100 }, (_, i) => i + 1)],
    ['large ones', [1_000_000, 70_000, 3_000_000]],
  ]
  const cut = (content: Buffer, sizes: number[]): Buffer[] => {
    let at = 0
    return sizes.map(size => content.subarray(at, (at += size)))
  }
  const KINDS: [string, (pieces: Buffer[]) => Iterable<Uint8Array> | ByteSource][] = [
    ['an array', pieces => pieces],
    ['an async generator', later],
    ['a Web stream', pieces => new ReadableStream<Uint8Array>({ start: controller => {
      for (const piece of pieces) if (piece.length > 0) controller.enqueue(new Uint8Array(piece))
      controller.close()
    } }) as unknown as ByteSource],
  ]
  describe.each(OVERS)('over %s', over => {
    describe.each(KINDS)('%s of', (_, make) => {
      test.each(SIZES)('%s', async (_name, sizes) => {
        const total = sizes.reduce((sum, size) => sum + size, 0)
        const content = pattern(total)
        const inChunks = await deliver(streamBody(make(cut(content, sizes))), over)
        expect(Buffer.compare(inChunks.body, content)).toBe(0)
        expect(inChunks.headers.get('transfer-encoding')).toBe('chunked')
        expect(inChunks.headers.has('content-length')).toBe(false)
        expect(inChunks.headers.get('content-type')).toBe('application/x-tar')

        const known = await deliver(streamBody(make(cut(content, sizes)), 'text/plain', { length: total }), over)
        expect(Buffer.compare(known.body, content)).toBe(0)
        expect(known.headers.get('content-length')).toBe(String(total))
        expect(known.headers.has('transfer-encoding')).toBe(false)
        expect(known.headers.get('content-type')).toBe('text/plain')
      })
    })
  })

  test.each<[string, unknown]>([['undefined', undefined], ['null', null], ['text', 'text'], ['a number', 3], ['an object', {}], ['a function', () => []]])('%s is no source', (_, source) => {
    expect(() => streamBody(source as Uint8Array[])).toThrow(expect.objectContaining({ code: 'request-invalid' }))
  })

  test.each([-1, 1.5, NaN, Infinity, 2 ** 53, '5'])('%j is no length', length => {
    expect(() => streamBody([], undefined, { length: length as number })).toThrow(expect.objectContaining({ code: 'request-invalid' }))
  })

  test.each(OVERS)('is not pulled while the peer does not read, over %s', async over => {
    let pulls = 0
    const source = (function* () {
      for (; pulls < 100; ) {
        pulls++
        yield new Uint8Array(1_000_000)
      }
    })()
    const readOn = gate()
    const peer = await startPeer(async link => {
      const request = await link.head()
      await readOn.opened
      await link.send(reply(String((await link.body(request)).length)))
    }, { over })
    const client = pool(peer.dial)
    const running = client.exchange({ method: 'POST', path: '/', body: streamBody(source) })
    await peer.link(0)
    for (let turn = 0; turn < 200; turn++) await new Promise(resolve => setImmediate(resolve))
    // What the kernel buffers, and the chunk that waits.
    expect(pulls).toBeLessThan(12)
    readOn.open()
    expect(await text(await running)).toBe('100000000')
    expect(pulls).toBe(100)
    expect(client.stats()).toEqual({ leased: 0, idle: 1, waiting: 0 })
    await client.close()
  })
})

describe('a source ends the exchange, and is ended, when it', () => {
  const mine = new Error('mine')
  const BAD: [string, (ended: () => void) => Iterable<Uint8Array> | AsyncIterable<Uint8Array>, number | undefined, object][] = [
    ['throws at once', ended => (function* () { ended(); throw mine })(), undefined, mine],
    ['throws later', ended => (async function* () { yield pattern(10); await null; ended(); throw mine })(), undefined, mine],
    ['throws where its length is known', ended => (async function* () { yield pattern(10); ended(); throw mine })(), 20, mine],
    ['rejects', ended => ({ [Symbol.asyncIterator]: () => ({ next: () => { ended(); return Promise.reject(mine) } }) }), undefined, mine],
    ['throws where an iterator is wanted', ended => ({ [Symbol.asyncIterator]() { ended(); throw mine } }), undefined, mine],
    ['gives too much', ended => (function* () { try { yield pattern(10); yield pattern(1); yield pattern(1) } finally { ended() } })(), 10, { code: 'body-length-mismatch', limit: 10 }],
    ['gives too much at once', ended => (function* () { try { yield pattern(11) } finally { ended() } })(), 10, { code: 'body-length-mismatch', limit: 10 }],
    ['gives something where there is to be nothing', ended => (function* () { try { yield pattern(1) } finally { ended() } })(), 0, { code: 'body-length-mismatch', limit: 0 }],
    ['gives too little', ended => (function* () { yield pattern(9); ended() })(), 10, { code: 'body-length-mismatch', limit: 10 }],
    ['gives nothing of what was announced', ended => (function* () { ended() })(), 10, { code: 'body-length-mismatch', limit: 10 }],
    ['gives text', ended => (function* () { try { yield 'text' as unknown as Uint8Array } finally { ended() } })(), undefined, { code: 'request-invalid' }],
    ['gives undefined', ended => (function* () { try { yield pattern(3); yield undefined as unknown as Uint8Array } finally { ended() } })(), undefined, { code: 'request-invalid' }],
    ['gives arrays of numbers', ended => (function* () { try { yield [1, 2] as unknown as Uint8Array } finally { ended() } })(), undefined, { code: 'request-invalid' }],
    ['throws again as it is ended', ended => (function* () { try { yield pattern(11) } finally { ended(); throw new Error('another') } })(), 10, { code: 'body-length-mismatch' }],
  ]
  test.each(OVERS.flatMap(over => BAD.map(row => [over, ...row] as const)))('(over %s) %s', async (over, name, make, length, expected) => {
    const ended = gate()
    const gone = gate()
    let complete = false
    const peer = await startPeer(async link => {
      await link.request().then(
        () => (complete = true),
        () => {},
      )
      gone.open()
    }, { over })
    const client = pool(peer.dial)
    const error = await rejection(client.exchange({ method: 'POST', path: '/', body: streamBody(make(ended.open), undefined, { length }) }))
    if (expected === mine) expect(error).toBe(mine)
    else expect(error).toMatchObject(expected)
    await ended.opened
    expect(client.stats()).toEqual({ leased: 0, idle: 0, waiting: 0 })
    await gone.opened
    // The peer must not take what it got for the whole, unless that was there before the trouble.
    expect(complete).toBe(name === 'gives too much' || length === 0)
  })
})

describe('Expect: 100-continue', () => {
  const asking = (make: () => Iterable<Uint8Array>): { body: Body; pulled(): boolean } => {
    let pulled = false
    const source = (function* () {
      pulled = true
      yield* make()
    })()
    return { body: streamBody(source, undefined, { expect: true }), pulled: () => pulled }
  }

  test.each(OVERS)('the body is sent when 100 comes, over %s', async over => {
    const { body, pulled } = asking(() => [Buffer.from('abc')])
    const peer = await startPeer(async link => {
      const request = await link.head()
      expect(request.headers.get('expect')).toBe('100-continue')
      expect(pulled()).toBe(false)
      await link.send('HTTP/1.1 100 Continue\r\n\r\n')
      await link.send(reply((await link.body(request)).toString()))
    }, { over })
    const client = pool(peer.dial)
    expect(await text(await client.exchange({ method: 'PUT', path: '/', body }))).toBe('abc')
    expect(pulled()).toBe(true)
    expect(client.stats()).toEqual({ leased: 0, idle: 1, waiting: 0 })
    await client.close()
  })

  test('100 may come twice, and 103 is not 100', async () => {
    const { body, pulled } = asking(() => [Buffer.from('abc')])
    const peer = await startPeer(async link => {
      const request = await link.head()
      await link.send('HTTP/1.1 103 Early Hints\r\n\r\n')
      for (let turn = 0; turn < 5; turn++) await new Promise(resolve => setImmediate(resolve))
      expect(pulled()).toBe(false)
      await link.send('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n')
      await link.send(reply((await link.body(request)).toString()))
    })
    const client = pool(peer.dial)
    expect(await text(await client.exchange({ method: 'PUT', path: '/', body }))).toBe('abc')
    expect(client.stats()).toEqual({ leased: 0, idle: 1, waiting: 0 })
    await client.close()
  })

  test.each([['413 Content Too Large'], ['401 Unauthorized'], ['417 Expectation Failed'], ['200 OK'], ['304 Not Modified']])('nothing is pulled or sent when %s comes at once', async status => {
    const { body, pulled } = asking(() => [Buffer.from('abc')])
    const peer = await startPeer(async link => {
      await link.head()
      await link.send(status.startsWith('304') ? `HTTP/1.1 ${status}\r\n\r\n` : reply('no', { status }))
    })
    const client = pool(peer.dial)
    const response = await client.exchange({ method: 'PUT', path: '/', body })
    expect(response.status).toBe(Number(status.slice(0, 3)))
    // The body was announced and never sent: no other request may follow it.
    expect(client.stats()).toEqual({ leased: 0, idle: 0, waiting: 0 })
    expect(await peer.links[0]!.rest()).toHaveLength(0)
    expect(pulled()).toBe(false)
  })
})

test('a request without a body says so where the method means one', async () => {
  for (const [method, length] of [['POST', '0'], ['PUT', '0'], ['PATCH', '0'], ['GET', undefined], ['HEAD', undefined], ['DELETE', undefined]] as const) {
    const peer = await startPeer(async link => {
      const { headers } = await link.request()
      expect(headers.get('content-length')).toBe(length)
      expect(headers.has('transfer-encoding')).toBe(false)
      await link.send('HTTP/1.1 204 No Content\r\n\r\n')
    })
    const client = pool(peer.dial)
    expect((await client.exchange({ method, path: '/' })).status).toBe(204)
    await client.close()
  }
})

test('a stream cannot be sent twice without a word', async () => {
  const body = streamBody((function* () { yield pattern(3) })())
  const peer = await startPeer(async link => {
    for (;;) await link.send(reply(String((await link.request()).body.length)))
  })
  const client = pool(peer.dial)
  expect(await text(await client.exchange({ method: 'POST', path: '/', body }))).toBe('3')
  expect(await codeOf(client.exchange({ method: 'POST', path: '/', body }))).toBe('request-invalid')
  expect(client.stats()).toMatchObject({ leased: 0, waiting: 0 })
  await client.close()
})
