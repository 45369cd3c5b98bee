/** Dials that fail: what was tried, why it failed by its code and its name, and what to do. And dials that succeed, in odd places. */
import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { direct, pool, text } from '../../src/http/index.js'
import { dialPipe, dialTcp, dialTls, dialUnix } from '../../src/io/index.js'
import { bundle } from '../support/bundle.js'
import { answering, rejection, reply, startPeer } from '../support/peer.js'

const folder = (): string => {
  const path = mkdtempSync(join(tmpdir(), 'dial-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/** Listens, and stops with the test. */
const listen = async (server: Server, ...where: [string] | [number, string]): Promise<void> => {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    if (where.length === 1) server.listen(where[0], resolve)
    else server.listen(where[0], where[1], resolve)
  })
  onTestFinished(() => void server.close())
}

/** A port that nobody listens on: it was free a moment ago. */
const freePort = async (host = '127.0.0.1'): Promise<number> => {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, host, resolve))
  const { port } = server.address() as AddressInfo
  await new Promise<void>(resolve => server.close(() => resolve()))
  return port
}

describe('a socket', () => {
  test('that is not there', async () => {
    const path = join(folder(), 'none')
    expect(await rejection(dialUnix(path)())).toMatchObject({ code: 'dial-not-found', reason: 'ENOENT', peer: `unix://${path}`, message: expect.stringMatching(/no such socket.*DOCKER_HOST/) })
  })

  test('in a folder that is not there', async () => {
    expect(await rejection(dialUnix(join(folder(), 'none', 'socket'))())).toMatchObject({ code: 'dial-not-found', reason: 'ENOENT' })
  })

  test('below something that is no folder', async () => {
    const file = join(folder(), 'file')
    writeFileSync(file, '')
    expect(await rejection(dialUnix(join(file, 'socket'))())).toMatchObject({ code: 'dial-failed', reason: 'ENOTDIR', message: expect.stringContaining(file) })
  })

  test('that an engine left behind', async () => {
    const path = join(folder(), 'socket')
    // Only a process that dies leaves its socket: net.Server removes it.
    const child = spawn(process.execPath, ['-e', `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`])
    await new Promise(resolve => child.once('exit', resolve))
    expect(await rejection(dialUnix(path)())).toMatchObject({ code: 'dial-refused', reason: 'ECONNREFUSED', peer: `unix://${path}`, message: expect.stringContaining('is the engine running') })
  })

  test('that is a file, or a folder', async () => {
    const path = folder()
    writeFileSync(join(path, 'file'), '')
    mkdirSync(join(path, 'folder'))
    for (const name of ['file', 'folder']) expect(await rejection(dialUnix(join(path, name))())).toMatchObject({ code: 'dial-refused', reason: 'ECONNREFUSED' })
  })

  test('that this user may not open', async context => {
    if (process.getuid?.() !== 0) context.skip('only root can dial as somebody else')
    const path = folder()
    chmodSync(path, 0o755)
    const socket = join(path, 'socket')
    await listen(createServer(), socket)
    chmodSync(socket, 0o600)
    const { code } = await bundle(`import { dialUnix } from 'hawser/io'
      dialUnix(process.argv[2])().then(() => console.log('connected'), ({ code, reason, message, peer }) => console.log(JSON.stringify({ code, reason, message, peer })))`)
    const script = join(path, 'dial.mjs')
    writeFileSync(script, code)
    const child = spawn(process.execPath, [script, socket], { uid: 65_534, gid: 65_534, cwd: '/' })
    let said = ''
    let complained = ''
    child.stdout.on('data', chunk => (said += String(chunk)))
    child.stderr.on('data', chunk => (complained += String(chunk)))
    await new Promise(resolve => child.once('close', resolve))
    expect(complained).toBe('')
    expect(JSON.parse(said)).toMatchObject({ code: 'dial-permission', reason: 'EACCES', peer: `unix://${socket}`, message: expect.stringMatching(/group.*docker/) })
  })

  test.each(['', '/a\0b', '\0abstract'])('whose path cannot be one: %j', path => {
    expect(() => dialUnix(path)).toThrow(expect.objectContaining({ code: 'config-invalid' }))
    expect(() => dialPipe(path)).toThrow(expect.objectContaining({ code: 'config-invalid' }))
  })

  test.each([[null], [42], [{}], [['/a']]])('whose path is no string: %j', path => {
    expect(() => dialUnix(path as unknown as string)).toThrow(expect.objectContaining({ code: 'config-invalid' }))
  })

  test('whose path is longer than an address, which would be cut to that of another', async () => {
    const path = folder()
    const longest = join(path, 'x'.repeat(108 - path.length - 1))
    expect(longest).toHaveLength(108)
    await listen(createServer(socket => socket.end()), longest)
    expect(() => dialUnix(`${longest}y`)).toThrow(expect.objectContaining({ code: 'config-invalid', limit: 108 }))
    // Octets, not characters.
    expect(() => dialUnix(`/${'ä'.repeat(54)}`)).toThrow(expect.objectContaining({ code: 'config-invalid' }))
    const connection = await dialUnix(longest)()
    connection.destroy()
  })

  test('with spaces and more in its path', async () => {
    const path = join(folder(), 'ä %20 ?#&:@.sock')
    const server = createServer(socket => socket.end())
    await listen(server, path)
    const connection = await dialUnix(path)()
    expect(connection.peer).toBe(`unix://${path}`)
    connection.destroy()
  })
})

describe('a port', () => {
  test('that nobody listens on', async () => {
    const port = await freePort()
    expect(await rejection(dialTcp({ host: '127.0.0.1', port })())).toMatchObject({ code: 'dial-refused', reason: 'ECONNREFUSED', peer: `tcp://127.0.0.1:${port}`, message: expect.stringMatching(/2375.*2376/) })
    expect(await rejection(dialTls({ host: '127.0.0.1', port })())).toMatchObject({ code: 'dial-refused', reason: 'ECONNREFUSED', peer: `https://127.0.0.1:${port}` })
  })

  test('that nobody listens on at any address of the name', async () => {
    const port = await freePort()
    expect(await rejection(dialTcp({ host: 'localhost', port })())).toMatchObject({ code: 'dial-refused', reason: 'ECONNREFUSED', peer: `tcp://localhost:${port}` })
  })

  // RFC 6761 section 6.4: invalid never resolves. Without a name server the answer is another, which means the same here.
  test('of a name that does not resolve', async () => {
    for (const dial of [dialTcp, dialTls]) expect(await rejection(dial({ host: 'engine.invalid', port: 2375 })())).toMatchObject({ code: 'dial-not-found', reason: expect.stringMatching(/^(ENOTFOUND|EAI_AGAIN)$/), message: expect.stringContaining('engine.invalid') })
  })

  test.each([0, -1, 65_536, 1.5, NaN])('%d is none', port => {
    for (const dial of [dialTcp, dialTls]) expect(() => dial({ host: 'localhost', port })).toThrow(expect.objectContaining({ code: 'config-invalid' }))
  })

  test.each(['', 'a b', 'a/b', 'a@b', 'http://a', 'a\r\nb', '[::1]', 'ä.test'])('%j is no host', host => {
    for (const dial of [dialTcp, dialTls]) expect(() => dial({ host, port: 2375 })).toThrow(expect.objectContaining({ code: 'config-invalid' }))
  })

  test('by a name', async () => {
    const peer = await startPeer(answering(({ headers }) => reply(headers.get('host'))), { over: 'tcp' })
    const client = pool(dialTcp({ host: 'localhost', port: peer.port }))
    expect(await text(await client.exchange({ method: 'GET', path: '/' }))).toBe(`localhost:${peer.port}`)
    await client.close()
  })

  test('at an IPv6 address', async context => {
    const server = createServer(socket => {
      socket.on('error', () => {})
      socket.once('data', data => socket.end(`HTTP/1.1 200 OK\r\n\r\n${/\r\nHost: (.*)\r\n/.exec(String(data))?.[1]}`))
    })
    const bound = await listen(server, 0, '::1').then(
      () => true,
      () => false,
    )
    if (!bound) context.skip('this host has no IPv6')
    const { port } = server.address() as AddressInfo
    const response = await direct(dialTcp({ host: '::1', port })).exchange({ method: 'GET', path: '/' })
    expect(response.connection.peer).toBe(`tcp://[::1]:${port}`)
    expect(await text(response)).toBe(`[::1]:${port}`)
    const none = await freePort('::1')
    expect(await rejection(dialTcp({ host: '::1', port: none })())).toMatchObject({ code: 'dial-refused', peer: `tcp://[::1]:${none}` })
  })
})

test('a dial may be used again and again', async () => {
  const peer = await startPeer(answering(reply('here')))
  const client = direct(peer.dial)
  for (let time = 0; time < 5; time++) expect(await text(await client.exchange({ method: 'GET', path: '/' }))).toBe('here')
  expect(peer.links).toHaveLength(5)
})

test('an engine that begins after a failed dial is found by the next', async () => {
  const path = join(folder(), 'socket')
  const client = pool(dialUnix(path))
  expect(await rejection(client.exchange({ method: 'GET', path: '/' }))).toMatchObject({ code: 'dial-not-found' })
  expect(client.stats()).toEqual({ leased: 0, idle: 0, waiting: 0 })
  await listen(createServer(socket => void socket.once('data', () => socket.end(reply('here')))), path)
  expect(await text(await client.exchange({ method: 'GET', path: '/' }))).toBe('here')
  await client.close()
})
