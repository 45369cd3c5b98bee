/** Waiting that ends early: abort signals, and time limits that share one timer. */
import { fail } from './errors.js'

/** Calls `react` with the signal's reason once it aborts, or at once; returns what takes that back. Errors: request-invalid. */
export const onAbort = (signal: AbortSignal | undefined, react: (reason: unknown) => void): (() => void) | undefined => {
  if (!signal) return undefined
  if (typeof signal.addEventListener !== 'function') throw fail('request-invalid', 'a signal must be an AbortSignal')
  if (signal.aborted) {
    react(signal.reason)
    return undefined
  }
  const listener = (): void => react(signal.reason)
  signal.addEventListener('abort', listener, { once: true })
  return () => signal.removeEventListener('abort', listener)
}

/** A moment at which something gives up. `at` may be moved as long as it only grows. */
export type Deadline = { at: number; expire(): void }

const deadlines = new Set<Deadline>()
let timer: ReturnType<typeof setTimeout> | undefined
let nextCheck = Infinity

const check = (): void => {
  const now = performance.now()
  nextCheck = Infinity
  let next = Infinity
  for (const deadline of deadlines) {
    if (deadline.at <= now) {
      deadlines.delete(deadline)
      deadline.expire()
    } else if (deadline.at < next) next = deadline.at
  }
  if (next < nextCheck) arm(next)
}

const arm = (at: number): void => {
  clearTimeout(timer)
  nextCheck = at
  timer = setTimeout(check, Math.min(Math.ceil(at - performance.now()), 0x7fff_ffff))
  // What is waited for keeps the process alive, if it should live: a socket, not its time limit.
  timer.unref?.()
}

/**
 * Calls `expire` in `ms` milliseconds unless the deadline is cleared before. All share one timer, which is set anew only
 * for a deadline earlier than the rest: a timer of its own for each request costs a tenth of the request rate.
 */
export const setDeadline = (ms: number, expire: () => void): Deadline => {
  const deadline = { at: performance.now() + ms, expire }
  deadlines.add(deadline)
  if (deadline.at < nextCheck) arm(deadline.at)
  return deadline
}

export const clearDeadline = (deadline: Deadline | undefined): void => {
  if (deadline) deadlines.delete(deadline)
}
