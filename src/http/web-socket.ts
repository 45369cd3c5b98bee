/**
 * A WebSocket (RFC 6455) over any client: the handshake, messages both ways, and the end.
 *
 * Extensions are never asked for. Every message that is written goes out as one frame, as Go's x/net/websocket, which engines have,
 * knows no more of fragments than it must. Pings are answered when somebody reads.
 */
import { clearDeadline, setDeadline, type Deadline } from '../abort.js'
import { concat, copy, encodeUtf8, latin1, utf8, type ByteSource, type Sink } from '../bytes.js'
import { fail, isError } from '../errors.js'
import { MORE } from '../wire/decoder.js'
import { header } from '../wire/response-head.js'
import { createWebSocketDecoder, encodeWebSocketClose, encodeWebSocketFrame, WEB_SOCKET_NO_STATUS, type WebSocketOpcode } from '../wire/web-socket.js'
import type { Client, ExchangeOptions, Request, Response } from './exchange.js'
import { refusal } from './ok.js'
import { bodyInto, byteSource } from './receive.js'

/** Milliseconds that the peer has for its side of the closing handshake, and then to hang up. */
export const WEB_SOCKET_CLOSE_MS = 2000

/** RFC 6455 section 1.3. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

export type WebSocketRequest = Pick<Request, 'path' | 'headers'>

export type WebSocketOptions = ExchangeOptions & {
  /** Subprotocols to offer. */
  protocols?: readonly string[] | undefined
  /** Octets of one message: WEB_SOCKET_MESSAGE_MAX unless given. */
  limit?: number | undefined
}

/** How the peer closed: WEB_SOCKET_NO_STATUS where it did not say. */
export type WebSocketEnd = { code: number; reason: string }

/**
 * The octets of all messages, one behind the other, are the source itself; `messages` tells them apart. Either reads, once. Both end with
 * the peer's Close of the status 1000, 1001 or none; another is a stream-error with its reason. Further errors: those of
 * createWebSocketDecoder, of which the peer is told, and those of bodyInto.
 */
export type WebSocketStream = Required<ByteSource> & {
  readonly response: Response
  /** What the peer chose of the protocols. */
  readonly protocol: string | undefined
  /** Text as a string, binary as octets that may be kept. Leaving the loop closes the connection. */
  messages(): AsyncIterable<string | Uint8Array>
  /** Sends a message of binary, or of text for a string. Wait for the promise, or what the peer does not take piles up in memory. */
  write(data: string | Uint8Array): Promise<void>
  /**
   * Says that nothing more will be written, with a status (1000 unless given) and a reason of 123 octets at most, and resolves when the peer has
   * said so too, or its WEB_SOCKET_CLOSE_MS are over. What it still sends goes to who reads; if nobody does, it is dropped.
   */
  close(code?: number, reason?: string): Promise<void>
  /** Closes the connection at once. */
  destroy(reason?: unknown): void
}

const base64 = (bytes: Uint8Array): string => btoa(latin1(bytes, 0, bytes.length))

/** What a failure of ours is called in a Close frame (section 7.4.1). */
const statusOf = (error: unknown): number => (isError(error, 'web-socket-text-malformed') ? 1007 : isError(error, 'web-socket-too-large') ? 1009 : 1002)

/**
 * Opens a WebSocket. Errors: those of ok for a status of 300 and more; upgrade-refused for an answer that is no handshake, such as a wrong
 * key or an extension that nobody asked for; request-invalid.
 */
export const webSocket = async (client: Client, { path, headers }: WebSocketRequest, { protocols, limit, ...options }: WebSocketOptions = {}): Promise<WebSocketStream> => {
  const key = base64(crypto.getRandomValues(new Uint8Array(16)))
  const accept = base64(new Uint8Array(await crypto.subtle.digest('SHA-1', encodeUtf8(key + GUID))))
  const offer = protocols && protocols.length > 0 ? { 'Sec-WebSocket-Protocol': protocols.join(', ') } : {}
  const response = await client.exchange({ method: 'GET', path, headers: { ...headers, 'Sec-WebSocket-Key': key, 'Sec-WebSocket-Version': '13', ...offer }, upgrade: 'websocket' }, options)
  const { connection, status } = response
  if (status > 299) throw await refusal(response)
  const protocol = header(response, 'sec-websocket-protocol')
  const wrong =
    status !== 101 ? `status ${status}`
    : header(response, 'upgrade')?.toLowerCase() !== 'websocket' ? 'another Upgrade'
    : !/(^|[ \t,])upgrade($|[ \t,])/i.test(header(response, 'connection') ?? '') ? 'no Connection: Upgrade'
    : header(response, 'sec-websocket-accept') !== accept ? 'an answer to another key'
    : header(response, 'sec-websocket-extensions') ? 'an extension that was not asked for'
    : protocol !== undefined && !protocols?.includes(protocol) ? 'a protocol that was not asked for'
    : undefined
  if (wrong) {
    response.release(false)
    throw fail('upgrade-refused', `${response.method} ${response.path} was to open a WebSocket, and was answered with ${wrong}`, { method: response.method, path: response.path, status })
  }

  let deadline: Deadline | undefined
  let closing = false
  let reading = false
  let end: WebSocketEnd | undefined
  let settled!: () => void
  const over = new Promise<void>(resolve => (settled = resolve))

  const frame = (opcode: WebSocketOpcode, payload: Uint8Array): Promise<void> =>
    new Promise((resolve, reject) => connection.write(encodeWebSocketFrame(opcode, payload, { mask: crypto.getRandomValues(new Uint8Array(4)) }), error => (error ? reject(error) : resolve())))
  /** Sends a Close, once; from then on the peer has not forever. */
  const sayClose = (payload: Uint8Array): Promise<void> => {
    if (closing) return Promise.resolve()
    closing = true
    const sent = frame('close', payload)
    deadline = setDeadline(WEB_SOCKET_CLOSE_MS, () => connection.destroy())
    return sent.catch(() => {})
  }

  /** Reads to the end. Both callbacks may return a promise, which holds the peer back. */
  const run = async (sink: Sink | undefined, message: (isText: boolean) => void | Promise<void>): Promise<void> => {
    if (reading) throw fail('response-consumed', `the WebSocket of ${response.path} is being read already, or has been`, { method: response.method, path: response.path })
    reading = true
    let waiting: Promise<void> | undefined
    const wait = (promise: void | Promise<void>): boolean => {
      if (promise) waiting = promise
      return !waiting
    }
    const decoder = createWebSocketDecoder(
      {
        data: (_, chunk, start, end) => wait(sink?.(chunk, start, end)),
        message: isText => wait(message(isText)),
        ping(payload) {
          // Who floods us with pings and takes no pongs is not read until it does.
          if (!closing) waiting = frame('pong', payload).catch(() => {})
        },
        pong() {},
        close(code, reason) {
          end = { code, reason }
          void sayClose(encodeWebSocketClose(code === WEB_SOCKET_NO_STATUS ? undefined : code)).then(connection.end)
        },
      },
      { limit },
    )
    /** Takes the rest behind a stop, from octets of our own. */
    const rest = async (chunk: Uint8Array): Promise<void> => {
      try {
        for (let at = 0; ; ) {
          await waiting
          waiting = undefined
          const used = decoder.push(chunk, at, chunk.length)
          at = used === MORE ? chunk.length : at + used
          if (!waiting && (end || used === MORE)) return
        }
      } catch (error) {
        await refuse(error)
      }
    }
    /** Tells the peer what is wrong with its frames, and gives up. */
    const refuse = async (error: unknown): Promise<never> => {
      if (isError(error) && error.code.startsWith('web-socket-')) {
        await sayClose(encodeWebSocketClose(statusOf(error)))
        connection.end()
      }
      throw error
    }
    try {
      await bodyInto(response, (chunk, start, stop) => {
        if (end) return undefined
        let used: number
        try {
          used = decoder.push(chunk, start, stop)
        } catch (error) {
          return refuse(error)
        }
        if (end) return undefined
        if (used === MORE && !waiting) return undefined
        return rest(copy(chunk, used === MORE ? stop : start + used, stop))
      })
      decoder.end()
    } catch (error) {
      // The peer has said all that it had to say; how it hung up does not matter.
      if (!end) throw error
    } finally {
      closing = true
      clearDeadline(deadline)
      settled()
    }
    const { code, reason } = end as WebSocketEnd
    if (code !== 1000 && code !== 1001 && code !== WEB_SOCKET_NO_STATUS) throw fail('stream-error', `${connection.peer} closed the WebSocket with ${code}${reason && `: ${reason}`}`, { path: response.path, reason })
  }

  const leave = (): void => response.release(false)
  const source = byteSource(sink => run(sink, () => {}), leave)
  return {
    into: source.into,
    [Symbol.asyncIterator]: source[Symbol.asyncIterator],
    response,
    protocol,
    async *messages() {
      const queue: (string | Uint8Array)[] = []
      let pieces: Uint8Array[] = []
      let wake: (() => void) | undefined
      let goOn: (() => void) | undefined
      let failure: { error: unknown } | undefined
      let finished = false
      const finish = (): void => {
        finished = true
        wake?.()
      }
      void run(
        (chunk, start, end) => void pieces.push(copy(chunk, start, end)),
        isText => {
          const whole = concat(pieces)
          pieces = []
          queue.push(isText ? utf8(whole) : whole)
          wake?.()
          // One message ahead of who reads.
          return new Promise(resolve => (goOn = resolve))
        },
      ).then(finish, error => {
        failure = { error }
        finish()
      })
      try {
        for (;;) {
          for (let item; (item = queue.shift()) !== undefined; ) {
            yield item
            goOn?.()
          }
          if (finished) {
            if (failure) throw failure.error
            return
          }
          await new Promise<void>(resolve => (wake = resolve))
        }
      } finally {
        goOn?.()
        if (!finished) leave()
      }
    },
    write(data) {
      const written = new Promise<void>((resolve, reject) => {
        if (closing) reject(fail('request-invalid', 'the WebSocket is closed: nothing can be written behind its end'))
        else if (typeof data === 'string') resolve(frame('text', encodeUtf8(data)))
        else resolve(frame('binary', data))
      })
      // Who reads hears of a broken connection too, so nobody has to wait for each write.
      written.catch(() => {})
      return written
    },
    async close(code = 1000, reason) {
      const sent = sayClose(encodeWebSocketClose(code, reason))
      if (!reading) void run(undefined, () => {}).catch(() => {})
      await sent
      await over
    },
    destroy: reason => connection.destroy(reason),
  }
}
