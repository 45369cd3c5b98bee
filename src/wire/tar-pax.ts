/**
 * The records of a PAX extended header (POSIX.1-2017, pax, "pax Extended Header"): `length key=value\n`, the length in decimal
 * and of the whole record. What the archive says in them wins over the header block that follows.
 *
 * Read: path, linkpath, size, uid, gid, uname, gname, mtime, SCHILY.xattr.*, and GNU.sparse.* in its three versions. Any other
 * key is passed over, as POSIX has it. An empty value makes a text empty, and takes a number back. Refused: lengths that are not those of their
 * records, NUL in names, numbers that are none.
 */
import { concat, copy, encodeUtf8 } from '../bytes.js'
import { malformed } from './tar-header.js'
import { decodeTarText } from './tar-text.js'

/** Octets of one extension header: PAX records, a long name. All global headers of an archive share as many. Go's archive/tar has the same. */
export const TAR_META_MAX = 1024 * 1024

/** What records say; a number that was taken back is undefined. */
export type Pax = {
  path?: string
  linkpath?: string
  size?: number | undefined
  uid?: number | undefined
  gid?: number | undefined
  uname?: string
  gname?: string
  mtime?: number | undefined
  mtimeNs?: number | undefined
  xattrs?: Record<string, Uint8Array>
  /** GNU.sparse.major and minor. */
  sparseMajor?: number
  sparseMinor?: number
  sparseName?: string
  /** GNU.sparse.size or GNU.sparse.realsize: octets of the file with its holes. */
  sparseSize?: number
  /** Offset and length of each piece of data, in turn. */
  sparseMap?: number[]
}

const XATTR = 'SCHILY.xattr.'

/** Decimal digits only, up to 2^53 - 1. */
const parseDecimal = (text: string): number => {
  const value = Number(text)
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) throw malformed(`the number ${JSON.stringify(text.slice(0, 40))} in a PAX record`)
  return value
}

const parseName = (text: string): string => {
  if (text.includes('\0')) throw malformed('a NUL in a name of a PAX record')
  return text
}

/** Seconds with a fraction of any length; what is finer than a nanosecond is cut off. */
const parseTime = (text: string): [seconds: number, nanoseconds: number] => {
  const [matched, sign, whole, fraction = ''] = /^(-?)(\d+)(?:\.(\d*))?$/.exec(text) ?? []
  if (matched === undefined) throw malformed(`the time ${JSON.stringify(text.slice(0, 40))} in a PAX record`)
  const seconds = parseDecimal(whole!)
  const nanoseconds = Number(fraction.padEnd(9, '0').slice(0, 9))
  // -1.25 s is 750 ms behind -2 s.
  return sign ? (nanoseconds > 0 ? [-seconds - 1, 1e9 - nanoseconds] : [0 - seconds, 0]) : [seconds, nanoseconds]
}

/** The form of parseTime, without zeros at its end. */
export const formatTime = (seconds: number, nanoseconds: number): string => {
  const isBack = seconds < 0 && nanoseconds > 0
  const whole = isBack ? `-${-seconds - 1}` : String(seconds)
  const fraction = String(isBack ? 1e9 - nanoseconds : nanoseconds).padStart(9, '0').replace(/0+$/, '')
  return fraction === '' ? whole : `${whole}.${fraction}`
}

/** GNU tar keeps what would end a key, in names of attributes, as %3D, and so must keep that too. */
const decodeXattrName = (text: string): string => parseName(text).replace(/%(3D|25)/g, match => (match === '%25' ? '%' : '='))
const encodeXattrName = (name: string): string => name.replace(/=|%(?=3D|25)/g, match => (match === '%' ? '%25' : '%3D'))

/**
 * Puts the records in `bytes[start..end)` into `pax`. Those of a global header stay for all entries, so attributes and sparse
 * maps, which are of one file, are passed over in it. Errors: tar-malformed.
 */
export const parsePax = (bytes: Uint8Array, start: number, end: number, pax: Pax, isGlobal: boolean): void => {
  for (let at = start; at < end; ) {
    let digits = at
    let length = 0
    for (let c; digits < end && digits - at < 10 && (c = bytes[digits]!) !== 0x20; digits++) length = c > 0x2f && c < 0x3a ? length * 10 + c - 0x30 : NaN
    const next = at + length
    const equals = bytes.indexOf(0x3d, digits)
    // NaN fails each of these.
    if (!(digits > at && bytes[digits] === 0x20 && next <= end && equals > digits + 1 && equals < next - 1 && bytes[next - 1] === 0x0a)) throw malformed('a PAX record that is not as long as it says')
    const key = decodeTarText(bytes, digits + 1, equals)
    if (!isGlobal || !/^(SCHILY|GNU)\./.test(key)) setRecord(pax, key, bytes, equals + 1, next - 1)
    at = next
  }
}

const setRecord = (pax: Pax, key: string, bytes: Uint8Array, start: number, end: number): void => {
  const isSet = end > start
  const text = (): string => decodeTarText(bytes, start, end)
  const name = (): string => parseName(text())
  const number = (): number | undefined => (isSet ? parseDecimal(text()) : undefined)
  if (key === 'path') pax.path = name()
  else if (key === 'linkpath') pax.linkpath = name()
  else if (key === 'uname') pax.uname = name()
  else if (key === 'gname') pax.gname = name()
  else if (key === 'size') pax.size = number()
  else if (key === 'uid') pax.uid = number()
  else if (key === 'gid') pax.gid = number()
  else if (key === 'mtime') [pax.mtime, pax.mtimeNs] = isSet ? parseTime(text()) : []
  else if (key.startsWith(XATTR)) {
    // A record without a value is an attribute without one.
    const xattrs: Record<string, Uint8Array> = (pax.xattrs ??= Object.create(null))
    xattrs[decodeXattrName(key.slice(XATTR.length))] = copy(bytes, start, end)
  } else if (isSet && key.startsWith('GNU.sparse.')) setSparse(pax, key.slice(11), text())
}

/** https://www.gnu.org/software/tar/manual/html_section/Sparse-Formats.html */
const setSparse = (pax: Pax, key: string, text: string): void => {
  if (key === 'name') pax.sparseName = parseName(text)
  else if (key === 'map') pax.sparseMap = text.split(',').map(parseDecimal)
  else {
    const value = parseDecimal(text)
    if (key === 'size' || key === 'realsize') pax.sparseSize = value
    else if (key === 'major') pax.sparseMajor = value
    else if (key === 'minor') pax.sparseMinor = value
    // Version 0.0 has a record for each number.
    else if (key === 'offset' || key === 'numbytes') {
      const map = (pax.sparseMap ??= [])
      if (map.length % 2 !== (key === 'offset' ? 0 : 1)) throw malformed('a sparse map whose records are out of order')
      map.push(value)
    }
  }
}

/** One record: its length counts its own digits. */
const encodeRecord = (key: string, value: Uint8Array): Uint8Array => {
  const head = encodeUtf8(` ${key}=`)
  const rest = head.length + value.length + 1
  let length = rest + String(rest).length
  length = rest + String(length).length
  return concat([encodeUtf8(String(length)), head, value, Uint8Array.of(0x0a)])
}

/** The records of a header, in the order given. */
export const encodePax = (records: readonly (readonly [key: string, value: Uint8Array])[]): Uint8Array<ArrayBuffer> =>
  concat(records.map(([key, value]) => encodeRecord(key, value)))

/** The key of an extended attribute. */
export const xattrKey = (name: string): string => XATTR + encodeXattrName(name)
