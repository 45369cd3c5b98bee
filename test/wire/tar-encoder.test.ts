/** Writing tar: each field where POSIX.1-2017 has it, PAX only where ustar does not suffice, and nothing that readers would take for something else. */
import { describe, expect, test } from 'vitest'
import { concat } from '../../src/bytes.js'
import { createTarDecoder, createTarEncoder, decodeTarText, encodeTarHeader, encodeTarText, TAR_META_MAX, type TarEntry, type TarHeader } from '../../src/wire/index.js'
import { latin1, octets } from '../support/cuts.js'
import { random } from '../support/random.js'
import { base256, block, octal, pad, record, utf8, type Fields } from './tar-blocks.js'

/** What the header of a plain entry is by default. */
const plain = (fields: Fields): string => block({ name: '', major: '0000000\0', minor: '0000000\0', ...fields })

const header = (entry: TarHeader, options?: { pax?: boolean }): string => latin1(encodeTarHeader(entry, options))

/** A PAX header before a block: its own name is the one that star, Python and Sun give it. */
const withPax = (records: string, fields: Fields): string => plain({ name: '././@PaxHeader', typeflag: 'x', size: octal(records.length) }) + pad(records) + plain(fields)

describe('ustar', () => {
  test.each<[string, TarHeader, Fields]>([
    ['a file', { name: 'a' }, { name: 'a' }],
    ['a directory by its slash', { name: 'd/' }, { name: 'd/', typeflag: '5', mode: '0000755\0' }],
    ['a directory by its type gets its slash', { name: 'd', type: 'directory' }, { name: 'd/', typeflag: '5', mode: '0000755\0' }],
    ['a symlink', { name: 'l', type: 'symlink', linkName: '../t' }, { name: 'l', typeflag: '2', linkname: '../t', mode: '0000777\0' }],
    ['a hard link', { name: 'l', type: 'hardlink', linkName: 'a' }, { name: 'l', typeflag: '1', linkname: 'a' }],
    ['a character device', { name: 'null', type: 'character-device', major: 1, minor: 3 }, { name: 'null', typeflag: '3', major: '0000001\0', minor: '0000003\0' }],
    ['a block device', { name: 'sda', type: 'block-device', major: 8 }, { name: 'sda', typeflag: '4', major: '0000010\0' }],
    ['a FIFO', { name: 'f', type: 'fifo' }, { name: 'f', typeflag: '6' }],
    ['every field', { name: 'a', size: 7, mode: 0o4711, uid: 1000, gid: 1001, uname: 'user', gname: 'group', mtime: 1700000000 }, { name: 'a', size: octal(7), mode: '0004711\0', uid: '0001750\0', gid: '0001751\0', uname: 'user', gname: 'group', mtime: octal(1700000000) }],
    ['a mode as stat has it', { name: 'a', mode: 0o100640 }, { name: 'a', mode: '0000640\0' }],
    ['a Date', { name: 'a', mtime: new Date(1700000000000) }, { name: 'a', mtime: octal(1700000000) }],
    ['a device number that octal cannot hold, and PAX has no record for', { name: 'a', type: 'block-device', major: 2 ** 21 }, { name: 'a', typeflag: '4', major: base256(2n ** 21n, 8) }],
    ['a time that is a microsecond short of 0', { name: 'a', mtime: -1e-7 }, { name: 'a' }],
    ['the largest numbers', { name: 'a', size: 8 ** 11 - 1, uid: 8 ** 7 - 1, gid: 8 ** 7 - 1, mtime: 8 ** 11 - 1, major: 8 ** 7 - 1 }, { name: 'a', size: '77777777777\0', uid: '7777777\0', gid: '7777777\0', mtime: '77777777777\0', major: '7777777\0' }],
    ['a name of 99 octets', { name: 'n'.repeat(99) }, { name: 'n'.repeat(99) }],
    ['a name of 100 octets', { name: 'n'.repeat(100) }, { name: 'n'.repeat(100) }],
    ['a name of 101 octets with a slash', { name: `d/${'n'.repeat(99)}` }, { name: 'n'.repeat(99), prefix: 'd' }],
    ['a name of 256 octets with a slash at 155', { name: `${'p'.repeat(155)}/${'n'.repeat(100)}` }, { name: 'n'.repeat(100), prefix: 'p'.repeat(155) }],
    ['a long name is divided as far behind as can be', { name: `a/${'b'.repeat(90)}/${'c'.repeat(50)}/d` }, { name: 'd', prefix: `a/${'b'.repeat(90)}/${'c'.repeat(50)}` }],
    ['a long name of a directory is not divided at its last slash', { name: `a/${'b'.repeat(90)}/c${'d'.repeat(20)}/` }, { name: `c${'d'.repeat(20)}/`, prefix: `a/${'b'.repeat(90)}`, typeflag: '5', mode: '0000755\0' }],
    ['a long absolute name', { name: `/a/${'n'.repeat(99)}` }, { name: 'n'.repeat(99), prefix: '/a' }],
    ['a slash twice', { name: `a//${'n'.repeat(99)}` }, { name: 'n'.repeat(99), prefix: 'a/' }],
    ['a link of 100 octets', { name: 'l', type: 'symlink', linkName: 't'.repeat(100) }, { name: 'l', typeflag: '2', mode: '0000777\0', linkname: 't'.repeat(100) }],
    ['owners of 31 octets', { name: 'a', uname: 'u'.repeat(31), gname: 'g'.repeat(31) }, { name: 'a', uname: 'u'.repeat(31), gname: 'g'.repeat(31) }],
    ['a name that is not UTF-8', { name: 'caf\udce9' }, { name: 'caf\xe9' }],
    ['a long name that is not UTF-8', { name: `\udce9/${'n'.repeat(99)}` }, { name: 'n'.repeat(99), prefix: '\xe9' }],
    ['a control character', { name: 'a\nb\x7f' }, { name: 'a\nb\x7f' }],
  ])('%s', (_what, entry, fields) => {
    expect(header(entry)).toBe(plain(fields))
  })
})

describe('PAX', () => {
  const cut = (text: string, length = 100): string => text.slice(0, length)
  test.each<[string, TarHeader, string, Fields]>([
    ['a name of 101 octets', { name: 'n'.repeat(101) }, record('path', 'n'.repeat(101)), { name: 'n'.repeat(100) }],
    ['a name of 102 octets with its slash first', { name: `/${'n'.repeat(101)}` }, record('path', `/${'n'.repeat(101)}`), { name: cut(`/${'n'.repeat(101)}`) }],
    ['a name of 257 octets with a slash', { name: `${'p'.repeat(156)}/${'n'.repeat(100)}` }, record('path', `${'p'.repeat(156)}/${'n'.repeat(100)}`), { name: 'p'.repeat(100) }],
    ['a name of 4,000 octets', { name: 'n/'.repeat(1999) + 'ab' }, record('path', 'n/'.repeat(1999) + 'ab'), { name: 'n/'.repeat(50) }],
    ['a name that is not ASCII', { name: 'ä' }, record('path', utf8('ä')), { name: utf8('ä') }],
    ['a name of characters beyond 16 bits', { name: '😀' }, record('path', utf8('😀')), { name: utf8('😀') }],
    ['a directory that is not ASCII', { name: 'ä', type: 'directory' }, record('path', utf8('ä/')), { name: utf8('ä/'), typeflag: '5', mode: '0000755\0' }],
    ['a long name that is not UTF-8', { name: '\udce9'.repeat(101) }, record('hdrcharset', 'BINARY') + record('path', '\xe9'.repeat(101)), { name: '\xe9'.repeat(100) }],
    ['a link', { name: 'l', type: 'symlink', linkName: 't'.repeat(101) }, record('linkpath', 't'.repeat(101)), { name: 'l', typeflag: '2', mode: '0000777\0', linkname: 't'.repeat(100) }],
    ['a link with slashes, which has no prefix', { name: 'l', type: 'hardlink', linkName: `d/${'t'.repeat(99)}` }, record('linkpath', `d/${'t'.repeat(99)}`), { name: 'l', typeflag: '1', linkname: cut(`d/${'t'.repeat(99)}`) }],
    ['owners', { name: 'a', uname: 'u'.repeat(32), gname: 'ä' }, record('uname', 'u'.repeat(32)) + record('gname', utf8('ä')), { name: 'a', uname: 'u'.repeat(31), gname: utf8('ä') }],
    ['a size of 8 GiB', { name: 'a', size: 8 ** 11 }, record('size', '8589934592'), { name: 'a' }],
    ['ids of 2^21', { name: 'a', uid: 2 ** 21, gid: 2 ** 53 - 1 }, record('uid', '2097152') + record('gid', '9007199254740991'), { name: 'a' }],
    ['a time in the year 2242', { name: 'a', mtime: 8 ** 11 }, record('mtime', '8589934592'), { name: 'a' }],
    ['a time before 1970', { name: 'a', mtime: -1 }, record('mtime', '-1'), { name: 'a' }],
    ['a fraction before 1970', { name: 'a', mtime: -2, mtimeNs: 750_000_000 }, record('mtime', '-1.25'), { name: 'a' }],
    ['a fraction just before 1970', { name: 'a', mtime: -1, mtimeNs: 999_999_999 }, record('mtime', '-0.000000001'), { name: 'a' }],
    ['nanoseconds', { name: 'a', mtime: 1700000000, mtimeNs: 1 }, record('mtime', '1700000000.000000001'), { name: 'a', mtime: octal(1700000000) }],
    ['a number with a fraction', { name: 'a', mtime: 1700000000.123456 }, record('mtime', '1700000000.123456'), { name: 'a', mtime: octal(1700000000) }],
    ['a fraction that rounds up to a second', { name: 'a', mtime: 1.9999999 }, '', { name: 'a', mtime: octal(2) }],
    ['a Date with milliseconds', { name: 'a', mtime: new Date(1700000000001) }, record('mtime', '1700000000.001'), { name: 'a', mtime: octal(1700000000) }],
    ['a Date before 1970', { name: 'a', mtime: new Date(-1) }, record('mtime', '-0.001'), { name: 'a' }],
    ['attributes, in the order of their names', { name: 'a', xattrs: { 'user.b': 'ä', 'user.a=%3D%': octets('\0\n\xff'), 'user.c': '' } }, record('SCHILY.xattr.user.a%3D%253D%', '\0\n\xff') + record('SCHILY.xattr.user.b', utf8('ä')) + record('SCHILY.xattr.user.c', ''), { name: 'a' }],
    ['all at once', { name: 'n'.repeat(101), linkName: 'ä', uid: 2 ** 21, size: 8 ** 11, mtime: -1, uname: 'ä', xattrs: { a: 'b' } }, record('path', 'n'.repeat(101)) + record('linkpath', utf8('ä')) + record('uid', '2097152') + record('size', '8589934592') + record('mtime', '-1') + record('uname', utf8('ä')) + record('SCHILY.xattr.a', 'b'), { name: 'n'.repeat(100), linkname: utf8('ä'), uname: utf8('ä') }],
  ])('%s', (_what, entry, records, fields) => {
    const wanted = records === '' ? plain(fields) : withPax(records, { ...fields, ...(records.includes(' mtime=-') ? { mtime: octal(0) } : {}) })
    expect(header(entry)).toBe(wanted)
  })

  test.each([1, 9, 10, 11, 90, 91, 92, 93, 98, 99, 100, 989, 990, 991, 9990, 99990])('a record of a value of %i octets says its own length', length => {
    const value = 'v'.repeat(length)
    expect(header({ name: 'a', xattrs: { v: value } })).toBe(withPax(record('SCHILY.xattr.v', value), { name: 'a' }))
  })
})

describe('without PAX', () => {
  test.each<[string, TarHeader, Fields]>([
    ['nothing changes where octal suffices', { name: 'a', size: 8 ** 11 - 1, uid: 8 ** 7 - 1 }, { name: 'a', size: '77777777777\0', uid: '7777777\0' }],
    ['sizes of 8 GiB', { name: 'a', size: 8 ** 11 }, { name: 'a', size: base256(2n ** 33n, 12) }],
    ['the largest number', { name: 'a', size: 2 ** 53 - 1, uid: 2 ** 53 - 1 }, { name: 'a', size: base256(2n ** 53n - 1n, 12), uid: base256(2n ** 53n - 1n, 8) }],
    ['ids and devices of 2^21', { name: 'a', uid: 2 ** 21, gid: 2 ** 21, major: 2 ** 21, minor: 2 ** 32 }, { name: 'a', uid: base256(2n ** 21n, 8), gid: base256(2n ** 21n, 8), major: base256(2n ** 21n, 8), minor: base256(2n ** 32n, 8) }],
    ['times before 1970', { name: 'a', mtime: -1 }, { name: 'a', mtime: base256(-1n, 12) }],
    ['times long before 1970', { name: 'a', mtime: 1 - 2 ** 53 }, { name: 'a', mtime: base256(1n - 2n ** 53n, 12) }],
  ])('%s', (_what, entry, fields) => {
    expect(header(entry, { pax: false })).toBe(plain(fields))
  })

  test.each<[string, TarHeader]>([
    ['a long name', { name: 'n'.repeat(101) }],
    ['a name that is not ASCII', { name: 'ä' }],
    ['a long link', { name: 'a', linkName: 'n'.repeat(101) }],
    ['a fraction', { name: 'a', mtime: 1.5 }],
    ['nanoseconds', { name: 'a', mtimeNs: 1 }],
    ['an attribute', { name: 'a', xattrs: { a: 'b' } }],
  ])('%s is refused', (_what, entry) => {
    expect(() => encodeTarHeader(entry, { pax: false })).toThrowError(expect.objectContaining({ code: 'request-invalid', message: expect.stringMatching(/PAX/) }))
  })
})

/** What callers without types hand in. */
const untyped = (entry: unknown): TarHeader => entry as TarHeader

describe('what cannot be written', () => {
  test.each<[string, unknown, RegExp]>([
    ['no name', {}, /name/],
    ['an empty name', { name: '' }, /name/],
    ['a name that is no text', { name: 5 }, /name/],
    ['NUL in a name', { name: 'a\0b' }, /NUL/],
    ['NUL in a link', { name: 'a', type: 'symlink', linkName: 'a\0b' }, /NUL/],
    ['a link that is no text', { name: 'a', linkName: 5 }, /linkpath/],
    ['NUL in a long name', { name: `${'n'.repeat(200)}\0` }, /NUL/],
    ['NUL in an owner', { name: 'a', uname: '\0' }, /NUL/],
    ['NUL in the name of an attribute', { name: 'a', xattrs: { 'a\0': 'x' } }, /attribute/],
    ['an attribute without a name', { name: 'a', xattrs: { '': 'x' } }, /attribute/],
    ['an attribute that is no octets', { name: 'a', xattrs: { a: 5 } }, /attribute "a"/],
    ['a fraction and nanoseconds', { name: 'a', mtime: 1.5, mtimeNs: 5 }, /nanoseconds/],
    ['half of a character', { name: 'a\ud800' }, /octets/],
    ['the other half of a character', { name: 'a\udfff' }, /octets/],
    ['a symlink to nothing', { name: 'a', type: 'symlink' }, /links to nothing/],
    ['a hard link to nothing', { name: 'a', type: 'hardlink', linkName: '' }, /links to nothing/],
    ['an unknown type', { name: 'a', type: 'unknown' }, /type/],
    ['a type that is none', { name: 'a', type: 'socket' }, /type/],
    ['a type by its number', { name: 'a', type: 0 }, /type/],
    ['data of a directory', { name: 'd/', size: 1 }, /no data/],
    ['data of a symlink', { name: 'a', type: 'symlink', linkName: 'b', size: 1 }, /no data/],
    ...(['size', 'mode', 'uid', 'gid', 'major', 'minor'] as const).flatMap((key): [string, unknown, RegExp][] =>
      [-1, -4096, 1.5, NaN, Infinity, 2 ** 53, '7', 7n, null].map(value => [`a ${key} of ${JSON.stringify(value, (_key, v: unknown) => (typeof v === 'bigint' || typeof v === 'number' ? String(v) : v))}`, { name: 'a', [key]: value }, new RegExp(key)]),
    ),
    ...[NaN, Infinity, -Infinity, 2 ** 60, new Date(NaN)].map((mtime): [string, unknown, RegExp] => [`a time of ${String(mtime)}`, { name: 'a', mtime }, /time/]),
    ...['now', null, 7n, {}].map((mtime): [string, unknown, RegExp] => [`a time of ${String(mtime)}`, { name: 'a', mtime }, /time/]),
    ...[-1, 1e9, 0.5, NaN, '5'].map((mtimeNs): [string, unknown, RegExp] => [`nanoseconds of ${JSON.stringify(String(mtimeNs))}`, { name: 'a', mtimeNs }, /nanoseconds/]),
    ['a PAX header that no reader takes', { name: 'a', xattrs: { a: new Uint8Array(TAR_META_MAX) } }, /PAX header/],
  ])('%s', (_what, entry, message) => {
    expect(() => encodeTarHeader(untyped(entry))).toThrowError(expect.objectContaining({ code: 'request-invalid', message: expect.stringMatching(message) }))
  })
})

describe('names', () => {
  test.each<[string, string, string]>([
    ['ASCII', 'name', 'name'],
    ['UTF-8', 'ä€😀', utf8('ä€😀')],
    ['U+FFFD', '\ufffd', '\xef\xbf\xbd'],
    ['a byte order mark', '\ufeffa', '\xef\xbb\xbfa'],
    ['an octet that is none', 'a\udc80b\udcff', 'a\x80b\xff'],
    ['an octet that is none beside a character', 'ä\udce4', `${utf8('ä')}\xe4`],
  ])('%s', (_what, text, bytes) => {
    expect(latin1(encodeTarText(text))).toBe(bytes)
  })

  test('any octets come back as they were', () => {
    const next = random(1)
    for (let round = 0; round < 2000; round++) {
      const bytes = Uint8Array.from({ length: Math.floor(next() * 12) }, () => Math.floor(next() * (round % 2 === 0 ? 256 : 8) + (round % 2 === 0 ? 0 : 0xbe)))
      const text = decodeTarText(bytes)
      expect(latin1(encodeTarText(text))).toBe(latin1(bytes))
      // Character by character: what is UTF-8 is decoded wherever it stands.
      const cut = Math.floor(next() * bytes.length)
      if (!(bytes[cut]! >= 0x80 && bytes[cut]! < 0xc0)) expect(decodeTarText(bytes, 0, cut) + decodeTarText(bytes, cut)).toBe(text)
      // What is UTF-8 is decoded as such.
      const wanted = new TextDecoder('utf-8', { ignoreBOM: true })
      if (latin1(new TextEncoder().encode(wanted.decode(bytes))) === latin1(bytes)) expect(text).toBe(wanted.decode(bytes))
    }
  })
})

describe('archives', () => {
  const pack = (write: (encoder: ReturnType<typeof createTarEncoder>) => void): Uint8Array[] => {
    const chunks: Uint8Array[] = []
    write(createTarEncoder(chunk => void chunks.push(chunk)))
    return chunks
  }
  const join = (chunks: Uint8Array[]): string => latin1(concat(chunks))
  const END = '\0'.repeat(1024)

  test('of nothing are two blocks of zeros', () => {
    expect(join(pack(tar => tar.end()))).toBe(END)
  })

  test.each([0, 1, 511, 512, 513, 32767, 32768, 65535, 65536, 65537, 200_000])('a file of %i octets is padded to a whole block', size => {
    const body = new Uint8Array(size).fill(120)
    const chunks = pack(tar => {
      tar.entry({ name: 'a', size })
      tar.data(body)
      tar.end()
    })
    expect(join(chunks)).toBe(plain({ name: 'a', size: octal(size) }) + pad('x'.repeat(size)) + END)
  })

  test('small files are gathered to chunks of 64 KiB, and no chunk is written again', () => {
    const chunks: Uint8Array[] = []
    const copies: string[] = []
    const tar = createTarEncoder(chunk => {
      chunks.push(chunk)
      copies.push(latin1(chunk))
    })
    const body = new Uint8Array(700).fill(120)
    for (let i = 0; i < 300; i++) {
      tar.entry({ name: `file-${i}`, size: 700 })
      tar.data(body.subarray(0, 300))
      tar.data(body.subarray(300))
    }
    tar.end()
    expect(chunks.slice(0, -1).map(chunk => chunk.length)).toEqual(Array.from({ length: chunks.length - 1 }, () => 65536))
    expect(chunks.reduce((sum, chunk) => sum + chunk.length, 0)).toBe(300 * 1536 + 1024)
    expect(chunks.map(latin1)).toEqual(copies)
  })

  test('large data is handed on as it is', () => {
    const body = new Uint8Array(100_000)
    const chunks = pack(tar => {
      tar.entry({ name: 'a', size: 200_000 })
      tar.data(body)
      tar.data(body)
      tar.end()
    })
    expect(chunks.map(chunk => chunk.length)).toEqual([512, 100_000, 100_000, 192 + 1024])
    expect(chunks[1]).toBe(body)
    expect(chunks[2]).toBe(body)
  })

  test('the size may be said beside the entry', () => {
    const entry = { name: 'a' }
    expect(join(pack(tar => {
      tar.entry(entry, 3)
      tar.data(octets('abc'))
      tar.end()
    }))).toBe(plain({ name: 'a', size: octal(3) }) + pad('abc') + END)
    expect(entry).toEqual({ name: 'a' })
  })

  test.each<[string, (tar: ReturnType<typeof createTarEncoder>) => void]>([
    ['the next entry', tar => tar.entry({ name: 'b' })],
    ['the end of the entry', tar => tar.endEntry()],
    ['the end', tar => tar.end()],
    ['one octet too many', tar => tar.data(octets('xyz'))],
    ['many octets too many', tar => tar.data(new Uint8Array(100_000))],
  ])('data that is not as long as it should be: %s', (_what, act) => {
    pack(tar => {
      tar.entry({ name: 'a', size: 5 })
      tar.data(octets('abc'))
      expect(() => act(tar)).toThrowError(expect.objectContaining({ code: 'tar-size-mismatch', limit: 5, message: expect.stringContaining('"a"') }))
    })
  })

  test('data of an entry that has none, or of no entry', () => {
    pack(tar => {
      expect(() => tar.data(octets('x'))).toThrowError(expect.objectContaining({ code: 'tar-size-mismatch' }))
      tar.data(octets(''))
      tar.entry({ name: 'd/' })
      expect(() => tar.data(octets('x'))).toThrowError(expect.objectContaining({ code: 'tar-size-mismatch' }))
    })
  })

  test('an entry that is refused leaves nothing behind', () => {
    expect(join(pack(tar => {
      expect(() => tar.entry({ name: '' })).toThrowError(expect.objectContaining({ code: 'request-invalid' }))
      tar.entry({ name: 'a' })
      expect(() => tar.entry({ name: 'b', size: -1 })).toThrowError(expect.objectContaining({ code: 'request-invalid' }))
      tar.end()
    }))).toBe(plain({ name: 'a' }) + END)
  })

  test('the same entries give the same octets, and are read as they were written', () => {
    const next = random(7)
    const pick = <T>(...from: T[]): T => from[Math.floor(next() * from.length)]!
    const text = (): string => Array.from({ length: Math.floor(next() ** 3 * 300) + 1 }, () => pick('a', 'b', '/', '.', ' ', 'ä', '😀', '\udce4')).join('')
    const entries: TarEntry[] = Array.from({ length: 2000 }, () => {
      const type = pick<TarEntry['type']>('file', 'file', 'directory', 'symlink', 'hardlink', 'character-device', 'block-device', 'fifo')
      const name = text()
      return {
        name: type === 'directory' ? `${name}/` : `${name}x`,
        type,
        typeflag: '0125346'[['file', 'hardlink', 'symlink', 'directory', 'character-device', 'block-device', 'fifo'].indexOf(type)]!,
        size: type === 'file' ? Math.floor(next() ** 4 * 3000) : 0,
        mode: Math.floor(next() * 0o10000),
        uid: pick(0, 1000, 8 ** 7 - 1, 8 ** 7, 2 ** 32),
        gid: pick(0, 8 ** 7),
        uname: pick('', 'user', 'ä', 'u'.repeat(32)),
        gname: pick('', 'group'),
        mtime: pick(0, 1700000000, -1, 8 ** 11, -(2 ** 40)),
        mtimeNs: pick(0, 0, 1, 999_999_999, 500_000_000),
        linkName: type.endsWith('link') ? text() : '',
        major: type.endsWith('device') ? pick(0, 8, 8 ** 7) : 0,
        minor: 0,
        ...(next() < 0.1 ? { xattrs: { 'user.a=b': encodeTarText(text()), 'user.c%3D': octets('\0\xff') } } : {}),
      }
    })
    const write = (): Uint8Array[] =>
      pack(tar => {
        for (const entry of entries) {
          tar.entry(entry)
          tar.data(new Uint8Array(entry.size).fill(entry.size & 0xff))
        }
        tar.end()
      })
    const archive = concat(write())
    expect(Buffer.compare(concat(write()), archive)).toBe(0)

    const read: TarEntry[] = []
    let left = 0
    const tar = createTarDecoder({
      entry(entry) {
        expect(left).toBe(0)
        read.push(entry)
        left = entry.size
      },
      data(chunk, start, end) {
        left -= end - start
        expect(chunk.subarray(start, end).every(c => c === (read.at(-1)!.size & 0xff))).toBe(true)
      },
      hole() {},
    })
    expect(tar.push(archive, 0, archive.length)).toBe(archive.length - 512)
    expect(read).toEqual(entries)
    expect(left).toBe(0)
  })
})
