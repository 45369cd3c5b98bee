/**
 * Reading a tar archive: header blocks (tar-header.ts), the PAX, GNU and Solaris headers that say more about the entry behind
 * them, and data, padded to 512 octets.
 *
 * Data is handed on in pieces as it arrives, and the holes of sparse files by their length, so that no size that an archive
 * claims costs memory or time. Bounded: what may come before an entry (TAR_META_MAX) and the pieces of a sparse file
 * (TAR_SPARSE_MAX). Refused beside what tar-header.ts and tar-pax.ts refuse: ends within an entry or without the mark of the
 * end, extension headers with no entry behind them, sparse maps that do not fit their data.
 */
import { allocate, latin1, utf8 } from '../bytes.js'
import { fail } from '../errors.js'
import { MORE, type Decoder, type Span } from './decoder.js'
import { checksumOf, isChecked, malformed, parseHeader, parseNumber, parseText, TAR_BLOCK, type TarEntry } from './tar-header.js'
import { parseDecimal, parsePax, TAR_META_MAX, type Pax } from './tar-pax.js'

/** Pieces of data in one sparse file. GNU tar has no bound. */
export const TAR_SPARSE_MAX = 1024 * 1024

export type TarEvents = {
  /** An entry begins; its data and holes follow, `size` octets together. Returning `false` stops the push. */
  entry(entry: TarEntry): unknown
  /** A piece of the entry's data, borrowed. Returning `false` stops the push. */
  data: Span
  /** So many zeros that the archive does not hold. Returning `false` stops the push. */
  hole(length: number): unknown
}

export type TarDecoderOptions = {
  /** Octets of one extension header. */
  limit?: number | undefined
  /** Take an archive that ends behind an entry without a block of zeros for whole, as GNU tar does. */
  endOptional?: boolean | undefined
}

/** Takes the octets that were wanted; returns what the callback did, if it called one. */
type Step = (bytes: Uint8Array, at: number) => unknown

/**
 * Decodes one archive, and finishes behind the first block of zeros: the second, the padding of a record and whatever else
 * follows are not its own. Pushed again after that, it decodes the next of several archives in a row.
 *
 * Errors: tar-malformed; tar-too-large beyond the limits; tar-truncated where the archive ends within an entry, or without a
 * block of zeros unless `endOptional` allows it; stream-error where the engine ended the archive with a message (daemon:
 * image_routes.go, getImagesGet), which is the error's `reason`.
 */
export const createTarDecoder = ({ entry: emit, data, hole }: TarEvents, { limit = TAR_META_MAX, endOptional = false }: TarDecoderOptions = {}): Decoder => {
  /** What is not data comes whole: `want` octets, gathered in `buffer` where they come in pieces, are for `step`. */
  let want = 0
  let buffer: Uint8Array = new Uint8Array(0)
  let have = 0
  let step: Step
  let isOver = false

  let global: Pax | undefined
  let globalBytes = 0
  /** What extension headers say of the next entry. */
  let pax: Pax | undefined
  let longNames: Partial<TarEntry> | undefined

  let entry: TarEntry | undefined
  /** Octets of data that the archive holds of it, how many of them come before a hole or the end, and the padding behind. */
  let stored = 0
  let run = 0
  let padding = 0
  /** Offset and length of each piece of a sparse file in turn, also while they are gathered; which is next, and how far the file has been handed on. */
  let map: number[] | undefined
  let pieces: number[] = []
  let piece = 0
  let position = 0
  /** How many numbers a map before the data has, and what is read of the next one. */
  let mapLength: number | undefined
  let mapRest = ''

  const expect = (next: Step, length = TAR_BLOCK): void => {
    step = next
    want = length
    if (length > buffer.length) buffer = allocate(length)
  }
  const checkLimit = (what: string, length: number, bound: number): void => {
    if (length > bound) throw fail('tar-too-large', `${what} in the archive is larger than ${bound}`, { limit: bound })
  }
  /** The engine's message behind a torn archive is JSON. */
  const checkMessage = (bytes: Uint8Array, at: number, end: number): void => {
    if (bytes[at] !== 0x7b) return
    const reason = utf8(bytes, at, end).replace(/\0+$/, '').trim()
    throw fail('stream-error', `the engine broke off the archive: ${reason}`, { reason })
  }
  const checkPending = (): void => {
    if (pax ?? longNames) throw malformed('an extension header is the last')
  }
  const where = (): string => (entry ? `behind ${JSON.stringify(entry.name)}` : 'at its beginning')

  const takeHeader: Step = (bytes, at) => {
    isOver = bytes[at] === 0 && parseNumber(bytes, at + 148, 8) === 0 && checksumOf(bytes, at) === 8 * 0x20
    if (isOver) {
      checkPending()
      global = entry = undefined
      globalBytes = 0
      return false
    }
    if (!isChecked(bytes, at)) {
      checkMessage(bytes, at, at + TAR_BLOCK)
      throw malformed(`no header ${where()}`)
    }
    const header = parseHeader(bytes, at)
    const { typeflag, size } = header
    // PAX has x and g, Solaris X, GNU L and K.
    if (typeflag > '7' && /[xgXLK]/.test(typeflag)) {
      checkLimit('an extension header', size, limit)
      expect((meta, from) => {
        if (typeflag === 'L') (longNames ??= {}).name = parseText(meta, from, size)
        else if (typeflag === 'K') (longNames ??= {}).linkName = parseText(meta, from, size)
        else if (typeflag === 'g') {
          checkLimit('all global headers', (globalBytes += size), limit)
          parsePax(meta, from, from + size, (global ??= { fields: {} }), true)
        } else parsePax(meta, from, from + size, (pax = { fields: {} }), false)
        expect(takeHeader)
      }, size + (-size & (TAR_BLOCK - 1)))
      return true
    }

    entry = header
    if (pax ?? longNames ?? global) Object.assign(header, global?.fields, pax?.fields, longNames)
    const { major, minor, map: list, name, size: fullSize, realsize } = pax?.sparse ?? {}
    pax = longNames = undefined
    pieces = []
    // V7 had no flag for a directory, but wrote its name with a slash.
    if (typeflag === '\0' && entry.name.endsWith('/')) entry.type = 'directory'
    if (entry.type !== 'file' && entry.type !== 'unknown') entry.size = 0
    stored = entry.size

    if (typeflag === 'S') {
      entry.size = parseNumber(bytes, at + 483, 12)
      addPieces(bytes, at + 386, 4)
      if (bytes[at + 482] === 0) return begin(pieces)
      expect(takePieces)
      return true
    }
    if (entry.type === 'file' && (major ?? list) !== undefined) {
      const version = `${major ?? 0}.${minor ?? 0}`
      entry.name = name ?? entry.name
      entry.size = parseDecimal(fullSize ?? realsize ?? '')
      if (version === '1.0') {
        mapLength = undefined
        mapRest = ''
        expect(takeMap)
        return true
      }
      if (!version.startsWith('0.')) throw malformed(`a sparse file of version ${version}`)
      pieces = (list ?? '').split(',').map(parseDecimal)
      return begin(pieces)
    }
    return begin()
  }

  const addPieces = (bytes: Uint8Array, at: number, count: number): void => {
    for (; count-- > 0 && bytes[at] !== 0; at += 24) pieces.push(parseNumber(bytes, at, 12), parseNumber(bytes, at + 12, 12))
    checkLimit('a sparse map', pieces.length, 2 * TAR_SPARSE_MAX)
  }
  /** Old GNU sparse files have more blocks behind the header, each of which says whether there is another. */
  const takePieces: Step = (bytes, at) => {
    addPieces(bytes, at, 21)
    return bytes[at + 504] !== 0 || begin(pieces)
  }
  /** Version 1.0 has the map before the data, padded: decimal lines of how many pieces, then offset and length of each. */
  const takeMap: Step = (bytes, at) => {
    const lines = (mapRest + latin1(bytes, at, at + TAR_BLOCK)).split('\n')
    mapRest = lines.pop()!
    for (const line of lines) {
      if (mapLength === undefined) checkLimit('a sparse map', (mapLength = 2 * parseDecimal(line)), 2 * TAR_SPARSE_MAX)
      else if (pieces.length < mapLength) pieces.push(parseDecimal(line))
    }
    stored -= TAR_BLOCK
    if (pieces.length === mapLength) return begin(pieces)
    // No line is longer than a number, and none outside of the data; the length may be NaN.
    if (mapRest.length > 20 || stored <= 0 || mapLength !== mapLength) throw malformed('a sparse map')
    return true
  }

  /** Begins the data of the entry that all headers have told of. */
  const begin = (sparse?: number[]): unknown => {
    expect(takeHeader)
    map = sparse
    padding = -stored & (TAR_BLOCK - 1)
    run = map ? 0 : stored
    position = piece = 0
    if (map) {
      let at = 0
      let total = 0
      let isOrdered = true
      for (let i = 0; i < map.length; i += 2) {
        // NaN is out of order too, as is a length that is missing.
        isOrdered &&= map[i]! >= at && map[i + 1]! >= 0
        at = map[i]! + map[i + 1]!
        total += map[i + 1]!
      }
      if (!(isOrdered && at <= entry!.size && total === stored)) throw malformed(`the sparse map of ${JSON.stringify(entry!.name)}`)
    }
    return emit(entry!)
  }

  expect(takeHeader)
  return {
    push(chunk, start, end) {
      let i = start
      for (;;) {
        const from = i
        if (run > 0) {
          if (i === end) return MORE
          i = run < end - i ? i + run : end
          run -= i - from
          if (data(chunk, from, i) === false) return i - start
        } else if (map) {
          const next = map[piece] ?? entry!.size
          const length = next - position
          position = next
          if (piece < map.length) {
            run = map[piece + 1]!
            position += run
            piece += 2
          } else map = undefined
          if (length > 0 && hole(length) === false) return i - start
        } else if (padding > 0) {
          if (i === end) return MORE
          i = Math.min(i + padding, end)
          padding -= i - from
        } else if (have === 0 && end - i >= want) {
          i += want
          if (step(chunk, from) === false) return i - start
        } else {
          i = Math.min(i + want - have, end)
          buffer.set(chunk.subarray(from, i), have)
          have += i - from
          if (have < want) return MORE
          have = 0
          if (step(buffer, 0) === false) return i - start
        }
      }
    },
    end() {
      const isBetween = have === 0 && step === takeHeader && run === 0 && !map && padding === 0
      if (isBetween) checkPending()
      else if (have > 0 && step === takeHeader) checkMessage(buffer, 0, have)
      if (!isBetween || !(isOver || endOptional)) throw fail('tar-truncated', `the archive is cut off ${where()}`)
    },
  }
}
