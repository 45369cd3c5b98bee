/** Packing entries from anywhere into an archive (wire/tar-encoder.ts), in chunks that may be kept. */
import { encodeUtf8, type ByteSource } from '../bytes.js'
import { fail } from '../errors.js'
import { createTarEncoder, type TarEncoderOptions, type TarHeader } from '../wire/tar-encoder.js'

/** What an entry holds: all of it, or a source that gives as many octets as the entry's `size` says. */
export type TarBody = string | Uint8Array | AsyncIterable<Uint8Array>

export type TarInput = TarHeader & {
  /** A function opens it when its turn has come, so that a thousand files need not be open at once. */
  body?: TarBody | (() => TarBody | Promise<TarBody>) | undefined
}

/**
 * Yields an archive of the entries, in their order; the same entries give the same octets. An entry of text or bytes has their size.
 * Errors: request-invalid for what no header can hold and for a source without a `size`; tar-size-mismatch for a source that
 * gives more or less; and the sources' own.
 */
export async function* tar(entries: Iterable<TarInput> | AsyncIterable<TarInput>, options?: TarEncoderOptions): AsyncGenerator<Uint8Array, void, undefined> {
  const ready: Uint8Array[] = []
  const encoder = createTarEncoder(chunk => ready.push(chunk), options)

  for await (const entry of entries) {
    const body = typeof entry.body === 'function' ? await entry.body() : (entry.body ?? '')
    const bytes = typeof body === 'string' ? encodeUtf8(body) : body
    if (bytes instanceof Uint8Array) {
      encoder.entry(entry, bytes.length === 0 ? entry.size : bytes.length)
      encoder.data(bytes)
      encoder.endEntry()
    } else {
      if (entry.size === undefined) throw fail('request-invalid', `the entry ${JSON.stringify(entry.name)} cannot be written: its body is a source, and its size is not said`)
      encoder.entry(entry)
      for await (const chunk of bytes as ByteSource) {
        encoder.data(chunk)
        for (const piece of ready) yield piece
        ready.length = 0
      }
      encoder.endEntry()
    }
    for (const piece of ready) yield piece
    ready.length = 0
  }
  encoder.end()
  for (const piece of ready) yield piece
}
