/**
 * Reading the body of a response: borrowed (`bodyInto`), as chunks to keep (`body`), or whole (`bytes`, `text`, `json`).
 * Each consumes the response, once, and gives its connection back at the end.
 */
import { clearDeadline, setDeadline, type Deadline } from '../abort.js'
import { allocate, concat, copy, utf8, type ByteSource, type Sink } from '../bytes.js'
import { fail } from '../errors.js'
import type { Reader } from '../io/connection.js'
import { CHUNKED, createBodyDecoder } from '../wire/body-framing.js'
import { MORE } from '../wire/decoder.js'
import type { Response } from './exchange.js'

/** Octets that `bytes`, `text` and `json` take when no limit is given: twice the largest answer that an engine is known to give. */
export const BODY_BYTES_MAX = 256 * 1024 * 1024

/** Octets that `body` reads ahead of its consumer. */
const READ_AHEAD = 256 * 1024
/** Octets of one allocation that `body` cuts its chunks from. */
const SLAB = 64 * 1024

/**
 * An engine writes each line of a log by itself, and waking for each costs more than reading it. So behind FAST_READS reads of a
 * chunked body that were this small and came this fast, what follows is left to grow for a millisecond. Of half a million lines from
 * a local engine that takes half the processor time; resting longer, or each time, lets the engine's buffer run full.
 */
const SMALL_READ = 4096
const FAST_READS = 8
const FAST_MS = 2
const REST_MS = 1

/** Tells, read by read, whether to rest before the next. */
const createPacer = (): ((length: number) => boolean) => {
  let reads = 0
  let since = 0
  return length => {
    reads = length > SMALL_READ ? 0 : reads + 1
    if (reads < FAST_READS) return false
    const before = since
    since = performance.now()
    reads = 0
    return since - before < FAST_MS
  }
}

const NOTHING = /* @__PURE__ */ new Uint8Array(0)

const claim = (response: Response): void => {
  const { method, path } = response
  if (response.consumed) throw fail('response-consumed', `the body of the response to ${method} ${path} has been read already, and is gone`, { method, path })
  response.consumed = true
}

/**
 * Hands the body to `sink` in borrowed pieces, without a copy. A promise from `sink` holds the engine back until it settles;
 * an error from it ends the connection. Rejects with what broke the body: message-truncated, chunk-malformed,
 * connection-lost, silence-timeout, or the signal's reason.
 */
export const bodyInto = async (response: Response, sink: Sink): Promise<void> => {
  claim(response)
  const { whole, connection, framing, silenceMs, method, path } = response
  if (whole) {
    if (whole.length > 0) await sink(whole, 0, whole.length)
    return
  }
  return new Promise((resolve, reject) => {
    let waiting: Promise<void> | undefined
    let deadline: Deadline | undefined
    let failed = false
    const shouldRest = framing === CHUNKED ? createPacer() : undefined
    const decoder = createBodyDecoder(framing, (chunk, start, end) => {
      waiting = sink(chunk, start, end) as Promise<void> | undefined
      return !waiting && !failed
    })
    const stop = (clean: boolean): void => {
      clearDeadline(deadline)
      response.release(clean)
    }
    const reader: Reader = {
      push(chunk, start, end) {
        if (deadline) deadline.at = performance.now() + silenceMs
        const used = decoder.push(chunk, start, end)
        if (used === MORE) {
          if (shouldRest?.(end - start)) connection.rest?.(REST_MS)
          return MORE
        }
        if (waiting) {
          clearDeadline(deadline)
          waiting.then(resume, error => connection.destroy(error))
          waiting = undefined
        } else {
          stop(start + used === end)
          resolve()
        }
        return used
      },
      end() {
        decoder.end()
        stop(false)
        resolve()
      },
      fail(error) {
        failed = true
        stop(false)
        reject(error)
      },
    }
    const resume = (): void => {
      if (silenceMs > 0) deadline = setDeadline(silenceMs, () => connection.destroy(fail('silence-timeout', `${connection.peer} sent nothing of the answer to ${method} ${path} for ${silenceMs} ms`, { method, path, peer: connection.peer, limit: silenceMs })))
      // A stop behind the last octet leaves nothing to read that would say so.
      if (decoder.push(NOTHING, 0, 0) === MORE) connection.read(reader)
      else {
        stop(!connection.holding)
        resolve()
      }
    }
    resume()
  })
}

/** Closes the connection of an iterator that was dropped before its end. */
const forgotten = /* @__PURE__ */ new FinalizationRegistry<() => void>(cancel => cancel())

/**
 * The body as chunks that may be kept: each holds what has arrived since the last. Leaving the loop early closes the
 * connection. `into` is bodyInto.
 */
export const body = (response: Response): Required<ByteSource> =>
  // Not `destroy`: the connection of a response that has come to its end serves another by now.
  byteSource(sink => bodyInto(response, sink), () => response.release(false))

/** What runs into a sink, as chunks that may be kept, too. `leave` is called when a loop over them ends early. */
export const byteSource = (into: (sink: Sink) => Promise<void>, leave: () => void): Required<ByteSource> => ({
  into,
  [Symbol.asyncIterator]() {
    const state = readAhead(into, leave)
    const iterator: AsyncIterator<Uint8Array> = {
      next: () => state.next(),
      return() {
        state.cancel()
        return Promise.resolve({ done: true, value: undefined })
      },
    }
    forgotten.register(iterator, state.cancel)
    return iterator
  },
})

/** Copies what comes into slabs as it comes, READ_AHEAD octets at most ahead of who calls `next`. */
const readAhead = (into: (sink: Sink) => Promise<void>, leave: () => void): { next(): Promise<IteratorResult<Uint8Array>>; cancel(): void } => {
  const ready: Uint8Array[] = []
  let slab = NOTHING
  let from = 0
  let to = 0
  let ahead = 0
  let over = false
  let failure: { error: unknown } | undefined
  let news: Promise<void> | undefined
  let wake: (() => void) | undefined
  let goOn: (() => void) | undefined

  const settle = (): void => {
    over = true
    wake?.()
  }
  const sink: Sink = (chunk, start, end) => {
    const length = end - start
    if (slab.length - to < length) {
      if (to > from) ready.push(slab.subarray(from, to))
      slab = allocate(Math.max(SLAB, length))
      from = to = 0
    }
    slab.set(chunk.subarray(start, end), to)
    to += length
    ahead += length
    wake?.()
    return ahead < READ_AHEAD ? undefined : new Promise(resolve => (goOn = resolve))
  }

  into(sink).then(settle, error => {
    failure = { error }
    settle()
  })

  return {
    async next() {
      // Who waits wakes in a microtask behind the read, and takes all that it brought in one chunk.
      while (to === from && ready.length === 0 && !over) {
        news ??= new Promise(resolve => {
          wake = () => {
            news = undefined
            resolve()
          }
        })
        await news
      }
      let chunk = ready.shift()
      if (!chunk && to > from) {
        chunk = slab.subarray(from, to)
        from = to
      }
      if (chunk) {
        ahead -= chunk.length
        goOn?.()
        return { done: false, value: chunk }
      }
      if (failure) {
        const { error } = failure
        failure = undefined
        throw error
      }
      return { done: true, value: undefined }
    },
    cancel() {
      failure = undefined
      ready.length = from = to = 0
      if (over) return
      leave()
      settle()
    },
  }
}

/** All octets of the body. Errors: body-too-large beyond `limit` octets, and those of bodyInto. */
export const bytes = async (response: Response, limit = BODY_BYTES_MAX): Promise<Uint8Array> => {
  const pieces: Uint8Array[] = []
  let length = 0
  await bodyInto(response, (chunk, start, end) => {
    length += end - start
    if (length > limit) throw fail('body-too-large', `the answer to ${response.method} ${response.path} is longer than ${limit} octets`, { method: response.method, path: response.path, limit })
    pieces.push(copy(chunk, start, end))
  })
  return pieces.length === 1 ? pieces[0]! : concat(pieces)
}

/** The body as UTF-8 text. Errors: those of bytes. */
export const text = async (response: Response, limit?: number): Promise<string> => utf8(await bytes(response, limit))

/** The body as one JSON value, of a type that the caller knows. Errors: json-malformed, and those of bytes. */
export const json = async <T>(response: Response, limit?: number): Promise<T> => {
  const { method, path } = response
  const value = await text(response, limit)
  try {
    return JSON.parse(value) as T
  } catch (cause) {
    throw fail('json-malformed', `the answer to ${method} ${path} is no JSON: ${JSON.stringify(value.slice(0, 200))}`, { method, path, cause })
  }
}

/** Reads the body to its end and forgets it, so that the connection may serve again. Errors: those of bodyInto. */
export const discard = (response: Response): Promise<void> => bodyInto(response, () => {})
