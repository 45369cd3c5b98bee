/** Settings: which wins, what each means, and how a bad one is told. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { expect, onTestFinished, test } from 'vitest'
import { fromEnv, type FromEnvOptions } from '../../src/config/index.js'
import { systemInfo, systemPing } from '../../src/engine/index.js'
import type { Pool } from '../../src/http/index.js'
import { fakeEngine, jsonAnswer } from '../engine/unit/fake-engine.js'
import { CERT, KEY, OTHER_KEY } from './pem.js'

const folder = (files: { [name: string]: string } = {}): string => {
  const directory = mkdtempSync(join(tmpdir(), 'hawser-'))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text)
  onTestFinished(() => rmSync(directory, { recursive: true }))
  return directory
}

const close = <P extends Pool>(client: P): P => {
  onTestFinished(async () => {
    expect(client.stats()).toMatchObject({ leased: 0, waiting: 0 })
    await client.close()
  })
  return client
}

/** Where the first request of a client leads, by the error of an address that nobody answers. */
const peerOf = async (options: FromEnvOptions): Promise<unknown> => {
  const error: unknown = await systemPing(close(await fromEnv(options)), { signal: AbortSignal.timeout(5000) }).catch((reason: unknown) => reason)
  return error instanceof Error && 'peer' in error ? error.peer : error
}

const nowhere = `unix://${join(tmpdir(), 'hawser-nowhere')}`

test.each<[what: string, options: FromEnvOptions, peer: string]>([
  ['DOCKER_HOST', { env: { DOCKER_HOST: `${nowhere}-env` } }, `${nowhere}-env`],
  ['the option before DOCKER_HOST', { host: `${nowhere}-option`, env: { DOCKER_HOST: `${nowhere}-env` } }, `${nowhere}-option`],
  ['the option before a bad DOCKER_HOST', { host: `${nowhere}-option`, env: { DOCKER_HOST: 'nonsense://' } }, `${nowhere}-option`],
  ['TLS settings, which are nothing to a socket', { env: { DOCKER_HOST: nowhere, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: '/nowhere' } }, nowhere],
])('the address is that of %s', async (_, options, peer) => {
  expect(await peerOf(options)).toBe(peer)
})

test('the environment is that of the process unless one is given', async () => {
  const before = process.env.DOCKER_HOST
  onTestFinished(() => {
    if (before === undefined) delete process.env.DOCKER_HOST
    else process.env.DOCKER_HOST = before
  })
  process.env.DOCKER_HOST = `${nowhere}-process`
  expect(await peerOf({})).toBe(`${nowhere}-process`)
})

test('the version is negotiated unless one is given', async () => {
  const engine = await fakeEngine(seen => (seen.url === '/_ping' ? { headers: { 'api-version': '1.51' } } : jsonAnswer({})))
  const env = { DOCKER_HOST: `unix://${engine.socketPath}` }
  const clients = [
    await fromEnv({ env }),
    await fromEnv({ env: { ...env, DOCKER_API_VERSION: '' } }),
    await fromEnv({ env: { ...env, DOCKER_API_VERSION: '1.41' } }),
    await fromEnv({ env: { ...env, DOCKER_API_VERSION: 'v1.42' } }),
    await fromEnv({ env: { ...env, DOCKER_API_VERSION: '1.41' }, version: '1.43' }),
  ]
  for (const client of clients.map(close)) await systemInfo(client)
  expect(engine.seen.map(({ method, url }) => `${method} ${url}`)).toEqual(['HEAD /_ping', 'GET /v1.51/info', 'HEAD /_ping', 'GET /v1.51/info', 'GET /v1.41/info', 'GET /v1.42/info', 'GET /v1.43/info'])
  expect(await Promise.all(clients.map(client => client.apiVersion()))).toEqual(['1.51', '1.51', '1.41', '1.42', '1.43'])
})

test('limits are those of the requests, and of the ping', async () => {
  const engine = await fakeEngine(() => undefined)
  const client = close(await fromEnv({ host: `unix://${engine.socketPath}`, headMs: 20, env: {} }))
  await expect(systemInfo(client)).rejects.toMatchObject({ code: 'head-timeout', limit: 20 })
})

/** An engine over TLS, which asks for a client's certificate and tells whose it got. */
const tlsEngine = async (): Promise<string> => {
  const server = createServer({ cert: CERT, key: KEY, ca: CERT, requestCert: true, rejectUnauthorized: false }, (request, response) => {
    const { subject } = (request.socket as TLSSocket).getPeerCertificate()
    response.writeHead(200, { 'api-version': '1.51', 'content-type': 'application/json' })
    response.end(request.url === '/_ping' ? 'OK' : JSON.stringify({ Name: subject ? String(subject.CN) : 'nobody' }))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const address = server.address()
  return `127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`
}

const FILES = { 'ca.pem': CERT, 'cert.pem': CERT, 'key.pem': KEY }

/** By whom the engine knows the client, or the code of the error. */
const knownAs = async (options: FromEnvOptions): Promise<string> => {
  const client = close(await fromEnv(options))
  return systemInfo(client).then(
    ({ Name }) => Name,
    (error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : String(error)),
  )
}

test('certificates are verified and shown as the variables say', async () => {
  const address = await tlsEngine()
  const [all, authority, none] = [folder(FILES), folder({ 'ca.pem': CERT }), folder()]
  const home = folder()
  const env = { DOCKER_HOST: `tcp://${address}` }
  const rows: [what: string, options: FromEnvOptions, result: string | RegExp][] = [
    ['TLS_VERIFY and CERT_PATH', { env: { ...env, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: all } }, 'localhost'],
    // The variable is a flag that is set, not a number: docker/cli and docker-py.
    ['TLS_VERIFY=0', { env: { ...env, DOCKER_TLS_VERIFY: '0', DOCKER_CERT_PATH: all } }, 'localhost'],
    ['an authority alone', { env: { ...env, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: authority } }, 'nobody'],
    ['CERT_PATH alone', { env: { ...env, DOCKER_CERT_PATH: all } }, 'localhost'],
    ['TLS_VERIFY that is empty', { env: { ...env, DOCKER_TLS_VERIFY: '', DOCKER_CERT_PATH: none } }, 'nobody'],
    ['TLS_VERIFY and CERT_PATH that are empty', { env: { ...env, DOCKER_TLS_VERIFY: '', DOCKER_CERT_PATH: '' } }, /^(connection-closed|connection-lost|tls-required)$/],
    ['DOCKER_CONFIG for want of a CERT_PATH', { env: { ...env, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: '', DOCKER_CONFIG: all, HOME: home } }, 'localhost'],
    ['https:// with the authorities of the runtime', { env: { DOCKER_HOST: `https://${address}` } }, 'tls-certificate'],
    ['https:// with CERT_PATH', { env: { DOCKER_HOST: `https://${address}`, DOCKER_CERT_PATH: all } }, 'localhost'],
    ['the option, which wins', { tls: { ca: CERT }, env: { ...env, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: '/nowhere' } }, 'nobody'],
    ['the option that trusts anybody', { tls: { verify: false }, host: address, env: {} }, 'nobody'],
  ]
  for (const [what, options, result] of rows) expect(await knownAs(options), what).toEqual(typeof result === 'string' ? result : expect.stringMatching(result))
})

test.each<[what: string, options: FromEnvOptions | (() => FromEnvOptions), says: RegExp]>([
  ['DOCKER_HOST', { env: { DOCKER_HOST: 'nonsense://' } }, /^DOCKER_HOST: .*scheme/],
  ['DOCKER_HOST with a port that is none', { env: { DOCKER_HOST: 'tcp://h:99999' } }, /^DOCKER_HOST: 99999 is not a port/],
  ['DOCKER_HOST over ssh', { env: { DOCKER_HOST: 'ssh://h' } }, /^DOCKER_HOST: .*ssh -nNT -L/],
  ['the option host', { host: 'nonsense://', env: {} }, /^host: .*scheme/],
  ['a host that is no text', { host: 2375 as never, env: {} }, /^host: /],
  ['DOCKER_API_VERSION', { env: { DOCKER_API_VERSION: 'auto' } }, /^DOCKER_API_VERSION: "auto" is not an API version/],
  ['DOCKER_API_VERSION with three numbers', { env: { DOCKER_API_VERSION: '1.41.0' } }, /^DOCKER_API_VERSION: /],
  ['the option version', { version: '', env: { DOCKER_API_VERSION: '1.41' } }, /^version: /],
  ['DOCKER_CERT_PATH that leads nowhere', { env: { DOCKER_HOST: 'tcp://h', DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: '/nowhere' } }, /^DOCKER_CERT_PATH: there is no ca\.pem in \/nowhere/],
  ['DOCKER_TLS_VERIFY without certificates', () => ({ env: { DOCKER_HOST: 'tcp://h', DOCKER_TLS_VERIFY: '1', HOME: folder() } }), /^DOCKER_TLS_VERIFY: there is no ca\.pem in .*\.docker/],
  ['DOCKER_TLS_VERIFY for http://', () => ({ env: { DOCKER_HOST: 'http://h', DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: folder(FILES) } }), /^DOCKER_HOST: .*https:\/\//],
  ['a certificate without its key', () => ({ env: { DOCKER_HOST: 'tcp://h', DOCKER_CERT_PATH: folder({ 'ca.pem': CERT, 'cert.pem': CERT }) } }), /^DOCKER_CERT_PATH: .* has cert\.pem without key\.pem/],
  ['a key without its certificate', () => ({ env: { DOCKER_HOST: 'tcp://h', DOCKER_CERT_PATH: folder({ 'ca.pem': CERT, 'key.pem': KEY }) } }), /^DOCKER_CERT_PATH: .* has key\.pem without cert\.pem/],
  ['a key of another certificate', () => ({ env: { DOCKER_HOST: 'tcp://h', DOCKER_CERT_PATH: folder({ ...FILES, 'key.pem': OTHER_KEY }) } }), /^DOCKER_CERT_PATH: .* cannot be used/],
  ['an authority that is none', () => ({ env: { DOCKER_HOST: 'tcp://h', DOCKER_CERT_PATH: folder({ ...FILES, 'ca.pem': 'no certificate' }) } }), /^DOCKER_CERT_PATH: .* cannot be used/],
  ['a certificate that is none', () => ({ env: { DOCKER_HOST: 'tcp://h', DOCKER_CERT_PATH: folder({ ...FILES, 'cert.pem': 'no certificate' }) } }), /^DOCKER_CERT_PATH: .* cannot be used/],
  ['an empty key', () => ({ env: { DOCKER_HOST: 'tcp://h', DOCKER_CERT_PATH: folder({ ...FILES, 'key.pem': '\n' }) } }), /^DOCKER_CERT_PATH: .*key\.pem is empty/],
  ['a path that is a file', () => ({ env: { DOCKER_HOST: 'tcp://h', DOCKER_CERT_PATH: join(folder(FILES), 'ca.pem') } }), /^DOCKER_CERT_PATH: .* cannot be read \(ENOTDIR\)/],
  ['a pool of nothing', { max: 0, env: {} }, /a pool of at most 0/],
])('%s is config-invalid and named', async (_, options, says) => {
  await expect(fromEnv(typeof options === 'function' ? options() : options)).rejects.toMatchObject({ code: 'config-invalid', message: expect.stringMatching(says) as string })
})
