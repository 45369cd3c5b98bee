/** One large JSON answer: a list of a thousand containers. */
import type { Contender, Running } from './support/bench.js'
import { containerList, CONTAINERS, same } from './support/canned.js'
import { dockerode, nodeSdk, undici } from './support/clients.js'
import { http, io } from './support/hawser.js'
import { createRace, LISTS } from './support/race.js'

type Container = { Id: string; Ports: unknown[] }
const PATH = '/containers/json?all=1'

const readLists = (read: () => Promise<unknown>): Running => ({
  async verify() {
    same('the list', JSON.stringify(await read()), JSON.stringify(containerList(CONTAINERS)))
  },
  async run(amount) {
    for (let i = 0; i < amount; i++) same('containers', ((await read()) as Container[]).length, CONTAINERS)
    return amount
  },
})

const contenders: Contender[] = [
  {
    name: 'JSON.parse in memory',
    start() {
      const bytes = Buffer.from(JSON.stringify(containerList(CONTAINERS)))
      return readLists(async () => JSON.parse(bytes.toString()) as unknown)
    },
  },
  {
    name: 'hawser json',
    async start(setting) {
      const { dialUnix } = await io(setting)
      const { json, pool } = await http(setting)
      const client = pool(dialUnix(setting.main))
      return readLists(async () => json(await client.exchange({ method: 'GET', path: PATH })))
    },
  },
  {
    name: 'node:http, by hand',
    async start({ main }) {
      const { Agent, get } = await import('node:http')
      const agent = new Agent({ keepAlive: true })
      return readLists(
        () =>
          new Promise((resolve, reject) => {
            get({ socketPath: main, path: PATH, agent }, response => {
              const chunks: Buffer[] = []
              response.on('data', (chunk: Buffer) => chunks.push(chunk))
              response.on('end', () => resolve(JSON.parse(Buffer.concat(chunks).toString())))
            }).on('error', reject)
          }),
      )
    },
  },
  {
    name: 'undici request',
    peer: true,
    async start({ main }) {
      const client = await undici(main)
      return readLists(async () => (await client.request({ path: PATH, method: 'GET' })).body.json())
    },
  },
  {
    name: 'dockerode',
    peer: true,
    async start({ main }) {
      const docker = await dockerode(main)
      return readLists(() => docker.listContainers({ all: true }))
    },
  },
  {
    name: '@docker/node-sdk',
    peer: true,
    async start({ main }) {
      const docker = await nodeSdk(main)
      return readLists(() => docker.containerList({ all: true }))
    },
  },
]

export const bench = createRace({
  name: 'lists',
  question: 'What does a list of 1,000 containers take beyond JSON.parse of the same bytes?',
  unit: LISTS,
  cases: ['1,000 containers'],
  contenders,
  baseline: 'JSON.parse in memory',
  goals: [{ contender: 'hawser json', figure: 'rate', over: 'JSON.parse in memory', atLeast: 0.87 }],
})
