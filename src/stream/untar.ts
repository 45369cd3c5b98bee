/** Unpacking a tar archive (wire/tar-decoder.ts): an iterator of entries, whose data is read, skipped or left. */
import type { ByteSource } from '../bytes.js'
import { fail } from '../errors.js'
import { MORE } from '../wire/decoder.js'
import { createTarDecoder, type TarDecoderOptions } from '../wire/tar-decoder.js'
import type { TarEntry } from '../wire/tar-header.js'

/** An entry and its data, which is there once, until the next entry is asked for. Holes of sparse files come as zeros. */
export type Untarred = TarEntry & { body: ByteSource }

/** Octets of zeros that a hole is handed on in. */
const ZEROS = 64 * 1024

const NOTHING = /* @__PURE__ */ new Uint8Array(0)

/**
 * Yields the entries of an archive in order. What is not read of an entry's `body` is skipped when the next entry is asked
 * for. The source is read to its end, and left when the loop is left. Data is not copied.
 *
 * Errors: tar-malformed, tar-truncated, tar-too-large, stream-error as createTarDecoder has them, and the source's; a body
 * rejects with them too, and with tar-entry-passed where it is read twice or too late.
 */
export async function* untar(source: AsyncIterable<Uint8Array>, options?: TarDecoderOptions): AsyncGenerator<Untarred, void, undefined> {
  const chunks = source[Symbol.asyncIterator]()
  /** What has come of the source and is not decoded yet. */
  let chunk: Uint8Array = NOTHING
  let at = 0
  let filling: Promise<void> | undefined
  let failure: { error: unknown } | undefined
  let isOver = false
  /** The entry that the decoder has come to, and the one whose data can be read. */
  let next: TarEntry | undefined
  let current: TarEntry | undefined
  /** Whose data is being read, and what the decoder has found of it. */
  let reader: TarEntry | undefined
  let piece: Uint8Array = NOTHING
  let zeros = 0
  let isStopped = false

  const stop = (): false => {
    isStopped = true
    return false
  }
  const decoder = createTarDecoder(
    {
      entry(entry) {
        next = entry
        return stop()
      },
      data(bytes, start, end) {
        if (!reader) return true
        piece = bytes.subarray(start, end)
        return stop()
      },
      hole(length) {
        if (!reader) return true
        zeros = length
        return stop()
      },
    },
    options,
  )
  /** Decodes on until a callback stops it or the archive is over; false where that takes more of the source. */
  const advance = (): boolean => {
    if (failure) throw failure.error
    if (isOver) return true
    isStopped = false
    const used = decoder.push(chunk, at, chunk.length)
    at = used === MORE ? chunk.length : at + used
    isOver = used !== MORE && !isStopped
    return used !== MORE
  }
  const read = async (): Promise<void> => {
    const { done, value = NOTHING } = await chunks.next()
    chunk = value
    at = 0
    isOver = done === true
    if (isOver) decoder.end()
  }
  /** Gets more of the source; one read serves all who wait. An error is for all, now and later. */
  const fill = (): Promise<void> =>
    (filling ??= read()
      .catch((error: unknown) => {
        failure = { error }
      })
      .finally(() => {
        filling = undefined
      }))

  async function* dataOf(entry: TarEntry): AsyncGenerator<Uint8Array, void, undefined> {
    if (current !== entry) throw passed(entry)
    current = undefined
    reader = entry
    for (let left = entry.size; left > 0; ) {
      while (reader === entry && zeros === 0 && !advance()) await fill()
      if (reader !== entry) throw passed(entry)
      if (zeros > 0) {
        piece = new Uint8Array(Math.min(zeros, ZEROS))
        zeros -= piece.length
      }
      left -= piece.length
      yield piece
    }
  }

  try {
    for (;;) {
      current = reader = undefined
      zeros = 0
      while (!next) {
        while (!advance()) await fill()
        if (isOver) break
      }
      if (!next) break
      current = next
      next = undefined
      const entry = current
      yield Object.assign(entry, { body: { [Symbol.asyncIterator]: () => dataOf(entry) } })
    }
    // What stands behind the end belongs to nobody, but the source may have an error to tell.
    while (!(await chunks.next()).done);
  } finally {
    reader = undefined
    await chunks.return?.()
  }
}

const passed = (entry: TarEntry): Error => fail('tar-entry-passed', `the data of ${JSON.stringify(entry.name)} is gone: it can be read once, before the next entry`)
