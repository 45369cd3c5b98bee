/** Large bodies over TLS, which most of the time is the processor's to encrypt. */
import { readFileSync } from 'node:fs'
import { connect } from 'node:tls'
import type { Dial } from '../src/io/index.js'
import type { Contender, Running, Setting } from './support/bench.js'
import { BLOCK, BLOCKS, idOf, same, wireSize, type Framing } from './support/canned.js'
import { http, io } from './support/hawser.js'
import { BYTES, createRace } from './support/race.js'

const CASES: Record<string, Omit<Framing, 'blocks'>> = { 'Content-Length': { kind: 'length', piece: 0 }, 'chunks of 32 KiB': { kind: 'chunked', piece: 32 * 1024 } }
const framing = ({ which }: Setting, blocks = BLOCKS): Framing => ({ ...CASES[which]!, blocks })
const pathOf = (framing: Framing): string => `/containers/${idOf(framing)}/export`
const authority = (): Buffer => readFileSync(new URL('../../fixtures/tls/authority.pem', import.meta.url))

const readBodies = (setting: Setting, read: (framing: Framing, look?: (chunk: Uint8Array) => void) => Promise<number>): Running => ({
  async verify() {
    const { digest, expected } = await import('./support/verify.js')
    const few = framing(setting, 3)
    const hash = digest()
    same('octets', await read(few, hash.add), few.blocks * BLOCK)
    same('their digest', hash.end(), expected(few))
  },
  async run(amount) {
    const many = framing(setting)
    for (let i = 0; i < amount; i++) same('octets', await read(many), BLOCKS * BLOCK)
    return amount * BLOCKS * BLOCK
  },
})

const into = async (setting: Setting, dial: Dial): Promise<Running> => {
  const { bodyInto, pool } = await http(setting)
  const client = pool(dial)
  return readBodies(setting, async (framing, look) => {
    let size = 0
    await bodyInto(await client.exchange({ method: 'GET', path: pathOf(framing) }), (chunk, start, end) => {
      size += end - start
      look?.(chunk.subarray(start, end))
    })
    return size
  })
}

const contenders: Contender[] = [
  {
    name: 'bare socket',
    start: setting =>
      new Promise((resolve, reject) => {
        const body = framing(setting)
        const request = `GET ${pathOf(body)} HTTP/1.1\r\nHost: docker\r\n\r\n`
        const size = wireSize(body)
        let got = 0
        let left = 0
        let finish = (): void => {}
        const onread = {
          buffer: Buffer.allocUnsafeSlow(64 * 1024),
          callback(length: number) {
            got += length
            if (got > size) reject(new Error(`${got} octets came where ${size} were right`))
            if (got < size) return true
            got = 0
            if (--left > 0) socket.write(request, 'latin1')
            else finish()
            return true
          },
        }
        const socket = connect(Object.assign({ host: '127.0.0.1', port: setting.tlsPort, servername: 'localhost', ca: authority() }, { onread }))
        socket.on('error', reject)
        socket.on('secureConnect', () =>
          resolve({
            run: amount =>
              new Promise(done => {
                left = amount
                finish = () => done(amount * BLOCKS * BLOCK)
                socket.write(request, 'latin1')
              }),
          }),
        )
      }),
  },
  { name: 'hawser bodyInto', start: async setting => into(setting, (await io(setting)).dialTls({ host: '127.0.0.1', port: setting.tlsPort }, { ca: authority() })) },
  {
    name: 'node:https',
    async start(setting) {
      const { Agent, get } = await import('node:https')
      const agent = new Agent({ keepAlive: true, ca: authority() })
      return readBodies(
        setting,
        (framing, look) =>
          new Promise((resolve, reject) => {
            let size = 0
            get({ host: '127.0.0.1', servername: 'localhost', port: setting.tlsPort, path: pathOf(framing), agent }, response => {
              response.on('data', (chunk: Uint8Array) => {
                size += chunk.length
                look?.(chunk)
              })
              response.on('end', () => resolve(size))
            }).on('error', reject)
          }),
      )
    },
  },
]

export const bench = createRace({
  name: 'encrypted',
  question: 'How fast does a body arrive over TLS?',
  unit: BYTES,
  cases: Object.keys(CASES),
  contenders,
  baseline: 'bare socket',
  goals: [
    { contender: 'hawser bodyInto', figure: 'rate', over: 'node:https', atLeast: 1 },
    { contender: 'hawser bodyInto', figure: 'peak', atMost: 60 },
  ],
})
