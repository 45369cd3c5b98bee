/** Connections without `onread`, as other runtimes and other transports have them: the same bytes by 'data' events. */
import { connect } from 'node:net'
import type { Dial } from '../../src/io/index.js'
import type { Setting } from './bench.js'

export const dialPlain = async ({ source }: Pick<Setting, 'source'>, path: string): Promise<Dial> => {
  const { overSocket } = (await import(`${source}io/connection.js`)) as typeof import('../../src/io/connection.js')
  return () =>
    new Promise((resolve, reject) => {
      const socket = connect({ path, allowHalfOpen: true })
      const { connection, receive } = overSocket(socket, { peer: `unix://${path}`, host: 'docker', explain: error => error })
      socket.on('data', (chunk: Uint8Array) => receive(chunk, chunk.length))
      socket.once('error', reject)
      socket.once('connect', () => resolve(connection))
    })
}
