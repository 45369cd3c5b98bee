/**
 * A peer that does what a script says, over a Unix domain socket, TCP or TLS of its own: it knows where a request ends, and
 * then writes, stalls, half-closes, closes or resets as the test wants it. Written on node:net alone, so that it shares no
 * code with what it tests.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect, createServer as createNetServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer as createTlsServer, type TlsOptions as ServerTlsOptions } from 'node:tls'
import { onTestFinished } from 'vitest'
import { dialTcp, dialTls, dialUnix, type Dial, type TlsOptions } from '../../src/io/index.js'
import { dialSocket, explainer } from '../../src/io/dial-socket.js'

/** `data` is a Unix domain socket whose client side ignores `onread`, as some runtimes do. */
export type Over = 'unix' | 'tcp' | 'tls' | 'data'

export type PeerRequest = {
  method: string
  path: string
  /** The head as it came, without the empty line. */
  head: string
  headers: Map<string, string>
  body: Buffer
}

/** One accepted connection. */
export type Link = {
  readonly socket: Socket
  /** Reads one request up to the end of its head; its body waits. */
  head(): Promise<PeerRequest>
  /** Reads the body of the request whose head was read. */
  body(request: PeerRequest): Promise<Buffer>
  /** Reads one whole request. Rejects with GONE when the client closes instead. */
  request(): Promise<PeerRequest>
  /** Reads this many raw octets, fewer where the client ends. */
  bytes(count: number): Promise<Buffer>
  /** Reads everything up to the client's end; resolves also when it breaks. */
  rest(): Promise<Buffer>
  /** Writes, and resolves when the kernel has it. */
  send(data: string | Uint8Array): Promise<void>
  /** Half-closes. */
  fin(): void
  /** TCP: sends RST. Else closes; over a Unix domain socket the client sees ECONNRESET if octets of its own lie unread. */
  reset(): void
  /** Closes both directions. */
  close(): void
  /** Settles when both directions are closed. */
  readonly closed: Promise<void>
}

export type Peer = {
  readonly over: Over
  readonly dial: Dial
  /** The path of the socket, or the port. */
  readonly path: string
  readonly port: number
  /** Every connection so far. */
  readonly links: Link[]
  /** Resolves with the connection of this number, from 0, once it is there. */
  link(nth: number): Promise<Link>
  close(): Promise<void>
}

export type PeerOptions = {
  over?: Over | undefined
  /** What the server presents, beside or instead of a certificate for localhost. */
  tls?: ServerTlsOptions | undefined
  /** What the client trusts and presents: the authority of that certificate when nothing is said. */
  client?: TlsOptions | undefined
}

/** A file of fixtures/tls. */
export const pem = (name: string): string => readFileSync(new URL(`../../fixtures/tls/${name}.pem`, import.meta.url), 'utf8')

/** What a read rejects with when the client has closed. */
export const GONE = new Error('the client has closed')

const createLink = (socket: Socket): Link => {
  let chunks: AsyncIterator<Buffer> | undefined
  let buffered = Buffer.alloc(0)
  let ended = false

  /** Reads once more; false at the end. */
  const more = async (): Promise<boolean> => {
    if (ended) return false
    chunks ??= socket.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>
    const result = await chunks.next().catch(() => ({ done: true as const, value: undefined }))
    if (result.done) ended = true
    else buffered = Buffer.concat([buffered, result.value])
    return !ended
  }
  const take = (count: number): Buffer => {
    const taken = buffered.subarray(0, count)
    buffered = buffered.subarray(count)
    return taken
  }
  const until = async (mark: string): Promise<Buffer> => {
    for (;;) {
      const at = buffered.indexOf(mark)
      if (at >= 0) return take(at + mark.length)
      if (!(await more())) throw GONE
    }
  }
  const exactly = async (count: number): Promise<Buffer> => {
    const bytes = await link.bytes(count)
    if (bytes.length < count) throw GONE
    return bytes
  }

  const link: Link = {
    socket,
    async head() {
      const head = (await until('\r\n\r\n')).toString('latin1').slice(0, -4)
      const [requestLine = '', ...fields] = head.split('\r\n')
      const [method = '', path = ''] = requestLine.split(' ')
      const headers = new Map(fields.map(line => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]))
      return { method, path, head, headers, body: Buffer.alloc(0) }
    },
    async body({ headers }) {
      if (headers.get('transfer-encoding') !== 'chunked') return exactly(Number(headers.get('content-length') ?? 0))
      const pieces: Buffer[] = []
      for (;;) {
        const size = parseInt((await until('\r\n')).toString('latin1'), 16)
        pieces.push(await exactly(size))
        await exactly(2)
        if (size === 0) return Buffer.concat(pieces)
      }
    },
    async request() {
      const request = await link.head()
      return { ...request, body: await link.body(request) }
    },
    async bytes(count) {
      const pieces: Buffer[] = []
      let have = 0
      while (have < count) {
        if (buffered.length === 0 && !(await more())) break
        const piece = take(count - have)
        pieces.push(piece)
        have += piece.length
      }
      return Buffer.concat(pieces)
    },
    rest: () => link.bytes(Infinity),
    send: data => new Promise(resolve => void (socket.writable ? socket.write(data, 'latin1', () => resolve()) : resolve())),
    fin: () => void socket.end(),
    reset: () => void (socket.remoteAddress === undefined || 'encrypted' in socket ? socket.destroy() : socket.resetAndDestroy()),
    close: () => void socket.destroy(),
    closed: new Promise(resolve => socket.on('close', () => resolve())),
  }
  return link
}

/** A dial whose socket has no `onread`. */
const dialData = (path: string): Dial => {
  const peer = `unix://${path}`
  return dialSocket(() => connect({ path, allowHalfOpen: true }), 'connect', { peer, host: 'docker', explain: explainer(peer, {}) })
}

/** Starts a peer that runs `serve` for each connection. It ends with the test, which fails if `serve` did. */
export const startPeer = async (serve: (link: Link, nth: number) => unknown, { over = 'unix', tls, client }: PeerOptions = {}): Promise<Peer> => {
  const folder = mkdtempSync(join(tmpdir(), 'peer-'))
  const path = join(folder, 'socket')
  const links: Link[] = []
  const waiting: (() => void)[] = []
  const troubles: unknown[] = []

  const accept = (socket: Socket): void => {
    socket.on('error', () => {})
    const link = createLink(socket)
    links.push(link)
    for (const wake of waiting.splice(0)) wake()
    const run = async (): Promise<void> => void (await serve(link, links.length - 1))
    run().catch(error => error !== GONE && troubles.push(error))
  }
  const server: Server =
    over === 'tls'
      ? createTlsServer({ allowHalfOpen: true, cert: pem('server'), key: pem('server-key'), ...tls } as ServerTlsOptions, accept).on('tlsClientError', () => {})
      : createNetServer({ allowHalfOpen: true, noDelay: true }, accept)
  // Below TLS there are connections that never became links.
  const sockets: Socket[] = []
  server.on('connection', socket => sockets.push(socket))
  await new Promise<void>(resolve => (over === 'tcp' || over === 'tls' ? server.listen(0, '127.0.0.1', resolve) : server.listen(path, resolve)))
  const address = server.address()
  const port = address !== null && typeof address === 'object' ? (address as AddressInfo).port : 0

  const peer: Peer = {
    over,
    path,
    port,
    links,
    dial: over === 'unix' ? dialUnix(path) : over === 'data' ? dialData(path) : over === 'tcp' ? dialTcp({ host: '127.0.0.1', port }) : dialTls({ host: '127.0.0.1', port }, client ?? { ca: pem('authority') }),
    async link(nth) {
      while (!links[nth]) await new Promise<void>(resolve => waiting.push(resolve))
      return links[nth]
    },
    async close() {
      for (const socket of [...sockets, ...links.map(link => link.socket)]) socket.destroy()
      await new Promise<void>(resolve => server.close(() => resolve()))
      rmSync(folder, { recursive: true, force: true })
      if (troubles.length > 0) throw troubles[0]
    },
  }
  onTestFinished(() => peer.close())
  return peer
}

/** What a script does behind a request. */
export type Step =
  | { send: string | Uint8Array }
  /** Half-closes. */
  | { fin: true }
  | { close: true }
  | { reset: true }
  /** Waits for something that the test decides. */
  | { wait: PromiseLike<unknown> }
  /** Reads the next request. */
  | { request: true }

/** A `serve` for startPeer: reads a request, plays the steps, and then stalls: whatever is not closed stays open. */
export const play =
  (...steps: Step[]) =>
  async (link: Link): Promise<void> => {
    await link.request()
    for (const step of steps) await take(link, step)
  }

const take = async (link: Link, step: Step): Promise<unknown> => {
  if ('send' in step) return link.send(step.send)
  if ('wait' in step) return step.wait
  if ('request' in step) return link.request()
  if ('fin' in step) return link.fin()
  if ('close' in step) return link.close()
  return link.reset()
}

/** A `serve` that answers every request on every connection with these octets, as long as the client keeps asking. */
export const answering =
  (response: string | Uint8Array | ((request: PeerRequest, link: Link) => string | Uint8Array)) =>
  async (link: Link): Promise<void> => {
    for (;;) {
      const request = await link.request()
      await link.send(typeof response === 'function' ? response(request, link) : response)
    }
  }

/** A whole response with Content-Length. */
export const reply = (body = '', { status = '200 OK', fields = '' }: { status?: string; fields?: string } = {}): string =>
  `HTTP/1.1 ${status}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n${fields}\r\n${Buffer.from(body).toString('latin1')}`

/** A promise and what settles it. */
export const gate = (): { opened: Promise<void>; open(): void } => {
  let open!: () => void
  const opened = new Promise<void>(resolve => (open = resolve))
  return { opened, open }
}

/** What a promise rejects with; throws if it does not. */
export const rejection = async (promise: PromiseLike<unknown>): Promise<unknown> => {
  let value
  try {
    value = await promise
  } catch (error) {
    return error
  }
  throw new Error(`expected a rejection, got ${JSON.stringify(value)}`)
}

/** The code of what a promise rejects with, or `resolved`. */
export const codeOf = (promise: PromiseLike<unknown>): Promise<unknown> =>
  Promise.resolve(promise).then(
    () => 'resolved',
    (error: unknown) => (error instanceof Error && 'code' in error ? error.code : error),
  )
