import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: 'test/engine/global-setup.ts',
    // Processes of their own, as tests look at the memory and the sockets of the process; --expose-gc for those that collect garbage.
    pool: 'forks',
    execArgv: ['--expose-gc'],
    // Long enough for an engine on a busy machine; short enough that a hang is a failure and not a lost afternoon.
    testTimeout: 30_000,
    hookTimeout: 60_000,
    teardownTimeout: 10_000,
    reporters: ['default'],
  },
})
