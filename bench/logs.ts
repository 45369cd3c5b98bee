/** The log of a real engine: half a million short lines, each of which the engine writes by itself. */
import type { Contender, Running, Setting } from './support/bench.js'
import { same } from './support/canned.js'
import { dockerode } from './support/clients.js'
import { runToEnd } from './support/engine.js'
import { http, io, stream } from './support/hawser.js'
import { installed, run } from './support/program.js'
import { createRace, RECORDS } from './support/race.js'

const pathOf = ({ container }: Setting): string => `/v1.41/containers/${container}/logs?stdout=1&stderr=1`

/** Octets of the lines 1 to `lines`, each a number and its end: what the log holds. */
const sizeOf = (lines: number): number => {
  let size = 0
  for (let digits = 1, from = 1; from <= lines; digits++, from *= 10) size += (Math.min(lines, from * 10 - 1) - from + 1) * (digits + 1)
  return size
}
const HEADER = 8

const readLogs = (setting: Setting, read: () => Promise<number>): Running => ({
  async run() {
    same('octets of the log', await read(), sizeOf(setting.amount))
    return setting.amount
  },
})

/** A program that writes `framed` octets more than the lines have. */
const program = (setting: Setting, command: string[], framed: number): Running => ({
  async verify() {
    same('octets of the log', (await run(command, true)).octets, sizeOf(setting.amount) + framed)
  },
  async run() {
    const { cpuUs } = await run(command)
    return { units: setting.amount, figures: { cpu: cpuUs / setting.amount, peak: 0 } }
  },
})

const contenders: Contender[] = [
  { name: 'docker logs', can: () => installed('docker'), start: setting => program(setting, ['docker', '-H', `unix://${setting.engine}`, 'logs', setting.container!], 0) },
  { name: 'curl', can: () => installed('curl'), start: setting => program(setting, ['curl', '-sN', '--unix-socket', setting.engine!, `http://docker${pathOf(setting)}`], HEADER * setting.amount) },
  {
    name: 'hawser demuxInto',
    async start(setting) {
      const { dialUnix } = await io(setting)
      const { body, ok, pool } = await http(setting)
      const { demuxInto } = await stream(setting)
      const client = pool(dialUnix(setting.engine!))
      return readLogs(setting, async () => {
        let size = 0
        await demuxInto(body(await ok(client, { method: 'GET', path: pathOf(setting) })), { stdout: (_, start, end) => void (size += end - start) })
        return size
      })
    },
  },
  {
    name: 'hawser demux',
    async start(setting) {
      const { dialUnix } = await io(setting)
      const { body, ok, pool } = await http(setting)
      const { demux } = await stream(setting)
      const client = pool(dialUnix(setting.engine!))
      return readLogs(setting, async () => {
        let size = 0
        for await (const { bytes } of demux(body(await ok(client, { method: 'GET', path: pathOf(setting) })))) size += bytes.length
        return size
      })
    },
  },
  {
    name: 'node:http',
    async start(setting) {
      const { get } = await import('node:http')
      return readLogs(
        setting,
        () =>
          new Promise((resolve, reject) => {
            let size = -HEADER * setting.amount
            get({ socketPath: setting.engine, path: pathOf(setting) }, response => response.on('data', (chunk: Buffer) => (size += chunk.length)).on('end', () => resolve(size))).on('error', reject)
          }),
      )
    },
  },
  {
    name: 'dockerode',
    peer: true,
    async start(setting) {
      const docker = await dockerode(setting.engine!)
      return readLogs(setting, async () => {
        let size = 0
        const log = await docker.getContainer(setting.container!).logs({ stdout: true, stderr: true, follow: true })
        const write = (chunk: Uint8Array): number => (size += chunk.length)
        docker.modem.demuxStream(log, { write }, { write })
        await new Promise((resolve, reject) => log.on('end', resolve).on('error', reject))
        return size
      })
    },
  },
]

export const bench = createRace({
  name: 'logs',
  question: 'How fast does a real engine give up a log of short lines, and at what cost?',
  unit: RECORDS,
  cases: ['short lines'],
  contenders,
  baseline: 'docker logs',
  needsEngine: true,
  rounds: { count: 3, brief: 1 },
  async prepare(engine, { brief }) {
    const amount = brief ? 50_000 : 500_000
    return { ...(await runToEnd(engine, `seq 1 ${amount}`)), amount }
  },
  goals: [
    { contender: 'hawser demuxInto', figure: 'rate', over: 'docker logs', atLeast: 1.6 },
    { contender: 'hawser demuxInto', figure: 'cpu', over: 'docker logs', atMost: 0.3 },
    { contender: 'hawser demuxInto', figure: 'cpu', over: 'curl', atMost: 1 },
    { contender: 'hawser demuxInto', figure: 'peak', atMost: 60 },
  ],
})
