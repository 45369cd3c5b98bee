import { expect } from 'vitest'
import {
  checkpointCreate,
  checkpointDelete,
  checkpointList,
  collect,
  containerChanges,
  containerExport,
  containerInspect,
  containerList,
  containerPause,
  containerPrune,
  containerRename,
  containerStart,
  containerStats,
  containerStatsOnce,
  containerTop,
  containerUnpause,
  containerUpdate,
  isError,
} from '../../src/index.js'
import { conflict, describeEngine, errorOf, finish, isPodman, run, test, text } from './engine.js'

describeEngine('what containers do beside running', () => {
  test('their processes', async ({ docker, idle, create }) => {
    const outcome = await containerTop(docker, idle).catch((error: unknown) => error)
    // Docker runs ps on its host, which may have none; podman 4 falls back to that of the container, whose columns it does not part.
    if (isError(outcome)) expect(outcome).toMatchObject({ code: 'server-error', reason: expect.stringContaining('ps: exec:') as string })
    else {
      const { Titles, Processes } = await containerTop(docker, idle, isPodman ? {} : { ps_args: '-o pid,args' })
      expect(Titles.join(' ')).toMatch(isPodman ? /^PID .*COMMAND$/ : /^PID COMMAND$/)
      expect(Processes!.map(row => row.join(' ')).join('\n')).toContain('sleep 3600')
    }
    const stopped = await create({ Cmd: ['true'] })
    // Podman 4 answers 200 and nothing.
    expect(await errorOf(containerTop(docker, stopped))).toMatchObject(isPodman ? { code: 'json-malformed' } : conflict)
  })

  test('their changes to files', async ({ docker, create }) => {
    const id = await create({ Cmd: ['sh', '-c', 'echo a > /added; rm /bin/vi; touch /etc'] })
    expect((await containerChanges(docker, id)) ?? []).not.toContainEqual({ Path: '/added', Kind: 1 })
    await finish(docker, id)
    const changes = await containerChanges(docker, id)
    expect(changes).toContainEqual({ Path: '/added', Kind: 1 })
    expect(changes).toContainEqual({ Path: '/bin/vi', Kind: 2 })
    expect(changes).toContainEqual({ Path: '/bin', Kind: 0 })
    expect(await errorOf(containerChanges(docker, 'no-such'))).toMatchObject({ code: isPodman ? 'server-error' : 'not-found' })
  })

  test('their files as an archive', async ({ docker, create }) => {
    const id = await create({ Cmd: ['sh', '-c', 'echo "needle in a file" > /added'] })
    await finish(docker, id)
    const archive = Buffer.from(await collect(await containerExport(docker, id)))
    expect(archive.length % 512).toBe(0)
    // POSIX.1-1988, ustar Interchange Format.
    expect(archive.toString('latin1', 257, 262)).toBe('ustar')
    expect(archive.includes('needle in a file\n')).toBe(true)
    expect(archive.subarray(-1024).every(octet => octet === 0)).toBe(true)
    expect(await errorOf(containerExport(docker, 'no-such'))).toMatchObject({ code: 'not-found' })
  })

  test('a sample of what they use', async ({ docker, idle }) => {
    const sample = await containerStatsOnce(docker, idle, { 'one-shot': true })
    expect(sample.memory_stats.usage).toBeGreaterThan(0)
    expect(sample.cpu_stats.cpu_usage.total_usage).toBeGreaterThan(0)
    expect(Date.parse(sample.read)).toBeGreaterThan(Date.parse('2020-01-01'))
    expect(await errorOf(containerStatsOnce(docker, 'no-such'))).toMatchObject({ code: 'not-found' })
  })

  test('samples as they come, until the loop is left', async ({ docker, idle }) => {
    const seen: number[] = []
    for await (const { cpu_stats } of containerStats(docker, idle)) if (seen.push(cpu_stats.cpu_usage.total_usage) === 2) break
    expect(seen[1]).toBeGreaterThanOrEqual(seen[0]!)
    const stats = containerStats(docker, idle)
    await stats.registered()
    for await (const line of stats.lines()) {
      expect(JSON.parse(line)).toHaveProperty('cpu_stats')
      break
    }
    expect(await errorOf(containerStats(docker, 'no-such').registered())).toMatchObject({ code: 'not-found' })
  })

  test('limits that are changed while they run', async ({ docker, idle }) => {
    if (isPodman) {
      // Podman 4.3 has no compat endpoint for it.
      expect(await errorOf(containerUpdate(docker, idle, { Memory: 64 * 1024 * 1024 }))).toMatchObject({ status: expect.any(Number) as number })
      return
    }
    await containerUpdate(docker, idle, { Memory: 64 * 1024 * 1024, MemorySwap: -1, RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 3 } })
    const { HostConfig } = await containerInspect(docker, idle)
    expect(HostConfig).toMatchObject({ Memory: 64 * 1024 * 1024, RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 3 } })
    const error = await errorOf(containerUpdate(docker, idle, { Memory: 1024 }))
    expect(error.message).toMatch(/memory limit/i)
  })

  test('another name', async ({ docker, create, task }) => {
    const id = await create({ Cmd: ['true'] }, `hawser-${task.id}-old`)
    const other = await create({ Cmd: ['true'] }, `hawser-${task.id}-taken`)
    await containerRename(docker, id, { name: `hawser-${task.id}-new` })
    expect((await containerInspect(docker, `hawser-${task.id}-new`)).Id).toBe(id)
    expect(await errorOf(containerInspect(docker, `hawser-${task.id}-old`))).toMatchObject({ code: 'not-found' })
    expect(await errorOf(containerRename(docker, id, { name: `hawser-${task.id}-taken` }))).toMatchObject({ code: 'conflict', status: 409 })
    expect((await containerInspect(docker, other)).Id).toBe(other)
  })

  test('a pause', async ({ docker, idle }) => {
    await containerPause(docker, idle)
    expect((await containerInspect(docker, idle)).State).toMatchObject({ Status: 'paused', Paused: true })
    expect(await errorOf(containerPause(docker, idle))).toMatchObject({ status: expect.any(Number) as number })
    await containerUnpause(docker, idle)
    expect((await containerInspect(docker, idle)).State).toMatchObject({ Status: 'running', Paused: false })
    expect(text((await run(docker, idle, ['echo', 'on'])).stdout)).toBe('on\n')
  })

  test('a prune of those that do not run', async ({ docker, create, idle, task }) => {
    const id = await create({ Cmd: ['true'] })
    const label = `hawser.test=${task.id}`
    await finish(docker, id)
    const { ContainersDeleted, SpaceReclaimed } = await containerPrune(docker, { filters: { label } })
    expect(ContainersDeleted).toEqual([id])
    expect(SpaceReclaimed).toBeGreaterThanOrEqual(0)
    expect((await containerList(docker, { all: true, filters: { label } })).map(({ Id }) => Id)).toEqual([idle])
    expect((await containerPrune(docker, { filters: { label } })).ContainersDeleted ?? []).toEqual([])
  })

  test('checkpoints, which need an engine with experimental features', async ({ docker, idle }) => {
    const code = isPodman ? 'not-found' : 'not-implemented'
    expect(await errorOf(checkpointList(docker, idle))).toMatchObject({ code })
    expect(await errorOf(checkpointCreate(docker, idle, { CheckpointID: 'k' }))).toMatchObject({ code })
    expect(await errorOf(checkpointDelete(docker, idle, 'k'))).toMatchObject({ code })
    await containerStart(docker, idle)
  })
})
