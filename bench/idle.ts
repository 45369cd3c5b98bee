/** What connections cost that do nothing: a thousand of them, in a pool. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Contender, Running } from './support/bench.js'
import { http, io } from './support/hawser.js'
import { createRace, REQUESTS } from './support/race.js'

const CONNECTIONS = 1000
/** Requests that are answered when all of them are there, so that each has a connection. */
const PATH = `/hold/${CONNECTIONS}`

/** Megabytes of the process without garbage: all of it, and what its objects take. */
const measure = (): { rss: number; heap: number } => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  collect()
  const { rss, heapUsed, external } = process.memoryUsage()
  return { rss: rss / 1024 / 1024, heap: (heapUsed + external) / 1024 / 1024 }
}

/** Opens all of them, and tells how much larger the process became. */
const open = (request: () => Promise<void>): Running => ({
  async run() {
    const before = measure()
    await Promise.all(Array.from({ length: CONNECTIONS }, request))
    const after = measure()
    return { units: CONNECTIONS, figures: { grown: after.rss - before.rss, heap: after.heap - before.heap } }
  },
})

const contenders: Contender[] = [
  {
    name: 'bare socket',
    async start({ main }) {
      const { connect } = await import('node:net')
      const buffer = Buffer.allocUnsafeSlow(64 * 1024)
      return open(
        () =>
          new Promise((resolve, reject) => {
            const socket = connect({
              path: main,
              onread: {
                buffer,
                callback() {
                  resolve()
                  return true
                },
              },
            })
            socket.on('error', reject)
            socket.write(`GET ${PATH} HTTP/1.1\r\nHost: docker\r\n\r\n`, 'latin1')
          }),
      )
    },
  },
  {
    name: 'hawser',
    async start(setting) {
      const { dialUnix } = await io(setting)
      const { pool, text } = await http(setting)
      const client = pool(dialUnix(setting.main))
      const running = open(async () => void (await text(await client.exchange({ method: 'GET', path: PATH }))))
      return {
        async run(amount) {
          const outcome = await running.run(amount)
          const { idle, leased } = client.stats()
          if (idle !== CONNECTIONS || leased !== 0) throw new Error(`${idle} connections are idle and ${leased} leased`)
          return outcome
        },
      }
    },
  },
  {
    name: 'node:http',
    async start({ main }) {
      const { Agent, get } = await import('node:http')
      const agent = new Agent({ keepAlive: true, maxFreeSockets: CONNECTIONS })
      return open(() => new Promise((resolve, reject) => void get({ socketPath: main, path: PATH, agent }, response => response.resume().on('end', resolve)).on('error', reject)))
    },
  },
]

export const bench = createRace({
  name: 'idle',
  question: 'How much memory do 1,000 idle connections take?',
  unit: REQUESTS,
  cases: ['1,000 connections'],
  contenders,
  baseline: 'bare socket',
  rounds: { count: 1, brief: 1 },
  columns: [{ figure: 'grown', title: 'MB for all', scale: 1, less: true, absolute: true }, { figure: 'heap', title: 'MB of objects', scale: 1, less: true, absolute: true }],
  goals: [{ contender: 'hawser', figure: 'grown', atMost: 12 }],
})
