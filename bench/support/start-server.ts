/** Starting the canned server, in a process and a directory of its own. */
import { fork } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Server } from './bench.js'

export const startServer = async (): Promise<Server & { stop(): void }> => {
  const directory = await mkdtemp(join(tmpdir(), 'hawser-bench-'))
  const child = fork(fileURLToPath(new URL('server.js', import.meta.url)), [directory])
  const tlsPort = await new Promise<number>((resolve, reject) => {
    child.once('message', (port: number) => resolve(port))
    child.once('exit', code => reject(new Error(`the canned server ended (${code})`)))
  })
  return {
    ping: join(directory, 'ping.sock'),
    main: join(directory, 'main.sock'),
    check: join(directory, 'check.sock'),
    tlsPort,
    stop() {
      child.kill()
      void rm(directory, { recursive: true, force: true })
    },
  }
}
