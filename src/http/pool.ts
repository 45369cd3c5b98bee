/**
 * A client that keeps connections and uses them again, the last one first, so that few stay warm and the rest expire.
 *
 * A connection is reused only from a clean message boundary. One that died while it was idle is replaced, and the request
 * sent again, where that is safe: nothing was answered, and the method is safe (RFC 9110 section 9.2.1) or nothing was sent.
 */
import { clearDeadline, onAbort, setDeadline, type Deadline } from '../abort.js'
import { fail, isError } from '../errors.js'
import type { Connection, Dial, Reader } from '../io/connection.js'
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

/** A connection of the pool: since when it is idle, and what reads it then. */
type Member = { connection: Connection; since: number; watch: Reader }
type Waiter = { serve(member: Member | undefined): void; reject(error: unknown): void }

const SAFE = /^(GET|HEAD|OPTIONS|TRACE)$/

/** Makes a client of a Dial that shares connections between exchanges. `limits` are the defaults of each exchange. */
export const pool = (dial: Dial, { max = Infinity, idleMs = IDLE_MS, ...limits }: PoolOptions = {}): Pool => {
  if (!(max >= 1)) throw fail('config-invalid', `a pool of at most ${String(max)} connections serves nobody`)
  const idle: Member[] = []
  const busy = new Set<Member>()
  const dials = new Set<AbortController>()
  const waiters = new Set<Waiter>()
  let leased = 0
  let expiry: Deadline | undefined
  let closing: (() => void)[] | undefined

  const closed = (): Error => fail('pool-closed', 'the pool is closed and takes no more requests')

  const expire = (): void => {
    const oldest = performance.now() - idleMs
    while (idle[0] && idle[0].since <= oldest) idle.shift()!.connection.destroy()
    expiry = idle[0] && setDeadline(idle[0].since - oldest, expire)
  }

  /** Whatever comes on an idle connection ends it: nobody asked. */
  const join = (connection: Connection): Member => {
    const drop = (): void => {
      const at = idle.indexOf(member)
      if (at >= 0) idle.splice(at, 1)
      connection.destroy()
    }
    const watch: Reader = {
      push(_chunk, start, end) {
        drop()
        return end - start
      },
      end: drop,
      fail: drop,
    }
    const member = { connection, since: 0, watch }
    return member
  }

  const park = (member: Member): void => {
    const { connection } = member
    connection.read(member.watch)
    if (!connection.open) return
    connection.ref(false)
    member.since = performance.now()
    idle.push(member)
    expiry ??= setDeadline(idleMs, expire)
  }

  /** Passes a place on, with its connection if that is usable: to who has waited longest, else to the idle ones. */
  const vacate = (member?: Member): void => {
    const [next] = waiters
    if (next) {
      waiters.delete(next)
      return next.serve(member)
    }
    leased--
    if (member && !closing) park(member)
    else member?.connection.destroy()
    if (closing && leased === 0) for (const done of closing) done()
  }

  const giveBack = (member: Member, reusable: boolean): void => {
    const { connection } = member
    busy.delete(member)
    if (reusable && connection.open && !connection.holding) return vacate(member)
    connection.destroy()
    vacate()
  }

  const takeIdle = (): Member | undefined => {
    for (let member = idle.pop(); member; member = idle.pop()) {
      if (member.connection.open) {
        member.connection.ref(true)
        return member
      }
    }
    return undefined
  }

  const attempt = (request: Request, options: ExchangeOptions, fresh: boolean): Promise<Response> => {
    const { signal } = options
    if (closing) return Promise.reject(closed())
    if (signal?.aborted) return Promise.reject(signal.reason)

    const use = (member: Member, reused: boolean): Promise<Response> => {
      busy.add(member)
      return converse(
        member.connection,
        request,
        options,
        reusable => giveBack(member, reusable),
        reused ? error => (replays(request, error) ? attempt(request, options, true) : undefined) : undefined,
      )
    }
    const open = async (): Promise<Response> => {
      // Beside the exchange's own signal, a forced close ends a dial.
      const dialling = new AbortController()
      const { signal: either } = dialling
      const forget = onAbort(signal, reason => dialling.abort(reason))
      dials.add(dialling)
      let connection
      try {
        connection = await dial({ ...options, signal: either })
      } catch (error) {
        vacate()
        throw error
      } finally {
        forget?.()
        dials.delete(dialling)
      }
      // One that came all the same fails the exchange with the reason.
      if (either.aborted) connection.destroy(either.reason)
      return use(join(connection), false)
    }

    const member = fresh ? undefined : takeIdle()
    if (member) {
      leased++
      return use(member, true)
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
        serve(member) {
          forget?.()
          resolve(member ? use(member, !fresh) : open())
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
    exchange: (request, options) => attempt(request, options ? { ...limits, ...options } : limits, false),
    stats: () => ({ leased, idle: idle.length, waiting: waiters.size }),
    close({ force = false } = {}) {
      const done = new Promise<void>(resolve => {
        closing = [...(closing ?? []), resolve]
      })
      for (const waiter of waiters) waiter.reject(closed())
      waiters.clear()
      clearDeadline(expiry)
      for (const { connection } of idle.splice(0)) connection.destroy()
      if (force) {
        for (const dialling of dials) dialling.abort(closed())
        for (const { connection } of busy) connection.destroy(closed())
      }
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
