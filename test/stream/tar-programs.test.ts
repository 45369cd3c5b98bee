/**
 * GNU tar, bsdtar and Python's tarfile as judges: what they write in each of their formats is read as what it was made of, and
 * what we write they list and extract as what we meant. Where one of them is missing its tests are left out, and say so.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, chownSync, closeSync, createReadStream, ftruncateSync, lchownSync, linkSync, lstatSync, lutimesSync, mkdirSync, mkdtempSync, openSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isError } from '../../src/errors.js'
import { tar, untar, type TarInput } from '../../src/stream/index.js'
import { createTarDecoder, encodeTarHeader, encodeTarText, MORE } from '../../src/wire/index.js'

const runs = (command: string, args: string[], wanted: RegExp): boolean => {
  try {
    return wanted.test(execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }))
  } catch {
    return false
  }
}
const PROGRAMS = {
  gnu: runs('tar', ['--version'], /GNU tar/),
  bsd: runs('bsdtar', ['--version'], /bsdtar/),
  python: runs('python3', ['-c', 'import tarfile; print("tarfile")'], /tarfile/),
}
for (const [name, isThere] of Object.entries(PROGRAMS)) if (!isThere) console.log(`tar: the tests with ${{ gnu: 'GNU tar', bsd: 'bsdtar (libarchive-tools)', python: "Python's tarfile" }[name]} are left out: it is not here`)
const isRoot = process.getuid?.() === 0
if (!isRoot) console.log('tar: owners and devices on disk are left out: only root can make them')

/** What a thing in the tree needs that not every format has. */
type Need = 'special' | 'prefix' | 'long' | 'ids' | 'past' | 'fraction' | 'attributes' | 'characters'

type Item = {
  name: string
  type: 'file' | 'directory' | 'symlink' | 'hardlink' | 'fifo' | 'character-device'
  mode: number
  uid: number
  gid: number
  mtime: number
  mtimeNs: number
  linkName: string
  /** The data, or where pieces of it are in zeros. */
  data: string
  xattrs: Record<string, string>
  needs: Need[]
}

const item = (name: string, fields: Partial<Item> = {}): Item => ({ name, type: 'file', mode: fields.type === 'directory' ? 0o755 : fields.type === 'symlink' ? 0o777 : 0o644, uid: 0, gid: 0, mtime: 1700000000, mtimeNs: 0, linkName: '', data: '', xattrs: {}, needs: [], ...fields })

/** A path of so many octets out of directories of 100. */
const path = (length: number): string => Array.from({ length }, (_, i) => (i % 100 === 99 && i < length - 1 ? '/' : String.fromCharCode(97 + (Math.floor(i / 100) % 26)))).join('')

const ITEMS: Item[] = [
  item('empty'),
  item('hello', { data: 'hello' }),
  item('block', { data: 'x'.repeat(512) }),
  item('blocks', { data: 'y'.repeat(1025) }),
  item('large', { data: 'z'.repeat(300_000) }),
  item('dir', { type: 'directory', mode: 0o1777 }),
  item('dir/setuid', { mode: 0o4755, data: 'x' }),
  item('dir/unreadable', { mode: 0 }),
  item('link', { type: 'symlink', linkName: 'dir/../hello' }),
  item('link-to-nothing', { type: 'symlink', linkName: '/no where/at all' }),
  item('hard', { type: 'hardlink', linkName: 'hello' }),
  item('fifo', { type: 'fifo', needs: ['special'] }),
  item('null', { type: 'character-device', mode: 0o666, needs: ['special'] }),
  item('a name with blanks', { data: 'x' }),
  item('n'.repeat(99), { data: '99' }),
  item('n'.repeat(100), { data: '100', needs: ['prefix'] }),
  item('n'.repeat(101), { data: '101', needs: ['long'] }),
  item('p'.repeat(155), { data: '155', needs: ['long'] }),
  item('p'.repeat(156), { data: '156', needs: ['long'] }),
  item('p'.repeat(255), { data: '255', needs: ['long'] }),
  item(`${'p'.repeat(154)}/${'n'.repeat(100)}`, { data: '255', needs: ['prefix'] }),
  item(`${'p'.repeat(153)}q/${'n'.repeat(100)}`, { data: '255', needs: ['prefix'] }),
  item(`${'q'.repeat(155)}/${'n'.repeat(100)}`, { data: '256', needs: ['prefix'] }),
  item(path(300), { data: '300', needs: ['long'] }),
  item(path(4000), { data: '4000', needs: ['long'] }),
  item('link-long', { type: 'symlink', linkName: 't'.repeat(300), needs: ['long'] }),
  item('link-100', { type: 'symlink', linkName: 't'.repeat(100), needs: ['prefix'] }),
  item('hard-long', { type: 'hardlink', linkName: 'p'.repeat(255), needs: ['long'] }),
  item('ümlaut-€-😀', { data: 'ä', needs: ['characters'] }),
  item('caf\udce9', { data: 'latin', needs: ['characters'] }),
  item('link-to-ü', { type: 'symlink', linkName: 'ümlaut-€-😀', needs: ['characters'] }),
  item('epoch', { mtime: 0 }),
  item('far', { mtime: 8 ** 11 - 1 }),
  item('before-1970', { mtime: -86400 * 365, needs: ['past'] }),
  item('second-before-1970', { mtime: -1, needs: ['past'] }),
  item('fraction', { mtime: 1700000000, mtimeNs: 123456789, needs: ['fraction'] }),
  item('nanosecond', { mtime: 1700000000, mtimeNs: 1, needs: ['fraction'] }),
  item('fraction-before-1970', { mtime: -2, mtimeNs: 750_000_000, needs: ['past', 'fraction'] }),
  item('owner', { uid: 1000, gid: 2 ** 18 - 1 }),
  item('owner-in-seven-digits', { uid: 2 ** 18, gid: 2 ** 21 - 1, needs: ['ids'] }),
  item('large-owner', { uid: 2 ** 21, gid: 2 ** 32 - 2, needs: ['ids'] }),
  item('attributes', { data: 'x', xattrs: { 'user.text': 'text', 'user.octets': '\0\n=\xff', 'user.a=b': '%' }, needs: ['attributes'] }),
]

const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex')

/** What all that read or list an archive say of it, in one form. */
type Seen = { type: string; mode: number; uid: number; gid: number; mtime: string; size: number; linkName: string; sha256: string; xattrs: Record<string, string> }

const timeOf = (seconds: number, ns: number): string => String(BigInt(seconds) * 1_000_000_000n + BigInt(ns))

const seenOf = (one: Item): Seen => ({
  type: one.type,
  mode: one.mode,
  uid: one.uid,
  gid: one.gid,
  mtime: timeOf(one.mtime, one.mtimeNs),
  size: one.type === 'file' ? Buffer.byteLength(one.data) : 0,
  linkName: one.linkName,
  sha256: one.type === 'file' ? sha256(one.data) : '',
  xattrs: one.xattrs,
})

const expected = (items: Item[]): Map<string, Seen> => new Map(items.map(one => [one.name, seenOf(one)]))

/** The tidy form of a name: as we asked for it. */
const tidy = (name: string): string => name.replace(/^\.\//, '').replace(/\/$/, '')

const octetsOf = (name: string): Buffer => Buffer.from(encodeTarText(name))

let folder = ''
let tree = ''
/** What could not be made on this disk, and why. */
const missing = new Map<string, string>()
const on = (name: string): Buffer => Buffer.concat([Buffer.from(`${tree}/`), octetsOf(name)])

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tar-'))
  tree = join(folder, 'tree')
  mkdirSync(tree)
  for (const one of ITEMS) {
    const { name, type, mode, uid, gid, linkName } = one
    const at = on(name)
    try {
      mkdirSync(Buffer.from(dirname(at.toString('latin1')), 'latin1'), { recursive: true })
      if (type === 'file') writeFileSync(at, one.data)
      else if (type === 'directory') mkdirSync(at)
      else if (type === 'symlink') symlinkSync(linkName, at)
      else if (type === 'hardlink') linkSync(on(linkName), at)
      else if (type === 'fifo') execFileSync('mkfifo', [at.toString()])
      else execFileSync('mknod', [at.toString(), 'c', '1', '3'], { stdio: 'ignore' })
      if (type !== 'hardlink') {
        if (isRoot) (type === 'symlink' ? lchownSync : chownSync)(at, uid, gid)
        if (type !== 'symlink') chmodSync(at, mode)
      }
      for (const [key, value] of Object.entries(one.xattrs)) execFileSync('python3', ['-c', 'import os,sys; os.setxattr(sys.argv[1], sys.argv[2], bytes.fromhex(sys.argv[3]))', at.toString(), key, Buffer.from(value, 'latin1').toString('hex')], { stdio: 'ignore' })
    } catch (error) {
      missing.set(name, String(error))
    }
  }
  // Times last, and those of directories behind what is in them.
  for (const one of [...ITEMS].reverse()) {
    if (missing.has(one.name) || one.type === 'hardlink') continue
    // Node takes times below zero for now, and knows no nanoseconds.
    if (one.mtimeNs === 0 && one.mtime >= 0) lutimesSync(on(one.name), one.mtime, one.mtime)
    else execFileSync('touch', ['-h', '-d', `@${one.mtime < 0 && one.mtimeNs > 0 ? `${one.mtime + 1}.${1e9 - one.mtimeNs}` : `${one.mtime}.${String(one.mtimeNs).padStart(9, '0')}`}`, on(one.name).toString()])
  }
  for (const [name, why] of missing) console.log(`tar: ${name} is left out, as this disk has no such thing: ${why.split('\n')[0]}`)
})
afterAll(() => {
  if (folder) rmSync(folder, { recursive: true, force: true })
})

const onDisk = (): Item[] => ITEMS.filter(({ name, uid, type }) => !missing.has(name) && (isRoot || (uid === 0 && type !== 'character-device'))).map(one => (isRoot ? one : { ...one, uid: process.getuid!(), gid: process.getgid!() }))

/** A hard link says of itself what its file says. */
const resolveLinks = (items: Item[]): Item[] => items.map(one => (one.type === 'hardlink' ? { ...ITEMS.find(({ name }) => name === one.linkName)!, ...one, mode: 0o644 } : one))

const readAll = async (source: AsyncIterable<Uint8Array>): Promise<Map<string, Seen>> => {
  const seen = new Map<string, Seen>()
  for await (const { body, ...entry } of untar(source)) {
    const hash = createHash('sha256')
    for await (const piece of body) hash.update(piece)
    seen.set(tidy(entry.name), {
      type: entry.type,
      mode: entry.mode & 0o7777,
      uid: entry.uid,
      gid: entry.gid,
      mtime: timeOf(entry.mtime, entry.mtimeNs),
      size: entry.size,
      linkName: entry.type === 'hardlink' ? tidy(entry.linkName) : entry.linkName,
      sha256: entry.type === 'file' ? hash.digest('hex') : '',
      xattrs: Object.fromEntries(Object.entries(entry.xattrs ?? {}).filter(([name]) => name.startsWith('user.')).map(([name, value]) => [name, Buffer.from(value).toString('latin1')])),
    })
  }
  return seen
}

/** What is said of an archive, in an order of its own, so that differences can be read. */
const sorted = (seen: Map<string, Seen>): [string, unknown][] => [...seen].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, one]) => [name, { ...one, xattrs: Object.fromEntries(Object.entries(one.xattrs).sort()) }])

const withoutXattrs = (seen: Map<string, Seen>): Map<string, Seen> => new Map([...seen].map(([name, one]) => [name, { ...one, xattrs: {} }]))

const PYTHON_WRITE = `
import sys, tarfile, os
archive, form, root = sys.argv[1], getattr(tarfile, sys.argv[2]), sys.argv[3]
os.chdir(root)
with tarfile.open(archive, 'w', format=form) as tar:
    for name in sys.stdin.buffer.read().split(b'\\0'):
        if name: tar.add(os.fsdecode(name), recursive=False)
`

type Format = { program: keyof typeof PROGRAMS; name: string; args: string[]; has: Need[] }
const ALL: Need[] = ['special', 'prefix', 'long', 'ids', 'past', 'fraction', 'attributes', 'characters']
const without = (...needs: Need[]): Need[] => ALL.filter(need => !needs.includes(need))

const FORMATS: Format[] = [
  { program: 'gnu', name: 'v7', args: ['--format=v7'], has: ['characters'] },
  { program: 'gnu', name: 'ustar', args: ['--format=ustar'], has: ['special', 'prefix', 'characters'] },
  { program: 'gnu', name: 'oldgnu', args: ['--format=oldgnu'], has: without('fraction', 'attributes') },
  { program: 'gnu', name: 'gnu', args: ['--format=gnu'], has: without('fraction', 'attributes') },
  { program: 'gnu', name: 'posix', args: ['--format=posix', '--xattrs'], has: ALL },
  { program: 'bsd', name: 'v7', args: ['--format=v7'], has: ['characters'] },
  { program: 'bsd', name: 'ustar', args: ['--format=ustar'], has: ['special', 'prefix', 'characters'] },
  { program: 'bsd', name: 'gnutar', args: ['--format=gnutar'], has: without('fraction', 'attributes', 'past') },
  // libarchive writes the attribute user.a=b as it is, which nobody can read.
  { program: 'bsd', name: 'restricted pax', args: ['--format=paxr', '--xattrs'], has: without('attributes', 'fraction') },
  { program: 'bsd', name: 'pax', args: ['--format=pax', '--xattrs'], has: without('attributes') },
  { program: 'python', name: 'USTAR_FORMAT', args: [], has: ['special', 'prefix', 'characters'] },
  { program: 'python', name: 'GNU_FORMAT', args: [], has: without('fraction', 'attributes') },
  // Python's times are floating-point numbers, which have no nanoseconds, and it writes no attributes.
  { program: 'python', name: 'PAX_FORMAT', args: [], has: without('fraction', 'attributes') },
]

const write = ({ program, name, args }: Format, archive: string, items: Item[]): void => {
  const input = Buffer.concat(items.flatMap(one => [octetsOf(one.name), Buffer.of(0)]))
  const options = { input, stdio: ['pipe', 'ignore', 'pipe'] as ['pipe', 'ignore', 'pipe'], env: { ...process.env, LC_ALL: 'C.UTF-8' } }
  if (program === 'gnu') execFileSync('tar', ['-C', tree, '-cf', archive, ...args, '--null', '--no-recursion', '-T', '-'], options)
  else if (program === 'bsd') execFileSync('bsdtar', ['-C', tree, '-cf', archive, ...args, '--null', '-n', '-T', '-'], options)
  else execFileSync('python3', ['-c', PYTHON_WRITE, archive, name, tree], options)
}

describe('what others write', () => {
  test.each(FORMATS.filter(({ program }) => PROGRAMS[program]).map((format): [string, Format] => [`${format.program} ${format.name}`, format]))('%s', async (_name, format) => {
    // libarchive writes the fraction of a time before 1970 as if it were behind it.
    const items = onDisk().filter(({ name, needs }) => needs.every(need => format.has.includes(need)) && !(format.program === 'bsd' && name === 'fraction-before-1970'))
    const archive = join(folder, `${format.program}-${format.name}.tar`)
    write(format, archive, items)
    const wanted = expected(resolveLinks(items))
    expect(sorted(await readAll(createReadStream(archive)))).toEqual(sorted(wanted))

    // Cut at every block, and, where that is not too much, near each.
    const bytes = readFileSync(archive)
    const marker = Math.ceil((bytes.findLastIndex(c => c !== 0) + 1) / 512) * 512
    const names = [...(await readAll(createReadStream(archive))).keys()]
    for (let length = 0; length <= marker; length += 512) {
      for (const cut of length < 100_000 ? [length, length + 1, length + 511] : [length]) {
        if (cut >= marker + 512) continue
        const seen: string[] = []
        const decoder = createTarDecoder({ entry: ({ name }) => void seen.push(tidy(name)), data() {}, hole() {} })
        let code: unknown
        try {
          if (decoder.push(bytes, 0, cut) !== MORE) code = 'finished early'
          decoder.end()
        } catch (error) {
          if (!isError(error)) throw error
          code = error.code
        }
        // What ends behind an extension header is malformed, as that belongs to nothing.
        expect(code, `cut at ${cut}`).toMatch(/^tar-(truncated|malformed)$/)
        expect(seen).toEqual(names.slice(0, seen.length))
      }
    }
  })

  /** Pieces of data in a file of holes. */
  const sparse = (name: string, size: number, pieces: [number, string][]): { name: string; size: number; pieces: [number, string][] } => {
    const file = openSync(join(tree, name), 'w')
    for (const [at, text] of pieces) writeSync(file, text, at)
    ftruncateSync(file, size)
    closeSync(file)
    return { name, size, pieces }
  }

  test.skipIf(!PROGRAMS.gnu).each([['oldgnu'], ['gnu'], ['posix', '--sparse-version=0.0'], ['posix', '--sparse-version=0.1'], ['posix', '--sparse-version=1.0']])('sparse files of GNU tar: %s %s', (format, version = '--sparse') => {
    const files = [
      sparse('sparse', 10_000_000, [[0, 'first'], [5_000_000, 'middle'], [9_999_996, 'last']]),
      sparse('sparse-holes', 3_000_000, []),
      sparse('sparse-huge', 9 * 2 ** 30 + 5, [[9 * 2 ** 30, 'last!']]),
      sparse('sparse-many', 40_000_000, Array.from({ length: 300 }, (_, i) => [i * 100_000 + 50_000, `piece ${i}`])),
    ]
    const archive = join(folder, 'sparse.tar')
    execFileSync('tar', ['-C', tree, '--sparse', '-cf', archive, `--format=${format}`, version, ...files.map(({ name }) => name), 'hello'])

    const bytes = readFileSync(archive)
    const seen: { name: string; size: number; length: number; pieces: [number, string][] }[] = []
    const decoder = createTarDecoder({
      entry: ({ name, size }) => void seen.push({ name, size, length: 0, pieces: [] }),
      data(chunk, start, end) {
        const one = seen.at(-1)!
        one.pieces.push([one.length, Buffer.from(chunk.subarray(start, end)).toString('latin1')])
        one.length += end - start
      },
      hole: length => void (seen.at(-1)!.length += length),
    })
    for (let at = 0; at < bytes.length; at += 1000) if (decoder.push(bytes, at, Math.min(at + 1000, bytes.length)) !== MORE) break
    expect(seen.map(({ name, size, length }) => [name, size, length])).toEqual([...files.map(({ name, size }) => [name, size, size]), ['hello', 5, 5]])
    for (const [i, { pieces }] of files.entries()) {
      // Around our pieces there may be zeros that the disk holds.
      const text = seen[i]!.pieces.map(([at, data]) => [at, data] as const)
      const find = (at: number, length: number): string =>
        Array.from({ length }, (_, n) => {
          const piece = text.find(([start, data]) => start <= at + n && at + n < start + data.length)
          return piece ? piece[1][at + n - piece[0]] : '\0'
        }).join('')
      for (const [at, data] of pieces) expect(find(at, data.length)).toBe(data)
      expect(text.map(([, data]) => data.replace(/\0/g, '')).join('')).toBe(pieces.map(([, data]) => data).join(''))
    }
  })
})

const inputOf = (one: Item): TarInput => {
  const { data, xattrs, needs, ...header } = one
  void needs
  return { ...header, ...(one.type === 'character-device' ? { major: 1, minor: 3 } : {}), body: data, xattrs: Object.fromEntries(Object.entries(xattrs).map(([name, value]) => [name, Buffer.from(value, 'latin1')])) }
}

const PYTHON_LIST = `
import sys, tarfile, json, hashlib
from decimal import Decimal
types = {tarfile.REGTYPE: 'file', tarfile.DIRTYPE: 'directory', tarfile.SYMTYPE: 'symlink', tarfile.LNKTYPE: 'hardlink', tarfile.FIFOTYPE: 'fifo', tarfile.CHRTYPE: 'character-device'}
out = []
with tarfile.open(sys.argv[1], encoding='utf-8', errors='surrogateescape') as tar:
    for m in tar:
        data = tar.extractfile(m).read() if m.isreg() and m.size < 1 << 30 else b''
        out.append([m.name.encode('utf-8', 'surrogateescape').hex(), dict(type=types[m.type], mode=m.mode, uid=m.uid, gid=m.gid, mtime=str(int(Decimal(m.pax_headers.get('mtime', m.mtime)) * 10**9)), size=m.size,
            linkName=m.linkname, sha256=hashlib.sha256(data).hexdigest() if m.isreg() else '', xattrs={k[13:].replace('%3D', '=').replace('%25', '%'): v.encode('utf-8', 'surrogateescape').decode('latin-1') for k, v in m.pax_headers.items() if k.startswith('SCHILY.xattr.')})])
json.dump(out, sys.stdout)
`

const decodeName = (octets: Buffer): string => {
  const text = octets.toString()
  return text.includes('\ufffd') ? octets.toString('latin1').replace(/[\x80-\xff]/g, c => String.fromCharCode(0xdc00 | c.charCodeAt(0))) : text
}

/** What Python's tarfile says of an archive. */
const pythonList = (archive: string): Map<string, Seen> =>
  new Map((JSON.parse(execFileSync('python3', ['-c', PYTHON_LIST, archive], { encoding: 'utf8', maxBuffer: 2 ** 26, env: { ...process.env, PYTHONUTF8: '1' } })) as [string, Seen][]).map(([name, seen]) => [tidy(decodeName(Buffer.from(name, 'hex'))), seen]))

/** What libarchive says of an archive, as an mtree. */
const bsdList = (archive: string): Map<string, Seen> => {
  const text = execFileSync('bsdtar', ['-cf', '-', '--format=mtree', '--options=!all,uid,gid,mode,time,type,link,size,sha256', `@${archive}`], { encoding: 'latin1', maxBuffer: 2 ** 26, env: { ...process.env, LC_ALL: 'C.UTF-8' } })
  const plain = (text: string): string => decodeName(Buffer.from(text.replace(/\\(\d{3})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 8))), 'latin1'))
  const types: Record<string, string> = { file: 'file', dir: 'directory', link: 'symlink', fifo: 'fifo', char: 'character-device' }
  return new Map(
    text
      .split('\n')
      .filter(line => line.startsWith('./'))
      .map(line => {
        const [name = '', ...words] = line.split(' ')
        const fields = Object.fromEntries(words.map(word => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)])) as Record<string, string>
        const [seconds = '0', ns = '0'] = (fields['time'] ?? '').split('.')
        return [
          tidy(plain(name)),
          { type: types[fields['type'] ?? ''] ?? '', mode: parseInt(fields['mode'] ?? '', 8), uid: Number(fields['uid']), gid: Number(fields['gid']), mtime: timeOf(Number(seconds), Number(ns)), size: Number(fields['size'] ?? 0), linkName: plain(fields['link'] ?? ''), sha256: fields['sha256digest'] ?? '', xattrs: {} },
        ]
      }),
  )
}

const TYPE_LETTERS: Record<string, string> = { '-': 'file', 'd': 'directory', 'l': 'symlink', 'h': 'hardlink', 'p': 'fifo', 'c': 'character-device' }
const modeOf = (letters: string): number =>
  [...letters.slice(1)].reduce((mode, letter, i) => mode | (/[-ST]/.test(letter) ? 0 : 0o400 >> i) | (/[sStT]/.test(letter) ? [0o4000, 0o2000, 0o1000][Math.floor(i / 3)]! : 0), 0)

/** What GNU tar says of an archive. */
const gnuList = (archive: string): Map<string, Omit<Seen, 'sha256' | 'xattrs'>> => {
  const text = execFileSync('tar', ['--full-time', '--utc', '--numeric-owner', '--quoting-style=literal', '-tvf', archive], { encoding: 'latin1', maxBuffer: 2 ** 26, env: { ...process.env, LC_ALL: 'C.UTF-8' } })
  return new Map(
    text
      .trimEnd()
      .split('\n')
      .map(line => {
        const [, letters = '', uid, gid, size, time = '', rest = ''] = /^(\S+) (\d+)\/(\d+) +([\d,]+) (\d+-\d+-\d+ \S+) +(.*)$/.exec(line) ?? []
        const type = TYPE_LETTERS[letters[0] ?? ''] ?? ''
        const [name = '', linkName = ''] = rest.split(type === 'symlink' ? ' -> ' : type === 'hardlink' ? ' link to ' : '\n')
        const [whole = '', fraction = ''] = time.split('.')
        return [
          tidy(decodeName(Buffer.from(name, 'latin1'))),
          { type, mode: modeOf(letters), uid: Number(uid), gid: Number(gid), mtime: timeOf(Date.parse(`${whole.replace(' ', 'T')}Z`) / 1000, Number(fraction.padEnd(9, '0'))), size: type === 'character-device' ? 0 : Number(size), linkName: decodeName(Buffer.from(linkName, 'latin1')) },
        ]
      }),
  )
}

/** What lies on a disk, in the same form. */
const diskList = (root: string, items: Item[]): Map<string, Seen> =>
  new Map(
    items.map(({ name, type, linkName }) => {
      const at = Buffer.concat([Buffer.from(`${root}/`), octetsOf(name)])
      const stat = lstatSync(at, { bigint: true })
      const isHard = type === 'hardlink' && lstatSync(Buffer.concat([Buffer.from(`${root}/`), octetsOf(linkName)]), { bigint: true }).ino === stat.ino
      const kind = isHard ? 'hardlink' : stat.isFile() ? 'file' : stat.isDirectory() ? 'directory' : stat.isSymbolicLink() ? 'symlink' : stat.isFIFO() ? 'fifo' : stat.isCharacterDevice() && stat.rdev === 0x103n ? 'character-device' : ''
      return [name, { type: kind, mode: Number(stat.mode) & 0o7777, uid: Number(stat.uid), gid: Number(stat.gid), mtime: String(stat.mtimeNs), size: kind === 'file' ? Number(stat.size) : 0, linkName: kind === 'symlink' ? readlinkSync(at) : isHard ? linkName : '', sha256: kind === 'file' ? sha256(readFileSync(at)) : '', xattrs: {} }]
    }),
  )

describe('what we write', () => {
  let archive = ''
  beforeAll(async () => {
    archive = join(folder, 'ours.tar')
    const chunks: Uint8Array[] = []
    for await (const chunk of tar(resolveLinks(ITEMS).map(one => ({ ...inputOf(one), ...(one.type === 'hardlink' ? { body: '' } : {}) })))) chunks.push(chunk)
    writeFileSync(archive, Buffer.concat(chunks))
  })

  test('we read', async () => {
    expect(sorted(await readAll(createReadStream(archive)))).toEqual(sorted(expected(resolveLinks(ITEMS))))
  })

  test.skipIf(!PROGRAMS.python)("Python's tarfile lists", () => {
    // A hard link has its file's data there.
    const wanted = expected(resolveLinks(ITEMS))
    expect(sorted(pythonList(archive))).toEqual(sorted(wanted))
  })

  test.skipIf(!PROGRAMS.bsd)('bsdtar lists', () => {
    // As mtree has no hard links, they are files there; and libarchive takes -1.25 for 0.25 after -1.
    const items = ITEMS.filter(({ type, name }) => type !== 'hardlink' && name !== 'fraction-before-1970' && name !== 'hello' && name !== 'p'.repeat(255))
    const seen = bsdList(archive)
    expect(sorted(new Map([...seen].filter(([name]) => items.some(one => one.name === name))))).toEqual(sorted(withoutXattrs(expected(items))))
    expect([...seen.keys()].sort()).toEqual(ITEMS.map(({ name }) => name).sort())
  })

  test.skipIf(!PROGRAMS.gnu)('GNU tar lists', () => {
    // It shows a fraction before 1970 a second late, but extracts it right.
    const items = resolveLinks(ITEMS).filter(({ name }) => name !== 'fraction-before-1970')
    const seen = gnuList(archive)
    seen.delete('fraction-before-1970')
    const wanted = [...expected(items)].map(([name, { sha256: _sha256, xattrs: _xattrs, ...one }]) => [name, one] as const)
    expect([...seen].sort()).toEqual(wanted.sort())
  })

  const extracts = (name: string, command: string, args: (archive: string, root: string) => string[], skipped: (one: Item) => boolean = () => false): void => {
    test.skipIf(!PROGRAMS[name as keyof typeof PROGRAMS])(`${command} extracts`, () => {
      const root = mkdtempSync(join(folder, 'out-'))
      const items = resolveLinks(ITEMS).filter(one => (isRoot || one.type !== 'character-device') && !skipped(one))
      try {
        execFileSync(command, args(archive, root), { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, LC_ALL: 'C.UTF-8', PYTHONUTF8: '1' } })
      } catch (error) {
        if (isRoot) throw error
      }
      const own = (seen: Map<string, Seen>): Map<string, Seen> => (isRoot ? seen : new Map([...seen].map(([key, one]) => [key, { ...one, uid: 0, gid: 0, mode: one.mode & 0o777 }])))
      expect(sorted(own(diskList(root, items)))).toEqual(sorted(own(withoutXattrs(expected(items)))))
    })
  }
  extracts('gnu', 'tar', (from, root) => ['-C', root, '--numeric-owner', '-xpf', from])
  extracts('bsd', 'bsdtar', (from, root) => ['-C', root, '--numeric-owner', '-xpf', from], ({ name }) => name === 'fraction-before-1970')
  // Its times are floating-point numbers, and symlinks get none.
  extracts('python', 'python3', (from, root) => ['-c', 'import sys, tarfile; tarfile.open(sys.argv[1]).extractall(sys.argv[2], numeric_owner=True)', from, root], ({ mtimeNs, type }) => mtimeNs !== 0 || type === 'symlink')

  test.skipIf(!PROGRAMS.gnu || !PROGRAMS.python)('GNU tar extracts attributes', () => {
    const one = ITEMS.find(({ name }) => name === 'attributes')!
    if (missing.has(one.name)) return
    const root = mkdtempSync(join(folder, 'out-'))
    execFileSync('tar', ['-C', root, '--xattrs', '-xpf', archive, one.name])
    const found = execFileSync('python3', ['-c', 'import os, sys, json; json.dump({k: os.getxattr(sys.argv[1], k).decode("latin-1") for k in os.listxattr(sys.argv[1])}, sys.stdout)', join(root, one.name)], { encoding: 'utf8' })
    expect(JSON.parse(found)).toEqual(one.xattrs)
  })

  test('sizes above 8 GiB, on disk as holes', async () => {
    const big = join(folder, 'big.tar')
    const file = openSync(big, 'w')
    const sizes: [string, number][] = [['8gib-less-one', 8 ** 11 - 1], ['8gib', 8 ** 11], ['100gib', 100 * 2 ** 30 + 1]]
    let at = 0
    for (const [name, size] of sizes) {
      const header = encodeTarHeader({ name, size })
      writeSync(file, header, 0, header.length, at)
      at += header.length + Math.ceil(size / 512) * 512
    }
    const header = encodeTarHeader({ name: 'behind' })
    writeSync(file, header, 0, header.length, at)
    ftruncateSync(file, at + 512 + 1024)
    closeSync(file)
    const wanted = [...sizes, ['behind', 0]]
    if (PROGRAMS.gnu) expect([...gnuList(big)].map(([name, { size }]) => [name, size])).toEqual(wanted)
    if (PROGRAMS.python) {
      const names = execFileSync('python3', ['-c', 'import sys, tarfile, json; json.dump([[m.name, m.size] for m in tarfile.open(sys.argv[1])], sys.stdout)', big], { encoding: 'utf8' })
      expect(JSON.parse(names)).toEqual(wanted)
    }
    if (PROGRAMS.bsd) expect(execFileSync('bsdtar', ['-tvf', big], { encoding: 'utf8' }).trimEnd().split('\n').map(line => { const words = line.split(/ +/); return [words.at(-1), Number(words[4])] })).toEqual(wanted)
  })

  test('base-256, without PAX', () => {
    const numbers = join(folder, 'base256.tar')
    const entries = [{ name: 'ids', uid: 2 ** 21, gid: 2 ** 32 - 2 }, { name: 'past', mtime: -86400 }, { name: 'device', type: 'character-device' as const, major: 1, minor: 3 }]
    writeFileSync(numbers, Buffer.concat([...entries.map(entry => encodeTarHeader(entry, { pax: false })), Buffer.alloc(1024)]))
    const pick = (seen: Map<string, { uid: number; gid: number; mtime: string }>): unknown => [...seen].map(([name, { uid, gid, mtime }]) => [name, uid, gid, mtime]).sort()
    const wanted = [['device', 0, 0, '0'], ['ids', 2 ** 21, 2 ** 32 - 2, '0'], ['past', 0, 0, timeOf(-86400, 0)]]
    if (PROGRAMS.gnu) expect(pick(gnuList(numbers))).toEqual(wanted)
    if (PROGRAMS.python) expect(pick(pythonList(numbers))).toEqual(wanted)
    if (PROGRAMS.bsd) expect(pick(bsdList(numbers))).toEqual(wanted)
  })
})
