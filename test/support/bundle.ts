/** Bundles a few lines of code the way an application would, with the bundler that vitest brings, and measures the result. */
import { gzipSync } from 'node:zlib'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'

const source = fileURLToPath(new URL('../../src/', import.meta.url))

export type Bundle = { code: string; minified: number; gzipped: number }

/** `code` imports from 'hawser' or its subpaths; node: built-ins stay outside. */
export const bundle = async (code: string): Promise<Bundle> => {
  const result = await build({
    root: source,
    configFile: false,
    logLevel: 'error',
    resolve: {
      alias: [
        { find: /^hawser$/, replacement: `${source}index.ts` },
        { find: /^hawser\/(\w+)$/, replacement: `${source}$1/index.ts` },
      ],
    },
    plugins: [
      {
        name: 'entry',
        resolveId: id => (id === 'virtual:entry' ? `\0${id}` : undefined),
        load: id => (id === '\0virtual:entry' ? code : undefined),
      },
    ],
    build: {
      write: false,
      ssr: true,
      target: 'node20',
      minify: true,
      rollupOptions: { input: 'virtual:entry', external: /^node:/, output: { format: 'es' } },
    },
  })
  if (!('output' in result)) throw new Error('the bundler gave no output')
  const chunk = result.output.find(part => part.type === 'chunk')
  if (!chunk || chunk.type !== 'chunk') throw new Error('the bundler gave no code')
  return { code: chunk.code, minified: chunk.code.length, gzipped: gzipSync(chunk.code, { level: 9 }).length }
}
