/**
 * A Dial made of a recording: an engine that answers what it was recorded to answer, in the same chunks.
 *
 * It answers by exchange, not by connection, so that what was recorded one after the other can be replayed at the same time
 * and the reverse. What a client writes on a connection that is new, or whose exchange is over, begins an exchange: the
 * earliest unused one that sends these octets, however they are cut. What was received is delivered, a chunk for each turn of
 * the event loop, once all that the client had sent before it has come; so are half-closes and the end of the connection.
 */
import { concat, copy } from '../bytes.js'
import { fail, isError } from '../errors.js'
import type { Connection, Dial } from '../io/connection.js'
import { createInbox } from '../io/inbox.js'
import { followRequest, type Half } from './conversation.js'
import { escape, octets, type RecordedExchange, type RecordedStep, type Recording } from './recording.js'

export type Replay = Dial & {
  /** The exchanges that nobody has asked for yet, in the recording's order. */
  unused(): RecordedExchange[]
}

const NOTHING = /* @__PURE__ */ new Uint8Array(0)

/** What borrowed bytes become behind the read. */
const OVERWRITTEN = 0xdd

/** An exchange by what it waits for. */
type Script = {
  exchange: RecordedExchange
  /** All that the client sends, with its credentials masked. */
  sent: Uint8Array
  /** Whether the client half-closes behind it. */
  ends: boolean
  /** What the engine does, and behind how many octets, or the half-close. */
  cues: { step: RecordedStep; behind: number; behindEnd: boolean }[]
  /** Whether a connection has been answered by it. */
  used: boolean
}

const scriptOf = (exchange: RecordedExchange): Script => {
  const script: Script = { exchange, sent: NOTHING, ends: false, cues: [], used: false }
  const pieces: number[] = []
  const request = followRequest(bytes => {
    for (const c of bytes) pieces.push(c)
  })
  for (const step of exchange.steps) {
    if (step.kind === 'sent') request.push(step.bytes)
    else if (step.kind === 'sent-end') script.ends = true
    else script.cues.push({ step, behind: pieces.length, behindEnd: script.ends })
  }
  script.sent = Uint8Array.from(pieces)
  return script
}

/** How many octets of `bytes` are those of `sent` from `position` on. */
const agreement = (sent: Uint8Array, position: number, bytes: Uint8Array): number => {
  let i = 0
  while (i < bytes.length && sent[position + i] === bytes[i]) i++
  return i
}

/** Some text around an octet, to see what differs. */
const excerpt = (bytes: Uint8Array, at: number): string => {
  const start = Math.max(0, at - 40)
  const end = Math.min(bytes.length, at + 60)
  return `${start > 0 ? '…' : ''}${escape(bytes, start, at)}⟦${escape(bytes, at, end)}⟧${end < bytes.length ? '…' : ''}`
}

const firstLine = (bytes: Uint8Array): string => {
  const end = bytes.indexOf(13)
  return escape(bytes, 0, Math.min(end < 0 ? bytes.length : end, 200))
}

/**
 * Answers as the recording does. A client that sends what no unused exchange sends gets replay-mismatch: the message shows
 * the nearest that was recorded and what came, and `offset` is the first octet that differs. Each exchange is used once;
 * masked credentials match any. A client that waits for more than was recorded waits for ever: use its time limits.
 */
export const replay = (recording: Recording): Replay => {
  const scripts = recording.exchanges.map(scriptOf)
  const dial: Dial = ({ signal } = {}) => (signal?.aborted ? Promise.reject(signal.reason) : Promise.resolve(connect(recording.host, scripts)))
  return Object.assign(dial, { unused: () => scripts.filter(({ used }) => !used).map(({ exchange }) => exchange) })
}

const connect = (host: string, scripts: readonly Script[]): Connection => {
  const peer = `replay://${host}`
  const inbox = createInbox(() => {})
  /** What the client did that breaks the connection. The reader hears of it in a moment, as from a socket. */
  let broken: { error: unknown } | undefined

  /** What the client writes in the exchange that is under way; none while the connection is idle. */
  let request: Half | undefined
  /** The exchanges that agree with it so far, and the one of them that has begun to answer. */
  let candidates: readonly Script[] = []
  let answering: Script | undefined
  /** How many octets have come, and how many cues were followed. */
  let position = 0
  let cue = 0
  let halfClosed = false
  let scheduled = false

  const mismatch = (bytes: Uint8Array, what: string): Error => {
    // All candidates agree up to `position`, so that any of them shows what has come before.
    const came = concat([candidates[0]?.sent.subarray(0, position) ?? NOTHING, bytes])
    let nearest: Script | undefined
    let offset = position
    for (const script of candidates) {
      const common = agreement(script.sent, 0, came)
      if ((script === answering || !script.used) && (!nearest || common > offset)) {
        nearest = script
        offset = common
      }
    }
    const [, method, path] = /^([^ ]+) ([^ ]+)/.exec(firstLine(came)) ?? []
    const used = scripts.some(script => script.used && agreement(script.sent, 0, came) === came.length)
    const message = [
      `${what}${used ? ', only one that has been used' : ''}${nearest ? `; octet ${offset} differs` : ', nor any other'}`,
      `came:     ${firstLine(came)}`,
      ...(nearest ? [`          ${excerpt(came, offset)}`, `recorded: ${firstLine(nearest.sent)}`, `          ${excerpt(nearest.sent, offset)}`] : []),
    ].join('\n')
    return fail('replay-mismatch', message, { peer, ...(method && { method }), ...(path && { path }), offset })
  }

  const alive = (): boolean => !inbox.failure && !broken

  /** The exchange that answers now, if all that it waits for has come. */
  const due = (): Script | undefined => {
    const script = answering ?? candidates.find(({ used }) => !used)
    const next = script?.cues[cue]
    return script && next && position >= next.behind && (halfClosed || !next.behindEnd) ? script : undefined
  }

  /** Claims what is due for this connection, or sees that the exchange is over. */
  const advance = (): void => {
    const script = due()
    if (script) {
      answering = script
      script.used = true
      if (!scheduled && !inbox.holding) {
        scheduled = true
        setImmediate(deliver)
      }
      return
    }
    const over = answering ?? candidates.find(({ used }) => !used)
    if (!over || cue < over.cues.length || position < over.sent.length || halfClosed !== over.ends) return
    over.used = true
    candidates = []
    answering = request = undefined
    position = cue = 0
  }

  const deliver = (): void => {
    scheduled = false
    const script = due()
    if (!script || inbox.holding || !alive()) return
    const { step } = script.cues[cue++]!
    // The reader may send the next request before it returns, so the state comes first.
    advance()
    if (step.kind === 'received-end') inbox.end()
    else if (step.kind === 'lost') inbox.fail(fail('connection-lost', `${peer}: connection lost: ${step.reason}`, { peer, reason: step.reason }))
    else if (step.kind === 'received') {
      const chunk = copy(step.bytes)
      inbox.take(chunk, chunk.length)
      // As in a socket's buffer: a reader that keeps borrowed bytes is found out.
      chunk.fill(OVERWRITTEN)
    }
  }

  const agreeing = (agrees: (script: Script) => boolean): readonly Script[] => (answering ? [answering] : candidates.filter(({ used }) => !used)).filter(agrees)

  const receive = (bytes: Uint8Array): void => {
    const agree = agreeing(({ sent }) => agreement(sent, position, bytes) === bytes.length)
    if (agree.length === 0) throw mismatch(bytes, 'the recording has no unused exchange that sends this')
    candidates = agree
    position += bytes.length
    advance()
  }

  /** Does what the client asked for, unless the connection is broken or gets so by that; returns why. */
  const attempt = (act: () => void): unknown => {
    if (inbox.failure) return inbox.failure.reason
    if (broken) return broken.error
    try {
      act()
      return undefined
    } catch (error) {
      if (!isError(error)) throw error
      broken = { error }
      queueMicrotask(() => inbox.fail(error))
      return error
    }
  }

  return {
    peer,
    host,
    get open() {
      return !inbox.ended && alive()
    },
    get holding() {
      return inbox.holding
    },
    read(next) {
      inbox.read(next)
      advance()
    },
    write(data, done) {
      const error = attempt(() => {
        if (halfClosed || (inbox.ended && !request)) throw fail('connection-closed', `${peer}: written to after it was closed`, { peer })
        if (!request) {
          candidates = scripts
          request = followRequest(receive)
        }
        request.push(typeof data === 'string' ? octets(data) : data)
      })
      if (done) queueMicrotask(() => done(error))
    },
    end() {
      if (halfClosed || inbox.ended) return
      attempt(() => {
        halfClosed = true
        if (!request) return
        const agree = agreeing(({ ends, sent }) => ends && position === sent.length)
        if (agree.length === 0) throw mismatch(NOTHING, 'the client half-closed, and was not recorded to do so here')
        candidates = agree
        advance()
      })
    },
    destroy: reason => inbox.fail(reason ?? fail('connection-closed', `${peer}: connection closed`, { peer })),
    ref() {},
  }
}
