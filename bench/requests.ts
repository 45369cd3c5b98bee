/** Small requests: pings of a canned server, and of a real engine. */
import type { Dial } from '../src/io/index.js'
import { bareRequests } from './support/bare.js'
import type { Contender, Running, Setting } from './support/bench.js'
import { same } from './support/canned.js'
import { http, io } from './support/hawser.js'
import { dialPlain } from './support/plain-dial.js'
import { createRace, REQUESTS } from './support/race.js'
import { dockerode, nodeSdk, undici } from './support/clients.js'

const ENGINE = 'engine, '

/** `1 in flight`, `engine, 16 in flight`: how many, and where. */
const parse = ({ which, ping, engine }: Setting): { inFlight: number; socket: string } => ({
  inFlight: Number(/(\d+) in flight/.exec(which)![1]),
  socket: which.startsWith(ENGINE) ? engine! : ping,
})

/** Keeps `inFlight` requests going until `amount` are done. */
const keep = (inFlight: number, request: () => Promise<void>): Running => ({
  verify: request,
  async run(amount) {
    let todo = amount
    const one = async (): Promise<void> => {
      while (todo-- > 0) await request()
    }
    await Promise.all(Array.from({ length: inFlight }, one))
    return amount
  },
})

/** The same with callbacks, for clients that have them. */
const keepCalling = (inFlight: number, request: (done: (error?: Error) => void) => void): Running => ({
  run: amount =>
    new Promise((resolve, reject) => {
      let todo = amount
      let done = 0
      const next = (error?: Error): void => {
        if (error) return reject(error)
        if (++done === amount) return resolve(amount)
        if (todo-- > 0) request(next)
      }
      for (let i = 0; i < inFlight && todo-- > 0; i++) request(next)
    }),
})

/** Pings through a pool over this kind of connection. */
const pings = async (setting: Setting, dial: Dial): Promise<Running> => {
  const { pool, text } = await http(setting)
  const client = pool(dial)
  return keep(parse(setting).inFlight, async () => {
    const response = await client.exchange({ method: 'GET', path: '/_ping' })
    const said = await text(response)
    if (response.status !== 200 || said !== 'OK') throw new Error(`${response.status} ${said}`)
  })
}

const alone = (which: string): boolean => which.endsWith(' 1 in flight') || which === '1 in flight'
const crowd = (which: string): boolean => which === '64 in flight'

const contenders: Contender[] = [
  {
    name: 'bare socket',
    start(setting) {
      const { inFlight, socket } = parse(setting)
      return bareRequests(socket, 'GET /_ping HTTP/1.1\r\nHost: docker\r\n\r\n', inFlight)
    },
  },
  { name: 'hawser', start: async setting => pings(setting, (await io(setting)).dialUnix(parse(setting).socket)) },
  { name: "hawser by 'data'", can: crowd, start: async setting => pings(setting, await dialPlain(setting, parse(setting).socket)) },
  {
    name: 'node:http',
    async start(setting) {
      const { inFlight, socket } = parse(setting)
      const { Agent, get } = await import('node:http')
      const agent = new Agent({ keepAlive: true, maxSockets: inFlight })
      return keepCalling(inFlight, done => {
        get({ socketPath: socket, path: '/_ping', agent }, response => {
          let said = ''
          response.setEncoding('latin1')
          response.on('data', (text: string) => (said += text))
          response.on('end', () => done(response.statusCode === 200 && said === 'OK' ? undefined : new Error(`${response.statusCode} ${said}`)))
        }).on('error', done)
      })
    },
  },
  {
    name: 'undici dispatch',
    peer: true,
    async start(setting) {
      const { inFlight, socket } = parse(setting)
      const client = await undici(socket, inFlight)
      return keepCalling(inFlight, done => {
        let size = 0
        client.dispatch({ path: '/_ping', method: 'GET' }, {
          onConnect() {},
          onHeaders: () => true,
          onData(chunk) {
            size += chunk.length
            return true
          },
          onComplete: () => done(size === 2 ? undefined : new Error(`${size} octets`)),
          onError: done,
        })
      })
    },
  },
  {
    name: 'undici request',
    peer: true,
    async start(setting) {
      const { inFlight, socket } = parse(setting)
      const client = await undici(socket, inFlight)
      return keep(inFlight, async () => {
        const { body } = await client.request({ path: '/_ping', method: 'GET' })
        same('undici', await body.text(), 'OK')
      })
    },
  },
  {
    name: 'dockerode',
    peer: true,
    async start(setting) {
      const { inFlight, socket } = parse(setting)
      const docker = await dockerode(socket)
      return keep(inFlight, async () => same('dockerode', String(await docker.ping()), 'OK'))
    },
  },
  {
    name: '@docker/node-sdk',
    peer: true,
    async start(setting) {
      const { inFlight, socket } = parse(setting)
      const docker = await nodeSdk(socket)
      return keep(inFlight, async () => same('node-sdk', typeof (await docker.systemPing()), 'string'))
    },
  },
]

const UNDICI = ['undici dispatch', 'undici request']
export const bench = createRace({
  name: 'requests',
  question: 'How many small requests does a pool carry, and what does each cost?',
  unit: REQUESTS,
  cases: ({ engine }) => ['1 in flight', '16 in flight', '64 in flight', ...(engine ? [`${ENGINE}1 in flight`, `${ENGINE}16 in flight`] : [])],
  contenders,
  baseline: 'bare socket',
  goals: [
    { contender: 'hawser', figure: 'rate', over: 'bare socket', which: alone, atLeast: 0.85 },
    { contender: 'hawser', figure: 'rate', over: 'bare socket', which: crowd, atLeast: 0.65 },
    { contender: "hawser by 'data'", figure: 'rate', over: 'node:http', atLeast: 1 },
    { contender: 'hawser', figure: 'rate', over: UNDICI, which: which => which === '1 in flight', atLeast: 2 },
    { contender: 'hawser', figure: 'rate', over: UNDICI, which: crowd, atLeast: 3.5 },
    { contender: 'hawser', figure: 'cpu', over: UNDICI, which: which => !which.startsWith(ENGINE), atMost: 0.4 },
  ],
})
