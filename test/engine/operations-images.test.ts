import { expect } from 'vitest'
import {
  buildCancel,
  buildPrune,
  collect,
  containerDelete,
  containerInspect,
  containerLogs,
  distributionInspect,
  imageAttestations,
  imageBuild,
  imageCommit,
  imageDelete,
  imageGet,
  imageGetAll,
  imageHistory,
  imageInspect,
  imageLoad,
  imagePrune,
  imagePush,
  imageSearch,
  imageTag,
  session,
  systemAuth,
  tar,
  type BuildRecord,
  type Client,
} from '../../src/index.js'
import { describeEngine, errorOf, finish, image, isPodman, test, textOf } from './engine.js'

/** Removes an image, if it is there. */
const remove = (client: Client, name: string): Promise<unknown> => imageDelete(client, name, { force: true }).catch(error => expect(error).toMatchObject({ code: 'not-found' }))

/** A host that answers nothing. */
const NOWHERE = '127.0.0.1:1'

describeEngine('what images can do', () => {
  test('their history', async ({ docker }) => {
    const history = await imageHistory(docker, image)
    expect(history.length).toBeGreaterThan(0)
    expect(history[0]!.Created).toBeGreaterThan(1_000_000_000)
    expect(await errorOf(imageHistory(docker, 'hawser/no-such:image'))).toMatchObject({ code: 'not-found' })
  })

  test('attestations, which only the newest engines know', async ({ docker }) => {
    const error = await errorOf(imageAttestations(docker, image))
    expect(error.status).toBeGreaterThan(399)
  })

  test('a container becomes an image', async ({ docker, create, task }) => {
    const name = `localhost/hawser-commit-${task.id}`
    const id = await create({ Cmd: ['sh', '-c', 'echo kept > /kept'] })
    await finish(docker, id)
    try {
      const { Id } = await imageCommit(docker, id, { repo: name, tag: 'a', comment: 'made of ä', author: 'me <a@b>', pause: false, changes: ['CMD ["cat", "/kept"]', 'ENV A=b'] })
      const state = await imageInspect(docker, `${name}:a`)
      expect(state.Id.replace('sha256:', '')).toBe(Id.replace('sha256:', ''))
      expect(state).toMatchObject({ Author: 'me <a@b>', Config: { Cmd: ['cat', '/kept'] } })
      const of = await create({ Image: `${name}:a` })
      expect(await finish(docker, of)).toBe(0)
      expect(await textOf(await containerLogs(docker, of, { stdout: true }))).toMatchObject({ stdout: 'kept\n' })
      expect((await containerInspect(docker, of)).Config.Env).toContain('A=b')
      await containerDelete(docker, of)
    } finally {
      await remove(docker, `${name}:a`)
    }
    expect(await errorOf(imageCommit(docker, 'no-such'))).toMatchObject({ code: 'not-found' })
  })

  test('out of the engine as an archive and into it', async ({ docker, task }) => {
    const names = [`localhost/hawser-get-${task.id}:a`, `localhost/hawser-get-${task.id}:b`] as const
    for (const name of names) await imageTag(docker, image, { repo: name.slice(0, -2), tag: name.slice(-1) })
    try {
      const one = await collect(await imageGet(docker, names[0]))
      expect(Buffer.from(one).includes('manifest.json')).toBe(true)
      const both = await collect(await imageGetAll(docker, names))
      for (const name of names) expect(Buffer.from(both).includes(name)).toBe(true)
      const { Id } = await imageInspect(docker, image)
      for (const name of names) await imageDelete(docker, name)
      expect(await errorOf(imageInspect(docker, names[0]))).toMatchObject({ code: 'not-found' })
      const last = await imageLoad(docker, both, { quiet: true })
      expect(last?.stream).toContain('Loaded image')
      for (const name of names) expect((await imageInspect(docker, name)).Id).toBe(Id)
      // A source of it, in pieces.
      const records = []
      for await (const record of imageLoad(docker, [one.subarray(0, 1000), one.subarray(1000)])) records.push(record)
      expect(records.map(({ stream = '' }) => stream).join('')).toContain(names[0])
    } finally {
      for (const name of names) await remove(docker, name)
    }
  })

  test('an archive of what is not there, and what is no archive', async ({ docker }) => {
    const missing = await errorOf(imageGet(docker, 'hawser/no-such:image'))
    expect(missing).toMatchObject({ code: 'not-found' })
    expect(await errorOf(imageGetAll(docker, [image, 'hawser/no-such:image']))).toMatchObject(isPodman ? { code: 'server-error' } : { code: 'not-found' })
    // Docker answers 200 to whatever is loaded.
    expect(await errorOf(imageLoad(docker, new TextEncoder().encode('no archive')))).toMatchObject(isPodman ? { code: 'server-error', status: 500 } : { code: 'stream-error', status: 200 })
  })

  test('a prune that leaves what others have', async ({ docker, task }) => {
    const { ImagesDeleted, SpaceReclaimed } = await imagePrune(docker, { filters: { label: `hawser.test=${task.id}` } })
    expect([ImagesDeleted ?? [], SpaceReclaimed]).toEqual([[], 0])
    await imageInspect(docker, image)
  })

  test('a search, for which there is no network', async ({ docker }) => {
    // Podman searches the registries that it is set up with, none here, and finds nothing or says so.
    const outcome = await imageSearch(docker, { term: `${NOWHERE}/busybox`, limit: 5 }).then(found => found, (error: unknown) => error)
    if (Array.isArray(outcome)) expect(outcome).toEqual([])
    else expect(outcome).toMatchObject({ status: expect.any(Number) as number, method: 'GET' })
  })

  test('a push to where nobody listens', async ({ docker, task }) => {
    const repo = `${NOWHERE}/hawser-${task.id}`
    await imageTag(docker, image, { repo, tag: 'a' })
    try {
      const error = await errorOf(imagePush(docker, repo, { tag: 'a', 'X-Registry-Auth': { username: 'me', password: '~~~>>>???' } }))
      expect(error.code).toMatch(/^(stream-error|server-error)$/)
      expect(error.message).toContain('connection refused')
      expect(error.message).not.toMatch(/~~~/)
      expect((await errorOf(imagePush(docker, repo, { tag: 'a' }))).message).toContain('connection refused')
    } finally {
      await remove(docker, `${repo}:a`)
    }
    expect((await errorOf(imagePush(docker, 'localhost/hawser-no-such'))).code).toMatch(/^(not-found|stream-error|server-error)$/)
  })

  test('credentials and digests of a registry that does not answer', async ({ docker }) => {
    const error = await errorOf(systemAuth(docker, { username: 'me', password: '~~~>>>???', serveraddress: NOWHERE }))
    expect(error).toMatchObject({ code: 'server-error', status: 500, method: 'POST' })
    expect(error.message).not.toContain('~~~')
    const inspected = await errorOf(distributionInspect(docker, `${NOWHERE}/busybox:test`, { 'X-Registry-Auth': { username: 'me', password: '~~~>>>???' } }))
    expect(inspected).toMatchObject(isPodman ? { status: 404 } : { code: 'server-error', status: 500 })
    expect(inspected.message).not.toContain('~~~')
  })
})

describeEngine('builds', () => {
  const context = (Dockerfile: string) => tar([{ name: 'Dockerfile', body: Dockerfile }, { name: 'file.txt', body: 'copied\n' }])

  test('make an image of a context from a source', async ({ docker, create, task }) => {
    const name = `localhost/hawser-build-${task.id}:a`
    const records: BuildRecord[] = []
    try {
      for await (const record of imageBuild(docker, {
        inputStream: context(`FROM ${image}\nARG WHO\nLABEL who=$WHO\nCOPY file.txt /copied\nCMD ["cat", "/copied"]\n`),
        t: [name],
        buildargs: { WHO: 'wér & ço', UNSET: null },
        labels: { 'hawser.test': task.id, 'ключ': 'значение' },
        networkmode: 'none',
        nocache: true,
        forcerm: true,
      })) records.push(record)
      const { Id, Config } = await imageInspect(docker, name)
      expect(Config?.Labels).toMatchObject({ who: 'wér & ço', 'hawser.test': task.id, 'ключ': 'значение' })
      const ids = records.flatMap(({ aux }) => (typeof aux === 'object' && aux?.ID ? [aux.ID] : []))
      expect(ids.map(id => id.replace('sha256:', ''))).toContain(Id.replace('sha256:', ''))
      expect(records.map(({ stream = '' }) => stream).join('')).toMatch(/Step 1\/\d|STEP 1\/\d/)
      const id = await create({ Image: name })
      expect(await finish(docker, id)).toBe(0)
      expect(await textOf(await containerLogs(docker, id, { stdout: true }))).toMatchObject({ stdout: 'copied\n' })
      await containerDelete(docker, id, { force: true })
    } finally {
      await remove(docker, name)
    }
  })

  test('fail in a stream that answered 200, or before it', async ({ docker }) => {
    const missing = await errorOf(imageBuild(docker, { inputStream: context(`FROM ${image}\nCOPY no-such /x\n`), networkmode: 'none' }))
    expect(missing).toMatchObject({ code: 'stream-error', status: 200, method: 'POST' })
    expect(missing.message).toContain('no-such')
    const syntax = await errorOf(imageBuild(docker, { inputStream: context('FORM a\n') }))
    expect(syntax.code).toMatch(/^(stream-error|bad-parameter)$/)
    const nothing = await errorOf(imageBuild(docker, { inputStream: context('FROM a'), dockerfile: 'no/such' }))
    expect(nothing.status).toEqual(expect.any(Number))
  })

  test('their cache is pruned, and one that does not run is cancelled in vain', async ({ docker }) => {
    if (isPodman) {
      expect(await errorOf(buildPrune(docker))).toMatchObject({ status: 404 })
      expect(await errorOf(buildCancel(docker, 'no-such'))).toMatchObject({ status: 404 })
      return
    }
    expect(await buildPrune(docker, { filters: { id: 'no-such' }, 'keep-storage': 0 })).toEqual({ CachesDeleted: null, SpaceReclaimed: 0 })
    await buildCancel(docker, 'no-such')
  })

  test('a session, in which the engine speaks HTTP/2 first', async ({ docker, task }) => {
    const options = { uuid: `hawser-${task.id}`, name: 'hawser', 'grpc-method': ['/grpc.health.v1.Health/Check'] }
    if (isPodman) {
      expect(await errorOf(session(docker, options))).toMatchObject({ status: 404 })
      return
    }
    const stream = await session(docker, options)
    expect(stream.response.status).toBe(101)
    let seen = ''
    for await (const chunk of stream) {
      seen += Buffer.from(chunk).toString('latin1')
      if (seen.length >= 24) break
    }
    // RFC 9113 section 3.4.
    expect(seen.slice(0, 24)).toBe('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
  })
})
