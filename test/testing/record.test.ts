/** The recorder, around replays of recordings written by hand (so that every chunk is known) and around a real server. */
import { createServer } from 'node:http'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { bodyInto, bytes, bytesBody, hijack, jsonBody, pool, streamBody, text, type Client, type Response } from '../../src/http/index.js'
import { dialUnix } from '../../src/io/index.js'
import { demux } from '../../src/stream/index.js'
import { formatRecording, MASK, MASKED_HEADERS, parseRecording, record, replay, type RecordedStep, type Recording } from '../../src/testing/index.js'
import { latin1, octets } from '../support/cuts.js'
import { startPeer, type Link } from '../support/peer.js'

const head = { engine: 'Docker', version: '28.5.2', apiVersion: '1.51', host: 'docker', command: 'by hand' }

const step = (kind: 'sent' | 'received', text: string): RecordedStep => ({ kind, bytes: Uint8Array.from(octets(text)) })

/** A text as the chunks between these places. */
const cut = (kind: 'sent' | 'received', text: string, cuts: readonly number[]): RecordedStep[] =>
  [0, ...cuts].map((from, i) => step(kind, text.slice(from, cuts[i] ?? text.length))).filter(chunk => chunk.kind === kind && 'bytes' in chunk && chunk.bytes.length > 0)

const settled = (client: { stats(): { leased: number; waiting: number } }): void => expect(client.stats()).toMatchObject({ leased: 0, waiting: 0 })

const received = (recording: Recording): string[][] => recording.exchanges.map(({ steps }) => steps.flatMap(step => (step.kind === 'received' ? [latin1(step.bytes)] : [])))

const sent = (recording: Recording): string[] => recording.exchanges.map(({ steps }) => steps.map(step => (step.kind === 'sent' ? latin1(step.bytes) : '')).join(''))

describe('every chunking', () => {
  const request = 'GET /x HTTP/1.1\r\nHost: docker\r\n\r\n'
  const answer = 'HTTP/1.1 200 OK\r\nServer: Docker/28.5.2 (linux)\r\nApi-Version: 1.51\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n3\r\n!\r\n\r\n0\r\n\r\n'
  const second = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK'

  /** Replays, records that, and gives what was recorded. */
  const again = async (recording: Recording, use: (client: Client) => Promise<void>): Promise<Recording> => {
    const recorder = record(replay(recording), { command: recording.command })
    const client = pool(recorder.dial)
    await use(client)
    settled(client)
    await client.close()
    return recorder.recording()
  }

  const cuts = [[], ...Array.from(answer, (_, i) => [i]), ...Array.from(answer, (_, i) => [i, i + 1]), Array.from(answer, (_, i) => i + 1)]

  test.each(cuts.map(cuts => [cuts.length > 2 ? 'everywhere' : String(cuts), cuts] as const))('of an answer comes back, cut at %s, and the connection is free behind it', async (_, cuts) => {
    const recording: Recording = {
      ...head,
      exchanges: [
        { steps: [step('sent', request), ...cut('received', answer, cuts)] },
        { steps: [step('sent', request.replace('/x', '/y')), ...cut('received', second, cuts.filter(at => at < second.length))] },
      ],
    }
    const copy = await again(parseRecording(formatRecording(recording)), async client => {
      expect(await text(await client.exchange({ method: 'GET', path: '/x' }))).toBe('hello!\r\n')
      expect(await text(await client.exchange({ method: 'GET', path: '/y' }))).toBe('OK')
    })
    expect(copy).toEqual(recording)
  })

  test('ends and breaks come back', async () => {
    const upgrade = 'POST /attach HTTP/1.1\r\nHost: docker\r\nContent-Length: 0\r\nUpgrade: tcp\r\nConnection: Upgrade\r\n\r\n'
    const switched = 'HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n'
    const recording: Recording = {
      ...head,
      exchanges: [
        { steps: [step('sent', upgrade), step('received', switched), step('sent', 'GET / HTTP/1.1\r\n\r\n'), step('received', 'a'), { kind: 'sent-end' }, step('received', 'b'), { kind: 'received-end' }] },
        { steps: [step('sent', request), step('received', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n'), { kind: 'lost', reason: 'ECONNRESET' }] },
      ],
    }
    const copy = await again(recording, async client => {
      const stream = await hijack(client, { method: 'POST', path: '/attach' })
      const output = stream[Symbol.asyncIterator]()
      await stream.write(octets('GET / HTTP/1.1\r\n\r\n'))
      expect(latin1((await output.next()).value ?? octets(''))).toBe('a')
      stream.end()
      expect(latin1((await output.next()).value ?? octets(''))).toBe('b')
      expect((await output.next()).done).toBe(true)
      await expect(client.exchange({ method: 'GET', path: '/x' }).then(response => bytes(response))).rejects.toMatchObject({ code: 'connection-lost', reason: 'ECONNRESET' })
    })
    // Neither answer has a Server header.
    expect(copy).toEqual({ ...recording, engine: 'unknown', version: 'unknown', apiVersion: 'unknown' })
  })

  test('what is left of a chunk is not recorded twice', async () => {
    const recording: Recording = { ...head, exchanges: [{ steps: [step('sent', request), step('received', 'abcdef'), step('received', 'ghi'), { kind: 'received-end' }] }] }
    const recorder = record(replay(recording), { command: 'x' })
    const connection = await recorder.dial()
    const seen: string[] = []
    const take = (count: number): Promise<void> =>
      new Promise(resolve =>
        connection.read({
          push(chunk, start) {
            seen.push(latin1(chunk.subarray(start, start + count)))
            resolve()
            return count
          },
          end: resolve,
          fail: () => resolve(),
        }),
      )
    connection.write(request)
    for (const count of [1, 2, 3, 1, 2]) await take(count)
    await take(1)
    expect(seen).toEqual(['a', 'bc', 'def', 'g', 'hi'])
    expect(received(recorder.recording())).toEqual([['abcdef', 'ghi']])
  })
})

describe('around a real server', () => {
  const start = async (): Promise<string> => {
    const folder = mkdtempSync(join(tmpdir(), 'record-'))
    const path = join(folder, 'socket')
    const server = createServer((request, response) => {
      const pieces: Buffer[] = []
      request.on('data', (piece: Buffer) => pieces.push(piece))
      request.on('end', () => {
        response.setHeader('Server', 'Docker/20.10.24+dfsg1 (linux)').setHeader('Api-Version', '1.41').setHeader('X-Asked', String(request.headers['x-registry-auth'] !== undefined))
        const body = Buffer.concat(pieces)
        if (request.method === 'HEAD') response.end()
        else if (request.url === '/large') response.end(Buffer.alloc(300_000, 'large '))
        else if (request.url === '/chunks') {
          response.write('one,')
          setImmediate(() => response.end('two'))
        } else response.end(`${request.method} ${request.url} ${body.length}`)
      })
    })
    // What an engine does for exec: it takes the connection over and answers each line.
    server.on('upgrade', (_request, socket) => {
      socket.write('HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n')
      let have = ''
      socket.on('data', (piece: Buffer) => (have += piece.toString()))
      socket.on('end', () => socket.end(Buffer.concat([Buffer.from([2, 0, 0, 0, 0, 0, 0, have.length]), Buffer.from(have.toUpperCase())])))
    })
    await new Promise<void>(resolve => server.listen(path, resolve))
    onTestFinished(async () => {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
      rmSync(folder, { recursive: true })
    })
    return path
  }

  /** Every kind of exchange; returns all that was seen, and in which pieces. */
  const visit = async (client: Client): Promise<unknown[]> => {
    const seen: unknown[] = []
    const read = async (response: Response): Promise<void> => {
      const pieces: string[] = []
      await bodyInto(response, (chunk, from, to) => void pieces.push(latin1(chunk.subarray(from, to))))
      seen.push(response.status, response.fields, pieces)
    }
    await read(await client.exchange({ method: 'HEAD', path: '/_ping' }))
    await read(await client.exchange({ method: 'GET', path: '/large' }))
    await read(await client.exchange({ method: 'GET', path: '/chunks' }))
    await read(await client.exchange({ method: 'POST', path: '/json', body: jsonBody({ a: 'ä' }), headers: { 'X-Registry-Auth': 'c2VjcmV0' } }))
    await read(await client.exchange({ method: 'PUT', path: '/tar', body: streamBody([octets('a'.repeat(20_000)), octets('b')]) }))
    await read(await client.exchange({ method: 'POST', path: '/empty' }))
    const stream = await hijack(client, { method: 'POST', path: '/exec' })
    await stream.write(octets('hello'))
    stream.end()
    for await (const { stream: name, bytes } of demux(stream)) seen.push(name, latin1(bytes))
    return seen
  }

  test('a client sees the same of the replay as of the server, piece for piece', async () => {
    const recorder = record(dialUnix(await start()), { command: 'vitest' })
    const client = pool(recorder.dial)
    const seen = await visit(client)
    expect(seen).toContain('HELLO')
    settled(client)
    await client.close()

    const recording = recorder.recording()
    expect(recording).toMatchObject({ engine: 'Docker', version: '20.10.24+dfsg1', apiVersion: '1.41', host: 'docker', command: 'vitest' })
    expect(recording.exchanges).toHaveLength(7)
    const copy = parseRecording(formatRecording(recording))
    expect(copy).toEqual(recording)

    const dial = replay(copy)
    const other = pool(dial)
    expect(await visit(other)).toEqual(seen)
    expect(dial.unused()).toEqual([])
    settled(other)
    await other.close()
  })

  test('parallel exchanges are told apart', async () => {
    const recorder = record(dialUnix(await start()), { command: 'vitest' })
    const ask = (client: Client, path: string): Promise<string> => client.exchange({ method: 'POST', path, body: bytesBody(octets('x'.repeat(70_000))) }).then(response => text(response))
    const paths = Array.from({ length: 20 }, (_, i) => `/${i}`)
    const client = pool(recorder.dial, { max: 4 })
    const answers = await Promise.all(paths.map(path => ask(client, path)))
    expect(answers).toEqual(paths.map(path => `POST ${path} 70000`))
    settled(client)
    await client.close()

    const recording = recorder.recording()
    expect(sent(recording).map(request => request.split(' ')[1])).toEqual(paths)
    const dial = replay(parseRecording(formatRecording(recording)))
    const other = pool(dial, { max: 7 })
    expect((await Promise.all(paths.toReversed().map(path => ask(other, path)))).toReversed()).toEqual(answers)
    expect(dial.unused()).toEqual([])
    settled(other)
    await other.close()
  })
})

describe('what is no exchange', () => {
  test('a connection on which nothing was asked leaves no trace', async () => {
    const peer = await startPeer((link: Link) => link.fin())
    const recorder = record(peer.dial, { command: 'x' })
    const connection = await recorder.dial()
    await new Promise<void>(resolve => connection.read({ push: () => 0, end: resolve, fail: () => resolve() }))
    connection.destroy()
    expect(recorder.recording().exchanges).toEqual([])
  })

  test('the client that closes its connection does not break it', async () => {
    const peer = await startPeer(async (link: Link) => {
      await link.request()
      await link.send('HTTP/1.1 200 OK\r\n\r\nendless')
    })
    const recorder = record(peer.dial, { command: 'x' })
    const client = pool(recorder.dial)
    const response = await client.exchange({ method: 'GET', path: '/' })
    response.connection.destroy()
    await expect(text(response)).rejects.toMatchObject({ code: 'connection-closed' })
    settled(client)
    await client.close()
    expect(recorder.recording().exchanges[0]!.steps.map(({ kind }) => kind).filter(kind => kind !== 'received')).toEqual(['sent'])
  })
})

describe('credentials', () => {
  test.each(MASKED_HEADERS)('%s is masked, whatever its case and in whichever pieces it is written', async name => {
    for (const written of [name, name.toUpperCase()]) {
      for (let at = 0; at < 60; at++) {
        const recorder = record(replay({ ...head, exchanges: [] }), { command: 'x' })
        const connection = await recorder.dial()
        const request = `POST /secret HTTP/1.1\r\n${written}: Basic secret, \r\nX-Other: secret-not\r\nContent-Length: 6\r\n\r\nsecret`
        connection.write(request.slice(0, at))
        connection.write(request.slice(at))
        const recording = recorder.recording()
        expect(sent(recording)).toEqual([`POST /secret HTTP/1.1\r\n${written}: ${MASK}\r\nX-Other: secret-not\r\nContent-Length: 6\r\n\r\nsecret`])
        expect(formatRecording(recording)).not.toContain('Basic')
      }
    }
  })

  test('a folded value is masked to its end', async () => {
    const recorder = record(replay({ ...head, exchanges: [] }), { command: 'x' })
    const connection = await recorder.dial()
    connection.write('GET / HTTP/1.1\r\nAuthorization: Basic\r\n  secret\r\n\tmore\r\nHost: docker\r\n\r\n')
    expect(sent(recorder.recording())).toEqual([`GET / HTTP/1.1\r\nAuthorization: ${MASK}\r\nHost: docker\r\n\r\n`])
  })

  test('every request of a connection is masked, not only the first', async () => {
    const exchange = { steps: [step('sent', `GET / HTTP/1.1\r\nHost: docker\r\nauthorization: ${MASK}\r\n\r\n`), step('received', 'HTTP/1.1 204 No Content\r\n\r\n')] }
    const recorder = record(replay({ ...head, exchanges: [exchange, exchange] }), { command: 'x' })
    const client = pool(recorder.dial)
    for (const secret of ['secret one', 'secret two']) await text(await client.exchange({ method: 'GET', path: '/', headers: { authorization: secret } }))
    expect(formatRecording(recorder.recording())).not.toContain('secret')
    expect(recorder.recording().exchanges).toEqual([exchange, exchange])
    settled(client)
    await client.close()
  })
})
