/** Responses behind which the connection closes: the closing is the client's own, and must not become their error. */
import { describe, expect, test } from 'vitest'
import { direct, pool, text, type Client } from '../../src/http/index.js'
import { play, reply, startPeer, type Step } from '../support/peer.js'

const HEAD = 'HTTP/1.1 200 OK\r\nConnection: close\r\n'

/** What the peer sends, and whether it waits for the head to be read before the rest. */
const rows: [name: string, head: string, rest: string][] = [
  ['all of it with the head', reply('hello', { fields: 'Connection: close\r\n' }), ''],
  ['a body by length behind the head', `${HEAD}Content-Length: 5\r\n\r\n`, 'hello'],
  ['a body in chunks behind the head', `${HEAD}Transfer-Encoding: chunked\r\n\r\n`, '5\r\nhello\r\n0\r\n\r\n'],
  ['a body in chunks with the head', `${HEAD}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`, ''],
  ['HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n', 'hello'],
]

describe.each(['pool', 'direct'])('Connection: close through %s', kind => {
  test.each(rows)('%s', async (_, head, rest) => {
    let goOn!: () => void
    const read = new Promise<void>(resolve => (goOn = resolve))
    const steps: Step[] = rest === '' ? [{ send: head }] : [{ send: head }, { wait: read }, { send: rest }]
    const peer = await startPeer(play(...steps))
    const shared = pool(peer.dial)
    const client: Client = kind === 'pool' ? shared : direct(peer.dial)
    const response = await client.exchange({ method: 'GET', path: '/' })
    goOn()
    expect(await text(response)).toBe('hello')
    expect(shared.stats()).toEqual({ leased: 0, idle: 0, waiting: 0 })
    expect(await (await peer.link(0)).rest()).toHaveLength(0)
    await shared.close()
  })
})
