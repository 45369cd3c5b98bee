/** Tables for people, and the verdict on each goal. */
import { find, median, ratio, type Bench, type Goal, type Row } from './bench.js'

/** A goal held against one case. */
export type Verdict = { which: string; goal: Goal; over: string | undefined; value: number; met: boolean; nearlyMet: boolean }

/** How much of a goal a short run on a busy machine has to show, before it counts as a regression. */
export const NEARLY = 2 / 3

/** The best of the contenders that a goal is held against, among those that took part. */
const rival = (rows: readonly Row[], which: string, { over, figure }: Goal, less: boolean): Row | undefined => {
  const rivals = (typeof over === 'string' ? [over] : (over ?? [])).flatMap(name => find(rows, which, name) ?? [])
  return rivals.sort((a, b) => (median(a.samples[figure] ?? []) - median(b.samples[figure] ?? [])) * (less ? 1 : -1))[0]
}

/** Holds the rows of a bench against its goals; those whose rivals did not take part are left out. */
export const judge = (bench: Bench, rows: readonly Row[]): Verdict[] => {
  const verdicts: Verdict[] = []
  for (const row of rows) {
    for (const goal of bench.goals) {
      if (goal.contender !== row.contender || (goal.which && !goal.which(row.which)) || !row.samples[goal.figure]) continue
      const less = bench.columns.find(column => column.figure === goal.figure)?.less ?? false
      const against = goal.over === undefined ? undefined : rival(rows, row.which, goal, less)
      if (goal.over !== undefined && !against) continue
      const value = against ? ratio(row, against, goal.figure) : median(row.samples[goal.figure]!)
      const { atLeast = -Infinity, atMost = Infinity } = goal
      verdicts.push({ which: row.which, goal, over: against?.contender, value, met: value >= atLeast && value <= atMost, nearlyMet: value >= atLeast * NEARLY && value <= atMost / NEARLY })
    }
  }
  return verdicts
}

const digits = (value: number): string => (value >= 1000 ? value.toFixed(0) : value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2))

/** One goal and how it went, as in `ok 0.71 (goal: cpu at most 0.40 of undici)`. */
const describe = (bench: Bench, { goal, over, value, met }: Verdict): string => {
  const bound = goal.atLeast === undefined ? `≤ ${goal.atMost}` : `≥ ${goal.atLeast}`
  const column = bench.columns.find(each => each.figure === goal.figure)
  const what = goal.figure === 'rate' ? '' : `${column?.title ?? goal.figure} `
  const shown = over === undefined ? value / (column?.scale ?? 1) : value
  return `${met ? 'ok' : 'BELOW'} ${what}${digits(shown)} ${bound}${over === undefined || over === bench.baseline ? '' : ` of ${over}`}`
}

const COLUMN_GAP = '  '

/** Columns as wide as their widest cell: text to the left, numbers to the right. */
const align = (table: readonly (readonly string[])[], textColumns: readonly number[]): string[] => {
  const widths = table[0]!.map((_, column) => Math.max(...table.map(line => line[column]!.length)))
  return table.map(line => line.map((cell, column) => (textColumns.includes(column) ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join(COLUMN_GAP).trimEnd())
}

export const formatTable = (bench: Bench, rows: readonly Row[], verdicts: readonly Verdict[]): string => {
  const shown = bench.columns.filter(({ figure }) => rows.some(row => row.samples[figure]))
  const ratios = shown.filter(({ figure, absolute }) => !absolute && rows.some(row => row.contender === bench.baseline && row.samples[figure]))
  const heading = ['', '', ...shown.flatMap(column => (ratios.includes(column) ? [column.title, 'ratio'] : [column.title])), 'goals']
  const table = [heading]
  let last = ''
  for (const row of rows) {
    const baseline = find(rows, row.which, bench.baseline)
    const cells = shown.flatMap(column => {
      const samples = row.samples[column.figure]
      const cell = samples && median(samples) !== 0 ? digits(median(samples) / column.scale) : ''
      if (!ratios.includes(column)) return [cell]
      return [cell, samples && baseline?.samples[column.figure] ? digits(ratio(row, baseline, column.figure)) : '']
    })
    const goals = verdicts.filter(verdict => verdict.which === row.which && verdict.goal.contender === row.contender).map(verdict => describe(bench, verdict))
    table.push([row.which === last ? '' : row.which, row.contender, ...cells, goals.join('; ')])
    last = row.which
  }
  return [`${bench.name}: ${bench.question}`, ...align(table, [0, 1, heading.length - 1]).map(line => `  ${line}`)].join('\n')
}
