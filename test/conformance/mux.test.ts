/** The mux cases through demux and demuxInto. */
import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { concat, copy, type ByteSource } from '../../src/bytes.js'
import { isError } from '../../src/errors.js'
import { collect, demux, demuxInto } from '../../src/stream/index.js'
import { base64, loadCases, MODES, split } from './corpus.js'

type Data = { base64?: string; length?: number; sha256?: string }
type Expected = {
  stdout?: Data
  stderr?: Data
  stdoutPrefixOf?: Data
  raw?: Data
  result: 'end' | 'truncated' | 'error'
  error?: { code: string; messageContainsBase64?: string }
  partialPayload?: { stream: number; base64: string }
}
type Case = { id: string; end: 'fin' | 'reset'; bytes: string; raw?: boolean; expect: Expected }

const cases = loadCases<Case>('mux/cases.json')

const RESET = new Error('reset')

/** What each of the cases' codes is here. */
const CODES: Record<string, string> = {
  'unknown-stream': 'mux-malformed',
  'truncated-header': 'mux-truncated',
  'truncated-payload': 'mux-truncated',
  'system-error': 'stream-error',
  'source-error': 'source-error',
}

type Got = { stdout: Uint8Array; stderr: Uint8Array; error: string | undefined; message: string }

const sourceOf = (pieces: Uint8Array[], reset: boolean): ByteSource => {
  const chunks = async function* (): AsyncGenerator<Uint8Array> {
    yield* pieces
    if (reset) throw RESET
  }
  return chunks()
}

const WAYS: Record<string, (source: ByteSource, put: (stream: 'stdout' | 'stderr', bytes: Uint8Array) => void) => Promise<void>> = {
  async demux(source, put) {
    for await (const { stream, bytes } of demux(source)) put(stream, bytes)
  },
  demuxInto: (source, put) =>
    demuxInto(source, {
      stdout: (chunk, start, end) => put('stdout', copy(chunk, start, end)),
      stderr: async (chunk, start, end) => put('stderr', copy(chunk, start, end)),
    }),
}

const run = async (way: string, source: ByteSource): Promise<Got> => {
  const pieces = { stdout: [] as Uint8Array[], stderr: [] as Uint8Array[] }
  let error: string | undefined
  let message = ''
  try {
    await WAYS[way]!(source, (stream, bytes) => pieces[stream].push(bytes))
  } catch (thrown) {
    if (thrown !== RESET && !isError(thrown)) throw thrown
    error = isError(thrown) ? thrown.code : 'source-error'
    message = isError(thrown) ? thrown.message : ''
  }
  return { stdout: concat(pieces.stdout), stderr: concat(pieces.stderr), error, message }
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

const check = (got: Uint8Array, wanted: Data, partial: Uint8Array, what: string): void => {
  const hash = wanted.sha256 ?? sha256(base64(wanted.base64 ?? ''))
  const length = wanted.length ?? base64(wanted.base64 ?? '').length
  // Complete frames, and behind them at most what came of one that is not.
  expect(sha256(got.subarray(0, length)), what).toBe(hash)
  expect(Buffer.from(partial).subarray(0, got.length - length).equals(got.subarray(length)), what).toBe(true)
}

describe.skipIf(!cases)('mux', () => {
  const rows = (cases ?? []).flatMap(one => Object.keys(WAYS).flatMap(way => MODES.map(mode => ({ one, way, mode, id: one.id }))))

  test.each(rows.filter(({ one }) => !one.raw))('$id, $way, $mode', async ({ one, way, mode }) => {
    const { stdout, stderr, stdoutPrefixOf, result, error, partialPayload } = one.expect
    const got = await run(way, sourceOf(split(base64(one.bytes), mode, 1), one.end === 'reset'))
    const partial = (stream: number): Uint8Array => (partialPayload?.stream === stream ? base64(partialPayload.base64) : new Uint8Array(0))
    if (stdout) check(got.stdout, stdout, partial(1), 'stdout')
    if (stderr) check(got.stderr, stderr, partial(2), 'stderr')
    if (stdoutPrefixOf) expect(got.stdout.length).toBeLessThanOrEqual(stdoutPrefixOf.length ?? 0)
    expect(got.error).toBe(result === 'end' ? undefined : CODES[error!.code])
    if (error?.messageContainsBase64) expect(got.message).toContain(Buffer.from(error.messageContainsBase64, 'base64').toString())
  })

  test.each(rows.filter(({ one, way }) => one.raw && way === 'demux'))('$id, $mode: is not demultiplexed', async ({ one, mode }) => {
    expect(sha256(await collect(sourceOf(split(base64(one.bytes), mode, 1), false)))).toBe(sha256(base64(one.expect.raw!.base64!)))
  })
})
