/**
 * npm run bench -- [names] [--peers] [--json] [--check] [--beside DIRECTORY]
 *
 * Each bench answers one question with a table; without names all of them run. --peers puts the other clients beside hawser
 * (installs them in bench/peers first), --json prints for machines, --check runs briefly and exits with 1 where a ratio is
 * below two thirds of its goal. DOCKER_HOST=unix:///… adds what needs a real engine. --beside DIRECTORY races hawser against
 * another build of it, such as build/src of another checkout.
 */
import { cpus } from 'node:os'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { median, ratio, find, type Bench, type Context, type Row } from './support/bench.js'
import { startServer } from './support/start-server.js'
import { formatTable, judge, NEARLY, type Verdict } from './support/table.js'

const NAMES = ['requests', 'bodies', 'multiplexed', 'frames', 'records', 'lists', 'uploads', 'hijacked', 'idle', 'archives', 'encrypted', 'imports', 'bundles', 'logs', 'exports']

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { peers: { type: 'boolean', default: false }, json: { type: 'boolean', default: false }, check: { type: 'boolean', default: false }, beside: { type: 'string' } },
})
for (const name of positionals) if (!NAMES.includes(name)) throw new Error(`there is no bench ${name}: there are ${NAMES.join(', ')}`)

const host = process.env['DOCKER_HOST']
if (host && !host.startsWith('unix://')) throw new Error(`DOCKER_HOST=${host}: the benches need unix://`)

let server: ReturnType<typeof startServer> | undefined
const watched = process.stderr.isTTY
const context: Context = {
  brief: flags.check,
  peers: flags.peers && !flags.check,
  engine: host?.slice('unix://'.length),
  beside: flags.beside && `${pathToFileURL(resolve(flags.beside)).href}/`,
  server: () => (server ??= startServer()),
  say: text => void (watched && process.stderr.write(`\r\x1b[K${text}`)),
}

/** The figures of a row as machines want them: medians, and their ratios to the baseline. */
const plain = (bench: Bench, rows: readonly Row[], row: Row): object => {
  const baseline = find(rows, row.which, bench.baseline)
  const figures = Object.keys(row.samples)
  return {
    case: row.which,
    contender: row.contender,
    figures: Object.fromEntries(figures.map(figure => [figure, median(row.samples[figure]!)])),
    ratios: baseline && Object.fromEntries(figures.filter(figure => baseline.samples[figure]).map(figure => [figure, ratio(row, baseline, figure)])),
  }
}
const judged = ({ which, goal, over, value, met }: Verdict): object => ({ case: which, contender: goal.contender, figure: goal.figure, over, value, atLeast: goal.atLeast, atMost: goal.atMost, met })

if (context.peers) (await import('./support/peers.js')).installPeers()
const about = `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown processor'}`
if (!flags.json) console.log(`${about}; medians of interleaved rounds\n`)

const results: object[] = []
let regressions = 0
try {
  for (const name of positionals.length > 0 ? positionals : NAMES) {
    const { bench } = (await import(`./${name}.js`)) as { bench: Bench }
    if (bench.needsEngine && !context.engine) {
      if (positionals.length > 0) throw new Error(`${name} needs DOCKER_HOST=unix:///…`)
      continue
    }
    const rows = await bench.measure(context)
    const verdicts = judge(bench, rows)
    context.say('')
    if (flags.json) results.push({ name, question: bench.question, baseline: bench.baseline, rows: rows.map(row => plain(bench, rows, row)), goals: verdicts.map(judged) })
    else console.log(`${formatTable(bench, rows, verdicts)}\n`)
    for (const { which, goal, value, nearlyMet } of verdicts) {
      if (!flags.check || nearlyMet) continue
      regressions++
      console.error(`${name}, ${which}: ${goal.contender} has a ${goal.figure} of ${value.toFixed(2)}, not within ${NEARLY.toFixed(2)} of ${goal.atLeast === undefined ? `at most ${goal.atMost}` : `at least ${goal.atLeast}`}`)
    }
  }
} finally {
  ;(await server)?.stop()
}
if (flags.json) console.log(JSON.stringify({ about, benches: results }, null, 2))
if (regressions > 0) process.exitCode = 1
