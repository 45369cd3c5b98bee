/** Networks, by id or name. Not-found means the network, or the container that is to join or leave it. */
import type { Client, ExchangeOptions } from '../http/exchange.js'
import { ok } from '../http/ok.js'
import { discard, json } from '../http/receive.js'
import type { NetworkConnectRequest, NetworkCreateRequest, NetworkCreateResponse, NetworkDisconnectRequest, NetworkInspect, NetworkPruneResponse, NetworkSummary } from './network-types.js'
import { segment } from './path.js'
import { filters, flag, patient, query, text, type Filters } from './query.js'
import { objectBody } from './request-body.js'

export type NetworkListOptions = ExchangeOptions & {
  /** dangling, driver, id, label, name, scope, type. */
  filters?: Filters | undefined
}

/** Lists networks. */
export const networkList = async (client: Client, options: NetworkListOptions = {}): Promise<NetworkSummary[]> =>
  json(await ok(client, { method: 'GET', path: `/networks${query(options, { filters })}` }, options))

export type NetworkInspectOptions = ExchangeOptions & {
  /** Adds Services. */
  verbose?: boolean | undefined
  /** swarm, global or local, where several have the name. */
  scope?: string | undefined
}

/** Everything that the engine knows about a network, and who is in it. */
export const networkInspect = async (client: Client, id: string, options: NetworkInspectOptions = {}): Promise<NetworkInspect> =>
  json(await ok(client, { method: 'GET', path: `/networks/${segment(id)}${query(options, { verbose: flag, scope: text })}` }, options))

/** Creates a network. conflict if the name is taken, forbidden if it is the engine's own; bad-parameter, or with older engines server-error or forbidden, if its subnet overlaps. */
export const networkCreate = async (client: Client, config: NetworkCreateRequest, options: ExchangeOptions = {}): Promise<NetworkCreateResponse> =>
  json(await ok(client, { method: 'POST', path: `/networks/create${query(options, {})}`, body: objectBody(config) }, options))

/** Puts a container into a network. forbidden if it is in it already, or shares the host's. */
export const networkConnect = async (client: Client, id: string, container: NetworkConnectRequest, options: ExchangeOptions = {}): Promise<void> =>
  discard(await ok(client, { method: 'POST', path: `/networks/${segment(id)}/connect${query(options, {})}`, body: objectBody(container) }, options))

/** Takes a container out of a network. */
export const networkDisconnect = async (client: Client, id: string, container: NetworkDisconnectRequest, options: ExchangeOptions = {}): Promise<void> =>
  discard(await ok(client, { method: 'POST', path: `/networks/${segment(id)}/disconnect${query(options, {})}`, body: objectBody(container) }, options))

/** Removes a network. forbidden if containers are in it, or it is the engine's own. */
export const networkDelete = async (client: Client, id: string, options: ExchangeOptions = {}): Promise<void> =>
  discard(await ok(client, { method: 'DELETE', path: `/networks/${segment(id)}${query(options, {})}` }, options))

export type NetworkPruneOptions = ExchangeOptions & {
  /** until, label, label!. */
  filters?: Filters | undefined
}

/** Removes the networks that no container is in, except the engine's own. conflict while another prune is under way. */
export const networkPrune = async (client: Client, options: NetworkPruneOptions = {}): Promise<NetworkPruneResponse> =>
  json(await ok(client, { method: 'POST', path: `/networks/prune${query(options, { filters })}` }, patient(options)))
