/**
 * npm run tour: what hawser is for, once around, on the engine that DOCKER_HOST names or that listens on the platform's default
 * socket; where none answers, on the recording of one. Exits with 0 if every step was verified.
 *
 *     npm run tour -- --record FILE     takes it on a real engine, and writes the recording
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { dialUrl, fromEnv, isError, negotiate, pool, type Negotiated, type Pool } from '../src/index.js'
import { formatRecording, parseRecording, record, replay } from '../src/testing/index.js'
import { measureThroughput } from './throughput.js'
import { findBusybox } from './tour/busybox.js'
import { formatSize, takeTour, type Step } from './tour/steps.js'

const RECORDING = fileURLToPath(new URL('../../fixtures/recordings/tour.txt', import.meta.url))
const RATIO_GOAL = 0.75

const { values } = parseArgs({ options: { record: { type: 'string' } } })

const colorful = process.stdout.isTTY && !process.env.NO_COLOR && process.env.TERM !== 'dumb'
const paint = (code: number, text: string): string => (colorful ? `\x1b[${code}m${text}\x1b[0m` : text)
const green = (text: string): string => paint(32, text)
const red = (text: string): string => paint(31, text)
const dim = (text: string): string => paint(2, text)
const bold = (text: string): string => paint(1, text)

const WIDTH = 104
const NAME_WIDTH = 12
const INDENT = ' '.repeat(2 + 2 + NAME_WIDTH)

/** Breaks text into lines that leave room for the time at the right. */
const wrap = (text: string, width: number): string[] => {
  const lines = ['']
  for (const word of text.split(' ')) {
    const line = lines.at(-1)!
    if (line !== '' && line.length + 1 + word.length > width) lines.push(word)
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`
  }
  return lines
}

let since = performance.now()
const print = ({ name, text, details = [] }: Step): void => {
  const ms = performance.now() - since
  const width = Math.min(Math.max(process.stdout.columns || WIDTH, 60), WIDTH) - INDENT.length - 10
  const [first = '', ...rest] = wrap(text, width)
  const time = ms < 1000 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(1)} s`
  console.log(`  ${green('✓')} ${bold(name.padEnd(NAME_WIDTH))}${first.padEnd(width)}${dim(time.padStart(9))}`)
  for (const line of rest) console.log(INDENT + line)
  for (const line of details) console.log(INDENT + dim(line))
  since = performance.now()
}

type Engine = { client: Pool & Negotiated; where: string; busybox: typeof findBusybox; finish(): void }

const noBusybox = (): undefined => undefined

/** The engine that answers, or the recorded one. */
const findEngine = async (signal: AbortSignal): Promise<Engine> => {
  const host = process.env.DOCKER_HOST ?? ''
  const where = host || 'the default socket'
  if (values.record !== undefined) {
    const file = values.record
    const recorder = record(dialUrl(host), { command: 'npm run tour -- --record fixtures/recordings/tour.txt' })
    // The recorded engine must be asked the same by hosts that have no busybox.
    return { client: negotiate(pool(recorder.dial)), where: `${where}, recording`, busybox: noBusybox, finish: () => writeFileSync(file, formatRecording(recorder.recording())) }
  }
  const client = await fromEnv()
  try {
    await client.apiVersion({ signal })
    return { client, where, busybox: findBusybox, finish() {} }
  } catch (error) {
    await client.close()
    if (!isError(error) || !error.code.startsWith('dial-')) throw error
    const recording = parseRecording(readFileSync(RECORDING, 'utf8'))
    console.log(`No engine answers at ${where} (${error.code}), so this is ${recording.engine} ${recording.version} as it was recorded, replayed by hawser/testing.\n`)
    return { client: negotiate(pool(replay(recording))), where: 'the embedded engine', busybox: noBusybox, finish() {} }
  }
}

const interrupted = new AbortController()
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.once(name, () => {
    console.log(`  ${dim(`${name}: ending, and removing what was made; once more to leave it there`)}`)
    interrupted.abort(new Error(`ended by ${name}`))
  })
}

const run = async (signal: AbortSignal): Promise<void> => {
  const { client, where, busybox, finish } = await findEngine(signal)
  console.log(`${bold('hawser')}, once around ${where}\n`)
  since = performance.now()
  try {
    await takeTour(client, { busybox, report: print, signal })
    finish()
  } finally {
    await client.close({ force: true })
  }
  const { octets, demuxed, bare, ratio } = await measureThroughput({ signal })
  const rate = (octetsPerSecond: number): string => `${(octetsPerSecond / 1e9).toFixed(2)} GB/s`
  print({
    name: 'throughput',
    text: `${formatSize(octets)} multiplexed at ${rate(demuxed)}, the bare socket ${rate(bare)}: ratio ${ratio.toFixed(2)}${ratio < RATIO_GOAL ? `, below the ${RATIO_GOAL} that it should be` : ''}`,
  })
}

try {
  await run(interrupted.signal)
  console.log(`\n${green('Every step was verified.')}`)
} catch (error) {
  console.log(`  ${red('✗')} ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = interrupted.signal.aborted ? 130 : 1
}
