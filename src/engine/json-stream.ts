/**
 * Progress that the engine reports as one JSON record per line (daemon: pkg/streamformatter). The status went out before the
 * work began, so a failure comes as a record with errorDetail in a stream that answered 200.
 */
import { fail } from '../errors.js'
import type { Response } from '../http/exchange.js'
import { body } from '../http/receive.js'
import { ndjson } from '../stream/lines.js'

/** What every record may hold. */
export type ProgressRecord = {
  /** Which layer or step it is about. */
  id?: string
  status?: string
  progressDetail?: { current?: number; total?: number; /** In `units` where that is given, else bytes. */ units?: string; start?: number; hidecounts?: boolean } | null
  /** Until 1.47 the engine also drew a bar. */
  progress?: string | null
  /** The operation has failed. */
  errorDetail?: { code?: number; message?: string } | null
  /** The same as text; until 1.47, and podman. */
  error?: string | null
  /** What it made; its shape is the operation's. */
  aux?: unknown
}

/**
 * Work that reports its progress. The request goes out at once. Await it for the end: it resolves with the last record, and
 * rejects with stream-error and the engine's message if the work failed. Iterate it, once, for every record; that throws the same
 * error, and leaving the loop early closes the connection, at which the engine gives up.
 */
export type JsonStream<T> = AsyncIterable<T> & PromiseLike<T | undefined>

/** Reads the body of a response that is still to come. Errors: the request's, stream-error, response-consumed, and those of ndjson. */
export const jsonStream = <T extends ProgressRecord>(started: Promise<Response>): JsonStream<T> => {
  let settle!: { resolve(last: T | undefined): void; reject(error: unknown): void }
  const finished = new Promise<T | undefined>((resolve, reject) => (settle = { resolve, reject }))
  // Who iterates hears of the failure there.
  finished.catch(() => {})
  let reading = false

  const read = async function* (): AsyncGenerator<T, void, void> {
    let last: T | undefined
    try {
      reading = true
      const response = await started
      for await (const record of ndjson<T>(body(response))) {
        const reason = record?.errorDetail ? (record.errorDetail.message ?? 'no reason given') : record?.error
        if (reason) throw fail('stream-error', `${reason} (${response.method} ${response.path} answered 200 and failed later)`, { method: response.method, path: response.path, status: response.status, reason })
        last = record
        yield record
      }
      settle.resolve(last)
    } catch (error) {
      settle.reject(error)
      throw error
    } finally {
      settle.reject(fail('response-consumed', 'the loop over the progress was left before its end, so how the work ended is not known'))
    }
  }
  const drain = async (): Promise<void> => {
    for await (const _ of read());
  }
  return {
    [Symbol.asyncIterator]: read,
    then(resolve, reject) {
      if (!reading) drain().catch(() => {})
      return finished.then(resolve, reject)
    },
  }
}
