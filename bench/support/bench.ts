/** What a bench is: one question, the contenders that answer it, and the goals that their figures have to reach. */

/** Where a contender works: sockets of the canned server, and what to do there. */
export type Setting = {
  /** Answers every request with the reply of a ping, and looks at nothing. */
  ping: string
  /** The other routes of the canned server (canned.ts). */
  main: string
  /** Takes any body and answers with its digest: a server of node:http. */
  check: string
  /** Where the routes of `main` are over TLS, on 127.0.0.1, with the certificate of fixtures/tls. */
  tlsPort: number
  /** A real engine's socket, where DOCKER_HOST names one. */
  engine: string | undefined
  /** The container on it that the bench has made. */
  container: string | undefined
  /** How much of it there is: lines, or octets. */
  amount: number
  /** Which of the bench's cases. */
  which: string
  /** Where hawser's layers are compiled, as a URL. */
  source: string
}

/** What a round came to: units of work, and figures that are not those of this process. */
export type Outcome = { units: number; figures?: Readonly<Record<string, number>> }

/** A contender, ready to go. */
export type Running = {
  /** Does `amount` times the smallest piece of work; returns how many units that were. Throws where they are not right. */
  run(amount: number): Promise<number | Outcome>
  /** Looks closely at what comes out, once, and in a process that measures nothing. */
  verify?(): void | Promise<void>
}

export type Contender = {
  name: string
  /** Whether it takes part with --peers only. */
  peer?: boolean
  /** The cases that it can do, all where nothing is said. */
  can?(which: string): boolean
  start(setting: Setting): Running | Promise<Running>
}

/** The sockets of the canned server. */
export type Server = Pick<Setting, 'ping' | 'main' | 'check' | 'tlsPort'>

/** A figure of every row, and how it is written. */
export type Column = {
  figure: string
  title: string
  /** The figure is divided by it. */
  scale: number
  /** Whether less of it is better. */
  less?: boolean
  /** Whether a ratio of it says nothing: it begins elsewhere than at nothing. */
  absolute?: boolean
}

/** What one contender did in one case: each figure as often as it was measured. */
export type Row = { which: string; contender: string; samples: Readonly<Record<string, readonly number[]>> }

export type Goal = {
  contender: string
  figure: string
  /** As a ratio to what this one did in the same run, to the best of them where it is several; as it is otherwise. */
  over?: string | readonly string[]
  /** The cases that it is for, all where nothing is said. */
  which?(which: string): boolean
  atLeast?: number
  atMost?: number
}

export type Context = {
  /** Whether to hurry: fewer and shorter rounds, for a check rather than a table. */
  brief: boolean
  peers: boolean
  engine: string | undefined
  /** The canned server, started when it is first asked for. */
  server(): Promise<Server>
  /** Another build of hawser, as a URL of its layers, to race against this one. */
  beside: string | undefined
  /** Says what is going on, where somebody watches. */
  say(text: string): void
}

export type Bench = {
  name: string
  question: string
  columns: readonly Column[]
  /** Which contender the ratios of the table are to. */
  baseline: string
  goals: readonly Goal[]
  /** Whether it measures nothing without a real engine. */
  needsEngine?: boolean
  measure(context: Context): Promise<Row[]>
  /** Those of a race, for its processes to find. */
  contenders?: readonly Contender[]
}

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

export const find = (rows: readonly Row[], which: string, contender: string): Row | undefined => rows.find(row => row.which === which && row.contender === contender)

/**
 * How often a figure of one row holds that of another. Samples that were taken in turns are compared in pairs: what else the
 * machine does meanwhile falls on both.
 */
export const ratio = (row: Row, over: Row, figure: string): number => {
  const ours = row.samples[figure] ?? []
  const theirs = over.samples[figure] ?? []
  if (ours.length === theirs.length) return median(ours.map((value, i) => value / theirs[i]!))
  return median(ours) / median(theirs)
}
