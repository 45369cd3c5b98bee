/** Volumes, by name. */
import type { Client, ExchangeOptions } from '../http/exchange.js'
import { ok } from '../http/ok.js'
import { discard, json } from '../http/receive.js'
import { segment } from './path.js'
import { count, filters, flag, must, patient, query, type Filters } from './query.js'
import { objectBody, type Sent } from './request-body.js'
import type { ClusterVolumeSpec, Volume, VolumeCreateRequest, VolumeListResponse, VolumePruneResponse } from './volume-types.js'

export type VolumeListOptions = ExchangeOptions & {
  /** dangling, driver, label, name. */
  filters?: Filters | undefined
}

/** Lists volumes. */
export const volumeList = async (client: Client, options: VolumeListOptions = {}): Promise<VolumeListResponse> =>
  json(await ok(client, { method: 'GET', path: `/volumes${query(options, { filters })}` }, options))

/** Creates a volume; if there is one of that name and driver, that is the answer. */
export const volumeCreate = async (client: Client, volumeConfig: VolumeCreateRequest, options: ExchangeOptions = {}): Promise<Volume> =>
  json(await ok(client, { method: 'POST', path: `/volumes/create${query(options, {})}`, body: objectBody(volumeConfig) }, options))

/** Everything that the engine knows about a volume. */
export const volumeInspect = async (client: Client, name: string, options: ExchangeOptions = {}): Promise<Volume> =>
  json(await ok(client, { method: 'GET', path: `/volumes/${segment(name)}${query(options, {})}` }, options))

export type VolumeUpdateOptions = ExchangeOptions & {
  /** The Index that the cluster volume had when it was inspected. */
  version: number
}

/** Changes a cluster volume, of which only the Availability can be changed. Since 1.42, on swarm managers: else unavailable. */
export const volumeUpdate = async (client: Client, name: string, body: Sent<{ Spec: ClusterVolumeSpec }>, options: VolumeUpdateOptions): Promise<void> =>
  discard(await ok(client, { method: 'PUT', path: `/volumes/${segment(name)}${query(options, { version: must(count) })}`, body: objectBody(body) }, options))

export type VolumeDeleteOptions = ExchangeOptions & {
  /** Even if its driver fails, or says that it is gone. */
  force?: boolean | undefined
}

/** Removes a volume. conflict if a container uses it. */
export const volumeDelete = async (client: Client, name: string, options: VolumeDeleteOptions = {}): Promise<void> =>
  discard(await ok(client, { method: 'DELETE', path: `/volumes/${segment(name)}${query(options, { force: flag })}` }, options))

export type VolumePruneOptions = ExchangeOptions & {
  /** label, label!; since 1.42 also all: true for those with a name, too, which until 1.41 go in any case. */
  filters?: Filters | undefined
}

/** Removes volumes that no container uses: those without a name of their own. conflict while another prune is under way. */
export const volumePrune = async (client: Client, options: VolumePruneOptions = {}): Promise<VolumePruneResponse> =>
  json(await ok(client, { method: 'POST', path: `/volumes/prune${query(options, { filters })}` }, patient(options)))
