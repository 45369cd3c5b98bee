/** untar: entries in order, and bodies that are read, skipped or left, from sources cut anywhere. */
import { describe, expect, test } from 'vitest'
import { concat } from '../../src/bytes.js'
import { collect, tar, untar, type TarInput, type Untarred } from '../../src/stream/index.js'
import { octets } from '../support/cuts.js'
import { chunks, drain, everyCut, utf8Bytes } from '../support/source.js'
import { block, END, file, GNU, octal, pad } from '../wire/tar-blocks.js'

const MINE = new Error('mine')

/** Three files, of which the second has data, with a directory between. */
const ARCHIVE = octets(file({ name: 'a' }, 'one') + file({ name: 'd/', typeflag: '5' }) + file({ name: 'b' }, 'x'.repeat(700)) + file({ name: 'c' }, 'three') + END)
const LIST = [['a', 'one'], ['d/', ''], ['b', 'x'.repeat(700)], ['c', 'three']]

const textOf = async (body: AsyncIterable<Uint8Array>): Promise<string> => {
  const { items, error } = await drain(body)
  if (error) throw error
  return Buffer.concat(items).toString()
}

const inPieces = (bytes: Uint8Array, size: number): Uint8Array[] => Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size))

const SPLITS = [[ARCHIVE], inPieces(ARCHIVE, 1), inPieces(ARCHIVE, 7), inPieces(ARCHIVE, 512), inPieces(ARCHIVE, 600), [utf8Bytes(''), ARCHIVE, utf8Bytes('')]]

describe('bodies', () => {
  test('all are read', async () => {
    for (const split of SPLITS) {
      const list: [string, string][] = []
      for await (const { name, body } of untar(chunks(split))) list.push([name, await textOf(body)])
      expect(list).toEqual(LIST)
    }
  })

  test.each([0, 1, 2, 3])('all but number %i are skipped', async wanted => {
    for (const split of SPLITS) {
      const names: string[] = []
      for await (const { name, body } of untar(chunks(split))) {
        if (names.push(name) === wanted + 1) expect(await textOf(body)).toBe(LIST[wanted]![1])
      }
      expect(names).toEqual(LIST.map(([name]) => name))
    }
  })

  test('one is left in its middle', async () => {
    for (const split of SPLITS) {
      const list: [string, number][] = []
      for await (const { name, body } of untar(chunks(split))) {
        let length = 0
        for await (const piece of body) {
          length += piece.length
          break
        }
        list.push([name, length])
      }
      expect(list.map(([name]) => name)).toEqual(LIST.map(([name]) => name))
      expect(list.every(([, length], i) => length > 0 || LIST[i]![1] === '')).toBe(true)
    }
  })

  test('they are views of what came, not copies', async () => {
    const buffers = new Set<unknown>()
    for await (const { body } of untar(chunks([ARCHIVE]))) for await (const piece of body) buffers.add(piece.buffer)
    expect([...buffers]).toEqual([ARCHIVE.buffer])
  })

  test('an archive cut in two anywhere is the same', async () => {
    const bytes = octets(file({ name: 'a' }, 'one') + file({ name: 'b' }, 'two') + END).subarray(0, 2600)
    for (const split of everyCut(bytes)) {
      const list: [string, string][] = []
      for await (const { name, body } of untar(chunks(split))) list.push([name, await textOf(body)])
      expect(list).toEqual([['a', 'one'], ['b', 'two']])
    }
  })

  test('holes come as zeros, without waiting for the source', async () => {
    const bytes = octets(block({ name: 's', typeflag: 'S', magic: GNU, size: octal(4), at: { 386: octal(100_000) + octal(2) + octal(300_000) + octal(2) + octal(400_000) + octal(0), 483: octal(400_000) } }) + pad('abcd') + file({ name: 'b' }, 'two') + END)
    const wanted = Buffer.alloc(400_000)
    wanted.write('ab', 100_000)
    wanted.write('cd', 300_000)
    for (const split of [[bytes], inPieces(bytes, 1), inPieces(bytes, 512)]) {
      const list: [string, number, Buffer][] = []
      for await (const { name, size, body } of untar(chunks(split))) list.push([name, size, Buffer.concat((await drain(body)).items)])
      expect(list.map(([name, size]) => [name, size])).toEqual([['s', 400_000], ['b', 3]])
      expect(Buffer.compare(list[0]![2], wanted)).toBe(0)
      expect(list[1]![2].toString()).toBe('two')
      // Skipped, and left in a hole.
      for (const reads of [0, 1, 2]) {
        const names: string[] = []
        for await (const { name, body } of untar(chunks(split))) {
          names.push(name)
          let count = 0
          if (reads > 0) for await (const _piece of body) if (++count === reads) break
        }
        expect(names).toEqual(['s', 'b'])
      }
    }
  })

  test('zeros may be kept, and changed', async () => {
    const bytes = octets(block({ typeflag: 'S', magic: GNU, at: { 386: octal(200_000) + octal(0), 483: octal(200_000) } }) + END)
    const pieces: Uint8Array[] = []
    for await (const { body } of untar(chunks([bytes]))) for await (const piece of body) pieces.push(piece.fill(pieces.length + 1))
    expect(pieces.map(piece => piece[0])).toEqual([1, 2, 3, 4])
    expect(pieces.every((piece, i) => piece.every(c => c === i + 1))).toBe(true)
  })

  test('a hole as large as numbers go is skipped at once', async () => {
    const size = 8 ** 11 - 1
    const bytes = octets(block({ typeflag: 'S', magic: GNU, at: { 386: octal(size) + octal(0), 483: octal(size) } }) + file({ name: 'b' }) + END)
    const names: string[] = []
    for await (const { name } of untar(chunks([bytes]))) names.push(name)
    expect(names).toEqual(['a', 'b'])
  })

  test('read twice, or too late', async () => {
    const entries: Untarred[] = []
    for await (const entry of untar(chunks(inPieces(ARCHIVE, 100)))) {
      entries.push(entry)
      if (entries.length === 1) {
        expect(await textOf(entry.body)).toBe('one')
        expect((await drain(entry.body)).error).toMatchObject({ code: 'tar-entry-passed', message: expect.stringContaining('"a"') })
      }
      if (entries.length === 3) {
        // An old body takes nothing from the present one.
        expect((await drain(entries[0]!.body)).error).toMatchObject({ code: 'tar-entry-passed' })
        const iterator = entry.body[Symbol.asyncIterator]()
        const first = await iterator.next()
        expect((await drain(entry.body)).error).toMatchObject({ code: 'tar-entry-passed' })
        expect((await drain(entries[1]!.body)).error).toMatchObject({ code: 'tar-entry-passed' })
        const rest = await drain({ [Symbol.asyncIterator]: () => iterator })
        expect((first.done ? 0 : first.value.length) + rest.items.reduce((sum, piece) => sum + piece.length, 0)).toBe(700)
      }
    }
    for (const { body } of entries) expect((await drain(body)).error).toMatchObject({ code: 'tar-entry-passed' })
  })

  test('the next entry is asked for while a body is being read', async () => {
    const iterator = untar(chunks(inPieces(ARCHIVE, 100)))[Symbol.asyncIterator]()
    const a = await iterator.next()
    if (a.done) throw new Error('no entry')
    const body = a.value.body[Symbol.asyncIterator]()
    const reading = body.next()
    const next = iterator.next()
    await expect(reading).rejects.toMatchObject({ code: 'tar-entry-passed' })
    expect((await next).value).toMatchObject({ name: 'd/' })
    await expect(body.next()).rejects.toMatchObject({ code: 'tar-entry-passed' })
    const names = []
    for await (const { name } of { [Symbol.asyncIterator]: () => iterator }) names.push(name)
    expect(names).toEqual(['b', 'c'])
  })
})

describe('ends', () => {
  test('the source is read to its end, whatever stands behind that of the archive', async () => {
    const source = chunks([ARCHIVE, utf8Bytes('garbage'), octets(file({ name: 'x' }))])
    expect((await drain(untar(source))).items.map(({ name }) => name)).toEqual(['a', 'd/', 'b', 'c'])
    expect(source.ended).toBe(true)
    expect((await drain(untar(chunks([ARCHIVE], { error: MINE })))).error).toBe(MINE)
  })

  test('leaving the loop leaves the source', async () => {
    for (const reads of [false, true]) {
      const source = chunks(inPieces(ARCHIVE, 600))
      for await (const { body } of untar(source)) {
        if (reads) for await (const _piece of body) break
        break
      }
      expect(source).toMatchObject({ cancelled: true, ended: false })
    }
  })

  test('behind its end, there is nothing', async () => {
    const iterator = untar(chunks([ARCHIVE]))[Symbol.asyncIterator]()
    await drain({ [Symbol.asyncIterator]: () => iterator })
    expect(await iterator.next()).toEqual({ done: true, value: undefined })
    expect(await iterator.return?.()).toEqual({ done: true, value: undefined })
    expect(await iterator.next()).toEqual({ done: true, value: undefined })
  })

  test('an archive cut at every octet gives what is whole, then an error', async () => {
    const bytes = octets(file({ name: 'a' }, 'one') + file({ name: 'b' }, 'two') + END)
    for (let length = 0; length < 2048 + 512; length++) {
      for (const reads of [true, false]) {
        const list: string[] = []
        let error: unknown
        try {
          for await (const { name, body } of untar(chunks(inPieces(bytes.subarray(0, length), 700)))) list.push(reads ? await textOf(body).then(text => `${name}${text}`) : name)
        } catch (thrown) {
          error = thrown
        }
        expect(error).toMatchObject({ code: 'tar-truncated' })
        // The headers of both, and where they are read, their data.
        expect(list.length).toBe([512, 1536].filter(at => length >= at + (reads ? 3 : 0)).length)
      }
    }
  })

  test('one whose end is not marked', async () => {
    const bytes = ARCHIVE.subarray(0, -1024)
    expect(await drain(untar(chunks([bytes])))).toMatchObject({ items: [{}, {}, {}, {}], error: { code: 'tar-truncated' } })
    expect(await drain(untar(chunks([bytes]), { endOptional: true }))).toMatchObject({ items: [{}, {}, {}, {}], error: undefined })
  })
})

describe('errors', () => {
  const broken = concat([ARCHIVE.subarray(0, 1024), utf8Bytes('x'.repeat(512))])
  test.each<[string, () => AsyncIterable<Uint8Array> & { cancelled?: boolean; ended: boolean }, unknown]>([
    ['what is no archive', () => chunks([utf8Bytes('x'.repeat(512))]), { code: 'tar-malformed' }],
    ['a header that is none', () => chunks([broken, ARCHIVE]), { code: 'tar-malformed' }],
    ['the message of an engine', () => chunks([ARCHIVE.subarray(0, 1024), utf8Bytes('{"error":"no space left on device"}')]), { code: 'stream-error' }],
    ['an error of the source', () => chunks([ARCHIVE.subarray(0, 1024)], { error: MINE }), MINE],
    ['an error of the source in a body', () => chunks([ARCHIVE.subarray(0, 2100)], { error: MINE }), MINE],
    ['the end of the source in a body', () => chunks([ARCHIVE.subarray(0, 2100)]), { code: 'tar-truncated' }],
  ])('%s: for the loop, for a body, and for who asks again', async (_what, make, wanted) => {
    const matches = (error: unknown): void => (wanted === MINE ? expect(error).toBe(MINE) : expect(error).toMatchObject(wanted as object))
    for (const reads of [false, true]) {
      const source = make()
      const iterator = untar(source)[Symbol.asyncIterator]()
      let seen: unknown
      try {
        for (let step = await iterator.next(); !step.done; step = await iterator.next()) if (reads) await textOf(step.value.body)
      } catch (error) {
        matches(error)
        seen = error
      }
      expect(seen).toBeDefined()
      await expect(iterator.next()).rejects.toBe(seen)
      expect(source.cancelled ?? source.ended).toBe(true)
    }
  })

  test('an extension header above the limit', async () => {
    expect((await drain(untar(tar([{ name: 'n'.repeat(300) }]), { limit: 100 }))).error).toMatchObject({ code: 'tar-too-large', limit: 100 })
  })
})

test('a body is a source like any other', async () => {
  for await (const { body } of untar(tar([{ name: 'a', body: 'hello' }]))) expect(Buffer.from(await collect(body)).toString()).toBe('hello')
})

test('what goes into an archive comes out of it', async () => {
  const entries: (TarInput & { body: string })[] = [
    { name: 'a', type: 'file', body: 'hällo', mode: 0o600, uid: 1, gid: 2, uname: 'u', gname: 'g', mtime: 3, mtimeNs: 4, xattrs: { 'user.a': 'b' } },
    { name: 'large', body: 'x'.repeat(300_000) },
    { name: 'é'.repeat(300), body: '' },
  ]
  const list: unknown[] = []
  for await (const { body, xattrs, ...entry } of untar(tar(entries))) {
    list.push({ ...entry, ...(xattrs ? { xattrs: Object.fromEntries(Object.entries(xattrs).map(([name, value]) => [name, Buffer.from(value).toString()])) } : {}), body: await textOf(body) })
  }
  expect(list).toEqual(entries.map(entry => expect.objectContaining(entry)))
})
