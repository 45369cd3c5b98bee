/** The process of one contender in one case. It says what it did, how long that took, and what it cost. */
import type { Bench, Outcome, Setting } from './bench.js'
import type { Order, Reply } from './race.js'

type Round = { ms: number; figures: Outcome['figures'] & object }
type Task = { bench: string; contender: string; setting: Setting }

const task = JSON.parse(process.argv[2]!) as Task
const say = (reply: Reply): void => void process.send!(reply)
const failed = (error: unknown): void => say({ what: 'failed', error: error instanceof Error ? (error.stack ?? error.message) : String(error) })

try {
  const { bench } = (await import(`../${task.bench}.js`)) as { bench: Bench }
  const contender = bench.contenders?.find(each => each.name === task.contender)
  if (!contender) throw new Error(`${task.bench} has no contender ${task.contender}`)
  const running = await contender.start(task.setting)

  /** How much to do at once for a round of the time that is wanted. */
  let amount = 1
  const round = async (): Promise<Round> => {
    const before = process.cpuUsage()
    const start = performance.now()
    const outcome = await running.run(amount)
    const ms = performance.now() - start
    const { user, system } = process.cpuUsage(before)
    const { units, figures } = typeof outcome === 'number' ? { units: outcome } : outcome
    return { ms, figures: { rate: (units / ms) * 1e3, cpu: (user + system) / units, peak: process.resourceUsage().maxRSS / 1024, ...figures } }
  }
  const orders: Record<Order['what'], (ms: number) => Promise<void>> = {
    async verify() {
      await running.verify?.()
      say({ what: 'done', figures: {} })
    },
    async warm(ms) {
      const end = performance.now() + ms
      for (;;) {
        const took = await round()
        if (performance.now() >= end) return say({ what: 'done', figures: {} })
        if (took.ms < ms / 4) amount *= 2
      }
    },
    async round(ms) {
      const took = await round()
      if (ms > 0) amount = Math.max(1, Math.round((amount * ms) / took.ms))
      say({ what: 'done', figures: took.figures })
    },
  }
  process.on('message', (order: Order) => {
    orders[order.what](order.ms).catch(failed)
  })
  say({ what: 'ready' })
} catch (error) {
  failed(error)
}
