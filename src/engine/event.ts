/** What happens in an engine, as it happens. */
import type { Client, ExchangeOptions, Response } from '../http/exchange.js'
import { ok } from '../http/ok.js'
import type { EventMessage } from './event-types.js'
import { filters, patient, query, seconds, type Filters } from './query.js'
import { recordStream, type RecordStream } from './record-stream.js'

export type SystemEventsOptions = ExchangeOptions & {
  /** First those from this moment on, in seconds since 1970; a string keeps nanoseconds. Docker remembers the last 256 only. */
  since?: string | number | undefined
  /** The stream ends at this moment, at once if it has passed. */
  until?: string | number | undefined
  /** config, container, daemon, event, image, label, network, node, plugin, scope, secret, service, type, volume. */
  filters?: Filters | undefined
}

/**
 * Events, for as long as somebody listens. To miss nothing, wait until the engine has registered it, or give `since`. Who listens too slowly
 * misses events without a word (daemon: events.go), so read on, and queue what takes time.
 */
export const systemEvents = (client: Client, options: SystemEventsOptions = {}): RecordStream<EventMessage> => {
  const start = async (): Promise<Response> => ok(client, { method: 'GET', path: `/events${query(options, { since: seconds, until: seconds, filters })}` }, patient(options))
  return recordStream(start())
}
