/** What containers use: a sample each second, or one. */
import type { Client, ExchangeOptions, Response } from '../http/exchange.js'
import { ok } from '../http/ok.js'
import { json } from '../http/receive.js'
import type { ContainerStatsResponse } from './container-stats-types.js'
import { segment } from './path.js'
import { flag, patient, query } from './query.js'
import { recordStream, type RecordStream } from './record-stream.js'

/** A sample each second, until the container is removed. Of one that does not run Docker sends nothing, and waits. */
export const containerStats = (client: Client, id: string, options: ExchangeOptions = {}): RecordStream<ContainerStatsResponse> => {
  const start = async (): Promise<Response> => ok(client, { method: 'GET', path: `/containers/${segment(id)}/stats?stream=1${query(options, {})}` }, patient(options))
  return recordStream(start())
}

export type ContainerStatsOnceOptions = ExchangeOptions & {
  /** Take no second sample, which takes a second: precpu_stats is then empty. Since 1.41. */
  'one-shot'?: boolean | undefined
}

/** One sample (the API's `stream=0`), nearly empty for a container that does not run. */
export const containerStatsOnce = async (client: Client, id: string, options: ContainerStatsOnceOptions = {}): Promise<ContainerStatsResponse> =>
  json(await ok(client, { method: 'GET', path: `/containers/${segment(id)}/stats?stream=0${query(options, { 'one-shot': flag }).replace('?', '&')}` }, options))
