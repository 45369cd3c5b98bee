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
  /** Writes octets, or text of one octet per character. `done` hears when the operating system has them, or why it will not. */
  write(data: Uint8Array | string, done?: (error?: unknown) => void): void
  /** Says that nothing more will be written; what was written still goes out, and reading goes on. */
  end(): void
  /** Closes both directions at once; the reader hears `reason`. */
  destroy(reason?: unknown): void
  /** Reads nothing for so many milliseconds, where the transport can, and lets what comes pile up on the engine's side. */
  rest?(ms: number): void
  /** Whether this connection by itself keeps the process alive. It does at first. */
  ref(alive: boolean): void
}

/** Opens connections, within the options' bounds. What decorates a Dial returns a Dial. */
export type Dial = (options?: DialOptions) => Promise<Connection>
export type DialOptions = {
  signal?: AbortSignal | undefined
  /** Milliseconds until it gives up with dial-timeout, a TLS handshake included: DIAL_MS unless said otherwise, 0 for never. */
  dialMs?: number | undefined
}

/** Who a connection is with, and how its errors read. */
export type Peer = {
  peer: string
  host: string
  /** Makes a coded error of what the socket reported. */
  explain(error: NodeJS.ErrnoException): Error
}

/** A Connection over a connected socket, and where the socket's bytes have to go: borrowed, `length` octets of `chunk`. */
export const overSocket = (socket: Socket, { peer, host, explain }: Peer): { connection: Connection; receive(chunk: Uint8Array, length: number): void } => {
  let reader: Reader | undefined
  /** Whether the reader takes bytes: it did not say that it is done. */
  let reading = false
  let feeding = false
  let held: Uint8Array | undefined
  let paused = false
  let ended = false
  let failed = false
  let failure: unknown
  let writeError: Error | undefined
  let received = 0

  const feed = (chunk: Uint8Array, end: number, own: boolean): void => {
    let start = 0
    feeding = true
    try {
      while (reader && reading && start < end) {
        reading = false
        const used = reader.push(chunk, start, end)
        if (used === MORE) {
          reading = true
          start = end
        } else start += used
      }
    } catch (error) {
      destroy(error)
    }
    feeding = false
    if (start < end && !failed) held = own ? chunk.subarray(start, end) : copy(chunk, start, end)
  }

  const receive = (chunk: Uint8Array, length: number): void => {
    received += length
    // Who reads next mostly comes in the microtasks behind this callback: only a second read without a reader pauses.
    if (held) {
      paused = true
      socket.pause()
      held = concat([held, chunk.subarray(0, length)])
    } else feed(chunk, length, false)
  }

  /** Tells the reader how the connection ended: a failure at once, the end when it has all bytes. */
  const conclude = (): void => {
    const current = reader
    if (!current || !(failed || (ended && reading))) return
    reader = undefined
    if (!failed) {
      try {
        return current.end()
      } catch (error) {
        destroy(error)
      }
    }
    current.fail(failure)
  }

  const broken = (error: unknown): void => {
    if (!failed) failure = error
    failed = true
  }

  const destroy = (reason?: unknown): void => {
    broken(reason ?? fail('connection-closed', `${peer}: connection closed`, { peer }))
    held = undefined
    socket.destroy()
    conclude()
  }

  /**
   * An engine that refuses an upload answers and closes; the next write then fails while the answer waits in the socket, and
   * node:net would drop both. So the socket is closed once a turn of the event loop brought nothing more to read.
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
    if (error?.syscall !== 'write' || failed) return destroySocket(error)
    writeError = error
    linger()
    return socket
  }

  socket.on('end', () => {
    ended = true
    conclude()
  })
  socket.on('error', error => broken(explain(error)))
  socket.on('close', () => {
    if (!ended) destroy()
  })

  const connection: Connection = {
    peer,
    host,
    get open() {
      return !ended && !failed && !writeError
    },
    get holding() {
      return held !== undefined
    },
    read(next) {
      reader = next
      reading = next !== undefined
      if (feeding) return
      if (held) {
        const chunk = held
        held = undefined
        feed(chunk, chunk.length, true)
      }
      if (paused && reading) {
        paused = false
        socket.resume()
        if (writeError) linger()
      }
      conclude()
    },
    write(data, done) {
      if (writeError) done?.(explain(writeError))
      else socket.write(data, 'latin1', done && (error => done(error ? (failed ? failure : explain(error)) : undefined)))
    },
    end() {
      socket.end()
    },
    destroy,
    rest(ms) {
      socket.pause()
      setTimeout(() => {
        if (!paused) socket.resume()
      }, ms)
    },
    ref(alive) {
      if (alive) socket.ref()
      else socket.unref()
    },
  }
  return { connection, receive }
}
