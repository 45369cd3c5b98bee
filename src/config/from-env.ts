/**
 * The engine that the user means: what the caller says, else what the environment says, else the platform's default socket. Each
 * setting is looked for by itself; contexts will come between the environment and the default.
 */
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fail, isError } from '../errors.js'
import { pool, type Pool, type PoolOptions } from '../http/pool.js'
import { withVersion } from '../http/with.js'
import type { Dial } from '../io/connection.js'
import type { TlsOptions } from '../io/dial-tls.js'
import { dialUrl } from '../io/dial-url.js'
import { negotiate, type Negotiated } from './negotiate.js'
import { readTlsFiles } from './tls-files.js'

/** The environment's variables, as process.env has them. */
export type Env = { readonly [name: string]: string | undefined }

export type FromEnvOptions = PoolOptions & {
  /** The engine's address, rather than DOCKER_HOST's. */
  host?: string | undefined
  /** How to do TLS, rather than as DOCKER_TLS_VERIFY and DOCKER_CERT_PATH say. */
  tls?: TlsOptions | undefined
  /** The API version to speak without asking the engine, rather than DOCKER_API_VERSION's. */
  version?: string | undefined
  /** Where to look for variables, rather than in process.env. */
  env?: Env | undefined
}

/**
 * TLS if DOCKER_TLS_VERIFY says something, or DOCKER_CERT_PATH does; it is verified unless DOCKER_TLS_VERIFY is set and empty,
 * as docker-py and the Go client have it. (They do not verify either when it is not set; that is no choice of the user's.)
 */
const tlsFromEnv = async (env: Env): Promise<TlsOptions | undefined> => {
  const { DOCKER_TLS_VERIFY, DOCKER_CERT_PATH } = env
  if (!DOCKER_TLS_VERIFY && !DOCKER_CERT_PATH) return undefined
  const verify = DOCKER_TLS_VERIFY !== ''
  if (DOCKER_CERT_PATH) return readTlsFiles('DOCKER_CERT_PATH', DOCKER_CERT_PATH, verify)
  return readTlsFiles('DOCKER_TLS_VERIFY', env.DOCKER_CONFIG || join(env.HOME || env.USERPROFILE || homedir(), '.docker'), verify)
}

/** Runs `make`, and puts in front of its config-invalid which setting it is about. */
const blame = <T>(setting: string, make: () => T): T => {
  try {
    return make()
  } catch (error) {
    if (!isError(error, 'config-invalid')) throw error
    throw fail('config-invalid', `${setting}: ${error.message}`, { cause: error })
  }
}

const needsTls = (host: string): boolean => !/^\s*((unix|npipe):|$)/i.test(host)

/**
 * Makes a pool for the user's engine. Nothing is dialled before the first request, which also negotiates the API version
 * unless one is given.
 *
 * Variables: DOCKER_HOST; DOCKER_TLS_VERIFY and DOCKER_CERT_PATH (ca.pem, cert.pem and key.pem; DOCKER_CONFIG or ~/.docker unless
 * set), which sockets and pipes have no use for; DOCKER_API_VERSION. One that is empty is not set, but for DOCKER_TLS_VERIFY. Errors:
 * config-invalid, which names the variable or the option.
 */
export const fromEnv = async ({ host, tls, version, env = process.env, ...options }: FromEnvOptions = {}): Promise<Pool & Negotiated> => {
  const address = host ?? env.DOCKER_HOST ?? ''
  const secure = tls ?? (needsTls(address) ? await tlsFromEnv(env) : undefined)
  const dial: Dial = blame(host === undefined ? 'DOCKER_HOST' : 'host', () => dialUrl(address, secure))
  const connections = pool(dial, options)

  const pinned = version ?? (env.DOCKER_API_VERSION?.replace(/^v/, '') || undefined)
  if (pinned === undefined) return negotiate(connections, { headMs: options.headMs })
  const client = blame(version === undefined ? 'DOCKER_API_VERSION' : 'version', () => withVersion(connections, pinned))
  return { ...client, apiVersion: () => Promise.resolve(pinned) }
}
