/** The house rules that a machine can check: layers, style, and that the README tells all there is. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../', import.meta.url))
const src = join(root, 'src')

const filesOf = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.ts') && !name.includes('node_modules'))
    .map(name => join(folder, name))
    .sort()

/** Code without comments and with empty strings, so that words in prose do not count. */
const codeOf = (text: string): string =>
  text.replace(/\/\*[\s\S]*?\*\/|(?<![:\\])\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`/g, match => (/^['`]/.test(match) ? match[0]! + match[0]! : ' '))

const sources = filesOf('src').map(file => {
  const text = readFileSync(join(root, file), 'utf8')
  return { file, text, code: codeOf(text) }
})

/** What each layer may import beside itself. The files at the root of src are under all of them. */
const LAYERS: Record<string, readonly string[]> = {
  wire: [],
  stream: ['wire'],
  io: ['wire'],
  http: ['wire', 'io'],
  engine: ['wire', 'stream', 'io', 'http'],
  config: ['wire', 'io', 'http', 'engine'],
  testing: ['wire', 'stream', 'io', 'http', 'engine', 'config'],
}
const layerOf = (path: string): string => {
  const [first = '', second] = relative(src, path).split('/')
  return second === undefined ? '' : first
}
const importsOf = (text: string): string[] => [...text.matchAll(/^(?:import|export)\s+(?:type\s+)?(?:\{[^}]*\}|\*(?:\s+as\s+\w+)?)\s+from\s'([^']+)'/gm)].map(match => match[1]!)

describe.each(sources)('$file', ({ file, text, code }) => {
  const layer = layerOf(join(root, file))

  test('imports only from below', () => {
    expect(layer === '' || layer in LAYERS, `the layer ${layer} is not known`).toBe(true)
    for (const specifier of importsOf(text)) {
      if (specifier.startsWith('node:')) {
        expect(['wire', 'stream', ''], `${specifier} in ${file}`).not.toContain(layer)
        continue
      }
      expect(specifier, 'no dependency').toMatch(/^\.\.?\/.*\.js$/)
      const target = layerOf(resolve(root, dirname(file), specifier))
      if (file === 'src/index.ts') continue
      if (target !== '' && target !== layer) expect(LAYERS[layer], `${file} imports ${specifier}`).toContain(target)
      // The root files know nothing of each other's users.
      if (layer === '') expect(target).toBe('')
    }
  })

  test('keeps to the style', () => {
    expect(code).not.toMatch(/\bclass\s/)
    expect(code).not.toMatch(/\bexport default\b/)
    expect(code).not.toMatch(/\bany\b/)
    expect(code).not.toMatch(/@ts-|eslint|\bas unknown as\b/)
    expect(text).not.toMatch(/\b(TODO|FIXME|XXX)\b/)
    if (file !== 'src/bytes.ts') expect(code).not.toMatch(/\bBuffer\b/)
    if (layer === 'wire' || layer === 'stream') expect(code).not.toMatch(/\b(setTimeout|setImmediate|process|Date|performance)\b/)
    if (layer === 'wire') expect(code).not.toMatch(/\basync\b|\bawait\b/)
  })

  test('says at its top what it is', () => {
    expect(text).toMatch(/^(import [^\n]+\n)*\/\*\*/)
  })
})

test('no two files import each other, by any way', () => {
  const graph = new Map(sources.map(({ file, text }) => [file, importsOf(text).filter(name => name.startsWith('.')).map(name => relative(root, resolve(root, dirname(file), name)).replace(/\.js$/, '.ts'))]))
  const done = new Set<string>()
  const visit = (file: string, path: string[]): void => {
    expect(path, 'a cycle').not.toContain(file)
    if (done.has(file)) return
    for (const next of graph.get(file) ?? []) visit(next, [...path, file])
    done.add(file)
  }
  for (const file of graph.keys()) visit(file, [])
})

describe('the README', () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  const words = new Set(readme.match(/[\w-]+/g))
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { exports: Record<string, { default: string } | string>; dependencies?: unknown; peerDependencies?: unknown; optionalDependencies?: unknown }

  test.each(Object.entries(manifest.exports).filter((entry): entry is [string, { default: string }] => typeof entry[1] !== 'string'))('names everything that %s exports', async (_subpath, { default: target }) => {
    const names = Object.keys((await import(join(root, target.replace('./dist/', 'src/').replace(/\.js$/, '.ts')))) as object)
    expect(names.length).toBeGreaterThan(0)
    expect(names.filter(name => !words.has(name))).toEqual([])
  })

  test('lists every error code', () => {
    const codes = [...readFileSync(join(src, 'errors.ts'), 'utf8').matchAll(/^ {2}\| '([\w-]+)'$/gm)].map(match => match[1]!)
    expect(codes.length).toBeGreaterThan(20)
    expect(codes.filter(code => !readme.includes(`\`${code}\``))).toEqual([])
    const made = sources.flatMap(({ text }) => [...text.matchAll(/fail\(\s*'([\w-]+)'/g)].map(match => match[1]!))
    expect(codes.filter(code => !sources.some(({ file, text }) => file !== 'src/errors.ts' && text.includes(`'${code}'`))), 'codes that nothing makes').toEqual([])
    expect(made.filter(code => !codes.includes(code))).toEqual([])
  })

  test('the package depends on nothing', () => {
    expect([manifest.dependencies, manifest.peerDependencies, manifest.optionalDependencies]).toEqual([undefined, undefined, undefined])
  })
})
