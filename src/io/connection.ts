/**
 * A connection: one reader at a time, which takes borrowed bytes; writes with backpressure; half-close; destroy.
 *
 * Bytes that nobody reads are held (a copy of two reads at most) and the socket is paused, so a slow reader costs no memory.
 */
import type { Socket } from 'node:net'
import { concat, copy } from '../bytes.js'
import { fail } from '../errors.js'
import { MORE, type Decoder } from '../wire/decoder.js'

/**
 * A decoder on a connection. When `push` returns a count, the rest is held and the reader gets no more bytes until it is
 * handed to `read` again; it still hears of a failure. After `end` or `fail` it is not called again.
 */
export type Reader = Decoder & {
  /** The connection broke or was destroyed, or `push` or `end` threw. */
  fail(error: unknown): void
}

export type Connection = {
  /** Where it leads, in the form that dialUrl takes; for messages. */
  readonly peer: string
  /** What a Host header says. */
  readonly host: string
  /** Whether both directions are still usable. */
  readonly open: boolean
  /** Whether bytes have come that nobody has read. */
  readonly holding: boolean
  /** Gives all bytes from now on to `reader`, the held ones first; `undefined` lets them wait. */
  read(reader: Reader | undefined): void
  /** Writes octets, or text of one octet per character. Returns a promise to wait for when the peer is slower than that. */
  write(data: Uint8Array | string): Promise<void> | undefined
  /** Says that nothing more will be written; what was written still goes out, and reading goes on. */
  end(): void
  /** Closes both directions at once; the reader hears `reason`. */
  destroy(reason?: unknown): void
  /** Whether this connection by itself keeps the process alive. It does at first. */
  ref(alive: boolean): void
}

/** Opens connections. What decorates a Dial returns a Dial. */
export type Dial = (options?: DialOptions) => Promise<Connection>
export type DialOptions = { signal?: AbortSignal | undefined }

/** Who a connection is with, and how its errors read. */
export type Peer = {
  peer: string
  host: string
  /** Makes a coded error of what the socket reported. */
  explain(error: NodeJS.ErrnoException): Error
}

/** A promise whose rejection nobody need wait for: the reader hears of it too. */
const quiet = (promise: Promise<void>): Promise<void> => {
  promise.catch(() => {})
  return promise
}

/** A Connection over a connected socket, and where the socket's bytes have to go. */
export const overSocket = (socket: Socket, { peer, host, explain }: Peer): { connection: Connection; receive: (chunk: Uint8Array, length: number) => void } => {
  let reader: Reader | undefined
  /** Whether the reader takes bytes, and did not say that it is done. */
  let reading = false
  let held: Uint8Array | undefined
  let feeding = false
  let paused = false
  let ended = false
  let failure: { error: unknown } | undefined
  let writeError: Error | undefined
  let received = 0
  let drained: { promise: Promise<void>; resolve(): void; reject(error: unknown): void } | undefined

  /** Hands out bytes until they or the readers run out; returns where it stopped. */
  const feed = (chunk: Uint8Array, start: number, end: number): number => {
    feeding = true
    while (reader && reading && start < end) {
      const current = reader
      reading = false
      try {
        const used = current.push(chunk, start, end)
        if (used === MORE) {
          if (reader === current) reading = true
          start = end
        } else start += used
      } catch (error) {
        refuse(current, error)
        break
      }
    }
    feeding = false
    return start
  }

  const refuse = (current: Reader, error: unknown): void => {
    if (reader === current) reader = undefined
    failure ??= { error }
    socket.destroy()
    current.fail(error)
  }

  const receive = (chunk: Uint8Array, length: number): void => {
    received += length
    const used = held ? 0 : feed(chunk, 0, length)
    if (used === length || failure) return
    // Who reads next mostly comes in the microtasks behind this callback: only a second read without a reader pauses.
    if (held) {
      paused = true
      socket.pause()
      held = concat([held, chunk.subarray(0, length)])
    } else held = copy(chunk, used, length)
  }

  /** Tells the reader how the connection ended: a failure at once, the end when it has all bytes. */
  const conclude = (): void => {
    const current = reader
    if (!current || !(failure || (ended && reading && !held))) return
    reader = undefined
    if (failure) return current.fail(failure.error)
    try {
      current.end()
    } catch (error) {
      refuse(current, error)
    }
  }

  /**
   * An engine that refuses an upload answers and closes; the next write then fails while the answer waits in the socket, and
   * node:net would destroy both. So first everything that has come is read: the socket is closed once a turn of the event
   * loop brought nothing more.
   */
  const destroySocket = socket.destroy.bind(socket)
  const linger = (): void => {
    const before = received
    setImmediate(() => {
      if (paused) return
      if (received === before) destroySocket(writeError)
      else linger()
    })
  }
  socket.destroy = (error?: NodeJS.ErrnoException) => {
    if (error?.syscall !== 'write' || failure) return destroySocket(error)
    writeError ??= error
    drained?.reject(explain(error))
    linger()
    return socket
  }

  socket.on('drain', () => {
    drained?.resolve()
    drained = undefined
  })
  socket.on('end', () => {
    ended = true
    conclude()
  })
  socket.on('error', error => {
    failure ??= { error: explain(error) }
  })
  socket.on('close', () => {
    if (!ended) failure ??= { error: fail('connection-closed', `the connection to ${peer} is closed`, { peer }) }
    drained?.reject(failure ? failure.error : fail('connection-closed', `${peer} closed the connection`, { peer }))
    conclude()
  })

  const connection: Connection = {
    peer,
    host,
    get open() {
      return !ended && !failure && !writeError
    },
    get holding() {
      return held !== undefined
    },
    read(next) {
      reader = next
      reading = next !== undefined
      if (!next || feeding) return
      if (held) {
        const chunk = held
        held = undefined
        const used = feed(chunk, 0, chunk.length)
        if (used < chunk.length) held = chunk.subarray(used)
      }
      if (!reader || held) return conclude()
      if (paused) {
        paused = false
        socket.resume()
        if (writeError) linger()
      }
      conclude()
    },
    write(data) {
      if (failure || writeError) return quiet(Promise.reject(failure ? failure.error : explain(writeError!)))
      const flushed = typeof data === 'string' ? socket.write(data, 'latin1') : socket.write(data)
      if (flushed) return undefined
      if (!drained) {
        let resolve!: () => void
        let reject!: (error: unknown) => void
        const promise = new Promise<void>((yes, no) => {
          resolve = yes
          reject = no
        })
        drained = { promise: quiet(promise), resolve, reject }
      }
      return drained.promise
    },
    end() {
      socket.end()
    },
    destroy(reason) {
      failure ??= { error: reason ?? fail('connection-closed', `the connection to ${peer} was closed`, { peer }) }
      held = undefined
      socket.destroy()
      conclude()
    },
    ref(alive) {
      if (alive) socket.ref()
      else socket.unref()
    },
  }
  return { connection, receive }
}
