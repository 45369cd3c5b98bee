/** What a container without a TTY writes, end to end: frames from the socket to a sink for each of its streams. */
import { Writable } from 'node:stream'
import type { Dial } from '../src/io/index.js'
import { bareStream } from './support/bare.js'
import type { Contender, Running, Setting } from './support/bench.js'
import { BLOCK, BLOCKS, idOf, same, wireSize, type Framing } from './support/canned.js'
import { dockerode, nodeSdk } from './support/clients.js'
import { http, io, stream } from './support/hawser.js'
import { dialPlain } from './support/plain-dial.js'
import { BYTES, createRace } from './support/race.js'

const CASES: Record<string, number> = { 'frames of 32 B': 32, 'frames of 256 B': 256, 'frames of 1 KiB': 1024, 'frames of 16 KiB': 16 * 1024 }

const framing = ({ which }: Setting, blocks = BLOCKS): Framing => ({ kind: 'mux', piece: CASES[which]!, blocks })
const pathOf = (framing: Framing): string => `/containers/${idOf(framing)}/logs?stdout=1&stderr=1`

/** Gets the octets of one stream. */
type Take = (chunk: Uint8Array, start: number, end: number) => void

/** `read` reads one body and hands its octets to the two. */
const readFrames = (setting: Setting, read: (framing: Framing, stdout: Take, stderr: Take) => Promise<void>): Running => ({
  async verify() {
    const { digest, expected } = await import('./support/verify.js')
    const few = framing(setting, 2)
    const out = digest()
    const err = digest()
    await read(few, (chunk, start, end) => out.add(chunk.subarray(start, end)), (chunk, start, end) => err.add(chunk.subarray(start, end)))
    same('the digest of stdout', out.end(), expected(few, 1))
    same('the digest of stderr', err.end(), expected(few, 2))
  },
  async run(amount) {
    const many = framing(setting)
    for (let i = 0; i < amount; i++) {
      let out = 0
      let err = 0
      await read(many, (_chunk, start, end) => void (out += end - start), (_chunk, start, end) => void (err += end - start))
      same('octets of stdout', out, (BLOCKS * BLOCK * 3) / 4)
      same('octets of stderr', err, (BLOCKS * BLOCK) / 4)
    }
    return amount * BLOCKS * BLOCK
  },
})

const writable = (take: Take): Writable =>
  new Writable({
    write(chunk: Uint8Array, _encoding, done) {
      take(chunk, 0, chunk.length)
      done()
    },
  })

const into = async (setting: Setting, dial: Dial): Promise<Running> => {
  const { body, pool } = await http(setting)
  const { demuxInto } = await stream(setting)
  const client = pool(dial)
  return readFrames(setting, async (framing, stdout, stderr) => demuxInto(body(await client.exchange({ method: 'GET', path: pathOf(framing) })), { stdout, stderr }))
}

const contenders: Contender[] = [
  {
    name: 'bare socket',
    start(setting) {
      const body = framing(setting)
      return bareStream(setting.main, `GET ${pathOf(body)} HTTP/1.1\r\nHost: docker\r\n\r\n`, wireSize(body), BLOCKS * BLOCK, 'onread')
    },
  },
  { name: 'hawser demuxInto', start: async setting => into(setting, (await io(setting)).dialUnix(setting.main)) },
  { name: "hawser demuxInto by 'data'", start: async setting => into(setting, await dialPlain(setting, setting.main)) },
  {
    name: 'hawser demux',
    async start(setting) {
      const { dialUnix } = await io(setting)
      const { body, pool } = await http(setting)
      const { demux } = await stream(setting)
      const client = pool(dialUnix(setting.main))
      return readFrames(setting, async (framing, stdout, stderr) => {
        for await (const { stream, bytes } of demux(body(await client.exchange({ method: 'GET', path: pathOf(framing) })))) (stream === 'stdout' ? stdout : stderr)(bytes, 0, bytes.length)
      })
    },
  },
  {
    name: 'node:http, by hand',
    async start(setting) {
      const { Agent, get } = await import('node:http')
      const agent = new Agent({ keepAlive: true })
      return readFrames(
        setting,
        (framing, stdout, stderr) =>
          new Promise((resolve, reject) => {
            let rest: Buffer = Buffer.alloc(0)
            get({ socketPath: setting.main, path: pathOf(framing), agent }, response => {
              response.on('data', (chunk: Buffer) => {
                const data = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk
                let at = 0
                while (data.length - at >= 8) {
                  const end = at + 8 + data.readUInt32BE(at + 4)
                  if (end > data.length) break
                  const take = data[at] === 2 ? stderr : stdout
                  take(data, at + 8, end)
                  at = end
                }
                rest = data.subarray(at)
              })
              response.on('end', resolve)
            }).on('error', reject)
          }),
      )
    },
  },
  {
    name: 'dockerode',
    peer: true,
    async start(setting) {
      const docker = await dockerode(setting.main)
      return readFrames(setting, async (framing, stdout, stderr) => {
        const stream = await docker.getContainer(idOf(framing)).logs({ stdout: true, stderr: true, follow: true })
        docker.modem.demuxStream(stream, writable(stdout), writable(stderr))
        await new Promise((resolve, reject) => stream.on('end', resolve).on('error', reject))
      })
    },
  },
  {
    name: '@docker/node-sdk',
    peer: true,
    async start(setting) {
      const docker = await nodeSdk(setting.main)
      return readFrames(setting, (framing, stdout, stderr) => docker.containerLogs(idOf(framing), writable(stdout), writable(stderr), { stdout: true, stderr: true }))
    },
  },
]

export const bench = createRace({
  name: 'multiplexed',
  question: "How fast do a container's stdout and stderr arrive, each frame in an HTTP chunk of its own?",
  unit: BYTES,
  cases: Object.keys(CASES),
  contenders,
  baseline: 'bare socket',
  goals: [
    { contender: 'hawser demuxInto', figure: 'rate', over: 'bare socket', which: which => which.endsWith('KiB'), atLeast: 0.8 },
    { contender: 'hawser demuxInto', figure: 'peak', atMost: 60 },
    { contender: "hawser demuxInto by 'data'", figure: 'rate', over: 'node:http, by hand', atLeast: 1 },
  ],
})
