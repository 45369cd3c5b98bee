/**
 * One request and its response on one connection (RFC 9112). The response is read while the request is still being written,
 * so that an engine which refuses an upload early is heard. What comes back is inert: reading its body is for `receive.ts`.
 */
import { clearDeadline, onAbort, setDeadline, type Deadline } from '../abort.js'
import { copy } from '../bytes.js'
import { fail } from '../errors.js'
import type { Connection, Reader } from '../io/connection.js'
import { responseFraming, UNTIL_CLOSE, type Framing } from '../wire/body-framing.js'
import { MORE } from '../wire/decoder.js'
import { encodeRequestHead } from '../wire/request-head.js'
import { createHeadDecoder, type ResponseHead } from '../wire/response-head.js'

/** A request body; made by bytesBody, jsonBody and streamBody. */
export type Body = {
  /** Content-Type. */
  readonly type?: string | undefined
  /** Octets; without it the body is sent in chunks. */
  readonly length?: number | undefined
  /** Writes it behind the head, or with it; what it returns goes on, and `progress` hears of each piece that the engine took. */
  send(connection: Connection, head: string, progress: () => void): Sending | undefined
  /** Whether it can be sent again. */
  readonly again: boolean
  /** Whether the head asks for 100 Continue. */
  readonly expect?: boolean | undefined
}

/** A body that is being written. The source's own error destroys the connection. */
export type Sending = {
  /** Whether all of it is written. */
  readonly sent: boolean
  /** 100 Continue has come. */
  go(): void
  /** Stops, and ends the source. */
  halt(): void
}

export type Request = {
  method: string
  /** Path and query, percent-encoded, beginning with a slash. */
  path: string
  /** An array repeats its field. */
  headers?: Readonly<Record<string, string | readonly string[]>> | undefined
  body?: Body | undefined
  /** The protocol to ask for: tcp, h2c, websocket. */
  upgrade?: string | undefined
}

/** Limits of time in milliseconds. 0 or nothing means none, which is what logs, waits and builds need. */
export type Limits = {
  /** For opening a connection, a TLS handshake included; 30 s when nothing is said. */
  dialMs?: number | undefined
  /** From the request, or the last piece of its body that the engine took, to the response's head. */
  headMs?: number | undefined
  /** Between two reads of a body. */
  silenceMs?: number | undefined
}

export type ExchangeOptions = Limits & {
  /** Ends whatever is going on, until the body has been read; the rejection is its reason. */
  signal?: AbortSignal | undefined
}

/** A response whose body waits on its connection. One of the readers must consume it, or the connection stays leased. */
export type Response = ResponseHead & {
  readonly method: string
  /** As it went over the wire, API version included. */
  readonly path: string
  readonly framing: Framing
  readonly connection: Connection
  /** The body, where all of it came with the head: then the connection is already free. */
  readonly whole: Uint8Array | undefined
  readonly silenceMs: number
  /** Gives the connection back, once; `clean` if it stands right behind this response. */
  release(clean: boolean): void
  /** Set by the one that reads the body. */
  consumed: boolean
}

export type Client = {
  /** Sends a request; resolves with the head of its response, whatever the status. */
  exchange(request: Request, options?: ExchangeOptions): Promise<Response>
}

/** Closes the connection of a response that was dropped unread. */
const forgotten = /* @__PURE__ */ new FinalizationRegistry<(clean: boolean) => void>(release => release(false))

/**
 * Runs one exchange. `release` is called once, when the connection is no longer needed, with whether it may serve again.
 * `again` is asked when the connection failed before any octet of a response, and may provide another.
 */
export const converse = (
  connection: Connection,
  request: Request,
  { signal, headMs = 0, silenceMs = 0 }: ExchangeOptions,
  release: (reusable: boolean) => void,
  again?: (error: unknown) => Promise<Response> | undefined,
): Promise<Response> =>
  new Promise((resolve, reject) => {
    const { method, path, body, upgrade } = request
    const { peer } = connection
    // Cleared once it is used: the connection lives on and refers to it, and a promise to its response, which must stay collectable.
    let promise: { resolve(response: Response | Promise<Response>): void; reject(error: unknown): void } | undefined = { resolve, reject }
    let sending: Sending | undefined
    let heard = false
    let final: ResponseHead | undefined
    let deadline: Deadline | undefined
    let released = false

    const finish = (clean: boolean): void => {
      if (released) return
      released = true
      forget?.()
      clearDeadline(deadline)
      const sent = !sending || sending.sent
      sending?.halt()
      // A release that closes the connection is no failure of this exchange: the reader must not hear of it.
      connection.read(undefined)
      // Behind a request for a switch of protocols the connection is the caller's, who may still write to it.
      const kept = final !== undefined && final.keepAlive && (!upgrade || final.status > 299)
      release(clean && sent && kept && connection.open)
    }

    const decoder = createHeadDecoder(head => {
      if (head.status === 100) sending?.go()
      if (head.status > 199 || head.status === 101) final = head
    })
    const reader: Reader = {
      push(chunk, start, end) {
        heard = true
        let at = start
        while (!final) {
          const used = decoder.push(chunk, at, end)
          if (used === MORE) return MORE
          at += used
        }
        clearDeadline(deadline)
        const { status, keepAlive } = final
        if (status === 101 && !upgrade) throw fail('head-malformed', `${peer}: ${method} ${path} was answered by a switch of protocols`, { peer, method, path, status })
        // An engine that refuses reads no more; one that builds may answer long before it has read all.
        if (status > 399) sending?.halt()
        const framing = status === 101 ? UNTIL_CLOSE : responseFraming(final, method)
        const whole = framing >= 0 && framing <= end - at ? copy(chunk, at, at + framing) : undefined
        if (whole) {
          at += framing
          finish(at === end)
        }
        // Each by name: a spread of the head costs a microsecond.
        const { reason, version, fields, length, chunked } = final
        const response: Response = { status, reason, version, fields, length, chunked, keepAlive, method, path, framing, connection, whole, silenceMs, release: finish, consumed: false }
        if (!whole) forgotten.register(response, finish)
        promise?.resolve(response)
        promise = undefined
        return at - start
      },
      end() {
        decoder.end()
        throw fail('connection-closed', `${peer}: closed before it answered ${method} ${path}`, { peer, method, path })
      },
      fail(error) {
        finish(false)
        const another = heard ? undefined : again?.(error)
        if (another) promise?.resolve(another)
        else promise?.reject(error)
        promise = undefined
      },
    }

    let head: string
    let forget: (() => void) | undefined
    try {
      head = encodeRequestHead({ method, path, host: connection.host, headers: request.headers, type: body?.type, length: body && (body.length ?? 'chunked'), upgrade, expect: body?.expect })
      forget = onAbort(signal, connection.destroy)
    } catch (error) {
      release(connection.open)
      throw error
    }
    if (headMs > 0) deadline = setDeadline(headMs, () => connection.destroy(fail('head-timeout', `${peer}: no answer to ${method} ${path} within ${headMs} ms`, { peer, method, path, limit: headMs })))
    connection.read(reader)
    if (released) return
    try {
      if (body) {
        sending = body.send(connection, head, () => {
          if (deadline) deadline.at = performance.now() + headMs
        })
      } else connection.write(head)
    } catch (error) {
      connection.destroy(error)
    }
  })
