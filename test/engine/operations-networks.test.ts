import { expect } from 'vitest'
import {
  containerDelete,
  containerStart,
  networkConnect,
  networkCreate,
  networkDelete,
  networkDisconnect,
  networkInspect,
  networkList,
  networkPrune,
  volumeCreate,
  volumeDelete,
  volumeInspect,
  volumeList,
  volumePrune,
  volumeUpdate,
  type Client,
} from '../../src/index.js'
import { describeEngine, errorOf, finish, isPodman, run, test, text } from './engine.js'

const NOT_FOUND = { code: 'not-found', status: 404 }

/** Removes what may be gone already. */
const gone = (promise: Promise<unknown>): Promise<unknown> => promise.catch(error => expect(error).toMatchObject(NOT_FOUND))

const networkOf = async (client: Client, name: string, label: string): Promise<string> => (await networkCreate(client, { Name: name, Internal: true, Labels: { 'hawser.test': label } })).Id

describeEngine('networks', () => {
  test('are created, listed, inspected and removed', async ({ docker, task }) => {
    const name = `hawser-${task.id}`
    const { Id } = await networkCreate(docker, { Name: name, Driver: 'bridge', Internal: true, Labels: { 'hawser.test': task.id, 'ключ': 'ä' }, IPAM: { Config: [{ Subnet: '10.213.7.0/24', Gateway: '10.213.7.9' }] } })
    try {
      const network = await networkInspect(docker, name)
      expect(network).toMatchObject({ Id, Name: name, Driver: 'bridge', Scope: 'local', Internal: true, Labels: { 'ключ': 'ä' } })
      expect(network.IPAM.Config).toEqual([expect.objectContaining({ Subnet: '10.213.7.0/24', Gateway: '10.213.7.9' })])
      expect((await networkList(docker)).map(item => item.Id)).toContain(Id)
      expect((await networkList(docker, { filters: { label: `hawser.test=${task.id}` } })).map(item => item.Id)).toEqual([Id])
      const taken = await errorOf(networkCreate(docker, { Name: name, CheckDuplicate: true }))
      expect(taken).toMatchObject(isPodman ? { code: 'server-error' } : { code: 'conflict', status: 409 })
    } finally {
      await networkDelete(docker, Id)
    }
    expect(await errorOf(networkInspect(docker, Id))).toMatchObject(NOT_FOUND)
    expect(await errorOf(networkDelete(docker, Id))).toMatchObject(NOT_FOUND)
  })

  test('are joined and left', async ({ docker, create, task }) => {
    const id = await networkOf(docker, `hawser-${task.id}`, task.id)
    const container = await create({ Cmd: ['sleep', '3600'], HostConfig: { NetworkMode: 'bridge' } })
    try {
      await containerStart(docker, container)
      const interfaces = async (): Promise<number> => text((await run(docker, container, ['ls', '/sys/class/net'])).stdout).match(/^eth\d+$/gm)?.length ?? 0
      // An engine may have been started without a bridge.
      const before = await interfaces()
      await networkConnect(docker, id, { Container: container, EndpointConfig: { Aliases: ['other'] } })
      const joined = await networkInspect(docker, id)
      expect(Object.keys(joined.Containers ?? {})).toEqual([container])
      expect(joined.Containers![container]!.IPv4Address).toMatch(/^[\d.]+\/\d+$/)
      expect(await interfaces()).toBe(before + 1)
      // Podman 4 takes the containers out of a network, and removes it.
      if (!isPodman) expect(await errorOf(networkDelete(docker, id))).toMatchObject({ code: 'forbidden', status: 403 })
      await networkDisconnect(docker, id, { Container: container })
      expect(Object.keys((await networkInspect(docker, id)).Containers ?? {})).toEqual([])
      expect(await errorOf(networkConnect(docker, id, { Container: 'no-such' }))).toMatchObject({ code: 'not-found' })
      expect(await errorOf(networkDisconnect(docker, 'no-such', { Container: container }))).toMatchObject({ code: 'not-found' })
    } finally {
      await containerDelete(docker, container, { force: true })
      await gone(networkDelete(docker, id))
    }
  })

  test('that nobody is in are pruned', async ({ docker, task }) => {
    const name = `hawser-${task.id}`
    const id = await networkOf(docker, name, task.id)
    try {
      expect((await networkPrune(docker, { filters: { label: `hawser.test=${task.id}` } })).NetworksDeleted).toEqual([name])
      expect(await errorOf(networkInspect(docker, id))).toMatchObject(NOT_FOUND)
    } finally {
      await gone(networkDelete(docker, id))
    }
  })
})

describeEngine('volumes', () => {
  test('are created, listed, filled, inspected and removed', async ({ docker, create, task }) => {
    const Name = `hawser-${task.id}`
    const created = await volumeCreate(docker, { Name, Labels: { 'hawser.test': task.id } })
    try {
      expect(created).toMatchObject({ Name, Driver: 'local', Scope: 'local' })
      const writer = await create({ Cmd: ['sh', '-c', 'echo kept > /data/file'], HostConfig: { Binds: [`${Name}:/data`] } })
      expect(await finish(docker, writer)).toBe(0)
      expect(await errorOf(volumeDelete(docker, Name))).toMatchObject({ code: 'conflict', status: 409 })
      await containerDelete(docker, writer)
      const reader = await create({ Cmd: ['grep', '-q', 'kept', '/data/file'], HostConfig: { Binds: [`${Name}:/data:ro`] } })
      expect(await finish(docker, reader)).toBe(0)
      await containerDelete(docker, reader)
      expect((await volumeInspect(docker, Name)).Labels).toEqual({ 'hawser.test': task.id })
      expect((await volumeList(docker, { filters: { label: `hawser.test=${task.id}` } })).Volumes?.map(volume => volume.Name)).toEqual([Name])
      // The same again is the same.
      expect((await volumeCreate(docker, { Name })).Mountpoint).toBe(created.Mountpoint)
    } finally {
      await volumeDelete(docker, Name)
    }
    expect(await errorOf(volumeInspect(docker, Name))).toMatchObject(NOT_FOUND)
    expect(await errorOf(volumeDelete(docker, Name))).toMatchObject(NOT_FOUND)
  })

  test('that nobody uses are pruned', async ({ docker, task }) => {
    const { Name } = await volumeCreate(docker, { Labels: { 'hawser.test': task.id } })
    try {
      const label = `hawser.test=${task.id}`
      // Docker before 1.42 has no filter all, and prunes those with a name, too.
      const old = (await docker.apiVersion()) === '1.41'
      expect((await volumePrune(docker, { filters: old ? { label } : { label, all: true } })).VolumesDeleted).toEqual([Name])
    } finally {
      await gone(volumeDelete(docker, Name))
    }
  })

  test('of a cluster cannot be updated where there is none', async ({ docker }) => {
    const error = await errorOf(volumeUpdate(docker, 'no-such', { Spec: { Availability: 'drain' } }, { version: 1 }))
    // Before 1.42, and in podman, there is no such route; its path has others.
    expect([404, 405, 503]).toContain(error.status)
  })
})
