/** Tar archives spelt out field by field (POSIX.1-2017, pax; GNU tar manual, "Basic Tar Format"), not made by what is under test. */
import { latin1, octets } from '../support/cuts.js'

export type Fields = {
  name?: string
  mode?: string
  uid?: string
  gid?: string
  size?: string
  mtime?: string
  /** Left out, it is right; 'signed' is right for signed octets. */
  checksum?: string
  typeflag?: string
  linkname?: string
  magic?: string
  uname?: string
  gname?: string
  major?: string
  minor?: string
  prefix?: string
  /** What else stands where, by offset. */
  at?: Record<number, string>
}

const PLACES = { name: 0, mode: 100, uid: 108, gid: 116, size: 124, mtime: 136, typeflag: 156, linkname: 157, magic: 257, uname: 265, gname: 297, major: 329, minor: 337, prefix: 345 } as const

export const USTAR = 'ustar\x0000'
export const GNU = 'ustar  \0'

/** One header block of 512 characters, each an octet. */
export const block = (fields: Fields = {}): string => {
  const bytes = new Uint8Array(512)
  const put = (at: number, text: string): void => bytes.set(octets(text), at)
  const all = { name: 'a', mode: '0000644\0', uid: '0000000\0', gid: '0000000\0', size: '00000000000\0', mtime: '00000000000\0', typeflag: '0', magic: USTAR, ...fields }
  for (const [key, at] of Object.entries(PLACES)) put(at, all[key as keyof typeof PLACES] ?? '')
  for (const [at, text] of Object.entries(fields.at ?? {})) put(Number(at), text)
  put(148, '        ')
  const isSigned = fields.checksum === 'signed'
  const sum = bytes.reduce((total, c) => total + (isSigned && c > 127 ? c - 256 : c), 0)
  put(148, fields.checksum === undefined || isSigned ? `${sum.toString(8).padStart(6, '0')}\0 ` : fields.checksum.padEnd(8, '\0'))
  return latin1(bytes)
}

/** Padding to a whole block. */
export const pad = (data: string): string => data + '\0'.repeat((512 - (data.length % 512)) % 512)

export const octal = (value: number, length = 12): string => `${value.toString(8).padStart(length - 1, '0')}\0`

/** An entry with its data. */
export const file = (fields: Fields, data = ''): string => block({ size: octal(data.length), ...fields }) + pad(data)

/** A PAX record: the length of all of it first. */
export const record = (key: string, value: string): string => {
  const rest = ` ${key}=${value}\n`
  let length = rest.length
  while (`${length}${rest}`.length !== length) length++
  return `${length}${rest}`
}

/** A PAX header of these records; `typeflag` 'g' makes it a global one. */
export const pax = (records: Record<string, string> | string, typeflag = 'x'): string =>
  file({ name: 'PaxHeaders/a', typeflag }, typeof records === 'string' ? records : Object.entries(records).map(([key, value]) => record(key, value)).join(''))

/** GNU's long name (typeflag L) or link (K). */
export const long = (text: string, typeflag = 'L'): string => file({ name: '././@LongLink', typeflag, magic: GNU }, `${text}\0`)

export const END = '\0'.repeat(1024)

/** UTF-8 as one character an octet. */
export const utf8 = (text: string): string => Buffer.from(text).toString('latin1')

/** A number in base-256 of this many octets. */
export const base256 = (value: bigint, length: number): string => {
  const bits = BigInt.asUintN(8 * length - 1, value) | (1n << BigInt(8 * length - 1))
  return Array.from({ length }, (_, i) => String.fromCharCode(Number((bits >> BigInt(8 * (length - 1 - i))) & 255n))).join('')
}
