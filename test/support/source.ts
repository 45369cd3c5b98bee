/** Sources of bytes that do what a test wants, and tell how they were used. */
import type { ByteSource, Sink } from '../../src/bytes.js'

export type Watched = ByteSource & {
  /** Chunks that were asked for. */
  asked: number
  /** Whether it was told that nobody wants more. */
  cancelled: boolean
  /** Whether it ran to its own end or error. */
  ended: boolean
}

export type SourceOptions = {
  /** What it throws behind its chunks. */
  error?: unknown
}

/** A source of chunks to keep, each in a microtask of its own. */
export const chunks = (pieces: Iterable<Uint8Array>, { error }: SourceOptions = {}): Watched => {
  const source: Watched = {
    asked: 0,
    cancelled: false,
    ended: false,
    [Symbol.asyncIterator]() {
      const iterator = pieces[Symbol.iterator]()
      return {
        async next() {
          if (source.ended || source.cancelled) return { done: true, value: undefined }
          source.asked++
          const { done, value } = iterator.next()
          if (!done) return { done: false, value }
          source.ended = true
          if (error !== undefined) throw error
          return { done: true, value: undefined }
        },
        async return() {
          source.cancelled = true
          return { done: true, value: undefined }
        },
      }
    },
  }
  return source
}

/**
 * A source with `into`, whose bytes are borrowed in earnest: all pieces come in one buffer at an offset, which is overwritten as soon
 * as the sink has returned and, where it returned a promise, once more when that has settled. It fails if it is iterated.
 */
export const borrowed = (pieces: Iterable<Uint8Array>, { error }: SourceOptions = {}): Watched => {
  const source: Watched = {
    asked: 0,
    cancelled: false,
    ended: false,
    [Symbol.asyncIterator]() {
      throw new Error('iterated although it has into')
    },
    async into(sink: Sink) {
      const buffer = new Uint8Array(1024 * 1024)
      let busy = false
      for (const piece of pieces) {
        source.asked++
        buffer.set(piece, 7)
        const waiting = sink(buffer, 7, 7 + piece.length)
        buffer.fill(0xff)
        if (waiting) {
          busy = true
          await waiting
          busy = false
          buffer.fill(0xee)
        }
        if (busy) throw new Error('went on before the promise settled')
      }
      source.ended = true
      if (error !== undefined) throw error
    },
  }
  return source
}

/** Everything that an iterable yields, and the error it ended in. */
export const drain = async <T>(items: AsyncIterable<T>): Promise<{ items: T[]; error: unknown }> => {
  const seen: T[] = []
  try {
    for await (const item of items) seen.push(item)
    return { items: seen, error: undefined }
  } catch (error) {
    return { items: seen, error }
  }
}

/** A Uint8Array, not a Buffer, of UTF-8. */
export const utf8Bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

/** Bytes cut in two at every position, and each octet alone. */
export const everyCut = (bytes: Uint8Array): Uint8Array[][] => [
  ...Array.from({ length: bytes.length + 1 }, (_, at) => [bytes.subarray(0, at), bytes.subarray(at)]),
  Array.from(bytes, (_, at) => bytes.subarray(at, at + 1)),
]
