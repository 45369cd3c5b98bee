/** A Dial around a Dial that writes down what goes over its connections, exchange by exchange. */
import { isError } from '../errors.js'
import type { Connection, Dial, Reader } from '../io/connection.js'
import { MORE } from '../wire/decoder.js'
import { header } from '../wire/response-head.js'
import { followRequest, followResponse, type Half } from './conversation.js'
import { octets, type RecordedStep, type Recording } from './recording.js'

export type Recorder = {
  /** Dials like the one that it was made of. */
  dial: Dial
  /** What was recorded until now. */
  recording(): Recording
}

type Conversation = { steps: RecordedStep[]; request: Half; response: Half }

/**
 * Records all exchanges over the connections of `dial`, with every chunk as it came; all of it is held in memory. Engine and
 * versions are what the first answer with a Server header says. `command` says what makes the recording.
 *
 * The values of MASKED_HEADERS are masked. What else is secret, in a body or a path, is recorded: read a recording before it
 * is published. A connection on which nothing was asked leaves no trace, and neither does a client that closes its connection.
 */
export const record = (dial: Dial, { command }: { command: string }): Recorder => {
  const exchanges: { steps: RecordedStep[] }[] = []
  let host = ''
  let about: { engine: string; version: string; apiVersion: string } | undefined

  const begin = (): Conversation => {
    const steps: RecordedStep[] = []
    exchanges.push({ steps })
    const request = followRequest(bytes => steps.push({ kind: 'sent', bytes: new Uint8Array(bytes) }))
    const response = followResponse(request, head => {
      const [, engine, version] = /^([^/]+)\/(\S+)/.exec(header(head, 'server') ?? '') ?? []
      if (engine && version) about ??= { engine, version, apiVersion: header(head, 'api-version') ?? 'unknown' }
    })
    return { steps, request, response }
  }

  return {
    async dial(options) {
      const connection = await dial(options)
      host ||= connection.host
      return tap(connection, begin)
    },
    recording: () => ({
      ...(about ?? { engine: 'unknown', version: 'unknown', apiVersion: 'unknown' }),
      host,
      command,
      exchanges: exchanges.filter(({ steps }) => steps.some(step => step.kind === 'sent')).map(({ steps }) => ({ steps: [...steps] })),
    }),
  }
}

/** A connection like `inner` that notes what passes; `begin` starts the notes of another exchange. */
const tap = (inner: Connection, begin: () => Conversation): Connection => {
  let conversation: Conversation | undefined
  /** How many octets of the next push were there before: a reader left them, and `inner` held them. */
  let offered = 0
  /** Whether this side closed the connection, so that its end says nothing about the engine. */
  let closed = false

  const note = (step: RecordedStep): void => {
    if (!closed) conversation?.steps.push(step)
  }
  const through = (reader: Reader): Reader => ({
    push(chunk, start, end) {
      if (start + offered < end) {
        const bytes = new Uint8Array(chunk.subarray(start + offered, end))
        conversation ??= begin()
        note({ kind: 'received', bytes })
        conversation.response.push(bytes)
      }
      try {
        const used = reader.push(chunk, start, end)
        offered = used === MORE ? 0 : end - start - used
        return used
      } catch (error) {
        closed = true
        throw error
      }
    },
    end() {
      note({ kind: 'received-end' })
      reader.end()
    },
    fail(error) {
      note({ kind: 'lost', reason: (isError(error) && (error.reason ?? error.code)) || 'unknown' })
      closed = true
      reader.fail(error)
    },
  })

  return {
    peer: inner.peer,
    host: inner.host,
    get open() {
      return inner.open
    },
    get holding() {
      return inner.holding
    },
    read: reader => inner.read(reader && through(reader)),
    write(data, done) {
      if (!conversation || (conversation.request.over && conversation.response.over)) conversation = begin()
      conversation.request.push(typeof data === 'string' ? octets(data) : data)
      inner.write(data, done)
    },
    end() {
      note({ kind: 'sent-end' })
      inner.end()
    },
    destroy(reason) {
      closed = true
      inner.destroy(reason)
    },
    ref: alive => inner.ref(alive),
    ...(inner.rest && { rest: (ms: number) => inner.rest?.(ms) }),
  }
}
