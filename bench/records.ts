/** JSON lines: the progress of a pull, a record an HTTP chunk, from the socket to objects. */
import type { Contender, Running, Setting } from './support/bench.js'
import { LINES, progressLines, same } from './support/canned.js'
import { dockerode, nodeSdk } from './support/clients.js'
import { http, io, stream } from './support/hawser.js'
import { createRace, RECORDS } from './support/race.js'

type Progress = { status: string; progressDetail: { current: number } }
const PATH = '/images/create?fromImage=busybox'

/** The sum of a field of all of them: they were parsed, each once. */
const SUM = 131_072 * ((LINES * (LINES - 1)) / 2)

const readAll = (read: (take: (record: Progress) => void) => Promise<void>): Running => ({
  async run(amount) {
    for (let i = 0; i < amount; i++) {
      let count = 0
      let sum = 0
      await read(record => {
        count++
        sum += record.progressDetail.current
      })
      same('records', count, LINES)
      same('their sum', sum, SUM)
    }
    return amount * LINES
  },
})

const contenders: Contender[] = [
  {
    name: 'JSON.parse in memory',
    start() {
      const lines = progressLines(LINES).map(line => line.trim())
      return readAll(async take => lines.forEach(line => take(JSON.parse(line) as Progress)))
    },
  },
  {
    name: 'hawser ndjson',
    async start(setting) {
      const { dialUnix } = await io(setting)
      const { body, pool } = await http(setting)
      const { ndjson } = await stream(setting)
      const client = pool(dialUnix(setting.main))
      return readAll(async take => {
        for await (const record of ndjson<Progress>(body(await client.exchange({ method: 'POST', path: PATH })))) take(record)
      })
    },
  },
  {
    name: 'node:http, by hand',
    async start({ main }) {
      const { Agent, request } = await import('node:http')
      const agent = new Agent({ keepAlive: true })
      return readAll(
        take =>
          new Promise((resolve, reject) => {
            let rest = ''
            request({ socketPath: main, path: PATH, method: 'POST', agent }, response => {
              response.setEncoding('utf8')
              response.on('data', (text: string) => {
                const lines = (rest + text).split('\n')
                rest = lines.pop()!
                for (const line of lines) take(JSON.parse(line) as Progress)
              })
              response.on('end', resolve)
            })
              .on('error', reject)
              .end()
          }),
      )
    },
  },
  {
    name: 'dockerode',
    peer: true,
    async start({ main }) {
      const docker = await dockerode(main)
      return readAll(async take => {
        const stream = await docker.createImage({ fromImage: 'busybox' })
        await new Promise<void>((resolve, reject) => docker.modem.followProgress(stream, error => (error ? reject(error) : resolve()), record => take(record as Progress)))
      })
    },
  },
  {
    name: '@docker/node-sdk',
    peer: true,
    async start({ main }: Setting) {
      const docker = await nodeSdk(main)
      return readAll(async take => {
        for await (const record of docker.imageCreate({ fromImage: 'busybox' }).messages()) take(record as Progress)
      })
    },
  },
]

export const bench = createRace({
  name: 'records',
  question: 'How fast do JSON lines become objects?',
  unit: RECORDS,
  cases: ['a pull'],
  contenders,
  baseline: 'JSON.parse in memory',
  goals: [{ contender: 'hawser ndjson', figure: 'rate', over: 'dockerode', atLeast: 3 }],
})
