/**
 * How fast a multiplexed stream comes out of `demuxInto`, and how fast the same octets come out of a bare socket of node:net,
 * read the fastest way that Node has (`onread` with one buffer) and not looked at. Both in one run, in turns, from the same
 * server in another process. What counts is the median of the ratios of neighbours: on a machine that is busy with something else,
 * that of 16 short rounds stays near 0.9, where the ratio of the medians of 5 long ones went from 0.7 to 1.4.
 */
import { fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { body, direct, ok } from '../src/http/index.js'
import { dialUnix } from '../src/io/index.js'
import { demuxInto } from '../src/stream/index.js'
import { expected, path, total } from './tour/stream.js'

/** Rounds that do not count, until the code is compiled. */
const WARM_UP = 6
/** A gibibyte each. */
const ROUNDS = 16

export type Throughput = {
  /** Octets that went through each. */
  octets: number
  /** Octets per second, of the round whose ratio is the median. */
  demuxed: number
  bare: number
  ratio: number
}

const readDemuxed = async (socketPath: string): Promise<void> => {
  const response = await ok(direct(dialUnix(socketPath)), { method: 'GET', path })
  let stdout = 0
  let stderr = 0
  await demuxInto(body(response), {
    stdout: (_, start, end) => void (stdout += end - start),
    stderr: (_, start, end) => void (stderr += end - start),
  })
  if (stdout !== expected.stdout || stderr !== expected.stderr) throw new Error(`the stream had ${stdout} octets of stdout and ${stderr} of stderr, and should have ${expected.stdout} and ${expected.stderr}`)
}

const readBare = (socketPath: string): Promise<void> =>
  new Promise((resolve, reject) => {
    let octets = 0
    const socket = connect({
      path: socketPath,
      onread: {
        buffer: Buffer.allocUnsafeSlow(64 * 1024),
        callback(length) {
          octets += length
          if (octets >= total) socket.destroy()
          return true
        },
      },
    })
    socket.on('error', reject)
    socket.on('close', () => (octets === total ? resolve() : reject(new Error(`${octets} octets came, and ${total} should have`))))
    socket.write(`GET ${path} HTTP/1.1\r\nHost: docker\r\n\r\n`)
  })

const rate = async (read: () => Promise<void>): Promise<number> => {
  const start = performance.now()
  await read()
  return total / ((performance.now() - start) / 1000)
}

/** Measures; takes a second or so. `signal` ends it. */
export const measureThroughput = async ({ signal }: { signal?: AbortSignal } = {}): Promise<Throughput> => {
  const folder = mkdtempSync(join(tmpdir(), 'hawser-throughput-'))
  const socketPath = process.platform === 'win32' ? `//./pipe/hawser-throughput-${process.pid}` : join(folder, 'socket')
  const server = fork(fileURLToPath(new URL('tour/stream-server.js', import.meta.url)), [socketPath], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const died = new Promise<never>((_, reject) => {
    server.once('error', reject)
    server.once('exit', code => reject(new Error(`the server of the measurement ended with ${code}`)))
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
  died.catch(() => {})
  const measure = async (): Promise<Throughput> => {
    await new Promise(resolve => server.once('message', resolve))
    const rounds: Throughput[] = []
    for (let round = -WARM_UP; round < ROUNDS; round++) {
      signal?.throwIfAborted()
      const demuxedFirst = round % 2 === 0 ? await rate(() => readDemuxed(socketPath)) : undefined
      const bare = await rate(() => readBare(socketPath))
      const demuxed = demuxedFirst ?? (await rate(() => readDemuxed(socketPath)))
      if (round >= 0) rounds.push({ octets: total * ROUNDS, demuxed, bare, ratio: demuxed / bare })
    }
    return rounds.sort((a, b) => a.ratio - b.ratio)[ROUNDS >> 1]!
  }
  try {
    signal?.throwIfAborted()
    return await Promise.race([measure(), died])
  } finally {
    server.kill()
    rmSync(folder, { recursive: true, force: true })
  }
}
