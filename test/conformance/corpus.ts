/**
 * Cases that come from the test suites of other projects. They are not part of this one: HAWSER_CONFORMANCE names their
 * folder, else it is looked for beside the repository; where there is none, the tests that need it are left out, and say so.
 */
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { join } from 'node:path'
import { splitAtRandom } from '../support/random.js'

const folder = process.env['HAWSER_CONFORMANCE'] ?? fileURLToPath(new URL('../../../shared/conformance', import.meta.url))

/** Where a file of the cases is, an archive for example. */
export const pathOf = (name: string): string => join(folder, name)

/** The cases of one file, or nothing where the folder is absent. */
export const loadCases = <T>(name: string): T[] | undefined => {
  const file = pathOf(name)
  if (!existsSync(file)) {
    console.log(`${name}: left out, for there is no ${file}; HAWSER_CONFORMANCE says where the cases are`)
    return undefined
  }
  const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { cases: T[] }
  return cases
}

export const base64 = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'base64'))

/** The ways to cut a case's bytes into writes. */
export const MODES = ['whole', 'octets', 'random'] as const
export type Mode = (typeof MODES)[number]

export const split = (bytes: Uint8Array, mode: Mode, seed: number): Uint8Array[] => {
  if (mode === 'whole') return bytes.length > 0 ? [bytes] : []
  if (mode === 'random') return splitAtRandom(bytes, seed)
  return Array.from(bytes, (_, i) => bytes.subarray(i, i + 1))
}
