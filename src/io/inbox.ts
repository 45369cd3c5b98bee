/**
 * The reading side of a connection, whatever its bytes come from: one reader at a time, what it leaves is held, and it hears
 * once how the connection ended.
 */
import { allocate } from '../bytes.js'
import { MORE, type Decoder } from '../wire/decoder.js'

/**
 * A decoder on a connection. When `push` returns a count, the rest is held and the reader gets no more bytes until it is
 * handed to `read` again; it still hears of a failure. After `end` or `fail` it is not called again.
 */
export type Reader = Decoder & {
  /** The connection broke or was destroyed, or `push` or `end` threw. */
  fail(error: unknown): void
}

export type Inbox = {
  /** Whether bytes are held that nobody has read. */
  readonly holding: boolean
  /** Whether the reader takes bytes now. */
  readonly reading: boolean
  /** Whether the peer has ended its side. */
  readonly ended: boolean
  /** Why the connection is broken, in a box, for a reason may be anything. */
  readonly failure: { reason: unknown } | undefined
  /** Hands out `chunk[0..end)`, which is borrowed, and holds what nobody takes behind what is held already. */
  take(chunk: Uint8Array, end: number): void
  /** Gives what is held and what comes to `next`. */
  read(next: Reader | undefined): void
  /** The peer has ended its side: the reader hears of it behind the last byte. */
  end(): void
  /** The connection is broken: what is held is dropped, and the reader hears the first reason at once. */
  fail(reason: unknown): void
}

const NOTHING = /* @__PURE__ */ new Uint8Array(0)

/** `broke` is called when a reader has thrown, before it hears of that. */
export const createInbox = (broke: () => void): Inbox => {
  let reader: Reader | undefined
  /** Whether the reader takes bytes: it did not say that it is done. */
  let reading = false
  let feeding = false
  /** What is held: room[from..to). It is used again as long as the same reader stops and goes on: a slow sink of a fast engine costs no garbage. */
  let room = NOTHING
  let from = 0
  let to = 0
  let ended = false
  let failure: { reason: unknown } | undefined

  /** Returns where it stopped. */
  const feed = (chunk: Uint8Array, start: number, end: number): number => {
    feeding = true
    try {
      while (reader && reading && start < end) {
        reading = false
        const used = reader.push(chunk, start, end)
        reading ||= used === MORE
        start = used === MORE ? end : start + used
      }
    } catch (error) {
      refuse(error)
    }
    feeding = false
    return failure ? end : start
  }

  const conclude = (): void => {
    const current = reader
    if (!current || !(failure || (ended && reading))) return
    reader = undefined
    if (!failure) {
      try {
        return current.end()
      } catch (error) {
        refuse(error)
      }
    }
    current.fail(failure?.reason)
  }

  const fail = (reason: unknown): void => {
    failure ??= { reason }
    from = to = 0
    conclude()
  }

  const refuse = (error: unknown): void => {
    failure ??= { reason: error }
    broke()
    fail(error)
  }

  return {
    get holding() {
      return to > from
    },
    get reading() {
      return reading
    },
    get ended() {
      return ended
    },
    get failure() {
      return failure
    },
    take(chunk, end) {
      const rest = chunk.subarray(to > from ? 0 : feed(chunk, 0, end), end)
      if (rest.length === 0) return
      if (room.length - to < rest.length) {
        const held = room.subarray(from, to)
        room = allocate(held.length + rest.length * 2)
        room.set(held)
        from = 0
        to = held.length
      }
      room.set(rest, to)
      to += rest.length
    },
    read(next) {
      const isOther = reader !== next
      reader = next
      reading = next !== undefined
      if (feeding) return
      // While they are handed out they are not held: a reader that takes the last of them leaves a clean connection.
      const end = to
      const start = from
      from = to = 0
      const stop = feed(room, start, end)
      if (stop < end) {
        from = stop
        to = end
      } else if (isOther) room = NOTHING
      conclude()
    },
    end() {
      ended = true
      conclude()
    },
    fail,
  }
}
