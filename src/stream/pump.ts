/** Running a source through a decoder, borrowed where the source can, and from a source's chunks into an iterator of items. */
import { copy, type ByteSource, type Sink } from '../bytes.js'
import { MORE, type Decoder } from '../wire/decoder.js'

/** Hands all bytes of `source` to `sink`, and waits for its promises. */
export const pump = async (source: ByteSource, sink: Sink): Promise<void> => {
  if (source.into) return source.into(sink)
  for await (const chunk of source) await sink(chunk, 0, chunk.length)
}

/**
 * Runs all bytes of `source` through a decoder, then its `end`. `make` gets `wait`, which a span calls with what its sink
 * returned and whose result it returns in turn: a promise stops the decoder until it has settled.
 */
export const pumpDecoder = async (source: ByteSource, make: (wait: (promise: void | Promise<void>) => boolean) => Decoder): Promise<void> => {
  let waiting: Promise<void> | undefined
  const decoder = make(promise => {
    waiting = promise ?? undefined
    return !waiting
  })
  /** Goes on behind a stop, with bytes of our own: borrowed ones are gone by then. */
  const rest = async (chunk: Uint8Array): Promise<void> => {
    for (let at = 0; waiting; ) {
      await waiting
      waiting = undefined
      const used = decoder.push(chunk, at, chunk.length)
      if (used === MORE) return
      at += used
    }
  }
  await pump(source, (chunk, start, end) => {
    const used = decoder.push(chunk, start, end)
    return used === MORE ? undefined : rest(copy(chunk, start + used, end))
  })
  decoder.end()
}

/**
 * An iterator over what `decode` makes of a source's chunks: it puts items into `queue`, and `finish` puts the last ones.
 * Items of one chunk come without waiting; leaving the loop leaves the source's.
 */
export const iterate = <T>(source: ByteSource, make: (queue: T[]) => Decoder): AsyncIterable<T> => ({
  [Symbol.asyncIterator]() {
    const queue: T[] = []
    const decoder = make(queue)
    const chunks = source[Symbol.asyncIterator]()
    let at = 0
    let failure: { error: unknown } | undefined
    let over = false

    /** What came before an error is delivered before it. */
    const attempt = (act: () => unknown): void => {
      try {
        act()
      } catch (error) {
        over = true
        failure = { error }
      }
    }
    const pull = async (): Promise<IteratorResult<T>> => {
      queue.length = at = 0
      while (queue.length === 0 && !over) {
        const { done, value } = await chunks.next()
        if (done) {
          over = true
          attempt(() => decoder.end())
        } else {
          attempt(() => decoder.push(value, 0, value.length))
          if (failure) await chunks.return?.()
        }
      }
      if (queue.length > 0) return { done: false, value: queue[at++]! }
      if (failure) {
        const { error } = failure
        failure = undefined
        throw error
      }
      return { done: true, value: undefined }
    }
    let last: Promise<unknown> = Promise.resolve()
    return {
      next() {
        if (at < queue.length) return Promise.resolve({ done: false, value: queue[at++]! })
        const next = last.then(pull)
        last = next.catch(() => {})
        return next
      },
      async return() {
        over = true
        queue.length = at = 0
        await chunks.return?.()
        return { done: true, value: undefined }
      },
    }
  },
})
