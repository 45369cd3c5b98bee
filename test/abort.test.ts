/** Abort signals, and deadlines that share one timer. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'

type Abort = typeof import('../src/abort.js')

let abort: Abort

// A copy of the module for each test: it has one timer for all.
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  vi.resetModules()
  abort = await import('../src/abort.js')
})
afterEach(() => {
  vi.useRealTimers()
})

describe('onAbort', () => {
  test('has nothing to do without a signal', () => {
    expect(abort.onAbort(undefined, () => expect.unreachable())).toBeUndefined()
  })

  test('hands on the reason, once', () => {
    const controller = new AbortController()
    const reasons: unknown[] = []
    abort.onAbort(controller.signal, reason => reasons.push(reason))
    const mine = { mine: true }
    controller.abort(mine)
    controller.abort('again')
    expect(reasons).toEqual([mine])
    expect(reasons[0]).toBe(mine)
  })

  test('hands on the reason of a signal that was aborted before', () => {
    const reasons: unknown[] = []
    abort.onAbort(AbortSignal.abort('before'), reason => reasons.push(reason))
    expect(reasons).toEqual(['before'])
  })

  test('is taken back, and leaves no listener', () => {
    const controller = new AbortController()
    const { signal } = controller
    const added = vi.spyOn(signal, 'addEventListener')
    const removed = vi.spyOn(signal, 'removeEventListener')
    const forget = abort.onAbort(signal, () => expect.unreachable())
    expect(added).toHaveBeenCalledTimes(1)
    forget?.()
    expect(removed.mock.calls[0]?.slice(0, 2)).toEqual(added.mock.calls[0]?.slice(0, 2))
    controller.abort()
  })

  test.each([{}, { aborted: false }, 'signal', 5, new AbortController()])('refuses what is no signal: %o', signal => {
    expect(() => abort.onAbort(signal as AbortSignal, () => {})).toThrow(expect.objectContaining({ code: 'request-invalid' }))
  })
})

describe('deadlines', () => {
  /** Runs the clock on, and says what expired meanwhile. */
  const expired: string[] = []
  const run = (ms: number): string[] => {
    expired.length = 0
    vi.advanceTimersByTime(ms)
    return [...expired]
  }
  const set = (name: string, ms: number): ReturnType<Abort['setDeadline']> => abort.setDeadline(ms, () => expired.push(name))

  test('one expires at its time, once', () => {
    set('a', 100)
    expect(run(99)).toEqual([])
    expect(run(2)).toEqual(['a'])
    expect(run(10_000)).toEqual([])
    expect(vi.getTimerCount()).toBe(0)
  })

  test('many share one timer and expire each at its own time', () => {
    for (const ms of [300, 100, 200, 100, 400]) set(`${ms}`, ms)
    expect(vi.getTimerCount()).toBe(1)
    expect(run(101)).toEqual(['100', '100'])
    expect(run(100)).toEqual(['200'])
    expect(run(200)).toEqual(['300', '400'])
    expect(vi.getTimerCount()).toBe(0)
  })

  test('an earlier one is not late behind a later one', () => {
    set('late', 1000)
    set('early', 10)
    expect(run(11)).toEqual(['early'])
    expect(run(989)).toEqual(['late'])
  })

  test('a cleared one does not expire, and the others do', () => {
    const a = set('a', 100)
    set('b', 200)
    abort.clearDeadline(a)
    abort.clearDeadline(a)
    abort.clearDeadline(undefined)
    expect(run(1000)).toEqual(['b'])
  })

  test('one that was moved expires later', () => {
    const a = set('a', 100)
    vi.advanceTimersByTime(90)
    a.at = performance.now() + 100
    expect(run(99)).toEqual([])
    expect(run(2)).toEqual(['a'])
  })

  test('one that is set while others expire counts from then', () => {
    abort.setDeadline(100, () => {
      expired.push('a')
      set('b', 50)
    })
    set('c', 120)
    expect(run(101)).toEqual(['a'])
    expect(run(20)).toEqual(['c'])
    expect(run(30)).toEqual(['b'])
  })

  test('one that is cleared while others expire does not', () => {
    const deadlines: ReturnType<Abort['setDeadline']>[] = []
    abort.setDeadline(100, () => abort.clearDeadline(deadlines[0]))
    deadlines.push(set('b', 100))
    expect(run(1000)).toEqual([])
  })

  test('a time beyond what a timer holds (2^31 ms) does not expire at once', () => {
    const spy = vi.spyOn(globalThis, 'setTimeout')
    set('month', 30 * 24 * 3600 * 1000)
    expect(spy.mock.calls[0]?.[1]).toBe(2 ** 31 - 1)
    spy.mockRestore()
    expect(run(29 * 24 * 3600 * 1000)).toEqual([])
    expect(run(2 * 24 * 3600 * 1000)).toEqual(['month'])
  })

  test('a thousand exchanges, each over before its limit, set a timer once', () => {
    const spy = vi.spyOn(globalThis, 'setTimeout')
    for (let i = 0; i < 1000; i++) abort.clearDeadline(abort.setDeadline(10_000, () => expect.unreachable()))
    expect(spy).toHaveBeenCalledTimes(1)
    spy.mockRestore()
  })
})

test('a deadline alone does not keep a process alive', async () => {
  const { execFileSync } = await import('node:child_process')
  const { bundle } = await import('./support/bundle.js')
  const { code } = await bundle(`import { setDeadline } from '${new URL('../src/abort.ts', import.meta.url).pathname}'; setDeadline(60_000, () => {}); export {}`)
  const start = Date.now()
  execFileSync(process.execPath, ['--input-type=module', '-e', code])
  expect(Date.now() - start).toBeLessThan(20_000)
})
