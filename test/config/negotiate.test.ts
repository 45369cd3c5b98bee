/** Agreeing on a version: how it is asked for, by whom, and what happens when it does not hold. */
import { expect, test } from 'vitest'
import { negotiate } from '../../src/config/index.js'
import { containerAttach, containerCreate, containerInspect, putContainerArchive, systemInfo, systemPing } from '../../src/engine/index.js'
import { isError } from '../../src/errors.js'
import { collect } from '../../src/stream/index.js'
import { fakeEngine, jsonAnswer, type Answer, type FakeEngine, type Seen } from '../engine/unit/fake-engine.js'

const plain = (status: number, body: string): Answer => ({ status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body })

type Versions = { newest: string; oldest: string; silent?: boolean }

/** What an engine answers that speaks these versions, in the words of docker 20.10 and 28.5 (recorded). */
const speaking = ({ newest, oldest, silent }: Versions) => (seen: Seen): Answer => {
  const headers: Record<string, string> = silent ? {} : { 'api-version': newest }
  if (seen.url === '/_ping') return { headers, body: seen.method === 'HEAD' ? '' : 'OK' }
  const asked = /^\/v([\d.]+)\//.exec(seen.url)?.[1] ?? ''
  const minor = (version: string): number => Number(version.split('.')[1])
  const refusal = minor(asked) > minor(newest) ? `client version ${asked} is too new. Maximum supported API version is ${newest}` : minor(asked) < minor(oldest) ? `client version ${asked} is too old. Minimum supported API version is ${oldest}, please upgrade your client to a newer version` : undefined
  if (refusal) return { status: 400, headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify({ message: refusal }) }
  return { headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify({ url: seen.url, body: seen.body }) }
}

const lines = (engine: FakeEngine): string[] => engine.seen.map(({ method, url }) => `${method} ${url}`)

test.each([
  ['1.51', '/v1.51/info'],
  ['1.41', '/v1.41/info'],
  ['1.24', '/v1.24/info'],
  ['1.56', '/v1.56/info'],
  ['1.57', '/v1.56/info'],
  ['1.100', '/v1.56/info'],
  ['2.0', '/v1.56/info'],
  // An engine from before 1.24, or a proxy that removes headers.
  ['', '/v1.24/info'],
  ['latest', '/v1.24/info'],
])('an engine that says %j is asked for %s', async (version, path) => {
  const engine = await fakeEngine(seen => (seen.url === '/_ping' ? { headers: { 'api-version': version } } : jsonAnswer({})))
  await systemInfo(negotiate(engine.pool()))
  expect(lines(engine)).toEqual(['HEAD /_ping', `GET ${path}`])
})

test.each(['1.23', '1.9', '0.90'])('an engine that says %s is too old, and both ranges are told', async version => {
  const engine = await fakeEngine({ headers: { 'api-version': version } })
  const client = negotiate(engine.pool())
  const said = { code: 'version-unsupported', message: `the engine speaks API versions up to ${version}, hawser 1.24 to 1.56: update the engine` }
  await expect(systemInfo(client)).rejects.toMatchObject(said)
  await expect(client.apiVersion()).rejects.toMatchObject(said)
  expect(lines(engine)).toEqual(['HEAD /_ping', 'HEAD /_ping'])
})

test('many ask at the same time, and the engine is asked once', async () => {
  const engine = await fakeEngine(speaking({ newest: '1.51', oldest: '1.24' }))
  const client = negotiate(engine.pool())
  await Promise.all([...Array.from({ length: 10 }, () => systemInfo(client)), client.apiVersion()])
  await systemInfo(client)
  expect(lines(engine).filter(line => line.includes('_ping'))).toHaveLength(1)
  expect(lines(engine).filter(line => line === 'GET /v1.51/info')).toHaveLength(11)
  expect(await client.apiVersion()).toBe('1.51')
})

test('a ping goes out as it is, and asks nothing before', async () => {
  const engine = await fakeEngine(speaking({ newest: '1.51', oldest: '1.24' }))
  expect(await systemPing(negotiate(engine.pool()))).toMatchObject({ apiVersion: '1.51' })
  expect(lines(engine)).toEqual(['GET /_ping'])
})

test('what the client had beside exchange is still there', async () => {
  const engine = await fakeEngine(speaking({ newest: '1.51', oldest: '1.24' }))
  const client = negotiate(engine.pool())
  await systemInfo(client)
  expect(client.stats()).toMatchObject({ leased: 0, idle: 1 })
  await client.close()
  await expect(systemInfo(client)).rejects.toMatchObject({ code: 'pool-closed' })
})

test.each([404, 405, 500, 501])('a HEAD that is answered %d is followed by a GET', async status => {
  const engine = await fakeEngine(seen => (seen.method === 'HEAD' ? { status } : seen.url === '/_ping' ? { headers: { 'api-version': '1.30' }, body: 'OK' } : jsonAnswer({})))
  await systemInfo(negotiate(engine.pool()))
  expect(lines(engine)).toEqual(['HEAD /_ping', 'GET /_ping', 'GET /v1.30/info'])
})

test('an engine in trouble may still say what it speaks', async () => {
  const engine = await fakeEngine(seen => (seen.url === '/_ping' ? { status: 500, headers: { 'api-version': '1.45' }, body: 'no' } : jsonAnswer({})))
  await systemInfo(negotiate(engine.pool()))
  expect(lines(engine).at(-1)).toBe('GET /v1.45/info')
})

test('a ping that is refused is the error, and is not remembered', async () => {
  const engine = await fakeEngine(plain(403, 'Forbidden by the proxy'))
  const client = negotiate(engine.pool())
  await expect(systemInfo(client)).rejects.toMatchObject({ code: 'forbidden', status: 403, reason: 'Forbidden by the proxy', path: '/_ping' })
  engine.answer(speaking({ newest: '1.51', oldest: '1.24' }))
  await systemInfo(client)
  expect(lines(engine).at(-1)).toBe('GET /v1.51/info')
})

/** An engine whose ping waits until it is told to answer. */
const slow = async (): Promise<{ engine: FakeEngine; asked: Promise<void>; answer(): void }> => {
  let answer!: () => void
  let arrived!: () => void
  const told = new Promise<void>(resolve => (answer = resolve))
  const asked = new Promise<void>(resolve => (arrived = resolve))
  const engine = await fakeEngine(async seen => {
    if (seen.url === '/_ping') {
      arrived()
      await told
    }
    return speaking({ newest: '1.51', oldest: '1.24' })(seen)
  })
  return { engine, asked, answer }
}

test('one caller may leave, and the others get their answer', async () => {
  const { engine, asked, answer } = await slow()
  const client = negotiate(engine.pool())
  const controller = new AbortController()
  const leaves = systemInfo(client, { signal: controller.signal })
  const stays = systemInfo(client)
  await asked
  const reason = new Error('enough')
  controller.abort(reason)
  await expect(leaves).rejects.toBe(reason)
  answer()
  await stays
  expect(lines(engine)).toEqual(['HEAD /_ping', 'GET /v1.51/info'])
})

test('when all have left the ping is given up, and the next caller asks again', async () => {
  const { engine, asked, answer } = await slow()
  const client = negotiate(engine.pool())
  const controllers = [new AbortController(), new AbortController()]
  const callers = controllers.map(({ signal }) => systemInfo(client, { signal }))
  await asked
  for (const controller of controllers) controller.abort()
  for (const caller of callers) await expect(caller).rejects.toMatchObject({ name: 'AbortError' })
  expect(client.stats()).toMatchObject({ leased: 0 })
  answer()
  await systemInfo(client)
  expect(lines(engine)).toEqual(['HEAD /_ping', 'HEAD /_ping', 'GET /v1.51/info'])
})

test('who comes while a ping is being given up is not given up with it', async () => {
  const { engine, asked, answer } = await slow()
  const client = negotiate(engine.pool())
  const controller = new AbortController()
  const leaves = systemInfo(client, { signal: controller.signal })
  await asked
  controller.abort()
  const comes = systemInfo(client)
  await expect(leaves).rejects.toMatchObject({ name: 'AbortError' })
  answer()
  await comes
  expect(lines(engine).at(-1)).toBe('GET /v1.51/info')
})

test('who is aborted while a refusal is being read hears of that', async () => {
  const engine = await fakeEngine({ headers: { 'api-version': '1.51' } })
  const controller = new AbortController()
  const reason = new Error('enough')
  const inner = engine.pool()
  const client = negotiate({
    ...inner,
    async exchange(request, options) {
      const response = await inner.exchange(request, options)
      if (response.status === 400) controller.abort(reason)
      return response
    },
  })
  await client.apiVersion()
  engine.answer((_, response) => {
    response.writeHead(400, { 'content-type': 'application/json', 'content-length': '100' })
    response.write('{"message":"')
  })
  await expect(systemInfo(client, { signal: controller.signal })).rejects.toBe(reason)
})

test('who is aborted before asks nothing', async () => {
  const engine = await fakeEngine()
  const reason = new Error('before')
  await expect(systemInfo(negotiate(engine.pool()), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  expect(engine.seen).toEqual([])
})

test('a ping that is not answered ends by its limit', async () => {
  const { engine } = await slow()
  await expect(systemInfo(negotiate(engine.pool(), { headMs: 20 }))).rejects.toMatchObject({ code: 'head-timeout', path: '/_ping', limit: 20 })
})

test.each<[what: string, before: Versions, after: Versions, path: string]>([
  ['an older engine', { newest: '1.51', oldest: '1.24' }, { newest: '1.41', oldest: '1.12' }, '/v1.41'],
  ['a newer engine that has dropped the version', { newest: '1.41', oldest: '1.24' }, { newest: '1.55', oldest: '1.44' }, '/v1.55'],
  ['an engine newer than hawser', { newest: '1.41', oldest: '1.24' }, { newest: '1.60', oldest: '1.50' }, '/v1.56'],
  ['an engine behind a proxy that removes headers', { newest: '1.41', oldest: '1.24' }, { newest: '1.55', oldest: '1.44', silent: true }, '/v1.44'],
])('%s behind the same address gets the request again', async (_, before, after, prefix) => {
  const engine = await fakeEngine(speaking(before))
  const client = negotiate(engine.pool())
  await systemInfo(client)
  engine.answer(speaking(after))
  engine.seen.length = 0
  expect(await containerCreate(client, { Image: 'a' }, { name: 'b' })).toEqual({ url: `${prefix}/containers/create?name=b`, body: '{"Image":"a"}' })
  expect(await systemInfo(client)).toMatchObject({ url: `${prefix}/info` })
  expect(lines(engine)).toEqual([`POST /v${before.newest}/containers/create?name=b`, `POST ${prefix}/containers/create?name=b`, `GET ${prefix}/info`])
  expect(await client.apiVersion()).toBe(prefix.slice(2))
})

test('many are refused at the same time, and all get their answer', async () => {
  const engine = await fakeEngine(speaking({ newest: '1.51', oldest: '1.24' }))
  const client = negotiate(engine.pool())
  await systemInfo(client)
  engine.answer(speaking({ newest: '1.41', oldest: '1.24' }))
  const answers = await Promise.all(Array.from({ length: 5 }, (_, i) => containerInspect(client, `c${i}`)))
  expect(answers).toEqual(Array.from({ length: 5 }, (_, i) => ({ url: `/v1.41/containers/c${i}/json`, body: '' })))
})

test('a proxy that removes headers from the ping, too', async () => {
  const engine = await fakeEngine(speaking({ newest: '1.51', oldest: '1.44', silent: true }))
  expect(await systemInfo(negotiate(engine.pool()))).toMatchObject({ url: '/v1.44/info' })
})

test('an engine whose oldest is newer than hawser is told with both ranges', async () => {
  const engine = await fakeEngine(speaking({ newest: '1.60', oldest: '1.58' }))
  await expect(systemInfo(negotiate(engine.pool()))).rejects.toMatchObject({ code: 'version-unsupported', message: 'the engine speaks API versions 1.58 to 1.60, hawser 1.24 to 1.56: update hawser' })
})

// docker-28 answers version 1.11 in plain text, as it does all errors below 1.24.
test('a refusal in plain text is understood', async () => {
  const engine = await fakeEngine(seen => (seen.url === '/_ping' ? { headers: { 'api-version': '1.24' } } : seen.url.startsWith('/v1.24/') ? plain(400, 'client version 1.24 is too old. Minimum supported API version is 1.40, please upgrade your client to a newer version\n') : jsonAnswer({ url: seen.url })))
  expect(await systemInfo(negotiate(engine.pool()))).toEqual({ url: '/v1.40/info' })
})

test('an engine that contradicts itself is asked twice, not for ever', async () => {
  const engine = await fakeEngine(seen => (seen.url === '/_ping' ? { headers: { 'api-version': '1.41' } } : jsonAnswer({ message: 'client version 1.41 is too new. Maximum supported API version is 1.41' }, 400)))
  await expect(systemInfo(negotiate(engine.pool()))).rejects.toMatchObject({ code: 'bad-parameter', status: 400, path: '/v1.41/info' })
  expect(lines(engine)).toEqual(['HEAD /_ping', 'GET /v1.41/info', 'GET /v1.41/info'])
})

test('a stream is not sent again, and the next request goes well', async () => {
  const engine = await fakeEngine(speaking({ newest: '1.51', oldest: '1.24' }))
  const client = negotiate(engine.pool())
  await systemInfo(client)
  engine.answer(speaking({ newest: '1.41', oldest: '1.24' }))
  engine.seen.length = 0
  const chunks = [new TextEncoder().encode('a'), new TextEncoder().encode('b')]
  await expect(putContainerArchive(client, 'c1', '/', chunks)).rejects.toMatchObject({ code: 'bad-parameter', reason: 'client version 1.51 is too new. Maximum supported API version is 1.41' })
  await putContainerArchive(client, 'c1', '/', chunks)
  expect(engine.seen).toMatchObject([{ url: '/v1.51/containers/c1/archive?path=%2F' }, { url: '/v1.41/containers/c1/archive?path=%2F', body: 'ab' }])
})

const bodies: [what: string, write: (answer: Answer) => Parameters<FakeEngine['answer']>[0]][] = [
  ['whole', answer => answer],
  [
    'in pieces',
    answer => (_, response) => {
      response.writeHead(answer.status ?? 200, answer.headers)
      const text = String(answer.body)
      response.write(text.slice(0, 5))
      setImmediate(() => response.end(text.slice(5)))
    },
  ],
]

test.each(bodies)('any other 400 is the error that it is: %s', async (_, write) => {
  const engine = await fakeEngine({ headers: { 'api-version': '1.51' } })
  const client = negotiate(engine.pool())
  await client.apiVersion()
  engine.answer(write(jsonAnswer({ message: 'invalid filter: grün' }, 400)))
  await expect(systemInfo(client)).rejects.toMatchObject({ code: 'bad-parameter', reason: 'invalid filter: grün' })
  engine.answer(write(plain(400, '400 Bad Request: not HTTP')))
  await expect(systemInfo(client)).rejects.toMatchObject({ code: 'bad-parameter', reason: '400 Bad Request: not HTTP' })
  expect(lines(engine)).toEqual(['HEAD /_ping', 'GET /v1.51/info', 'GET /v1.51/info'])
})

test('a hijack is negotiated, too', async () => {
  const engine = await fakeEngine(speaking({ newest: '1.51', oldest: '1.24' }))
  engine.upgrade((seen, socket) => {
    if (seen.url.startsWith('/v1.41/')) return void socket.end('HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nhello')
    const message = '{"message":"client version 1.51 is too new. Maximum supported API version is 1.41"}'
    socket.end(`HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: ${message.length}\r\nConnection: close\r\n\r\n${message}`)
  })
  const stream = await containerAttach(negotiate(engine.pool()), 'c1', { stream: true })
  expect(new TextDecoder().decode(await collect(stream))).toBe('hello')
})

test('a dial that fails is the error, with its own code', async () => {
  const engine = await fakeEngine()
  const { pool } = await import('../../src/http/index.js')
  const { dialUnix } = await import('../../src/io/index.js')
  const error = await systemInfo(negotiate(pool(dialUnix(`${engine.socketPath}.gone`)))).catch((reason: unknown) => reason)
  expect(isError(error, 'dial-not-found')).toBe(true)
})
