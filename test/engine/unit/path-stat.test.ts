/** The description of a path that comes in a header. */
import { expect, test } from 'vitest'
import { containerArchive, containerArchiveInfo } from '../../../src/engine/index.js'
import { collect } from '../../../src/stream/index.js'
import { fakeEngine } from './fake-engine.js'

const NAME = 'x-docker-container-path-stat'

/** As docker-20 and podman sent them for /bin; the bits are Go's: a directory, 0755. */
const RECORDED: [engine: string, value: string, stat: object][] = [
  ['docker 20.10', 'eyJuYW1lIjoiYmluIiwic2l6ZSI6NDA5NiwibW9kZSI6MjE0NzQ4NDE0MSwibXRpbWUiOiIyMDI2LTExLTIxVDAzOjMxOjM0WiIsImxpbmtUYXJnZXQiOiIifQ==', { name: 'bin', size: 4096, mode: 2 ** 31 + 0o755, mtime: '2026-11-21T03:31:34Z', linkTarget: '' }],
  ['podman 4.3', 'eyJuYW1lIjoiYmluIiwic2l6ZSI6NDA5NiwibW9kZSI6MjE0NzQ4NDE0MSwibXRpbWUiOiIyMDI2LTExLTIxVDAzOjMxOjQwWiIsImlzRGlyIjp0cnVlLCJsaW5rVGFyZ2V0IjoiL2JpbiJ9', { name: 'bin', mode: 2 ** 31 + 0o755, linkTarget: '/bin' }],
]

test.each(RECORDED)('what %s says', async (_, value, stat) => {
  const engine = await fakeEngine({ headers: { [NAME]: value } })
  expect(await containerArchiveInfo(engine.pool(), 'c1', '/bin')).toMatchObject(stat)
})

test.each([
  ['no header', {}, /has no X-Docker-Container-Path-Stat/],
  ['an empty header', { [NAME]: '' }, /unreadable/],
  ['no base64', { [NAME]: '%%%' }, /unreadable/],
  ['base64 of no JSON', { [NAME]: 'aGVsbG8=' }, /unreadable/],
])('%s is head-malformed, and spoils no archive', async (_, headers, message) => {
  const engine = await fakeEngine({ headers, body: 'tar' })
  const client = engine.pool()
  await expect(containerArchiveInfo(client, 'c1', '/bin')).rejects.toMatchObject({ code: 'head-malformed', message: expect.stringMatching(message) as string })
  const archive = await containerArchive(client, 'c1', '/bin')
  expect(() => archive.stat).toThrow(expect.objectContaining({ code: 'head-malformed' }))
  expect(await collect(archive)).toHaveLength(3)
})
