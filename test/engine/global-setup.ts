/** Looks for an engine once, tells the tests of it, and says at the end what the engine tests ran against. */
import { relative } from 'node:path'
import type { TestProject } from 'vitest/node'
import { probeEngine, type Probe } from './probe.js'

declare module 'vitest' {
  export interface ProvidedContext {
    probe: Probe
  }
}

export const setup = async (project: TestProject): Promise<() => void> => {
  const probe = await probeEngine(process.env)
  project.provide('probe', probe)
  return () => {
    let ran = 0
    let leftOut = 0
    for (const module of project.vitest.state.getTestModules()) {
      if (!/^test[\\/]engine[\\/][^\\/]+$/.test(relative(project.config.root, module.moduleId))) continue
      for (const test of module.children.allTests()) {
        if (test.result().state === 'skipped') leftOut++
        else ran++
      }
    }
    if (ran + leftOut === 0) return
    const { host, engine, whyNot } = probe
    if (engine) console.log(`engine tests: ${ran} ran against ${engine.kind} ${engine.version}, API ${engine.apiVersion}, at ${host}${leftOut ? `; ${leftOut} skipped` : ''}`)
    else console.log(`engine tests: ${leftOut} left out, as no engine for them answered at ${host} (${whyNot})${ran ? `; ${ran} ran that need none` : ''}`)
  }
}
