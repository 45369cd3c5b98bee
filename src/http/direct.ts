/** A client that opens a connection for each exchange and closes it behind. */
import { onAbort, setDeadline, clearDeadline } from '../abort.js'
import { fail } from '../errors.js'
import type { Connection, Dial } from '../io/connection.js'
import { converse, type Client, type ExchangeOptions, type Limits } from './exchange.js'

/** Milliseconds that a dial may take when nothing is said: more than a slow ssh login, less than a user's patience. */
export const DIAL_MS = 30_000

/** Dials, and gives up after `dialMs` or on `signal` even where the Dial itself does not. Errors: dial-timeout. */
export const dialWithin = (dial: Dial, { signal, dialMs = DIAL_MS }: ExchangeOptions): Promise<Connection> =>
  new Promise((resolve, reject) => {
    const controller = new AbortController()
    const stop = (reason: unknown): void => {
      controller.abort(reason)
      settle(() => reject(reason))
    }
    const deadline = dialMs > 0 ? setDeadline(dialMs, () => stop(fail('dial-timeout', `not connected within ${dialMs} ms`, { limit: dialMs }))) : undefined
    const forget = onAbort(signal, stop)
    let waiting = true
    const settle = (act: () => void): void => {
      if (!waiting) return
      waiting = false
      forget?.()
      clearDeadline(deadline)
      act()
    }
    dial({ signal: controller.signal }).then(
      connection => (waiting ? settle(() => resolve(connection)) : connection.destroy()),
      error => settle(() => reject(error)),
    )
  })

/** Makes a client of a Dial; for one request, or where connections must not be shared. `limits` are the defaults of each exchange. */
export const direct = (dial: Dial, limits: Limits = {}): Client => ({
  async exchange(request, options) {
    const settings = { ...limits, ...options }
    settings.signal?.throwIfAborted()
    const connection = await dialWithin(dial, settings)
    return converse(connection, request, settings, () => connection.destroy())
  },
})
