/** Tar archives in memory: many small files and few large ones, in and out. */
import type { Contender, Running, Setting } from './support/bench.js'
import { BLOCK, payload, same } from './support/canned.js'
import { stream } from './support/hawser.js'
import { peer } from './support/peers.js'
import { BYTES, createRace } from './support/race.js'

type Files = { size: number; count: number }
const FILES: Record<string, Files> = { '4,096 files of 1 KiB': { size: 1024, count: 4096 }, '8 files of 4 MiB': { size: 4 * BLOCK, count: 8 } }
const READ_BYTES = 64 * 1024

const isPack = (which: string): boolean => which.startsWith('pack')
const isUnpack = (which: string): boolean => which.startsWith('unpack')

type File = { name: string; bytes: Uint8Array }

const filesOf = ({ which }: Setting): File[] => {
  const { size, count } = FILES[which.slice(which.indexOf(' ') + 1)]!
  const block = payload()
  const large = size > BLOCK ? Buffer.concat(Array.from({ length: size / BLOCK }, () => block)) : undefined
  return Array.from({ length: count }, (_, i) => ({ name: `project/src/module-${i % 100}/file-${i}.ts`, bytes: large ?? block.subarray((i * size) % BLOCK, ((i * size) % BLOCK) + size) }))
}

/** Octets of an archive without padding at its end: 512 for each header, and data to the next 512. */
const sizeOf = (files: readonly File[]): number => files.reduce((size, { bytes }) => size + 512 + Math.ceil(bytes.length / 512) * 512, 0)

/** `pack` packs the files and hands the archive's chunks on. */
const packAll = (setting: Setting, pack: (files: File[], take: (chunk: Uint8Array) => void) => Promise<void>): Running => {
  const files = filesOf(setting)
  const size = sizeOf(files)
  return {
    async verify() {
      const chunks: Uint8Array[] = []
      await pack(files, chunk => void chunks.push(Uint8Array.prototype.slice.call(chunk)))
      const { untar } = await stream(setting)
      let at = 0
      for await (const { name, body } of untar((async function* () { yield* chunks })())) {
        const pieces: Uint8Array[] = []
        for await (const piece of body) pieces.push(piece)
        same('the name', name, files[at]!.name)
        same('its data', Buffer.concat(pieces).equals(files[at]!.bytes), true)
        at++
      }
      same('entries', at, files.length)
    },
    async run(amount) {
      for (let i = 0; i < amount; i++) {
        let packed = 0
        await pack(files, chunk => void (packed += chunk.length))
        // Two empty blocks end it, and some fill a record of 10 KiB.
        if (packed < size + 1024 || packed > size + 10_240) throw new Error(`the archive has ${packed} octets, and its entries ${size}`)
      }
      return amount * size
    },
  }
}

/** `unpack` hands on the data of all entries. */
const unpackAll = async (setting: Setting, unpack: (chunks: Uint8Array[], take: (chunk: Uint8Array) => void) => Promise<number>): Promise<Running> => {
  const files = filesOf(setting)
  const { tar } = await stream(setting)
  const parts: Uint8Array[] = []
  for await (const chunk of tar(files.map(({ name, bytes }) => ({ name, body: bytes })))) parts.push(chunk)
  const archive = Buffer.concat(parts)
  const chunks: Uint8Array[] = []
  for (let at = 0; at < archive.length; at += READ_BYTES) chunks.push(archive.subarray(at, at + READ_BYTES))
  const octets = files.reduce((sum, { bytes }) => sum + bytes.length, 0)
  return {
    async verify() {
      const { digest } = await import('./support/verify.js')
      const there = digest()
      const back = digest()
      for (const { bytes } of files) there.add(bytes)
      await unpack(chunks, back.add)
      same('the digest of all data', back.end(), there.end())
    },
    async run(amount) {
      for (let i = 0; i < amount; i++) {
        let size = 0
        same('entries', await unpack(chunks, chunk => void (size += chunk.length)), files.length)
        same('octets', size, octets)
      }
      return amount * sizeOf(files)
    },
  }
}

type Pack = AsyncIterable<Uint8Array> & { entry(header: { name: string; size: number }, data: Uint8Array): void; finalize(): void }
type Entry = AsyncIterable<Uint8Array> & { header: { name: string } }
type TarStream = { pack(): Pack; extract(): AsyncIterable<Entry> & { write(chunk: Uint8Array): boolean; end(): void; once(event: 'drain', act: () => void): void } }
type ModernTar = {
  createTarPacker(): { readable: ReadableStream<Uint8Array>; controller: { add(header: { name: string; size: number; type: 'file' }): WritableStream<Uint8Array>; finalize(): void } }
  createTarDecoder(): { readable: ReadableStream<{ body: ReadableStream<Uint8Array> }>; writable: WritableStream<Uint8Array> }
}
type NodeTar = { Parser: new (options: { onReadEntry(entry: { on(event: 'data', act: (chunk: Uint8Array) => void): void }): void }) => { write(chunk: Uint8Array): boolean; end(): void; on(event: 'end', act: () => void): void } }

const contenders: Contender[] = [
  {
    name: 'copying as much',
    start(setting) {
      const files = filesOf(setting)
      const target = Buffer.alloc(READ_BYTES)
      const size = sizeOf(files)
      return {
        async run(amount) {
          for (let i = 0; i < amount; i++) {
            let at = 0
            for (const { bytes } of files) {
              for (let from = 0; from < bytes.length; ) {
                const piece = bytes.subarray(from, from + READ_BYTES - at)
                target.set(piece, at)
                from += piece.length
                at = (at + piece.length) % READ_BYTES
              }
            }
          }
          return amount * size
        },
      }
    },
  },
  {
    name: 'hawser tar',
    can: isPack,
    async start(setting) {
      const { tar } = await stream(setting)
      return packAll(setting, async (files, take) => {
        for await (const chunk of tar(files.map(({ name, bytes }) => ({ name, body: bytes })))) take(chunk)
      })
    },
  },
  {
    name: 'hawser untar',
    can: isUnpack,
    async start(setting) {
      const { untar } = await stream(setting)
      return unpackAll(setting, async (chunks, take) => {
        let count = 0
        for await (const { body } of untar((async function* () { for (const chunk of chunks) yield chunk })())) {
          count++
          for await (const chunk of body) take(chunk)
        }
        return count
      })
    },
  },
  {
    name: 'tar-stream',
    peer: true,
    async start(setting) {
      const { pack, extract } = await peer<TarStream>('tar-stream')
      if (isPack(setting.which)) {
        return packAll(setting, async (files, take) => {
          const packer = pack()
          for (const { name, bytes } of files) packer.entry({ name, size: bytes.length }, bytes)
          packer.finalize()
          for await (const chunk of packer) take(chunk)
        })
      }
      return unpackAll(setting, async (chunks, take) => {
        const extractor = extract()
        const write = async (): Promise<void> => {
          for (const chunk of chunks) if (!extractor.write(chunk)) await new Promise<void>(resolve => extractor.once('drain', resolve))
          extractor.end()
        }
        const written = write()
        let count = 0
        for await (const entry of extractor) {
          count++
          for await (const chunk of entry) take(chunk)
        }
        await written
        return count
      })
    },
  },
  {
    name: 'modern-tar',
    peer: true,
    async start(setting) {
      const { createTarDecoder, createTarPacker } = await peer<ModernTar>('modern-tar')
      if (isPack(setting.which)) {
        return packAll(setting, async (files, take) => {
          const { readable, controller } = createTarPacker()
          const write = async (): Promise<void> => {
            for (const { name, bytes } of files) {
              const writer = controller.add({ name, size: bytes.length, type: 'file' }).getWriter()
              await writer.write(bytes)
              await writer.close()
            }
            controller.finalize()
          }
          const written = write()
          for await (const chunk of readable ) take(chunk)
          await written
        })
      }
      return unpackAll(setting, async (chunks, take) => {
        const source = new ReadableStream<Uint8Array>({
          start(controller) {
            for (const chunk of chunks) controller.enqueue(chunk)
            controller.close()
          },
        })
        let count = 0
        for await (const { body } of source.pipeThrough(createTarDecoder())) {
          count++
          for await (const chunk of body) take(chunk)
        }
        return count
      })
    },
  },
  {
    name: 'node-tar',
    peer: true,
    can: isUnpack,
    async start(setting) {
      const { Parser } = await peer<NodeTar>('tar')
      return unpackAll(
        setting,
        (chunks, take) =>
          new Promise(resolve => {
            let count = 0
            const parser = new Parser({
              onReadEntry(entry) {
                count++
                entry.on('data', take)
              },
            })
            parser.on('end', () => resolve(count))
            for (const chunk of chunks) parser.write(chunk)
            parser.end()
          }),
      )
    },
  },
]

/** Of large files nobody copies anything: what is left is a few calls for each. */
const small = (which: string): boolean => which.includes('1 KiB')
const PEERS = ['tar-stream', 'modern-tar', 'node-tar']

export const bench = createRace({
  name: 'archives',
  question: 'How fast are tar archives packed and unpacked, in memory?',
  unit: BYTES,
  cases: Object.keys(FILES).flatMap(files => [`pack ${files}`, `unpack ${files}`]),
  contenders,
  baseline: 'copying as much',
  goals: [
    { contender: 'hawser tar', figure: 'rate', over: PEERS, which: small, atLeast: 1 },
    { contender: 'hawser untar', figure: 'rate', over: PEERS, which: small, atLeast: 1 },
  ],
})
