/**
 * A client that keeps connections and uses them again, the last one first, so that few stay warm and the rest expire.
 *
 * A connection is reused only from a clean message boundary. One that died while it was idle is replaced, and the request
 * sent again, where that is safe: nothing was answered, and the method is safe (RFC 9110 section 9.2.1) or nothing was sent.
 */
import { clearDeadline, onAbort, setDeadline, type Deadline } from '../abort.js'
import { fail, isError } from '../errors.js'
import type { Connection, Dial } from '../io/connection.js'
import { converse, type Client, type ExchangeOptions, type Limits, type Request, type Response } from './exchange.js'

/** Milliseconds that a connection stays idle. Proxies and NAT in front of engines cut idle connections after 30 s and more. */
export const IDLE_MS = 25_000

export type PoolOptions = Limits & {
  /** Connections at the same time, streams included; unlimited by default, as an exchange that follows logs holds one for good. */
  max?: number | undefined
  /** Milliseconds that a connection stays open unused. */
  idleMs?: number | undefined
}

export type PoolStats = {
  /** Connections that serve an exchange, or are being opened for one. */
  leased: number
  /** Connections that wait for one. */
  idle: number
  /** Exchanges that wait for a connection. */
  waiting: number
}

export type Pool = Client & {
  stats(): PoolStats
  /**
   * Takes no more exchanges: those that wait are rejected with pool-closed, those under way run to their end, or are
   * destroyed too if `force` says so. Resolves when every connection is closed.
   */
  close(options?: { force?: boolean }): Promise<void>
}

type Idle = { connection: Connection; since: number }
type Waiter = { serve(connection: Connection | undefined): void; reject(error: unknown): void }

const SAFE = /^(GET|HEAD|OPTIONS|TRACE)$/

/** Makes a client of a Dial that shares connections between exchanges. `limits` are the defaults of each exchange. */
export const pool = (dial: Dial, { max = Infinity, idleMs = IDLE_MS, ...limits }: PoolOptions = {}): Pool => {
  if (!(max >= 1)) throw fail('config-invalid', `a pool of at most ${String(max)} connections serves nobody`)
  const idle: Idle[] = []
  const waiters = new Set<Waiter>()
  const busy = new Set<Connection>()
  let leased = 0
  let expiry: Deadline | undefined
  let closing: (() => void)[] | undefined

  const closed = (): Error => fail('pool-closed', 'the pool is closed and takes no more requests')

  const expire = (): void => {
    const oldest = performance.now() - idleMs
    while (idle[0] && idle[0].since <= oldest) idle.shift()!.connection.destroy()
    expiry = idle[0] && setDeadline(idle[0].since - oldest, expire)
  }

  const park = (connection: Connection): void => {
    const entry = { connection, since: performance.now() }
    const drop = (): void => {
      const at = idle.indexOf(entry)
      if (at >= 0) idle.splice(at, 1)
      connection.destroy()
    }
    connection.read({
      push(_chunk, start, end) {
        drop()
        return end - start
      },
      end: drop,
      fail: drop,
    })
    if (!connection.open) return
    connection.ref(false)
    idle.push(entry)
    expiry ??= setDeadline(idleMs, expire)
  }

  /** Passes a place on, with the connection if it is usable: to who has waited longest, else to the idle ones. */
  const vacate = (connection?: Connection): void => {
    const [next] = waiters
    if (next) {
      waiters.delete(next)
      return next.serve(connection)
    }
    leased--
    if (connection && !closing) park(connection)
    else connection?.destroy()
    if (closing && leased === 0) for (const done of closing) done()
  }

  const giveBack = (connection: Connection, reusable: boolean): void => {
    busy.delete(connection)
    if (reusable && connection.open && !connection.holding) return vacate(connection)
    connection.destroy()
    vacate()
  }

  const takeIdle = (): Connection | undefined => {
    for (let entry = idle.pop(); entry; entry = idle.pop()) {
      const { connection } = entry
      if (idle.length === 0) {
        clearDeadline(expiry)
        expiry = undefined
      }
      if (connection.open) {
        connection.ref(true)
        return connection
      }
    }
    return undefined
  }

  const attempt = (request: Request, options: ExchangeOptions, fresh: boolean): Promise<Response> => {
    const { signal } = options
    if (closing) return Promise.reject(closed())
    if (signal?.aborted) return Promise.reject(signal.reason)

    const use = (connection: Connection, reused: boolean): Promise<Response> => {
      busy.add(connection)
      return converse(
        connection,
        request,
        options,
        reusable => giveBack(connection, reusable),
        reused ? error => (replays(request, error) ? attempt(request, options, true) : undefined) : undefined,
      )
    }
    const open = async (): Promise<Response> => {
      let connection
      try {
        connection = await dial(options)
      } catch (error) {
        vacate()
        throw error
      }
      return use(connection, false)
    }

    const connection = fresh ? undefined : takeIdle()
    if (connection) {
      leased++
      return use(connection, true)
    }
    if (leased < max) {
      leased++
      return open()
    }
    return new Promise((resolve, reject) => {
      const forget = onAbort(signal, reason => {
        waiters.delete(waiter)
        reject(reason)
      })
      const waiter: Waiter = {
        serve(connection) {
          forget?.()
          resolve(connection ? use(connection, !fresh) : open())
        },
        reject(error) {
          forget?.()
          reject(error)
        },
      }
      waiters.add(waiter)
    })
  }

  return {
    exchange: (request, options) => attempt(request, { ...limits, ...options }, false),
    stats: () => ({ leased, idle: idle.length, waiting: waiters.size }),
    close({ force = false } = {}) {
      const done = new Promise<void>(resolve => {
        closing = [...(closing ?? []), resolve]
      })
      for (const waiter of waiters) waiter.reject(closed())
      waiters.clear()
      clearDeadline(expiry)
      for (const { connection } of idle.splice(0)) connection.destroy()
      if (force) for (const connection of busy) connection.destroy(closed())
      if (leased === 0) for (const finish of closing ?? []) finish()
      return done
    },
  }
}

/**
 * Whether a request that a reused connection failed may be sent again: the connection was at fault, the body is there, and
 * either the method is safe or the write itself was refused, so that no octet of the request arrived.
 */
const replays = ({ method, body }: Request, error: unknown): boolean =>
  (isError(error, 'connection-closed') || isError(error, 'connection-lost')) && body?.again !== false && (SAFE.test(method) || error.reason === 'EPIPE')
