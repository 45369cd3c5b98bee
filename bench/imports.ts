/** What a program pays that imports hawser and ends, or asks an engine whether it is there and ends. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Bench, Context, Row } from './support/bench.js'

const ROUNDS = { count: 21, brief: 9 }

const layer = (name: string): string => new URL(`../src/${name}index.js`, import.meta.url).href
const peerUrl = (name: string): string => pathToFileURL(createRequire(new URL('../../bench/peers/package.json', import.meta.url)).resolve(name)).href

/** Programs by what they do: what they import, and how they ping a socket, checking that it answered. */
const programs = (socket: string, peers: boolean): Record<string, string> => ({
  'bare Node': '',
  'hawser/wire and /stream': `import ${JSON.stringify(layer('wire/'))}; import ${JSON.stringify(layer('stream/'))}`,
  'hawser/io and /http': `import ${JSON.stringify(layer('io/'))}; import ${JSON.stringify(layer('http/'))}`,
  'hawser, everything': `import ${JSON.stringify(layer(''))}`,
  'hawser, a ping': `import { dialUnix } from ${JSON.stringify(layer('io/'))}; import { direct, text } from ${JSON.stringify(layer('http/'))}; if (await text(await direct(dialUnix(${JSON.stringify(socket)})).exchange({ method: 'GET', path: '/_ping' })) !== 'OK') throw new Error('no answer')`,
  'node:http, a ping': `import { get } from 'node:http'; get({ socketPath: ${JSON.stringify(socket)}, path: '/_ping' }, response => response.on('data', data => { if (String(data) !== 'OK') throw new Error('no answer') }))`,
  ...(peers && {
    'undici, a ping': `import { Pool } from ${JSON.stringify(peerUrl('undici'))}; const pool = new Pool('http://docker', { socketPath: ${JSON.stringify(socket)} }); const { body } = await pool.request({ method: 'GET', path: '/_ping' }); if (await body.text() !== 'OK') throw new Error('no answer'); await pool.close()`,
    'dockerode, a ping': `import Docker from ${JSON.stringify(peerUrl('dockerode'))}; if (String(await new Docker({ socketPath: ${JSON.stringify(socket)} }).ping()) !== 'OK') throw new Error('no answer')`,
    '@docker/node-sdk, a ping': `import { DockerClient } from ${JSON.stringify(peerUrl('@docker/node-sdk'))}; const docker = await DockerClient.fromDockerHost(${JSON.stringify(`unix:${socket}`)}); if (await docker.systemPing() !== '1.47') throw new Error('no answer')`,
  }),
})

/** What a program says of itself at its end. */
type Told = { cpuMs: number; peakMb: number }
const TELL = `process.on('exit', () => {
  const { user, system } = process.cpuUsage()
  process.stdout.write(JSON.stringify({ cpuMs: (user + system) / 1000, peakMb: process.resourceUsage().maxRSS / 1024 }))
})
`

const runProgram = (file: string): Promise<Told & { ms: number }> =>
  new Promise((resolve, reject) => {
    const start = performance.now()
    execFile(process.execPath, [file], (error, stdout) => {
      if (error) reject(error)
      else resolve({ ms: performance.now() - start, ...(JSON.parse(stdout) as Told) })
    })
  })

const measure = async (context: Context): Promise<Row[]> => {
  const { ping } = await context.server()
  const folder = await mkdtemp(join(tmpdir(), 'hawser-imports-'))
  const rows = new Map<string, Record<'wall' | 'cpu' | 'peak', number[]>>()
  try {
    const files: [name: string, file: string][] = []
    for (const [name, code] of Object.entries(programs(ping, context.peers))) {
      const file = join(folder, `${files.length}.mjs`)
      await writeFile(file, `${TELL}${code}\n`)
      files.push([name, file])
      rows.set(name, { wall: [], cpu: [], peak: [] })
    }
    const rounds = context.brief ? ROUNDS.brief : ROUNDS.count
    for (let round = 0; round < rounds; round++) {
      context.say(`imports: round ${round + 1} of ${rounds}`)
      for (const [name, file] of files) {
        const { ms, cpuMs, peakMb } = await runProgram(file)
        const row = rows.get(name)!
        row.wall.push(ms)
        row.cpu.push(cpuMs)
        row.peak.push(peakMb)
      }
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  // Of processes this short the least time is what they take: the rest is the machine's other work.
  const bare = Math.min(...rows.get('bare Node')!.wall)
  return [...rows].map(([contender, { wall, cpu, peak }]) => {
    const least = Math.min(...wall)
    return { which: 'a process', contender, samples: { wall: [least], above: [least - bare], cpu: [Math.min(...cpu)], peak } }
  })
}

export const bench: Bench = {
  name: 'imports',
  question: 'What does a process pay that imports hawser, or pings an engine once?',
  columns: [
    { figure: 'wall', title: 'ms', scale: 1, less: true, absolute: true },
    { figure: 'above', title: 'ms above', scale: 1, less: true, absolute: true },
    { figure: 'cpu', title: 'cpu ms', scale: 1, less: true, absolute: true },
    { figure: 'peak', title: 'peak MB', scale: 1, less: true, absolute: true },
  ],
  baseline: 'bare Node',
  goals: [
    { contender: 'hawser, everything', figure: 'above', atMost: 15 },
    { contender: 'hawser/io and /http', figure: 'above', atMost: 5 },
    { contender: 'hawser, a ping', figure: 'above', atMost: 10 },
  ],
  measure,
}
