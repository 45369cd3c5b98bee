/** The http-response cases over a socket: one request each through a pool, its body to the end, and then a second request. */
import { describe, expect, test } from 'vitest'
import { concat, copy } from '../../src/bytes.js'
import { isError } from '../../src/errors.js'
import { body, headers, pool, text, type Response } from '../../src/http/index.js'
import { gate, GONE, reply, startPeer, type Link } from '../support/peer.js'
import { MODES, split, type Mode } from './corpus.js'
import { bytesOf, cases, judgeAll, type Case, type Outcome } from './http-response.js'

/** Detects a hang, which is a failure but where a case lets us wait: there silence is enough. */
const HANG_MS = 20_000
const SILENCE_MS = 500
const mayWait = ({ expect, alternatives = [] }: Case): boolean => [expect, ...alternatives].some(({ accept }) => accept === 'pending')
/** Octets that are written one by one; what is longer goes on in pieces that fall differently on each of its chunks. */
const OCTETS_MAX = 20_000

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

const piecesOf = (one: Case, mode: Mode, seed: number): Uint8Array[] => {
  const bytes = bytesOf(one)
  if (mode !== 'octets' || bytes.length <= OCTETS_MAX) return split(bytes, mode, seed)
  const pieces = split(bytes.subarray(0, OCTETS_MAX), mode, seed)
  for (let at = OCTETS_MAX; at < bytes.length; at += 61) pieces.push(bytes.subarray(at, at + 61))
  return pieces
}

const runCases = async (mode: Mode): Promise<Map<Case, Outcome>> => {
  const all = cases ?? []
  const written = all.map(() => gate())

  const serve = async (link: Link): Promise<void> => {
    for (let nth = 0; ; nth++) {
      const { path } = await link.request()
      if (path === '/second') {
        await link.send(reply(nth === 0 ? 'new' : 'reused'))
        continue
      }
      const index = Number(path.slice(1))
      const one = all[index]!
      for (const piece of piecesOf(one, mode, index)) {
        if (link.socket.destroyed) break
        link.socket.write(piece)
        // The client runs in this process: behind a turn it has read this much and no more.
        await turn()
      }
      if (one.end === 'fin') link.fin()
      written[index]!.open()
    }
  }
  const peer = await startPeer(async link => {
    await serve(link).catch((error: unknown) => {
      if (error !== GONE) throw error
    })
  })

  const runCase = async (one: Case, index: number): Promise<Outcome> => {
    const client = pool(peer.dial, { headMs: HANG_MS, silenceMs: mayWait(one) ? SILENCE_MS : HANG_MS })
    const delivered: Uint8Array[] = []
    let response: Response | undefined
    const outcome = async (): Promise<Outcome> => {
      try {
        response = await client.exchange({ method: one.requestMethod, path: `/${index}`, ...(one.upgradeRequested ? { upgrade: 'tcp' } : {}) })
        const { status, version, reason } = response
        if (status === 101) {
          // The stream is open as long as both like: what came behind the head is what is compared.
          const ended = body(response).into((chunk, start, end) => void delivered.push(copy(chunk, start, end)))
          await written[index]!.opened
          for (let i = 0; i < 5; i++) await turn()
          response.connection.destroy()
          await ended.catch(() => {})
        } else for await (const chunk of body(response)) delivered.push(chunk)
        return { kind: 'accepted', status, version, reason, headers: headers(response), body: concat(delivered) }
      } catch (error) {
        if (!isError(error)) throw error
        if (error.code === 'head-timeout' || error.code === 'silence-timeout') return { kind: 'pending' }
        return { kind: 'refused', by: response ? 'body' : 'head', code: error.code, body: concat(delivered) }
      }
    }
    const got = await outcome()
    // Everything has come before the second request is sent, so that octets too many are seen.
    if (got.kind === 'accepted') {
      await written[index]!.opened
      for (let i = 0; i < 5; i++) await turn()
    }
    const second = await text(await client.exchange({ method: 'GET', path: '/second' }))
    expect(['new', 'reused'], `${one.id}: the answer to the second request`).toContain(second)
    if (got.kind === 'accepted') got.reused = second === 'reused'
    else expect(second, `${one.id}: the connection that failed was used again`).toBe('new')
    expect(client.stats(), one.id).toMatchObject({ leased: 0, waiting: 0 })
    await client.close()
    return got
  }

  const outcomes = new Map<Case, Outcome>()
  const queue = all.entries()
  const worker = async (): Promise<void> => {
    for (const [index, one] of queue) outcomes.set(one, await runCase(one, index))
  }
  await Promise.all(Array.from({ length: 100 }, worker))
  return outcomes
}

describe.skipIf(!cases)('http-response over a socket', () => {
  test.each(MODES)('%s', async mode => {
    const outcomes = await runCases(mode)
    expect(judgeAll(outcomes)).toEqual([])
    console.log(`http-response, sockets, ${mode}: ${outcomes.size} cases`)
  })
})
