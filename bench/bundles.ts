/** What an application carries that uses hawser: bundled and minified, as bundlers make it. */
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'vite'
import type { Bench, Context, Row } from './support/bench.js'

const source = fileURLToPath(new URL('../../src/', import.meta.url))
const peers = fileURLToPath(new URL('../../bench/peers/', import.meta.url))

const ENTRIES: Record<string, string> = {
  'hawser, a ping': `import { direct, dialUnix, systemPing } from 'hawser'; export const ping = () => systemPing(direct(dialUnix()))`,
  'hawser, logs': `import { pool, dialUnix, containerLogs, demux } from 'hawser'; export const logs = async id => demux(await containerLogs(pool(dialUnix()), id, { stdout: true }))`,
  'hawser, demux': `export { demux } from 'hawser'`,
  'hawser, everything': `export * from 'hawser'`,
}
const PEERS: Record<string, string> = {
  undici: `export { Pool } from 'undici'`,
  dockerode: `export { default } from 'dockerode'`,
  '@docker/node-sdk': `export { DockerClient } from '@docker/node-sdk'`,
}

/** Code that imports from hawser or a peer; the runtime's own modules stay outside, and native add-ons. */
const bundle = async (code: string, root: string): Promise<{ minified: number; gzipped: number }> => {
  const result = await build({
    root,
    configFile: false,
    logLevel: 'silent',
    resolve: { alias: [{ find: /^hawser$/, replacement: `${source}index.ts` }] },
    plugins: [{ name: 'entry', resolveId: id => (id === 'virtual:entry' ? `${root}entry.js` : undefined), load: id => (id === `${root}entry.js` ? code : undefined) }],
    build: { write: false, ssr: true, target: 'node20', minify: true, rollupOptions: { input: 'virtual:entry', external: [/^node:/, /\.node$/, 'cpu-features'], output: { format: 'es' } } },
    ssr: { noExternal: true },
  })
  if (!('output' in result)) throw new Error('the bundler gave no output')
  const text = result.output.map(part => (part.type === 'chunk' ? part.code : '')).join('')
  return { minified: text.length, gzipped: gzipSync(text, { level: 9 }).length }
}

const measure = async (context: Context): Promise<Row[]> => {
  const rows: Row[] = []
  for (const [entries, root] of [[ENTRIES, source], [context.peers ? PEERS : {}, peers]] as const) {
    for (const [contender, code] of Object.entries(entries)) {
      context.say(`bundles: ${contender}`)
      const { minified, gzipped } = await bundle(code, root)
      rows.push({ which: 'bundled', contender, samples: { minified: [minified], gzipped: [gzipped] } })
    }
  }
  return rows
}

export const bench: Bench = {
  name: 'bundles',
  question: 'How large is what an application carries?',
  columns: [
    { figure: 'minified', title: 'kB minified', scale: 1000, less: true },
    { figure: 'gzipped', title: 'kB gzipped', scale: 1000, less: true },
  ],
  baseline: 'hawser, everything',
  goals: [],
  measure,
}
