/** Images as tar archives, of the OCI layout or docker save's, out of the engine and into it. */
import type { ByteSource } from '../bytes.js'
import { fail } from '../errors.js'
import type { Client, ExchangeOptions, Response } from '../http/exchange.js'
import { ok } from '../http/ok.js'
import type { LoadRecord } from './image-types.js'
import { jsonStream, type JsonStream } from './json-stream.js'
import type { OciPlatform } from './oci-types.js'
import { segments } from './path.js'
import { platforms } from './platform.js'
import { flag, patient, query } from './query.js'
import { archiveBody, type Archive } from './request-body.js'
import { toldTar } from './told-tar.js'

export type ImageGetOptions = ExchangeOptions & {
  /** Only these of several. Since 1.48, more than one since 1.52. */
  platform?: readonly OciPlatform[] | undefined
}

/** An image as a tar archive. Reading it rejects with stream-error if the engine breaks it off with a message. */
export const imageGet = async (client: Client, name: string, options: ImageGetOptions = {}): Promise<Required<ByteSource>> =>
  toldTar(await ok(client, { method: 'GET', path: `/images/${segments(name)}/get${query(options, { platform: platforms })}` }, patient(options)))

/** Several images as one archive, in which they share their layers. A name without a tag stands for all tags that it has. */
export const imageGetAll = async (client: Client, names: readonly string[], options: ImageGetOptions = {}): Promise<Required<ByteSource>> => {
  if (!Array.isArray(names) || names.length === 0) throw fail('request-invalid', 'imageGetAll takes an array of names, one at least')
  const parameters = names.map(name => `names=${segments(name)}`).join('&')
  return toldTar(await ok(client, { method: 'GET', path: `/images/get?${parameters}${query(options, { platform: platforms }).replace('?', '&')}` }, patient(options)))
}

export type ImageLoadOptions = ExchangeOptions & {
  /** No progress, only what was loaded. */
  quiet?: boolean | undefined
  /** Only these of several. Since 1.48, more than one since 1.52. */
  platform?: readonly OciPlatform[] | undefined
}

/**
 * Loads images from an archive, compressed or not. Await it for the end, or iterate it for the progress. Docker answers 200 whatever comes, and its
 * failures are stream-errors; podman's are server-errors.
 */
export const imageLoad = (client: Client, imagesTarball: Archive, options: ImageLoadOptions = {}): JsonStream<LoadRecord> => {
  const start = async (): Promise<Response> => ok(client, { method: 'POST', path: `/images/load${query(options, { quiet: flag, platform: platforms })}`, body: archiveBody(imagesTarball) }, patient(options))
  return jsonStream(start())
}
