/** Events and statistics: when they are registered, how they end, and what ends them. And failures inside 200 of the streams that send. */
import { expect, test } from 'vitest'
import { containerStats, imageBuild, imageLoad, imagePush, systemEvents, type JsonStream, type ProgressRecord } from '../../../src/engine/index.js'
import type { Client } from '../../../src/http/index.js'
import { fakeEngine, jsonAnswer } from './fake-engine.js'

test('events are registered when the head has come, before there is any', async () => {
  let say: ((text: string) => void) | undefined
  const engine = await fakeEngine((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.flushHeaders()
    say = text => void response.write(text)
  })
  const client = engine.pool()
  const controller = new AbortController()
  const events = systemEvents(client, { signal: controller.signal })
  await events.registered()
  const seen: string[] = []
  const reason = new Error('enough')
  const listen = async (): Promise<void> => {
    for await (const { Action } of events) {
      seen.push(Action)
      if (Action === 'die') controller.abort(reason)
    }
  }
  const listening = listen()
  say!('{"Action":"start"}\n{"Action":')
  say!('"die"}\n')
  await expect(listening).rejects.toBe(reason)
  expect(seen).toEqual(['start', 'die'])
})

test('leaving the loop ends the connection', async () => {
  const engine = await fakeEngine((_, response) => void response.write('{"Action":"start"}\n'))
  for await (const event of systemEvents(engine.pool())) {
    expect(event).toEqual({ Action: 'start' })
    break
  }
})

test('a refusal is told to who waits and to who iterates', async () => {
  const engine = await fakeEngine(jsonAnswer({ message: 'invalid filter' }, 400))
  const events = systemEvents(engine.pool())
  await expect(events.registered()).rejects.toMatchObject({ code: 'bad-parameter', reason: 'invalid filter' })
  await expect(events[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'bad-parameter' })
})

test('a refusal that nobody asks for is not unhandled', async () => {
  const engine = await fakeEngine(jsonAnswer({ message: 'no such container' }, 404))
  const client = engine.pool()
  containerStats(client, 'c1')
  // An unhandled rejection would fail the run.
  await expect.poll(() => [engine.seen.length, client.stats().leased], { interval: 1 }).toEqual([1, 0])
})

test('it can be iterated once', async () => {
  const engine = await fakeEngine({ body: '{"num_procs":1}\n' })
  const stats = containerStats(engine.pool(), 'c1')
  for await (const sample of stats) expect(sample.num_procs).toBe(1)
  await expect(stats[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'response-consumed' })
})

const SENT: [name: string, call: (client: Client) => JsonStream<ProgressRecord>, path: string][] = [
  ['imagePush', client => imagePush(client, 'a'), '/images/a/push'],
  ['imageLoad', client => imageLoad(client, new Uint8Array(1)), '/images/load'],
  ['imageBuild', client => imageBuild(client, { inputStream: new Uint8Array(1) }), '/build'],
]

test.each(SENT)('%s: a failure in a stream that answered 200', async (_, call, path) => {
  const engine = await fakeEngine({ body: '{"stream":"going on"}\r\n{"errorDetail":{"code":1,"message":"it broke"}}\r\n' })
  const details = { code: 'stream-error', reason: 'it broke', status: 200, path }
  await expect(Promise.resolve(call(engine.pool()))).rejects.toMatchObject(details)
  const seen: ProgressRecord[] = []
  const iterate = async (): Promise<void> => {
    for await (const record of call(engine.pool())) seen.push(record)
  }
  await expect(iterate()).rejects.toMatchObject(details)
  expect(seen).toEqual([{ stream: 'going on' }])
})
