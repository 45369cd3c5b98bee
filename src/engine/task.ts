/** Tasks of a swarm, by id, name or a beginning of the id that is unique. swarm.ts tells the errors that all share. */
import type { ByteSource } from '../bytes.js'
import type { Client, ExchangeOptions } from '../http/exchange.js'
import { ok } from '../http/ok.js'
import { json } from '../http/receive.js'
import { segment } from './path.js'
import { filters, query, type Filters } from './query.js'
import { swarmLogs, type SwarmLogsOptions } from './swarm-logs.js'
import type { Task } from './task-types.js'

export type TaskListOptions = ExchangeOptions & {
  /** desired-state, id, label, name, node, service. */
  filters?: Filters | undefined
}

/** Lists tasks, those that have ended among them. */
export const taskList = async (client: Client, options: TaskListOptions = {}): Promise<Task[]> =>
  json(await ok(client, { method: 'GET', path: `/tasks${query(options, { filters })}` }, options))

/** One task. */
export const taskInspect = async (client: Client, id: string, options: ExchangeOptions = {}): Promise<Task> =>
  json(await ok(client, { method: 'GET', path: `/tasks/${segment(id)}${query(options, {})}` }, options))

/** What a task has written: multiplexed for `demux`, or raw if it has a TTY. Asks for stdout, stderr or both. */
export const taskLogs = async (client: Client, id: string, options: SwarmLogsOptions): Promise<Required<ByteSource>> => swarmLogs(client, `/tasks/${segment(id)}`, options)
