/**
 * One header block of a tar archive: 512 octets of ustar (POSIX.1-2017, pax, "ustar Interchange Format"), of GNU's variant
 * of it, of star's, or of V7, which ends behind the link name.
 *
 * Numbers are octal text or, where that has no room, GNU's base-256: two's complement behind a first bit that is set.
 * Refused when read: checksums that fit neither signed nor unsigned octets, numbers that are none, sizes and ids below zero,
 * and numbers beyond 2^53 - 1.
 */
import { fail } from '../errors.js'
import { decodeTarText } from './tar-text.js'

/** Octets of a header, and what data is padded to. */
export const TAR_BLOCK = 512

/** By typeflag: '0' to '6'. '7', a contiguous file, and 'S', a sparse one, are read as files. */
const TYPES = ['file', 'hardlink', 'symlink', 'character-device', 'block-device', 'directory', 'fifo'] as const

export type TarType = (typeof TYPES)[number]

/** What an archive says of one entry. */
export type TarEntry = {
  /**
   * The path exactly as the archive has it: not cleaned, so it may be empty, absolute or full of '..', and a directory's may
   * end in a slash. Octets that are not UTF-8 are lone surrogates; `encodeTarText` gives them back.
   */
  name: string
  /** 'unknown' where the typeflag is none that readers agree on; POSIX wants that treated as a file. */
  type: TarType | 'unknown'
  /** The character in the header, '\0' in V7 archives. */
  typeflag: string
  /** Octets of data, the holes of a sparse file among them; 0 for types that have none, whatever the header says. */
  size: number
  /** Permission bits, and whatever else the writer put there. */
  mode: number
  uid: number
  gid: number
  uname: string
  gname: string
  /** Whole seconds since 1970, negative before. */
  mtime: number
  /** Nanoseconds since `mtime`, 0 to 999,999,999. */
  mtimeNs: number
  /** The target of a symlink as it stands, or the name of the entry that a hard link repeats; else empty. */
  linkName: string
  /** Numbers of a device; for other types mostly 0. */
  major: number
  minor: number
  /** Extended attributes by their names, such as 'security.capability'. The record has no prototype. */
  xattrs?: Record<string, Uint8Array>
}

export const malformed = (what: string): Error => fail('tar-malformed', `the archive is malformed: ${what}`)

/** The type that a typeflag stands for. */
export const typeOf = (flag: number): TarType | 'unknown' => (flag === 0 || flag === 0x37 || flag === 0x53 ? 'file' : (TYPES[flag - 0x30] ?? 'unknown'))

/** The typeflag of a type, or NaN where it has none. */
export const flagOf = (type: string): number => {
  const at = (TYPES as readonly string[]).indexOf(type)
  return at < 0 ? NaN : 0x30 + at
}

/** A number field of a header: 0 where it is empty, NaN where it holds none or one beyond 2^53 - 1. */
export const parseNumber = (bytes: Uint8Array, at: number, length: number): number => {
  const end = at + length
  let c = bytes[at]!
  let value = 0
  if (c & 0x80) {
    value = c & 0x40 ? (c & 0x7f) - 0x80 : c & 0x7f
    while (++at < end) value = value * 256 + bytes[at]!
    return Number.isSafeInteger(value) ? value : NaN
  }
  while (at < end && (c === 0x20 || c === 0)) c = bytes[++at]!
  for (; at < end && c >= 0x30 && c < 0x38; c = bytes[++at]!) value = value * 8 + c - 0x30
  // Behind the digits, a NUL ends the field, and a blank may only be followed by blanks.
  for (; at < end && c !== 0; c = bytes[++at]!) if (c !== 0x20) return NaN
  return value
}

/** A field of text, which ends with a NUL or fills its place. */
export const parseText = (bytes: Uint8Array, at: number, length: number): string => {
  let end = at
  while (end < at + length && bytes[end] !== 0) end++
  return end === at ? '' : decodeTarText(bytes, at, end)
}

/** The sum of a block's octets, those of the checksum itself taken as blanks. */
export const checksumOf = (bytes: Uint8Array, at: number): number => {
  let sum = 8 * 0x20
  for (let i = at; i < at + 148; i++) sum += bytes[i]!
  for (let i = at + 156; i < at + TAR_BLOCK; i++) sum += bytes[i]!
  return sum
}

/** The sum as those writers had it who took octets as signed. */
const signedChecksumOf = (bytes: Uint8Array, at: number): number => {
  let sum = checksumOf(bytes, at)
  for (let i = at; i < at + TAR_BLOCK; i++) if (bytes[i]! > 127 && (i < at + 148 || i >= at + 156)) sum -= 256
  return sum
}

/** Whether a block's checksum is right, by which it is known as a header. */
export const isChecked = (bytes: Uint8Array, at: number): boolean => {
  const sum = parseNumber(bytes, at + 148, 8)
  return sum === checksumOf(bytes, at) || sum === signedChecksumOf(bytes, at)
}

/** Whether the octets from `at` on are those of `text`. */
const says = (bytes: Uint8Array, at: number, text: string): boolean => {
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false
  return true
}

/** Whether the block has GNU's magic, with which other fields stand where ustar has its prefix. */
export const isGnu = (bytes: Uint8Array, at: number): boolean => says(bytes, at + 257, 'ustar  \0')

/** The numbers in GNU's fields where ustar has its prefix; text there means one of Go's before 1.8, which wrote both (golang/go, reader.go). */
const hasGnuTimes = (bytes: Uint8Array, at: number): boolean => {
  if (bytes[at + 345]! & 0x80) return true
  for (let i = at + 345; i < at + 345 + 12; i++) if (bytes[i] !== 0 && bytes[i] !== 0x20 && !(bytes[i]! >= 0x30 && bytes[i]! < 0x38)) return false
  return true
}

/** Decodes a header block whose checksum is right. Errors: tar-malformed. */
export const parseHeader = (block: Uint8Array, at: number): TarEntry => {
  const flag = block[at + 156]!
  const type = typeOf(flag)
  const isUstar = says(block, at + 257, 'ustar')
  /** Other types than devices have anything here: plexus-archiver puts text. */
  const device = (offset: number): number => {
    const value = isUstar ? parseNumber(block, at + offset, 8) : 0
    return value >= 0 || type.endsWith('device') ? value : 0
  }
  let name = parseText(block, at, 100)
  if (isUstar && block[at + 345] !== 0 && !(isGnu(block, at) && hasGnuTimes(block, at))) {
    // star has times behind a shorter prefix.
    name = `${parseText(block, at + 345, says(block, at + 508, 'tar\0') ? 131 : 155)}/${name}`
  }
  const entry: TarEntry = {
    name,
    type,
    typeflag: String.fromCharCode(flag),
    size: parseNumber(block, at + 124, 12),
    mode: parseNumber(block, at + 100, 8),
    uid: parseNumber(block, at + 108, 8),
    gid: parseNumber(block, at + 116, 8),
    uname: isUstar ? parseText(block, at + 265, 32) : '',
    gname: isUstar ? parseText(block, at + 297, 32) : '',
    mtime: parseNumber(block, at + 136, 12),
    mtimeNs: 0,
    linkName: parseText(block, at + 157, 100),
    major: device(329),
    minor: device(337),
  }
  const { size, mode, uid, gid, mtime, major, minor } = entry
  if (!(size >= 0 && mode >= 0 && uid >= 0 && gid >= 0 && major >= 0 && minor >= 0 && mtime === mtime)) throw malformed(`a number in the header of ${JSON.stringify(name)} is none`)
  return entry
}

/**
 * Decodes the header block at `at` as it stands, without what PAX and GNU headers before it say; `createTarDecoder` puts them
 * together. Errors: tar-malformed, also for a block that is no header.
 */
export const decodeTarHeader = (block: Uint8Array, at = 0): TarEntry => {
  if (block.length - at < TAR_BLOCK || !isChecked(block, at)) throw malformed('a block is no header')
  return parseHeader(block, at)
}
