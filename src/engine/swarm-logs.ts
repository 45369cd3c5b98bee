/** Logs that a manager gathers from the nodes on which tasks run (daemon: server/router/swarm/helpers.go). */
import type { ByteSource } from '../bytes.js'
import { fail } from '../errors.js'
import type { Client, ExchangeOptions } from '../http/exchange.js'
import { ok } from '../http/ok.js'
import { body } from '../http/receive.js'
import { count, flag, patient, query, seconds, type Kind } from './query.js'

export type SwarmLogsOptions = ExchangeOptions & {
  stdout?: boolean | undefined
  stderr?: boolean | undefined
  /** Goes on with what comes, until it is left. */
  follow?: boolean | undefined
  /** From this moment on, in seconds since 1970; a string keeps nanoseconds. */
  since?: string | number | undefined
  /** RFC 3339 with nanoseconds and a space before each message. */
  timestamps?: boolean | undefined
  /** How many messages from the end, of each task. */
  tail?: number | 'all' | undefined
  /** Puts `com.docker.swarm.node.id=…,com.docker.swarm.service.id=…,com.docker.swarm.task.id=…` and a space before each message. */
  details?: boolean | undefined
}

const tail: Kind<number | 'all'> = { takes: "a whole number from 0 on, or 'all'", encode: value => (value === 'all' ? value : count.encode(value)) }

export const swarmLogs = async (client: Client, of: string, options: SwarmLogsOptions): Promise<Required<ByteSource>> => {
  const path = `${of}/logs${query(options, { stdout: flag, stderr: flag, follow: flag, since: seconds, timestamps: flag, tail, details: flag })}`
  if (!options.stdout && !options.stderr) throw fail('request-invalid', 'logs need stdout, stderr or both')
  return body(await ok(client, { method: 'GET', path }, options.follow ? patient(options) : options))
}
