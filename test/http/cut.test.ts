/**
 * Every response, cut behind every octet of it by a peer that closes, resets or stalls, for every reader: the right result or
 * the right code, in time, and nothing stays leased.
 */
import { describe, expect, test } from 'vitest'
import { body, bodyInto, bytes, bytesBody, discard, hijack, json, ok, pool, text, type Client, type Request, type Response } from '../../src/http/index.js'
import { gate, startPeer, type Link, type Over } from '../support/peer.js'

type Spec = {
  name: string
  request: Request
  /** The heads, interim ones first. */
  heads: string[]
  /** What follows the last head on the wire. */
  payload: string
  /** What the readers make of the payload. */
  content: string
  framing: 'length' | 'chunked' | 'close' | 'none'
  status: number
}

const get: Request = { method: 'GET', path: '/thing' }

/** Heads and framing as RFC 9112 sections 6.3 and 7.1 and RFC 9110 sections 6.4.1 and 15.2 have them. */
const SPECS: Spec[] = [
  { name: 'Content-Length', request: get, status: 200, framing: 'length', heads: ['HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n'], payload: '{"a":"b"}', content: '{"a":"b"}' },
  { name: 'chunked with trailers', request: get, status: 200, framing: 'chunked', heads: ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'], payload: '4\r\n{"a"\r\n05;x=y\r\n:"b"}\r\n0\r\nDigest: q\r\n\r\n', content: '{"a":"b"}' },
  { name: 'until close', request: get, status: 200, framing: 'close', heads: ['HTTP/1.1 200 OK\r\nA: b\r\n\r\n'], payload: '{"a":"b"}', content: '{"a":"b"}' },
  { name: '204', request: get, status: 204, framing: 'none', heads: ['HTTP/1.1 204 No Content\r\n\r\n'], payload: '', content: '' },
  { name: '304 to GET', request: get, status: 304, framing: 'none', heads: ['HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n'], payload: '', content: '' },
  { name: 'HEAD with a length', request: { method: 'HEAD', path: '/thing' }, status: 200, framing: 'none', heads: ['HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n'], payload: '', content: '' },
  { name: '100 and 103, then 200', request: get, status: 200, framing: 'length', heads: ['HTTP/1.1 100 Continue\r\n\r\n', 'HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n'], payload: '[]', content: '[]' },
  { name: '101 with early octets', request: { ...get, upgrade: 'tcp' }, status: 101, framing: 'close', heads: ['HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n'], payload: '"early"', content: '"early"' },
  { name: '404 with JSON', request: get, status: 404, framing: 'length', heads: ['HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nContent-Length: 17\r\n\r\n'], payload: '{"message":"gone"}'.slice(0, 17), content: '{"message":"gone"}'.slice(0, 17) },
]

/** What reads, and what it must give for the whole content. `seen` gets the pieces as they come. */
type Read = (client: Client, request: Request, limits: { headMs: number; silenceMs: number }, seen: (piece: string) => void) => Promise<string>

const ascii = (chunk: Uint8Array, start = 0, end = chunk.length): string => Buffer.from(chunk.subarray(start, end)).toString('latin1')

const after =
  (read: (response: Response, seen: (piece: string) => void) => Promise<string>): Read =>
  async (client, request, limits, seen) =>
    read(await client.exchange(request, limits), seen)

const gather = async (source: AsyncIterable<Uint8Array>, seen: (piece: string) => void): Promise<string> => {
  let all = ''
  for await (const chunk of source) {
    seen(ascii(chunk))
    all += ascii(chunk)
  }
  return all
}

const into = (pause: () => void | Promise<void>): Read =>
  after(async (response, seen) => {
    let all = ''
    await bodyInto(response, (chunk, start, end) => {
      seen(ascii(chunk, start, end))
      all += ascii(chunk, start, end)
      return pause()
    })
    return all
  })

const READERS: Record<string, Read> = {
  body: after((response, seen) => gather(body(response), seen)),
  'bodyInto, a sink that returns nothing': into(() => {}),
  'bodyInto, a sink that returns a promise': into(() => Promise.resolve()),
  'bodyInto, a sink that takes a turn of the event loop': into(() => new Promise<void>(resolve => setImmediate(resolve))),
  text: after(response => text(response)),
  json: after(async response => JSON.stringify(await json(response))),
  bytes: after(async response => ascii(await bytes(response))),
  discard: after(async response => {
    await discard(response)
    return 'discarded'
  }),
  hijack: async (client, request, limits, seen) => gather(await hijack(client, request, limits), seen),
  ok: async (client, request, limits) => text(await ok(client, request, limits)),
}

/** A reset that comes with octets looks like an end (libuv reports a hang-up behind a short read as EOF); one behind them does not. */
type Ending = 'closes' | 'resets' | 'resets at once' | 'stalls'

/** What must come of the first `count` octets. */
const expected = (spec: Spec, count: number, ending: Ending, reader: string): string => {
  const head = spec.heads.join('').length
  if (count < head) {
    if (ending === 'stalls') return 'head-timeout'
    if (ending === 'resets') return 'connection-lost'
    let boundary = 0
    for (const interim of spec.heads) {
      if (count === boundary) return 'connection-closed'
      boundary += interim.length
    }
    return 'message-truncated'
  }
  // Engines' errors are errors of these two whatever becomes of their text.
  if (spec.status === 404 && (reader === 'ok' || reader === 'hijack')) return 'not-found'
  if (reader === 'hijack' && spec.status === 304) return 'http-error'
  if (reader === 'hijack' && spec.status === 204) return 'upgrade-refused'

  const complete = spec.framing !== 'close' && count === head + spec.payload.length
  if (!complete) {
    if (ending === 'stalls') return 'silence-timeout'
    if (ending === 'resets') return 'connection-lost'
    if (spec.framing !== 'close') return 'message-truncated'
  }
  if (reader === 'discard') return 'discarded'
  const content = complete ? spec.content : spec.content.slice(0, count - head)
  if (reader !== 'json') return content
  try {
    return JSON.stringify(JSON.parse(content))
  } catch {
    return 'json-malformed'
  }
}

/** Runs every cut of one response at once, whole and with the payload behind the head's arrival. */
const run = async (over: Over, ending: Ending, spec: Spec, reader: string, uploading: boolean): Promise<void> => {
  const wire = spec.heads.join('') + spec.payload
  const headLength = wire.length - spec.payload.length
  const heads = new Map<string, ReturnType<typeof gate>>()
  const finish = async (link: Link): Promise<void> => {
    if (ending === 'closes') link.close()
    if (ending === 'resets') for (let turn = 0; turn < 3; turn++) await new Promise(resolve => setImmediate(resolve))
    if (ending === 'resets' || ending === 'resets at once') link.reset()
  }

  const peer = await startPeer(async link => {
    const { path } = uploading ? await link.head() : await link.request()
    const [, count, apart] = path.split('/')
    const cut = wire.slice(0, Number(count))
    if (apart === 'apart') {
      await link.send(cut.slice(0, headLength))
      await heads.get(path)!.opened
      await link.send(cut.slice(headLength))
    } else await link.send(cut)
    await finish(link)
  }, { over })
  const shared = pool(peer.dial)

  const one = async (count: number, apart: 'apart' | 'together'): Promise<string[]> => {
    const path = `/${count}/${apart}`
    const head = gate()
    heads.set(path, head)
    const client: Client = {
      async exchange(request, options) {
        const response = await shared.exchange(request, options)
        head.open()
        return response
      },
    }
    const stalls = ending === 'stalls'
    const complete = spec.framing !== 'close' && count === wire.length
    let seen = ''
    const request = uploading ? { ...spec.request, path, method: spec.request.method === 'GET' ? 'POST' : spec.request.method, body: bytesBody(UPLOAD) } : { ...spec.request, path }
    const limits = { headMs: stalls && count < headLength ? 20 : 0, silenceMs: stalls && count >= headLength && !complete ? 20 : 0 }
    let came
    try {
      came = await READERS[reader]!(client, request, limits, piece => (seen += piece))
    } catch (error) {
      if (!(error instanceof Error && 'code' in error)) throw error
      came = String(error.code)
    }
    if (!spec.content.startsWith(seen)) return [`${path}: saw ${seen}`]
    const wanted = ending === 'resets at once' ? [expected(spec, count, 'closes', reader), expected(spec, count, 'resets', reader)] : [expected(spec, count, ending, reader)]
    return wanted.includes(came) ? [] : [`${path}: ${came} instead of ${wanted.join(' or ')}`]
  }

  const cuts = Array.from({ length: wire.length + 1 }, (_, count) => count)
  const results = await Promise.all(cuts.flatMap(count => [one(count, 'together'), ...(count > headLength ? [one(count, 'apart')] : [])]))
  expect(results.flat()).toEqual([])
  expect(shared.stats()).toMatchObject({ leased: 0, waiting: 0 })
  await shared.close()
}

/** More than a socket and the peer's reader take, so that it lies unread and its closing becomes a reset. */
const UPLOAD = new Uint8Array(1024 * 1024)

/** One of each kind: where a transport has been cut in another way for every reader. */
const SOME = ['body', 'bodyInto, a sink that takes a turn of the event loop', 'text', 'hijack']

const TABLE: { over: Over; ending: Ending; uploading?: boolean; readers?: string[] }[] = [
  { over: 'unix', ending: 'closes' },
  { over: 'unix', ending: 'stalls' },
  { over: 'unix', ending: 'resets', uploading: true },
  { over: 'tcp', ending: 'closes', readers: SOME },
  { over: 'tcp', ending: 'stalls', readers: SOME },
  { over: 'tcp', ending: 'resets' },
  { over: 'tcp', ending: 'resets at once', readers: SOME },
  { over: 'data', ending: 'closes', readers: SOME },
  { over: 'data', ending: 'stalls', readers: SOME },
  { over: 'data', ending: 'resets', uploading: true, readers: SOME },
]

for (const { over, ending, uploading = false, readers = Object.keys(READERS) } of TABLE)
  describe(`over ${over}, a peer that ${ending}${uploading ? ' on an upload' : ''} behind every octet`, () => {
    for (const spec of SPECS) for (const reader of readers) test(`${spec.name}: ${reader}`, () => run(over, ending, spec, reader, uploading))
  })
