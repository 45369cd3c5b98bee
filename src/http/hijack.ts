/** Taking a connection over for a stream both ways: attach, exec and session (Upgrade, RFC 9110 section 7.8). */
import type { ByteSource } from '../bytes.js'
import { fail } from '../errors.js'
import type { Client, ExchangeOptions, Request, Response } from './exchange.js'
import { refusal } from './ok.js'
import { body } from './receive.js'

/** What the process writes is the source itself: demux it, or iterate it where there is a TTY. */
export type Hijacked = Required<ByteSource> & {
  /** 101, or 200 from an engine or proxy that did not switch protocols; its head tells the content type. */
  readonly response: Response
  /** Writes to the process' stdin. Wait for the promise, or what the process does not take piles up in memory. */
  write(data: Uint8Array): Promise<void>
  /** Closes stdin, and goes on reading. */
  end(): void
  /** Closes both directions. */
  destroy(reason?: unknown): void
}

/**
 * Sends a request that asks for a switch of protocols (tcp, unless it names another) and returns the connection behind it. When
 * the engine closes its side, this side is closed too. Errors: those of ok, for 101 and 200 are all that is taken.
 */
export const hijack = async (client: Client, request: Request, options?: ExchangeOptions): Promise<Hijacked> => {
  const response = await client.exchange({ upgrade: 'tcp', ...request }, options)
  const { connection, status, method, path } = response
  if (status > 299) throw await refusal(response)
  if (status !== 101 && status !== 200) {
    connection.destroy()
    throw fail('upgrade-refused', `${method} ${path} was to hand over its connection, and answered ${status}`, { method, path, status })
  }
  const source = body(response)
  let ended = false
  return {
    into: sink => source.into(sink),
    [Symbol.asyncIterator]: () => source[Symbol.asyncIterator](),
    response,
    write(data) {
      const written = new Promise<void>((resolve, reject) => {
        if (ended) reject(fail('request-invalid', 'stdin is closed: nothing can be written behind its end'))
        else if (!(data instanceof Uint8Array)) reject(fail('request-invalid', `stdin takes a Uint8Array, not ${typeof data}`))
        else connection.write(data, error => (error ? reject(error) : resolve()))
      })
      // Who reads hears of a broken connection too, so nobody has to wait for each write.
      written.catch(() => {})
      return written
    },
    end() {
      if (!ended) connection.end()
      ended = true
    },
    destroy: reason => connection.destroy(reason),
  }
}
