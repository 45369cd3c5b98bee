/**
 * The records of a PAX extended header (POSIX.1-2017, pax, "pax Extended Header"): `length key=value\n`, the length in decimal
 * and of the whole record. What the archive says in them wins over the header block that follows.
 *
 * Read: path, linkpath, size, uid, gid, uname, gname, mtime, SCHILY.xattr.*, and GNU.sparse.* in its three versions. Any other
 * key is passed over, as POSIX has it. Refused: lengths that are not those of their records, NUL in names, numbers that are
 * none.
 */
import { concat, copy, encodeUtf8 } from '../bytes.js'
import { malformed, type TarEntry } from './tar-header.js'
import { decodeTarText } from './tar-text.js'

/** Octets of one extension header: PAX records, a long name. All global headers of an archive share as many. Go's archive/tar has the same. */
export const TAR_META_MAX = 1024 * 1024

export type Pax = {
  /** What replaces fields of the header. */
  fields: Partial<TarEntry>
  /** GNU.sparse.*: `map` has offset and length of each piece, also where each has a record of its own. */
  sparse?: Record<string, string>
}

const XATTR = 'SCHILY.xattr.'

/** The value of decimal digits, NaN for anything else and beyond 2^53 - 1. */
export const parseDecimal = (text: string): number => (/^\d+$/.test(text) && Number.isSafeInteger(+text) ? +text : NaN)

/**
 * Puts the records in `bytes[at..end)` into `pax`. Those of a global header stay for all entries, so attributes and sparse
 * maps, which are of one file, are passed over in it. Errors: tar-malformed.
 */
export const parsePax = (bytes: Uint8Array, at: number, end: number, pax: Pax, isGlobal: boolean): void => {
  const { fields } = pax
  while (at < end) {
    // Ten digits and a blank hold any length there can be.
    const blank = bytes.indexOf(0x20, at)
    const next = at + (blank > at && blank < at + 11 ? parseDecimal(decodeTarText(bytes, at, blank)) : NaN)
    const equals = bytes.indexOf(0x3d, blank)
    if (!(equals > blank + 1 && next > equals + 1 && next <= end && bytes[next - 1] === 0x0a)) throw malformed('the length of a PAX record')
    const key = decodeTarText(bytes, blank + 1, equals)
    const text = (): string => decodeTarText(bytes, equals + 1, next - 1)
    /** A NUL would end a name early for whoever hands it to a system call. */
    const name = (value = text()): string => {
      if (value.includes('\0')) throw malformed(`NUL in the PAX record ${key}`)
      return value
    }
    const number = (value = text()): number => {
      const result = parseDecimal(value)
      if (!(result >= 0)) throw malformed(`the PAX record ${key}`)
      return result
    }
    if (key === 'path') fields.name = name()
    else if (key === 'linkpath') fields.linkName = name()
    else if (key === 'uname' || key === 'gname') fields[key] = name()
    else if (key === 'size' || key === 'uid' || key === 'gid') fields[key] = number()
    else if (key === 'mtime') {
      // A fraction of any length; what is finer than a nanosecond is cut off.
      const [, sign, whole, fraction = ''] = /^(-?)(\d+)\.?(\d*)$/.exec(text()) ?? []
      const seconds = number(whole ?? '')
      const ns = +fraction.padEnd(9, '0').slice(0, 9)
      // -1.25 s is 750 ms behind -2 s.
      fields.mtime = sign ? (ns > 0 ? -1 : 0) - seconds : seconds
      fields.mtimeNs = sign && ns > 0 ? 1e9 - ns : ns
    } else if (!isGlobal && key.startsWith(XATTR)) {
      // GNU tar keeps what would end a key as %3D, and so must keep % too.
      const xattr = name(key.slice(XATTR.length)).replace(/%(3D|25)/g, decodeURIComponent)
      ;(fields.xattrs ??= Object.create(null) as Record<string, Uint8Array>)[xattr] = copy(bytes, equals + 1, next - 1)
    } else if (!isGlobal && key.startsWith('GNU.sparse.')) {
      const sparse = (pax.sparse ??= {})
      const part = key.slice(11)
      // Version 0.0 has a record for each number of the map.
      if (part === 'offset' || part === 'numbytes') sparse['map'] = sparse['map'] === undefined ? text() : `${sparse['map']},${text()}`
      else sparse[part] = name()
    }
    at = next
  }
}

/** The form of PAX times, from whole seconds and the nanoseconds since. */
export const formatTime = (seconds: number, ns: number): string => {
  if (ns === 0) return String(seconds)
  const [whole, fraction] = seconds < 0 ? [`-${-1 - seconds}`, 1e9 - ns] : [seconds, ns]
  return `${whole}.${String(1e9 + fraction).slice(1).replace(/0+$/, '')}`
}

/** The key of an extended attribute. */
export const xattrKey = (name: string): string => XATTR + name.replace(/=|%(?=3D|25)/g, encodeURIComponent)

/** One record: its length counts its own digits. */
export const encodeRecord = (key: string, value: Uint8Array): Uint8Array => {
  const rest = concat([encodeUtf8(` ${key}=`), value, Uint8Array.of(0x0a)])
  const digits = String(rest.length + String(rest.length).length).length
  return concat([encodeUtf8(String(rest.length + digits)), rest])
}
