/** Secrets of a swarm, by id, name or a beginning of the id that is unique. swarm.ts tells the errors that all share. */
import type { Body, Client, ExchangeOptions } from '../http/exchange.js'
import { ok } from '../http/ok.js'
import { discard, json } from '../http/receive.js'
import { encodeBase64 } from './base64.js'
import { segment } from './path.js'
import { count, filters, must, query, type Filters } from './query.js'
import { objectBody } from './request-body.js'
import type { Secret, SecretSpec } from './secret-types.js'

/** Data as the wire has it. */
const specBody = (spec: SecretSpec): Body => objectBody(spec?.Data === undefined ? spec : { ...spec, Data: encodeBase64(spec.Data) })

export type SecretListOptions = ExchangeOptions & {
  /** id, label, name, names. */
  filters?: Filters | undefined
}

/** Lists secrets, without their data. */
export const secretList = async (client: Client, options: SecretListOptions = {}): Promise<Secret[]> =>
  json(await ok(client, { method: 'GET', path: `/secrets${query(options, { filters })}` }, options))

/** Keeps a secret. conflict if the name is taken. */
export const secretCreate = async (client: Client, spec: SecretSpec, options: ExchangeOptions = {}): Promise<{ ID: string }> =>
  json(await ok(client, { method: 'POST', path: `/secrets/create${query(options, {})}`, body: specBody(spec) }, options))

/** One secret, without its data. */
export const secretInspect = async (client: Client, id: string, options: ExchangeOptions = {}): Promise<Secret> =>
  json(await ok(client, { method: 'GET', path: `/secrets/${segment(id)}${query(options, {})}` }, options))

/** Removes a secret. bad-parameter if a service uses it. */
export const secretDelete = async (client: Client, id: string, options: ExchangeOptions = {}): Promise<void> =>
  discard(await ok(client, { method: 'DELETE', path: `/secrets/${segment(id)}${query(options, {})}` }, options))

export type SecretUpdateOptions = ExchangeOptions & {
  /** Version.Index of what secretInspect said. */
  version: number
}

/** Changes a secret's labels, and nothing else; the rest of the spec may be what secretInspect said. */
export const secretUpdate = async (client: Client, id: string, spec: SecretSpec, options: SecretUpdateOptions): Promise<void> =>
  discard(await ok(client, { method: 'POST', path: `/secrets/${segment(id)}/update${query(options, { version: must(count) })}`, body: specBody(spec) }, options))
