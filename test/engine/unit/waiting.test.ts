/** The wait that says when it stands, and which limits of time reach what waits by its nature. */
import { expect, test } from 'vitest'
import { containerInspect, containerLogs, containerPrune, containerRestart, containerStats, containerStop, containerWait, execStart, imageBuild, imageCommit, imageCreate, imageGet, imageLoad, imagePush, session, systemDataUsage, systemEvents } from '../../../src/engine/index.js'
import type { Client, ExchangeOptions } from '../../../src/http/index.js'
import { fakeEngine, jsonAnswer } from './fake-engine.js'

test('a wait is registered when its head has come, and settles with its body', async () => {
  const engine = await fakeEngine()
  let exit: (() => void) | undefined
  engine.answer((seen, response) => {
    if (!seen.url.includes('/wait')) return { status: 204 }
    response.writeHead(200, { 'content-type': 'application/json' })
    response.flushHeaders()
    exit = () => response.end('{"StatusCode":137,"Error":null}\n')
    return undefined
  })
  const client = engine.pool()
  const waiting = containerWait(client, 'c1', { condition: 'next-exit' })
  let ended = false
  void waiting.then(() => (ended = true))
  await waiting.registered()
  expect(ended).toBe(false)
  expect(client.stats()).toMatchObject({ leased: 1 })
  exit!()
  expect(await waiting).toEqual({ StatusCode: 137, Error: null })
  await waiting.registered()
})

test('a wait that is refused is told by both, and once is enough', async () => {
  const engine = await fakeEngine(jsonAnswer({ message: 'No such container: c1' }, 404))
  const client = engine.pool()
  const waiting = containerWait(client, 'c1')
  await expect(waiting.registered()).rejects.toMatchObject({ code: 'not-found' })
  await expect(containerWait(client, 'c1')).rejects.toMatchObject({ code: 'not-found', reason: 'No such container: c1' })
})

test('a wait is given up by its signal', async () => {
  const engine = await fakeEngine((_, response) => void response.writeHead(200).flushHeaders())
  const controller = new AbortController()
  const waiting = containerWait(engine.pool(), 'c1', { signal: controller.signal })
  await waiting.registered()
  const reason = new Error('enough')
  controller.abort(reason)
  await expect(waiting).rejects.toBe(reason)
})

/** A client whose own limits stand under each exchange, as a pool's do; it records what would hold. */
const limited = (): Client & { held: ExchangeOptions[] } => {
  const held: ExchangeOptions[] = []
  return {
    held,
    exchange(_, options) {
      held.push({ headMs: 1000, silenceMs: 2000, ...options })
      return Promise.reject(new Error('recorded'))
    },
  }
}

const WAITS: [name: string, call: (client: Client, options: ExchangeOptions) => PromiseLike<unknown>][] = [
  ['containerWait', (client, options) => containerWait(client, 'c1', options)],
  ['containerStop', (client, options) => containerStop(client, 'c1', options)],
  ['containerRestart', (client, options) => containerRestart(client, 'c1', options)],
  ['containerLogs with follow', (client, options) => containerLogs(client, 'c1', { stdout: true, follow: true, ...options })],
  ['execStart', (client, options) => execStart(client, 'e1', {}, options)],
  ['imageCreate', (client, options) => imageCreate(client, { fromImage: 'a', ...options })],
  ['imageBuild', (client, options) => imageBuild(client, { remote: 'a', ...options })],
  ['imageCommit', (client, options) => imageCommit(client, 'c1', options)],
  ['imageGet', (client, options) => imageGet(client, 'a', options)],
  ['imageLoad', (client, options) => imageLoad(client, new Uint8Array(1), options)],
  ['imagePush', (client, options) => imagePush(client, 'a', options)],
  ['containerPrune', (client, options) => containerPrune(client, options)],
  ['containerStats', (client, options) => containerStats(client, 'c1', options).registered()],
  ['systemDataUsage', (client, options) => systemDataUsage(client, options)],
  ['systemEvents', (client, options) => systemEvents(client, options).registered()],
  ['session', (client, options) => session(client, { uuid: 'a', name: 'b', 'grpc-method': [], ...options })],
]

test.each(WAITS)('the limits of the client do not reach %s, those that are given with it do', async (_, call) => {
  const client = limited()
  await Promise.resolve(call(client, {})).catch(() => {})
  await Promise.resolve(call(client, { headMs: 7 })).catch(() => {})
  expect(client.held).toMatchObject([
    { headMs: 0, silenceMs: 0 },
    { headMs: 7, silenceMs: 0 },
  ])
})

test('the limits of the client reach what is answered at once', async () => {
  const client = limited()
  await containerInspect(client, 'c1').catch(() => {})
  await containerLogs(client, 'c1', { stdout: true }).catch(() => {})
  expect(client.held).toMatchObject([
    { headMs: 1000, silenceMs: 2000 },
    { headMs: 1000, silenceMs: 2000 },
  ])
})
