/**
 * A connection: one reader at a time, which takes borrowed bytes; writes with backpressure; half-close; destroy.
 *
 * Bytes that nobody reads are held (a copy of two reads at most) and the socket is paused, so a slow reader costs no memory.
 */
import type { Socket } from 'node:net'
import { fail } from '../errors.js'
import { createInbox, type Reader } from './inbox.js'

export type { Reader }

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
  const inbox = createInbox(() => socket.destroy())
  let paused = false
  let writeError: Error | undefined
  let received = 0

  const receive = (chunk: Uint8Array, length: number): void => {
    received += length
    // Who reads next mostly comes in the microtasks behind this callback: only a second read without a reader pauses.
    if (inbox.holding) {
      paused = true
      socket.pause()
    }
    inbox.take(chunk, length)
  }

  const destroy = (reason: unknown = fail('connection-closed', `${peer}: connection closed`, { peer })): void => {
    socket.destroy()
    inbox.fail(reason)
  }

  /**
   * An engine that refuses an upload answers and closes; the next write then fails while the answer waits in the socket, and
   * node:net would drop both. So the socket is closed once a turn of the event loop brought nothing more to read: a whole one, for
   * what came while this one was writing is found by the next.
   */
  const destroySocket = socket.destroy.bind(socket)
  const linger = (): void => {
    const before = received
    const look = (): void => {
      if (paused) return
      if (received > before || socket.isPaused()) linger()
      else destroySocket(writeError)
    }
    setImmediate(setImmediate, look)
  }
  socket.destroy = (error?: NodeJS.ErrnoException) => {
    if (error?.syscall !== 'write' || inbox.failure) return destroySocket(error)
    writeError = error
    linger()
    return socket
  }

  socket.on('end', inbox.end)
  // At once: behind a fatal alert, such as that a certificate is wanted, node:tls closes nothing, and tells an end. Behind the end it is only
  // about what is still written.
  socket.on('error', error => inbox.ended || destroy(explain(error)))
  socket.on('close', () => {
    if (!inbox.ended) destroy()
  })

  const connection: Connection = {
    peer,
    host,
    get open() {
      return !inbox.ended && !inbox.failure && !writeError
    },
    get holding() {
      return inbox.holding
    },
    read(next) {
      inbox.read(next)
      if (paused && inbox.reading) {
        paused = false
        socket.resume()
        if (writeError) linger()
      }
    },
    write(data, done) {
      if (writeError) done?.(explain(writeError))
      // A write that a destroyed socket drops is reported as done.
      else socket.write(data, 'latin1', done && (error => done(inbox.failure ? inbox.failure.reason : error ? explain(error) : undefined)))
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
