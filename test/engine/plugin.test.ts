import { expect } from 'vitest'
import { getPluginPrivileges, pluginCreate, pluginDelete, pluginDisable, pluginEnable, pluginInspect, pluginList, pluginPull, pluginPush, pluginSet, pluginUpgrade } from '../../src/index.js'
import { describeEngine, errorOf, isPodman, test, type Docker } from './engine.js'

/** ustar by hand (POSIX.1-1988), so that the archive does not depend on what is tested elsewhere. */
const entry = (name: string, body: Uint8Array, type: '0' | '5'): Buffer => {
  const head = Buffer.alloc(512)
  head.write(name, 0)
  head.write(type === '5' ? '0000755' : '0000644', 100)
  head.write('0000000\0', 108)
  head.write('0000000\0', 116)
  head.write(body.length.toString(8).padStart(11, '0'), 124)
  head.write('00000000000', 136)
  head.write('        ', 148)
  head.write(type, 156)
  head.write('ustar\x0000', 257)
  head.write(`${head.reduce((sum, c) => sum + c, 0).toString(8).padStart(6, '0')}\0`, 148)
  return Buffer.concat([head, body, Buffer.alloc((512 - (body.length % 512)) % 512)])
}

const CONFIG = {
  Description: 'a plugin that cannot start',
  Documentation: '',
  Interface: { Types: ['docker.volumedriver/1.0'], Socket: 'plugin.sock' },
  Entrypoint: ['/no-such'],
  WorkDir: '/',
  Network: { Type: 'none' },
  Linux: { Capabilities: null, AllowAllDevices: false, Devices: null },
  Env: [{ Name: 'LEVEL', Description: '', Settable: ['value'], Value: '1' }],
  Mounts: [],
  Args: { Name: 'args', Description: '', Settable: ['value'], Value: [] },
}

const archive = Buffer.concat([entry('config.json', Buffer.from(JSON.stringify(CONFIG)), '0'), entry('rootfs/', Buffer.alloc(0), '5'), entry('rootfs/file', Buffer.from('x'), '0'), Buffer.alloc(1024)])

/** A registry that nobody runs. */
const NOWHERE = 'localhost:1/no/such:1'

const every = (docker: Docker, name: string): [string, PromiseLike<unknown>][] => [
  ['pluginList', pluginList(docker)],
  ['getPluginPrivileges', getPluginPrivileges(docker, { remote: NOWHERE })],
  ['pluginPull', pluginPull(docker, [], { remote: NOWHERE })],
  ['pluginInspect', pluginInspect(docker, name)],
  ['pluginEnable', pluginEnable(docker, name)],
  ['pluginDisable', pluginDisable(docker, name)],
  ['pluginSet', pluginSet(docker, name, ['LEVEL=2'])],
  ['pluginUpgrade', pluginUpgrade(docker, name, [], { remote: NOWHERE })],
  ['pluginPush', pluginPush(docker, name)],
  ['pluginDelete', pluginDelete(docker, name)],
  ['pluginCreate', pluginCreate(docker, archive, { name })],
]

describeEngine('plugins', () => {
  test.runIf(isPodman)('are not there', async ({ docker }) => {
    for (const [operation, call] of every(docker, 'no-such')) expect(await errorOf(call), operation).toMatchObject({ code: 'not-found', status: 404 })
  })

  test.skipIf(isPodman)('are made of an archive, set, and removed', async ({ docker, task }) => {
    const name = `hawser/${task.id.replace(/\W/g, '')}:1`
    await pluginCreate(docker, archive, { name })
    try {
      expect(await pluginInspect(docker, name)).toMatchObject({ Name: name, Enabled: false, Settings: { Env: ['LEVEL=1'] }, Config: { Description: CONFIG.Description, Entrypoint: ['/no-such'] } })
      expect((await pluginList(docker, { filters: { enabled: false } })).map(({ Name }) => Name)).toContain(name)
      expect((await pluginList(docker, { filters: { enabled: true } })).map(({ Name }) => Name)).not.toContain(name)

      await pluginSet(docker, name, ['LEVEL=2', 'args=a b'])
      expect((await pluginInspect(docker, name)).Settings).toMatchObject({ Env: ['LEVEL=2'], Args: ['a', 'b'] })
      expect(await errorOf(pluginSet(docker, name, ['NONE=2']))).toMatchObject({ code: 'server-error', reason: 'setting "NONE" not found in the plugin configuration' })

      const enabled = await errorOf(pluginEnable(docker, name, { timeout: 1 }))
      expect(enabled).toMatchObject({ code: 'server-error', status: 500, method: 'POST' })
      expect(enabled.message).toContain('/no-such')
      expect(await errorOf(pluginDisable(docker, name))).toMatchObject({ code: 'conflict', status: 409 })
      expect(await errorOf(pluginCreate(docker, archive, { name }))).toMatchObject({ code: 'conflict' })

      // There is no registry: what asks one says so, before the stream or in it.
      expect((await errorOf(pluginUpgrade(docker, name, [], { remote: NOWHERE }))).message).toContain('connection refused')
      expect(await errorOf(pluginPush(docker, name))).toMatchObject({ code: 'stream-error', status: 200 })
    } finally {
      await pluginDelete(docker, name, { force: true })
    }
    expect(await errorOf(pluginInspect(docker, name))).toMatchObject({ code: 'not-found' })
  })

  test.skipIf(isPodman)('are not pulled from where there is no registry', async ({ docker }) => {
    const error = await errorOf(pluginPull(docker, [], { remote: NOWHERE }))
    expect(error).toMatchObject({ code: 'server-error', status: 500 })
    expect(error.message).toContain('connection refused')
    // An engine takes a registry that does not answer for a plugin that wants nothing.
    expect(await getPluginPrivileges(docker, { remote: NOWHERE })).toEqual([])
  })
})
