/**
 * Archives of which the engine may find out too late that it cannot write them. When the head and some of the archive are out, it
 * can only write its error behind them, and the body ends as if all were well: JSON with errorDetail (daemon: image_routes.go,
 * getImagesGet), or with a message (daemon: server.go, makeHTTPHandler). An archive ends in zeros.
 */
import { copy, utf8, type ByteSource } from '../bytes.js'
import { fail } from '../errors.js'
import type { Response } from '../http/exchange.js'
import { body } from '../http/receive.js'

/** Octets of the end that are remembered. The engine's messages have some hundred. */
const TAIL_MAX = 4096

/** The body of a response, which rejects with stream-error behind its last byte if the engine's message stands there. */
export const toldTar = (response: Response): Required<ByteSource> => {
  const source = body(response)
  let tail = new Uint8Array(0)

  const remember = (chunk: Uint8Array, start: number, end: number): void => {
    const length = end - start
    if (length >= TAIL_MAX) tail = copy(chunk, end - TAIL_MAX, end)
    else if (length > 0) {
      const kept = tail.subarray(Math.max(0, tail.length + length - TAIL_MAX))
      const next = new Uint8Array(kept.length + length)
      next.set(kept)
      next.set(chunk.subarray(start, end), kept.length)
      tail = next
    }
  }
  const check = (): void => {
    const said = /\{"(?:errorDetail|message)":[^\0]*\}\s*$/.exec(utf8(tail))?.[0]
    if (said === undefined) return
    const { method, path, status } = response
    const reason = messageOf(said)
    throw fail('stream-error', `the engine broke off the archive: ${reason} (${method} ${path} answered ${status} and failed later)`, { method, path, status, reason })
  }

  return {
    async into(sink) {
      await source.into((chunk, start, end) => {
        remember(chunk, start, end)
        return sink(chunk, start, end)
      })
      check()
    },
    [Symbol.asyncIterator]() {
      const chunks = source[Symbol.asyncIterator]()
      return {
        async next() {
          const result = await chunks.next()
          if (result.done) check()
          else remember(result.value, 0, result.value.length)
          return result
        },
        return: async () => (await chunks.return?.()) ?? { done: true, value: undefined },
      }
    },
  }
}

const messageOf = (said: string): string => {
  try {
    const { errorDetail, message } = JSON.parse(said) as { errorDetail?: { message?: unknown } | null; message?: unknown }
    const text = errorDetail?.message ?? message
    return typeof text === 'string' ? text : said.trim()
  } catch {
    return said.trim()
  }
}
