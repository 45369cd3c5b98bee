/** What an engine keeps on its disk. */
import type { Client, ExchangeOptions } from '../http/exchange.js'
import { ok } from '../http/ok.js'
import { json } from '../http/receive.js'
import type { SystemDataUsageResponse } from './data-usage-types.js'
import { flag, patient, query, type Kind } from './query.js'

const TYPES = ['container', 'image', 'volume', 'build-cache'] as const
export type DataUsageType = (typeof TYPES)[number]

const types: Kind<readonly DataUsageType[]> = {
  takes: 'an array of container, image, volume, build-cache',
  encode: value => (Array.isArray(value) && value.every(item => TYPES.includes(item)) ? value : undefined),
}

export type SystemDataUsageOptions = ExchangeOptions & {
  /** What to count; all unless given. Since 1.42. */
  type?: readonly DataUsageType[] | undefined
  /** Adds the Items. Since 1.52. */
  verbose?: boolean | undefined
}

/** How much images, containers, volumes and the build cache take. It takes the engine seconds, for it walks over all files. */
export const systemDataUsage = async (client: Client, options: SystemDataUsageOptions = {}): Promise<SystemDataUsageResponse> =>
  json(await ok(client, { method: 'GET', path: `/system/df${query(options, { type: types, verbose: flag })}` }, patient(options)))
