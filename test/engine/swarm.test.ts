/** A swarm of one node, with all that runs on it. The engine is in no swarm before, and in none behind. */
import { createServer, type AddressInfo } from 'node:net'
import { expect } from 'vitest'
import {
  configCreate,
  configDelete,
  configInspect,
  configList,
  configUpdate,
  demux,
  nodeDelete,
  nodeInspect,
  nodeList,
  nodeUpdate,
  secretCreate,
  secretDelete,
  secretInspect,
  secretList,
  secretUpdate,
  serviceCreate,
  serviceDelete,
  serviceInspect,
  serviceList,
  serviceLogs,
  serviceUpdate,
  swarmInit,
  swarmInspect,
  swarmJoin,
  swarmLeave,
  swarmUnlock,
  swarmUnlockkey,
  swarmUpdate,
  systemInfo,
  taskInspect,
  taskList,
  taskLogs,
  type ByteSource,
  type ServiceSpec,
  type Sent,
} from '../../src/index.js'
import { describeEngine, errorOf, image, isPodman, test, text, type Docker } from './engine.js'

const freePort = (): Promise<number> =>
  new Promise(resolve => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })

const every = (docker: Docker): [string, () => PromiseLike<unknown>][] => [
  ['swarmInspect', () => swarmInspect(docker)],
  ['swarmUpdate', () => swarmUpdate(docker, {}, { version: 1 })],
  ['swarmUnlockkey', () => swarmUnlockkey(docker)],
  ['swarmUnlock', () => swarmUnlock(docker, { UnlockKey: 'SWMKEY-1' })],
  ['swarmLeave', () => swarmLeave(docker)],
  ['nodeList', () => nodeList(docker)],
  ['nodeInspect', () => nodeInspect(docker, 'self')],
  ['nodeUpdate', () => nodeUpdate(docker, 'self', {}, { version: 1 })],
  ['nodeDelete', () => nodeDelete(docker, 'self')],
  ['serviceList', () => serviceList(docker)],
  ['serviceCreate', () => serviceCreate(docker, {})],
  ['serviceInspect', () => serviceInspect(docker, 'a')],
  ['serviceUpdate', () => serviceUpdate(docker, 'a', {}, { version: 1 })],
  ['serviceLogs', () => serviceLogs(docker, 'a', { stdout: true })],
  ['serviceDelete', () => serviceDelete(docker, 'a')],
  ['taskList', () => taskList(docker)],
  ['taskInspect', () => taskInspect(docker, 'a')],
  ['taskLogs', () => taskLogs(docker, 'a', { stdout: true })],
  ['secretList', () => secretList(docker)],
  ['secretCreate', () => secretCreate(docker, { Name: 'a', Data: 'b' })],
  ['secretInspect', () => secretInspect(docker, 'a')],
  ['secretUpdate', () => secretUpdate(docker, 'a', {}, { version: 1 })],
  ['secretDelete', () => secretDelete(docker, 'a')],
  ['configList', () => configList(docker)],
  ['configCreate', () => configCreate(docker, { Name: 'a', Data: 'b' })],
  ['configInspect', () => configInspect(docker, 'a')],
  ['configUpdate', () => configUpdate(docker, 'a', {}, { version: 1 })],
  ['configDelete', () => configDelete(docker, 'a')],
]

/** Lines of a log up to the one that `enough` waits for. */
const linesUntil = async (logs: Promise<ByteSource>, enough: (lines: string[]) => boolean): Promise<string[]> => {
  let seen = ''
  for await (const { bytes } of demux(await logs)) {
    seen += text(bytes)
    const lines = seen.split('\n').slice(0, -1)
    if (enough(lines)) return lines
  }
  throw new Error(`the log ended too early: ${seen}`)
}

/** How long a swarm may take for what it does behind an answer. */
const SOON = { timeout: 25_000, interval: 100 }

const runningTasks = (docker: Docker, service: string) => async (): Promise<number> =>
  (await taskList(docker, { filters: { service, 'desired-state': 'running' } })).filter(({ Status }) => Status.State === 'running').length

/** Makes a swarm, and leaves it whatever happens. */
const inSwarm = async (docker: Docker, use: (node: string) => Promise<void>): Promise<void> => {
  const address = `127.0.0.1:${await freePort()}`
  const node = await swarmInit(docker, { ListenAddr: address, AdvertiseAddr: address })
  try {
    await use(node)
  } finally {
    await swarmLeave(docker, { force: true })
  }
  expect((await systemInfo(docker)).Swarm.LocalNodeState).toBe('inactive')
}

describeEngine('a swarm', () => {
  test('is not there for who is in none', async ({ docker }) => {
    for (const [operation, call] of every(docker)) {
      // Podman 4 has secrets without a swarm.
      if (isPodman && operation.startsWith('secret')) continue
      const error = await errorOf(call())
      // It knows some of the routes, to say that it does not support them.
      if (isPodman) expect(['not-found', 'unavailable'], operation).toContain(error.code)
      else {
        expect(error, operation).toMatchObject({ code: 'unavailable', status: 503 })
        expect(error.message, operation).toMatch(/not (a swarm manager|part of a swarm)/)
      }
    }
    const [init, join] = [await errorOf(swarmInit(docker, { ListenAddr: 'nonsense' })), await errorOf(swarmJoin(docker, { ListenAddr: '127.0.0.1', RemoteAddrs: [], JoinToken: '' }))]
    expect(init).toMatchObject(isPodman ? { code: 'unavailable', status: 503 } : { code: 'bad-parameter', status: 400 })
    expect(join).toMatchObject(isPodman ? { code: 'unavailable', status: 503 } : { code: 'bad-parameter', status: 400 })
  })

  test.runIf(isPodman)('is not needed for secrets', async ({ docker, task }) => {
    const name = `hawser-${task.id.replace(/\W/g, '')}`
    const { ID } = await secretCreate(docker, { Name: name, Data: 'geheim ü' })
    try {
      expect((await secretInspect(docker, ID)).Spec.Name).toBe(name)
      expect((await secretList(docker)).map(secret => secret.ID)).toContain(ID)
      expect(await errorOf(secretUpdate(docker, ID, { Name: name }, { version: 1 }))).toMatchObject({ code: 'not-implemented', status: 501 })
    } finally {
      await secretDelete(docker, ID)
    }
    expect(await errorOf(secretInspect(docker, ID))).toMatchObject({ code: 'not-found' })
  })

  test.skipIf(isPodman)('is made, updated, locked and left', { timeout: 60_000 }, async ({ docker }) => {
    await inSwarm(docker, async node => {
      const swarm = await swarmInspect(docker)
      expect(swarm).toMatchObject({ Spec: { Name: 'default' }, JoinTokens: { Worker: expect.stringMatching(/^SWMTKN-1-/) as string } })
      expect((await systemInfo(docker)).Swarm).toMatchObject({ LocalNodeState: 'active', ControlAvailable: true, NodeID: node, Managers: 1 })

      await swarmUpdate(docker, { ...swarm.Spec, Labels: { a: 'ü' }, EncryptionConfig: { AutoLockManagers: true } }, { version: swarm.Version.Index, rotateWorkerToken: true })
      const after = await swarmInspect(docker)
      expect(after.Spec).toMatchObject({ Labels: { a: 'ü' }, EncryptionConfig: { AutoLockManagers: true } })
      expect(after.JoinTokens.Worker).not.toBe(swarm.JoinTokens.Worker)
      expect(after.JoinTokens.Manager).toBe(swarm.JoinTokens.Manager)
      const stale = await errorOf(swarmUpdate(docker, swarm.Spec, { version: swarm.Version.Index }))
      expect(stale).toMatchObject({ code: 'server-error', status: 500 })
      expect(stale.message).toContain('update out of sequence')
      expect((await swarmUnlockkey(docker)).UnlockKey).toMatch(/^SWMKEY-1-/)
      expect(await errorOf(swarmUnlock(docker, await swarmUnlockkey(docker)))).toMatchObject({ code: 'conflict', status: 409 })

      const again = await errorOf(swarmInit(docker, { ListenAddr: '127.0.0.1' }))
      expect(again).toMatchObject({ code: 'unavailable', status: 503 })
      expect(again.message).toContain('already part of a swarm')
      expect(await errorOf(swarmJoin(docker, { ListenAddr: '127.0.0.1', RemoteAddrs: ['127.0.0.1:1'], JoinToken: swarm.JoinTokens.Worker }))).toMatchObject({ code: 'unavailable' })
      expect((await errorOf(swarmLeave(docker))).message).toContain('--force')

      // Its one node.
      const self = await nodeInspect(docker, node)
      expect(self).toMatchObject({ ID: node, Spec: { Role: 'manager', Availability: 'active' }, Status: { State: 'ready' }, ManagerStatus: { Leader: true, Reachability: 'reachable' } })
      expect((await nodeList(docker, { filters: { role: 'manager' } })).map(({ ID }) => ID)).toEqual([node])
      expect(await nodeList(docker, { filters: { role: 'worker' } })).toEqual([])
      await nodeUpdate(docker, node, { ...self.Spec, Labels: { zone: 'a' } }, { version: self.Version.Index })
      expect((await nodeInspect(docker, node)).Spec.Labels).toEqual({ zone: 'a' })
      // The manager that is asked is the last one.
      expect((await errorOf(nodeDelete(docker, node, { force: true }))).message).toContain('is a cluster manager')
      expect(await errorOf(nodeInspect(docker, 'no-such'))).toMatchObject({ code: 'not-found' })
    })
  })

  test.skipIf(isPodman)('keeps secrets and configs, which a task reads', { timeout: 60_000 }, async ({ docker }) => {
    await inSwarm(docker, async () => {
      const octets = Uint8Array.from({ length: 256 }, (_, i) => i)
      const { ID: secret } = await secretCreate(docker, { Name: 'word', Labels: { kind: 'a' }, Data: 'geheim ü' })
      const { ID: config } = await configCreate(docker, { Name: 'table', Data: octets })
      expect(await errorOf(secretCreate(docker, { Name: 'word', Data: 'another' }))).toMatchObject({ code: 'conflict', status: 409 })
      expect((await secretInspect(docker, secret)).Spec).toEqual({ Name: 'word', Labels: { kind: 'a' } })
      const kept = await configInspect(docker, config)
      expect(kept.Spec.Data).toEqual(octets)
      expect((await secretList(docker, { filters: { name: 'word' } })).map(({ ID }) => ID)).toEqual([secret])
      expect((await configList(docker)).map(({ Spec }) => Spec.Data)).toEqual([octets])

      // What was inspected can be sent back, labels changed.
      await configUpdate(docker, config, { ...kept.Spec, Labels: { kind: 'b' } }, { version: kept.Version.Index })
      expect((await configInspect(docker, config)).Spec).toEqual({ ...kept.Spec, Labels: { kind: 'b' } })
      const { Spec, Version } = await secretInspect(docker, secret)
      await secretUpdate(docker, secret, { ...Spec, Labels: { kind: 'c' } }, { version: Version.Index })
      expect((await secretInspect(docker, 'word')).Spec.Labels).toEqual({ kind: 'c' })
      const changed = await errorOf(configUpdate(docker, config, { ...kept.Spec, Data: 'other' }, { version: (await configInspect(docker, config)).Version.Index }))
      expect(changed.message).toContain('only updates to Labels are allowed')

      const file = { UID: '0', GID: '0', Mode: 0o444 }
      await serviceCreate(docker, {
        Name: 'reader',
        TaskTemplate: {
          ContainerSpec: {
            Image: image,
            Command: ['sh', '-c', 'cat /run/secrets/word; echo; md5sum < /table; echo done; sleep 3600'],
            Secrets: [{ SecretID: secret, SecretName: 'word', File: { Name: 'word', ...file } }],
            Configs: [{ ConfigID: config, ConfigName: 'table', File: { Name: '/table', ...file } }],
            StopGracePeriod: 1e9,
          },
        },
        Mode: { Replicated: { Replicas: 1 } },
      })
      await expect.poll(runningTasks(docker, 'reader'), SOON).toBe(1)
      const lines = await linesUntil(serviceLogs(docker, 'reader', { stdout: true, stderr: true, follow: true }), seen => seen.includes('done'))
      // coreutils: the 256 octets through md5sum.
      expect(lines).toEqual(['geheim ü', 'e2c865db4162bed963bfaa9ef6ac18f0  -', 'done'])
      expect((await errorOf(secretDelete(docker, secret))).message).toContain('is in use')

      await serviceDelete(docker, 'reader')
      await secretDelete(docker, secret)
      await configDelete(docker, config)
      expect(await errorOf(secretInspect(docker, secret))).toMatchObject({ code: 'not-found' })
      expect(await errorOf(configInspect(docker, config))).toMatchObject({ code: 'not-found' })
    })
  })

  test.skipIf(isPodman)('runs services: scaled, updated, rolled back', { timeout: 90_000 }, async ({ docker }) => {
    await inSwarm(docker, async () => {
      const spec = (Replicas: number, word: string): Sent<ServiceSpec> => ({
        Name: 'web',
        Labels: { word },
        TaskTemplate: { ContainerSpec: { Image: image, Command: ['sh', '-c', `trap exit TERM; echo ${word}; sleep 3600 & wait`], StopGracePeriod: 1e9 } },
        Mode: { Replicated: { Replicas } },
        UpdateConfig: { Parallelism: 0, MaxFailureRatio: 0, Order: 'stop-first', Monitor: 1e8 },
        RollbackConfig: { Parallelism: 0, MaxFailureRatio: 0, Order: 'stop-first', Monitor: 1e8 },
      })
      const { ID } = await serviceCreate(docker, spec(2, 'first'))
      expect(await errorOf(serviceCreate(docker, spec(2, 'first')))).toMatchObject({ code: 'conflict', status: 409 })
      await expect.poll(runningTasks(docker, 'web'), SOON).toBe(2)
      expect(await serviceList(docker, { filters: { name: 'web' }, status: true })).toMatchObject([{ ID, ServiceStatus: { RunningTasks: 2, DesiredTasks: 2 } }])
      expect((await serviceInspect(docker, 'web', { insertDefaults: true })).Spec.TaskTemplate.RestartPolicy).toMatchObject({ Condition: 'any' })

      // Each task has its own log, the service both.
      expect(await linesUntil(serviceLogs(docker, 'web', { stdout: true, follow: true }), seen => seen.length === 2)).toEqual(['first', 'first'])
      const [task] = await taskList(docker, { filters: { service: 'web' } })
      expect(await taskInspect(docker, task!.ID)).toMatchObject({ ServiceID: ID, DesiredState: 'running', Status: { ContainerStatus: { ContainerID: expect.stringMatching(/^[\da-f]{64}$/) as string } } })
      const [line] = await linesUntil(taskLogs(docker, task!.ID, { stdout: true, follow: true, details: true, timestamps: true }), seen => seen.length === 1)
      expect(line).toMatch(new RegExp(`^\\d{4}-\\S+Z com\\.docker\\.swarm\\.node\\.id=\\w+,com\\.docker\\.swarm\\.service\\.id=${ID},com\\.docker\\.swarm\\.task\\.id=${task!.ID} first$`))

      const before = await serviceInspect(docker, 'web')
      await serviceUpdate(docker, 'web', spec(3, 'first'), { version: before.Version.Index })
      await expect.poll(runningTasks(docker, 'web'), SOON).toBe(3)
      expect((await errorOf(serviceUpdate(docker, 'web', spec(4, 'first'), { version: before.Version.Index }))).message).toContain('update out of sequence')

      const scaled = await serviceInspect(docker, 'web')
      await serviceUpdate(docker, 'web', spec(3, 'second'), { version: scaled.Version.Index })
      await expect.poll(async () => (await serviceInspect(docker, 'web')).UpdateStatus?.State, SOON).toBe('completed')
      const updated = await serviceInspect(docker, 'web')
      expect(updated).toMatchObject({ Spec: { Labels: { word: 'second' } }, PreviousSpec: { Labels: { word: 'first' } } })

      await serviceUpdate(docker, 'web', updated.Spec, { version: updated.Version.Index, rollback: 'previous' })
      await expect.poll(async () => (await serviceInspect(docker, 'web')).UpdateStatus?.State, SOON).toBe('rollback_completed')
      expect((await serviceInspect(docker, 'web')).Spec).toMatchObject({ Labels: { word: 'first' }, Mode: { Replicated: { Replicas: 3 } } })

      await serviceDelete(docker, 'web')
      expect(await errorOf(serviceInspect(docker, 'web'))).toMatchObject({ code: 'not-found', status: 404 })
      expect(await errorOf(serviceLogs(docker, 'web', { stdout: true }))).toMatchObject({ code: 'not-found', status: 404 })
    })
  })
})
