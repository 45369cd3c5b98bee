/** Contenders side by side: each in a process of its own, in rounds that take turns, so that a busy machine is busy for all. */
import { fork, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Bench, Column, Contender, Context, Goal, Row, Setting } from './bench.js'


/** What a unit of work is called, and how its rate and its cost are written. */
export type Unit = {
  rate: string
  rateScale: number
  cost: string
  /** Microseconds of processor time for a unit of work are divided by it. */
  costScale: number
}

export const REQUESTS: Unit = { rate: 'k requests/s', rateScale: 1e3, cost: 'cpu µs each', costScale: 1 }
export const BYTES: Unit = { rate: 'GB/s', rateScale: 1e9, cost: 'cpu ms/GB', costScale: 1e-6 }
export const FRAMES: Unit = { rate: 'M frames/s', rateScale: 1e6, cost: 'cpu ns each', costScale: 1e-3 }
export const RECORDS: Unit = { rate: 'k records/s', rateScale: 1e3, cost: 'cpu µs each', costScale: 1 }
export const LISTS: Unit = { rate: 'lists/s', rateScale: 1, cost: 'cpu ms each', costScale: 1e3 }

export type Race = {
  name: string
  question: string
  unit: Unit
  cases: readonly string[] | ((context: Context) => readonly string[])
  contenders: readonly Contender[]
  baseline: string
  goals: readonly Goal[]
  needsEngine?: boolean
  /** Rounds of one piece of work each, however long it takes, and none to warm up. */
  rounds?: { count: number; brief: number }
  /** Figures beside those of every race. */
  columns?: readonly Column[]
  /** Puts on the engine what the contenders need. */
  prepare?(engine: string, context: Context): Promise<Prepared>
}

export type Prepared = { container: string; amount: number; remove(): Promise<void> }

/** Milliseconds of a round, how many count, and how long to run before the first. */
const ROUNDS = { ms: 250, count: 9, warmMs: 700 }
const BRIEF = { ms: 100, count: 5, warmMs: 300 }

export type Order = { what: 'verify' | 'warm' | 'round'; ms: number }
export type Reply = { what: 'ready' } | { what: 'done'; figures: Readonly<Record<string, number>> } | { what: 'failed'; error: string }

type Racer = { name: string; child: ChildProcess; samples: Record<string, number[]> }

const next = (child: ChildProcess, who: string): Promise<Reply> =>
  new Promise((resolve, reject) => {
    const leave = (code: number | null, signal: string | null): void => reject(new Error(`${who}: its process ended (${String(signal ?? code)})`))
    child.once('exit', leave)
    child.once('message', (reply: Reply) => {
      child.off('exit', leave)
      if (reply.what === 'failed') reject(new Error(`${who}: ${reply.error}`))
      else resolve(reply)
    })
  })

const ask = (child: ChildProcess, order: Order, who: string): Promise<Reply> => {
  child.send(order)
  return next(child, who)
}

const worker = fileURLToPath(new URL('worker.js', import.meta.url))

const SOURCE = new URL('../../src/', import.meta.url).href

/** Who takes part, and with --beside hawser twice. */
const entrants = (race: Race, which: string, { peers, beside }: Context): { name: string; contender: Contender; source: string }[] =>
  race.contenders
    .filter(({ peer, can }) => (!peer || peers) && (!can || can(which)))
    .flatMap(contender => {
      const { name } = contender
      const entrant = { name, contender, source: SOURCE }
      return beside && name.startsWith('hawser') ? [entrant, { name: `${name}, beside`, contender, source: beside }] : [entrant]
    })

const runCase = async (race: Race, which: string, setting: Omit<Setting, 'source'>, context: Context): Promise<Row[]> => {
  const { ms, count, warmMs } = race.rounds ? { ms: 0, warmMs: 0, count: context.brief ? race.rounds.brief : race.rounds.count } : context.brief ? BRIEF : ROUNDS
  const racers: Racer[] = []
  const rows: Row[] = []
  try {
    for (const { name, contender, source } of entrants(race, which, context)) {
      const who = `${race.name}, ${which}, ${name}`
      const start = async (): Promise<ChildProcess> => {
        const child = fork(worker, [JSON.stringify({ bench: race.name, contender: contender.name, setting: { ...setting, source } })], { execArgv: [] })
        await next(child, who)
        return child
      }
      // Looking closely takes memory of its own, so it has a process of its own.
      context.say(`${who}: verifying`)
      const verifier = await start()
      await ask(verifier, { what: 'verify', ms: 0 }, who).finally(() => verifier.kill())
      context.say(`${who}: warming up`)
      const child = await start()
      racers.push({ name, child, samples: {} })
      if (warmMs > 0) await ask(child, { what: 'warm', ms: warmMs }, who)
    }
    for (let round = 0; round < count; round++) {
      for (let turn = 0; turn < racers.length; turn++) {
        const racer = racers[(turn + round) % racers.length]!
        const who = `${race.name}, ${which}, ${racer.name}`
        context.say(`${who}: round ${round + 1} of ${count}`)
        const reply = await ask(racer.child, { what: 'round', ms }, who)
        if (reply.what !== 'done') throw new Error(`${who}: unexpected reply`)
        for (const [figure, value] of Object.entries(reply.figures)) (racer.samples[figure] ??= []).push(value)
      }
    }
    for (const { name, samples } of racers) {
      const peak = samples['peak']?.at(-1)
      rows.push({ which, contender: name, samples: peak === undefined ? samples : { ...samples, peak: [peak] } })
    }
  } finally {
    for (const { child } of racers) child.kill()
  }
  return rows
}

export const createRace = (race: Race): Bench => ({
  ...race,
  columns: [
    { figure: 'rate', title: race.unit.rate, scale: race.unit.rateScale },
    { figure: 'cpu', title: race.unit.cost, scale: race.unit.costScale, less: true },
    { figure: 'peak', title: 'peak MB', scale: 1, less: true, absolute: true },
    ...(race.columns ?? []),
  ],
  async measure(context) {
    const { engine } = context
    const { ping, main, check, tlsPort } = await context.server()
    const prepared = engine === undefined ? undefined : await race.prepare?.(engine, context)
    const rows: Row[] = []
    try {
      const cases = typeof race.cases === 'function' ? race.cases(context) : race.cases
      for (const which of cases) rows.push(...(await runCase(race, which, { ping, main, check, tlsPort, engine, container: prepared?.container, amount: prepared?.amount ?? 0, which }, context)))
    } finally {
      await prepared?.remove()
    }
    return rows
  },
})
