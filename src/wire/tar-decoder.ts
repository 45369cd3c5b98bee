/**
 * Reading a tar archive: header blocks (tar-header.ts), the PAX, GNU and Solaris headers that say more about the entry behind
 * them, and data, padded to 512 octets.
 *
 * Data is handed on in pieces as it arrives, and the holes of sparse files by their length, so that no size that an archive
 * claims costs memory or time. Bounded: what may come before an entry (TAR_META_MAX) and the pieces of a sparse file
 * (TAR_SPARSE_MAX). Refused beside what tar-header.ts and tar-pax.ts refuse: ends within an entry or without the mark of the
 * end, extension headers with no entry behind them, sparse maps that do not fit their data.
 */
import { allocate, utf8 } from '../bytes.js'
import { fail } from '../errors.js'
import { MORE, type Decoder, type Span } from './decoder.js'
import { isChecked, isGnu, malformed, parseHeader, parseNumber, parseText, TAR_BLOCK, type TarEntry } from './tar-header.js'
import { parsePax, TAR_META_MAX, type Pax } from './tar-pax.js'

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

const HEADER = 0
const META = 1
const MAP = 2
const DATA = 3
const PADDING = 4
const EXTENSION = 5

/** Old GNU sparse headers: 4 pieces in the header, 21 in each block behind it; then whether there is another. */
const SPARSE_AT = 386
const SPARSE_PIECES = 4
const EXTENSION_PIECES = 21

/**
 * Decodes one archive, and finishes behind the first block of zeros: the second, the padding of a record and whatever else
 * follows are not its own. Pushed again after that, it decodes the next of several archives in a row.
 *
 * Errors: tar-malformed; tar-too-large beyond the limits; tar-truncated where the archive ends within an entry, or without a
 * block of zeros unless `endOptional` allows it; stream-error where the engine ended the archive with a message (daemon:
 * image_routes.go, getImagesGet), which is the error's `reason`.
 */
export const createTarDecoder = ({ entry: emit, data, hole }: TarEvents, { limit = TAR_META_MAX, endOptional = false }: TarDecoderOptions = {}): Decoder => {
  let state = HEADER
  /** A header that came in pieces. */
  const block = allocate(TAR_BLOCK)
  let have = 0
  /** Octets still to come of an extension header, of an entry's data, or of padding; and the padding behind them. */
  let left = 0
  let padding = 0
  let isOver = false

  let meta = allocate(TAR_BLOCK)
  let metaFlag = 0
  let metaLength = 0
  let globalBytes = 0
  let global: Pax | undefined
  let local: Pax | undefined
  let longName: string | undefined
  let longLink: string | undefined

  let entry: TarEntry | undefined
  /** Offset and length of each piece of a sparse file, in turn. */
  let map: number[] | undefined
  let piece = 0
  /** How far the file has been handed on, holes included, and the octets up to the next hole. */
  let position = 0
  let run = 0
  /** A map that stands before the data (version 1.0): what is still to be read, the number being read, and its octets so far. */
  let mapLeft = 0
  let mapNumber = -1
  let mapLength = 0

  const isZero = (bytes: Uint8Array, at: number): boolean => {
    for (let i = at; i < at + TAR_BLOCK; i++) if (bytes[i] !== 0) return false
    return true
  }
  const tooLarge = (what: string, bound: number): never => {
    throw fail('tar-too-large', `${what} of the archive is larger than ${bound}`, { limit: bound })
  }

  /** The engine's message behind a torn archive is JSON. */
  const checkMessage = (bytes: Uint8Array, start: number, end: number): void => {
    if (bytes[start] !== 0x7b) return
    const reason = utf8(bytes, start, end).replace(/\0+$/, '').trim()
    throw fail('stream-error', `the engine broke off the archive: ${reason}`, { reason })
  }

  /** Begins the data of the entry that all headers have told of. */
  const begin = (): unknown => {
    const { size } = entry!
    position = piece = run = 0
    if (map) {
      let stored = 0
      let at = 0
      for (let i = 0; i < map.length; i += 2) {
        // An odd one has no length; NaN fails too.
        if (!(map[i]! >= at && map[i + 1]! >= 0)) throw malformed('a sparse map that is out of order')
        at = map[i]! + map[i + 1]!
        stored += map[i + 1]!
      }
      if (!(at <= size) || stored !== left) throw malformed('a sparse map that does not fit its file')
    } else run = left
    state = left > 0 || map ? DATA : HEADER
    return emit(entry!)
  }

  const addPieces = (bytes: Uint8Array, at: number, count: number): void => {
    for (let i = 0; i < count && bytes[at] !== 0; i++, at += 24) map!.push(parseNumber(bytes, at, 12), parseNumber(bytes, at + 12, 12))
    if (map!.length > 2 * TAR_SPARSE_MAX) tooLarge('a sparse map', TAR_SPARSE_MAX)
  }

  /** An extension header with no entry behind it. */
  const checkPending = (): void => {
    if (local || longName !== undefined || longLink !== undefined) throw malformed('an extension header that belongs to no entry')
  }

  /** Takes a header block; returns what the callback did, if it has been called. */
  const takeHeader = (bytes: Uint8Array, at: number): unknown => {
    if (!isChecked(bytes, at)) {
      checkMessage(bytes, at, at + TAR_BLOCK)
      throw malformed(entry ? `no header, but something else, behind ${JSON.stringify(entry.name)}` : 'it begins with no header')
    }
    const header = parseHeader(bytes, at)
    const flag = bytes[at + 156]!
    left = header.size
    padding = -left & (TAR_BLOCK - 1)
    if (flag === 0x78 || flag === 0x67 || flag === 0x58 || flag === 0x4c || flag === 0x4b) {
      // x, g and Solaris' X hold PAX records, L and K a long name and link.
      if (left > limit) tooLarge('an extension header', limit)
      if (left > meta.length) meta = allocate(left)
      metaFlag = flag
      metaLength = 0
      state = META
      return undefined
    }

    const pax: Pax = local ? { ...global, ...local } : (global ?? {})
    header.name = longName ?? pax.path ?? header.name
    header.linkName = longLink ?? pax.linkpath ?? header.linkName
    left = pax.size ?? left
    header.uid = pax.uid ?? header.uid
    header.gid = pax.gid ?? header.gid
    header.uname = pax.uname ?? header.uname
    header.gname = pax.gname ?? header.gname
    header.mtime = pax.mtime ?? header.mtime
    header.mtimeNs = pax.mtimeNs ?? 0
    if (pax.xattrs) header.xattrs = pax.xattrs
    local = longName = longLink = undefined

    // V7 had no flag for a directory, but wrote its name with a slash.
    if (flag === 0 && header.name.endsWith('/')) header.type = 'directory'
    if (header.type !== 'file' && header.type !== 'unknown') left = 0
    padding = -left & (TAR_BLOCK - 1)
    header.size = left
    entry = header
    map = undefined

    if (flag === 0x53) {
      if (!isGnu(bytes, at)) throw malformed('a sparse file in a format other than GNU\'s')
      map = []
      addPieces(bytes, at + SPARSE_AT, SPARSE_PIECES)
      header.size = parseNumber(bytes, at + 483, 12)
      if (bytes[at + 482] !== 0) {
        state = EXTENSION
        return undefined
      }
    } else if (header.type === 'file' && (pax.sparseMajor ?? pax.sparseMinor ?? pax.sparseMap) !== undefined) {
      const { sparseMajor: major = 0, sparseMinor: minor = 0, sparseSize = 0 } = pax
      header.name = pax.sparseName ?? header.name
      header.size = sparseSize
      if (major === 1 && minor === 0) {
        mapLength = 0
        mapLeft = mapNumber = -1
        map = []
        state = MAP
        return undefined
      }
      if (major !== 0 || minor > 1 || !pax.sparseMap) throw malformed(`a sparse file of version ${major}.${minor}`)
      map = pax.sparseMap
    }
    return begin()
  }

  /** Takes a map in decimal lines, how many pieces, then offset and length of each, and its padding. Returns how many octets it used. */
  const takeMap = (chunk: Uint8Array, start: number, end: number): number => {
    let i = start
    for (; i < end && (mapLeft !== 0 || mapLength % TAR_BLOCK !== 0); mapLength++) {
      if (--left < 0) throw malformed('a sparse map that is cut short')
      const c = chunk[i++]!
      if (mapLeft === 0) continue
      if (c !== 0x0a) {
        mapNumber = (mapNumber < 0 ? 0 : mapNumber * 10) + c - 0x30
        if (c < 0x30 || c > 0x39 || mapNumber > Number.MAX_SAFE_INTEGER) throw malformed('a sparse map that holds no number')
      } else {
        if (mapNumber < 0) throw malformed('a sparse map with an empty line')
        if (mapLeft < 0) {
          if (mapNumber > TAR_SPARSE_MAX) tooLarge('a sparse map', TAR_SPARSE_MAX)
          mapLeft = 2 * mapNumber
        } else {
          map!.push(mapNumber)
          mapLeft--
        }
        mapNumber = -1
      }
    }
    return i - start
  }

  const takeMeta = (): void => {
    if (metaFlag === 0x67) {
      globalBytes += metaLength
      if (globalBytes > limit) tooLarge('the global headers', limit)
      parsePax(meta, 0, metaLength, (global = { ...global }), true)
    } else if (metaFlag === 0x4c) longName = parseText(meta, 0, metaLength)
    else if (metaFlag === 0x4b) longLink = parseText(meta, 0, metaLength)
    else parsePax(meta, 0, metaLength, (local = {}), false)
  }

  return {
    push(chunk, start, end) {
      let i = start
      for (;;) {
        if (state === DATA) {
          if (run === 0 && map) {
            const next = map[piece] ?? entry!.size
            if (position < next) {
              const length = next - position
              position = next
              if (hole(length) === false) return i - start
            } else if (piece < map.length) {
              run = map[piece + 1]!
              position += run
              piece += 2
            } else state = PADDING
            continue
          }
          if (i === end) return MORE
          const from = i
          i = run < end - i ? i + run : end
          run -= i - from
          if (run === 0 && !map) state = PADDING
          if (data(chunk, from, i) === false) return i - start
        } else if (state === PADDING) {
          const take = Math.min(padding, end - i)
          padding -= take
          i += take
          if (padding > 0) return MORE
          state = HEADER
        } else if (state === META) {
          const take = Math.min(left, end - i)
          meta.set(chunk.subarray(i, i + take), metaLength)
          metaLength += take
          left -= take
          i += take
          if (left > 0) return MORE
          takeMeta()
          state = PADDING
        } else if (state === MAP) {
          i += takeMap(chunk, i, end)
          if (mapLeft !== 0 || mapLength % TAR_BLOCK !== 0) return MORE
          if (begin() === false) return i - start
        } else {
          let bytes = chunk
          let at = i
          if (have === 0 && end - i >= TAR_BLOCK) i += TAR_BLOCK
          else {
            const take = Math.min(TAR_BLOCK - have, end - i)
            block.set(chunk.subarray(i, i + take), have)
            have += take
            i += take
            if (have < TAR_BLOCK) return MORE
            have = at = 0
            bytes = block
          }
          if (state === EXTENSION) {
            addPieces(bytes, at, EXTENSION_PIECES)
            if (bytes[at + 504] === 0 && begin() === false) return i - start
          } else {
            isOver = bytes[at] === 0 && isZero(bytes, at)
            if (isOver) {
              checkPending()
              global = entry = undefined
              globalBytes = 0
              return i - start
            }
            if (takeHeader(bytes, at) === false) return i - start
          }
        }
      }
    },
    end() {
      if (have > 0) checkMessage(block, 0, have)
      if (state === HEADER && have === 0) checkPending()
      if (have > 0 || state !== HEADER || !(isOver || endOptional)) throw fail('tar-truncated', `the archive ends ${state === HEADER && have === 0 ? 'without the mark of its end' : entry ? `within or behind ${JSON.stringify(entry.name)}` : 'within its first entry'}`)
    },
  }
}
