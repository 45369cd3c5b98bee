/** Clients around clients: what each request of one gets. */
import { fail } from '../errors.js'
import type { Client } from './exchange.js'

/** Prefixes every path with an API version such as 1.47. */
export const withVersion = <C extends Client>(client: C, version: string): C => {
  if (typeof version !== 'string' || !/^\d+\.\d+$/.test(version)) throw fail('config-invalid', `${JSON.stringify(version)} is not an API version: 1.47 is one`)
  return { ...client, exchange: (request, options) => client.exchange({ ...request, path: `/v${version}${request.path}` }, options) }
}

/** Adds headers to every request; the request's own win. */
export const withHeaders = <C extends Client>(client: C, headers: Readonly<Record<string, string | readonly string[]>>): C => ({
  ...client,
  exchange: (request, options) => client.exchange({ ...request, headers: { ...headers, ...request.headers } }, options),
})
