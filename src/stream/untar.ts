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

/**
 * Iterates over the entries of an archive in order. What is not read of an entry's `body` is skipped when the next entry is
 * asked for. The source is read to its end, and left when the loop is left. Data is not copied.
 *
 * Errors: tar-malformed, tar-truncated, tar-too-large, stream-error as createTarDecoder has them, and the source's; a body
 * rejects with them too, and with tar-entry-passed where it is read twice or too late.
 */
export const untar = (source: AsyncIterable<Uint8Array>, options?: TarDecoderOptions): AsyncIterable<Untarred> => ({
  [Symbol.asyncIterator]: () => entriesOf(source[Symbol.asyncIterator](), options),
})

// Iterators, not generators, which take twice the time to give as much.
const entriesOf = (chunks: AsyncIterator<Uint8Array>, options: TarDecoderOptions | undefined): AsyncIterator<Untarred> => {
  /** What has come of the source and is not decoded yet. */
  let chunk: Uint8Array = new Uint8Array(0)
  let at = 0
  let filling: Promise<void> | undefined
  let isOver = false
  let failure: { error: unknown } | undefined
  /** The entry that the decoder has come to, the one whose data can be read, and the one whose data is. */
  let next: TarEntry | undefined
  let current: TarEntry | undefined
  let reader: TarEntry | undefined
  /** What the decoder has found for the reader. */
  let piece = chunk
  let zeros = 0
  let isStopped = false

  const stop = (): false => !(isStopped = true)
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
  const fill = async (): Promise<void> => {
    const { done, value } = await chunks.next()
    filling = undefined
    at = 0
    if (done) {
      decoder.end()
      isOver = true
    } else chunk = value
  }
  /** Decodes on until a callback stops it or the archive is over. An error is for all who wait, now and later. */
  const advance = async (): Promise<void> => {
    try {
      while (!isOver && !failure) {
        isStopped = false
        const used = decoder.push(chunk, at, chunk.length)
        at = used < 0 ? chunk.length : at + used
        if (isStopped) return
        isOver = used !== MORE
        if (!isOver) await (filling ??= fill())
      }
    } catch (error) {
      failure ??= { error }
      await chunks.return?.()
    }
    if (failure) throw failure.error
  }

  const dataOf = (entry: TarEntry): AsyncIterator<Uint8Array> => {
    let { size } = entry
    let isMine = current === entry
    const check = (): void => {
      isMine &&= reader === entry
      if (!isMine) throw fail('tar-entry-passed', `the data of ${JSON.stringify(entry.name)} can be read once, before the next entry`)
    }
    if (isMine) {
      reader = entry
      current = undefined
    }
    return {
      async next() {
        check()
        if (size === 0) return { done: true, value: undefined }
        if (zeros === 0) await advance()
        check()
        const value = zeros > 0 ? new Uint8Array(Math.min(zeros, ZEROS)) : piece
        zeros = Math.max(zeros - value.length, 0)
        size -= value.length
        return { done: false, value }
      },
    }
  }

  return {
    async next() {
      current = reader = undefined
      zeros = 0
      while (!next && !isOver) await advance()
      const entry = (current = next)
      next = undefined
      if (entry) return { done: false, value: Object.assign(entry, { body: { [Symbol.asyncIterator]: () => dataOf(entry) } }) }
      // What stands behind the end belongs to nobody, but the source may have an error to tell.
      while (!(await chunks.next()).done);
      return { done: true, value: undefined }
    },
    async return() {
      current = reader = undefined
      isOver = true
      await chunks.return?.()
      return { done: true, value: undefined }
    },
  }
}
