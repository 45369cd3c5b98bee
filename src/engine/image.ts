/** Images; names are references (`name`, `name:tag`, `name@digest`) or ids. */
import { fail } from '../errors.js'
import type { Client, ExchangeOptions, Response } from '../http/exchange.js'
import { ok } from '../http/ok.js'
import { discard, json } from '../http/receive.js'
import type { ImageDeleteItem, ImageInspect, ImageSummary } from './image-types.js'
import { jsonStream, type JsonStream, type ProgressRecord } from './json-stream.js'
import type { OciPlatform } from './oci-types.js'
import { segments } from './path.js'
import { filters, flag, list, must, patient, query, text, type Filters, type Kind } from './query.js'
import { archiveBody, type Archive } from './request-body.js'

export type ImageListOptions = ExchangeOptions & {
  /** Those that only other images are made of, too. */
  all?: boolean | undefined
  /** before, dangling, label, reference, since; until since 1.44. */
  filters?: Filters | undefined
  /** Counts SharedSize. Since 1.42. */
  'shared-size'?: boolean | undefined
  /** Podman 4 answers nothing to it, which is json-malformed. */
  digests?: boolean | undefined
  /** Adds Manifests, with containerd's image store. Since 1.47. */
  manifests?: boolean | undefined
  /** Adds Identity to the manifests. Since 1.54. */
  identity?: boolean | undefined
}

/** Lists images. */
export const imageList = async (client: Client, options: ImageListOptions = {}): Promise<ImageSummary[]> =>
  json(await ok(client, { method: 'GET', path: `/images/json${query(options, { all: flag, filters, 'shared-size': flag, digests: flag, manifests: flag, identity: flag })}` }, options))

const encodePlatform = (value: OciPlatform): string | undefined => (typeof value === 'object' && value !== null && typeof value.os === 'string' && typeof value.architecture === 'string' ? JSON.stringify(value) : undefined)

/** One platform as JSON. */
const platform: Kind<OciPlatform> = { takes: 'an object with os and architecture', encode: encodePlatform }

/** One parameter of JSON for each platform. */
const platforms: Kind<readonly OciPlatform[]> = {
  takes: 'an array of objects with os and architecture',
  encode: value => (Array.isArray(value) && value.every(encodePlatform) ? value.map(item => JSON.stringify(item)) : undefined),
}

export type ImageInspectOptions = ExchangeOptions & {
  /** Adds Manifests, with containerd's image store. Since 1.48. */
  manifests?: boolean | undefined
  /** Which one of several. Since 1.49; not together with manifests. */
  platform?: OciPlatform | undefined
}

/** Everything that the engine knows about an image. */
export const imageInspect = async (client: Client, name: string, options: ImageInspectOptions = {}): Promise<ImageInspect> =>
  json(await ok(client, { method: 'GET', path: `/images/${segments(name)}/json${query(options, { manifests: flag, platform })}` }, options))

export type ImageCreateOptions = ExchangeOptions & {
  /** Pull this image. A reference without a tag or digest, and no `tag` beside it, pulls all tags. */
  fromImage?: string | undefined
  /** Or import a file system: a URL that the engine fetches, or `-` for `inputImage`. */
  fromSrc?: string | undefined
  /** What to call the imported image; with its tag for podman 4, which ignores `tag` here. */
  repo?: string | undefined
  /** The tag or digest to pull; the tag of the imported image. */
  tag?: string | undefined
  /** The imported image's comment. */
  message?: string | undefined
  /** Lines of a Dockerfile for the imported image: CMD, ENV, … */
  changes?: readonly string[] | undefined
  /** `os[/arch[/variant]]`. */
  platform?: string | undefined
  /** The tar archive of `fromSrc: '-'`, compressed or not. */
  inputImage?: Archive | undefined
  /** Credentials for the pull: base64url of JSON, with padding. */
  'X-Registry-Auth'?: string | undefined
}

/**
 * Makes an image: pulls it, or imports a file system. Await it for the end, or iterate it for the progress; the last record of an
 * import has the new id as its status. A failure after the first record, and with some engines any, is a stream-error.
 */
export const imageCreate = (client: Client, options: ImageCreateOptions): JsonStream<ProgressRecord> => {
  const start = async (): Promise<Response> => {
    const { inputImage, 'X-Registry-Auth': auth, ...rest } = options ?? {}
    const path = `/images/create${query(rest, { fromImage: text, fromSrc: text, repo: text, tag: text, message: text, changes: list, platform: text })}`
    if (!rest.fromImage === !rest.fromSrc) throw fail('request-invalid', 'imageCreate needs either fromImage or fromSrc')
    if ((rest.fromSrc === '-') !== (inputImage !== undefined)) throw fail('request-invalid', "imageCreate takes inputImage with fromSrc: '-', and only then")
    return ok(client, { method: 'POST', path, headers: auth === undefined ? undefined : { 'X-Registry-Auth': auth }, body: inputImage && archiveBody(inputImage) }, patient(rest))
  }
  return jsonStream(start())
}

export type ImageTagOptions = ExchangeOptions & {
  /** The new name, with its registry if that is not Docker Hub. */
  repo: string
  /** latest unless given. */
  tag?: string | undefined
}

/** Gives an image another name, which is taken from the image that has it. */
export const imageTag = async (client: Client, name: string, options: ImageTagOptions): Promise<void> =>
  discard(await ok(client, { method: 'POST', path: `/images/${segments(name)}/tag${query(options, { repo: must(text), tag: text })}` }, options))

export type ImageDeleteOptions = ExchangeOptions & {
  /** Even if stopped containers use it, or it has several names. */
  force?: boolean | undefined
  /** Keep the images that it was made of and that have no name. */
  noprune?: boolean | undefined
  /** Only these of several. Since 1.50. */
  platforms?: readonly OciPlatform[] | undefined
}

/** Takes a name from an image, and removes the image with its last one. conflict if a container uses it. */
export const imageDelete = async (client: Client, name: string, options: ImageDeleteOptions = {}): Promise<ImageDeleteItem[]> =>
  json(await ok(client, { method: 'DELETE', path: `/images/${segments(name)}${query(options, { force: flag, noprune: flag, platforms })}` }, options))
