/** Containers on a real engine, for the benches that read from one. Their images are there already: nothing is pulled. */
import { pool, json, jsonBody, ok, discard } from '../../src/http/index.js'
import { dialUnix } from '../../src/io/index.js'

/** The image that they run: HAWSER_BENCH_IMAGE, or any that holds busybox' tools. */
const IMAGE = process.env['HAWSER_BENCH_IMAGE'] ?? 'busybox:test'

/** Runs a command in a container until it ends, and leaves that for its logs and files to be read. */
export const runToEnd = async (socket: string, command: string): Promise<{ container: string; remove(): Promise<void> }> => {
  const client = pool(dialUnix(socket))
  const created = await ok(client, { method: 'POST', path: '/v1.41/containers/create', body: jsonBody({ Image: IMAGE, Cmd: ['sh', '-c', command], Labels: { 'org.hawser.bench': '1' }, NetworkDisabled: true }) })
  const { Id: container } = await json<{ Id: string }>(created)
  const remove = async (): Promise<void> => {
    await discard(await ok(client, { method: 'DELETE', path: `/v1.41/containers/${container}?force=1&v=1` }))
    await client.close()
  }
  try {
    await discard(await ok(client, { method: 'POST', path: `/v1.41/containers/${container}/start` }))
    const { StatusCode } = await json<{ StatusCode: number }>(await ok(client, { method: 'POST', path: `/v1.41/containers/${container}/wait` }))
    if (StatusCode !== 0) throw new Error(`the container that the bench reads from ended with ${StatusCode}`)
  } catch (error) {
    await remove()
    throw error
  }
  return { container, remove }
}
