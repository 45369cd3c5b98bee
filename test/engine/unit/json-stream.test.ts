/** Progress that is awaited, iterated, or left. */
import { expect, test } from 'vitest'
import { imageCreate, type JsonStream, type ProgressRecord } from '../../../src/engine/index.js'
import { fakeEngine, jsonAnswer, type FakeEngine } from './fake-engine.js'

const pull = (engine: FakeEngine, signal?: AbortSignal): JsonStream<ProgressRecord> => imageCreate(engine.pool(), { fromImage: 'alpine', tag: '3', signal })

const iterate = async (stream: AsyncIterable<ProgressRecord>): Promise<{ records: ProgressRecord[]; error: unknown }> => {
  const records: ProgressRecord[] = []
  try {
    for await (const record of stream) records.push(record)
  } catch (error) {
    return { records, error }
  }
  return { records, error: undefined }
}

const GOOD = '{"status":"Pulling"}\r\n\r\n{"status":"Downloading","progressDetail":{"current":1,"total":2},"id":"0f"}\r\n{"status":"Done","aux":null}'
const RECORDS = [{ status: 'Pulling' }, { status: 'Downloading', progressDetail: { current: 1, total: 2 }, id: '0f' }, { status: 'Done', aux: null }]

test('every split of the bytes gives the same records', async () => {
  for (let cut = 0; cut <= GOOD.length; cut += 7) {
    const engine = await fakeEngine((_, response) => {
      response.write(GOOD.slice(0, cut))
      setImmediate(() => response.end(GOOD.slice(cut)))
    })
    expect(await iterate(pull(engine))).toEqual({ records: RECORDS, error: undefined })
  }
})

test('awaiting reads to the end, and gives the last record', async () => {
  const engine = await fakeEngine({ body: GOOD })
  expect(await pull(engine)).toEqual(RECORDS[2])
})

test('awaiting an empty stream gives nothing', async () => {
  const engine = await fakeEngine({ body: '' })
  expect(await pull(engine)).toBeUndefined()
})

test('what was iterated can be awaited, and awaited twice', async () => {
  const engine = await fakeEngine({ body: GOOD })
  const stream = pull(engine)
  expect((await iterate(stream)).records).toHaveLength(3)
  expect(await stream).toEqual(RECORDS[2])
  expect(await stream).toEqual(RECORDS[2])
})

test('awaiting while somebody iterates waits for his end', async () => {
  const engine = await fakeEngine({ body: GOOD })
  const stream = pull(engine)
  const seen: ProgressRecord[] = []
  let end: PromiseLike<unknown> | undefined
  for await (const record of stream) {
    end ??= stream.then(last => last)
    seen.push(record)
  }
  expect(seen).toEqual(RECORDS)
  expect(await end).toEqual(RECORDS[2])
})

/** As engines and podman word it; the last has both, as Docker until 1.47. */
const FAILURES: [name: string, record: string, reason: string][] = [
  ['errorDetail alone', '{"errorDetail":{"message":"pull access denied"}}', 'pull access denied'],
  ['errorDetail with a code', '{"errorDetail":{"code":1,"message":"exit 1"}}', 'exit 1'],
  ['errorDetail without a message', '{"errorDetail":{}}', 'no reason given'],
  ['error alone', '{"error":"denied by podman"}', 'denied by podman'],
  ['both', '{"errorDetail":{"message":"manifest unknown"},"error":"manifest unknown"}', 'manifest unknown'],
]

test.each(FAILURES)('a failure in a stream that answered 200: %s', async (_, record, reason) => {
  const engine = await fakeEngine({ body: `{"status":"Pulling"}\r\n${record}\r\n` })
  const details = { code: 'stream-error', reason, status: 200, method: 'POST', path: '/images/create?fromImage=alpine&tag=3' }
  await expect(Promise.resolve(pull(engine))).rejects.toMatchObject(details)
  const stream = pull(engine)
  const { records, error } = await iterate(stream)
  expect(records).toEqual([{ status: 'Pulling' }])
  expect(error).toMatchObject(details)
  await expect(Promise.resolve(stream)).rejects.toBe(error)
})

test('values that are no records do no harm', async () => {
  const engine = await fakeEngine({ body: 'null\n1\n"x"\n[]\n' })
  expect(await pull(engine)).toEqual([])
})

test('a failure before the stream is the error of the request', async () => {
  const engine = await fakeEngine(jsonAnswer({ message: 'pull access denied' }, 404))
  await expect(Promise.resolve(pull(engine))).rejects.toMatchObject({ code: 'not-found', reason: 'pull access denied' })
  expect((await iterate(pull(engine))).error).toMatchObject({ code: 'not-found' })
})

test('a stream that is cut or no JSON is an error', async () => {
  const cut = await fakeEngine((_, response) => {
    response.writeHead(200, { 'content-length': '1000' })
    response.write('{"status":"Pulling"}\r\n', () => response.destroy())
  })
  const { records, error } = await iterate(pull(cut))
  expect(records).toEqual([{ status: 'Pulling' }])
  expect(error).toMatchObject({ code: expect.stringMatching(/^(message-truncated|connection-lost|connection-closed)$/) as string })
  const html = await fakeEngine({ body: '<html>' })
  await expect(Promise.resolve(pull(html))).rejects.toMatchObject({ code: 'json-malformed' })
})

test('leaving the loop closes the connection, and then nobody knows how it ended', async () => {
  let hungUp: (() => void) | undefined
  const closed = new Promise<void>(resolve => (hungUp = resolve))
  const engine = await fakeEngine((_, response) => {
    response.on('close', () => hungUp!())
    response.write('{"status":"Pulling"}\r\n')
  })
  const stream = pull(engine)
  for await (const record of stream) {
    expect(record).toEqual({ status: 'Pulling' })
    break
  }
  await closed
  await expect(Promise.resolve(stream)).rejects.toMatchObject({ code: 'response-consumed' })
})

test('it can be iterated once', async () => {
  const engine = await fakeEngine({ body: GOOD })
  const stream = pull(engine)
  await stream
  expect((await iterate(stream)).error).toMatchObject({ code: 'response-consumed' })
})

test('the signal ends it', async () => {
  const engine = await fakeEngine((_, response) => void response.write('{"status":"Pulling"}\r\n'))
  const controller = new AbortController()
  const reason = new Error('enough')
  const stream = pull(engine, controller.signal)
  const { records, error } = await iterate(
    (async function* () {
      for await (const record of stream) {
        yield record
        controller.abort(reason)
      }
    })(),
  )
  expect(records).toEqual([{ status: 'Pulling' }])
  expect(error).toBe(reason)
})

test('the request goes out before anybody reads', async () => {
  let arrived: (() => void) | undefined
  const sent = new Promise<void>(resolve => (arrived = resolve))
  const engine = await fakeEngine(() => {
    arrived!()
    return { body: GOOD }
  })
  const stream = pull(engine)
  await sent
  expect(await stream).toEqual(RECORDS[2])
})
