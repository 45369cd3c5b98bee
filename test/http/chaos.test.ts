/**
 * Anything at any time: a pool whose peers answer in every way, break off, reset and stall, and whose users read, leave, abort and forget.
 * Each answer names what was asked, so that one octet out of place shows. What must hold: an answer that was read to its end is the one to
 * its question, every rejection has a code or is the abort's reason, nothing hangs, and in the end nothing is leased.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { body, bodyInto, bytesBody, discard, hijack, jsonBody, pool, streamBody, text, type Body, type Pool } from '../../src/http/index.js'
import { random, splitAtRandom } from '../support/random.js'
import { GONE, startPeer, type Link, type Over } from '../support/peer.js'

setFlagsFromString('--expose_gc')
const collect = runInNewContext('gc') as () => void
const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

const EXCHANGES = 1000
const AT_ONCE = 12

/** The content that answers `id`: recognisable at every octet. */
const contentOf = (id: string, length: number): string => `<${id}>`.repeat(Math.ceil(length / (id.length + 2))).slice(0, length)

const SMUGGLED = 'HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nsmuggled'

/** Answers as `next` decides, until one of the two has had enough. */
const serve = async (link: Link, next: () => number): Promise<void> => {
  const one = <T>(...choices: T[]): T => choices[Math.floor(next() * choices.length)]!
  const say = async (wire: Buffer): Promise<void> => {
    if (next() < 0.5) return link.send(wire)
    for (const piece of splitAtRandom(wire, next() * 2 ** 32)) {
      await link.send(piece)
      if (next() < 0.3) await turn()
    }
  }
  for (;;) {
    const request = await link.head()
    const [, id = '', size = '0'] = request.path.split('/')
    const content = contentOf(id, Number(size))
    const early = next() < 0.1
    if (!early) {
      const got = await link.body(request)
      if (got.length > 0 && !/^("?)x*\1$/.test(got.toString('latin1'))) throw new Error(`a body of other octets: ${got.toString('latin1').slice(0, 100)}`)
    }
    const upgrade = request.headers.has('upgrade')
    const interim = one('', '', '', 'HTTP/1.1 100 Continue\r\n\r\n', 'HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n')
    const last = next() < 0.1 ? 'Connection: close\r\n' : ''
    const kind = upgrade ? one('101', '101', '200', '404') : one('length', 'length', 'chunked', 'chunked', 'close', '204', '1.0')
    let closes = last !== ''
    let wire = interim
    if (kind === 'length' || kind === '404') wire += `HTTP/1.1 ${kind === '404' ? '404 Not Found' : '200 OK'}\r\n${last}Content-Length: ${content.length}\r\n\r\n${content}`
    else if (kind === '204') wire += `HTTP/1.1 204 No Content\r\n${last}\r\n`
    else if (kind === 'chunked') {
      wire += `HTTP/1.1 200 OK\r\n${last}Transfer-Encoding: chunked\r\n\r\n`
      for (const piece of splitAtRandom(Buffer.from(content, 'latin1'), next() * 2 ** 32)) wire += `${piece.length.toString(16)}\r\n${Buffer.from(piece).toString('latin1')}\r\n`
      wire += one('0\r\n\r\n', '0\r\nTrailer: y\r\n\r\n')
    } else {
      wire += kind === '101' ? `HTTP/1.1 101 UPGRADED\r\n\r\n${content}` : `HTTP/1.${kind === '1.0' ? 0 : 1} 200 OK\r\n\r\n${content}`
      closes = true
    }
    const trouble = next()
    if (trouble < 0.05) {
      await say(Buffer.from(wire.slice(0, Math.floor(next() * wire.length)), 'latin1'))
      one(link.close, link.reset, link.fin, () => {})()
      return
    }
    // Surplus in the same write. What comes later cannot be told from an answer: the next request may be on its way.
    if (trouble < 0.08 && !closes && wire.length < 30_000) await link.send(wire + SMUGGLED)
    else await say(Buffer.from(wire, 'latin1'))
    if (closes || early || trouble > 0.95) {
      if (kind === 'close' || kind === '1.0' || kind === '200' || kind === '101') link.fin()
      else one(link.close, link.reset, link.fin)()
      return
    }
  }
}

type Outcome = { done: number; broken: number; left: number; codes: Map<string, number> }

/** Uses the pool as `next` decides. */
const use = async (client: Pool, id: string, next: () => number, outcome: Outcome): Promise<void> => {
  const length = Math.floor(next() ** 4 * 300_000)
  const request = { method: next() < 0.6 ? 'GET' : 'POST', path: `/${id}/${length}` }
  const size = Math.floor(next() ** 4 * 200_000)
  const x = 'x'.repeat(size)
  const bodies: (() => Body | undefined)[] = [
    () => undefined,
    () => bytesBody(Buffer.from(x)),
    () => jsonBody(x),
    () => streamBody(splitAtRandom(Buffer.from(x), next() * 2 ** 32)),
    () => streamBody([Buffer.from(x)], undefined, { length: size }),
  ]
  const sent = request.method === 'POST' ? bodies[Math.floor(next() * bodies.length)]!() : undefined
  const controller = new AbortController()
  const reason = new Error(`abort of ${id}`)
  const aborts = next() < 0.15
  const abort = async (): Promise<void> => {
    for (let turns = Math.floor(next() * 12); turns > 0; turns--) await turn()
    controller.abort(reason)
  }
  if (aborts) void abort()
  const options = { headMs: 100, silenceMs: 100, ...(aborts || next() < 0.3 ? { signal: controller.signal } : {}) }
  const check = (got: string): void => {
    if (got === '' || got === contentOf(id, length)) outcome.done++
    // What ends with the connection may have been cut, by a peer that closes too early: nothing else may.
    else if (contentOf(id, length).startsWith(got)) outcome.left++
    else throw new Error(`the answer to ${id} is ${JSON.stringify(got.slice(0, 100))}`)
  }
  const gather = async (source: AsyncIterable<Uint8Array>, leaveAt: number): Promise<string> => {
    let all = ''
    for await (const chunk of source) {
      all += Buffer.from(chunk).toString('latin1')
      if (all.length >= leaveAt) break
      if (next() < 0.2) await turn()
    }
    return all
  }
  try {
    const way = Math.floor(next() * 9)
    if (way === 0) {
      const stream = await hijack(client, request, options)
      if (next() < 0.3) void stream.write(Buffer.from('xxxx'))
      if (next() < 0.3) stream.end()
      return check(await gather(stream, next() < 0.2 ? 100 : Infinity))
    }
    const response = await client.exchange(sent ? { ...request, body: sent } : request, options)
    if (way === 1) return check(await gather(body(response), next() * length))
    if (way === 2) return check(await gather(body(response), Infinity))
    if (way === 3) {
      let all = ''
      await bodyInto(response, (chunk, start, end) => {
        all += Buffer.from(chunk.subarray(start, end)).toString('latin1')
        return next() < 0.3 ? turn() : undefined
      })
      return check(all)
    }
    if (way === 4) return await discard(response)
    // Forgotten.
    if (way === 5 && next() < 0.3) return
    check(await text(response))
  } catch (error) {
    if (error === reason) return
    if (!(error instanceof Error) || !('code' in error) || !/^(connection-(closed|lost)|message-truncated|head-timeout|silence-timeout|not-found|upgrade-refused)$/.test(String(error.code))) throw error
    outcome.broken++
    outcome.codes.set(String(error.code), (outcome.codes.get(String(error.code)) ?? 0) + 1)
  }
}

describe.each<Over>(['unix', 'tcp', 'data', 'tls'])('over %s', over => {
  test.each([1, 2, 3])('seed %d', async seed => {
    const peer = await startPeer(async (link, nth) => {
      try {
        await serve(link, random(seed * 1000 + nth))
      } catch (error) {
        if (error !== GONE) throw error
        link.close()
      }
    }, { over })
    const client = pool(peer.dial, { max: 6 })
    const outcome: Outcome = { done: 0, broken: 0, left: 0, codes: new Map() }
    let id = 0
    const worker = async (): Promise<void> => {
      while (id < EXCHANGES) {
        const mine = ++id
        await use(client, `q${mine}`, random(seed + mine * 7919), outcome)
      }
    }
    // Forgotten responses hold places until they are collected: when nothing goes on any more, they hold all.
    let before = 0
    const collecting = setInterval(() => {
      if (id === before) collect()
      before = id
    }, 120)
    await Promise.all(Array.from({ length: AT_ONCE }, worker)).finally(() => clearInterval(collecting))
    for (let turns = 0; turns < 300 && client.stats().leased > 0; turns++) {
      collect()
      await turn()
    }
    expect(client.stats()).toMatchObject({ leased: 0, waiting: 0 })
    expect(outcome.done).toBeGreaterThan(EXCHANGES / 3)
    expect(outcome.broken).toBeGreaterThan(10)
    await client.close()
    expect(client.stats()).toEqual({ leased: 0, idle: 0, waiting: 0 })
  })
})
