/** Files in and out of containers; the system's tar says what is in an archive. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect } from 'vitest'
import { bytesBody, collect, containerArchive, containerArchiveInfo, containerStart, putContainerArchive, streamBody, tar, untar, type ByteSource, type Client } from '../../src/index.js'
import { describeEngine, errorOf, isPodman, noise, run, sha256, test, text } from './engine.js'

const inFolder = async <T>(act: (folder: string) => T | Promise<T>): Promise<T> => {
  const folder = mkdtempSync(join(tmpdir(), 'hawser-'))
  try {
    return await act(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

type Files = Record<string, Uint8Array>

const pack = (files: Files): Promise<Uint8Array> =>
  inFolder(folder => {
    for (const [name, bytes] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true })
      writeFileSync(join(folder, name), bytes)
    }
    return execFileSync('tar', ['-cf', '-', '-C', folder, '.'], { maxBuffer: 2 ** 30 })
  })

const unpack = async (archive: ByteSource): Promise<Files> => {
  const bytes = await collect(archive)
  return inFolder(folder => {
    execFileSync('tar', ['-xf', '-', '-C', folder], { input: bytes })
    const files: Files = {}
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name)
      if (entry.isFile()) files[path.slice(folder.length + 1)] = readFileSync(path)
    }
    return files
  })
}

const hashes = (files: Files): Record<string, string> => Object.fromEntries(Object.entries(files).map(([name, bytes]) => [name, sha256(bytes)]))

const LONG = Array.from({ length: 6 }, (_, i) => `${i}`.repeat(60)).join('/')

const ROWS: [what: string, files: Files][] = [
  ['nothing', { empty: noise(0) }],
  ['1 octet', { one: noise(1) }],
  ['1 MiB', { large: noise(1024 * 1024) }],
  ['32 MiB', { larger: noise(32 * 1024 * 1024) }],
  ['names with spaces and more', { 'a b  c': noise(10), "quo'te\"s": noise(11), 'new\nline': noise(12), '%2F?#&=+': noise(13), '-rf': noise(14) }],
  ['names beyond ASCII', { 'zwölf Boxkämpfer': noise(10), 'кот/ключ': noise(11), '日本語': noise(12), '⚓️🪢': noise(13) }],
  ['long names', { [`${'n'.repeat(100)}`]: noise(10), [`${'n'.repeat(255)}`]: noise(11), [LONG]: noise(12), [`${LONG}/end`.replace(/0/g, 'ö')]: noise(13) }],
  ['many files', Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`folder ${i % 7}/file ${i}`, noise(i)]))],
]

/** An archive in pieces that end anywhere. */
async function* pieces(bytes: Uint8Array, length: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length)
}

const copyAround = async (client: Client, id: string, files: Files): Promise<void> => {
  await putContainerArchive(client, id, '/tmp', await pack(files))
  expect(hashes(await unpack(await containerArchive(client, id, '/tmp/.')))).toEqual(hashes(files))
}

describeEngine('archives', () => {
  test.for(ROWS)('of %s come back as they went in', async ([, files], { docker, create }) => {
    await copyAround(docker, await create({ Cmd: ['true'] }), files)
  })

  test('go into running containers, too', async ({ docker, idle }) => {
    await copyAround(docker, idle, { 'a b': noise(100_000) })
    expect(text((await run(docker, idle, ['sha256sum', '/tmp/a b'])).stdout)).toBe(`${sha256(noise(100_000))}  /tmp/a b\n`)
  })

  test('that hawser packs are unpacked by the engine, and the reverse', async ({ docker, idle }) => {
    const owner = { uid: 12, gid: 34, mtime: 1_600_000_000 }
    await putContainerArchive(
      docker,
      idle,
      '/tmp',
      tar([
        { name: 'd/', type: 'directory', mode: 0o750, ...owner },
        { name: 'd/zwölf Boxkämpfer', mode: 0o640, body: 'ahoy\n', ...owner },
        { name: `d/${LONG}`, mode: 0o4755, body: noise(200_000), ...owner },
        { name: 'd/link', type: 'symlink', linkName: 'zwölf Boxkämpfer', ...owner },
        { name: 'd/hard', type: 'hardlink', mode: 0o640, linkName: 'd/zwölf Boxkämpfer', ...owner },
      ]),
      { copyUIDGID: true },
    )
    const list = 'cd /tmp/d; stat -c "%a %u:%g %Y %s %h %F" . "zwölf Boxkämpfer" hard; readlink link; cat link; stat -c %a "$0"; sha256sum <"$0"'
    const { stdout, stderr } = await run(docker, idle, ['sh', '-c', list, LONG])
    // Podman 4.3 gives all to root, whatever copyUIDGID says.
    const [uid, gid] = isPodman ? [0, 0] : [12, 34]
    const [folder = '', ...rest] = text(stdout).trimEnd().split('\n')
    // How many names a folder has, and how many octets, is the file system's matter.
    expect(folder).toMatch(new RegExp(`^750 ${uid}:${gid} 1600000000 \\d+ \\d+ directory$`))
    const file = `640 ${uid}:${gid} 1600000000 5 2 regular file`
    expect(rest).toEqual([file, file, 'zwölf Boxkämpfer', 'ahoy', '4755', `${sha256(noise(200_000))}  -`])
    expect(text(stderr)).toBe('')

    const found: Record<string, unknown> = {}
    for await (const { name, type, mode, size, linkName, body, ...rest } of untar(await containerArchive(docker, idle, '/tmp/d'))) {
      const data = await collect(body)
      expect(data.length).toBe(type === 'file' ? size : 0)
      // Podman puts no slash behind a folder.
      found[name.replace(/\/$/, '')] = [type, mode & 0o7777, rest.uid, rest.gid, rest.mtime, type === 'file' ? sha256(data) : linkName]
    }
    const entry = (type: string, mode: number, what: string): unknown[] => [type, mode, uid, gid, 1_600_000_000, what]
    expect(found['d']).toEqual(entry('directory', 0o750, ''))
    expect(found[`d/${LONG}`]).toEqual(entry('file', 0o4755, sha256(noise(200_000))))
    expect(found['d/link']).toEqual(entry('symlink', 0o777, 'zwölf Boxkämpfer'))
    // Whichever of two names comes first has the data.
    const [first, second] = Object.keys(found).filter(name => /hard$|zwölf/.test(name))
    expect(found[first!]).toEqual(entry('file', 0o640, sha256(Buffer.from('ahoy\n'))))
    expect(found[second!]).toEqual(entry('hardlink', 0o640, first!))
  })

  test('are sent whole, in chunks, with a length, and compressed', async ({ docker, idle }) => {
    const archive = await pack({ file: noise(300_000) })
    const gzipped = execFileSync('gzip', ['-c'], { input: archive, maxBuffer: 2 ** 30 })
    const rows = [
      archive,
      bytesBody(archive, 'application/x-tar'),
      pieces(archive, 10_007),
      pieces(archive, 100_000),
      streamBody(pieces(archive, 65_536), 'application/x-tar', { length: archive.length }),
      streamBody(pieces(archive, 65_536), 'application/x-tar', { expect: true }),
      gzipped,
    ]
    for (const [i, body] of rows.entries()) {
      await run(docker, idle, ['rm', '-f', '/tmp/file'])
      await putContainerArchive(docker, idle, '/tmp', body)
      expect(text((await run(docker, idle, ['sha256sum', '/tmp/file'])).stdout), `row ${i}`).toBe(`${sha256(noise(300_000))}  /tmp/file\n`)
    }
  })

  test('come with what their path is', async ({ docker, create }) => {
    const id = await create({ Cmd: ['true'] })
    await putContainerArchive(docker, id, '/tmp', await pack({ 'zwölf Boxkämpfer': noise(12) }))
    const path = '/tmp/zwölf Boxkämpfer'
    const archive = await containerArchive(docker, id, path)
    expect(archive.stat).toMatchObject({ name: 'zwölf Boxkämpfer', size: 12 })
    expect(Object.keys(await unpack(archive))).toEqual(['zwölf Boxkämpfer'])
    expect(await containerArchiveInfo(docker, id, path)).toEqual(archive.stat)
    expect(Number.isNaN(Date.parse(archive.stat.mtime))).toBe(false)
    // Go's os.ModeDir and os.ModeSymlink.
    expect((await containerArchiveInfo(docker, id, '/tmp')).mode >= 2 ** 31).toBe(true)
    // Links are not followed; podman 4.3 still says the name of what one leads to.
    expect(await containerArchiveInfo(docker, id, '/bin/cat')).toMatchObject({ name: isPodman ? 'busybox' : 'cat', mode: 2 ** 27 + 0o777, linkTarget: '/bin/busybox' })
  })

  test('of what is not there, or to where nothing can go', async ({ docker, create }) => {
    const id = await create({ Cmd: ['true'] })
    const archive = await pack({ file: noise(10) })
    const rows: [act: () => Promise<unknown>, method: string][] = [
      [() => containerArchive(docker, id, '/no/such'), 'GET'],
      [() => containerArchiveInfo(docker, id, '/no/such'), 'HEAD'],
      [() => putContainerArchive(docker, 'no-such', '/tmp', archive), 'PUT'],
      [() => containerArchive(docker, 'no-such', '/tmp'), 'GET'],
    ]
    for (const [act, method] of rows) expect(await errorOf(act()), `${act}`).toMatchObject({ code: 'not-found', status: 404, method })

    // Podman 4.3 makes the folder.
    const missing = putContainerArchive(docker, id, '/no/such', archive)
    if (isPodman) expect(hashes(await unpack(await missing.then(() => containerArchive(docker, id, '/no/such/.'))))).toEqual({ file: sha256(noise(10)) })
    else expect(await errorOf(missing)).toMatchObject({ code: 'not-found', status: 404, method: 'PUT' })
    // 500 until 23, 400 later.
    const noFolder = await errorOf(putContainerArchive(docker, id, '/etc/passwd', archive))
    expect(noFolder.message).toContain('not a directory')
    expect(['bad-parameter', 'server-error']).toContain(noFolder.code)
  })

  test('that are refused early say so, however much is still to be sent', async ({ docker, create }) => {
    const id = await create({ Cmd: ['true'] })
    const endless = async function* (): AsyncGenerator<Uint8Array> {
      for (;;) yield noise(64 * 1024)
    }
    // Podman makes the folder, and stumbles over the octets.
    const error = await errorOf(putContainerArchive(docker, id, '/no/such', endless()))
    expect(error).toMatchObject({ ...(isPodman ? { code: 'server-error', status: 500 } : { code: 'not-found', status: 404 }), method: 'PUT' })
    expect(error.message).toContain(isPodman ? 'tar' : 'Could not find the file /no/such')
    expect(docker.stats()).toMatchObject({ leased: 0, waiting: 0 })
  })

  test('that are broken are an error, not a silence', async ({ docker, idle }) => {
    const archive = await pack({ file: noise(100_000) })
    const rows: [bytes: Uint8Array, message: string][] = [
      [archive.subarray(0, 50_000), 'unexpected EOF'],
      [noise(2000), 'invalid tar header'],
    ]
    for (const [bytes, message] of rows) {
      const error = await errorOf(putContainerArchive(docker, idle, '/tmp', bytes))
      expect(error).toMatchObject({ code: 'server-error', status: 500, method: 'PUT' })
      expect(error.message).toContain(message)
    }
  })

  test('that break off on this side are its error', async ({ docker, create }) => {
    const id = await create({ Cmd: ['true'] })
    const trouble = new Error('the disk is on fire')
    const broken = async function* (): AsyncGenerator<Uint8Array> {
      yield* pieces((await pack({ file: noise(100_000) })).subarray(0, 50_000), 10_000)
      throw trouble
    }
    await expect(putContainerArchive(docker, id, '/tmp', broken())).rejects.toBe(trouble)
    expect(docker.stats()).toMatchObject({ leased: 0, waiting: 0 })
  })

  test('to a file system that is read-only', async ({ docker, create }) => {
    const id = await create({ Cmd: ['sleep', '3600'], HostConfig: { ReadonlyRootfs: true } })
    await containerStart(docker, id)
    const putting = putContainerArchive(docker, id, '/tmp', await pack({ file: noise(10) }))
    // Podman 4.3 extracts in the layer below, where nothing is read-only.
    if (isPodman) {
      await putting
      return expect(text((await run(docker, id, ['sha256sum', '/tmp/file'])).stdout)).toContain(sha256(noise(10)))
    }
    // 500 until 23, 400 later.
    const error = await errorOf(putting)
    expect(error.message).toContain('container rootfs is marked read-only')
    expect(['bad-parameter', 'server-error']).toContain(error.code)
  })

  test('are left in the middle', async ({ docker, create }) => {
    const id = await create({ Cmd: ['true'] })
    await putContainerArchive(docker, id, '/tmp', await pack({ large: noise(16 * 1024 * 1024) }))
    for await (const chunk of await containerArchive(docker, id, '/tmp/large')) {
      expect(chunk.length).toBeGreaterThan(0)
      break
    }
    expect(docker.stats()).toMatchObject({ leased: 0, waiting: 0 })
  })
})
