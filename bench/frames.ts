/** Demultiplexing alone: frames that lie in memory, in pieces as large as a read, cut wherever those end. */
import { EventEmitter } from 'node:events'
import type { Contender, Running, Setting } from './support/bench.js'
import { same } from './support/canned.js'
import { dockerode } from './support/clients.js'
import { stream, wire } from './support/hawser.js'
import { createRace, FRAMES } from './support/race.js'

const CASES: Record<string, number> = { '32 B': 32, '200 B': 200, '1 KiB': 1024, '16 KiB': 16 * 1024 }
const READ_BYTES = 64 * 1024
/** Octets that are gone through at once: they stay in the processor's cache, as what a socket has just read does. */
const TOTAL = 256 * 1024

/** Every fourth frame is stderr's. */
const prepare = ({ which }: Setting): { bytes: Buffer; frames: number; out: number; err: number; reads: (readonly [start: number, end: number])[] } => {
  const size = CASES[which]!
  const frames = Math.floor(TOTAL / (size + 8))
  const bytes = Buffer.alloc(frames * (size + 8), 'x')
  let err = 0
  for (let i = 0; i < frames; i++) {
    const at = i * (size + 8)
    const isErr = i % 4 === 3
    if (isErr) err += size
    bytes.writeUInt32BE(isErr ? 0x200_0000 : 0x100_0000, at)
    bytes.writeUInt32BE(size, at + 4)
  }
  const reads: [number, number][] = []
  for (let at = 0; at < bytes.length; at += READ_BYTES) reads.push([at, Math.min(bytes.length, at + READ_BYTES)])
  return { bytes, frames, out: frames * size - err, err, reads }
}

/** Goes through the frames `amount` times, and counts what belongs to which stream. */
const count = (setting: Setting, pass: (input: ReturnType<typeof prepare>, times: number) => Promise<{ out: number; err: number }>): Running => {
  const input = prepare(setting)
  return {
    async run(amount) {
      const { out, err } = await pass(input, amount)
      same('octets of stdout', out, input.out * amount)
      same('octets of stderr', err, input.err * amount)
      return input.frames * amount
    },
  }
}

const contenders: Contender[] = [
  {
    name: 'a loop over headers',
    start: setting =>
      count(setting, async ({ bytes }, times) => {
        let out = 0
        let err = 0
        for (let i = 0; i < times; i++) {
          for (let at = 0; at < bytes.length; ) {
            const size = ((bytes[at + 4]! << 24) | (bytes[at + 5]! << 16) | (bytes[at + 6]! << 8) | bytes[at + 7]!) >>> 0
            if (bytes[at] === 2) err += size
            else out += size
            at += 8 + size
          }
        }
        return { out, err }
      }),
  },
  {
    name: 'hawser createMuxDecoder',
    async start(setting) {
      const { createMuxDecoder } = await wire(setting)
      return count(setting, async ({ bytes, reads }, times) => {
        let out = 0
        let err = 0
        const decoder = createMuxDecoder((stream, _chunk, start, end) => {
          if (stream === 2) err += end - start
          else out += end - start
        })
        for (let i = 0; i < times; i++) for (const [start, end] of reads) decoder.push(bytes, start, end)
        decoder.end()
        return { out, err }
      })
    },
  },
  {
    name: 'hawser demuxInto',
    async start(setting) {
      const { demuxInto } = await stream(setting)
      return count(setting, async ({ bytes, reads }, times) => {
        let out = 0
        let err = 0
        const source = {
          async into(sink: (chunk: Uint8Array, start: number, end: number) => void | Promise<void>) {
            for (let i = 0; i < times; i++) for (const [start, end] of reads) void sink(bytes, start, end)
          },
          async *[Symbol.asyncIterator]() {},
        }
        await demuxInto(source, { stdout: (_, start, end) => void (out += end - start), stderr: (_, start, end) => void (err += end - start) })
        return { out, err }
      })
    },
  },
  {
    name: 'hawser demux',
    async start(setting) {
      const { demux } = await stream(setting)
      return count(setting, async ({ bytes, reads }, times) => {
        let out = 0
        let err = 0
        const source = async function* (): AsyncGenerator<Uint8Array> {
          for (let i = 0; i < times; i++) for (const [start, end] of reads) yield bytes.subarray(start, end)
        }
        for await (const { stream, bytes: { length } } of demux(source())) {
          if (stream === 'stderr') err += length
          else out += length
        }
        return { out, err }
      })
    },
  },
  {
    name: 'docker-modem',
    peer: true,
    async start(setting) {
      const { modem } = await dockerode(setting.main)
      return count(setting, async ({ bytes, reads }, times) => {
        let out = 0
        let err = 0
        const source = new EventEmitter()
        modem.demuxStream(source, { write: chunk => void (out += chunk.length) }, { write: chunk => void (err += chunk.length) })
        for (let i = 0; i < times; i++) for (const [start, end] of reads) source.emit('data', bytes.subarray(start, end))
        return { out, err }
      })
    },
  },
]

export const bench = createRace({
  name: 'frames',
  question: 'How fast are frames told apart that lie in memory?',
  unit: FRAMES,
  cases: Object.keys(CASES),
  contenders,
  baseline: 'a loop over headers',
  goals: [
    { contender: 'hawser createMuxDecoder', figure: 'rate', over: 'a loop over headers', which: which => which === '200 B', atLeast: 0.55 },
    { contender: 'hawser demux', figure: 'rate', over: 'docker-modem', which: which => which === '200 B', atLeast: 20 },
  ],
})
