/** Images; names are references (`name`, `name:tag`, `name@digest`) or ids. */
import { fail } from '../errors.js'
import type { Client, ExchangeOptions, Response } from '../http/exchange.js'
import { ok } from '../http/ok.js'
import { discard, json } from '../http/receive.js'
import type { ContainerConfig } from './container-types.js'
import type { AttestationStatement, ImageDeleteItem, ImageHistoryItem, ImageInspect, ImagePruneResponse, ImageSearchItem, ImageSummary, PushRecord } from './image-types.js'
import { jsonStream, type JsonStream, type ProgressRecord } from './json-stream.js'
import type { OciPlatform } from './oci-types.js'
import { segment, segments } from './path.js'
import { platform, platforms } from './platform.js'
import { count, filters, flag, list, must, patient, query, text, type Filters } from './query.js'
import { authHeader, type RegistryAuth } from './registry-auth.js'
import { archiveBody, objectBody, type Archive, type Sent } from './request-body.js'

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
  /** Credentials for the pull. */
  'X-Registry-Auth'?: RegistryAuth | undefined
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
    return ok(client, { method: 'POST', path, headers: auth && authHeader(auth), body: inputImage && archiveBody(inputImage) }, patient(rest))
  }
  return jsonStream(start())
}

export type ImagePushOptions = ExchangeOptions & {
  /** Without a tag here, all tags of the name are pushed. */
  tag?: string | undefined
  /** Only this one of several. Since 1.46. */
  platform?: OciPlatform | undefined
  /** Credentials for the registry. */
  'X-Registry-Auth'?: RegistryAuth | undefined
}

/**
 * Pushes an image to the registry that its name (without a tag) begins with. Await it for the end, or iterate it for the progress, in which a
 * record's aux says what each tag became. A failure such as missing credentials is a stream-error, or not-found if there is no such image.
 */
export const imagePush = (client: Client, name: string, options: ImagePushOptions = {}): JsonStream<PushRecord> => {
  const start = async (): Promise<Response> => {
    const { 'X-Registry-Auth': auth, ...rest } = options ?? {}
    return ok(client, { method: 'POST', path: `/images/${segments(name)}/push${query(rest, { tag: text, platform })}`, headers: authHeader(auth) }, patient(rest))
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

export type ImageHistoryOptions = ExchangeOptions & {
  /** Which one of several. Since 1.48. */
  platform?: OciPlatform | undefined
}

/** The steps that an image was made by, the latest first. */
export const imageHistory = async (client: Client, name: string, options: ImageHistoryOptions = {}): Promise<ImageHistoryItem[]> =>
  json(await ok(client, { method: 'GET', path: `/images/${segments(name)}/history${query(options, { platform })}` }, options))

export type ImageAttestationsOptions = ExchangeOptions & {
  /** Of these only. */
  platform?: readonly OciPlatform[] | undefined
  /** Types of predicates to list. */
  type?: readonly string[] | undefined
  /** Adds the statements themselves. */
  statement?: boolean | undefined
}

/** What was attested about an image, such as how it was built. Since 1.55; not-implemented without containerd's image store. */
export const imageAttestations = async (client: Client, name: string, options: ImageAttestationsOptions = {}): Promise<AttestationStatement[]> =>
  json(await ok(client, { method: 'GET', path: `/images/${segments(name)}/attestations${query(options, { platform: platforms, type: list, statement: flag })}` }, options))

export type ImageSearchOptions = ExchangeOptions & {
  term: string
  /** 1 to 100; 25 unless given. */
  limit?: number | undefined
  /** is-official, stars; is-automated until 1.47. */
  filters?: Filters | undefined
}

/** Searches Docker Hub. The engine asks it, and answers server-error where it cannot be reached. */
export const imageSearch = async (client: Client, options: ImageSearchOptions): Promise<ImageSearchItem[]> =>
  json(await ok(client, { method: 'GET', path: `/images/search${query(options, { term: must(text), limit: count, filters })}` }, patient(options)))

export type ImagePruneOptions = ExchangeOptions & {
  /** dangling (false removes those with a name, too), until, label, label!. */
  filters?: Filters | undefined
}

/** Removes images that no container uses: those without a name, unless the filters say otherwise. conflict while another prune is under way. */
export const imagePrune = async (client: Client, options: ImagePruneOptions = {}): Promise<ImagePruneResponse> =>
  json(await ok(client, { method: 'POST', path: `/images/prune${query(options, { filters })}` }, patient(options)))

export type ImageCommitOptions = ExchangeOptions & {
  repo?: string | undefined
  tag?: string | undefined
  comment?: string | undefined
  author?: string | undefined
  /** Whether to pause the container meanwhile, as it is unless false. */
  pause?: boolean | undefined
  /** Lines of a Dockerfile: CMD, ENV, … */
  changes?: readonly string[] | undefined
  /** What containers of the image inherit before what this container has. */
  containerConfig?: Sent<ContainerConfig> | undefined
}

/** Makes an image of a container's files; not of its volumes. */
export const imageCommit = async (client: Client, container: string, options: ImageCommitOptions = {}): Promise<{ Id: string }> => {
  const { containerConfig, ...rest } = options ?? {}
  const path = `/commit?container=${segment(container)}${query(rest, { repo: text, tag: text, comment: text, author: text, pause: flag, changes: list }).replace('?', '&')}`
  // Podman wants an object in any case; an empty one changes nothing.
  return json(await ok(client, { method: 'POST', path, body: objectBody(containerConfig === undefined ? {} : containerConfig) }, patient(rest)))
}
