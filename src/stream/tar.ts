/** Packing entries into a tar archive (wire/tar-encoder.ts). */
import { encodeUtf8, type ByteSource } from '../bytes.js'
import { fail } from '../errors.js'
import { createTarEncoder, type TarEncoderOptions, type TarHeader } from '../wire/tar-encoder.js'

/** Data of an entry. Chunks of a source are not copied where they are large, so they must not change. */
export type TarBody = string | Uint8Array | ByteSource | Iterable<Uint8Array>

/** An entry with its data: of text and bytes the size is known, a source needs `size`. A function is called when the entry's turn comes. */
export type TarInput = TarHeader & { body?: TarBody | (() => TarBody | Promise<TarBody>) | undefined }

/**
 * The archive of `entries` in chunks that may be kept: about 64 KiB of small files, large data as it comes. Each iteration
 * packs anew. Errors: request-invalid for an entry that cannot be written or a body that is none; tar-size-mismatch for a body
 * that is shorter or longer than its `size`; and those of the sources.
 */
export const tar = (entries: Iterable<TarInput> | AsyncIterable<TarInput>, options?: TarEncoderOptions): AsyncIterable<Uint8Array> => ({
  [Symbol.asyncIterator]: () => pack(entries, options),
})

const check = (isGood: boolean, what: string): void => {
  if (!isGood) throw fail('request-invalid', what)
}

const isIterable = (source: unknown): boolean => typeof source === 'object' && source !== null && (Symbol.asyncIterator in source || Symbol.iterator in source)

async function* pack(entries: Iterable<TarInput> | AsyncIterable<TarInput>, options: TarEncoderOptions | undefined): AsyncGenerator<Uint8Array, void, undefined> {
  const ready: Uint8Array[] = []
  const encoder = createTarEncoder(chunk => void ready.push(chunk), options)
  check(isIterable(entries), 'the entries of an archive cannot be iterated over')
  for await (const entry of entries) {
    check(typeof entry === 'object' && entry !== null, `${String(entry)} is no entry of an archive`)
    let { body = '' } = entry
    if (typeof body === 'function') body = await body()
    if (typeof body === 'string') body = encodeUtf8(body)
    if (body instanceof Uint8Array) {
      encoder.entry(entry, entry.size ?? body.length)
      encoder.data(body)
    } else {
      const what = `the body of ${JSON.stringify(entry.name)}`
      check(isIterable(body), `${what} is none`)
      check(entry.size !== undefined, `${what} is a stream, and needs a size`)
      encoder.entry(entry)
      for await (const chunk of body) {
        check(chunk instanceof Uint8Array, `${what} holds ${typeof chunk}, not octets`)
        encoder.data(chunk)
        for (const piece of ready.splice(0)) yield piece
      }
    }
    encoder.endEntry()
    for (const piece of ready.splice(0)) yield piece
  }
  encoder.end()
  for (const piece of ready) yield piece
}
