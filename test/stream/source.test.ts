/** What every reader of a source makes of one that gives something else than bytes. */
import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import type { ByteSource } from '../../src/bytes.js'
import { collect, demux, demuxInto, lines, ndjson } from '../../src/stream/index.js'
import { chunks, drain, utf8Bytes } from '../support/source.js'

const READERS: [name: string, read: (source: ByteSource) => Promise<unknown>][] = [
  ['demux', async source => (await drain(demux(source))).error],
  ['lines', async source => (await drain(lines(source))).error],
  ['ndjson', async source => (await drain(ndjson(source))).error],
  ['demuxInto', source => demuxInto(source, {}).catch((error: unknown) => error)],
  ['collect', source => collect(source).catch((error: unknown) => error)],
]

test.each(READERS)('%s refuses text, objects and nothing instead of guessing', async (_name, read) => {
  for (const chunk of ['1\n', 5, null, undefined, {}, [1], new ArrayBuffer(1), new DataView(new ArrayBuffer(1)), new Uint16Array(1)]) {
    const source = chunks([chunk as Uint8Array])
    expect(await read(source), typeof chunk).toMatchObject({ code: 'request-invalid' })
    expect(source.cancelled).toBe(true)
  }
})

test.each(READERS)('%s says so of a Node stream with an encoding', async (_name, read) => {
  const stream = Readable.from([Buffer.from('1\n')], { objectMode: false }).setEncoding('utf8')
  expect(await read(stream as unknown as ByteSource)).toMatchObject({ code: 'request-invalid', message: expect.stringContaining('string') })
  expect(stream.destroyed).toBe(true)
})

test.each(READERS)('%s takes empty chunks for what they are', async (name, read) => {
  const source = chunks([new Uint8Array(0), utf8Bytes(''), new Uint8Array(0)])
  const got = await read(source)
  if (name === 'collect') expect((got as Uint8Array).length).toBe(0)
  else expect(got).toBeUndefined()
  expect(source.ended).toBe(true)
})
