/** An engine of node:http on a Unix domain socket, which records what arrives and answers what the test says. */
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import { pool, type Limits, type Pool } from '../../../src/http/index.js'
import { dialUnix, type Dial } from '../../../src/io/index.js'

export type Seen = { method: string; url: string; headers: IncomingMessage['headers']; body: string }

export type Answer = { status?: number; headers?: Record<string, string>; body?: string | Uint8Array }

/** A function may write the answer by itself, and then returns nothing. */
export type Script = Answer | ((seen: Seen, response: ServerResponse) => Answer | void | Promise<Answer | void>)

export type FakeEngine = {
  readonly dial: Dial
  readonly socketPath: string
  /** Requests so far. */
  readonly seen: Seen[]
  /** What the next requests get. */
  answer(script: Script): void
  /** What a request to switch protocols gets: all that is written after its head, and the socket to go on with. */
  upgrade(script: (seen: Seen, socket: Socket) => void): void
  /** Makes a pool, which at the end of the test must have nothing leased. */
  pool(limits?: Limits): Pool
}

export const fakeEngine = async (first: Script = {}): Promise<FakeEngine> => {
  const directory = mkdtempSync(join(tmpdir(), 'hawser-'))
  const socketPath = join(directory, 'docker.sock')
  const seen: Seen[] = []
  let script = first
  let upgrade: (seen: Seen, socket: Socket) => void = (_, socket) => void socket.end('HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n')

  const record = (request: IncomingMessage, body: string): Seen => {
    const one = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, body }
    seen.push(one)
    return one
  }
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const one = record(request, Buffer.concat(chunks).toString())
    const answer = typeof script === 'function' ? await script(one, response) : script
    if (!answer) return
    response.writeHead(answer.status ?? 200, answer.headers)
    response.end(answer.body)
  })
  server.on('upgrade', (request, socket: Socket, head: Buffer) => {
    socket.on('error', () => {})
    const length = Number(request.headers['content-length'] ?? 0)
    let body = head
    const take = (chunk?: Buffer): void => {
      if (chunk) body = Buffer.concat([body, chunk])
      if (body.length < length) return
      socket.off('data', take)
      socket.pause()
      if (body.length > length) socket.unshift(body.subarray(length))
      upgrade(record(request, body.subarray(0, length).toString()), socket)
    }
    socket.on('data', take)
    take()
  })
  await new Promise<void>(resolve => server.listen(socketPath, resolve))
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise(resolve => server.close(resolve))
    rmSync(directory, { recursive: true })
  })

  return {
    dial: dialUnix(socketPath),
    socketPath,
    seen,
    answer: next => (script = next),
    upgrade: next => (upgrade = next),
    pool(limits) {
      const made = pool(dialUnix(socketPath), limits)
      onTestFinished(async () => {
        expect(made.stats()).toMatchObject({ leased: 0, waiting: 0 })
        await made.close()
      })
      return made
    },
  }
}

export const jsonAnswer = (value: unknown, status = 200): Answer => ({ status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) })
