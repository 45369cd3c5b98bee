/** Records that the engine sends for as long as somebody listens, one JSON value per line: events and statistics. */
import type { Response } from '../http/exchange.js'
import { body } from '../http/receive.js'
import { lines, ndjson } from '../stream/lines.js'

/**
 * A stream of records. The request goes out at once; iterate it once, and leaving the loop closes the connection. Its errors are
 * the request's, json-malformed, and those of a body.
 */
export type RecordStream<T> = AsyncIterable<T> & {
  /** Resolves when the engine has answered: what happens from now on is in the stream. Podman 4 answers with its first record only. */
  registered(): Promise<void>
  /** The records as text instead, for who has a parser that keeps integers beyond 2^53. */
  lines(): AsyncIterable<string>
}

/** Reads the body of a response that is still to come. */
export const recordStream = <T>(started: Promise<Response>): RecordStream<T> => {
  // Who iterates hears of the failure there.
  started.catch(() => {})
  return {
    async *[Symbol.asyncIterator]() {
      yield* ndjson<T>(body(await started))
    },
    async *lines() {
      yield* lines(body(await started))
    },
    registered: () => started.then(() => {}),
  }
}
