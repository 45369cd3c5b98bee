/** Configs of a swarm, by id, name or a beginning of the id that is unique. swarm.ts tells the errors that all share. */
import type { Body, Client, ExchangeOptions } from '../http/exchange.js'
import { ok } from '../http/ok.js'
import { discard, json } from '../http/receive.js'
import { decodeBase64, encodeBase64 } from './base64.js'
import { segment } from './path.js'
import { count, filters, must, query, type Filters } from './query.js'
import { objectBody } from './request-body.js'
import type { Config, ConfigSpec } from './secret-types.js'

/** Data as the wire has it. */
const specBody = (spec: ConfigSpec): Body => objectBody(spec?.Data === undefined ? spec : { ...spec, Data: encodeBase64(spec.Data) })

type Wire = Omit<Config, 'Spec'> & { Spec: Omit<Config['Spec'], 'Data'> & { Data?: string | null } }

const decoded = ({ Spec, ...rest }: Wire): Config => ({ ...rest, Spec: { ...Spec, Data: decodeBase64(Spec.Data ?? '') } })

export type ConfigListOptions = ExchangeOptions & {
  /** id, label, name, names. */
  filters?: Filters | undefined
}

/** Lists configs, with their data. Errors: json-malformed. */
export const configList = async (client: Client, options: ConfigListOptions = {}): Promise<Config[]> =>
  (await json<Wire[]>(await ok(client, { method: 'GET', path: `/configs${query(options, { filters })}` }, options))).map(decoded)

/** Keeps a config. conflict if the name is taken. */
export const configCreate = async (client: Client, spec: ConfigSpec, options: ExchangeOptions = {}): Promise<{ ID: string }> =>
  json(await ok(client, { method: 'POST', path: `/configs/create${query(options, {})}`, body: specBody(spec) }, options))

/** One config, with its data. Errors: json-malformed. */
export const configInspect = async (client: Client, id: string, options: ExchangeOptions = {}): Promise<Config> =>
  decoded(await json<Wire>(await ok(client, { method: 'GET', path: `/configs/${segment(id)}${query(options, {})}` }, options)))

/** Removes a config. bad-parameter if a service uses it. */
export const configDelete = async (client: Client, id: string, options: ExchangeOptions = {}): Promise<void> =>
  discard(await ok(client, { method: 'DELETE', path: `/configs/${segment(id)}${query(options, {})}` }, options))

export type ConfigUpdateOptions = ExchangeOptions & {
  /** Version.Index of what configInspect said. */
  version: number
}

/** Changes a config's labels, and nothing else: the rest of the spec must be what configInspect said. */
export const configUpdate = async (client: Client, id: string, spec: ConfigSpec, options: ConfigUpdateOptions): Promise<void> =>
  discard(await ok(client, { method: 'POST', path: `/configs/${segment(id)}/update${query(options, { version: must(count) })}`, body: specBody(spec) }, options))
