/**
 * One header block of a tar archive: 512 octets of ustar (POSIX.1-2017, pax, "ustar Interchange Format"), of GNU's variant
 * of it, of star's, or of V7, which ends behind the link name.
 *
 * Numbers are octal text or, where that has no room, GNU's base-256: two's complement behind a first bit that is set.
 * Refused when read: checksums that fit neither signed nor unsigned octets, numbers that are none, numbers below zero except
 * times, and numbers beyond 2^53 - 1.
 */
import { latin1 } from '../bytes.js'
import { fail } from '../errors.js'
import { decodeTarText } from './tar-text.js'

/** Octets of a header, and what data is padded to. */
export const TAR_BLOCK = 512

/** By typeflag, from '0'. '7', a contiguous file, and GNU's 'S', a sparse one, are read as files. */
export const TAR_TYPES = ['file', 'hardlink', 'symlink', 'character-device', 'block-device', 'directory', 'fifo'] as const

export type TarType = (typeof TAR_TYPES)[number]

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

/** A number field of a header: 0 where it is empty, NaN where it holds none or one beyond 2^53 - 1. */
export const parseNumber = (bytes: Uint8Array, at: number, length: number): number => {
  const end = at + length
  let c = bytes[at]!
  let value = 0
  if (c > 0x7f) {
    // Of the first octet, one bit says that this is base-256, and the next is the sign.
    value = ((c ^ 0x40) & 0x7f) - 0x40
    while (++at < end) value = value * 256 + bytes[at]!
    return Number.isSafeInteger(value) ? value : NaN
  }
  for (; at < end && (c === 0x20 || c === 0); c = bytes[++at]!);
  for (; at < end && c > 0x2f && c < 0x38; c = bytes[++at]!) value = value * 8 + c - 0x30
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

/** The sum of a block's octets, those of the checksum itself taken as blanks. Four at a time are twice as fast as one. */
export const checksumOf = (bytes: Uint8Array | Int8Array, at: number): number => {
  let sum = 8 * 0x20
  for (let i = at; i < at + TAR_BLOCK; i += 4) sum += bytes[i]! + bytes[i + 1]! + bytes[i + 2]! + bytes[i + 3]!
  for (let i = at + 148; i < at + 156; i++) sum -= bytes[i]!
  return sum
}

/** Whether a block's checksum is right, by which it is known as a header. Some old writers took octets as signed. */
export const isChecked = (bytes: Uint8Array, at: number): boolean => {
  const sum = parseNumber(bytes, at + 148, 8)
  return sum === checksumOf(bytes, at) || sum === checksumOf(new Int8Array(bytes.buffer, bytes.byteOffset + at, TAR_BLOCK), 0)
}

/** Four octets as a number: comparing it is several times as fast as making a text. */
const word = (bytes: Uint8Array, at: number): number => (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!

/** 'usta' of the magic, its rest 'r  \0' with GNU, and 'tar\0', which star has at the end. */
const USTA = 0x75737461
const GNU = 0x72202000
const STAR = 0x74617200

/** Decodes a header block whose checksum is right. Errors: tar-malformed. */
export const parseHeader = (block: Uint8Array, at: number): TarEntry => {
  const flag = block[at + 156]!
  const type = flag === 0 || flag === 0x37 || flag === 0x53 ? 'file' : (TAR_TYPES[flag - 0x30] ?? 'unknown')
  const isUstar = word(block, at + 257) === USTA
  const number = (offset: number, length: number): number => parseNumber(block, at + offset, length)
  const text = (offset: number, length: number): string => parseText(block, at + offset, length)
  /** Other types than devices have anything here: plexus-archiver puts text. */
  const device = (offset: number): number => (flag === 0x33 || flag === 0x34 ? number(offset, 8) : number(offset, 8) || 0)
  const entry: TarEntry = {
    name: text(0, 100),
    type,
    typeflag: String.fromCharCode(flag),
    size: number(124, 12),
    mode: number(100, 8),
    uid: number(108, 8),
    gid: number(116, 8),
    uname: isUstar ? text(265, 32) : '',
    gname: isUstar ? text(297, 32) : '',
    mtime: number(136, 12),
    mtimeNs: 0,
    linkName: text(157, 100),
    major: device(329),
    minor: device(337),
  }
  // GNU has times in place of the prefix. What is no number there is a prefix of Go's before 1.8, which wrote both (golang/go,
  // src/archive/tar/reader.go). star has times behind a shorter prefix.
  if (isUstar && block[at + 345] !== 0 && (word(block, at + 261) !== GNU || /^(?![\x80-\xff]|[0-7 \0]*$)/.test(latin1(block, at + 345, at + 357))))
    entry.name = `${text(345, word(block, at + 508) === STAR ? 131 : 155)}/${entry.name}`
  // The least of numbers is NaN where one of them is; a square is NaN or not below zero.
  if (!(Math.min(entry.size, entry.mode, entry.uid, entry.gid, entry.major, entry.minor, entry.mtime ** 2) >= 0)) throw malformed(`a number of ${JSON.stringify(entry.name)}`)
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
