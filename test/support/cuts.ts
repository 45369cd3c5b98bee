/**
 * The one verb that runs a decoder row: whole, octet by octet, cut at every position and, where it is short, cut at every
 * pair of positions; each once with a callback that goes on, and once with one that stops at every piece. All must come to
 * the same outcome.
 *
 * What is pushed is borrowed in earnest: each piece lies in the middle of a scratch array between octets that a decoder
 * would misread, and is overwritten as soon as `push` has returned.
 */
import { describe, expect, test } from 'vitest'
import { MORE, type Decoder } from '../../src/wire/decoder.js'

/** What a decoder said, with adjoining pieces of one key joined. */
export type Item = [key: string, value: unknown]

/** Where a decoder under test puts what it says. */
export type Out = {
  /** A piece of payload; joined with the piece before it if that has the same key. Returns what a callback has to return. */
  piece(key: string, chunk: Uint8Array, start: number, end: number): boolean
  /** A whole item; never joined. Returns what a callback has to return. */
  item(key: string, value: unknown): boolean
  /** The same, of a callback whose result does not matter. */
  note(key: string, value: unknown): void
}

export type Subject = (out: Out) => Decoder

export type Outcome = {
  items: Item[]
  /** Offsets at which the decoder said that it was finished. */
  finished: number[]
  /** The code of what was thrown, and by which of the two. */
  error?: string
  thrownBy?: 'push' | 'end'
}

export type Row = {
  name: string
  bytes: string | Uint8Array
  items?: Item[]
  /** Where it finishes; nothing for a decoder that says MORE to the end. */
  finished?: number[]
  /** The code that `push` throws. */
  error?: string
  /** The code that `end` throws; nothing means that the end is a good one. */
  endError?: string
}

export const octets = (text: string | Uint8Array): Uint8Array => (typeof text === 'string' ? Buffer.from(text, 'latin1') : text)

export const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')

const codeOf = (error: unknown): string => {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code
  throw error
}

/**
 * Runs one decoder over `bytes` cut at `cuts`. `again` feeds it on after it has finished, as several heads in one buffer are;
 * otherwise what lies behind the end is not its own. `stop` makes its callback say false each time.
 */
export const run = (subject: Subject, bytes: Uint8Array, cuts: readonly number[], { again = false, stop = false }: { again?: boolean; stop?: boolean } = {}): Outcome => {
  const outcome: Outcome = { items: [], finished: [] }
  let joining: string | undefined
  let text: string[] = []
  let stopped = false
  const flush = (): void => {
    if (joining !== undefined) outcome.items.push([joining, text.join('')])
    joining = undefined
    text = []
  }
  const decoder = subject({
    piece(key, chunk, start, end) {
      if (end <= start) throw new Error(`an empty piece of ${key}`)
      if (stopped) throw new Error('called again in a push that it stopped')
      if (joining !== key) flush()
      joining = key
      text.push(latin1(chunk.subarray(start, end)))
      stopped = stop
      return !stop
    },
    item(key, value) {
      if (stopped) throw new Error('called again in a push that it stopped')
      flush()
      outcome.items.push([key, value])
      stopped = stop
      return !stop
    },
    note(key, value) {
      flush()
      outcome.items.push([key, value])
    },
  })
  const PAD = 3
  const scratch = new Uint8Array(bytes.length + 2 * PAD)
  let thrownBy: 'push' | 'end' = 'push'
  let done = false
  try {
    for (let n = 0; n <= cuts.length && !done; n++) {
      let from = cuts[n - 1] ?? 0
      const to = cuts[n] ?? bytes.length
      for (let more = true; more; ) {
        const length = to - from
        scratch.fill(13, 0, PAD)
        scratch.set(bytes.subarray(from, to), PAD)
        scratch.fill(10, PAD + length, PAD + length + PAD)
        stopped = false
        const used = decoder.push(scratch, PAD, PAD + length)
        scratch.fill(0xff, 0, length + 2 * PAD)
        if (used === MORE) {
          if (stopped) throw new Error('said MORE although it was stopped')
          more = false
        } else {
          if (!(used >= 0 && used <= length)) throw new Error(`used ${used} of ${length} octets`)
          from += used
          if (stopped) continue
          outcome.finished.push(from)
          if (!again) {
            done = true
            break
          }
          more = from < to
        }
      }
    }
    if (!done) {
      thrownBy = 'end'
      stopped = false
      decoder.end()
    }
  } catch (error) {
    outcome.error = codeOf(error)
    outcome.thrownBy = thrownBy
  }
  flush()
  return outcome
}

/** Every cut up to here, beyond it those near both ends and some between. */
const EVERY_CUT_MAX = 600
/** Every pair of cuts up to here. */
const EVERY_PAIR_MAX = 48

/** All the ways to cut `length` octets that a row is run with, but whole. */
export const cutsOf = function* (length: number): Generator<number[]> {
  if (length <= 16 * 1024) yield Array.from({ length: Math.max(length - 1, 0) }, (_, i) => i + 1)
  else yield Array.from({ length: Math.ceil(length / 1021) - 1 }, (_, i) => (i + 1) * 1021)
  if (length <= EVERY_CUT_MAX) for (let i = 0; i <= length; i++) yield [i]
  else {
    for (let i = 0; i <= 40; i++) yield [i]
    for (let n = 1; n < 16; n++) yield [Math.floor((length * n) / 16)]
    for (let i = length - 40; i <= length; i++) yield [i]
  }
  if (length <= EVERY_PAIR_MAX) for (let i = 0; i <= length; i++) for (let j = i; j <= length; j++) yield [i, j]
}

/** Runs `bytes` in every way and checks that all outcomes are the one of the whole, which it returns. */
export const runEveryWay = (subject: Subject, bytes: Uint8Array, again: boolean): Outcome => {
  const whole = run(subject, bytes, [], { again })
  const wanted = JSON.stringify(whole)
  for (const stop of [false, true]) {
    for (const cuts of [[], ...cutsOf(bytes.length)]) {
      const outcome = run(subject, bytes, cuts, { again, stop })
      if (JSON.stringify(outcome) !== wanted) {
        expect(outcome, `cut at ${cuts.length > 4 ? 'many places' : String(cuts)}${stop ? ', stopped at every piece' : ''}`).toEqual(whole)
      }
    }
  }
  return whole
}

/** A test for each row of a table. `section` says where the expectations come from. */
export const decoderRows = (section: string, subject: Subject, rows: readonly Row[], { again = false }: { again?: boolean } = {}): void => {
  describe(section, () => {
    test.each(rows)('$name', row => {
      const { items = [], finished = [], error, endError } = row
      const outcome = runEveryWay(subject, octets(row.bytes), again)
      const { error: thrown, thrownBy } = outcome
      expect({ thrown, thrownBy }).toEqual({ thrown: error ?? endError, thrownBy: error ? 'push' : endError ? 'end' : undefined })
      expect(outcome.items).toEqual(items)
      expect(outcome.finished).toEqual(finished)
    })
  })
}

/** The codes with which `subject` ends after each proper prefix of `bytes`, from none of them to all but the last. */
export const codesOfPrefixes = (subject: Subject, bytes: Uint8Array): (string | undefined)[] =>
  Array.from({ length: bytes.length }, (_, length) => run(subject, bytes.subarray(0, length), []).error)
