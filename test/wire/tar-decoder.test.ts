/** Reading tar: every field, every format, every extension, and what is none (POSIX.1-2017, pax; GNU tar manual; golang/go and libarchive for what they leave open). */
import { describe, expect, test } from 'vitest'
import { isError } from '../../src/errors.js'
import { MORE } from '../../src/wire/decoder.js'
import { createTarDecoder, decodeTarHeader, TAR_META_MAX, TAR_SPARSE_MAX, type TarDecoderOptions, type TarEntry } from '../../src/wire/index.js'
import { codesOfPrefixes, decoderRows, latin1, octets, run, type Row, type Subject } from '../support/cuts.js'
import { base256, block, END, file, GNU, long, octal, pad, pax, record, USTAR, utf8, type Fields } from './tar-blocks.js'

const DEFAULTS: TarEntry = { name: 'a', type: 'file', typeflag: '0', size: 0, mode: 0o644, uid: 0, gid: 0, uname: '', gname: '', mtime: 0, mtimeNs: 0, linkName: '', major: 0, minor: 0 }

const subject =
  (options?: TarDecoderOptions): Subject =>
  out =>
    createTarDecoder(
      {
        entry: ({ xattrs, ...entry }) => out.item('entry', xattrs ? { ...entry, xattrs: Object.fromEntries(Object.entries(xattrs).map(([name, value]) => [name, latin1(value)])) } : entry),
        data: (chunk, start, end) => out.piece('data', chunk, start, end),
        hole: length => out.item('hole', length),
      },
      options,
    )
const decoder = subject()

/** An archive of one entry with the mark of the end; `finished` behind its first block. */
const whole = (name: string, bytes: string, ...items: Row['items'] & {}): Row => ({ name, bytes: bytes + END, items, finished: [bytes.length + 512] })
type Wanted = Omit<Partial<TarEntry>, 'xattrs'> & { xattrs?: Record<string, string> }
const entry = (fields: Wanted): ['entry', unknown] => ['entry', { ...DEFAULTS, ...fields }]
const data = (text: string): ['data', string] => ['data', text]
const hole = (length: number): ['hole', number] => ['hole', length]
const refused = (name: string, bytes: string, items: Row['items'] = []): Row => ({ name, bytes: bytes + END, items, error: 'tar-malformed' })

decoderRows('files', decoder, [
  whole('none', ''),
  whole('an empty one', file({}), entry({})),
  ...[1, 511, 512, 513, 1024, 1025].map(size => whole(`of ${size} octets`, file({}, 'x'.repeat(size)), entry({ size }), data('x'.repeat(size)))),
  whole('several', file({ name: 'a' }, 'one') + file({ name: 'b' }) + file({ name: 'c' }, 'three'), entry({ name: 'a', size: 3 }), data('one'), entry({ name: 'b' }), entry({ name: 'c', size: 5 }), data('three')),
  whole('with every field', file({ name: 'd/e', mode: '0100755\0', uid: '0001750\0', gid: '0000764\0', mtime: '14123456701\0', linkname: 'link', uname: 'user', gname: 'group', major: '0000001\0', minor: '0000002\0' }, 'data'), entry({ name: 'd/e', mode: 0o100755, uid: 0o1750, gid: 0o764, mtime: 0o14123456701, linkName: 'link', uname: 'user', gname: 'group', major: 1, minor: 2, size: 4 }), data('data')),
  whole('with data that looks like a header', file({}, file({ name: 'b' })), entry({ size: 512 }), data(file({ name: 'b' }))),
  whole('with data that looks like the end', file({}, END) + file({ name: 'b' }), entry({ size: 1024 }), data(END), entry({ name: 'b' })),
  whole('with a name that fills its field', file({ name: 'n'.repeat(100) }), entry({ name: 'n'.repeat(100) })),
  whole('with an owner that fills its field', file({ uname: 'u'.repeat(32), gname: 'g'.repeat(32) }), entry({ uname: 'u'.repeat(32), gname: 'g'.repeat(32) })),
  whole('with a prefix', file({ name: 'n'.repeat(100), prefix: 'p'.repeat(155) }), entry({ name: `${'p'.repeat(155)}/${'n'.repeat(100)}` })),
  whole('with garbage behind the NUL of a name', file({ name: 'name\0garbage' }), entry({ name: 'name' })),
  whole('without a name', file({ name: '' }), entry({ name: '' })),
  whole('whose name has a brace first, as the message of an engine has', file({ name: '{"a":1}' }), entry({ name: '{"a":1}' })),
])

decoderRows('types', decoder, [
  ...(
    [
      ['1', 'hardlink'],
      ['2', 'symlink'],
      ['3', 'character-device'],
      ['4', 'block-device'],
      ['5', 'directory'],
      ['6', 'fifo'],
    ] as const
  ).flatMap(([typeflag, type]) => [
    whole(type, file({ typeflag }), entry({ typeflag, type })),
    // POSIX.1-2017: no data follows these, whatever the size says. Old writers gave a linked file's or a directory's.
    whole(`${type} with a size`, block({ typeflag, size: octal(700) }) + file({ name: 'b' }), entry({ typeflag, type }), entry({ name: 'b' })),
  ]),
  whole('a contiguous file', file({ typeflag: '7' }, 'x'), entry({ typeflag: '7', size: 1 }), data('x')),
  whole('a file of V7', file({ typeflag: '\0' }, 'x'), entry({ typeflag: '\0', size: 1 }), data('x')),
  whole('a directory of V7', file({ name: 'd/', typeflag: '\0' }), entry({ name: 'd/', typeflag: '\0', type: 'directory' })),
  whole('a file with a slash', file({ name: 'd/' }), entry({ name: 'd/' })),
  ...['8', 'A', 'D', 'V', 'M', 'N', 'Z', ' ', '\xff'].map(typeflag => whole(`unknown: ${JSON.stringify(typeflag)}`, file({ typeflag }, 'x'), entry({ typeflag, type: 'unknown', size: 1 }), data('x'))),
])

decoderRows('other formats', decoder, [
  whole('V7, which ends behind the link name', file({ magic: '', uname: 'garbage', prefix: 'garbage' }, 'x'), entry({ size: 1 }), data('x')),
  whole('GNU', file({ magic: GNU, uname: 'u', gname: 'g' }), entry({ uname: 'u', gname: 'g' })),
  whole('GNU with times where ustar has its prefix', file({ magic: GNU, prefix: '12574544345\x0012574544346\0' }), entry({})),
  whole('GNU with times in base-256', file({ magic: GNU, prefix: base256(-5n, 12) }), entry({})),
  whole('GNU with a prefix, as Go wrote it before 1.8', file({ magic: GNU, prefix: 'dir' }), entry({ name: 'dir/a' })),
  whole('star with times behind a shorter prefix', file({ prefix: 'p'.repeat(131), at: { 476: '12574544345\x0012574544346\0', 508: 'tar\0' } }), entry({ name: `${'p'.repeat(131)}/a` })),
])

const number = (name: string, fields: Fields, wanted: Wanted): Row => whole(name, file(fields), entry(wanted))

decoderRows('numbers', decoder, [
  number('empty', { uid: '' }, { uid: 0 }),
  number('blanks only', { uid: '        ' }, { uid: 0 }),
  number('without a NUL', { uid: '12345670' }, { uid: 0o12345670 }),
  number('blanks in front', { uid: '    17 \0' }, { uid: 0o17 }),
  number('NUL in front', { uid: '\x0017\0' }, { uid: 0o17 }),
  number('a blank behind', { uid: '0000017 ' }, { uid: 0o17 }),
  number('blanks and NUL behind', { uid: '17 \0 \0' }, { uid: 0o17 }),
  number('garbage behind NUL', { uid: '17\x009xyz' }, { uid: 0o17 }),
  number('the largest in octal', { mtime: '777777777777' }, { mtime: 8 ** 12 - 1 }),
  number('base-256', { uid: base256(2_097_152n, 8), gid: base256(4_294_967_294n, 8) }, { uid: 2_097_152, gid: 4_294_967_294 }),
  number('base-256 of 2^53 - 1', { mtime: base256(2n ** 53n - 1n, 12) }, { mtime: 2 ** 53 - 1 }),
  number('base-256 below zero', { mtime: base256(-1n, 12) }, { mtime: -1 }),
  number('base-256 far below zero', { mtime: base256(-(2n ** 53n - 1n), 12) }, { mtime: 1 - 2 ** 53 }),
  // plexus-archiver leaves text there; only a device needs its numbers.
  number('text in the device numbers of a file', { major: 'garbage', minor: 'garbage' }, {}),
])

decoderRows('what is no number', decoder, [
  refused('letters', file({ uid: 'letters\0' })),
  refused('a digit of nine', file({ uid: '0000009\0' })),
  refused('a sign', file({ mtime: '-0000000001\0' })),
  refused('digits behind a blank', file({ mode: '644 644\0' })),
  refused('letters behind digits', file({ mtime: '0000001x\0' })),
  refused('text in the numbers of a device', file({ typeflag: '3', major: 'garbage' })),
  ...(['size', 'uid', 'gid', 'mode'] as const).map(key => refused(`a ${key} below zero`, file({ [key]: base256(-1n, key === 'size' ? 12 : 8) }))),
  refused('a size beyond 2^53', file({ size: base256(2n ** 53n, 12) })),
  refused('a size of all bits', file({ size: '\x80' + '\xff'.repeat(11) })),
  refused('a time beyond 2^53', file({ mtime: base256(2n ** 60n, 12) })),
])

decoderRows('checksums', decoder, [
  whole('of signed octets', file({ name: 'n\xe4me', checksum: 'signed' }), entry({ name: 'n\udce4me' })),
  whole('with blanks in front', block({ checksum: `  ${(Array.from(octets(block({ checksum: '        ' }))).reduce((a, b) => a + b)).toString(8)}\0 ` }), entry({})),
  refused('wrong by one', file({}).replace('0000644', '0000645')),
  refused('none', file({ checksum: '' })),
  refused('no number', file({ checksum: 'checksum' })),
  { name: 'a later header that is wrong, behind an entry that was delivered', bytes: file({}, 'x') + file({ name: 'b', checksum: '777' }) + END, items: [entry({ size: 1 }), data('x')], error: 'tar-malformed' },
  refused('text', 'no archive at all, but text. '.repeat(40)),
])

decoderRows('names that are not ASCII', decoder, [
  whole('UTF-8', file({ name: utf8('ä€😀'), uname: utf8('jürgen') }), entry({ name: 'ä€😀', uname: 'jürgen' })),
  whole('UTF-8 with U+FFFD', file({ name: utf8('a\ufffd') }), entry({ name: 'a\ufffd' })),
  whole('Latin-1', file({ name: 'caf\xe9' }), entry({ name: 'caf\udce9' })),
  whole('a character cut short', file({ name: 'a\xe2\x82' }), entry({ name: 'a\udce2\udc82' })),
  whole('an overlong slash', file({ name: 'a\xc0\xaf' }), entry({ name: 'a\udcc0\udcaf' })),
  whole('half of a character (CESU-8)', file({ name: '\xed\xa0\x80' }), entry({ name: '\udced\udca0\udc80' })),
  whole('a link', file({ typeflag: '2', linkname: '\xff' }), entry({ typeflag: '2', type: 'symlink', linkName: '\udcff' })),
])

const extended = (name: string, records: Record<string, string> | string, wanted: Wanted, fields: Fields = {}): Row => whole(name, pax(records) + file(fields), entry(wanted))

decoderRows('PAX', decoder, [
  extended('path', { path: 'p'.repeat(300) }, { name: 'p'.repeat(300) }),
  extended('path of 4,000 octets', { path: 'p'.repeat(4000) }, { name: 'p'.repeat(4000) }),
  extended('path wins over prefix', { path: 'path' }, { name: 'path' }, { prefix: 'prefix' }),
  extended('path in UTF-8', { path: utf8('ä') }, { name: 'ä' }),
  extended('path that is not UTF-8', { hdrcharset: 'BINARY', path: '\xe4' }, { name: '\udce4' }),
  extended('an empty path', { path: '' }, { name: '' }),
  extended('path with = and newlines', { path: 'a=b\n12 c=d\n' }, { name: 'a=b\n12 c=d\n' }),
  extended('linkpath', { linkpath: 'l'.repeat(200) }, { typeflag: '2', type: 'symlink', linkName: 'l'.repeat(200) }, { typeflag: '2', linkname: 'short' }),
  extended('owner', { uid: '4294967294', gid: '2097152', uname: 'u'.repeat(40), gname: utf8('grüppe') }, { uid: 4294967294, gid: 2097152, uname: 'u'.repeat(40), gname: 'grüppe' }),
  whole('size', pax({ size: '3' }) + block({ size: octal(0) }) + pad('abc'), entry({ size: 3 }), data('abc')),
  whole('size with zeros in front', pax({ size: '000000000000000000000003' }) + block({}) + pad('abc'), entry({ size: 3 }), data('abc')),
  // It is of the entry, not of the headers that come between (CVE-2025-62518).
  whole('size before another extension header', pax({ size: '3' }) + long('long') + block({ size: octal(0), magic: GNU }) + pad('abc'), entry({ name: 'long', size: 3 }), data('abc')),
  extended('mtime', { mtime: '1350244992' }, { mtime: 1350244992 }),
  extended('mtime with a fraction', { mtime: '1350244992.023960108' }, { mtime: 1350244992, mtimeNs: 23960108 }),
  extended('mtime with a short fraction', { mtime: '1350244992.3' }, { mtime: 1350244992, mtimeNs: 300000000 }),
  extended('mtime with too long a fraction', { mtime: '1.0000000019' }, { mtime: 1, mtimeNs: 1 }),
  extended('mtime with a point', { mtime: '1.' }, { mtime: 1 }),
  extended('mtime before 1970', { mtime: '-1' }, { mtime: -1 }),
  extended('mtime before 1970 with a fraction', { mtime: '-1.25' }, { mtime: -2, mtimeNs: 750000000 }),
  extended('mtime just before 1970', { mtime: '-0.000000001' }, { mtime: -1, mtimeNs: 999999999 }),
  extended('mtime of nothing below zero', { mtime: '-0' }, { mtime: 0 }),
  extended('attributes', { 'SCHILY.xattr.user.a': 'text', 'SCHILY.xattr.security.capability': '\x01\0\0\x02\n=\xff', 'SCHILY.xattr.user.empty': '' }, { xattrs: { 'user.a': 'text', 'security.capability': '\x01\0\0\x02\n=\xff', 'user.empty': '' } }),
  // GNU tar, src/xattrs.c and xheader.c: names keep = and % so.
  extended('attributes with = in their names', { 'SCHILY.xattr.user.a%3Db%25': 'x', 'SCHILY.xattr.user.50%': 'y', 'SCHILY.xattr.user.%2525': 'z' }, { xattrs: { 'user.a=b%': 'x', 'user.50%': 'y', 'user.%25': 'z' } }),
  extended('an attribute called __proto__', { 'SCHILY.xattr.__proto__': 'x' }, { xattrs: Object.fromEntries([['__proto__', 'x']]) }),
  extended('keys that are none of ours', { 'comment': 'x', 'atime': 'x', 'LIBARCHIVE.xattr.a': 'x', 'constructor': 'x', '__proto__': 'x', 'VENDOR.ä': '' }, {}),
  extended('no records', '', {}),
  whole('of Solaris', pax({ path: 'path' }, 'X') + file({}), entry({ name: 'path' })),
  // As in Go: the last header counts, as a whole.
  whole('twice', pax({ path: 'one', uid: '1' }) + pax({ path: 'two' }) + file({}), entry({ name: 'two' })),
  whole('for one entry only', pax({ path: 'p' }) + file({}) + file({ name: 'b' }), entry({ name: 'p' }), entry({ name: 'b' })),
])

decoderRows('PAX that is none', decoder, [
  ...Object.entries({
    'a length that is too short': '9 path=abcdef\n',
    'a length beyond the header': '900 path=abc\n',
    'a length of nothing': '0 path=abc\n',
    'a length below zero': '-12 path=abc\n',
    'a length that is no number': 'xx path=abc\n',
    'a length with a sign': '+12 path=abc\n',
    'a length of many digits': `${'0'.repeat(20)}12 path=abc\n`,
    'a length in hexadecimal': '0xd path=abc\n',
    'no length': ' path=abc\n',
    'no blank': '12\n',
    'no equals sign': '12 pathabcd\n',
    'no key': '8 =abcd\n',
    'no newline': '12 path=abcd',
    'something behind the records': `${record('path', 'a')}x`,
    'NUL behind the records': `${record('path', 'a')}\0\0`,
  }).map(([name, records]) => refused(name, pax(records) + file({}))),
  ...Object.entries({
    'NUL in path': { path: 'a\0b' },
    'NUL in linkpath': { linkpath: 'a\0b' },
    'NUL in uname': { uname: 'a\0' },
    'NUL in the name of an attribute': { 'SCHILY.xattr.user.a\0b': 'x' },
    'a size below zero': { size: '-1' },
    'a size with a fraction': { size: '1.5' },
    'a size with an exponent': { size: '1e3' },
    'a size beyond 2^53': { size: '9007199254740992' },
    'a size of 2^64 + 1': { size: '18446744073709551617' },
    'a size in hexadecimal': { size: '0x10' },
    'an empty size': { size: '' },
    'a uid that is none': { uid: 'root' },
    'a gid below zero': { gid: '-1' },
    'a time that is none': { mtime: 'now' },
    'a time with two points': { mtime: '1.2.3' },
    'a time with an exponent': { mtime: '1e3' },
    'a time beyond 2^53': { mtime: '9007199254740992' },
    'a sign alone': { mtime: '-' },
  }).map(([name, records]) => refused(name, pax(records) + file({}))),
  refused('with nothing behind it', pax({ path: 'p' })),
])

decoderRows('global headers', decoder, [
  whole('apply to all that follow', pax({ uid: '7', mtime: '1.5' }, 'g') + file({ name: 'a' }) + file({ name: 'b' }), entry({ uid: 7, mtime: 1, mtimeNs: 5e8 }), entry({ name: 'b', uid: 7, mtime: 1, mtimeNs: 5e8 })),
  whole('give way to those of an entry', pax({ uid: '7', gid: '8' }, 'g') + pax({ uid: '9' }) + file({ name: 'a' }) + file({ name: 'b' }), entry({ uid: 9, gid: 8 }), entry({ name: 'b', uid: 7, gid: 8 })),
  whole('add up', pax({ uid: '7', gid: '8' }, 'g') + pax({ uid: '9' }, 'g') + file({}), entry({ uid: 9, gid: 8 })),
  whole('may come between', pax({ uid: '7' }) + pax({ gid: '8' }, 'g') + file({}), entry({ uid: 7, gid: 8 })),
  whole('of git archive', pax({ comment: 'c1f4c1f4c1f4' }, 'g') + file({}), entry({})),
  whole('with nothing behind them', pax({ comment: 'x' }, 'g')),
  whole('have no attributes and no sparse maps', pax({ 'SCHILY.xattr.a': 'x', 'GNU.sparse.map': '0,1', 'GNU.sparse.major': '0' }, 'g') + file({}), entry({})),
  refused('that are malformed', pax({ uid: 'x' }, 'g') + file({})),
])

decoderRows('long names of GNU', decoder, [
  whole('a name', long('n'.repeat(300)) + file({ magic: GNU }), entry({ name: 'n'.repeat(300) })),
  whole('a name of 4,000 octets', long('n'.repeat(4000)) + file({ magic: GNU }), entry({ name: 'n'.repeat(4000) })),
  whole('a name without its NUL', file({ typeflag: 'L' }, 'name') + file({}), entry({ name: 'name' })),
  whole('a name with garbage behind NUL', file({ typeflag: 'L' }, 'name\0garbage\0') + file({}), entry({ name: 'name' })),
  whole('a name that is not UTF-8', long('\xe4') + file({}), entry({ name: '\udce4' })),
  whole('an empty name', file({ typeflag: 'L' }) + file({}), entry({ name: '' })),
  whole('a link', long('l'.repeat(300), 'K') + file({ typeflag: '1' }), entry({ typeflag: '1', type: 'hardlink', linkName: 'l'.repeat(300) })),
  whole('both, in both orders', long('name') + long('link', 'K') + file({ typeflag: '2' }) + long('link2', 'K') + long('name2') + file({ typeflag: '2' }), entry({ typeflag: '2', type: 'symlink', name: 'name', linkName: 'link' }), entry({ typeflag: '2', type: 'symlink', name: 'name2', linkName: 'link2' })),
  whole('two names, of which the last counts', long('one') + long('two') + file({}), entry({ name: 'two' })),
  whole('win over PAX, as in Go', long('long') + pax({ path: 'pax' }) + file({}), entry({ name: 'long' })),
  whole('of a directory of V7', long('d/') + file({ typeflag: '\0' }), entry({ name: 'd/', typeflag: '\0', type: 'directory' })),
  refused('with nothing behind them', long('name')),
])

/** Old GNU: four pieces in the header, whether there are more, and the size with the holes. */
const oldSparse = (pieces: [number, number][], size: number, stored: string, more = ''): string =>
  block({ typeflag: 'S', magic: GNU, size: octal(stored.length), at: { 386: pieces.map(([at, length]) => octal(at) + octal(length)).join(''), 482: more === '' ? '\0' : '\x01', 483: octal(size) } }) + more + pad(stored)
const moreSparse = (pieces: [number, number][], isLast = true): string => (pieces.map(([at, length]) => octal(at) + octal(length)).join('').padEnd(504, '\0') + (isLast ? '\0' : '\x01')).padEnd(512, '\0')

const SPARSE = { typeflag: 'S', type: 'file' } as const
const PIECES = (count: number, from = 0): [number, number][] => Array.from({ length: count }, (_, i) => [2 * (i + from) + 1, 1])
const letters = (count: number): string => Array.from({ length: count }, (_, i) => String.fromCharCode(97 + (i % 26))).join('')
/** A hole of one octet before each letter. */
const spaced = (count: number): Row['items'] & {} => Array.from(letters(count)).flatMap(letter => [hole(1), data(letter)])

decoderRows('old sparse files of GNU', decoder, [
  whole('data, a hole, data', oldSparse([[0, 2], [5, 2]], 7, 'abcd'), entry({ ...SPARSE, size: 7 }), data('ab'), hole(3), data('cd')),
  whole('a hole first and last', oldSparse([[3, 2]], 9, 'ab'), entry({ ...SPARSE, size: 9 }), hole(3), data('ab'), hole(4)),
  whole('a hole alone', oldSparse([[9, 0]], 9, ''), entry({ ...SPARSE, size: 9 }), hole(9)),
  whole('a hole without a map', oldSparse([], 9, ''), entry({ ...SPARSE, size: 9 }), hole(9)),
  whole('nothing at all', oldSparse([], 0, ''), entry({ ...SPARSE })),
  whole('pieces without a hole between', oldSparse([[0, 2], [2, 2], [4, 0]], 4, 'abcd'), entry({ ...SPARSE, size: 4 }), data('abcd')),
  whole('four pieces', oldSparse(PIECES(4), 8, letters(4)), entry({ ...SPARSE, size: 8 }), ...spaced(4)),
  whole('one more block of pieces', oldSparse(PIECES(4), 10, letters(5), moreSparse(PIECES(1, 4))), entry({ ...SPARSE, size: 10 }), ...spaced(5)),
  whole('two more blocks of pieces', oldSparse(PIECES(4), 60, letters(30), moreSparse(PIECES(21, 4), false) + moreSparse(PIECES(5, 25))), entry({ ...SPARSE, size: 60 }), ...spaced(30)),
  whole('60 GB of holes in an octet', oldSparse([[59_999_999_999, 1]], 60_000_000_000, 'x'), entry({ ...SPARSE, size: 60_000_000_000 }), hole(59_999_999_999), data('x')),
  whole('and a file behind it', oldSparse([[1, 1]], 2, 'a') + file({ name: 'b' }), entry({ ...SPARSE, size: 2 }), hole(1), data('a'), entry({ name: 'b' })),
  refused('pieces out of order', oldSparse([[5, 2], [0, 2]], 7, 'abcd')),
  refused('pieces that overlap', oldSparse([[0, 2], [1, 2]], 7, 'abcd')),
  refused('pieces beyond the size', oldSparse([[6, 2]], 7, 'ab')),
  refused('more data than in the map', oldSparse([[0, 2]], 7, 'abc')),
  refused('less data than in the map', oldSparse([[0, 4]], 7, 'abc')),
  refused('a size that is none', block({ typeflag: 'S', magic: GNU, at: { 483: 'size' } })),
  refused('a piece that is none', block({ typeflag: 'S', magic: GNU, at: { 386: 'piece', 483: octal(9) } })),
  refused('a size below zero', block({ typeflag: 'S', magic: GNU, at: { 483: base256(-1n, 12) } })),
])

const sparse = (records: Record<string, string> | string, stored: string): string => pax(records) + file({ name: 'GNUSparseFile.1/a' }, stored)
const map10 = (numbers: number[]): string => pad(numbers.map(value => `${value}\n`).join(''))
const sparse10 = (numbers: number[], size: number, stored: string): string => sparse({ 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.name': 'a', 'GNU.sparse.realsize': String(size) }, map10(numbers) + stored)
const sparse01 = (map: string, size: number | string, stored: string): string => sparse({ 'GNU.sparse.size': String(size), 'GNU.sparse.numblocks': '2', 'GNU.sparse.name': 'a', 'GNU.sparse.map': map }, stored)
const sparse00 = (numbers: number[], size: number, stored: string): string =>
  pax(record('GNU.sparse.size', String(size)) + record('GNU.sparse.numblocks', String(numbers.length / 2)) + numbers.map((value, i) => record(`GNU.sparse.${i % 2 === 0 ? 'offset' : 'numbytes'}`, String(value))).join('')) + file({}, stored)

decoderRows('sparse files in PAX', decoder, [
  ...(
    [
      ['0.0', sparse00],
      ['0.1', (numbers: number[], size: number, stored: string) => sparse01(String(numbers), size, stored)],
      ['1.0', (numbers: number[], size: number, stored: string) => sparse10([numbers.length / 2, ...numbers], size, stored)],
    ] as const
  ).flatMap(([version, make]) => [
    whole(`${version}: data, a hole, data`, make([0, 2, 5, 2], 7, 'abcd'), entry({ size: 7 }), data('ab'), hole(3), data('cd')),
    whole(`${version}: a hole first and last`, make([3, 2, 9, 0], 9, 'ab'), entry({ size: 9 }), hole(3), data('ab'), hole(4)),
    whole(`${version}: a hole alone`, make([9, 0], 9, ''), entry({ size: 9 }), hole(9)),
    refused(`${version}: pieces that overlap`, make([0, 2, 1, 2], 7, 'abcd')),
    refused(`${version}: pieces beyond the size`, make([6, 2], 7, 'ab')),
    refused(`${version}: less data than in the map`, make([0, 4], 7, 'abc')),
    refused(`${version}: more data than in the map`, make([0, 2], 7, 'abc')),
    refused(`${version}: a sum beyond 2^53`, make([2 ** 53 - 1, 2], 2 ** 53 - 1, 'ab')),
  ]),
  whole('1.0: a map of many blocks', sparse10([300, ...PIECES(300).flat()], 600, letters(300)), entry({ size: 600 }), ...spaced(300)),
  whole('1.0: a map that fills its block', sparse10([84, ...Array.from({ length: 83 }, (_, i) => [100 + i, 0]).flat(), 10_000_000, 3], 10_000_003, 'abc'), entry({ size: 10_000_003 }), hole(100), ...Array.from({ length: 82 }, () => hole(1)), hole(10_000_000 - 182), data('abc')),
  whole('1.0: an empty map', sparse10([0], 5, ''), entry({ size: 5 }), hole(5)),
  whole('1.0: without a name', sparse({ 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.realsize': '3' }, map10([1, 1, 2]) + 'ab'), entry({ name: 'GNUSparseFile.1/a', size: 3 }), hole(1), data('ab')),
  whole('0.1: a map, but no version', sparse01('1,1', 2, 'a'), entry({ size: 2 }), hole(1), data('a')),
  refused('1.0: a map that is cut short', sparse10([2, 0, 1], 5, '')),
  refused('1.0: a map without numbers', sparse({ 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.realsize': '3' }, pad('#!gnu-sparse-format\n') + 'ab')),
  refused('1.0: a map without lines', sparse({ 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.realsize': '3' }, '1'.repeat(2048))),
  refused('1.0: no data at all', sparse({ 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.realsize': '3' }, '')),
  refused('1.0: no size', sparse({ 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0' }, map10([1, 0, 2]) + 'ab')),
  refused('0.1: a map of an odd number', sparse01('0,1,2', 5, 'a')),
  refused('0.1: a map that is none', sparse01('0,x', 5, 'a')),
  refused('0.1: an empty map', sparse01('', 5, 'a')),
  refused('0.1: a size that is none', sparse01('0,1', '-5', 'a')),
  refused('a version that is not known', sparse({ 'GNU.sparse.major': '2', 'GNU.sparse.minor': '0', 'GNU.sparse.map': '0,1', 'GNU.sparse.realsize': '1' }, 'a')),
])

decoderRows('ends', decoder, [
  { name: 'nothing', bytes: '', endError: 'tar-truncated' },
  { name: 'no mark of the end', bytes: file({}, 'x'), items: [entry({ size: 1 }), data('x')], endError: 'tar-truncated' },
  { name: 'one block of zeros', bytes: '\0'.repeat(512), finished: [512] },
  { name: 'garbage behind one block of zeros', bytes: `${'\0'.repeat(512)}garbage`, finished: [512] },
  { name: 'an entry behind it, which is not its own', bytes: file({}) + '\0'.repeat(512) + file({ name: 'b' }), items: [entry({})], finished: [1024] },
  { name: 'within a header', bytes: file({}).slice(0, 300), endError: 'tar-truncated' },
  { name: 'within data', bytes: file({}, 'x'.repeat(600)).slice(0, 600), items: [entry({ size: 600 }), data('x'.repeat(88))], endError: 'tar-truncated' },
  { name: 'within padding', bytes: file({}, 'x').slice(0, 600), items: [entry({ size: 1 }), data('x')], endError: 'tar-truncated' },
  { name: 'behind the header of a file with data', bytes: block({ size: octal(1) }), items: [entry({ size: 1 })], endError: 'tar-truncated' },
  { name: 'behind a PAX header', bytes: pax({ path: 'p' }), endError: 'tar-malformed' },
  { name: 'within a PAX header', bytes: pax({ path: 'p' }).slice(0, 520), endError: 'tar-truncated' },
  { name: 'before more pieces of a sparse file', bytes: oldSparse(PIECES(4), 10, '', moreSparse([])).slice(0, 512), endError: 'tar-truncated' },
  { name: 'within a block of zeros', bytes: '\0'.repeat(511), endError: 'tar-truncated' },
])

decoderRows('an end that needs no mark', subject({ endOptional: true }), [
  { name: 'nothing', bytes: '' },
  { name: 'no mark of the end', bytes: file({}, 'x'), items: [entry({ size: 1 }), data('x')] },
  { name: 'behind a hole', bytes: oldSparse([[9, 0]], 9, ''), items: [entry({ ...SPARSE, size: 9 }), hole(9)] },
  { name: 'a mark of the end', bytes: file({}) + END, items: [entry({})], finished: [1024] },
  { name: 'within a header', bytes: file({}).slice(0, 300), endError: 'tar-truncated' },
  { name: 'within data', bytes: file({}, 'x').slice(0, 512), items: [entry({ size: 1 })], endError: 'tar-truncated' },
  { name: 'within padding', bytes: file({}, 'x').slice(0, 600), items: [entry({ size: 1 }), data('x')], endError: 'tar-truncated' },
  { name: 'behind a PAX header', bytes: pax({ path: 'p' }), endError: 'tar-malformed' },
])

decoderRows('several archives in a row', decoder, [
  { name: 'two, the first with a global header', bytes: pax({ uid: '7' }, 'g') + file({}) + '\0'.repeat(512) + file({ name: 'b' }) + '\0'.repeat(512), items: [entry({ uid: 7 }), entry({ name: 'b' })], finished: [2048, 3072] },
  { name: 'the second block of zeros is an archive of nothing', bytes: file({}) + END, items: [entry({})], finished: [1024, 1536] },
], { again: true })

const MESSAGE = '{"errorDetail":{"message":"write /layer.tar: no space left on device"},"error":"write /layer.tar: no space left on device"}\r\n'

// daemon: image_routes.go, getImagesGet: what fails behind the first octet is told in JSON behind the torn archive.
decoderRows('messages of the engine', decoder, [
  { name: 'between entries', bytes: file({}, 'x') + MESSAGE, items: [entry({ size: 1 }), data('x')], endError: 'stream-error' },
  { name: 'alone', bytes: MESSAGE, endError: 'stream-error' },
  { name: 'longer than a block', bytes: `{"error":"${'x'.repeat(600)}"}`, error: 'stream-error' },
  { name: 'within data', bytes: block({ size: octal(600) }) + MESSAGE, items: [entry({ size: 600 }), data(MESSAGE)], endError: 'tar-truncated' },
])

test('the message of the engine is the reason of the error', () => {
  const bytes = octets(file({}) + MESSAGE)
  const tar = createTarDecoder({ entry() {}, data() {}, hole() {} })
  expect(tar.push(bytes, 0, bytes.length)).toBe(MORE)
  expect(() => tar.end()).toThrowError(expect.objectContaining({ code: 'stream-error', reason: MESSAGE.trim(), message: expect.stringContaining('no space left on device') }))
})

/** Every kind of header and data, in an archive small enough for each of its prefixes. */
const MIXED = pax({ uid: '7' }, 'g') + file({ name: 'a' }, 'one') + pax({ path: 'p' }) + file({}, 'two') + long('l') + file({}) + oldSparse([[1, 1]], 3, 'x', moreSparse([])) + sparse10([1, 1, 1], 2, 'y')

test('an archive cut at every octet ends in the right entries and in an error', () => {
  const bytes = octets(MIXED)
  const { items: all } = run(decoder, bytes, [])
  const codes = codesOfPrefixes(decoder, bytes)
  expect(new Set(codes)).toEqual(new Set(['tar-truncated', 'tar-malformed']))
  // Malformed is only what ends behind an extension header, and waits for an entry.
  const waiting = codes.flatMap((code, length) => (code === 'tar-malformed' ? [length] : []))
  expect(waiting.map(length => length % 512)).toEqual([0, 0, 0])
  for (let length = 0; length < bytes.length; length++) {
    const { items } = run(decoder, bytes.subarray(0, length), [])
    const last = items.at(-1)
    expect(items.slice(0, -1)).toEqual(all.slice(0, Math.max(items.length - 1, 0)))
    if (last) expect(last[0] === 'data' ? String(all[items.length - 1]![1]).startsWith(String(last[1])) : last).toEqual(last[0] === 'data' ? true : all[items.length - 1])
  }
})

describe('limits', () => {
  const outcome = (bytes: string, options?: TarDecoderOptions): string | undefined => run(subject(options), octets(bytes), []).error

  test('an extension header of as much as the limit is read, and one more octet refused without waiting for it', () => {
    const name = (length: number): string => 'n'.repeat(length - 1)
    expect(outcome(long(name(TAR_META_MAX)) + file({}) + END)).toBeUndefined()
    expect(outcome(long(name(TAR_META_MAX + 1)).slice(0, 512))).toBe('tar-too-large')
    for (const typeflag of ['x', 'X', 'g', 'L', 'K']) {
      expect(outcome(block({ typeflag, size: octal(TAR_META_MAX + 1) }))).toBe('tar-too-large')
      expect(outcome(block({ typeflag, size: octal(11) }), { limit: 10 })).toBe('tar-too-large')
      expect(outcome(block({ typeflag, size: base256(2n ** 53n - 1n, 12) }))).toBe('tar-too-large')
    }
  })

  test('global headers share one limit', () => {
    const header = pax({ comment: 'x'.repeat(300) }, 'g')
    expect(outcome(header + header + END, { limit: 700 })).toBeUndefined()
    expect(outcome(header + header + header + END, { limit: 700 })).toBe('tar-too-large')
    // They are those of one archive.
    expect(run(subject({ limit: 700 }), octets((header + header + '\0'.repeat(512)).repeat(3)), [], { again: true }).error).toBeUndefined()
  })

  test('a sparse map is bounded', () => {
    expect(outcome(sparse10([TAR_SPARSE_MAX + 1], 5, ''))).toBe('tar-too-large')
    const blocks = oldSparse(PIECES(4), 8, '', moreSparse(PIECES(21), false))
    const more = octets(moreSparse(PIECES(21), false))
    const tar = createTarDecoder({ entry() {}, data() {}, hole() {} })
    const head = octets(blocks.slice(0, 512))
    expect(tar.push(head, 0, 512)).toBe(MORE)
    let count = 4
    const feed = (): void => {
      for (; count <= TAR_SPARSE_MAX + 21; count += 21) tar.push(more, 0, 512)
    }
    expect(feed).toThrowError(expect.objectContaining({ code: 'tar-too-large' }))
    expect(count).toBeGreaterThan(TAR_SPARSE_MAX - 21)
  })

  test('no size costs time or memory', () => {
    const size = 2 ** 53 - 1
    const events: unknown[] = []
    const tar = createTarDecoder({ entry: ({ size }) => void events.push(size), data: (_chunk, start, end) => void events.push([end - start]), hole: length => void events.push(length) })
    const bytes = octets(pax({ 'GNU.sparse.map': `${size},0`, 'GNU.sparse.size': String(size) }) + block() + pax({ size: String(size) }) + block())
    expect(tar.push(bytes, 0, bytes.length)).toBe(MORE)
    const chunk = new Uint8Array(65536)
    expect(tar.push(chunk, 0, chunk.length)).toBe(MORE)
    expect(events).toEqual([size, size, size, [65536]])
    expect(() => tar.end()).toThrowError(expect.objectContaining({ code: 'tar-truncated' }))
  })
})

test('a header block can be decoded alone', () => {
  const bytes = octets(`garbage${file({ name: 'name', uid: '0000007\0' })}`)
  expect(decodeTarHeader(bytes, 7)).toEqual({ ...DEFAULTS, name: 'name', uid: 7 })
  for (const wrong of ['', USTAR, file({}).slice(1), file({ checksum: '1' }), END, file({ uid: 'x' })]) {
    expect(() => decodeTarHeader(octets(wrong))).toThrowError(expect.objectContaining({ code: 'tar-malformed' }))
  }
})

test('what is no archive is an error with a code, whatever it is', () => {
  // Headers with one octet changed, their checksum made right again: everything that a field can hold.
  const bytes = octets(MIXED)
  for (let at = 0; at < bytes.length; at++) {
    for (const value of [0, 0x20, 0x2d, 0x39, 0x7f, 0x80, 0xff]) {
      const changed = bytes.slice()
      changed[at] = value
      const start = at - (at % 512)
      const header = latin1(changed.subarray(start, start + 512))
      if (header.slice(257, 262) === 'ustar') changed.set(octets(block({ name: '', mode: '', uid: '', gid: '', size: '', mtime: '', typeflag: '', magic: '', at: { 0: header.slice(0, 148), 156: header.slice(156) } })), start)
      try {
        const tar = createTarDecoder({ entry() {}, data() {}, hole() {} })
        if (tar.push(changed, 0, changed.length) === MORE) tar.end()
      } catch (error) {
        expect(isError(error), String(error)).toBe(true)
      }
    }
  }
})
