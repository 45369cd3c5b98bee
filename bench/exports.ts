/** The file system of a container of a real engine, as one large archive. */
import type { Contender, Running, Setting } from './support/bench.js'
import { dockerode } from './support/clients.js'
import { runToEnd } from './support/engine.js'
import { http, io } from './support/hawser.js'
import { installed, run } from './support/program.js'
import { BYTES, createRace } from './support/race.js'

const pathOf = ({ container }: Setting): string => `/v1.41/containers/${container}/export`

/** The archive is the file, and less than a tenth more. */
const checked = ({ amount }: Setting, octets: number): number => {
  if (octets < amount || octets > amount * 1.1 + 16 * 1024 * 1024) throw new Error(`the export has ${octets} octets, and the file in it ${amount}`)
  return octets
}

const readExports = (setting: Setting, read: () => Promise<number>): Running => ({ run: async () => checked(setting, await read()) })

const program = (setting: Setting, command: string[]): Running => {
  let octets = 0
  return {
    async run() {
      // Counting takes time: once, and not in the same round.
      octets ||= checked(setting, (await run(command, true)).octets)
      const { cpuUs, ms } = await run(command)
      return { units: octets, figures: { cpu: cpuUs / octets, rate: (octets / ms) * 1e3, peak: 0 } }
    },
  }
}

const contenders: Contender[] = [
  { name: 'docker export', can: () => installed('docker'), start: setting => program(setting, ['docker', '-H', `unix://${setting.engine}`, 'export', setting.container!]) },
  { name: 'curl', can: () => installed('curl'), start: setting => program(setting, ['curl', '-sN', '--unix-socket', setting.engine!, `http://docker${pathOf(setting)}`]) },
  {
    name: 'hawser bodyInto',
    async start(setting) {
      const { dialUnix } = await io(setting)
      const { bodyInto, ok, pool } = await http(setting)
      const client = pool(dialUnix(setting.engine!))
      return readExports(setting, async () => {
        let size = 0
        await bodyInto(await ok(client, { method: 'GET', path: pathOf(setting) }), (_, start, end) => void (size += end - start))
        return size
      })
    },
  },
  {
    name: 'node:http',
    async start(setting) {
      const { get } = await import('node:http')
      return readExports(
        setting,
        () =>
          new Promise((resolve, reject) => {
            let size = 0
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
      return readExports(setting, async () => {
        let size = 0
        for await (const chunk of (await docker.getContainer(setting.container!).export()) as AsyncIterable<Uint8Array>) size += chunk.length
        return size
      })
    },
  },
]

export const bench = createRace({
  name: 'exports',
  question: 'How fast does a real engine give up 500 MB, and at what cost?',
  unit: BYTES,
  cases: ['500 MB'],
  contenders,
  baseline: 'docker export',
  needsEngine: true,
  rounds: { count: 3, brief: 1 },
  async prepare(engine, { brief }) {
    const mebibytes = brief ? 50 : 500
    return { ...(await runToEnd(engine, `dd if=/dev/zero of=/large bs=1048576 count=${mebibytes} 2>/dev/null`)), amount: mebibytes * 1024 * 1024 }
  },
  goals: [
    { contender: 'hawser bodyInto', figure: 'rate', over: 'docker export', atLeast: 1 },
    { contender: 'hawser bodyInto', figure: 'cpu', over: 'docker export', atMost: 0.7 },
    { contender: 'hawser bodyInto', figure: 'cpu', over: 'node:http', atMost: 0.5 },
    { contender: 'hawser bodyInto', figure: 'peak', atMost: 60 },
  ],
})
