/**
 * The canned server, in a process of its own. It must never be what is measured: what it says is made before it is asked, its
 * sockets read through `onread` into one buffer, and it looks at no more of a request than it needs.
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { createServer, Socket, type OnReadOpts } from 'node:net'
import { join } from 'node:path'
import { createServer as createTlsServer } from 'node:tls'
import { blockOf, containerList, CONTAINERS, framingOf, headOf, idOf, LINES, PING, progressLines, tailOf } from './canned.js'

const directory = process.argv[2]!
const slab = Buffer.alloc(256 * 1024)
const ignore = (): void => {}

/**
 * Listens, and reads each connection through `onread`, which Node offers to those who dial only: so the handle of a
 * connection that has come is handed to a new socket, as if it had dialled.
 */
const listen = (path: string, accept: (socket: Socket) => (chunk: Buffer) => void): Promise<void> =>
  new Promise(resolve => {
    const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, incoming => {
      const handle: unknown = Reflect.get(incoming, '_handle')
      Reflect.set(incoming, '_handle', null)
      let take: (chunk: Buffer) => void = ignore
      const onread: OnReadOpts = {
        buffer: slab,
        callback: length => {
          take(slab.subarray(0, length))
          return true
        },
      }
      const socket = new Socket(Object.assign({ allowHalfOpen: true }, { handle, onread }))
      socket.on('error', ignore)
      socket.on('end', () => socket.end())
      take = accept(socket)
    })
    server.listen(path, resolve)
  })

/** Each request is one read that ends with an empty line, as no client writes a request without a body in two. */
const ping = (socket: Socket) => (chunk: Buffer): void => {
  const { length } = chunk
  if (chunk[length - 1] === 10 && chunk[length - 3] === 10) socket.write(chunk[0] === G ? PING : PING_HEAD, 'latin1')
}
const G = 71
const PING_HEAD = PING.slice(0, -2)

const blocks = new Map<string, Uint8Array>()

const sendBody = (socket: Socket, path: string): boolean => {
  const framing = framingOf(path)
  if (!framing) return false
  const key = idOf({ ...framing, blocks: 0 })
  let block = blocks.get(key)
  if (!block) blocks.set(key, (block = blockOf(framing)))
  socket.cork()
  socket.write(headOf(framing), 'latin1')
  for (let i = 0; i < framing.blocks; i++) socket.write(block)
  const tail = tailOf(framing)
  if (tail) socket.write(tail, 'latin1')
  socket.uncork()
  return true
}

const chunk = (bytes: Uint8Array): Uint8Array => Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')])
const JSON_HEAD = Buffer.from('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n')
const LAST = Buffer.from('0\r\n\r\n')

let list: Uint8Array | undefined
let lines: Uint8Array | undefined

/** What waits until as many requests as it wants are there, so that each has a connection of its own. */
const held: Socket[] = []

const echo = (text: string, socket: Socket): ((chunk: Buffer) => void) => {
  socket.write(/^upgrade:/im.test(text) ? 'HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n' : 'HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n', 'latin1')
  return bytes => void socket.write(Buffer.from(bytes))
}

/** Answers a request whose head is `text`; returns what takes the octets behind it, where they are not another request. */
const answer = (socket: Socket, text: string, again: () => void): ((chunk: Buffer) => void) | undefined => {
  const path = text.slice(text.indexOf(' ') + 1, text.indexOf(' HTTP/'))
  if (text.startsWith('GET') || text.startsWith('HEAD')) {
    if (sendBody(socket, path)) return undefined
    if (path.endsWith('/_ping')) socket.write(text.startsWith('HEAD') ? PING_HEAD : PING, 'latin1')
    else if (path.includes('/containers/json')) socket.write((list ??= Buffer.concat([JSON_HEAD, chunk(Buffer.from(`${JSON.stringify(containerList(CONTAINERS))}\n`)), LAST])))
    else if (path.startsWith('/hold/')) {
      held.push(socket)
      if (held.length === Number(path.slice(6))) for (const each of held.splice(0)) each.write(PING, 'latin1')
    } else socket.write('HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nContent-Length: 29\r\n\r\n{"message":"page not found"}\n', 'latin1')
    return undefined
  }
  if (path.includes('/images/create')) {
    socket.write((lines ??= Buffer.concat([JSON_HEAD, ...progressLines(LINES).map(line => chunk(Buffer.from(line))), LAST])))
    return undefined
  }
  if (/^(connection|upgrade):.*(upgrade|tcp)/im.test(text) || path.includes('/attach')) return echo(text, socket)
  return takeUpload(socket, text, again)
}

/** Counts the octets of a body, and tells how many they were as they came over the wire. */
const takeUpload = (socket: Socket, text: string, again: () => void): ((chunk: Buffer) => void) | undefined => {
  const length = /^content-length: *(\d+)/im.exec(text)?.[1]
  if (/^expect: *100-continue/im.test(text)) socket.write('HTTP/1.1 100 Continue\r\n\r\n', 'latin1')
  let count = 0
  let last = Buffer.alloc(0)
  const finish = (): void => {
    const said = String(count)
    socket.write(`HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${said.length}\r\n\r\n${said}`, 'latin1')
    again()
  }
  if (length === '0') {
    finish()
    return undefined
  }
  return bytes => {
    count += bytes.length
    if (length === undefined) {
      // The octets of the canned payload never hold this, nor do those of an archive of it.
      last = Buffer.concat([last, bytes.subarray(-7)]).subarray(-7)
      if (last.toString('latin1') === '\r\n0\r\n\r\n') finish()
    } else if (count >= Number(length)) finish()
  }
}

const main = (socket: Socket) => {
  let waiting = ''
  let into: ((chunk: Buffer) => void) | undefined
  const again = (): void => {
    into = undefined
  }
  return (bytes: Buffer): void => {
    if (into) return into(bytes)
    waiting += bytes.toString('latin1')
    for (let end = waiting.indexOf('\r\n\r\n'); end >= 0; end = waiting.indexOf('\r\n\r\n')) {
      const head = waiting.slice(0, end + 2)
      waiting = waiting.slice(end + 4)
      into = answer(socket, head, again)
      if (into) {
        const rest = Buffer.from(waiting, 'latin1')
        waiting = ''
        if (rest.length > 0) into(rest)
        return
      }
    }
  }
}

await listen(join(directory, 'ping.sock'), ping)
await listen(join(directory, 'main.sock'), main)

/** Tells what it got, as another implementation of HTTP understands it. */
const check = createHttpServer((request, response) => {
  const hash = createHash('sha1')
  request.on('data', (chunk: Buffer) => hash.update(chunk))
  request.on('end', () => response.end(hash.digest('hex')))
})
await new Promise<void>(resolve => check.listen(join(directory, 'check.sock'), resolve))
const certificate = (name: string): Buffer => readFileSync(new URL(`../../../fixtures/tls/${name}.pem`, import.meta.url))
const encrypted = createTlsServer({ cert: certificate('server'), key: certificate('server-key') }, socket => {
  socket.on('error', ignore)
  socket.on('data', main(socket))
})
await new Promise<void>(resolve => encrypted.listen(0, '127.0.0.1', resolve))

process.on('disconnect', () => process.exit())
const address = encrypted.address()
process.send!(typeof address === 'object' && address ? address.port : 0)
