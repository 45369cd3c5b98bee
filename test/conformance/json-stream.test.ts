/** The cases of docker-py's json_stream and of JSON streams from other libraries. */
import { describe, expect, test } from 'vitest'
import { isError } from '../../src/errors.js'
import { ndjson } from '../../src/stream/index.js'
import { loadCases, MODES, split } from './corpus.js'
import { base64 } from './corpus.js'

type Stream = { id: string; format: 'ndjson' | 'json-seq'; bytes: string; end: 'fin' | 'reset'; expect: { values: unknown[]; error: string | null }; either?: boolean }
type Splitter = { id: string; op: 'json_splitter'; args: [string]; expect: [unknown, string] | null }
type PyStream = { id: string; op: 'json_stream'; args: [string[]]; expect: unknown[] }
type Case = Stream | Splitter | PyStream | { id: string; op: 'stream_as_text' }

const cases = loadCases<Case>('docker-parse/json-stream.json')

const RESET = new Error('reset')

/** All values up to the end or the error. */
const read = async (pieces: Uint8Array[], reset = false): Promise<{ values: unknown[]; error: string | null }> => {
  const source = async function* (): AsyncGenerator<Uint8Array> {
    yield* pieces
    if (reset) throw RESET
  }
  const values: unknown[] = []
  try {
    for await (const value of ndjson<unknown>(source())) values.push(value)
    return { values, error: null }
  } catch (error) {
    if (error === RESET) return { values, error: 'source-error' }
    if (!isError(error, 'json-malformed')) throw error
    return { values, error: 'invalid' }
  }
}

/** Values that the cases write in short: what they stand for. */
const isMeant = (got: unknown[], wanted: unknown[]): boolean => {
  const [short] = wanted
  if (short === '$deep') return got.length === 1 && Array.isArray(got[0])
  if (short === '$len1000000') return got.length === 1 && JSON.stringify(got[0]).length >= 1_000_000
  if (short === '$count20000') return got.length === 20_000 && got.every(value => JSON.stringify(value) === '{"i":1}')
  if (typeof short === 'object' && short !== null && '$own' in short) {
    return got.every((value, i) => Object.keys(value as object)[0] === (wanted[i] as { $own: string }).$own) && !('polluted' in {})
  }
  return JSON.stringify(got) === JSON.stringify(wanted)
}

const judge = (one: Stream, got: { values: unknown[]; error: string | null }): string | undefined => {
  const wanted = one.expect
  // Cut short and malformed are one to us: a record that is no JSON.
  const error = wanted.error === 'truncated' ? 'invalid' : wanted.error
  if (got.error === error && isMeant(got.values, wanted.values)) return undefined
  // Where either is right, a clear error is the other; it may come behind values that were as wanted.
  if (one.either && got.error === 'invalid' && wanted.error === null && isMeant(got.values, wanted.values.slice(0, got.values.length))) return undefined
  // Replacing what is not UTF-8 is what JSON of unknown origin gets everywhere else.
  if (one.either && wanted.error === 'invalid' && got.error === null) return undefined
  return `${one.id}: ${got.values.length} values and ${String(got.error)}, not ${wanted.values.length} and ${String(error)}`
}

describe.skipIf(!cases)('json-stream', () => {
  const streams = (cases ?? []).filter(one => 'format' in one)

  test.each([...MODES, 'cut everywhere'] as const)('streams, %s', async mode => {
    const wrong: (string | undefined)[] = []
    for (const [i, one] of streams.entries()) {
      const bytes = base64(one.bytes)
      const reset = one.end === 'reset'
      if (mode !== 'cut everywhere') wrong.push(judge(one, await read(split(bytes, mode, i), reset)))
      else if (bytes.length < 400) for (let at = 0; at <= bytes.length; at++) wrong.push(judge(one, await read([bytes.subarray(0, at), bytes.subarray(at)], reset)))
    }
    expect(wrong.filter(text => text !== undefined)).toEqual([])
    console.log(`json-stream, ${mode}: ${streams.length} cases`)
  })

  test('json_stream of docker-py', async () => {
    for (const one of cases ?? []) {
      if (!('op' in one) || one.op !== 'json_stream') continue
      expect(await read(one.args[0].map(text => Buffer.from(text))), one.id).toEqual({ values: one.expect, error: null })
    }
  })

  test('json_splitter of docker-py: the first value, and the rest', async () => {
    for (const one of cases ?? []) {
      if (!('op' in one) || one.op !== 'json_splitter') continue
      const got = await read([Buffer.from(one.args[0])])
      if (one.expect) expect(got, one.id).toEqual({ values: [one.expect[0], JSON.parse(one.expect[1])], error: null })
      else expect(got, one.id).toEqual({ values: [], error: 'invalid' })
    }
  })

  test('what has no counterpart here', () => {
    const left = (cases ?? []).filter(one => 'op' in one && one.op === 'stream_as_text').map(one => one.id)
    console.log(`json-stream: ${left.join(', ')} are about stream_as_text, which is utf8 and tested as that`)
    expect(left.length + streams.length + 5).toBe(cases?.length)
  })
})
