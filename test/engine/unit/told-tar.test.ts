/** Archives that the engine breaks off with a message (recorded from Docker's code by its form: streamformatter.FormatError). */
import { expect, test } from 'vitest'
import { containerExport, imageGet, imageGetAll } from '../../../src/engine/index.js'
import type { Client } from '../../../src/http/index.js'
import { collect } from '../../../src/stream/index.js'
import { fakeEngine } from './fake-engine.js'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const TAR = Buffer.concat([bytes('some file\n'.repeat(1000)), Buffer.alloc(1024)])
/** Torn in the middle of a file. */
const TORN = TAR.subarray(0, 6000)

const READERS = {
  imageGet: (client: Client) => imageGet(client, 'a'),
  imageGetAll: (client: Client) => imageGetAll(client, ['a', 'b']),
  containerExport: (client: Client) => containerExport(client, 'c1'),
}

const FAILURES: [name: string, tail: string, reason: string][] = [
  ['as streams have it', '{"errorDetail":{"message":"blob sha256:0f is gone"},"error":"blob sha256:0f is gone"}\r\n', 'blob sha256:0f is gone'],
  ['since 1.48', '{"errorDetail":{"message":"größer"}}\r\n', 'größer'],
  ['as answers have it', '{"message":"no space left on device"}\n', 'no space left on device'],
  ['without a reason', '{"errorDetail":{}}\r\n', '{"errorDetail":{}}'],
  ['that holds braces', '{"errorDetail":{"message":"a {b} c"}}\r\n', 'a {b} c'],
]

for (const [operation, open] of Object.entries(READERS)) {
  test.each(FAILURES)(`${operation} tells an error %s`, async (_, tail, reason) => {
    const engine = await fakeEngine({ body: Buffer.concat([TORN, bytes(tail)]) })
    const details = { code: 'stream-error', reason, status: 200, method: 'GET' }
    await expect(collect(await open(engine.pool()))).rejects.toMatchObject(details)
    let seen = 0
    const iterate = async (): Promise<void> => {
      for await (const chunk of await open(engine.pool())) seen += chunk.length
    }
    await expect(iterate()).rejects.toMatchObject(details)
    // All that came is handed on, the message too.
    expect(seen).toBe(TORN.length + bytes(tail).length)
  })
}

test('the message may come in any pieces', async () => {
  const whole = Buffer.concat([TORN, bytes(FAILURES[0]![1])])
  for (let cut = TORN.length - 3; cut < whole.length; cut += 5) {
    const engine = await fakeEngine((_, response) => {
      response.write(whole.subarray(0, cut))
      setImmediate(() => {
        response.write(whole.subarray(cut, cut + 1))
        setImmediate(() => response.end(whole.subarray(cut + 1)))
      })
    })
    await expect(collect(await imageGet(engine.pool(), 'a')), String(cut)).rejects.toMatchObject({ code: 'stream-error', reason: FAILURES[0]![2] })
  }
})

test.each([
  ['a whole archive', TAR],
  ['an empty one', new Uint8Array(0)],
  ['one that holds such a message in a file', Buffer.concat([bytes(FAILURES[0]![1]), Buffer.alloc(1024)])],
  ['one that ends in something else', Buffer.concat([TAR, bytes('{"other":1}\n')])],
])('%s is as it is', async (_, body) => {
  const engine = await fakeEngine({ body })
  expect(Buffer.from(await collect(await imageGet(engine.pool(), 'a'))).equals(body)).toBe(true)
})

test('leaving the loop ends the connection', async () => {
  let hungUp: (() => void) | undefined
  const closed = new Promise<void>(resolve => (hungUp = resolve))
  const engine = await fakeEngine((_, response) => {
    response.on('close', () => hungUp!())
    response.write(TORN)
  })
  for await (const _ of await imageGet(engine.pool(), 'a')) break
  await closed
})
