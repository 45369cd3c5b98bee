/**
 * Writing a tar archive: ustar (POSIX.1-2017, pax, "ustar Interchange Format"), and before an entry that ustar cannot hold,
 * a PAX extended header with just what it cannot: long and non-ASCII names, numbers beyond its octal digits, times before
 * 1970 and fractions of seconds, extended attributes. The same entries give the same octets.
 *
 * Refused: names that are empty or hold NUL, entries whose data is not as long as they said, data of types that have none.
 */
import { allocate, concat, encodeUtf8 } from '../bytes.js'
import { fail } from '../errors.js'
import { checksumOf, TAR_BLOCK, TAR_TYPES, type TarEntry } from './tar-header.js'
import { encodeRecord, formatTime, TAR_META_MAX, xattrKey } from './tar-pax.js'
import { encodeTarText, isOpaque } from './tar-text.js'

/** An entry to be written: all but the name may be left out. What `untar` gives can be handed in as it is. */
export type TarHeader = {
  /** The path; written as it is, with a slash behind a directory's. Lone surrogates stand for octets, see `encodeTarText`. */
  name: string
  /** By default a directory where the name ends in a slash, else a file. */
  type?: TarEntry['type'] | undefined
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
   * `false` writes no PAX headers: numbers that octal digits cannot hold go out in GNU's base-256, as those of devices always
   * do, and anything else that needs one is refused. True by default.
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
/** Data from here on is handed on as it is: below, a copy costs less than another write. */
const PASS_MIN = 32 * 1024

type Check = (isGood: unknown, what: string) => void

/** Writes a header block, and returns the records of the PAX header that has to stand before it. */
const putHeader = (block: Uint8Array, header: TarHeader, size = 0, usePax: boolean, check: Check, flag?: number): Uint8Array[] => {
  const { name, type = /\/$/.test(name) ? 'directory' : 'file', mtime = 0, linkName = '' } = header
  const isDirectory = type === 'directory'
  const { mode = isDirectory ? 0o755 : type === 'symlink' ? 0o777 : 0o644 } = header
  const records: Uint8Array[] = []
  let isBinary = false

  const record = (key: string, value: string | Uint8Array): void => {
    check(usePax, `its ${key} needs a PAX header`)
    records.push(encodeRecord(key, typeof value === 'string' ? encodeUtf8(value) : value))
  }
  const put = (at: number, length: number, text: string | Uint8Array): void => {
    if (typeof text !== 'string') block.set(text.subarray(0, length), at)
    else for (let i = 0; i < text.length && i < length; i++) block[at + i] = text.charCodeAt(i)
  }
  const putText = (at: number, length: number, key: string, text = ''): void => {
    check(typeof text === 'string' && !text.includes('\0'), `its ${key} is no text, or holds NUL`)
    const isAscii = /^[\0-\x7f]*$/.test(text)
    if (isAscii && text.length <= length) return put(at, length, text)
    const bytes = encodeTarText(text)
    // ustar is ASCII by its standard. What is not even UTF-8 is no better off in PAX records, which are UTF-8 by theirs.
    if (isAscii || isOpaque(text)) {
      // A long name is divided at a slash that leaves both parts their room.
      const slash = key === 'path' ? bytes.lastIndexOf(0x2f, Math.min(155, bytes.length - 2)) : 0
      if (slash > 0 && slash >= bytes.length - 101 && bytes.length > length) {
        put(345, slash, bytes)
        return put(at, length, bytes.subarray(slash + 1))
      }
      if (bytes.length <= length) return put(at, length, bytes)
      isBinary ||= !isAscii
    }
    put(at, length, bytes)
    record(key, bytes)
  }
  /** Octal digits and a NUL, with a PAX record of what they cannot hold, which is `exact`; base-256 where there may be none, or is none for devices. */
  const putNumber = (at: number, length: number, key: string, value = 0, exact = String(value)): void => {
    check(Number.isSafeInteger(value) && (value >= 0 || key === 'mtime'), `its ${key} is ${String(value)}`)
    const isOctal = value >= 0 && value < 8 ** (length - 1)
    const isBase256 = !isOctal && (!usePax || at > 300)
    if (!(isOctal || isBase256) || exact !== String(value)) record(key, exact)
    const base = isBase256 ? 256 : 8
    let rest = isOctal || isBase256 ? value : 0
    for (let i = at + length - (isBase256 ? 1 : 2); i >= at; i--) {
      const next = Math.floor(rest / base)
      block[i] = rest - next * base + (isBase256 ? 0 : 0x30)
      rest = next
    }
    if (isBase256) block[at]! |= 0x80
  }

  const time = typeof mtime === 'number' ? mtime : Number(mtime?.getTime?.()) / 1000
  // Half a microsecond more, so that what rounds up to a second is one.
  const seconds = Math.floor(time + 5e-7)
  const { mtimeNs = Math.max(0, Math.round((time - seconds) * 1e6)) * 1000 } = header
  check(Number.isSafeInteger(seconds) && (mtimeNs === header.mtimeNs ? Number.isInteger(mtimeNs) && seconds === time : true) && mtimeNs >= 0 && mtimeNs < 1e9, `its time is ${String(time)} seconds and ${String(mtimeNs)} nanoseconds`)
  check(typeof name === 'string' && name !== '', 'it has no name')
  flag ??= TAR_TYPES.indexOf(type as 'file') + 0x30
  check(flag >= 0x30, `${String(type)} is no type`)
  check(size === 0 || type === 'file', `a ${type} has no data`)
  check(linkName !== '' || !type.endsWith('link'), 'it links to nothing')

  block.fill(0)
  putText(0, 100, 'path', isDirectory && !name.endsWith('/') ? `${name}/` : name)
  putText(157, 100, 'linkpath', linkName)
  check(Number.isSafeInteger(mode) && mode >= 0, `its mode is ${String(mode)}`)
  putNumber(100, 8, 'mode', mode % 0o10000)
  putNumber(108, 8, 'uid', header.uid)
  putNumber(116, 8, 'gid', header.gid)
  putNumber(124, 12, 'size', size)
  putNumber(136, 12, 'mtime', seconds, formatTime(seconds, mtimeNs))
  block[156] = flag
  put(257, 8, 'ustar\x0000')
  putText(265, 31, 'uname', header.uname)
  putText(297, 31, 'gname', header.gname)
  putNumber(329, 8, 'major', header.major)
  putNumber(337, 8, 'minor', header.minor)
  for (const [key, value] of Object.entries(header.xattrs ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))) {
    check(key !== '' && !key.includes('\0') && (typeof value === 'string' || value instanceof Uint8Array), `its attribute ${JSON.stringify(key)} has no name, or no value, or NUL in its name`)
    record(xattrKey(key), value)
  }
  putNumber(148, 7, 'checksum', checksumOf(block, 0))
  block[155] = 0x20
  if (isBinary) records.unshift(encodeRecord('hdrcharset', encodeUtf8('BINARY')))
  return records
}

/** Writes a header block, and returns the PAX header that stands before it, of no octets where there is none. */
const putHeaders = (block: Uint8Array, header: TarHeader, size: number | undefined, usePax: boolean): Uint8Array<ArrayBuffer> => {
  const check: Check = (isGood, what) => {
    if (!isGood) throw fail('request-invalid', `the entry ${JSON.stringify(header.name)} cannot be written: ${what}`)
  }
  const records = concat(putHeader(block, header, size, usePax, check))
  const { length } = records
  check(length <= TAR_META_MAX, `its PAX header is larger than the ${TAR_META_MAX} octets that readers take`)
  if (length === 0) return records
  const pax = new Uint8Array(TAR_BLOCK + length + (-length & (TAR_BLOCK - 1)))
  pax.set(records, TAR_BLOCK)
  // Readers that know nothing of PAX make a file of this name.
  putHeader(pax.subarray(0, TAR_BLOCK), { name: '././@PaxHeader' }, length, false, check, 0x78)
  return pax
}

/**
 * Encodes what stands before an entry's data: its header, and a PAX header before that where ustar does not suffice. The data
 * follows, padded with zeros to a multiple of 512 octets. Errors: request-invalid.
 */
export const encodeTarHeader = (header: TarHeader, { pax = true }: TarEncoderOptions = {}): Uint8Array<ArrayBuffer> => {
  const block = allocate(TAR_BLOCK)
  return concat([putHeaders(block, header, header.size, pax), block])
}

/**
 * Encodes an archive. `emit` gets it in chunks that may be kept: of about 64 KiB, but large data as it came.
 * Errors: request-invalid for entries that no header can hold; tar-size-mismatch for data that is not as long as it should be.
 */
export const createTarEncoder = (emit: (chunk: Uint8Array) => void, { pax = true }: TarEncoderOptions = {}): TarEncoder => {
  const block = allocate(TAR_BLOCK)
  const zeros = new Uint8Array(2 * TAR_BLOCK)
  let slab: Uint8Array = zeros.subarray(0, 0)
  let from = 0
  let to = 0
  let name = ''
  let size = 0
  let left = 0

  const flush = (): void => {
    if (to > from) emit(slab.subarray(from, to))
    from = to
  }
  const put = (bytes: Uint8Array): void => {
    const room = slab.length - to
    if (bytes.length > room) {
      slab.set(bytes.subarray(0, room), to)
      to += room
      flush()
      slab = allocate(SLAB)
      from = to = 0
      put(bytes.subarray(room))
    } else {
      slab.set(bytes, to)
      to += bytes.length
    }
  }
  const check = (isGood: boolean, what: string): void => {
    if (!isGood) throw fail('tar-size-mismatch', `the data of ${JSON.stringify(name)} is ${what} than the ${size} octets in its header`, { limit: size })
  }
  const endEntry = (): void => {
    check(left === 0, 'shorter')
    put(zeros.subarray(0, -size & (TAR_BLOCK - 1)))
    size = 0
  }

  return {
    entry(header, length = header.size) {
      endEntry()
      put(putHeaders(block, header, length, pax))
      put(block)
      name = header.name
      size = left = length ?? 0
    },
    data(chunk) {
      check(chunk.length <= left, 'longer')
      left -= chunk.length
      if (chunk.length < PASS_MIN) return put(chunk)
      flush()
      emit(chunk)
    },
    endEntry,
    end() {
      endEntry()
      put(zeros)
      flush()
    },
  }
}
