/** The engine itself: whether it answers, what it is and what it runs on. */
import { utf8 } from '../bytes.js'
import type { Client, ExchangeOptions } from '../http/exchange.js'
import { ok, refusalOf } from '../http/ok.js'
import { json } from '../http/receive.js'
import { header } from '../wire/response-head.js'
import { query } from './query.js'
import type { Ping, SystemInfo, SystemVersion } from './system-types.js'

const ping = async (client: Client, method: string, options?: ExchangeOptions): Promise<Ping> => {
  const response = await client.exchange({ method, path: '/_ping' }, options)
  // What matters stands in the head. Neither OK nor an error's text is worth a reader of bodies: they come with it, or not at all.
  const { status, whole } = response
  response.consumed = true
  response.release(false)
  if (status !== 200) throw refusalOf(response, whole ? utf8(whole) : '')
  const ping: Ping = { experimental: header(response, 'docker-experimental') === 'true' }
  const add = (name: Exclude<keyof Ping, 'experimental'>, field: string): void => {
    const value = header(response, field)
    if (value) ping[name] = value
  }
  add('apiVersion', 'api-version')
  add('osType', 'ostype')
  add('builderVersion', 'builder-version')
  add('swarm', 'swarm')
  return ping
}

/** Asks whether the engine answers, and reads from the headers what it says about itself. A client that negotiates sends it without a version. */
export const systemPing = (client: Client, options?: ExchangeOptions): Promise<Ping> => ping(client, 'GET', options)

/** systemPing without a body. Since 1.40; an older engine answers 404 or 405. */
export const systemPingHead = (client: Client, options?: ExchangeOptions): Promise<Ping> => ping(client, 'HEAD', options)

/** The versions of the engine and its parts. */
export const systemVersion = async (client: Client, options: ExchangeOptions = {}): Promise<SystemVersion> =>
  json(await ok(client, { method: 'GET', path: `/version${query(options, {})}` }, options))

/** What the engine runs on and how it is set up. */
export const systemInfo = async (client: Client, options: ExchangeOptions = {}): Promise<SystemInfo> =>
  json(await ok(client, { method: 'GET', path: `/info${query(options, {})}` }, options))
