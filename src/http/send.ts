/** Request bodies. Those of bytes and JSON can be sent again when a reused connection turns out to be dead; a stream cannot. */
import { clearDeadline, setDeadline } from '../abort.js'
import { concat, encodeUtf8, type ByteSource } from '../bytes.js'
import { fail, isError } from '../errors.js'
import type { Connection } from '../io/connection.js'
import type { Body, Sending } from './exchange.js'

/** How long to wait for 100 Continue before the body is sent all the same (Go: ExpectContinueTimeout). */
export const CONTINUE_MS = 1000

/** Bodies and chunks up to here are copied to go out in one write with what stands before them: a second write costs a fifth of the request rate. */
const ONE_WRITE_MAX = 16 * 1024

const write = (connection: Connection, before: string, bytes: Uint8Array, done?: (error?: unknown) => void): void => {
  if (bytes.length <= ONE_WRITE_MAX) return connection.write(concat([encodeUtf8(before), bytes]), done)
  connection.write(before)
  connection.write(bytes, done)
}

/**
 * A body that is there as a whole. What does not go out in one write may have arrived in part when the connection dies: it is not sent
 * again; and until the operating system has all of it, the connection is not used again.
 */
const whole = (type: string, length: number, send: (connection: Connection, head: string, done?: (error?: unknown) => void) => void): Body => {
  const again = length <= ONE_WRITE_MAX
  return {
    type,
    length,
    again,
    send(connection, head, progress) {
      if (again) return void send(connection, head)
      const sending = { sent: false, go() {}, halt() {} }
      send(connection, head, error => {
        sending.sent = !error
        progress()
      })
      return sending
    },
  }
}

/** Octets as they are. */
export const bytesBody = (bytes: Uint8Array, type = 'application/octet-stream'): Body => {
  if (!(bytes instanceof Uint8Array)) throw fail('request-invalid', `a body of ${typeof bytes} is no Uint8Array`)
  return whole(type, bytes.length, (connection, head, done) => write(connection, head, bytes, done))
}

/** Refuses what JSON would turn into null or leave out without a word; an undefined member is left out on purpose. */
const strict = (key: string, value: unknown): unknown => {
  const type = typeof value
  const gap = Array.isArray(value) && value.includes(undefined)
  if (gap || type === 'bigint' || type === 'function' || type === 'symbol' || (type === 'number' && !Number.isFinite(value))) throw fail('request-invalid', `${key ? `the member ${JSON.stringify(key)}` : 'the value'} has no form in JSON: ${String(value).slice(0, 100)}`)
  return value
}

/** One JSON value. Characters beyond ASCII are escaped, so that it goes out as text in one write with the head. */
export const jsonBody = (value: unknown): Body => {
  let text: string | undefined
  try {
    text = JSON.stringify(value, strict)
  } catch (cause) {
    throw isError(cause) ? cause : fail('request-invalid', 'the value has no form in JSON', { cause })
  }
  if (text === undefined) throw fail('request-invalid', `${String(value)} has no form in JSON`)
  const data = text.replace(/[\u007f-\uffff]/g, c => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
  return whole('application/json', data.length, (connection, head, done) => connection.write(head + data, done))
}

export type StreamBodyOptions = {
  /** Octets, where they are known: sent with Content-Length rather than in chunks. */
  length?: number | undefined
  /** Ask first (Expect: 100-continue), so that an engine that refuses does so before anything is sent. */
  expect?: boolean | undefined
}

/** A body from any source, sent as it comes and as fast as the engine takes it. Errors: request-invalid, body-length-mismatch, and the source's. */
export const streamBody = (source: ByteSource | Iterable<Uint8Array>, type = 'application/x-tar', { length, expect }: StreamBodyOptions = {}): Body => {
  if (typeof source !== 'object' || source === null || !(Symbol.asyncIterator in source || Symbol.iterator in source)) throw fail('request-invalid', 'the source of a body is not iterable')
  if (length !== undefined && (!Number.isSafeInteger(length) || length < 0)) throw fail('request-invalid', `${String(length)} is not the length of a body`)
  let used = false
  return {
    type,
    length,
    expect,
    again: false,
    send(connection, head, progress) {
      const iterator = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]()
      // A generator is its own iterator: a second time it would be an empty body.
      if (used && Object.is(iterator, source)) throw fail('request-invalid', 'the source of a body has been sent already, and is used up')
      used = true
      connection.write(head)
      return sendStream(connection, iterator, length, expect, progress)
    },
  }
}

const NOTHING = /* @__PURE__ */ new Uint8Array(0)

const sendStream = (connection: Connection, iterator: AsyncIterator<Uint8Array> | Iterator<Uint8Array>, length: number | undefined, expect: boolean | undefined, progress: () => void): Sending => {
  let started = false
  let halted = false
  let sent = false
  let octets = 0

  /** Writes both, and waits until the operating system has them. */
  const take = (before: string, bytes: Uint8Array): Promise<void> =>
    new Promise((resolve, reject) =>
      write(connection, before, bytes, error => {
        if (error) return reject(error)
        progress()
        resolve()
      }),
    )
  /** RFC 9112 section 7.1: the size of a chunk, behind the end of the one before. */
  const sizeLine = (size: number): string => `${octets > size ? '\r\n' : ''}${size.toString(16)}\r\n`
  const run = async (): Promise<void> => {
    for (;;) {
      const { done, value } = await iterator.next()
      if (halted) return
      if (done) break
      if (!(value instanceof Uint8Array)) throw fail('request-invalid', `the source of a body gave ${typeof value}, not a Uint8Array`)
      octets += value.length
      if (length !== undefined && octets > length) throw fail('body-length-mismatch', `the source of a body gave more than the ${length} octets that were announced`, { limit: length })
      if (value.length > 0) await take(length === undefined ? sizeLine(value.length) : '', value)
      if (halted) return
    }
    if (length === undefined) await take(`${sizeLine(0)}\r\n`, NOTHING)
    else if (octets < length) throw fail('body-length-mismatch', `the source of a body ended after ${octets} of the ${length} octets that were announced`, { limit: length })
    sent = true
    clearDeadline(patience)
  }
  /** Lets the source clean up. It may be blocked, so nobody waits for it, and what it throws has no one to tell. */
  const halt = (): void => {
    clearDeadline(patience)
    if (halted || sent) return
    halted = true
    const close = async (): Promise<unknown> => iterator.return?.()
    close().catch(() => {})
  }
  const go = (): void => {
    if (started || halted) return
    started = true
    run().catch((error: unknown) => {
      halt()
      // A connection that takes no more may still have the answer; only the source's own error ends it here.
      if (connection.open) connection.destroy(error)
    })
  }
  const patience = expect ? setDeadline(CONTINUE_MS, go) : undefined
  if (!expect) go()
  return {
    get sent() {
      return sent
    },
    go,
    halt,
  }
}
