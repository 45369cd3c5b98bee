/** Other programs, and what they cost. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Whether there is such a program. */
export const installed = (name: string): boolean => (process.env['PATH'] ?? '').split(delimiter).some(folder => existsSync(join(folder, name)))

/** Seconds of a time as `times` writes it: 1m2.345s. */
const seconds = (text: string): number => {
  const [, minutes, rest] = /^(\d+)m([\d.]+)s$/.exec(text) ?? []
  if (minutes === undefined || rest === undefined) throw new Error(`this is no time: ${text}`)
  return Number(minutes) * 60 + Number(rest)
}

/**
 * Runs a program and throws its output away, or counts it where `counted`; microseconds of its processor time, user's and system's, as
 * the shell's `times` knows them (POSIX), and without the shell's own.
 */
export const run = (command: readonly string[], counted = false): Promise<{ cpuUs: number; ms: number; octets: number }> =>
  new Promise((resolve, reject) => {
    const start = performance.now()
    const child = spawn('sh', ['-c', `"$@" ${counted ? '' : '>/dev/null'} && times >&2`, 'sh', ...command], { stdio: ['ignore', 'pipe', 'pipe'] })
    let octets = 0
    let said = ''
    child.stdout.on('data', (chunk: Buffer) => (octets += chunk.length))
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
    child.on('error', reject)
    child.on('close', code => {
      const ms = performance.now() - start
      const times = said.trim().split(/\s+/)
      if (code !== 0) return reject(new Error(`${command.join(' ')} ended with ${code}: ${said.slice(0, 500)}`))
      const [user = '', system = ''] = times.slice(-2)
      resolve({ cpuUs: (seconds(user) + seconds(system)) * 1e6, ms, octets })
    })
  })
