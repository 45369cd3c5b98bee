/** The tar-read cases, entry by entry: through the decoder, cut in every mode, and through `untar`. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { isError } from '../../src/errors.js'
import { untar } from '../../src/stream/untar.js'
import { MORE } from '../../src/wire/decoder.js'
import { createTarDecoder } from '../../src/wire/tar-decoder.js'
import type { TarEntry } from '../../src/wire/tar-header.js'
import { encodeTarText } from '../../src/wire/tar-text.js'
import { loadCases, MODES, pathOf, split } from './corpus.js'

type Wanted = {
  name: string | null
  nameBase64?: string
  typeName: string
  size: number
  mode: number
  uid: number
  gid: number
  uname: string
  gname: string
  mtime: { sec: number; nsec: number }
  linkname: string
  devmajor: number
  devminor: number
  pax?: Record<string, string>
  dataLength?: number
  dataSha256?: string
  dataNotRead?: boolean
  optional?: boolean
}
type Case = {
  id: string
  file: string
  expect: { accept: boolean; entries?: Wanted[]; entriesBeforeError?: Wanted[] }
  alternatives?: { accept?: boolean; pythonNames?: string[]; pythonSizes?: number[] }[]
}

const cases = loadCases<Case>('tar-read/fixtures.json')

/** Our names of the types. What is none of ours keeps its typeflag. */
const TYPES: Record<string, string> = {
  'file': 'file',
  'directory': 'directory',
  'symlink': 'symlink',
  'hardlink': 'hardlink',
  'fifo': 'fifo',
  'char-device': 'character-device',
  'block-device': 'block-device',
  'gnu-sparse-file': 'file',
  'contiguous-file': 'file',
  'other': 'unknown',
  'gnu-dumpdir': 'unknown',
  'gnu-volume-label': 'unknown',
}

/**
 * Where Go, whose reader most expectations come from, is not followed.
 *
 * cpython-testtar: Go has no notion of Solaris' typeflag X, which GNU tar, libarchive and Python read as a PAX header, and does not
 * apply global headers, which POSIX.1-2017 wants applied ("pax Header Block", typeflag g). What they say here stands in CPython's
 * own test of the archive (Lib/test/test_tarfile.py: _test_member, test_pax_global_headers).
 */
const adjust = (id: string, entries: Wanted[]): Wanted[] => {
  if (id !== 'cpython-testtar') return entries
  const says: Record<string, Partial<Wanted>> = {
    'misc/regtype-suntar': { mtime: { sec: 1041808783, nsec: 0 } },
    'pax/regtype1': { uname: 'foo', gname: 'bar' },
    'pax/regtype2': { uname: '', gname: 'bar' },
    'pax/regtype3': { uname: 'tarfile', gname: 'tarfile' },
    // pax/bad-pax-\xe4\xf6\xfc, still behind the last global header.
    'cGF4L2JhZC1wYXgt5Pb8': { uname: 'tarfile', gname: 'tarfile' },
  }
  return entries.filter(({ typeName }) => typeName !== 'other').map(wanted => ({ ...wanted, ...says[wanted.nameBase64 ?? wanted.name ?? ''] }))
}

/**
 * Where we differ knowingly. Go keeps the size that a header claims for an entry without data (a directory, a link); ours is
 * the size of what follows, so that an entry can be written again as it was read: `size` is compared with `dataLength`.
 */
const sizeOf = (wanted: Wanted): number => (wanted.typeName === 'file' || wanted.dataLength === undefined ? wanted.size : wanted.dataLength)

const sha256 = (pieces: readonly Uint8Array[]): string => {
  const hash = createHash('sha256')
  for (const piece of pieces) hash.update(piece)
  return hash.digest('hex')
}

type Found = { entry: TarEntry; pieces: Uint8Array[]; length: number; isExpanded: boolean }
type Outcome = { found: Found[]; code: string | undefined }

/** Holes up to here are filled with zeros, so that the data can be hashed. */
const HOLE_MAX = 8 * 1024 * 1024

const viaDecoder = (pieces: Uint8Array[]): Outcome => {
  const found: Found[] = []
  let isOver = false
  let current: Found | undefined
  const decoder = createTarDecoder(
    {
      entry: entry => void found.push((current = { entry, pieces: [], length: 0, isExpanded: true })),
      data(chunk, start, end) {
        current!.pieces.push(chunk.slice(start, end))
        current!.length += end - start
      },
      hole(length) {
        if (length <= HOLE_MAX) current!.pieces.push(new Uint8Array(length))
        else current!.isExpanded = false
        current!.length += length
      },
    },
    { endOptional: true },
  )
  try {
    for (const piece of pieces) isOver ||= decoder.push(piece, 0, piece.length) !== MORE
    if (!isOver) decoder.end()
  } catch (error) {
    if (!isError(error)) throw error
    return { found, code: error.code }
  }
  return { found, code: undefined }
}

const viaStream = async (pieces: Uint8Array[], isRead: boolean): Promise<Outcome> => {
  const found: Found[] = []
  const source = async function* (): AsyncGenerator<Uint8Array> {
    yield* pieces
  }
  try {
    for await (const { body, ...entry } of untar(source(), { endOptional: true })) {
      const one: Found = { entry, pieces: [], length: entry.size, isExpanded: isRead && entry.size <= HOLE_MAX }
      found.push(one)
      if (one.isExpanded) {
        one.length = 0
        for await (const piece of body) {
          one.length += piece.length
          one.pieces.push(piece)
        }
      }
    }
  } catch (error) {
    if (!isError(error)) throw error
    return { found, code: error.code }
  }
  return { found, code: undefined }
}

const view = ({ entry, length, pieces, isExpanded }: Found, wanted: Wanted | undefined): unknown => ({
  name: Buffer.from(encodeTarText(entry.name)).toString('base64'),
  type: entry.type,
  size: entry.size,
  length,
  mode: entry.mode,
  uid: entry.uid,
  gid: entry.gid,
  uname: entry.uname,
  gname: entry.gname,
  mtime: { sec: entry.mtime, nsec: entry.mtimeNs },
  linkname: entry.linkName,
  devmajor: entry.major,
  devminor: entry.minor,
  sha256: isExpanded && wanted?.dataSha256 !== undefined ? sha256(pieces) : wanted?.dataSha256,
  xattrs: Object.fromEntries(Object.entries(entry.xattrs ?? {}).sort().map(([name, value]) => [name, Buffer.from(value).toString('base64')])),
})

const xattrsOf = (pax: Record<string, string> = {}): Record<string, string> =>
  Object.fromEntries(
    Object.entries(pax)
      .map(([key, value]): [string, string] => (key.startsWith('b64:') ? [Buffer.from(key.slice(4), 'base64').toString(), value] : [key, Buffer.from(value).toString('base64')]))
        .filter(([key]) => key.startsWith('SCHILY.xattr.'))
      .sort()
      .map(([key, value]) => [key.slice(13), value]),
  )

const wantedView = (wanted: Wanted): unknown => ({
  name: wanted.nameBase64 ?? Buffer.from(wanted.name ?? '').toString('base64'),
  type: TYPES[wanted.typeName],
  size: sizeOf(wanted),
  length: sizeOf(wanted),
  mode: wanted.mode,
  uid: wanted.uid,
  gid: wanted.gid,
  uname: wanted.uname,
  gname: wanted.gname,
  mtime: wanted.mtime,
  linkname: wanted.linkname,
  devmajor: wanted.devmajor,
  devminor: wanted.devminor,
  sha256: wanted.dataSha256,
  xattrs: xattrsOf(wanted.pax),
})

const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

/** Python's way to write a name: octets that are not UTF-8 escaped, no slash behind a directory. */
const pythonName = (name: string): string => name.replace(/[\udc80-\udcff]/g, c => `\\x${(c.charCodeAt(0) & 0xff).toString(16)}`).replace(/\/$/, '')

/** What is wrong with an outcome, if anything is. */
const judge = (one: Case, { found, code }: Outcome): string | undefined => {
  const { accept, entries = [], entriesBeforeError = [] } = one.expect
  const alternatives = one.alternatives ?? []
  if (code !== undefined && !/^(tar-|stream-error)/.test(code)) return `the code ${code}`
  const matches = (list: Wanted[]): string | undefined => {
    const left = list.filter(wanted => !wanted.optional)
    if (left.length !== found.length) return `${found.length} entries, not ${left.length}`
    for (const [i, wanted] of left.entries()) {
      const mine = view(found[i]!, wanted)
      if (!isSame(mine, wantedView(wanted))) return `entry ${i}: ${JSON.stringify(mine)} is not ${JSON.stringify(wantedView(wanted))}`
    }
    return undefined
  }
  const names = (): boolean => code === undefined && alternatives.some(({ pythonNames }) => pythonNames && isSame(pythonNames, found.map(({ entry }) => pythonName(entry.name))))
  if (accept) {
    if (code !== undefined) return alternatives.some(alternative => alternative.accept === false) ? undefined : `refused by ${code}`
    const trouble = matches(adjust(one.id, entries))
    return trouble === undefined || names() ? undefined : trouble
  }
  if (code === undefined) return names() ? undefined : 'accepted'
  // An entry may be told of before its data turns out to be cut.
  const shown = found.slice(0, entriesBeforeError.length)
  for (const [i, wanted] of entriesBeforeError.entries()) {
    const { name, type, mode, uid } = wantedView(wanted) as Record<string, unknown>
    const mine = shown[i] && (view(shown[i], wanted) as Record<string, unknown>)
    if (!mine || !isSame([mine['name'], mine['type'], mine['mode'], mine['uid']], [name, type, mode, uid])) return `entry ${i} before the error`
  }
  return undefined
}

describe.skipIf(!cases)('tar-read', () => {
  const archives = new Map((cases ?? []).map(one => [one, Uint8Array.from(readFileSync(pathOf(`tar-read/${one.file}`)))]))

  test.each(MODES)('through the decoder: %s', mode => {
    const troubles = [...archives].flatMap(([one, bytes], i) => {
      const trouble = judge(one, viaDecoder(split(bytes, mode, i)))
      return trouble === undefined ? [] : [`${one.id}: ${trouble}`]
    })
    expect(troubles).toEqual([])
    console.log(`tar-read, decoder, ${mode}: ${archives.size} cases`)
  })

  test.each([true, false])('through untar, bodies read: %s', async isRead => {
    const troubles = []
    for (const [one, bytes] of archives) {
      const trouble = judge(one, await viaStream(split(bytes, 'random', bytes.length), isRead))
      if (trouble !== undefined) troubles.push(`${one.id}: ${trouble}`)
    }
    expect(troubles).toEqual([])
    console.log(`tar-read, untar: ${archives.size} cases`)
  })
})
