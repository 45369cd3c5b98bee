/** collect: a whole stream in memory, up to a limit. */
import { expect, test } from 'vitest'
import { collect, COLLECT_BYTES_MAX } from '../../src/stream/index.js'
import { borrowed, chunks, everyCut, utf8Bytes } from '../support/source.js'

const MINE = new Error('mine')
const HELLO = utf8Bytes('hello')

test('joins all bytes, borrowed or not, into an array of their own', async () => {
  for (const make of [chunks, borrowed]) {
    for (const pieces of everyCut(HELLO)) {
      const all = await collect(make(pieces))
      expect(Buffer.from(all).toString()).toBe('hello')
      expect(all.buffer).not.toBe(HELLO.buffer)
    }
    expect((await collect(make([]))).length).toBe(0)
  }
})

test('takes exactly as much as its limit, and not one octet more', async () => {
  for (const make of [chunks, borrowed]) {
    expect((await collect(make([HELLO]), 5)).length).toBe(5)
    for (const pieces of everyCut(HELLO)) await expect(collect(make(pieces), 4)).rejects.toMatchObject({ code: 'body-too-large', limit: 4 })
  }
  expect(COLLECT_BYTES_MAX).toBe(256 * 1024 * 1024)
})

test('ends the source where it gives up', async () => {
  const source = chunks([HELLO, HELLO, HELLO])
  await expect(collect(source, 7)).rejects.toMatchObject({ code: 'body-too-large' })
  expect(source).toMatchObject({ asked: 2, cancelled: true })
})

test('rejects with the error of the source', async () => {
  for (const make of [chunks, borrowed]) await expect(collect(make([HELLO], { error: MINE }))).rejects.toBe(MINE)
})
