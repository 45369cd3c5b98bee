/**
 * Agreeing on an API version with the engine, as late as possible and as often as needed: before the first request, and when an
 * engine that was replaced behind the same address refuses the version (daemon/server/middleware: version.go).
 */
import { utf8 } from '../bytes.js'
import { fail } from '../errors.js'
import type { Client, ExchangeOptions, Limits, Response } from '../http/exchange.js'
import { ERROR_BYTES_MAX, refusal } from '../http/ok.js'
import { bytes, discard } from '../http/receive.js'
import { header } from '../wire/response-head.js'
import { API_VERSION_MAX, API_VERSION_MIN, compareVersions } from './api-version.js'
import { shared } from './share.js'

/** Milliseconds that a ping may go unanswered when nothing is said: many may wait for one, so it must not hang. */
export const PING_MS = 30_000

const PING = '/_ping'

export type Negotiated = {
  /** The version that requests go out with; asks the engine if that is not known yet. Errors: those of the ping, and version-unsupported. */
  apiVersion(options?: Pick<ExchangeOptions, 'signal'>): Promise<string>
}

/** The newest version that both speak. `oldest` is the engine's, where it said. Errors: version-unsupported. */
const choose = (newest: string, oldest: string | undefined, peer: string): string => {
  const chosen = compareVersions(newest, API_VERSION_MAX) > 0 ? API_VERSION_MAX : newest
  const ours = `hawser ${API_VERSION_MIN} to ${API_VERSION_MAX}`
  if (compareVersions(chosen, API_VERSION_MIN) < 0) throw fail('version-unsupported', `the engine speaks API versions up to ${newest}, ${ours}: update the engine`, { peer })
  if (oldest !== undefined && compareVersions(chosen, oldest) < 0) throw fail('version-unsupported', `the engine speaks API versions ${oldest} to ${newest}, ${ours}: update hawser`, { peer })
  return chosen
}

const versionOf = (response: Response): string | undefined => /^\d+\.\d+$/.exec(header(response, 'api-version') ?? '')?.[0]

/** Asks by HEAD, and by GET where that does not go well: an old engine, or a proxy that knows better. */
const ask = async (client: Client, options: ExchangeOptions): Promise<string> => {
  let response = await client.exchange({ method: 'HEAD', path: PING }, options)
  if (response.status !== 200) {
    await discard(response)
    response = await client.exchange({ method: 'GET', path: PING }, options)
  }
  const version = versionOf(response)
  // An engine that cannot serve a ping (500) may still say what it speaks; the request itself then says what is wrong.
  if (version === undefined && response.status !== 200) throw await refusal(response)
  await discard(response)
  // Without the header it is an engine from before 1.24 or a proxy that removes it; what is wrong with 1.24 the engine will say.
  return choose(version ?? API_VERSION_MIN, undefined, response.connection.peer)
}

/** What an engine answers that does not take a version: which of its bounds was missed, and where that is. */
const REFUSED = /client version [\d.]+ is too (old|new)\. M\w+ supported API version is (\d+\.\d+)/

/**
 * Makes a client that puts the API version before every path but that of the ping: the newest that both sides speak, of hawser's
 * 1.24 to 1.56. It asks the engine before the first request, once for all who wait then; a ping that fails is not remembered. When
 * the engine refuses the version later, it takes another and sends the request again, unless its body was a stream.
 *
 * `limits` are those of the ping: PING_MS for its head. Errors, beside those of the request: those of the ping, and version-unsupported
 * where the ranges do not meet.
 */
export const negotiate = <C extends Client>(client: C, limits: Limits = {}): C & Negotiated => {
  let agreed: string | undefined
  const agree = shared(async signal => (agreed = await ask(client, { ...limits, headMs: limits.headMs ?? PING_MS, signal })))

  return {
    ...client,
    apiVersion: async ({ signal } = {}) => agreed ?? agree(signal),
    async exchange(request, options) {
      if (request.path === PING) return client.exchange(request, options)
      const send = (version: string): Promise<Response> => client.exchange({ ...request, path: `/v${version}${request.path}` }, options)

      const response = await send(agreed ?? (await agree(options?.signal)))
      if (response.status !== 400) return response
      // Read like the text of any error, and handed on as if it had not been.
      const said = await bytes(response, ERROR_BYTES_MAX).catch(() => new Uint8Array(0))
      options?.signal?.throwIfAborted()
      const [, missed, bound] = REFUSED.exec(utf8(said)) ?? []
      if (bound === undefined) return { ...response, whole: said, consumed: false }
      agreed = missed === 'new' ? choose(bound, undefined, response.connection.peer) : choose(versionOf(response) ?? bound, bound, response.connection.peer)
      return request.body?.again === false ? { ...response, whole: said, consumed: false } : send(agreed)
    },
  }
}
