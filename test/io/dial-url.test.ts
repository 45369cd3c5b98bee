/** Addresses of engines: where they lead, and which are refused with what to do. */
import { createServer, type Server } from 'node:net'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { dialUrl } from '../../src/io/index.js'
import { parseTarget, type Target } from '../../src/io/dial-url.js'

const unix = (path: string): Target => ({ kind: 'unix', path })
const tcp = (host: string, port: number): Target => ({ kind: 'tcp', host, port })
const tls = (host: string, port: number): Target => ({ kind: 'tls', host, port })

/** Without TLS settings. From docker/cli opts/hosts_test.go and docker-py's ParseHostTest, but for those that are marked. */
const LEADS: [url: string, target: Target][] = [
  ['unix:///var/run/docker.sock', unix('/var/run/docker.sock')],
  ['unix:///run/user/1000/docker.sock', unix('/run/user/1000/docker.sock')],
  ['unix://', unix('/var/run/docker.sock')],
  ['unix://path/to/socket', unix('path/to/socket')],
  // Nothing in a path is decoded or cut off: our own.
  ['unix:///path with space/docker.sock', unix('/path with space/docker.sock')],
  ['unix:///a%20b.sock', unix('/a%20b.sock')],
  ['unix:///a?b#c@d', unix('/a?b#c@d')],
  ['UNIX:///a', unix('/a')],
  ['npipe://', { kind: 'npipe', path: '//./pipe/docker_engine' }],
  ['npipe:////./pipe/foo', { kind: 'npipe', path: '//./pipe/foo' }],
  ['tcp://', tcp('localhost', 2375)],
  ['tcp://:2375', tcp('localhost', 2375)],
  ['tcp://:2376', tcp('localhost', 2376)],
  ['tcp://host:', tcp('host', 2375)],
  ['tcp://host', tcp('host', 2375)],
  ['tcp://0.0.0.0:8080', tcp('0.0.0.0', 8080)],
  ['tcp://192.168:8080', tcp('192.168', 8080)],
  ['tcp://docker.com:2375', tcp('docker.com', 2375)],
  ['tcp://EXAMPLE.com:2375', tcp('example.com', 2375)],
  ['tcp://xn--n3h.com:2375', tcp('xn--n3h.com', 2375)],
  ['tcp://h.:2375', tcp('h.', 2375)],
  ['tcp://myhost.docker.net:2376/', tcp('myhost.docker.net', 2376)],
  ['tcp://[::1]:2375', tcp('::1', 2375)],
  ['tcp://[::1]', tcp('::1', 2375)],
  ['tcp://[fe80::1%25eth0]:2375', tcp('fe80::1%eth0', 2375)],
  ['tcp://[fe80::1%eth0]:2375', tcp('fe80::1%eth0', 2375)],
  ['tcp://[::ffff:1.2.3.4]:1', tcp('::ffff:1.2.3.4', 1)],
  ['0.0.0.1:', tcp('0.0.0.1', 2375)],
  ['0.0.0.1:5555', tcp('0.0.0.1', 5555)],
  ['localhost:5555', tcp('localhost', 5555)],
  [':6666', tcp('localhost', 6666)],
  ['[::1]:', tcp('::1', 2375)],
  ['[0:0:0:0:0:0:0:1]:5555', tcp('0:0:0:0:0:0:0:1', 5555)],
  ['  tcp://h:1\n', tcp('h', 1)],
  ['http://:7777', tcp('localhost', 7777)],
  ['http://h', tcp('h', 2375)],
  ['https://kokia.jp:2375', tls('kokia.jp', 2375)],
  ['https://h', tls('h', 2376)],
  ['https://[fd12:5672::12aa]:1090', tls('fd12:5672::12aa', 1090)],
]

test.each(LEADS)('%j leads there', (url, target) => {
  expect(parseTarget(url)).toEqual(target)
})

/** With TLS settings: docker-py's ParseHostTest; the default port is the command line's. */
const SECURE: [url: string, target: Target][] = [
  ['tcp://192.168.59.103:2376', tls('192.168.59.103', 2376)],
  ['myhost.docker.net:3348', tls('myhost.docker.net', 3348)],
  ['tcp://h', tls('h', 2376)],
  ['tcp://', tls('localhost', 2376)],
  ['tcp://[::1]:', tls('::1', 2376)],
  ['https://h:1', tls('h', 1)],
  ['unix:///a', unix('/a')],
]

test.each(SECURE)('%j with TLS leads there', (url, target) => {
  expect(parseTarget(url, true)).toEqual(target)
})

test.each(['', ' ', '  \n'])('%j is the default of the platform', url => {
  expect(parseTarget(url)).toEqual(process.platform === 'win32' ? { kind: 'npipe', path: '//./pipe/docker_engine' } : unix('/var/run/docker.sock'))
})

/** What other parsers refuse too, and what is not served yet, with what the message has to say. */
const REFUSED: [url: string, says: RegExp][] = [
  ['something with spaces', /host:port/],
  ['://', /scheme/],
  ['unknown://', /scheme/],
  ['udp://127.0.0.1:2375', /scheme/],
  ['ftp://h', /scheme/],
  ['tcp://:port', /host:port/],
  ['tcp://invalid:port', /host:port/],
  ['tcp:a.b.c.d', /host:port/],
  ['tcp:a.b.c.d/path', /path behind the port/],
  ['tcp://unix:///run/docker.sock', /path behind the port/],
  ['tcp://::1:2375', /brackets/],
  ['tcp://[h]:2375', /host:port|brackets/],
  ['tcp://[beef]:2375', /brackets/],
  ['tcp://[::1', /brackets/],
  ['tcp://[::1]x:1', /brackets/],
  ['tcp://h:0', /not a port/],
  ['tcp://h:65536', /not a port/],
  ['tcp://0.0.0.0:1234567890', /not a port/],
  ['tcp://h:-1', /host:port/],
  ['tcp://h:22x', /host:port/],
  ['tcp://h:2375\r\nX: y', /host:port/],
  ['tcp://h\0:2375', /host:port/],
  ['tcp:// h:2375', /host:port/],
  ['tcp://h%41:2375', /host:port/],
  ['tcp://hé:2375', /host:port/],
  ['unix:///tmp/a\0b', /NUL/],
  ['/var/run/docker.sock', /unix:\/\//],
  ['//h:2375', /unix:\/\//],
  ['tcp://:7777/path', /path behind the port.*proxy/],
  ['12.234.45.127:2375/docker/engine', /path behind the port/],
  ['[::1]:5555/path', /path behind the port/],
  ['tcp://h:2375?x=1', /path behind the port/],
  ['tcp://h:2375#f', /path behind the port/],
  ['https://netloc:3333/path;params', /path behind the port/],
  ['ssh://user@h', /ssh -nNT -L/],
  ['ssh://-oProxyCommand=evil', /not spoken yet/],
  ['fd://', /unix:\/\//],
  ['fd://something', /unix:\/\//],
  ['tcp://user@h:2375', /leave out/],
]

test.each(REFUSED)('%j is refused', (url, says) => {
  expect(() => dialUrl(url)).toThrow(expect.objectContaining({ code: 'config-invalid', message: expect.stringMatching(says) as string }))
})

test('http:// with settings for TLS is refused rather than left in the clear', () => {
  expect(() => dialUrl('http://h', {})).toThrow(expect.objectContaining({ code: 'config-invalid', message: expect.stringMatching(/https:\/\//) as string }))
})

test.each(['tcp://user:secret@h:2375', 'https://secret@h', 'tcp://h/?token=secret', 'tcp://a:secret@b@h:1', 'ssh://user:secret@h', 'user:secret@h:1', 'tcp://h/secret@x'])('what is secret in %j stays out of the message', url => {
  expect(() => dialUrl(url)).toThrow(expect.objectContaining({ code: 'config-invalid', message: expect.not.stringMatching(/secret/) as string }))
})

test.each([undefined, null, 1, {}, new URL('tcp://h:1')])('%j is no address', url => {
  expect(() => dialUrl(url as never)).toThrow(expect.objectContaining({ code: 'config-invalid' }))
})

const listen = async (server: Server, where: string | { port: number; host: string }): Promise<void> => {
  await new Promise<void>(resolve => server.listen(where, resolve))
  onTestFinished(() => void server.close())
}

test('a socket and a port are dialled', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'hawser-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  const path = join(directory, 'an engine.sock')
  await listen(createServer(socket => socket.end()), path)
  const overUnix = await dialUrl(`unix://${path}`)()
  expect(overUnix.peer).toBe(`unix://${path}`)
  overUnix.destroy()

  const server = createServer(socket => socket.end())
  await listen(server, { port: 0, host: '127.0.0.1' })
  const address = server.address()
  const url = `tcp://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`
  const overTcp = await dialUrl(url)()
  expect(overTcp.peer).toBe(url)
  overTcp.destroy()
})

test('tcp:// with settings for TLS speaks TLS', async () => {
  const server = createServer(socket => socket.once('data', chunk => socket.end(chunk[0] === 22 ? 'HTTP/1.0 400 Bad Request\r\n\r\n' : '')))
  await listen(server, { port: 0, host: '127.0.0.1' })
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  await expect(dialUrl(`tcp://127.0.0.1:${port}`, {})()).rejects.toMatchObject({ code: 'tls-unsupported', peer: `https://127.0.0.1:${port}` })
})
