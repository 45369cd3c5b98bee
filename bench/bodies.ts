/** Large bodies: by their length, in chunks as large as an engine's copying makes them, and in small ones. */
import type { Dial } from '../src/io/index.js'
import { bareStream } from './support/bare.js'
import type { Contender, Running, Setting } from './support/bench.js'
import { BLOCK, BLOCKS, idOf, same, wireSize, type Framing } from './support/canned.js'
import { dockerode, nodeSdk, undici } from './support/clients.js'
import { http, io } from './support/hawser.js'
import { dialPlain } from './support/plain-dial.js'
import { BYTES, createRace } from './support/race.js'

const CASES: Record<string, Omit<Framing, 'blocks'>> = {
  'Content-Length': { kind: 'length', piece: 0 },
  'chunks of 32 KiB': { kind: 'chunked', piece: 32 * 1024 },
  'chunks of 512 B': { kind: 'chunked', piece: 512 },
}

const framing = ({ which }: Setting, blocks = BLOCKS): Framing => ({ ...CASES[which]!, blocks })
const pathOf = (framing: Framing): string => `/containers/${idOf(framing)}/export`

/** `read` reads one body at this path, hands its chunks on, and says how many octets they were. */
const readBodies = (setting: Setting, read: (framing: Framing, look?: (chunk: Uint8Array) => void) => Promise<number>): Running => ({
  async verify() {
    const { digest, expected } = await import('./support/verify.js')
    const few = framing(setting, 3)
    const hash = digest()
    same('octets', await read(few, hash.add), few.blocks * BLOCK)
    same('their digest', hash.end(), expected(few))
  },
  async run(amount) {
    const many = framing(setting)
    for (let i = 0; i < amount; i++) same('octets', await read(many), BLOCKS * BLOCK)
    return amount * BLOCKS * BLOCK
  },
})

const bare = (by: 'onread' | 'data') => (setting: Setting): Promise<Running> => {
  const body = framing(setting)
  return bareStream(setting.main, `GET ${pathOf(body)} HTTP/1.1\r\nHost: docker\r\n\r\n`, wireSize(body), BLOCKS * BLOCK, by)
}

const into = async (setting: Setting, dial: Dial): Promise<Running> => {
  const { bodyInto, pool } = await http(setting)
  const client = pool(dial)
  return readBodies(setting, async (framing, look) => {
    let size = 0
    await bodyInto(await client.exchange({ method: 'GET', path: pathOf(framing) }), (chunk, start, end) => {
      size += end - start
      look?.(chunk.subarray(start, end))
    })
    return size
  })
}

const contenders: Contender[] = [
  { name: 'bare socket', start: bare('onread') },
  { name: "bare socket, 'data'", start: bare('data') },
  { name: 'hawser bodyInto', start: async setting => into(setting, (await io(setting)).dialUnix(setting.main)) },
  { name: "hawser bodyInto by 'data'", start: async setting => into(setting, await dialPlain(setting, setting.main)) },
  {
    name: 'hawser body',
    async start(setting) {
      const { dialUnix } = await io(setting)
      const { body, pool } = await http(setting)
      const client = pool(dialUnix(setting.main))
      return readBodies(setting, async (framing, look) => {
        let size = 0
        for await (const chunk of body(await client.exchange({ method: 'GET', path: pathOf(framing) }))) {
          size += chunk.length
          look?.(chunk)
        }
        return size
      })
    },
  },
  {
    name: 'node:http',
    async start(setting) {
      const { Agent, get } = await import('node:http')
      const agent = new Agent({ keepAlive: true })
      return readBodies(
        setting,
        (framing, look) =>
          new Promise((resolve, reject) => {
            let size = 0
            get({ socketPath: setting.main, path: pathOf(framing), agent }, response => {
              response.on('data', (chunk: Uint8Array) => {
                size += chunk.length
                look?.(chunk)
              })
              response.on('end', () => resolve(size))
            }).on('error', reject)
          }),
      )
    },
  },
  {
    name: 'undici dispatch',
    peer: true,
    async start(setting) {
      const client = await undici(setting.main)
      return readBodies(
        setting,
        (framing, look) =>
          new Promise((resolve, reject) => {
            let size = 0
            client.dispatch({ path: pathOf(framing), method: 'GET' }, {
              onConnect() {},
              onHeaders: () => true,
              onData(chunk) {
                size += chunk.length
                look?.(chunk)
                return true
              },
              onComplete: () => resolve(size),
              onError: reject,
            })
          }),
      )
    },
  },
  {
    name: 'undici request',
    peer: true,
    async start(setting) {
      const client = await undici(setting.main)
      return readBodies(setting, async (framing, look) => {
        let size = 0
        const { body } = await client.request({ path: pathOf(framing), method: 'GET' })
        for await (const chunk of body) {
          size += chunk.length
          look?.(chunk)
        }
        return size
      })
    },
  },
  {
    name: 'dockerode',
    peer: true,
    async start(setting) {
      const docker = await dockerode(setting.main)
      return readBodies(setting, async (framing, look) => {
        let size = 0
        for await (const chunk of (await docker.getContainer(idOf(framing)).export()) as AsyncIterable<Uint8Array>) {
          size += chunk.length
          look?.(chunk)
        }
        return size
      })
    },
  },
  {
    name: '@docker/node-sdk',
    peer: true,
    async start(setting) {
      const docker = await nodeSdk(setting.main)
      return readBodies(setting, async (framing, look) => {
        let size = 0
        const out = new WritableStream<Uint8Array>({
          write(chunk) {
            size += chunk.length
            look?.(chunk)
          },
        })
        await docker.containerExport(idOf(framing), out)
        return size
      })
    },
  },
]

const UNDICI = ['undici dispatch', 'undici request']
const small = (which: string): boolean => which === 'chunks of 512 B'

export const bench = createRace({
  name: 'bodies',
  question: 'How fast does the body of a response arrive?',
  unit: BYTES,
  cases: Object.keys(CASES),
  contenders,
  baseline: 'bare socket',
  goals: [
    { contender: 'hawser bodyInto', figure: 'rate', over: 'bare socket', which: which => !small(which), atLeast: 0.9 },
    { contender: 'hawser bodyInto', figure: 'rate', over: 'bare socket', which: small, atLeast: 0.55 },
    { contender: "hawser bodyInto by 'data'", figure: 'rate', over: 'node:http', atLeast: 1 },
    { contender: 'hawser body', figure: 'rate', over: UNDICI, atLeast: 1.2 },
    { contender: 'hawser bodyInto', figure: 'peak', atMost: 60 },
  ],
})
