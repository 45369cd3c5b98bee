import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { collect, containerArchive, containerDelete, imageCreate, imageDelete, imageInspect, imageList, imageTag, type Client, type ProgressRecord } from '../../src/index.js'
import { conflict, describeEngine, errorOf, isPodman, noise, sha256, test as base } from './engine.js'

/** A file system of one file, as the system's tar packs it. */
const rootfs = (content: Uint8Array): Uint8Array => {
  const folder = mkdtempSync(join(tmpdir(), 'hawser-'))
  try {
    mkdirSync(join(folder, 'etc'))
    writeFileSync(join(folder, 'etc', 'cargo'), content)
    return execFileSync('tar', ['-cf', '-', '-C', folder, '.'], { maxBuffer: 2 ** 30 })
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** What podman puts before a name without a registry. */
const prefix = isPodman ? 'docker.io/library/' : ''

/** The id at the end of an import. Docker has `sha256:` before it, podman has not. */
const idOf = (record: ProgressRecord | undefined): string => {
  const [id] = /[\da-f]{64}/.exec(record?.status ?? '') ?? []
  if (!id) throw new Error(`the last record of an import has no id: ${JSON.stringify(record)}`)
  return `sha256:${id}`
}

const repos = async (client: Client, name: string): Promise<string[]> =>
  (await imageList(client)).flatMap(({ RepoTags }) => RepoTags ?? []).filter(tag => tag.includes(name)).map(tag => tag.replace(prefix, '')).sort()

const test = base.extend<{ repo: string }>({
  /** The name of an image that does not exist before and behind the test. */
  repo: async ({ docker, task }, use) => {
    const repo = `hawser-test-${task.id.replace(/\W/g, '-')}`
    await use(repo)
    for (const tag of await repos(docker, repo)) await imageDelete(docker, tag, { force: true })
    expect(await repos(docker, repo)).toEqual([])
  },
})

describeEngine('images', () => {
  test('are imported, inspected, tagged, listed and removed', async ({ docker, create, repo }) => {
    const content = noise(100_000)
    // Podman 4.3 wants the tag in the name, and ignores it elsewhere.
    const last = await imageCreate(docker, { fromSrc: '-', ...(isPodman ? { repo: `${repo}:one` } : { repo, tag: 'one' }), message: 'gone aboard', changes: ['CMD ["/etc/cargo"]', 'ENV A=1'], inputImage: rootfs(content) })
    const id = idOf(last)
    const inspected = await imageInspect(docker, `${repo}:one`)
    expect(inspected.Id).toBe(id)
    expect(inspected).toMatchObject({ Os: 'linux', Config: { Cmd: ['/etc/cargo'] } })
    expect(inspected.Config?.Env).toContain('A=1')
    expect(inspected.Size).toBeGreaterThanOrEqual(content.length)
    expect(await imageInspect(docker, id)).toMatchObject({ Id: id })

    await imageTag(docker, `${repo}:one`, { repo, tag: 'two' })
    expect(await repos(docker, repo)).toEqual([`${repo}:one`, `${repo}:two`])
    expect((await imageList(docker)).find(({ Id }) => Id === id)?.RepoTags).toHaveLength(2)

    const container = await create({ Image: `${repo}:two` })
    const archive = await collect(await containerArchive(docker, container, '/etc/cargo'))
    expect(sha256(execFileSync('tar', ['-xOf', '-'], { input: archive }))).toBe(sha256(content))
    const several = await errorOf(imageDelete(docker, id))
    expect(several).toMatchObject({ ...conflict, method: 'DELETE' })
    expect(several.message).toMatch(isPodman ? /by ID with more than one tag/ : /image is referenced in multiple repositories/)
    const [untagged, ...rest] = await imageDelete(docker, `${repo}:one`)
    expect(untagged).toEqual({ Untagged: `${prefix}${repo}:one` })
    expect(rest).toEqual([])
    expect(await repos(docker, repo)).toEqual([`${repo}:two`])

    const used = await errorOf(imageDelete(docker, `${repo}:two`))
    // Podman has the status that Docker has, here.
    expect(used).toMatchObject({ code: 'conflict', status: 409, method: 'DELETE' })
    await containerDelete(docker, container)
    const items = await imageDelete(docker, `${repo}:two`)
    expect(items).toContainEqual({ Untagged: `${prefix}${repo}:two` })
    expect(items.map(({ Deleted }) => Deleted?.replace('sha256:', ''))).toContain(id.replace('sha256:', ''))
    const gone = await errorOf(imageInspect(docker, id))
    expect(gone).toMatchObject({ code: 'not-found', status: 404, method: 'GET', path: `/v${await docker.apiVersion()}/images/${id}/json` })
  })

  test('tell of their import as it goes', async ({ docker, repo }) => {
    const records: ProgressRecord[] = []
    const source = async function* (): AsyncGenerator<Uint8Array> {
      const bytes = rootfs(noise(300_000))
      for (let at = 0; at < bytes.length; at += 10_007) yield bytes.subarray(at, at + 10_007)
    }
    for await (const record of imageCreate(docker, { fromSrc: '-', repo, inputImage: source() })) records.push(record)
    expect(records.length).toBeGreaterThan(0)
    const id = idOf(records.at(-1))
    expect((await imageInspect(docker, `${repo}:latest`)).Id).toBe(id)
  })

  test('are listed by filters', async ({ docker, repo }) => {
    const id = idOf(await imageCreate(docker, { fromSrc: '-', repo, changes: ['LABEL hawser.test=a'], inputImage: rootfs(noise(10)) }))
    const rows: [options: Parameters<typeof imageList>[1], found: boolean][] = [
      [{}, true],
      [{ all: true }, true],
      [{ filters: { reference: repo } }, true],
      // Podman 4.3 wants all of several references to match.
      [{ filters: { reference: [`${repo}:latest`, 'no/such'] } }, !isPodman],
      [{ filters: { reference: 'no/such' } }, false],
      [{ filters: { label: 'hawser.test=a' } }, true],
      [{ filters: { label: 'hawser.test=b' } }, false],
      [{ filters: { dangling: false } }, true],
      [{ filters: { dangling: true } }, false],
    ]
    for (const [options, found] of rows) expect((await imageList(docker, options)).some(({ Id }) => Id === id), JSON.stringify(options)).toBe(found)
  })

  test('that are not there', async ({ docker }) => {
    const version = await docker.apiVersion()
    const rows: [act: () => Promise<unknown>, method: string, path: string][] = [
      [() => imageInspect(docker, 'hawser/no-such:image'), 'GET', '/images/hawser/no-such:image/json'],
      [() => imageDelete(docker, 'hawser/no-such:image'), 'DELETE', '/images/hawser/no-such:image'],
      [() => imageTag(docker, 'hawser/no-such:image', { repo: 'hawser/other' }), 'POST', '/images/hawser/no-such:image/tag?repo=hawser%2Fother'],
    ]
    for (const [act, method, path] of rows) {
      const error = await errorOf(act())
      expect(error).toMatchObject({ code: 'not-found', status: 404, method, path: `/v${version}${path}` })
      expect(error.message).toMatch(/no such image|image not known/i)
    }
  })

  test('that cannot be imported are an error', async ({ docker, repo }) => {
    const rows: [archive: Uint8Array, message: string][] = [
      [noise(5000), 'invalid tar header'],
      [rootfs(noise(100_000)).subarray(0, 50_000), 'unexpected EOF'],
    ]
    for (const [inputImage, message] of rows) {
      const error = await errorOf(imageCreate(docker, { fromSrc: '-', repo, inputImage }))
      expect(error).toMatchObject({ code: 'server-error', status: 500, method: 'POST' })
      expect(error.message).toContain(message)
    }
    expect(await repos(docker, repo)).toEqual([])
  })
})
