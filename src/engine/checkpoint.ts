/**
 * Checkpoints of containers, which the daemon has and the reference does not (daemon: server/router/checkpoint). They need CRIU and
 * experimental features: without them Docker answers not-implemented. Podman answers not-found to all.
 */
import type { Client, ExchangeOptions } from '../http/exchange.js'
import { ok } from '../http/ok.js'
import { discard, json } from '../http/receive.js'
import { segment } from './path.js'
import { query, text } from './query.js'
import { objectBody, type Sent } from './request-body.js'

export type CheckpointCreateRequest = Sent<{
  CheckpointID: string
  /** On the engine's host; with the container unless given. */
  CheckpointDir: string
  /** Stop the container behind it. */
  Exit: boolean
}>

/** Writes down the state of a running container; containerStart with `checkpoint` goes on from it. */
export const checkpointCreate = async (client: Client, id: string, checkpoint: CheckpointCreateRequest, options: ExchangeOptions = {}): Promise<void> =>
  discard(await ok(client, { method: 'POST', path: `/containers/${segment(id)}/checkpoints${query(options, {})}`, body: objectBody(checkpoint) }, options))

export type CheckpointOptions = ExchangeOptions & {
  /** The CheckpointDir, where one was given. */
  dir?: string | undefined
}

/** Lists a container's checkpoints; null for none. */
export const checkpointList = async (client: Client, id: string, options: CheckpointOptions = {}): Promise<{ Name: string }[] | null> =>
  json(await ok(client, { method: 'GET', path: `/containers/${segment(id)}/checkpoints${query(options, { dir: text })}` }, options))

/** Removes a checkpoint. */
export const checkpointDelete = async (client: Client, id: string, checkpoint: string, options: CheckpointOptions = {}): Promise<void> =>
  discard(await ok(client, { method: 'DELETE', path: `/containers/${segment(id)}/checkpoints/${segment(checkpoint)}${query(options, { dir: text })}` }, options))
