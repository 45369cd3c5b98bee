/** Services of a swarm, by id, name or a beginning of the id that is unique. swarm.ts tells the errors that all share. */
import type { ByteSource } from '../bytes.js'
import type { Client, ExchangeOptions } from '../http/exchange.js'
import { ok } from '../http/ok.js'
import { discard, json } from '../http/receive.js'
import { segment } from './path.js'
import { count, filters, flag, must, oneOf, patient, query, type Filters } from './query.js'
import { authHeader, type RegistryAuth } from './registry-auth.js'
import { objectBody, type Sent } from './request-body.js'
import type { Service, ServiceCreateResponse, ServiceSpec, ServiceUpdateResponse } from './service-types.js'
import { swarmLogs, type SwarmLogsOptions } from './swarm-logs.js'

export type ServiceListOptions = ExchangeOptions & {
  /** id, label, mode, name. */
  filters?: Filters | undefined
  /** Adds ServiceStatus. Since 1.41. */
  status?: boolean | undefined
}

/** Lists services. */
export const serviceList = async (client: Client, options: ServiceListOptions = {}): Promise<Service[]> =>
  json(await ok(client, { method: 'GET', path: `/services${query(options, { filters, status: flag })}` }, options))

export type ServiceCreateOptions = ExchangeOptions & {
  /** Credentials with which nodes pull the image, kept in the service. */
  'X-Registry-Auth'?: RegistryAuth | undefined
}

/** Nothing for none: an update takes those of `registryAuthFrom` only without the header. */
const authHeaders = (auth: RegistryAuth | undefined): Record<string, string> | undefined => auth && authHeader(auth)

/**
 * Creates a service; its tasks start behind that. The engine asks the image's registry for a digest, and warns if it gets none.
 * conflict if the name is taken.
 */
export const serviceCreate = async (client: Client, spec: Sent<ServiceSpec>, options: ServiceCreateOptions = {}): Promise<ServiceCreateResponse> => {
  const { 'X-Registry-Auth': auth, ...rest } = options ?? {}
  return json(await ok(client, { method: 'POST', path: `/services/create${query(rest, {})}`, headers: authHeaders(auth), body: objectBody(spec) }, patient(rest)))
}

export type ServiceInspectOptions = ExchangeOptions & {
  /** Fills in what was not set. */
  insertDefaults?: boolean | undefined
}

/** One service. */
export const serviceInspect = async (client: Client, id: string, options: ServiceInspectOptions = {}): Promise<Service> =>
  json(await ok(client, { method: 'GET', path: `/services/${segment(id)}${query(options, { insertDefaults: flag })}` }, options))

/** Removes a service; its tasks end behind that. */
export const serviceDelete = async (client: Client, id: string, options: ExchangeOptions = {}): Promise<void> =>
  discard(await ok(client, { method: 'DELETE', path: `/services/${segment(id)}${query(options, {})}` }, options))

export type ServiceUpdateOptions = ServiceCreateOptions & {
  /** Version.Index of what serviceInspect said. */
  version: number
  /** Whose credentials to keep if none are given. */
  registryAuthFrom?: 'spec' | 'previous-spec' | undefined
  /** Back to PreviousSpec; the spec that is sent does not matter then. */
  rollback?: 'previous' | undefined
}

/** Changes a service: the spec replaces the whole one, so begin with serviceInspect's. */
export const serviceUpdate = async (client: Client, id: string, spec: Sent<ServiceSpec>, options: ServiceUpdateOptions): Promise<ServiceUpdateResponse> => {
  const { 'X-Registry-Auth': auth, ...rest } = options ?? {}
  const path = `/services/${segment(id)}/update${query(rest, { version: must(count), registryAuthFrom: oneOf('spec', 'previous-spec'), rollback: oneOf('previous') })}`
  return json(await ok(client, { method: 'POST', path, headers: authHeaders(auth), body: objectBody(spec) }, patient(rest)))
}

/** What all tasks of a service have written, in no order among them: multiplexed for `demux`, or raw if they have TTYs. Asks for stdout, stderr or both. */
export const serviceLogs = async (client: Client, id: string, options: SwarmLogsOptions): Promise<Required<ByteSource>> => swarmLogs(client, `/services/${segment(id)}`, options)
