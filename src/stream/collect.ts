/** A whole stream in memory. */
import { concat, copy, type ByteSource } from '../bytes.js'
import { fail } from '../errors.js'
import { pump } from './pump.js'

/** Octets that `collect` takes when no limit is given. */
export const COLLECT_BYTES_MAX = 256 * 1024 * 1024

/** Joins all bytes of a source. Errors: body-too-large beyond `limit` octets, and the source's. */
export const collect = async (source: ByteSource, limit = COLLECT_BYTES_MAX): Promise<Uint8Array<ArrayBuffer>> => {
  const pieces: Uint8Array[] = []
  let length = 0
  await pump(source, (chunk, start, end) => {
    length += end - start
    if (length > limit) throw fail('body-too-large', `the stream is longer than ${limit} octets`, { limit })
    pieces.push(copy(chunk, start, end))
  })
  return concat(pieces)
}
