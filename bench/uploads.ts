/** Large request bodies: in one piece, by length, and in chunks. */
import { connect } from 'node:net'
import type { Contender, Running, Setting } from './support/bench.js'
import { BLOCK, payload, same } from './support/canned.js'
import { undici } from './support/clients.js'
import { http, io } from './support/hawser.js'
import { BYTES, createRace } from './support/race.js'

type Case = { piece: number; chunked: boolean; whole?: boolean }
const CASES: Record<string, Case> = {
  'in one piece': { piece: BLOCK, chunked: false, whole: true },
  'by length, 64 KiB': { piece: 64 * 1024, chunked: false },
  'in chunks of 64 KiB': { piece: 64 * 1024, chunked: true },
  'in chunks of 1 KiB': { piece: 1024, chunked: true },
}
/** Octets of one body. */
const whole = ({ which }: Setting): boolean => CASES[which]!.whole ?? false
const BODY = 16 * BLOCK
const PATH = '/containers/x/archive?path=/'

const pieces = function* (setting: Setting): Generator<Uint8Array> {
  const { piece } = CASES[setting.which]!
  const block = payload()
  for (let done = 0; done < BODY; done += BLOCK) for (let at = 0; at < BLOCK; at += piece) yield block.subarray(at, at + piece)
}

/** All of it, for those who send it at once. */
const all = (setting: Setting): Uint8Array => Buffer.concat([...pieces(setting)])

/** Small pieces as one, so that no write is smaller than 64 KiB. */
const join = (pieces: Uint8Array[]): Uint8Array[] => {
  const joined: Uint8Array[] = []
  const step = Math.max(1, Math.floor((64 * 1024) / pieces[0]!.length))
  for (let i = 0; i < pieces.length; i += step) joined.push(Buffer.concat(pieces.slice(i, i + step)))
  return joined
}

/** What the server counts on the wire: the body, in its chunks. */
const wireSize = ({ which }: Setting): number => {
  const { piece, chunked } = CASES[which]!
  return chunked ? (BODY / piece) * (piece + piece.toString(16).length + 4) + 5 : BODY
}

/** `send` sends a body to this socket and tells what is answered. */
const sendBodies = (setting: Setting, send: (socket: string) => Promise<string>): Running => ({
  async verify() {
    const { digest } = await import('./support/verify.js')
    const hash = digest()
    for (const piece of pieces(setting)) hash.add(piece)
    same('the digest', await send(setting.check), hash.end())
  },
  async run(amount) {
    const size = String(wireSize(setting))
    for (let i = 0; i < amount; i++) same('octets on the wire', await send(setting.main), size)
    return amount * BODY
  },
})

const contenders: Contender[] = [
  {
    name: 'bare socket',
    async start(setting) {
      const { chunked } = CASES[setting.which]!
      const head = `PUT ${PATH} HTTP/1.1\r\nHost: docker\r\nContent-Type: application/x-tar\r\n${chunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${BODY}`}\r\n\r\n`
      // Framed and joined before the clock runs: the floor is what the socket takes.
      const framed = whole(setting) ? [all(setting)] : join([...pieces(setting)].map(piece => (chunked ? Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')]) : piece)))
      const size = String(wireSize(setting))
      let heard = (_: string): void => {}
      const socket = connect({ path: setting.main })
      socket.on('data', data => heard(data.toString()))
      const drain = (): Promise<unknown> => new Promise(resolve => socket.once('drain', resolve))
      return {
        async run(amount) {
          for (let i = 0; i < amount; i++) {
            const answer = new Promise<string>(resolve => (heard = resolve))
            socket.write(head, 'latin1')
            for (const piece of framed) if (!socket.write(piece)) await drain()
            if (chunked) socket.write('0\r\n\r\n', 'latin1')
            same('octets on the wire', (await answer).split('\r\n\r\n')[1], size)
          }
          return amount * BODY
        },
      }
    },
  },
  {
    name: 'hawser',
    async start(setting) {
      const { dialUnix } = await io(setting)
      const { bytesBody, pool, streamBody, text } = await http(setting)
      const { chunked } = CASES[setting.which]!
      const clients = { [setting.main]: pool(dialUnix(setting.main)), [setting.check]: pool(dialUnix(setting.check)) }
      const bytes = whole(setting) ? all(setting) : undefined
      return sendBodies(setting, async socket => {
        const body = bytes ? bytesBody(bytes, 'application/x-tar') : streamBody(pieces(setting), 'application/x-tar', chunked ? {} : { length: BODY })
        return text(await clients[socket]!.exchange({ method: 'PUT', path: PATH, body }))
      })
    },
  },
  {
    name: 'node:http',
    async start(setting) {
      const { Agent, request } = await import('node:http')
      const { Readable } = await import('node:stream')
      const agent = new Agent({ keepAlive: true })
      const { chunked } = CASES[setting.which]!
      const bytes = whole(setting) ? all(setting) : undefined
      return sendBodies(
        setting,
        socketPath =>
          new Promise((resolve, reject) => {
            const headers = { 'Content-Type': 'application/x-tar', ...(chunked ? {} : { 'Content-Length': BODY }) }
            const sent = request({ socketPath, path: PATH, method: 'PUT', headers, agent }, response => {
              let said = ''
              response.on('data', (chunk: Buffer) => (said += chunk.toString()))
              response.on('end', () => resolve(said))
            })
            sent.on('error', reject)
            if (bytes) sent.end(bytes)
            else Readable.from(pieces(setting)).pipe(sent)
          }),
      )
    },
  },
  {
    name: 'undici request',
    peer: true,
    async start(setting) {
      const { Readable } = await import('node:stream')
      const { chunked } = CASES[setting.which]!
      const clients = { [setting.main]: await undici(setting.main), [setting.check]: await undici(setting.check) }
      const bytes = whole(setting) ? all(setting) : undefined
      return sendBodies(setting, async socket => {
        const headers = { 'content-type': 'application/x-tar', ...(chunked ? {} : { 'content-length': String(BODY) }) }
        const { body } = await clients[socket]!.request({ path: PATH, method: 'PUT', headers, body: bytes ?? Readable.from(pieces(setting)) })
        return body.text()
      })
    },
  },
]

export const bench = createRace({
  name: 'uploads',
  question: 'How fast does the body of a request leave?',
  unit: BYTES,
  cases: Object.keys(CASES),
  contenders,
  baseline: 'bare socket',
  goals: [{ contender: 'hawser', figure: 'rate', over: 'node:http', atLeast: 1 }],
})
