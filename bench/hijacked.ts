/** Five hundred hijacked streams at once, each of which gets back what it sends. */
import { connect } from 'node:net'
import type { Contender, Running, Setting } from './support/bench.js'
import { payload, same } from './support/canned.js'
import { http, io } from './support/hawser.js'
import { BYTES, createRace } from './support/race.js'

const STREAMS = 500
const PIECE = 16 * 1024
const PIECES = 8
const SIZE = PIECE * PIECES
const PATH = '/exec/x/start'
const HEAD = `POST ${PATH} HTTP/1.1\r\nHost: docker\r\nContent-Length: 0\r\nUpgrade: tcp\r\nConnection: Upgrade\r\n\r\n`

/** What a stream sends is its own: octets that went to the wrong one would show. */
const piecesOf = (stream: number, block: Uint8Array): Uint8Array[] => Array.from({ length: PIECES }, (_, i) => block.subarray(((stream * 61 + i) % 63) * PIECE, (((stream * 61 + i) % 63) + 1) * PIECE))

/** `echo` sends the pieces over a stream of its own, ends it, and hands on what comes back until it ends too. */
const echoAll = (echo: (pieces: Uint8Array[], take: (chunk: Uint8Array) => void) => Promise<void>): Running => {
  const block = payload()
  const streams = (each: (stream: number) => Promise<void>): Promise<unknown> => Promise.all(Array.from({ length: STREAMS }, (_, stream) => each(stream)))
  return {
    async verify() {
      const { digest } = await import('./support/verify.js')
      await streams(async stream => {
        const there = digest()
        const back = digest()
        const pieces = piecesOf(stream, block)
        pieces.forEach(there.add)
        await echo(pieces, back.add)
        same(`what stream ${stream} got back`, back.end(), there.end())
      })
    },
    async run(amount) {
      for (let i = 0; i < amount; i++) {
        await streams(async stream => {
          let size = 0
          await echo(piecesOf(stream, block), chunk => void (size += chunk.length))
          same('octets', size, SIZE)
        })
      }
      return amount * STREAMS * SIZE
    },
  }
}

const contenders: Contender[] = [
  {
    name: 'bare socket',
    start: ({ main }) =>
      echoAll(
        (pieces, take) =>
          new Promise((resolve, reject) => {
            let head = ''
            const socket = connect({ path: main, allowHalfOpen: true })
            socket.on('error', reject)
            socket.on('data', chunk => {
              if (head.endsWith('\r\n\r\n')) return take(chunk)
              const text = head + chunk.toString('latin1')
              const end = text.indexOf('\r\n\r\n')
              head = end < 0 ? text : text.slice(0, end + 4)
              if (end >= 0 && text.length > end + 4) take(chunk.subarray(chunk.length - (text.length - end - 4)))
            })
            socket.on('end', resolve)
            socket.write(HEAD, 'latin1')
            for (const piece of pieces) socket.write(piece)
            socket.end()
          }),
      ),
  },
  {
    name: 'hawser hijack',
    async start(setting: Setting) {
      const { dialUnix } = await io(setting)
      const { hijack, pool } = await http(setting)
      const client = pool(dialUnix(setting.main))
      const running = echoAll(async (pieces, take) => {
        const stream = await hijack(client, { method: 'POST', path: PATH })
        const done = stream.into((chunk, start, end) => take(chunk.subarray(start, end)))
        for (const piece of pieces) await stream.write(piece)
        stream.end()
        await done
      })
      return {
        ...running,
        async run(amount) {
          const units = await running.run(amount)
          same('leased connections', client.stats().leased, 0)
          return units
        },
      }
    },
  },
  {
    name: 'node:http',
    async start({ main }) {
      const { request } = await import('node:http')
      return echoAll(
        (pieces, take) =>
          new Promise((resolve, reject) => {
            const sent = request({ socketPath: main, path: PATH, method: 'POST', headers: { Connection: 'Upgrade', Upgrade: 'tcp', 'Content-Length': 0 } })
            sent.on('error', reject)
            sent.on('upgrade', (_response, socket, head) => {
              if (head.length > 0) take(head)
              socket.on('data', take)
              socket.on('end', resolve)
              socket.on('error', reject)
              for (const piece of pieces) socket.write(piece)
              socket.end()
            })
            sent.end()
          }),
      )
    },
  },
]

export const bench = createRace({
  name: 'hijacked',
  question: 'Do 500 hijacked streams at once get back what they send, and how fast?',
  unit: BYTES,
  cases: ['500 streams of 128 KiB'],
  contenders,
  baseline: 'bare socket',
  goals: [{ contender: 'hawser hijack', figure: 'rate', over: 'node:http', atLeast: 1 }],
})
