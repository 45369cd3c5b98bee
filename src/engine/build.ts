/** Builds, by the classic builder or by BuildKit, and the cache that they leave. */
import { fail } from '../errors.js'
import type { Client, ExchangeOptions, Response } from '../http/exchange.js'
import { ok } from '../http/ok.js'
import { discard, json } from '../http/receive.js'
import type { BuildOutput, BuildPruneResponse, BuildRecord, Ulimit } from './build-types.js'
import { jsonStream, type JsonStream } from './json-stream.js'
import { count, filters, flag, list, must, oneOf, patient, query, text, whole, type Filters, type Kind } from './query.js'
import { configHeader, type RegistryConfig } from './registry-auth.js'
import { archiveBody, type Archive } from './request-body.js'

export type ImageBuildOptions = ExchangeOptions & {
  /** The build context: a tar archive, compressed or not. Or none, and `remote`. */
  inputStream?: Archive | undefined
  /** In the context; Dockerfile unless given. */
  dockerfile?: string | undefined
  /** Names for the image, each with a tag if that is not latest. */
  t?: readonly string[] | undefined
  /** `name:address` each. */
  extrahosts?: readonly string[] | undefined
  /** A URL of a git repository, an archive or a Dockerfile that the engine fetches; or client-session, the session's files. */
  remote?: string | undefined
  /** No output, only the image's id. */
  q?: boolean | undefined
  nocache?: boolean | undefined
  /** Images whose layers serve as a cache. */
  cachefrom?: readonly string[] | undefined
  /** Pull the images that it is built from, even if they are here. */
  pull?: boolean | undefined
  /** Remove the containers of the steps; true unless given. */
  rm?: boolean | undefined
  /** Remove them after a failure, too. */
  forcerm?: boolean | undefined
  /** Bytes, as the next, which counts swap in; -1 for no limit of it. */
  memory?: number | undefined
  memswap?: number | undefined
  cpushares?: number | undefined
  /** `0-2,4`, as the next. */
  cpusetcpus?: string | undefined
  cpusetmems?: string | undefined
  /** Microseconds, as the next. */
  cpuperiod?: number | undefined
  cpuquota?: number | undefined
  cgroupparent?: string | undefined
  ulimits?: readonly Ulimit[] | undefined
  /** Values for ARG; null for one that is named and not set. They stay in the image's history: no place for passwords. */
  buildargs?: { readonly [name: string]: string | null } | undefined
  /** Bytes. */
  shmsize?: number | undefined
  /** One layer for all that was built; with experimental features. */
  squash?: boolean | undefined
  labels?: { readonly [name: string]: string } | undefined
  /** bridge, host, none, container:id, or a network's name. */
  networkmode?: string | undefined
  /** `os[/arch[/variant]]`. */
  platform?: string | undefined
  /** The stage to build. */
  target?: string | undefined
  /** Of BuildKit. Since 1.40. */
  outputs?: readonly BuildOutput[] | undefined
  /** 1, the classic builder, unless given; 2 is BuildKit. */
  version?: '1' | '2' | undefined
  /** Of BuildKit: the uuid of a session (see `session`). */
  session?: string | undefined
  /** Of BuildKit: what buildCancel names. */
  buildid?: string | undefined
  /** Windows: default, process or hyperv. */
  isolation?: string | undefined
  /** Windows. */
  securityopt?: readonly string[] | undefined
  /** Credentials for the images that it is built from. */
  'X-Registry-Config'?: RegistryConfig | undefined
}

const isText = (value: unknown): boolean => typeof value === 'string'

const jsonOf = <T>(takes: string, isValid: (value: T) => boolean): Kind<T> => ({ takes, encode: value => (typeof value === 'object' && value !== null && isValid(value) ? JSON.stringify(value) : undefined) })
const jsonList = <T>(takes: string, isValid: (item: T) => boolean): Kind<readonly T[]> => jsonOf(takes, value => Array.isArray(value) && value.every(isValid))
const jsonMap = <T>(takes: string, isValid: (item: T) => boolean): Kind<{ readonly [name: string]: T }> => jsonOf(takes, value => !(Symbol.iterator in value) && Object.values(value).every(isValid))

/**
 * Builds an image. Await it for the end, or iterate it for the output; a record's aux has the image's id. A step that fails is a stream-error, as is
 * anything that goes wrong once there was output.
 */
export const imageBuild = (client: Client, options: ImageBuildOptions): JsonStream<BuildRecord> => {
  const start = async (): Promise<Response> => {
    const { inputStream, 'X-Registry-Config': config, ...rest } = options ?? {}
    const path = `/build${query(rest, {
      dockerfile: text,
      t: list,
      extrahosts: list,
      remote: text,
      q: flag,
      nocache: flag,
      cachefrom: jsonList('an array of strings', isText),
      pull: flag,
      rm: flag,
      forcerm: flag,
      memory: whole,
      memswap: whole,
      cpushares: whole,
      cpusetcpus: text,
      cpusetmems: text,
      cpuperiod: whole,
      cpuquota: whole,
      cgroupparent: text,
      ulimits: jsonList<Ulimit>('an array of objects with Name, Soft and Hard', item => isText(item?.Name) && Number.isSafeInteger(item.Soft) && Number.isSafeInteger(item.Hard)),
      buildargs: jsonMap<string | null>('an object of strings and nulls', item => item === null || isText(item)),
      shmsize: count,
      squash: flag,
      labels: jsonMap<string>('an object of strings', isText),
      networkmode: text,
      platform: text,
      target: text,
      outputs: jsonList<BuildOutput>('an array of objects with Type and Attrs', item => isText(item?.Type)),
      version: oneOf('1', '2'),
      session: text,
      buildid: text,
      isolation: text,
      securityopt: list,
    })}`
    // What BuildKit reads with upload-request is the context of a build that waits for it elsewhere.
    if (rest.remote !== 'upload-request' && !rest.remote === (inputStream === undefined)) throw fail('request-invalid', 'imageBuild needs either inputStream or remote')
    return ok(client, { method: 'POST', path, headers: configHeader(config), body: inputStream === undefined ? undefined : archiveBody(inputStream) }, patient(rest))
  }
  return jsonStream(start())
}

export type BuildPruneOptions = ExchangeOptions & {
  /** Bytes of the cache to keep. Until 1.47; then it is reserved-space. */
  'keep-storage'?: number | undefined
  /** Bytes that may always be used. Since 1.48, as the two below. */
  'reserved-space'?: number | undefined
  /** Bytes that may be used at most. */
  'max-used-space'?: number | undefined
  /** Bytes of the disk to leave free. */
  'min-free-space'?: number | undefined
  /** What is in use for nothing else is removed, too. */
  all?: boolean | undefined
  /** until, id, parent, type, description, inuse, shared, private. */
  filters?: Filters | undefined
}

/** Removes what builds have left in BuildKit's cache. */
export const buildPrune = async (client: Client, options: BuildPruneOptions = {}): Promise<BuildPruneResponse> =>
  json(await ok(client, { method: 'POST', path: `/build/prune${query(options, { 'keep-storage': count, 'reserved-space': count, 'max-used-space': count, 'min-free-space': count, all: flag, filters })}` }, patient(options)))

/** Ends a build by BuildKit, by its buildid; what has none is passed over. The daemon has it, and the reference does not. */
export const buildCancel = async (client: Client, id: string, options: ExchangeOptions = {}): Promise<void> =>
  discard(await ok(client, { method: 'POST', path: `/build/cancel${query({ ...options, id }, { id: must(text) })}` }, options))
