/** The other clients, installed beside the benches and never a dependency of anything else. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'

const manifest = new URL('../../../bench/peers/package.json', import.meta.url)
const directory = fileURLToPath(new URL('.', manifest))

/** Installs them where that was not done yet. */
export const installPeers = (): void => {
  if (existsSync(`${directory}node_modules/.package-lock.json`)) return
  const { status } = spawnSync('npm', ['install', '--no-audit', '--no-fund'], { cwd: directory, stdio: ['ignore', 'inherit', 'inherit'] })
  if (status !== 0) throw new Error(`npm install in ${directory} failed`)
}

/** Loads one; the caller says which part of it is used, as their types are not worth a dependency. */
export const peer = async <T>(name: string): Promise<T> => {
  const module = (await import(pathToFileURL(createRequire(manifest).resolve(name)).href)) as { default?: object }
  // Of a CommonJS module not every name is known to import.
  return { ...module.default, ...module } as T
}
