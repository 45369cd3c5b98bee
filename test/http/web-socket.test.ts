/** A WebSocket against a peer of the test's own: the handshake, what goes both ways, and all the ways in which it ends. */
import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { direct, pool, webSocket, WEB_SOCKET_CLOSE_MS, type Client, type WebSocketOptions, type WebSocketStream } from '../../src/http/index.js'
import { collect } from '../../src/stream/index.js'
import { codeOf, rejection, startPeer, type Link, type Over, type Peer, type PeerRequest } from '../support/peer.js'

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
const acceptOf = (request: PeerRequest): string => createHash('sha1').update(request.headers.get('sec-websocket-key') + GUID).digest('base64')
const switching = (accept: string, fields = ''): string => `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n${fields}\r\n`

/** One frame that the client sent, unmasked. Every one of them must be masked (RFC 6455 section 5.3). */
type Frame = { opcode: number; fin: boolean; payload: Buffer }
const frameOf = async (link: Link): Promise<Frame> => {
  const [first = 0, second = 0] = await link.bytes(2)
  expect(second & 0x80).toBe(0x80)
  const short = second & 0x7f
  const length = short < 126 ? short : Number(`0x${(await link.bytes(short === 126 ? 2 : 8)).toString('hex')}`)
  const mask = await link.bytes(4)
  const payload = (await link.bytes(length)).map((c, i) => c ^ mask[i & 3]!)
  return { opcode: first & 15, fin: first > 0x7f, payload: Buffer.from(payload) }
}
const frame = (opcode: number, payload: string | Uint8Array): Buffer => {
  const bytes = Buffer.from(payload as string)
  const length = bytes.length < 126 ? [bytes.length] : bytes.length < 65536 ? [126, bytes.length >> 8, bytes.length & 255] : [127, 0, 0, 0, 0, bytes.length >>> 24, (bytes.length >> 16) & 255, (bytes.length >> 8) & 255, bytes.length & 255]
  return Buffer.concat([Uint8Array.of(0x80 | opcode, ...length), bytes])
}
const TEXT = 1
const BINARY = 2
const CLOSE = 8
const PING = 9
const PONG = 10
const NORMAL = Buffer.from([0x03, 0xe8])

/** A peer that opens a WebSocket and goes on as `serve` says. */
const serving = (serve: (link: Link) => unknown, over: Over = 'unix', early: Uint8Array = Buffer.alloc(0)): Promise<Peer> =>
  startPeer(
    async link => {
      const request = await link.request()
      expect(request.method).toBe('GET')
      expect(Object.fromEntries(request.headers)).toMatchObject({ upgrade: 'websocket', connection: 'Upgrade', 'sec-websocket-version': '13' })
      await link.send(Buffer.concat([Buffer.from(switching(acceptOf(request))), early]))
      await serve(link)
      // Hangs up when the client has, as servers do.
      await link.rest()
      link.close()
    },
    { over },
  )

/** Opens one through a pool that must have nothing leased when `use` is done. */
const using = async (peer: Peer, use: (socket: WebSocketStream) => unknown, options?: WebSocketOptions): Promise<void> => {
  const client = pool(peer.dial)
  const socket = await webSocket(client, { path: '/ws?a=b' }, options)
  await use(socket)
  socket.destroy()
  await expect.poll(() => client.stats(), { interval: 1 }).toMatchObject({ leased: 0, waiting: 0 })
  await client.close()
}

const messagesOf = async (socket: WebSocketStream): Promise<(string | Uint8Array)[]> => {
  const all: (string | Uint8Array)[] = []
  for await (const message of socket.messages()) all.push(message)
  return all
}

describe('the handshake', () => {
  test.each<[string, (accept: string) => string, string]>([
    ['another key', () => switching('s3pPLMBiTxaQ9kYGzzhZRbK+xOo='), 'upgrade-refused'],
    ['no key', accept => switching(accept).replace(/Sec-WebSocket-Accept.*\r\n/, ''), 'upgrade-refused'],
    ['another protocol', accept => switching(accept).replace('websocket', 'tcp'), 'upgrade-refused'],
    ['no Connection', accept => switching(accept).replace('Connection: Upgrade\r\n', ''), 'upgrade-refused'],
    ['an extension', accept => switching(accept, 'Sec-WebSocket-Extensions: permessage-deflate\r\n'), 'upgrade-refused'],
    ['a subprotocol', accept => switching(accept, 'Sec-WebSocket-Protocol: chat\r\n'), 'upgrade-refused'],
    ['no switch', () => 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK', 'upgrade-refused'],
    ['a refusal', () => 'HTTP/1.1 404 Not Found\r\nContent-Length: 17\r\n\r\nNo such container', 'not-found'],
  ])('with %s fails', async (_, answer, code) => {
    const peer = await startPeer(async link => link.send(answer(acceptOf(await link.request()))))
    const client = pool(peer.dial)
    expect(await codeOf(webSocket(client, { path: '/' }))).toBe(code)
    expect(client.stats()).toMatchObject({ leased: 0, waiting: 0 })
    await client.close()
  })

  test('offers subprotocols, and tells which was chosen', async () => {
    const peer = await startPeer(async link => {
      const request = await link.request()
      expect(request.headers.get('sec-websocket-protocol')).toBe('a, b')
      expect(request.headers.get('origin')).toBe('http://x')
      await link.send(switching(acceptOf(request), 'Sec-WebSocket-Protocol: b\r\n'))
    })
    const socket = await webSocket(direct(peer.dial), { path: '/', headers: { Origin: 'http://x' } }, { protocols: ['a', 'b'] })
    expect(socket.protocol).toBe('b')
    socket.destroy()
  })

  test('has a key of 16 octets that is another each time', async () => {
    const keys: string[] = []
    const client: Client = {
      exchange({ headers }) {
        keys.push(String(headers?.['Sec-WebSocket-Key']))
        return Promise.reject(new Error('recorded'))
      },
    }
    for (let i = 0; i < 3; i++) await webSocket(client, { path: '/' }).catch(() => {})
    expect(new Set(keys).size).toBe(3)
    for (const key of keys) expect(Buffer.from(key, 'base64').length).toBe(16)
  })
})

describe.each<Over>(['unix', 'tcp', 'data'])('over %s', over => {
  test('messages go both ways, and those that came with the head are not lost', async () => {
    const peer = await serving(async link => {
      expect(await frameOf(link)).toEqual({ opcode: TEXT, fin: true, payload: Buffer.from('grüße') })
      expect(await frameOf(link)).toEqual({ opcode: BINARY, fin: true, payload: Buffer.from([0, 255]) })
      await link.send(Buffer.concat([frame(BINARY, Uint8Array.of(1, 2)), frame(TEXT, ''), frame(TEXT, 'zwölf'), frame(CLOSE, NORMAL)]))
      expect(await frameOf(link)).toEqual({ opcode: CLOSE, fin: true, payload: NORMAL })
      expect(await link.rest()).toHaveLength(0)
      link.close()
    }, over, frame(TEXT, 'early'))
    await using(peer, async socket => {
      const reading = messagesOf(socket)
      await socket.write('grüße')
      await socket.write(Uint8Array.of(0, 255))
      const [early, binary, ...rest] = await reading
      expect([early, ...rest]).toEqual(['early', '', 'zwölf'])
      expect([...(binary as Uint8Array)]).toEqual([1, 2])
    })
  })
})

test('as a source it is the octets of all messages', async () => {
  const peer = await serving(link => link.send(Buffer.concat([frame(BINARY, 'ab'), frame(TEXT, 'c'), frame(BINARY, 'd'.repeat(70_000)), frame(CLOSE, '')])))
  await using(peer, async socket => expect(Buffer.from(await collect(socket)).toString()).toBe(`abc${'d'.repeat(70_000)}`))
})

test('pings are answered, also within a message', async () => {
  let pong: Frame | undefined
  const peer = await serving(async link => {
    await link.send(Buffer.concat([Buffer.from('\x01\x02gr', 'latin1'), frame(PING, 'are you there'), frame(PONG, 'unasked')]))
    pong = await frameOf(link)
    await link.send(Buffer.concat([Buffer.from('\x80\x02ad', 'latin1'), frame(CLOSE, NORMAL)]))
  })
  await using(peer, async socket => expect(await messagesOf(socket)).toEqual(['grad']))
  expect(pong).toEqual({ opcode: PONG, fin: true, payload: Buffer.from('are you there') })
})

describe('the end', () => {
  test('close says so, waits for the other side, and takes what still comes', async () => {
    const peer = await serving(async link => {
      expect(await frameOf(link)).toEqual({ opcode: CLOSE, fin: true, payload: Buffer.from([0x0f, 0xa0, ...Buffer.from('bye')]) })
      await link.send(Buffer.concat([frame(TEXT, 'one more'), frame(CLOSE, Buffer.from([0x0f, 0xa0]))]))
      link.close()
    })
    await using(peer, async socket => {
      const reading = rejection(messagesOf(socket))
      await socket.close(4000, 'bye')
      expect(await codeOf(socket.write('too late'))).toBe('request-invalid')
      // The peer has sent our own status back, which is none of a good end.
      expect(await reading).toMatchObject({ code: 'stream-error', message: expect.stringContaining('4000') as string })
    })
  })

  test('close without a reader drops what comes', async () => {
    const peer = await serving(async link => {
      await frameOf(link)
      await link.send(Buffer.concat([frame(TEXT, 'unread'), frame(CLOSE, NORMAL)]))
      link.close()
    })
    await using(peer, socket => socket.close())
  })

  test('a peer that does not answer a Close is left in the end', async () => {
    const peer = await serving(link => link.rest())
    const before = performance.now()
    await using(peer, socket => socket.close())
    expect(performance.now() - before).toBeGreaterThanOrEqual(WEB_SOCKET_CLOSE_MS - 5)
  })

  test('a status that tells of trouble is an error with its reason, behind what came before', async () => {
    const peer = await serving(link => link.send(Buffer.concat([frame(TEXT, 'before'), frame(CLOSE, Buffer.from([0x03, 0xf3, ...Buffer.from('out of paper')]))])))
    await using(peer, async socket => {
      const seen: unknown[] = []
      const error = await rejection(
        (async () => {
          for await (const message of socket.messages()) seen.push(message)
        })(),
      )
      expect(error).toMatchObject({ code: 'stream-error', reason: 'out of paper', message: expect.stringContaining('1011') as string })
      expect(seen).toEqual(['before'])
    })
  })

  test.each<[string, Buffer, string, number]>([
    ['a malformed frame', Buffer.from([0x83, 0]), 'web-socket-malformed', 1002],
    ['a mask', Buffer.from([0x81, 0x80, 1, 2, 3, 4]), 'web-socket-malformed', 1002],
    ['text that is none', frame(TEXT, Uint8Array.of(0xff)), 'web-socket-text-malformed', 1007],
    ['a message that is too long', frame(BINARY, 'five!'), 'web-socket-too-large', 1009],
  ])('the peer is told of %s', async (_, bytes, code, status) => {
    let tell!: (frame: Promise<Frame>) => void
    const said = new Promise<Frame>(resolve => (tell = resolve))
    const peer = await serving(async link => {
      await link.send(bytes)
      tell(frameOf(link))
      await said
    })
    await using(peer, async socket => expect(await codeOf(collect(socket))).toBe(code), { limit: 4 })
    const { opcode, payload } = await said
    expect([opcode, payload.readUInt16BE(0)]).toEqual([CLOSE, status])
  })

  test('an end without a Close is an error', async () => {
    const peer = await serving(async link => {
      await link.send(frame(TEXT, 'half'))
      link.fin()
    })
    await using(peer, async socket => expect(await codeOf(collect(socket))).toBe('web-socket-truncated'))
  })

  test('the signal ends it with its reason', async () => {
    const controller = new AbortController()
    const reason = new Error('enough')
    const peer = await serving(link => link.send(frame(TEXT, 'first')))
    await using(
      peer,
      async socket => {
        const reading = (async () => {
          for await (const _ of socket) controller.abort(reason)
        })()
        expect(await rejection(reading)).toBe(reason)
      },
      { signal: controller.signal },
    )
  })

  test('leaving the loop closes the connection', async () => {
    const peer = await serving(link => link.send(Buffer.concat([frame(TEXT, 'a'), frame(TEXT, 'b')])))
    await using(peer, async socket => {
      for await (const message of socket.messages()) {
        expect(message).toBe('a')
        break
      }
      await (await peer.link(0)).rest()
    })
  })

  test('it is read once', async () => {
    const peer = await serving(link => link.send(frame(CLOSE, NORMAL)))
    await using(peer, async socket => {
      await collect(socket)
      expect(await codeOf(messagesOf(socket))).toBe('response-consumed')
    })
  })
})

test('who does not read holds the peer back', async () => {
  const total = 64 * 1024 * 1024
  const piece = frame(BINARY, new Uint8Array(256 * 1024))
  let sent = 0
  let allSent = false
  const peer = await serving(async link => {
    for (; sent < total; sent += 256 * 1024) await link.send(piece)
    allSent = true
    await link.send(frame(CLOSE, NORMAL))
  })
  await using(peer, async socket => {
    const iterator = socket.messages()[Symbol.asyncIterator]()
    expect((await iterator.next()).value).toHaveLength(256 * 1024)
    // The peer goes on until every buffer between is full; it must stop by itself long before it has sent all.
    for (let before = -1; before !== sent; ) {
      before = sent
      for (let turn = 0; turn < 200; turn++) await new Promise(resolve => setImmediate(resolve))
    }
    expect(allSent).toBe(false)
    expect(sent).toBeLessThan(total / 4)
    let got = 256 * 1024
    for (let result; !(result = await iterator.next()).done; ) got += result.value.length
    expect(got).toBe(total)
  })
})

test('1 MiB of noise comes back as it was', async () => {
  const noise = Buffer.from(Array.from({ length: 1024 * 1024 }, (_, i) => (i * 2654435761) >>> 13))
  const peer = await serving(async link => {
    for (let got = 0; got < noise.length; ) {
      const { payload } = await frameOf(link)
      got += payload.length
      await link.send(frame(BINARY, payload))
    }
    await link.send(frame(CLOSE, NORMAL))
  })
  await using(peer, async socket => {
    const reading = collect(socket)
    for (let at = 0; at < noise.length; at += 100_003) await socket.write(noise.subarray(at, at + 100_003))
    expect(Buffer.from(await reading).equals(noise)).toBe(true)
  })
})
