import { expect } from 'vitest'
import { API_VERSION_MAX, compareVersions, containerList, fromEnv, systemInfo, systemPing, systemPingHead, systemVersion } from '../../src/index.js'
import { apiVersion, describeEngine, errorOf, isPodman, test } from './engine.js'

describeEngine('the engine itself', () => {
  test('answers pings with its newest API version', async ({ docker }) => {
    for (const ping of [systemPing, systemPingHead]) {
      const { experimental, osType, ...rest } = await ping(docker)
      expect(rest.apiVersion).toBe(apiVersion)
      expect(experimental).toBe(isPodman)
      // Podman 4 has no Ostype header.
      expect(osType).toBe(isPodman ? undefined : 'linux')
    }
  })

  test('agrees on the newest version of both', async ({ docker }) => {
    expect(await docker.apiVersion()).toBe(compareVersions(apiVersion, API_VERSION_MAX) > 0 ? API_VERSION_MAX : apiVersion)
    const { ApiVersion, MinAPIVersion = '', Os, Components } = await systemVersion(docker)
    expect(ApiVersion).toBe(apiVersion)
    expect(compareVersions(MinAPIVersion, apiVersion)).toBeLessThan(0)
    expect(Os).toBe('linux')
    expect(Components?.[0]?.Name).toBe(isPodman ? 'Podman Engine' : 'Engine')
  })

  test('speaks an older version where that is asked for', async ({ docker }) => {
    const version = (await systemVersion(docker)).MinAPIVersion ?? '1.24'
    const older = await fromEnv({ version: compareVersions(version, '1.24') < 0 ? '1.24' : version })
    expect((await systemVersion(older)).ApiVersion).toBe(apiVersion)
    expect(await containerList(older, { filters: { name: 'no such name' } })).toEqual([])
    expect(older.stats()).toMatchObject({ leased: 0, waiting: 0 })
    await older.close()
  })

  test('refuses a version that is too new, or says nothing of it', async ({}) => {
    const docker = await fromEnv({ version: '1.99' })
    // Podman routes every version to the same handlers (pkg/api/server: VersionedPath).
    if (isPodman) expect((await systemVersion(docker)).ApiVersion).toBe(apiVersion)
    else {
      const error = await errorOf(containerList(docker))
      expect(error).toMatchObject({ code: 'bad-parameter', status: 400, method: 'GET', path: '/v1.99/containers/json' })
      expect(error.message).toContain('client version 1.99 is too new')
    }
    expect(docker.stats()).toMatchObject({ leased: 0, waiting: 0 })
    await docker.close()
  })

  test('tells what it runs on', async ({ docker }) => {
    const info = await systemInfo(docker)
    expect(info.OSType).toBe('linux')
    expect(info.NCPU).toBeGreaterThan(0)
    expect(info.Images).toBeGreaterThan(0)
    expect(info.ServerVersion).toBe((await systemVersion(docker)).Version)
  })
})
