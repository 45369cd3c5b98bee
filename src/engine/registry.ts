/** What the engine asks a registry without pulling or pushing. It answers server-error where it cannot reach it. */
import type { Client, ExchangeOptions } from '../http/exchange.js'
import { ok } from '../http/ok.js'
import { discard, json } from '../http/receive.js'
import type { OciDescriptor, OciPlatform } from './oci-types.js'
import { segments } from './path.js'
import { query } from './query.js'
import { authHeader, checkedAuth, type RegistryAuth } from './registry-auth.js'
import { objectBody } from './request-body.js'

/** With a token to use instead of the password, where the registry gives one. */
export type AuthResponse = { Status: string; IdentityToken?: string }

/** Checks credentials, and has the registry of their `serveraddress` give a token. unauthorized if they are wrong. The engine remembers nothing. */
export const systemAuth = async (client: Client, authConfig: RegistryAuth, options: ExchangeOptions = {}): Promise<AuthResponse> => {
  const response = await ok(client, { method: 'POST', path: `/auth${query(options, {})}`, body: objectBody(checkedAuth(authConfig)) }, options)
  if (response.status !== 204) return json(response)
  await discard(response)
  return { Status: '' }
}

export type DistributionInspectOptions = ExchangeOptions & {
  /** Credentials for the registry. */
  'X-Registry-Auth'?: RegistryAuth | undefined
}

export type DistributionInspect = { Descriptor: OciDescriptor; Platforms: OciPlatform[] | null }

/** The digest of an image in its registry, and the platforms that it has. unauthorized, or forbidden, also for what is not there; podman has no such operation. */
export const distributionInspect = async (client: Client, name: string, options: DistributionInspectOptions = {}): Promise<DistributionInspect> => {
  const { 'X-Registry-Auth': auth, ...rest } = options ?? {}
  return json(await ok(client, { method: 'GET', path: `/distribution/${segments(name)}/json${query(rest, {})}`, headers: auth && authHeader(auth) }, rest))
}
