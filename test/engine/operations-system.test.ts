import { expect } from 'vitest'
import { containerStart, systemDataUsage, systemEvents, systemVersion, type EventMessage } from '../../src/index.js'
import { apiVersion, describeEngine, finish, image, isPodman, test } from './engine.js'

describeEngine('events', () => {
  test('come as they happen, from the moment that the engine has registered it', async ({ docker, create }) => {
    const id = await create({ Cmd: ['sh', '-c', 'exit 3'] })
    const events = systemEvents(docker, { filters: { type: 'container', container: id } })
    // Podman answers with its first event only, so there is nothing to wait for.
    if (!isPodman) await events.registered()
    const seen: EventMessage[] = []
    const listen = async (): Promise<void> => {
      for await (const event of events) {
        seen.push(event)
        if (event.Action === 'die') return
      }
    }
    const listening = listen()
    expect(await finish(docker, id)).toBe(3)
    await listening
    expect(seen.map(({ Action }) => Action).filter(action => action !== 'init')).toEqual(['start', 'die'])
    const died = seen.at(-1)!
    expect(died).toMatchObject({ Type: 'container', Actor: { ID: id } })
    expect(died.Actor.Attributes).toMatchObject(isPodman ? { containerExitCode: '3' } : { exitCode: '3', image })
    expect(died.timeNano).toBeGreaterThan(1.7e18)
  })

  test('of the past end at a moment that has passed', async ({ docker, idle }) => {
    const { Components } = await systemVersion(docker)
    expect(Components?.length).toBeGreaterThan(0)
    const now = Math.ceil(Date.now() / 1000)
    const seen: string[] = []
    for await (const line of systemEvents(docker, { since: now - 60, until: now, filters: { container: idle } }).lines()) seen.push(line)
    expect(seen.some(line => line.includes(idle) && /"Action":"start"/.test(line))).toBe(true)
    // Lossless: nanoseconds beyond 2^53.
    expect(seen.join()).toMatch(/"timeNano":\d{19}/)
  })

  test('end when the signal says so', async ({ docker, create }) => {
    const id = await create({ Cmd: ['sleep', '3600'] })
    const controller = new AbortController()
    const reason = new Error('enough')
    const events = systemEvents(docker, { filters: { container: id }, signal: controller.signal })
    const listen = async (): Promise<void> => {
      for await (const _ of events) controller.abort(reason)
    }
    // Now, for it may come before the start has answered.
    const listening = expect(listen()).rejects.toBe(reason)
    if (!isPodman) await events.registered()
    await containerStart(docker, id)
    await listening
  })
})

describeEngine('disk usage', () => {
  test('counts images and containers', async ({ docker, idle }) => {
    const usage = await systemDataUsage(docker)
    if (Number(apiVersion.split('.')[1]) < 52) {
      expect(usage.Images?.length).toBeGreaterThan(0)
      expect(usage.Volumes).toBeInstanceOf(Array)
      expect(usage.Containers!.map(({ Id }) => Id)).toContain(idle)
      expect(usage.ImageUsage).toBeUndefined()
    } else expect(usage.ImageUsage?.TotalCount).toBeGreaterThan(0)
  })

  test('of some only', async ({ docker, idle }) => {
    const usage = await systemDataUsage(docker, { type: ['volume'] })
    // Since 1.42; older ones take no notice.
    const some = Number(apiVersion.split('.')[1]) > 41
    expect((usage.Containers ?? []).some(({ Id }) => Id === idle)).toBe(!some)
  })
})
