/**
 * Swarms: clusters that engines form by themselves.
 *
 * A node that is no manager, or that is locked, is `unavailable`, here and for nodes, services, tasks, secrets and configs; the message
 * tells which. Podman 4 has secrets only; for the others it is not-found, or unavailable with other words. An update whose version is not the latest is server-error or, from newer engines,
 * bad-parameter, with "update out of sequence" in its message: inspect again, and try again.
 */
import type { Client, ExchangeOptions } from '../http/exchange.js'
import { ok } from '../http/ok.js'
import { discard, json } from '../http/receive.js'
import { count, flag, must, patient, query } from './query.js'
import { objectBody, type Sent } from './request-body.js'
import type { Swarm, SwarmInitRequest, SwarmJoinRequest, SwarmUnlockkeyResponse } from './swarm-types.js'
import type { SwarmSpec } from './system-types.js'

/** The swarm that this node manages. */
export const swarmInspect = async (client: Client, options: ExchangeOptions = {}): Promise<Swarm> =>
  json(await ok(client, { method: 'GET', path: `/swarm${query(options, {})}` }, options))

/** Makes a swarm with this node as its manager, and resolves with the node's id. unavailable if it is in one already. */
export const swarmInit = async (client: Client, config: SwarmInitRequest, options: ExchangeOptions = {}): Promise<string> =>
  json(await ok(client, { method: 'POST', path: `/swarm/init${query(options, {})}`, body: objectBody(config) }, patient(options)))

/** Joins a swarm. The engine gives up after 20 s, and goes on trying behind it. unavailable if it is in one already. */
export const swarmJoin = async (client: Client, config: SwarmJoinRequest, options: ExchangeOptions = {}): Promise<void> =>
  discard(await ok(client, { method: 'POST', path: `/swarm/join${query(options, {})}`, body: objectBody(config) }, patient(options)))

export type SwarmLeaveOptions = ExchangeOptions & {
  /** Even if the swarm loses its last manager, or those left are too few to decide. */
  force?: boolean | undefined
}

/** Leaves the swarm; the node's tasks end. A manager needs force, and is unavailable without. */
export const swarmLeave = async (client: Client, options: SwarmLeaveOptions = {}): Promise<void> =>
  discard(await ok(client, { method: 'POST', path: `/swarm/leave${query(options, { force: flag })}` }, patient(options)))

export type SwarmUpdateOptions = ExchangeOptions & {
  /** Version.Index of what swarmInspect said. */
  version: number
  rotateWorkerToken?: boolean | undefined
  rotateManagerToken?: boolean | undefined
  rotateManagerUnlockKey?: boolean | undefined
}

/** Changes how a swarm is run: the spec replaces the whole one, so begin with swarmInspect's. */
export const swarmUpdate = async (client: Client, spec: Sent<SwarmSpec>, options: SwarmUpdateOptions): Promise<void> =>
  discard(await ok(client, { method: 'POST', path: `/swarm/update${query(options, { version: must(count), rotateWorkerToken: flag, rotateManagerToken: flag, rotateManagerUnlockKey: flag })}`, body: objectBody(spec) }, options))

/** What a locked manager has to be told when it starts again. */
export const swarmUnlockkey = async (client: Client, options: ExchangeOptions = {}): Promise<SwarmUnlockkeyResponse> =>
  json(await ok(client, { method: 'GET', path: `/swarm/unlockkey${query(options, {})}` }, options))

/** Unlocks a manager that has started again. conflict if it is not locked. */
export const swarmUnlock = async (client: Client, key: SwarmUnlockkeyResponse, options: ExchangeOptions = {}): Promise<void> =>
  discard(await ok(client, { method: 'POST', path: `/swarm/unlock${query(options, {})}`, body: objectBody(key) }, patient(options)))
