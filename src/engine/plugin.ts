/**
 * Plugins of the engine, by name with a tag (latest unless given) or id. Podman has none: not-found.
 *
 * pluginPull, pluginUpgrade and pluginPush answer 200 and report progress, whatever the reference says of 204 (daemon: plugin_routes.go).
 */
import { fail } from '../errors.js'
import type { Body, Client, ExchangeOptions, Response } from '../http/exchange.js'
import { ok } from '../http/ok.js'
import { discard, json } from '../http/receive.js'
import { jsonBody } from '../http/send.js'
import { jsonStream, type JsonStream, type ProgressRecord } from './json-stream.js'
import { segments } from './path.js'
import type { Plugin, PluginPrivilege } from './plugin-types.js'
import { count, filters, flag, must, patient, query, text, type Filters } from './query.js'
import { authHeader, type RegistryAuth } from './registry-auth.js'
import { archiveBody, type Archive, type Sent } from './request-body.js'

const listBody = (value: readonly unknown[]): Body => {
  if (!Array.isArray(value)) throw fail('request-invalid', `this request takes an array, not ${value === null ? 'null' : typeof value}`)
  return jsonBody(value)
}

export type PluginListOptions = ExchangeOptions & {
  /** capability, enabled. */
  filters?: Filters | undefined
}

/** Lists the plugins that are installed. */
export const pluginList = async (client: Client, options: PluginListOptions = {}): Promise<Plugin[]> =>
  json(await ok(client, { method: 'GET', path: `/plugins${query(options, { filters })}` }, options))

/** Credentials for the registry. */
type Auth = ExchangeOptions & { 'X-Registry-Auth'?: RegistryAuth | undefined }

const splitAuth = <O extends Auth>(options: O): { headers: Record<string, string>; rest: Omit<O, 'X-Registry-Auth'> } => {
  const { 'X-Registry-Auth': auth, ...rest } = options ?? {}
  return { headers: authHeader(auth), rest }
}

export type GetPluginPrivilegesOptions = Auth & {
  /** The plugin in its registry. */
  remote: string
}

/** What a plugin wants to be allowed. Asks the registry; one that does not answer counts as nothing (20.10 to 28). */
export const getPluginPrivileges = async (client: Client, options: GetPluginPrivilegesOptions): Promise<PluginPrivilege[] | null> => {
  const { headers, rest } = splitAuth(options)
  return json(await ok(client, { method: 'GET', path: `/plugins/privileges${query<ExchangeOptions & { remote: string }>(rest, { remote: must(text) })}`, headers }, patient(rest)))
}

export type PluginPullOptions = GetPluginPrivilegesOptions & {
  /** What to call it here; `remote` unless given. */
  name?: string | undefined
}

/** Installs a plugin, which is not enabled yet. `privileges` must be all that getPluginPrivileges said. Await it for the end, or iterate it for the progress. */
export const pluginPull = (client: Client, privileges: Sent<PluginPrivilege[]>, options: PluginPullOptions): JsonStream<ProgressRecord> => {
  const start = async (): Promise<Response> => {
    const { headers, rest } = splitAuth(options)
    return ok(client, { method: 'POST', path: `/plugins/pull${query<ExchangeOptions & { remote: string; name?: string | undefined }>(rest, { remote: must(text), name: text })}`, headers, body: listBody(privileges) }, patient(rest))
  }
  return jsonStream(start())
}

/** Everything that the engine knows about a plugin. */
export const pluginInspect = async (client: Client, name: string, options: ExchangeOptions = {}): Promise<Plugin> =>
  json(await ok(client, { method: 'GET', path: `/plugins/${segments(name)}/json${query(options, {})}` }, options))

export type PluginDeleteOptions = ExchangeOptions & {
  /** Even if it is enabled. */
  force?: boolean | undefined
}

/** Removes a plugin. conflict if it is enabled, or in use. */
export const pluginDelete = async (client: Client, name: string, options: PluginDeleteOptions = {}): Promise<void> =>
  discard(await ok(client, { method: 'DELETE', path: `/plugins/${segments(name)}${query(options, { force: flag })}` }, options))

export type PluginEnableOptions = ExchangeOptions & {
  /** Seconds that it has to answer; 0, which is 30, unless given. */
  timeout?: number | undefined
}

/** Starts a plugin. conflict if it is enabled. */
export const pluginEnable = async (client: Client, name: string, options: PluginEnableOptions = {}): Promise<void> => {
  // Older engines refuse a request without it (daemon: plugin_routes.go, enablePlugin).
  const path = `/plugins/${segments(name)}/enable${query({ timeout: 0, ...options }, { timeout: count })}`
  return discard(await ok(client, { method: 'POST', path }, patient(options)))
}

export type PluginDisableOptions = ExchangeOptions & {
  /** Even if it is in use. */
  force?: boolean | undefined
}

/** Stops a plugin. conflict if it is disabled, or in use. */
export const pluginDisable = async (client: Client, name: string, options: PluginDisableOptions = {}): Promise<void> =>
  discard(await ok(client, { method: 'POST', path: `/plugins/${segments(name)}/disable${query(options, { force: flag })}` }, patient(options)))

/** Replaces a disabled plugin by another version, and keeps its settings. Await it for the end, or iterate it for the progress. */
export const pluginUpgrade = (client: Client, name: string, privileges: Sent<PluginPrivilege[]>, options: GetPluginPrivilegesOptions): JsonStream<ProgressRecord> => {
  const start = async (): Promise<Response> => {
    const { headers, rest } = splitAuth(options)
    return ok(client, { method: 'POST', path: `/plugins/${segments(name)}/upgrade${query<ExchangeOptions & { remote: string }>(rest, { remote: must(text) })}`, headers, body: listBody(privileges) }, patient(rest))
  }
  return jsonStream(start())
}

export type PluginCreateOptions = ExchangeOptions & {
  /** With a tag if wanted. */
  name: string
}

/** Makes a plugin of a tar archive that holds config.json and the directory rootfs. conflict if the name is taken. */
export const pluginCreate = async (client: Client, archive: Archive, options: PluginCreateOptions): Promise<void> =>
  discard(await ok(client, { method: 'POST', path: `/plugins/create${query(options, { name: must(text) })}`, body: archiveBody(archive) }, patient(options)))

export type PluginPushOptions = Auth

/** Pushes a plugin to the registry that its name has. Await it for the end, or iterate it for the progress. */
export const pluginPush = (client: Client, name: string, options: PluginPushOptions = {}): JsonStream<ProgressRecord> => {
  const start = async (): Promise<Response> => {
    const { headers, rest } = splitAuth(options)
    return ok(client, { method: 'POST', path: `/plugins/${segments(name)}/push${query<ExchangeOptions>(rest, {})}`, headers }, patient(rest))
  }
  return jsonStream(start())
}

/** Changes settings of a disabled plugin: `NAME=value` for its environment, `args=…`, `mount.source=…`, `device.path=…` by their names. */
export const pluginSet = async (client: Client, name: string, settings: readonly string[], options: ExchangeOptions = {}): Promise<void> =>
  discard(await ok(client, { method: 'POST', path: `/plugins/${segments(name)}/set${query(options, {})}`, body: listBody(settings) }, options))
