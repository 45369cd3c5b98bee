/** One run of something for all who want its result at the same time. */
import { onAbort } from '../abort.js'

/**
 * Makes a function that joins the run that is under way, or starts one. Who waits may leave by a signal of his own without
 * harm to the others; the run is aborted when the last has left. Nothing is remembered once it is over.
 */
export const shared = <T>(start: (signal: AbortSignal) => Promise<T>): ((signal?: AbortSignal) => Promise<T>) => {
  type Run = { result: Promise<T>; waiting: number; controller: AbortController }
  let current: Run | undefined

  const begin = (): Run => {
    const controller = new AbortController()
    const run = { result: start(controller.signal), waiting: 0, controller }
    const over = (): void => drop(run)
    run.result.then(over, over)
    return run
  }
  const drop = (run: Run): void => {
    if (current === run) current = undefined
  }

  return signal =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      const run = (current ??= begin())
      run.waiting++
      const forget = onAbort(signal, reason => {
        reject(reason)
        if (--run.waiting > 0) return
        drop(run)
        run.controller.abort(reason)
      })
      run.result.then(resolve, reject).finally(() => forget?.())
    })
}
