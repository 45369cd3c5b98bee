/**
 * Writing a tar archive: ustar (POSIX.1-2017, pax, "ustar Interchange Format"), and before an entry that ustar cannot hold,
 * a PAX extended header with just what it cannot: long and non-ASCII names, numbers beyond its octal digits, times before
 * 1970 and fractions of seconds, extended attributes. The same entries give the same octets.
 *
 * Refused: names that are empty or hold NUL, entries whose data is not as long as they said, data of types that have none.
 */
import { allocate, encodeUtf8 } from '../bytes.js'
import { fail } from '../errors.js'
import { checksumOf, flagOf, TAR_BLOCK, type TarType } from './tar-header.js'
import { encodePax, formatTime, TAR_META_MAX, xattrKey } from './tar-pax.js'
import { encodeTarText } from './tar-text.js'

/** An entry to be written: all but the name may be left out. What `untar` gives can be handed in as it is. */
export type TarHeader = {
  /** The path; written as it is, with a slash behind a directory's. Lone surrogates stand for octets, see `encodeTarText`. */
  name: string
  /** By default a directory where the name ends in a slash, else a file. */
  type?: TarType | 'unknown' | undefined
  /** Octets of data; 0 by default. */
  size?: number | undefined
  /** Permission bits; what `stat` has beside them is left out. By default 0o755 for a directory, 0o777 for a symlink, else 0o644. */
  mode?: number | undefined
  /** 0 by default. */
  uid?: number | undefined
  gid?: number | undefined
  /** Empty by default. */
  uname?: string | undefined
  gname?: string | undefined
  /** Seconds since 1970 or a Date; 0 by default. A fraction of a number counts to the microsecond. */
  mtime?: number | { getTime(): number } | undefined
  /** Nanoseconds behind `mtime`, 0 to 999,999,999. */
  mtimeNs?: number | undefined
  /** Where a symlink points, or which entry a hard link repeats. */
  linkName?: string | undefined
  /** Numbers of a device. */
  major?: number | undefined
  minor?: number | undefined
  /** Extended attributes, such as 'user.note' or 'security.capability'. */
  xattrs?: Readonly<Record<string, string | Uint8Array>> | undefined
}

export type TarEncoderOptions = {
  /**
   * `false` writes no PAX headers: numbers that octal digits cannot hold go out in GNU's base-256, and anything else that
   * needs one is refused. True by default.
   */
  pax?: boolean | undefined
}

export type TarEncoder = {
  /** Begins an entry of `size` octets, instead of those that it says itself. */
  entry(header: TarHeader, size?: number): void
  /** The next octets of its data. Large ones are handed on as they are, so they must not change. */
  data(chunk: Uint8Array): void
  /** Checks that the entry is complete. `entry` and `end` do so too. */
  endEntry(): void
  /** Marks the end of the archive and hands on what is left. */
  end(): void
}

/** Octets that small pieces are gathered to. */
const SLAB = 64 * 1024
/** Data from here on is handed on as it is: a copy costs less than another write up to about this. */
const PASS_MIN = 32 * 1024

const NOTHING = /* @__PURE__ */ new Uint8Array(0)

const refuse = (name: string, what: string): never => {
  throw fail('request-invalid', `the entry ${JSON.stringify(name)} cannot be written: ${what}`)
}

/** What goes into one header block. Text beyond its field is cut off, for a PAX record has it whole. */
type Block = {
  flag: number
  name: string | Uint8Array
  prefix: Uint8Array
  linkName: string | Uint8Array
  uname: string | Uint8Array
  gname: string | Uint8Array
  mode: number
  uid: number
  gid: number
  size: number
  mtime: number
  major: number
  minor: number
}

const putText = (target: Uint8Array, at: number, length: number, text: string | Uint8Array): void => {
  if (typeof text !== 'string') target.set(text.subarray(0, length), at)
  else for (let i = 0; i < text.length && i < length; i++) target[at + i] = text.charCodeAt(i)
}

/** Octal digits and a NUL, or base-256. */
const putNumber = (target: Uint8Array, at: number, length: number, value: number): void => {
  const isOctal = value >= 0 && value < 8 ** (length - 1)
  const base = isOctal ? 8 : 256
  for (let i = at + length - (isOctal ? 2 : 1); i >= at; i--) {
    const rest = Math.floor(value / base)
    target[i] = value - rest * base + (isOctal ? 0x30 : 0)
    value = rest
  }
  if (!isOctal) target[at]! |= 0x80
}

const putBlock = (target: Uint8Array, at: number, block: Block): void => {
  target.fill(0, at, at + TAR_BLOCK)
  putText(target, at, 100, block.name)
  putNumber(target, at + 100, 8, block.mode)
  putNumber(target, at + 108, 8, block.uid)
  putNumber(target, at + 116, 8, block.gid)
  putNumber(target, at + 124, 12, block.size)
  putNumber(target, at + 136, 12, block.mtime)
  target[at + 156] = block.flag
  putText(target, at + 157, 100, block.linkName)
  putText(target, at + 257, 8, 'ustar\x0000')
  putText(target, at + 265, 31, block.uname)
  putText(target, at + 297, 31, block.gname)
  putNumber(target, at + 329, 8, block.major)
  putNumber(target, at + 337, 8, block.minor)
  putText(target, at + 345, 155, block.prefix)
  putNumber(target, at + 148, 7, checksumOf(target, at))
  target[at + 155] = 0x20
}

/** The header of a PAX header. Readers that do not know it make a file of this name. */
const paxBlock = (size: number): Block => ({ flag: 0x78, name: '././@PaxHeader', prefix: NOTHING, linkName: '', uname: '', gname: '', mode: 0o644, uid: 0, gid: 0, size, mtime: 0, major: 0, minor: 0 })

/** Where a name of more than 100 octets is divided: at a slash that leaves both parts their room. 0 where there is none. */
const divide = (name: Uint8Array): number => {
  const at = name.lastIndexOf(0x2f, Math.min(155, name.length - 2))
  return at >= name.length - 101 && at > 0 ? at : 0
}

const roundUp = (length: number): number => Math.ceil(length / TAR_BLOCK) * TAR_BLOCK

/** Checks an entry, and finds out what of it goes into the header block and what into PAX records. */
const plan = (header: TarHeader, size: number, usePax: boolean): { block: Block; pax: Uint8Array | undefined } => {
  const { type = typeof header.name === 'string' && header.name.endsWith('/') ? 'directory' : 'file', mtime = 0, linkName = '' } = header
  let { name } = header
  const isDirectory = type === 'directory'
  if (typeof name !== 'string' || name === '') refuse(name, 'it has no name')
  const flag = flagOf(type)
  if (!(flag >= 0)) refuse(name, `${JSON.stringify(type)} is no type that can be written`)
  if (size > 0 && type !== 'file') refuse(name, `a ${type} has no data`)
  if ((type === 'symlink' || type === 'hardlink') && linkName === '') refuse(name, 'it links to nothing')
  if (isDirectory && !name.endsWith('/')) name += '/'

  const records: [key: string, value: Uint8Array][] = []
  let isBinary = false
  const record = (key: string, value: string | Uint8Array): void => {
    if (!usePax) refuse(name, `its ${key} needs a PAX header`)
    records.push([key, typeof value === 'string' ? encodeUtf8(value) : value])
  }
  let prefix = NOTHING
  const text = (key: string, value: string, length: number): string | Uint8Array => {
    if (typeof value !== 'string' || value.includes('\0')) refuse(name, `its ${key} is no text, or holds NUL`)
    const isAscii = /^[\x01-\x7f]*$/.test(value)
    if (isAscii && value.length <= length) return value
    const bytes = encodeTarText(value)
    // A header block is ASCII by the standard; octets that are not even UTF-8 are as well off there as in a record.
    const isOpaque = /[\ud800-\udfff]/u.test(value)
    if (isAscii || isOpaque) {
      if (bytes.length <= length) return bytes
      const at = key === 'path' ? divide(bytes) : 0
      if (at > 0) {
        prefix = bytes.subarray(0, at)
        return bytes.subarray(at + 1)
      }
    }
    isBinary ||= isOpaque
    record(key, bytes)
    return bytes
  }
  const number = (key: string, value = 0, digits: number): number => {
    if (!Number.isSafeInteger(value) || value < 0) refuse(name, `its ${key} is ${String(value)}`)
    if (value < 8 ** digits || !usePax) return value
    record(key, String(value))
    return 0
  }

  const time = typeof mtime === 'number' ? mtime : mtime.getTime() / 1000
  let seconds = Math.floor(time)
  let { mtimeNs = Math.round((time - seconds) * 1e6) * 1000 } = header
  if (mtimeNs === 1e9) {
    seconds++
    mtimeNs = 0
  }
  if (!Number.isSafeInteger(seconds) || !(Number.isInteger(mtimeNs) && mtimeNs >= 0 && mtimeNs < 1e9)) refuse(name, `its time is ${String(time)} seconds and ${String(mtimeNs)} nanoseconds`)

  const block: Block = {
    flag,
    name: text('path', name, 100),
    prefix,
    linkName: text('linkpath', linkName, 100),
    size: number('size', size, 11),
    uid: number('uid', header.uid, 7),
    gid: number('gid', header.gid, 7),
    uname: text('uname', header.uname ?? '', 31),
    gname: text('gname', header.gname ?? '', 31),
    mode: number('mode', header.mode ?? (isDirectory ? 0o755 : type === 'symlink' ? 0o777 : 0o644), 12) & 0o7777,
    mtime: seconds,
    major: number('major', header.major, 12),
    minor: number('minor', header.minor, 12),
  }
  block.prefix = prefix
  if (mtimeNs > 0 || (usePax && !(seconds >= 0 && seconds < 8 ** 11))) {
    record('mtime', formatTime(seconds, mtimeNs))
    if (!(seconds >= 0 && seconds < 8 ** 11)) block.mtime = 0
  }
  if (header.xattrs) {
    for (const key of Object.keys(header.xattrs).sort()) {
      const value = header.xattrs[key]!
      if (key === '' || key.includes('\0')) refuse(name, 'an attribute has no name, or one with NUL')
      record(xattrKey(key), value)
    }
  }
  if (isBinary) records.unshift(['hdrcharset', encodeUtf8('BINARY')])
  const pax = records.length > 0 ? encodePax(records) : undefined
  if (pax && pax.length > TAR_META_MAX) refuse(name, `what its PAX header has to say takes more than ${TAR_META_MAX} octets, which is more than readers take`)
  return { block, pax }
}

/** Octets of a header block, and of the PAX header before it where there is one. */
const lengthOf = (pax: Uint8Array | undefined): number => TAR_BLOCK + (pax ? TAR_BLOCK + roundUp(pax.length) : 0)

const putHeader = (target: Uint8Array, at: number, block: Block, pax: Uint8Array | undefined): void => {
  if (pax) {
    putBlock(target, at, paxBlock(pax.length))
    at += TAR_BLOCK
    target.set(pax, at)
    target.fill(0, at + pax.length, (at += roundUp(pax.length)))
  }
  putBlock(target, at, block)
}

/**
 * Encodes what stands before an entry's data: its header, and a PAX header before that where ustar does not suffice. The data
 * follows, padded with zeros to a multiple of 512 octets. Errors: request-invalid.
 */
export const encodeTarHeader = (header: TarHeader, { pax: usePax = true }: TarEncoderOptions = {}): Uint8Array<ArrayBuffer> => {
  const { block, pax } = plan(header, header.size ?? 0, usePax)
  const bytes = allocate(lengthOf(pax))
  putHeader(bytes, 0, block, pax)
  return bytes
}

/**
 * Encodes an archive. `emit` gets it in chunks that may be kept: of about 64 KiB, but large data as it came.
 * Errors: request-invalid for entries that no header can hold; tar-size-mismatch for data that is not as long as it should be.
 */
export const createTarEncoder = (emit: (chunk: Uint8Array) => void, { pax: usePax = true }: TarEncoderOptions = {}): TarEncoder => {
  let slab = NOTHING
  let from = 0
  let to = 0
  let name = ''
  let size = 0
  let left = 0

  const flush = (): void => {
    if (to > from) emit(slab.subarray(from, to))
    from = to
  }
  /** Makes room for so many octets in a row. */
  const reserve = (length: number): void => {
    if (slab.length - to >= length) return
    flush()
    slab = allocate(Math.max(SLAB, length))
    from = to = 0
  }
  const mismatch = (what: string): never => {
    throw fail('tar-size-mismatch', `the data of ${JSON.stringify(name)} is ${what} than the ${size} octets in its header`, { limit: size })
  }
  const putZeros = (length: number): void => {
    reserve(length)
    slab.fill(0, to, (to += length))
  }
  const endEntry = (): void => {
    if (left > 0) mismatch('shorter')
    const padding = -size & (TAR_BLOCK - 1)
    size = 0
    if (padding > 0) putZeros(padding)
  }

  return {
    entry(header, length = header.size ?? 0) {
      endEntry()
      const { block, pax } = plan(header, length, usePax)
      reserve(lengthOf(pax))
      putHeader(slab, to, block, pax)
      to += lengthOf(pax)
      name = header.name
      size = left = length
    },
    data(chunk) {
      if (chunk.length > left) mismatch('longer')
      left -= chunk.length
      if (chunk.length >= PASS_MIN) {
        flush()
        emit(chunk)
        return
      }
      const room = slab.length - to
      if (chunk.length > room) {
        slab.set(chunk.subarray(0, room), to)
        to += room
        chunk = chunk.subarray(room)
        reserve(chunk.length)
      }
      slab.set(chunk, to)
      to += chunk.length
    },
    endEntry,
    end() {
      endEntry()
      putZeros(2 * TAR_BLOCK)
      flush()
    },
  }
}
