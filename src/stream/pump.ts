/** Running a source through a decoder, borrowed where the source can, and from a source's chunks into an iterator of items. */
import { copy, type ByteSource, type Sink } from '../bytes.js'
import { fail } from '../errors.js'
import { MORE, type Decoder } from '../wire/decoder.js'

/** Refuses what a stream of text or objects gives, which would be decoded to nonsense. */
const checked = (chunk: Uint8Array): Uint8Array => {
  if (chunk instanceof Uint8Array) return chunk
  throw fail('request-invalid', `the source gave ${typeof chunk}, not Uint8Array`)
}

/** Hands all bytes of `source` to `sink`, and waits for its promises. */
export const pump = async (source: ByteSource, sink: Sink): Promise<void> => {
  if (source.into) return source.into(sink)
  for await (const chunk of source) await sink(checked(chunk), 0, chunk.length)
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
 * Yields what a decoder makes of a source's chunks: `make` gets the queue that it fills. What came before an error is
 * delivered before it. Leaving the loop leaves the source's.
 */
export async function* iterate<T>(source: ByteSource, make: (queue: T[]) => Decoder): AsyncGenerator<T, void, undefined> {
  const queue: T[] = []
  const decoder = make(queue)
  for await (const chunk of source) {
    try {
      decoder.push(checked(chunk), 0, chunk.length)
    } finally {
      // Not yield*, which is half as fast (it awaits each result twice).
      for (const item of queue) yield item
      queue.length = 0
    }
  }
  try {
    decoder.end()
  } finally {
    for (const item of queue) yield item
  }
}
