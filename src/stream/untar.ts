/** Reading an archive entry by entry (wire/tar-decoder.ts). */
import type { ByteSource } from '../bytes.js'
import { fail } from '../errors.js'
import { MORE } from '../wire/decoder.js'
import { createTarDecoder, type TarDecoderOptions } from '../wire/tar-decoder.js'
import type { TarEntry } from '../wire/tar-header.js'

/** An entry and what it holds. Bodies are read, skipped or left in the archive's order: each only until the next entry is asked for. */
export type Untarred = TarEntry & { body: ByteSource }

type Event = { entry: TarEntry } | { bytes: Uint8Array }

/** Octets of zeros that a hole of a sparse file is given out in. */
const HOLE_BYTES = 64 * 1024

/**
 * Yields the entries of an archive. Errors: those of createTarDecoder, tar-entry-passed for a body that is asked for when the
 * archive has gone on, and the source's.
 */
export async function* untar(source: ByteSource, options?: TarDecoderOptions): AsyncGenerator<Untarred, void, undefined> {
  const events: Event[] = []
  let hole = 0
  let stopped = false
  let isOver = false
  const decoder = createTarDecoder(
    {
      entry(entry) {
        events.push({ entry })
        stopped = true
        return false
      },
      data: (chunk, start, end) => void events.push({ bytes: chunk.subarray(start, end) }),
      // Given out before anything else is decoded: a hole may be larger than memory.
      hole(length) {
        hole = length
        stopped = true
        return false
      },
    },
    options,
  )
  const chunks = source[Symbol.asyncIterator]()
  let chunk = new Uint8Array(0)
  let at = 0

  /** What comes next, left where it is; nothing at the end of the archive. */
  const peek = async (): Promise<Event | undefined> => {
    while (events.length === 0) {
      if (hole > 0) {
        const length = Math.min(hole, HOLE_BYTES)
        hole -= length
        events.push({ bytes: new Uint8Array(length) })
        break
      }
      if (isOver) return undefined
      if (at === chunk.length) {
        const { done, value } = await chunks.next()
        if (done) {
          isOver = true
          decoder.end()
          return undefined
        }
        chunk = value as Uint8Array<ArrayBuffer>
        at = 0
      }
      stopped = false
      const used = decoder.push(chunk, at, chunk.length)
      at = used === MORE ? chunk.length : at + used
      isOver = used !== MORE && !stopped
    }
    return events[0]
  }

  let serial = 0
  const bodyOf = (name: string): ByteSource => {
    const mine = serial
    return {
      async *[Symbol.asyncIterator]() {
        for (;;) {
          if (mine !== serial) throw fail('tar-entry-passed', `the archive has gone on, and the body of ${JSON.stringify(name)} is gone`)
          const event = await peek()
          if (!event || 'entry' in event) return
          events.shift()
          yield event.bytes
        }
      },
    }
  }

  try {
    for (let event = await peek(); event; event = await peek()) {
      events.shift()
      if (!('entry' in event)) continue
      serial++
      yield { ...event.entry, body: bodyOf(event.entry.name) }
    }
    serial++
    // Padding and whatever else stands behind the mark of the end, so that the source comes to its end too.
    while (!(await chunks.next()).done);
  } finally {
    await chunks.return?.()
  }
}
