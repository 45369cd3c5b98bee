/**
 * Which engine, if any, answers where DOCKER_HOST or the platform's default points. It asks with node:http on purpose: a fault
 * in hawser must fail the engine tests, and not leave them out.
 */
import { readFileSync } from 'node:fs'
import { get, type RequestOptions } from 'node:http'
import { get as getTls } from 'node:https'
import { join } from 'node:path'

export type FoundEngine = {
  /** As DOCKER_HOST has it. */
  host: string
  kind: 'docker' | 'podman'
  /** The engine's own version: 28.5.2+dfsg4. */
  version: string
  /** The newest API version that it speaks: 1.51. */
  apiVersion: string
  /** What the tests run: one of IMAGES. */
  image: string
}

export type Probe = { host: string; engine?: FoundEngine; whyNot?: string }

/** Milliseconds that an engine has to answer. */
const PROBE_MS = 5_000

export const DEFAULT_HOST = process.platform === 'win32' ? 'npipe:////./pipe/docker_engine' : 'unix:///var/run/docker.sock'

/** Images that have busybox's commands; the first that the engine has will do. */
const IMAGES = ['busybox:test', 'busybox:latest', 'alpine:latest']

type Version = { Version: string; ApiVersion: string; Components?: { Name: string }[] }

export const probeEngine = async (env: NodeJS.ProcessEnv): Promise<Probe> => {
  const host = env['DOCKER_HOST'] || DEFAULT_HOST
  try {
    const { Version, ApiVersion, Components } = JSON.parse(await ask(host, env, '/version')) as Version
    const kind = Components?.some(({ Name }) => Name.startsWith('Podman')) ? 'podman' : 'docker'
    for (const image of IMAGES) {
      const has = await ask(host, env, `/images/${image}/json`).then(() => true, () => false)
      if (has) return { host, engine: { host, kind, version: Version, apiVersion: ApiVersion, image } }
    }
    return { host, whyNot: `it has none of the images ${IMAGES.join(', ')}: docker pull busybox` }
  } catch (error) {
    return { host, whyNot: error instanceof Error ? error.message || error.name : String(error) }
  }
}

const ask = (host: string, env: NodeJS.ProcessEnv, path: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const tls = Boolean(env['DOCKER_TLS_VERIFY'])
    const request = (tls ? getTls : get)({ ...address(host), ...(tls ? credentials(env['DOCKER_CERT_PATH'] ?? '') : {}), path, agent: false, signal: AbortSignal.timeout(PROBE_MS) }, response => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (piece: string) => (text += piece))
      response.on('error', reject)
      response.on('end', () => (response.statusCode === 200 ? resolve(text) : reject(new Error(`GET ${path} answered ${response.statusCode}`))))
    })
    request.on('error', reject)
  })

const address = (host: string): RequestOptions => {
  const [, scheme, rest = ''] = /^(\w+):\/\/(.*)$/.exec(host) ?? []
  if (scheme === 'unix' || scheme === 'npipe') return { socketPath: rest, headers: { host: 'docker' } }
  if (scheme !== 'tcp' && scheme !== 'http' && scheme !== 'https') throw new Error('the engine tests look for engines behind unix://, npipe:// and tcp:// only')
  const { hostname, port } = new URL(`http://${rest}`)
  return { host: hostname.replace(/^\[|\]$/g, ''), port }
}

const credentials = (folder: string) => ({
  ca: readFileSync(join(folder, 'ca.pem')),
  cert: readFileSync(join(folder, 'cert.pem')),
  key: readFileSync(join(folder, 'key.pem')),
})
