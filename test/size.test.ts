/**
 * What an application pays for what it imports: minified and gzipped, in octets.
 *
 * The first budgets were 2.0, 2.6, 0.8 and 4.5 kB. They came from a prototype that checked nothing, had no time limits, and let an
 * error be an error; only demultiplexing keeps its own. What the finished ping consists of, each file gzipped alone: heads of requests
 * and responses, strict both ways, 1.9 kB; an exchange that hears a refusal while it sends, frees what is dropped and says what failed,
 * 1.1; a connection that holds, pauses and reads on behind a failed write, 1.0; dialling, with what to do about each failure, 1.2; time
 * limits on one timer and aborts, 0.4; errors with their codes, 0.9. Half of that is patterns and messages. Logs add a pool (1.2), bodies
 * (2.4) and options that are checked before anything is sent (1.5). To take any of it out of an exchange would be to pretend.
 */
import { expect, test } from 'vitest'
import { bundle } from './support/bundle.js'

const BUDGETS: [what: string, code: string, gzipped: number][] = [
  ['a ping', `import { direct, dialUnix, systemPing } from 'hawser'; export const ping = () => systemPing(direct(dialUnix()))`, 4950],
  ['a ping over a pool', `import { pool, dialUnix, systemPing } from 'hawser'; export const ping = () => systemPing(pool(dialUnix()))`, 5800],
  ['demultiplexing', `export { demux } from 'hawser'`, 800],
  ['demultiplexed logs over a pool', `import { pool, dialUnix, containerLogs, demux } from 'hawser'; export const logs = async id => demux(await containerLogs(pool(dialUnix()), id, { stdout: true }))`, 8900],
]

test.each(BUDGETS)('%s', async (what, code, gzipped) => {
  const result = await bundle(code)
  console.log(`${what}: ${result.minified} minified, ${result.gzipped} gzipped`)
  expect(result.gzipped).toBeLessThanOrEqual(gzipped)
})
