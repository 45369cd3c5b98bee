/** The nodes of a swarm, by id, name or a beginning of the id that is unique. swarm.ts tells the errors that all share. */
import type { Client, ExchangeOptions } from '../http/exchange.js'
import { ok } from '../http/ok.js'
import { discard, json } from '../http/receive.js'
import type { Node, NodeSpec } from './node-types.js'
import { segment } from './path.js'
import { count, filters, flag, must, query, type Filters } from './query.js'
import { objectBody, type Sent } from './request-body.js'

export type NodeListOptions = ExchangeOptions & {
  /** id, label, membership, name, node.label, role. */
  filters?: Filters | undefined
}

/** Lists nodes. */
export const nodeList = async (client: Client, options: NodeListOptions = {}): Promise<Node[]> =>
  json(await ok(client, { method: 'GET', path: `/nodes${query(options, { filters })}` }, options))

/** One node. */
export const nodeInspect = async (client: Client, id: string, options: ExchangeOptions = {}): Promise<Node> =>
  json(await ok(client, { method: 'GET', path: `/nodes/${segment(id)}${query(options, {})}` }, options))

export type NodeDeleteOptions = ExchangeOptions & {
  /** Even if it is up. A manager must be demoted first all the same. */
  force?: boolean | undefined
}

/** Strikes a node off, mostly one that is down. */
export const nodeDelete = async (client: Client, id: string, options: NodeDeleteOptions = {}): Promise<void> =>
  discard(await ok(client, { method: 'DELETE', path: `/nodes/${segment(id)}${query(options, { force: flag })}` }, options))

export type NodeUpdateOptions = ExchangeOptions & {
  /** Version.Index of what nodeInspect said. */
  version: number
}

/** Promotes, demotes, drains or labels a node: the spec replaces the whole one, and needs Role and Availability. */
export const nodeUpdate = async (client: Client, id: string, spec: Sent<NodeSpec>, options: NodeUpdateOptions): Promise<void> =>
  discard(await ok(client, { method: 'POST', path: `/nodes/${segment(id)}/update${query(options, { version: must(count) })}`, body: objectBody(spec) }, options))
