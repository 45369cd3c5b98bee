/** Two GiB go through the borrowed roads, into a sink that is slower than the peer, and the process stays as small as it was. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bundle } from './support/bundle.js'

const TOTAL = 2 * 1024 ** 3
const ROOM = 32 * 1024 ** 2

/** Answers any request with TOTAL octets: frames of 16 KiB, payload and header, in HTTP chunks of one frame. Runs as a process of its own. */
const SERVER = `
const frame = Buffer.alloc(16384, 'x')
frame.set([1, 0, 0, 0], 0)
frame.writeUInt32BE(16384 - 8, 4)
const chunk = Buffer.concat([Buffer.from('4000\\r\\n'), frame, Buffer.from('\\r\\n')])
const many = Buffer.concat(Array(64).fill(chunk))
require('node:net').createServer(socket => {
  socket.on('error', () => {})
  socket.once('data', () => {
    let left = ${TOTAL} / (64 * 16384)
    socket.write('HTTP/1.1 200 OK\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n')
    const pump = () => {
      while (left-- > 0) if (!socket.write(many)) return socket.once('drain', pump)
      socket.end('0\\r\\n\\r\\n')
    }
    pump()
  })
}).listen(process.argv[1], () => console.log('listening'))
`

/** What both clients do around the reading of one body; prints octets and how many more the process took than before. */
const client = (read: string): string => `
import { body, bodyInto, demuxInto, dialUnix, ok, pool } from 'hawser'
const docker = pool(dialUnix(process.argv[1]))
const settle = () => new Promise(resolve => setImmediate(resolve))
let octets = 0
let peak = 0
let calls = 0
let busy = false
const slowly = (_chunk, start, end) => {
  if (busy) throw new Error('called again before its promise has settled')
  octets += end - start
  if (++calls % 16 !== 0) return
  if (calls % 4096 === 0) peak = Math.max(peak, process.memoryUsage.rss())
  busy = true
  return settle().then(() => void (busy = false))
}
gc()
const before = process.memoryUsage.rss()
const response = await ok(docker, { method: 'GET', path: '/' })
${read}
console.log(JSON.stringify({ octets, above: Math.max(peak, process.memoryUsage.rss()) - before, stats: docker.stats() }))
`

const folder = mkdtempSync(join(tmpdir(), 'hawser-memory-'))
const path = join(folder, 'peer.sock')
let server: ChildProcess

beforeAll(async () => {
  server = spawn(process.execPath, ['-e', SERVER, path], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(server.stdout!, 'data')
})
afterAll(() => {
  server.kill()
  rmSync(folder, { recursive: true })
})

test.each([
  ['bodyInto', 'await bodyInto(response, slowly)', TOTAL],
  ['demuxInto', 'await demuxInto(body(response), { stdout: slowly })', TOTAL - (TOTAL / 16384) * 8],
])(
  '%s',
  async (_name, read, octets) => {
    const { code } = await bundle(client(read))
    const child = spawn(process.execPath, ['--expose-gc', '--input-type=module', '-e', code, path], { stdio: ['ignore', 'pipe', 'inherit'] })
    let said = ''
    child.stdout.on('data', (chunk: Uint8Array) => (said += String(chunk)))
    const [exitCode] = (await once(child, 'close')) as [number]
    expect(exitCode).toBe(0)
    const result = JSON.parse(said) as { octets: number; above: number; stats: object }
    console.log(`${_name}: ${(result.above / 1024 ** 2).toFixed(1)} MiB above the start`)
    expect(result).toMatchObject({ octets, stats: { leased: 0, waiting: 0 } })
    expect(result.above).toBeLessThan(ROOM)
  },
  120_000,
)
