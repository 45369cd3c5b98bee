/** tar: entries from anywhere, bodies of every kind, and what goes wrong with them. */
import { createReadStream } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { concat } from '../../src/bytes.js'
import { tar, untar, type TarInput } from '../../src/stream/index.js'
import { encodeTarHeader } from '../../src/wire/index.js'
import { chunks, drain, utf8Bytes } from '../support/source.js'

const MINE = new Error('mine')
const HELLO = utf8Bytes('hello')

const packed = async (entries: Parameters<typeof tar>[0]): Promise<Uint8Array> => {
  const { items, error } = await drain(tar(entries))
  if (error) throw error
  return concat(items)
}

/** Names and data of an archive. */
const listed = async (archive: AsyncIterable<Uint8Array>): Promise<[string, string][]> => {
  const list: [string, string][] = []
  for await (const { name, body } of untar(archive)) list.push([name, Buffer.concat((await drain(body)).items).toString()])
  return list
}

const archiveOf = (data: string): Uint8Array => {
  const body = utf8Bytes(data)
  return concat([encodeTarHeader({ name: 'a', size: body.length }), body, new Uint8Array(-body.length & 511), new Uint8Array(1024)])
}

describe('bodies', () => {
  const self = fileURLToPath(import.meta.url)
  test.each<[string, TarInput]>([
    ['text', { name: 'a', body: 'hällo' }],
    ['bytes', { name: 'a', body: utf8Bytes('hällo') }],
    ['a Buffer', { name: 'a', body: Buffer.from('hällo') }],
    ['text with its size', { name: 'a', body: 'hällo', size: 6 }],
    ['a source', { name: 'a', size: 6, body: chunks([utf8Bytes('hä'), utf8Bytes(''), utf8Bytes('llo')]) }],
    ['an array of bytes', { name: 'a', size: 6, body: [utf8Bytes('hä'), utf8Bytes('llo')] }],
    ['a function that gives text', { name: 'a', body: () => 'hällo' }],
    ['a function that gives bytes later', { name: 'a', body: async () => utf8Bytes('hällo') }],
    ['a function that gives a source', { name: 'a', size: 6, body: () => chunks([utf8Bytes('hällo')]) }],
  ])('%s', async (_what, entry) => {
    expect(Buffer.from(await packed([entry])).toString('latin1')).toBe(Buffer.from(archiveOf('hällo')).toString('latin1'))
  })

  test.each<[string, TarInput]>([
    ['none', { name: 'a' }],
    ['undefined', { name: 'a', body: undefined, size: undefined }],
    ['empty text', { name: 'a', body: '' }],
    ['an empty source', { name: 'a', size: 0, body: chunks([]) }],
    ['a source of nothing', { name: 'a', size: 0, body: chunks([utf8Bytes('')]) }],
  ])('an empty file: %s', async (_what, entry) => {
    expect(await packed([entry])).toEqual(archiveOf(''))
  })

  test('a file that is open for reading', async () => {
    const text = await import('node:fs').then(({ readFileSync }) => readFileSync(self, 'utf8'))
    expect(await packed([{ name: 'a', size: Buffer.byteLength(text), body: () => createReadStream(self) }])).toEqual(archiveOf(text))
  })

  test('functions are called one after the other, each when its turn comes', async () => {
    const log: string[] = []
    const entries = ['a', 'b'].map(name => ({ name, size: 70_000, body: () => (log.push(`open ${name}`), [new Uint8Array(70_000)]) }))
    for await (const chunk of tar(entries)) log.push(String(chunk.length))
    expect(log).toEqual(['open a', '512', '70000', 'open b', '656', '70000', '1168'])
  })

  test('a directory, whatever its body, has no data', async () => {
    expect(await listed(tar([{ name: 'd/' }, { name: 'e/', size: 0, body: chunks([]) }]))).toEqual([['d/', ''], ['e/', '']])
    await expect(packed([{ name: 'd/', body: 'x' }])).rejects.toMatchObject({ code: 'request-invalid' })
  })
})

describe('entries', () => {
  const three: TarInput[] = [{ name: 'a', body: 'one' }, { name: 'b/' }, { name: 'c', body: 'three' }]
  const list = [['a', 'one'], ['b/', ''], ['c', 'three']]

  test('come from an array, an iterable, or one that takes its time', async () => {
    expect(await listed(tar(three))).toEqual(list)
    expect(await listed(tar(new Set(three)))).toEqual(list)
    expect(await listed(tar((async function* () { yield* three })()))).toEqual(list)
    expect(await listed(tar([]))).toEqual([])
  })

  test('give the same archive each time that it is iterated', async () => {
    const archive = tar(three)
    const first = concat((await drain(archive)).items)
    expect(concat((await drain(archive)).items)).toEqual(first)
  })

  test('of another archive can be handed in as they are', async () => {
    const other = await packed([
      { name: 'dir', type: 'directory', mode: 0o700, mtime: -1.5 },
      { name: 'dir/file', body: 'data', uid: 2 ** 21, xattrs: { 'user.a': 'b' } },
      { name: 'dir/link', type: 'symlink', linkName: 'file' },
      { name: 'dir/hard', type: 'hardlink', linkName: 'dir/file' },
      { name: 'dir/device', type: 'character-device', major: 1, minor: 3 },
      { name: 'caf\udce9' },
    ])
    expect(await packed(untar(chunks([other])))).toEqual(other)
  })

  test('small ones fill chunks, which may be kept', async () => {
    const { items } = await drain(tar(Array.from({ length: 200 }, (_, i) => ({ name: `file-${i}`, body: 'x'.repeat(i) }))))
    // 199 of them have a block of data beside their header.
    expect(items.map(chunk => chunk.length)).toEqual([65536, 65536, 65536, (200 + 199) * 512 + 1024 - 3 * 65536])
    expect((await listed(chunks(items))).map(([, body]) => body.length)).toEqual(Array.from({ length: 200 }, (_, i) => i))
  })

  test('large bodies are not copied', async () => {
    const body = new Uint8Array(1_000_000)
    const seen = (await drain(tar([{ name: 'a', body }, { name: 'b', size: 2_000_000, body: [body, body] }]))).items
    expect(seen.filter(chunk => chunk === body).length).toBe(3)
  })

  test('without PAX', async () => {
    expect((await drain(tar([{ name: 'n'.repeat(101) }], { pax: false }))).error).toMatchObject({ code: 'request-invalid' })
  })
})

describe('what goes wrong', () => {
  test.each<[string, TarInput]>([
    ['a source that is too short', { name: 'x', size: 6, body: [HELLO] }],
    ['a source that is too long', { name: 'x', size: 4, body: [HELLO] }],
    ['a source that is too long by a chunk', { name: 'x', size: 5, body: [HELLO, HELLO] }],
    ['text that is too short', { name: 'x', size: 6, body: 'hello' }],
    ['bytes that are too long', { name: 'x', size: 4, body: HELLO }],
    ['no body where there should be one', { name: 'x', size: 1 }],
    ['a function that gives less', { name: 'x', size: 6, body: () => HELLO }],
  ])('%s', async (_what, entry) => {
    await expect(packed([entry, { name: 'next' }])).rejects.toMatchObject({ code: 'tar-size-mismatch', message: expect.stringContaining('"x"') })
  })

  test.each<[string, unknown]>([
    ['a source without a size', { name: 'x', body: chunks([HELLO]) }],
    ['a body that is a number', { name: 'x', body: 5 }],
    ['a body that is a number, with a size', { name: 'x', size: 1, body: 5 }],
    ['a body that is an object', { name: 'x', size: 1, body: {} }],
    ['a body that is null', { name: 'x', body: null }],
    ['a source of text', { name: 'x', size: 5, body: ['hello'] }],
    ['a source of numbers', { name: 'x', size: 5, body: [1, 2, 3, 4, 5] }],
    ['a source of nothing that is bytes', { name: 'x', size: 1, body: [undefined] }],
    ['an entry that is none', undefined],
    ['an entry that is a name', 'x'],
    ['an entry without a name', { body: 'x' }],
    ['a name that leads nowhere', { name: 'a\0b' }],
  ])('%s', async (_what, entry) => {
    await expect(packed([entry as TarInput])).rejects.toMatchObject({ code: 'request-invalid' })
  })

  test('entries that are none', async () => {
    for (const wrong of [undefined, null, 5, {}]) await expect(packed(wrong as unknown as TarInput[])).rejects.toMatchObject({ code: 'request-invalid' })
  })

  test('errors of bodies, functions and entries are theirs', async () => {
    await expect(packed([{ name: 'a', size: 9, body: chunks([HELLO], { error: MINE }) }])).rejects.toBe(MINE)
    await expect(packed([{ name: 'a', body: () => { throw MINE } }])).rejects.toBe(MINE)
    await expect(packed([{ name: 'a', body: () => Promise.reject(MINE) }])).rejects.toBe(MINE)
    await expect(packed((async function* (): AsyncGenerator<TarInput> { yield { name: 'a' }; throw MINE })())).rejects.toBe(MINE)
  })

  test('a source that fails to keep its size is told that nobody wants more', async () => {
    const body = chunks([HELLO, HELLO, HELLO])
    await expect(packed([{ name: 'a', size: 7, body }])).rejects.toMatchObject({ code: 'tar-size-mismatch' })
    expect(body).toMatchObject({ asked: 2, cancelled: true })
  })

  test('leaving early leaves the body and the entries', async () => {
    const body = chunks(Array.from({ length: 9 }, () => new Uint8Array(100_000)))
    let left = false
    const entries = async function* (): AsyncGenerator<TarInput> {
      try {
        yield { name: 'a', size: 900_000, body }
      } finally {
        left = true
      }
    }
    for await (const chunk of tar(entries())) if (chunk.length === 100_000) break
    expect(body).toMatchObject({ asked: 1, cancelled: true })
    expect(left).toBe(true)
  })
})
