/** demux and demuxInto: pieces of stdout and stderr from any source, and what ends them. */
import { describe, expect, test } from 'vitest'
import type { Sink } from '../../src/bytes.js'
import { demux, demuxInto, type Demuxed } from '../../src/stream/index.js'
import { encodeMuxHeader, type MuxStream } from '../../src/wire/mux.js'
import { borrowed, chunks, drain, everyCut, utf8Bytes } from '../support/source.js'

const frame = (stream: MuxStream, payload: string | Uint8Array): Uint8Array => {
  const bytes = typeof payload === 'string' ? utf8Bytes(payload) : payload
  return Uint8Array.from([...encodeMuxHeader(stream, bytes.length), ...bytes])
}
const joined = (...parts: Uint8Array[]): Uint8Array => Uint8Array.from(parts.flatMap(part => [...part]))
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')

/** Pieces of one stream in a row are one: where they were cut is not a promise. */
const told = (items: Iterable<Demuxed>): string[] => {
  const out: string[] = []
  let last: string | undefined
  for (const { stream, bytes } of items) {
    if (stream === last) out.push(out.pop()! + text(bytes))
    else out.push(`${stream}: ${text(bytes)}`)
    last = stream
  }
  return out
}

/** Sinks that note what they get; `wait` makes them take their time. */
const notes = (wait?: () => Promise<void>): { items: Demuxed[]; stdout: Sink; stderr: Sink } => {
  const items: Demuxed[] = []
  const sink =
    (stream: Demuxed['stream']): Sink =>
    (chunk, start, end) => {
      items.push({ stream, bytes: chunk.slice(start, end) })
      return wait?.()
    }
  return { items, stdout: sink('stdout'), stderr: sink('stderr') }
}

const OUTPUT = joined(frame(1, 'out'), frame(2, 'err'), frame(1, ''), frame(0, 'in'), frame(2, 'more'))
// Stream 0 is stdin echoed; the daemon's own reader writes it to stdout (daemon: stdcopy.go).
const TOLD = ['stdout: out', 'stderr: err', 'stdout: in', 'stderr: more']

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

describe('demux', () => {
  test('gives the same wherever the source is cut', async () => {
    for (const pieces of everyCut(OUTPUT)) {
      const { items, error } = await drain(demux(chunks(pieces)))
      expect(error).toBeUndefined()
      expect(told(items)).toEqual(TOLD)
      expect(items.every(({ bytes }) => bytes.length > 0)).toBe(true)
    }
  })

  test('takes a Node stream and a Web stream', async () => {
    const { Readable } = await import('node:stream')
    expect(told((await drain(demux(Readable.from([OUTPUT])))).items)).toEqual(TOLD)
    expect(told((await drain(demux(new Blob([Uint8Array.from(OUTPUT)]).stream()))).items)).toEqual(TOLD)
  })

  test('gives the chunk itself in views, without a copy', async () => {
    const { items } = await drain(demux(chunks([OUTPUT])))
    for (const { bytes } of items) expect(bytes.buffer).toBe(OUTPUT.buffer)
  })

  test('ten thousand frames of one octet in one chunk', async () => {
    const many = joined(...Array.from({ length: 10_000 }, () => frame(1, 'x')))
    const { items, error } = await drain(demux(chunks([many])))
    expect(error).toBeUndefined()
    expect(items.length).toBe(10_000)
  })

  test('leaving the loop cancels the source, at once', async () => {
    const source = chunks([OUTPUT, OUTPUT, OUTPUT])
    for await (const { stream } of demux(source)) if (stream === 'stderr') break
    expect(source).toMatchObject({ cancelled: true, asked: 1 })
  })

  test('an error in the loop cancels the source and comes out', async () => {
    const source = chunks([OUTPUT, OUTPUT])
    const mine = new Error('mine')
    const loop = async (): Promise<void> => {
      for await (const _ of demux(source)) throw mine
    }
    await expect(loop()).rejects.toBe(mine)
    expect(source).toMatchObject({ cancelled: true, asked: 1 })
  })

  test('several next() at once keep their order and lose nothing', async () => {
    const iterator = demux(chunks([joined(frame(1, 'a'), frame(2, 'b'), frame(1, 'c')), frame(2, 'd')]))[Symbol.asyncIterator]()
    const results = await Promise.all(Array.from({ length: 6 }, () => iterator.next()))
    expect(results.map(({ value }) => value && text((value as Demuxed).bytes))).toEqual(['a', 'b', 'c', 'd', undefined, undefined])
    expect(results.map(({ done }) => done)).toEqual([false, false, false, false, true, true])
  })

  test('reads no further than it was asked to', async () => {
    const source = chunks([OUTPUT, OUTPUT, OUTPUT])
    const iterator = demux(source)[Symbol.asyncIterator]()
    await iterator.next()
    await turn()
    expect(source.asked).toBe(1)
    await iterator.return?.()
  })
})

describe('demuxInto', () => {
  test('gives the same wherever the source is cut, borrowed or not, with sinks that wait or do not', async () => {
    for (const pieces of everyCut(OUTPUT)) {
      for (const make of [chunks, borrowed]) {
        for (const wait of [undefined, async () => {}]) {
          const { items, ...sinks } = notes(wait)
          const source = make(pieces)
          await demuxInto(source, sinks)
          expect(told(items)).toEqual(TOLD)
          expect(source.ended).toBe(true)
        }
      }
    }
  })

  test('never calls a sink before its promise has settled, nor the source before all have', async () => {
    for (const make of [chunks, borrowed]) {
      let busy = false
      const seen: string[] = []
      const sink: Sink = async (chunk, start, end) => {
        expect(busy).toBe(false)
        busy = true
        seen.push(text(chunk.slice(start, end)))
        await turn()
        busy = false
      }
      const source = make([OUTPUT, OUTPUT])
      await demuxInto(source, { stdout: sink, stderr: sink })
      expect(seen).toEqual(['out', 'err', 'in', 'more', 'out', 'err', 'in', 'more'])
    }
  })

  test('asks for nothing more while a sink waits', async () => {
    for (const make of [chunks, borrowed]) {
      let go!: () => void
      const gate = new Promise<void>(resolve => (go = resolve))
      const source = make([OUTPUT, OUTPUT, OUTPUT])
      const running = demuxInto(source, { stderr: () => gate })
      for (let i = 0; i < 5; i++) await turn()
      expect(source.asked).toBe(1)
      go()
      await running
      expect(source.ended).toBe(true)
    }
  })

  test('waits for the promise of the very last piece', async () => {
    for (const make of [chunks, borrowed]) {
      let settled = false
      await demuxInto(make([frame(1, 'a')]), {
        async stdout() {
          await turn()
          settled = true
        },
      })
      expect(settled).toBe(true)
    }
  })

  test('passes over a stream without a sink', async () => {
    for (const make of [chunks, borrowed]) {
      const { items, stderr } = notes()
      await demuxInto(make([OUTPUT]), { stderr })
      expect(told(items)).toEqual(['stderr: errmore'])
      await demuxInto(make([OUTPUT]), {})
    }
  })

  test('hands on what the source lent, without a copy', async () => {
    const whole: Uint8Array[] = []
    await demuxInto(chunks([OUTPUT]), { stdout: chunk => void whole.push(chunk) })
    expect(whole.every(chunk => chunk === OUTPUT)).toBe(true)
  })

  test.each([
    ['throws', (): void => { throw MINE }],
    ['rejects', () => Promise.reject(MINE)],
    ['rejects later', async () => { await turn(); throw MINE }],
  ])('a sink that %s ends it, and the source', async (_how, sink) => {
    for (const make of [chunks, borrowed]) {
      const source = make([OUTPUT, OUTPUT])
      await expect(demuxInto(source, { stderr: sink })).rejects.toBe(MINE)
      expect(source).toMatchObject({ asked: 1, ended: false })
      if (make === chunks) expect(source.cancelled).toBe(true)
    }
  })

  test('ten thousand frames of one octet in one chunk', async () => {
    const many = joined(...Array.from({ length: 10_000 }, () => frame(1, 'x')))
    for (const make of [chunks, borrowed]) {
      for (const wait of [undefined, async () => {}]) {
        let count = 0
        await demuxInto(make([many]), {
          stdout(_chunk, start, end) {
            count += end - start
            return wait?.()
          },
        })
        expect(count).toBe(10_000)
      }
    }
  })
})

const MINE = new Error('mine')
const torn = OUTPUT.subarray(0, -1)

const FAILURES: [name: string, pieces: Uint8Array[], error: unknown, told: string[], wanted: unknown][] = [
  ['a torn end', [torn], undefined, [...TOLD.slice(0, -1), 'stderr: mor'], expect.objectContaining({ code: 'mux-truncated' })],
  ['an end in a header', [OUTPUT, Uint8Array.of(1, 0)], undefined, TOLD, expect.objectContaining({ code: 'mux-truncated' })],
  ['what is no frame, in the same chunk', [joined(OUTPUT, utf8Bytes('$ ls'))], undefined, TOLD, expect.objectContaining({ code: 'mux-malformed' })],
  ['what is no frame, in a later chunk', [OUTPUT, utf8Bytes('$ ls')], undefined, TOLD, expect.objectContaining({ code: 'mux-malformed' })],
  ['the error of the source', [OUTPUT], MINE, TOLD, MINE],
  ['the error of the source within a frame', [torn], MINE, [...TOLD.slice(0, -1), 'stderr: mor'], MINE],
]

describe('errors come behind what came before them', () => {
  test.each(FAILURES)('demux: %s', async (_name, pieces, error, wantedItems, wanted) => {
    const source = chunks(pieces, { error })
    const got = await drain(demux(source))
    expect(told(got.items)).toEqual(wantedItems)
    expect(got.error).toEqual(wanted)
    expect(source.cancelled || source.ended).toBe(true)
  })

  test.each(FAILURES)('demuxInto: %s', async (_name, pieces, error, wantedItems, wanted) => {
    for (const make of [chunks, borrowed]) {
      for (const wait of [undefined, async () => {}]) {
        const { items, ...sinks } = notes(wait)
        await expect(demuxInto(make(pieces, { error }), sinks)).rejects.toEqual(wanted)
        expect(told(items)).toEqual(wantedItems)
      }
    }
  })

  test('and only once', async () => {
    const iterator = demux(chunks([utf8Bytes('$ ls')]))[Symbol.asyncIterator]()
    await expect(iterator.next()).rejects.toMatchObject({ code: 'mux-malformed' })
    expect(await iterator.next()).toEqual({ done: true, value: undefined })
  })
})

describe('what the engine itself says (stream 3)', () => {
  const SAID = 'Error grabbing logs: grün €😀\n'
  const BYTES = joined(frame(1, 'a'), frame(3, SAID), frame(1, 'b'))

  test('does not end the stream, and becomes an error behind its last octet', async () => {
    for (const pieces of everyCut(BYTES)) {
      const got = await drain(demux(chunks(pieces)))
      expect(told(got.items)).toEqual(['stdout: ab'])
      expect(got.error).toMatchObject({ code: 'stream-error', reason: SAID })
      const { items, ...sinks } = notes()
      await expect(demuxInto(borrowed(pieces), sinks)).rejects.toMatchObject({ code: 'stream-error', message: expect.stringContaining(SAID) })
      expect(told(items)).toEqual(['stdout: ab'])
    }
  })

  test('goes to onSystemError where there is one, in pieces of whole characters', async () => {
    for (const pieces of everyCut(BYTES)) {
      for (const read of [
        async (onSystemError: (text: string) => void) => expect((await drain(demux(chunks(pieces), { onSystemError }))).error).toBeUndefined(),
        async (onSystemError: (text: string) => void) => demuxInto(borrowed(pieces), { onSystemError }),
      ]) {
        const said: string[] = []
        await read(piece => said.push(piece))
        expect(said.join('')).toBe(SAID)
      }
    }
  })

  test('is cut off where it does not end', async () => {
    const { error } = await drain(demux(chunks(Array.from({ length: 100 }, () => frame(3, 'x'.repeat(1000))))))
    expect((error as Error).message.length).toBeLessThan(6000)
  })

  test('an error of the stream itself is the one that comes out', async () => {
    const { error } = await drain(demux(chunks([frame(3, 'said'), Uint8Array.of(1)])))
    expect(error).toMatchObject({ code: 'mux-truncated' })
  })
})
