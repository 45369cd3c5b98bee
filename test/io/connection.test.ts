/** A connection by itself: reading, holding, writing, half-closing and breaking, the same over every transport. */
import { describe, expect, test } from 'vitest'
import type { Connection, Reader } from '../../src/io/index.js'
import { MORE } from '../../src/wire/index.js'
import { gate, startPeer, type Link, type Over } from '../support/peer.js'

const OVERS: Over[] = ['unix', 'tcp', 'data', 'tls']

const turns = async (count = 20): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await new Promise(resolve => setImmediate(resolve))
}

type Log = Reader & { readonly text: string; readonly events: string[]; readonly over: Promise<unknown> }

/** A reader that takes everything, or as much as `take` says, and writes down what it hears. */
const logger = (take?: (have: number, length: number) => number): Log => {
  const events: string[] = []
  const { opened, open } = gate()
  let text = ''
  let failure: unknown
  return {
    get text() {
      return text
    },
    events,
    over: opened.then(() => failure),
    push(chunk, start, end) {
      const used = take ? take(text.length, end - start) : MORE
      text += Buffer.from(chunk.subarray(start, used === MORE ? end : start + used)).toString('latin1')
      return used
    },
    end() {
      events.push('end')
      open()
    },
    fail(error) {
      events.push('fail')
      failure = error
      open()
    },
  }
}

/** A connection, and the peer's end of it. */
const dial = async (over: Over, serve: (link: Link) => unknown = () => {}): Promise<{ connection: Connection; link: Link }> => {
  const peer = await startPeer(serve, { over })
  const connection = await peer.dial()
  return { connection, link: await peer.link(0) }
}

describe.each(OVERS)('over %s', over => {
  test('says who it is with', async () => {
    const peer = await startPeer(() => {}, { over })
    const connection = await peer.dial()
    const scheme = { unix: 'unix', data: 'unix', tcp: 'tcp', tls: 'https' }[over]
    expect(connection.peer).toBe(scheme === 'unix' ? `unix://${peer.path}` : `${scheme}://127.0.0.1:${peer.port}`)
    expect(connection.host).toBe(scheme === 'unix' ? 'docker' : `127.0.0.1:${peer.port}`)
    expect(connection.open).toBe(true)
    expect(connection.holding).toBe(false)
    connection.destroy()
    expect(connection.open).toBe(false)
  })

  test('hands over what comes, then the end; the other side stays open', async () => {
    const { connection, link } = await dial(over)
    const reader = logger()
    connection.read(reader)
    await link.send('one')
    await link.send('two')
    link.fin()
    await reader.over
    expect(reader.text).toBe('onetwo')
    expect(reader.events).toEqual(['end'])
    expect(connection.open).toBe(false)
    connection.write('three')
    connection.end()
    expect((await link.rest()).toString()).toBe('three')
    await link.closed
  })

  test('holds what nobody reads, and stops reading', async () => {
    const { connection, link } = await dial(over)
    const content = 'x'.repeat(30_000_000)
    const sent = link.send(content)
    await turns(100)
    expect(connection.holding).toBe(true)
    // The peer cannot get rid of it.
    expect(link.socket.writableLength).toBeGreaterThan(10_000_000)
    const reader = logger()
    connection.read(reader)
    expect(connection.holding).toBe(false)
    await sent
    link.fin()
    await reader.over
    expect(reader.text.length).toBe(content.length)
    expect(reader.events).toEqual(['end'])
    connection.destroy()
  })

  test('holds the end behind what is held', async () => {
    const { connection, link } = await dial(over)
    await link.send('held')
    link.fin()
    await turns()
    expect(connection.holding).toBe(true)
    const reader = logger()
    connection.read(reader)
    expect(reader.text).toBe('held')
    await reader.over
    expect(reader.events).toEqual(['end'])
    connection.destroy()
  })

  test('gives the rest to the next reader, wherever the first stops', async () => {
    for (let stop = 0; stop <= 6; stop++) {
      const { connection, link } = await dial(over)
      const first = logger((have, length) => (have + length < stop ? MORE : stop - have))
      connection.read(first)
      await link.send('abcdef')
      while (first.text.length < stop || (stop < 6 && !connection.holding)) await turns(1)
      expect(first.text).toBe('abcdef'.slice(0, stop))
      expect(connection.holding).toBe(stop < 6)
      const second = logger()
      connection.read(second)
      expect(second.text).toBe('abcdef'.slice(stop))
      await link.send('ghi')
      link.fin()
      await second.over
      expect(second.text).toBe('abcdefghi'.slice(stop))
      expect(first.events).toEqual([])
      expect(second.events).toEqual(['end'])
      connection.destroy()
    }
  })

  test('a reader may name the next as it stops, and each its next', async () => {
    const { connection, link } = await dial(over)
    const words: string[] = []
    const last = logger()
    /** Reads one word of three, then lets another do so. */
    const word = (left: number): Reader => {
      const reader = logger((have, length) => Math.min(3 - have, length) === 3 - have ? 3 - have : MORE)
      return {
        ...reader,
        push(chunk, start, end) {
          const used = reader.push(chunk, start, end)
          if (used === MORE) return MORE
          words.push(reader.text)
          connection.read(left > 1 ? word(left - 1) : last)
          return used
        },
      }
    }
    connection.read(word(5))
    await link.send('abcdefghijklm')
    await link.send('noxyz')
    link.fin()
    await last.over
    expect(words).toEqual(['abc', 'def', 'ghi', 'jkl', 'mno'])
    expect(last.text).toBe('xyz')
    connection.destroy()
  })

  test('a reader that is taken away hears nothing', async () => {
    const { connection, link } = await dial(over)
    const reader = logger()
    connection.read(reader)
    connection.read(undefined)
    await link.send('held')
    link.fin()
    await turns()
    expect(reader.text).toBe('')
    expect(connection.holding).toBe(true)
    connection.destroy()
    await turns()
    expect(reader.events).toEqual([])
  })

  test('a reader that throws breaks the connection, and hears what it threw', async () => {
    const { connection, link } = await dial(over)
    const mine = new Error('mine')
    const reader = logger(() => {
      throw mine
    })
    connection.read(reader)
    await link.send('x')
    expect(await reader.over).toBe(mine)
    expect(connection.open).toBe(false)
    expect(reader.events).toEqual(['fail'])
    await link.rest()
  })

  test('so does one that throws at the end', async () => {
    const { connection, link } = await dial(over)
    const mine = new Error('mine')
    const reader = logger()
    connection.read({
      ...reader,
      end() {
        throw mine
      },
    })
    link.fin()
    expect(await reader.over).toBe(mine)
    expect(reader.events).toEqual(['fail'])
    await link.rest()
  })

  test('and one that throws at what is held', async () => {
    const { connection, link } = await dial(over)
    await link.send('held')
    while (!connection.holding) await turns(1)
    const mine = new Error('mine')
    const reader = logger(() => {
      throw mine
    })
    connection.read(reader)
    expect(reader.events).toEqual(['fail'])
    expect(await reader.over).toBe(mine)
    expect(connection.holding).toBe(false)
    await link.rest()
  })

  test('destroy tells the reader its reason at once, and once', async () => {
    const { connection, link } = await dial(over)
    const reader = logger()
    connection.read(reader)
    const reason = new Error('enough')
    connection.destroy(reason)
    expect(reader.events).toEqual(['fail'])
    connection.destroy(new Error('another'))
    expect(await reader.over).toBe(reason)
    await link.rest()
    await turns()
    expect(reader.events).toEqual(['fail'])
    // Who comes later hears it too.
    const late = logger()
    connection.read(late)
    expect(await late.over).toBe(reason)
  })

  test('destroy drops what is held', async () => {
    const { connection, link } = await dial(over)
    await link.send('held')
    while (!connection.holding) await turns(1)
    connection.destroy()
    expect(connection.holding).toBe(false)
    const late = logger()
    connection.read(late)
    expect(late.text).toBe('')
    expect(await late.over).toMatchObject({ code: 'connection-closed', peer: connection.peer })
    await link.rest()
  })

  test('writes octets and text of one octet per character, in order', async () => {
    const { connection, link } = await dial(over)
    connection.write('a\xff\0')
    connection.write(Uint8Array.of(1, 2, 255))
    connection.write('')
    connection.write(new Uint8Array(0))
    connection.write('z')
    connection.end()
    expect([...(await link.rest())]).toEqual([97, 255, 0, 1, 2, 255, 122])
    connection.destroy()
  })

  test('tells when the operating system has what was written, in order, and not before', async () => {
    const { connection, link } = await dial(over)
    const done: number[] = []
    for (let piece = 0; piece < 30; piece++) connection.write(new Uint8Array(1_000_000), error => done.push(error ? -1 : piece))
    await turns(100)
    // What the kernel buffers may be gone.
    expect(done.length).toBeLessThan(15)
    const all = link.bytes(30_000_000)
    expect(await all).toHaveLength(30_000_000)
    while (done.length < 30) await turns(1)
    expect(done).toEqual(Array.from({ length: 30 }, (_, i) => i))
    connection.destroy()
  })

  test('tells a write that it failed when the connection was destroyed', async () => {
    const { connection } = await dial(over)
    const errors: unknown[] = []
    const written = gate()
    connection.write(new Uint8Array(30_000_000), error => {
      errors.push(error)
      written.open()
    })
    await turns()
    const reason = new Error('enough')
    connection.destroy(reason)
    await written.opened
    connection.write('late', error => errors.push(error))
    await turns()
    expect(errors).toEqual([reason, reason])
  })

  test('tells a write that it failed when the peer has closed', async () => {
    const { connection, link } = await dial(over)
    const reader = logger()
    connection.read(reader)
    const failed = gate()
    let failure: unknown
    link.close()
    const write = (): void =>
      connection.write(new Uint8Array(100_000), error => {
        if (!error) return write()
        failure = error
        failed.open()
      })
    write()
    await failed.opened
    expect(failure).toMatchObject({ code: expect.stringMatching(/^connection-(lost|closed)$/) })
    await reader.over
    expect(connection.open).toBe(false)
    connection.destroy()
  })

  test('end says that nothing more comes, and may be said again', async () => {
    const { connection, link } = await dial(over)
    const reader = logger()
    connection.read(reader)
    connection.write('all')
    connection.end()
    connection.end()
    expect((await link.rest()).toString()).toBe('all')
    await link.send('and back')
    link.fin()
    await reader.over
    expect(reader.text).toBe('and back')
    expect(reader.events).toEqual(['end'])
    await link.closed
  })

  test('rests: what comes meanwhile waits on the other side, and comes then', async () => {
    const { connection, link } = await dial(over)
    const reader = logger()
    connection.read(reader)
    await link.send('a')
    while (reader.text.length < 1) await turns(1)
    connection.rest?.(30)
    const begun = performance.now()
    await link.send('b')
    while (reader.text.length < 2) await turns(1)
    expect(performance.now() - begun).toBeGreaterThan(25)
    connection.rest?.(1)
    link.fin()
    await reader.over
    expect(reader.events).toEqual(['end'])
    connection.rest?.(1)
    connection.destroy()
    await turns()
  })

  test('may be rested and left', async () => {
    const { connection, link } = await dial(over)
    const reader = logger()
    connection.read(reader)
    connection.rest?.(1)
    connection.read(undefined)
    void link.send('x'.repeat(1_000_000))
    const late = logger()
    while (!connection.holding) await turns(1)
    connection.read(late)
    link.fin()
    await late.over
    expect(late.text.length).toBe(1_000_000)
    connection.destroy()
  })
})

describe('a peer that resets', () => {
  test('is told apart from one that closes', async () => {
    const { connection, link } = await dial('tcp')
    const reader = logger()
    connection.read(reader)
    link.reset()
    expect(await reader.over).toMatchObject({ code: 'connection-lost', reason: 'ECONNRESET', peer: connection.peer })
    expect(connection.open).toBe(false)
  })

  test('does not take what is held with it', async () => {
    const { connection, link } = await dial('tcp')
    await link.send('held')
    while (!connection.holding) await turns(1)
    link.reset()
    while (connection.open) await turns(1)
    const reader = logger((have, length) => (have + length >= 4 ? 4 - have : MORE))
    connection.read(reader)
    await turns()
    // What came is given before the failure is told, or the failure alone: never a part of it.
    expect(['', 'held']).toContain(reader.text)
    expect(connection.open).toBe(false)
    connection.destroy()
  })
})

test('connections do not see each other\'s octets, though all are read into one buffer', async () => {
  const peer = await startPeer(async link => {
    for (;;) {
      const { path } = await link.request()
      await link.send(path.slice(1).repeat(1000))
    }
  })
  const all = await Promise.all(
    Array.from({ length: 20 }, async (_, nth) => {
      const letter = String.fromCharCode(97 + nth)
      const connection = await peer.dial()
      const finished = gate()
      const reader = logger((have, length) => (have + length < 5000 ? MORE : 5000 - have))
      connection.read({
        ...reader,
        push(chunk, start, end) {
          const used = reader.push(chunk, start, end)
          if (used !== MORE) finished.open()
          return used
        },
      })
      for (let request = 0; request < 5; request++) connection.write(`GET /${letter} HTTP/1.1\r\n\r\n`)
      await finished.opened
      connection.destroy()
      return reader.text === letter.repeat(5000)
    }),
  )
  expect(all.every(Boolean)).toBe(true)
})
