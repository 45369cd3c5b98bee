/** Connections that are taken over: a stream both ways with half-close, and what the engine sent with its head. */
import { describe, expect, test } from 'vitest'
import { direct, header, hijack, pool, text, type Hijacked, type Request } from '../../src/http/index.js'
import { codeOf, gate, play, rejection, reply, startPeer, type Over } from '../support/peer.js'

const OVERS: Over[] = ['unix', 'tcp', 'data', 'tls']
const attach: Request = { method: 'POST', path: '/attach' }
const UPGRADED = 'HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n'
const OKAY = 'HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n'
const BOTH: [string, string][] = [['101', UPGRADED], ['200', OKAY]]

const gather = async (source: AsyncIterable<Uint8Array>): Promise<string> => {
  const pieces: Uint8Array[] = []
  for await (const chunk of source) pieces.push(chunk)
  return Buffer.concat(pieces).toString('latin1')
}

describe.each(OVERS)('over %s', over => {
  describe.each(BOTH)('answered with %s', (status, head) => {
    test('asks for tcp, and hands over a stream', async () => {
      let asked: string | undefined
      const peer = await startPeer(async link => {
        asked = (await link.request()).head
        await link.send(head)
        await link.send(await link.bytes(5))
        link.fin()
      }, { over })
      const client = pool(peer.dial)
      const stream = await hijack(client, attach)
      expect(asked).toContain('\r\nConnection: Upgrade')
      expect(asked).toContain('\r\nUpgrade: tcp')
      expect(stream.response.status).toBe(Number(status))
      expect(header(stream.response, 'content-type')).toBe('application/vnd.docker.raw-stream')
      await stream.write(Buffer.from('hello'))
      expect(await gather(stream)).toBe('hello')
      expect(client.stats()).toEqual({ leased: 0, idle: 0, waiting: 0 })
    })

    test('octets that come with the head are not lost, wherever they are split', async () => {
      const wire = `${head}early\r\n\r\noctets`
      for (let at = head.length; at <= wire.length; at++) {
        const handed = gate()
        const peer = await startPeer(play({ send: wire.slice(0, at) }, { wait: handed.opened }, { send: wire.slice(at) }, { fin: true }), { over })
        const client = pool(peer.dial)
        const stream = await hijack(client, attach)
        handed.open()
        expect(await gather(stream)).toBe('early\r\n\r\noctets')
        expect(client.stats()).toEqual({ leased: 0, idle: 0, waiting: 0 })
        await peer.close()
      }
    })

    test('octets that come before anybody reads wait', async () => {
      const peer = await startPeer(play({ send: head }, { send: 'a'.repeat(1_000_000) }, { fin: true }), { over })
      const client = pool(peer.dial)
      const stream = await hijack(client, attach)
      for (let turn = 0; turn < 50; turn++) await new Promise(resolve => setImmediate(resolve))
      expect((await gather(stream)).length).toBe(1_000_000)
      expect(client.stats()).toEqual({ leased: 0, idle: 0, waiting: 0 })
    })

    test('end closes one side: the peer reads it, and goes on writing', async () => {
      const peer = await startPeer(async link => {
        await link.request()
        await link.send(head)
        const stdin = await link.rest()
        await link.send(`got ${stdin.length}`)
        link.fin()
        await link.closed
      }, { over })
      const client = pool(peer.dial)
      const stream = await hijack(client, attach)
      await stream.write(new Uint8Array(300_000))
      stream.end()
      stream.end()
      expect(await codeOf(stream.write(Buffer.from('late')))).toBe('request-invalid')
      expect(await gather(stream)).toBe('got 300000')
      expect(client.stats()).toEqual({ leased: 0, idle: 0, waiting: 0 })
      await peer.links[0]!.closed
    })

    test('what was written before end goes out before it', async () => {
      const peer = await startPeer(async link => {
        await link.request()
        await link.send(head)
        await link.send(`got ${(await link.rest()).length}`)
        link.fin()
      }, { over })
      const stream = await hijack(direct(peer.dial), attach)
      for (let piece = 0; piece < 50; piece++) void stream.write(new Uint8Array(100_000))
      stream.end()
      expect(await gather(stream)).toBe('got 5000000')
    })

    test('when the peer closes its side, this side is closed', async () => {
      const peer = await startPeer(play({ send: `${head}all` }, { fin: true }), { over })
      const client = pool(peer.dial)
      const stream = await hijack(client, attach)
      expect(await gather(stream)).toBe('all')
      expect(await peer.links[0]!.rest()).toHaveLength(0)
      await peer.links[0]!.closed
      expect(await codeOf(stream.write(Buffer.from('late')))).toMatch(/^connection-(closed|lost)$/)
      expect(client.stats()).toEqual({ leased: 0, idle: 0, waiting: 0 })
    })

    test('what came before the peer closed is read to its end, though writing fails meanwhile', async () => {
      const ended = gate()
      const peer = await startPeer(async link => {
        await link.request()
        await link.send(`${head}${'x'.repeat(40_000)}`)
        link.fin()
        await ended.opened
        link.close()
      }, { over })
      const client = pool(peer.dial)
      const stream = await hijack(client, attach)
      const pending = gate()
      let read = 0
      const reading = stream.into((_, start, end) => {
        read += end - start
        return pending.opened
      })
      for (let turn = 0; turn < 20; turn++) await new Promise(resolve => setImmediate(resolve))
      expect(client.stats()).toEqual({ leased: 1, idle: 0, waiting: 0 })
      ended.open()
      const writing = (async () => {
        for (;;) await stream.write(new Uint8Array(100_000))
      })()
      expect(await codeOf(writing)).toMatch(/^connection-(closed|lost)$/)
      for (let turn = 0; turn < 20; turn++) await new Promise(resolve => setImmediate(resolve))
      pending.open()
      await reading
      expect(read).toBe(40_000)
      expect(client.stats()).toEqual({ leased: 0, idle: 0, waiting: 0 })
    })

    test('destroy ends both, with its reason', async () => {
      const peer = await startPeer(play({ send: head }), { over })
      const client = pool(peer.dial)
      const stream = await hijack(client, attach)
      const reading = gather(stream)
      const reason = new Error('enough')
      stream.destroy(reason)
      expect(await rejection(reading)).toBe(reason)
      expect(await rejection(stream.write(Buffer.from('late')))).toBe(reason)
      expect(client.stats()).toEqual({ leased: 0, idle: 0, waiting: 0 })
      await peer.links[0]!.rest()
    })

    test('8 MiB go both ways at once, each at the pace of the other', async () => {
      const total = 8 * 1024 * 1024
      const content = Buffer.from(Uint8Array.from({ length: total }, (_, i) => (i * 31 + (i >> 11)) & 255))
      const peer = await startPeer(async link => {
        await link.request()
        await link.send(head)
        for (let left = total; left > 0; ) {
          const piece = await link.bytes(Math.min(left, 50_000))
          left -= piece.length
          await link.send(piece)
        }
        link.fin()
      }, { over })
      const client = pool(peer.dial)
      const stream: Hijacked = await hijack(client, attach)
      let written = 0
      let read = 0
      let apart = 0
      const writing = (async () => {
        for (; written < total; ) {
          const piece = content.subarray(written, written + 77_777)
          await stream.write(piece)
          written += piece.length
        }
        stream.end()
      })()
      await stream.into(async (chunk, start, end) => {
        if (Buffer.compare(content.subarray(read, read + end - start), chunk.subarray(start, end)) !== 0) throw new Error(`octets differ behind ${read}`)
        read += end - start
        apart = Math.max(apart, written - read)
        await new Promise(resolve => setImmediate(resolve))
      })
      await writing
      expect(read).toBe(total)
      // Writing waits for the peer, which waits for our reading: what lies between are the buffers of the kernel, which are larger than
      // all of this for TCP, and a few chunks.
      if (over === 'unix' || over === 'data') expect(apart).toBeLessThan(2 * 1024 * 1024)
      expect(client.stats()).toEqual({ leased: 0, idle: 0, waiting: 0 })
    })
  })
})

describe('is refused by', () => {
  const JSON_TYPE = 'Content-Type: application/json\r\n'
  const ROWS: [string, string, object][] = [
    ['404 in JSON', reply('{"message":"No such container: x"}', { status: '404 Not Found', fields: JSON_TYPE }), { code: 'not-found', status: 404, reason: 'No such container: x' }],
    ['404 of a route', reply('{"message":"page not found"}', { status: '404 Not Found', fields: JSON_TYPE }), { code: 'route-unknown' }],
    ['409 in JSON', reply('{"message":"Container x is not running"}', { status: '409 Conflict', fields: JSON_TYPE }), { code: 'conflict' }],
    // daemon: router/container, postContainersAttach writes this by hand.
    ['409 in text, by hand', 'HTTP/1.1 409 Conflict\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\nContainer x is paused\r\n', { code: 'conflict', status: 409, reason: 'Container x is paused' }],
    ['400', reply('bad', { status: '400 Bad Request' }), { code: 'bad-parameter' }],
    ['500', reply('', { status: '500 Internal Server Error' }), { code: 'server-error', reason: 'Internal Server Error' }],
    ['301', reply('', { status: '301 Moved Permanently', fields: 'Location: /x\r\n' }), { code: 'http-error', status: 301 }],
    ['304', 'HTTP/1.1 304 Not Modified\r\n\r\n', { code: 'http-error', status: 304 }],
    ['201', reply('', { status: '201 Created' }), { code: 'upgrade-refused', status: 201 }],
    ['204', 'HTTP/1.1 204 No Content\r\n\r\n', { code: 'upgrade-refused', status: 204 }],
    ['299 with a body to come', 'HTTP/1.1 299 Odd\r\nContent-Length: 100\r\n\r\n', { code: 'upgrade-refused', status: 299 }],
  ]
  test.each(ROWS)('%s', async (_, response, expected) => {
    const untilClose = response.includes('by hand') || !/Content-Length|204|304/.test(response)
    const peer = await startPeer(play({ send: response }, ...(untilClose ? [{ fin: true } as const] : [])))
    const client = pool(peer.dial)
    expect(await rejection(hijack(client, attach))).toMatchObject({ ...expected, method: 'POST', path: '/attach' })
    expect(client.stats()).toMatchObject({ leased: 0, waiting: 0 })
    await client.close()
  })

  test('an error in JSON, behind which the connection serves on', async () => {
    const peer = await startPeer(async link => {
      for (const response of [ROWS[0]![1], reply('next')]) {
        await link.request()
        await link.send(response)
      }
    })
    const client = pool(peer.dial)
    expect(await codeOf(hijack(client, attach))).toBe('not-found')
    expect(await text(await client.exchange({ method: 'GET', path: '/' }))).toBe('next')
    expect(peer.links).toHaveLength(1)
    await client.close()
  })
})

describe('what was never bytes is not written', () => {
  test.each<[unknown]>([['text'], [undefined], [null], [42], [[1, 2]], [new ArrayBuffer(2)], [{}]])('%j', async data => {
    const peer = await startPeer(async link => {
      await link.request()
      await link.send(UPGRADED)
      await link.send(await link.rest())
      link.fin()
    })
    const client = pool(peer.dial)
    const stream = await hijack(client, attach)
    expect(await codeOf(stream.write(data as Uint8Array))).toBe('request-invalid')
    await stream.write(Buffer.from('bytes'))
    stream.end()
    expect(await gather(stream)).toBe('bytes')
    expect(client.stats()).toEqual({ leased: 0, idle: 0, waiting: 0 })
  })
})

test('another protocol may be asked for', async () => {
  const peer = await startPeer(async link => {
    const { headers } = await link.request()
    expect(headers.get('upgrade')).toBe('h2c')
    await link.send('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\nPRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
    link.fin()
  })
  const stream = await hijack(direct(peer.dial), { method: 'POST', path: '/session', upgrade: 'h2c' })
  expect(await gather(stream)).toBe('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
})

test('a response whose stream was broken off says so behind what came', async () => {
  const read = gate()
  const peer = await startPeer(async link => {
    await link.request()
    await link.send(`${UPGRADED}some`)
    await read.opened
    link.reset()
  }, { over: 'tcp' })
  const client = pool(peer.dial)
  const chunks = (await hijack(client, attach))[Symbol.asyncIterator]()
  expect(Buffer.from((await chunks.next()).value as Uint8Array).toString()).toBe('some')
  const next = chunks.next()
  read.open()
  expect(await rejection(next)).toMatchObject({ code: 'connection-lost', reason: 'ECONNRESET' })
  expect(client.stats()).toEqual({ leased: 0, idle: 0, waiting: 0 })
})
