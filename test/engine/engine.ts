/** What every test against a real engine has: a client, containers that are gone behind it, and the proof of that. */
import { createCipheriv, createHash } from 'node:crypto'
import { test as base, describe, expect, inject } from 'vitest'
import {
  containerCreate,
  containerDelete,
  containerExec,
  containerList,
  containerLogs,
  containerStart,
  containerWait,
  demuxInto,
  execInspect,
  execStart,
  fromEnv,
  isError,
  type ByteSource,
  type Client,
  type ContainerCreateRequest,
  type ErrorCode,
  type ExecInspectResponse,
  type HawserError,
  type Negotiated,
  type Pool,
} from '../../src/index.js'

const { engine } = inject('probe')

/** For the names of tests that differ; nothing runs where there is no engine. */
export const isPodman = engine?.kind === 'podman'
export const apiVersion = engine?.apiVersion ?? ''
export const image = engine?.image ?? ''

/** Tests that need an engine. Where there is none they are left out, and the end of the run says why. */
export const describeEngine = describe.skipIf(!engine)

/** Marks what the tests make, so that what is left can be told from what others made. */
const LABEL = 'hawser.test'

export type Docker = Pool & Negotiated

type Fixtures = {
  /** A client of the engine under test; behind the test it has no connection leased. */
  docker: Docker
  /** Creates a container that is removed behind the test. It has no network, which takes some engines a second to make. */
  create: (config: ContainerCreateRequest, name?: string) => Promise<string>
  /** A running container for commands. */
  idle: string
}

export const test = base.extend<Fixtures>({
  docker: async ({}, use) => {
    const docker = await fromEnv()
    await use(docker)
    // An engine closes a hijacked connection when it likes.
    await expect.poll(() => docker.stats(), { timeout: 5000, interval: 1 }).toMatchObject({ leased: 0, waiting: 0 })
    await docker.close()
  },
  create: async ({ docker, task }, use) => {
    const ids: string[] = []
    await use(async ({ HostConfig, ...config }, name) => {
      const { Id } = await containerCreate(docker, { Image: image, Labels: { [LABEL]: task.id }, HostConfig: { NetworkMode: 'none', ...HostConfig }, ...config }, { name })
      ids.push(Id)
      return Id
    })
    for (const id of ids) await containerDelete(docker, id, { force: true, v: true }).catch(error => expect(error).toMatchObject({ code: 'not-found' }))
    expect(await containerList(docker, { all: true, filters: { label: `${LABEL}=${task.id}` } })).toEqual([])
  },
  idle: async ({ docker, create }, use) => {
    const id = await create({ Cmd: ['sleep', '3600'] })
    await containerStart(docker, id)
    await use(id)
  },
})

/** The error that something rejects with, which must be ours. */
export const errorOf = async (promise: PromiseLike<unknown>): Promise<HawserError> => {
  try {
    await promise
  } catch (error) {
    if (!isError(error)) throw error
    return error
  }
  throw new Error('this should have failed')
}

/** What Docker calls a conflict is a 500 in podman 4 (pkg/api/handlers/compat: utils.InternalServerError for most errors of libpod). */
export const conflict: { code: ErrorCode; status: number } = isPodman ? { code: 'server-error', status: 500 } : { code: 'conflict', status: 409 }

export const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString()
export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** Octets that no compression or repetition hides a mistake in, the same in every run. */
export const noise = (length: number): Uint8Array => createCipheriv('aes-128-ctr', Buffer.alloc(16, 7), Buffer.alloc(16)).update(Buffer.alloc(length))

export type Output = { stdout: Uint8Array; stderr: Uint8Array }

/** Both streams, whole. */
export const outputOf = async (source: ByteSource): Promise<Output> => {
  const pieces = { stdout: [] as Uint8Array[], stderr: [] as Uint8Array[] }
  const into =
    (list: Uint8Array[]) =>
    (chunk: Uint8Array, start: number, end: number): void =>
      void list.push(Uint8Array.prototype.slice.call(chunk, start, end))
  await demuxInto(source, { stdout: into(pieces.stdout), stderr: into(pieces.stderr) })
  return { stdout: Buffer.concat(pieces.stdout), stderr: Buffer.concat(pieces.stderr) }
}

/** Both streams as text. */
export const textOf = async (source: ByteSource): Promise<{ stdout: string; stderr: string }> => {
  const { stdout, stderr } = await outputOf(source)
  return { stdout: text(stdout), stderr: text(stderr) }
}

/** Octets of one write to a command's stdin. */
const WRITE = 256 * 1024

/** How a command ended. Its stream may end before the engine has its exit code. */
export const exitOf = async (client: Client, exec: string): Promise<ExecInspectResponse> => {
  for (;;) {
    const state = await execInspect(client, exec)
    if (!state.Running) return state
  }
}

/** Runs a command in a container: writes `stdin` while it reads the output, and closes it behind. */
export const run = async (client: Client, id: string, Cmd: string[], stdin?: Uint8Array): Promise<Output & { exitCode: number | null }> => {
  const { Id } = await containerExec(client, id, { Cmd, AttachStdin: stdin !== undefined, AttachStdout: true, AttachStderr: true })
  const stream = await execStart(client, Id)
  const reading = outputOf(stream)
  if (stdin) {
    for (let at = 0; at < stdin.length; at += WRITE) await stream.write(stdin.subarray(at, at + WRITE))
    stream.end()
  }
  const output = await reading
  return { ...output, exitCode: (await exitOf(client, Id)).ExitCode }
}

/** Runs a container to its end, and resolves with its exit code. */
export const finish = async (client: Client, id: string): Promise<number> => {
  const exit = containerWait(client, id, { condition: 'next-exit' })
  await exit.registered()
  expect(await containerStart(client, id)).toBe(true)
  return (await exit).StatusCode
}

/** Resolves when a running container has written `wanted` to its log. */
export const written = async (client: Client, id: string, wanted: string): Promise<void> => {
  let seen = ''
  for await (const chunk of await containerLogs(client, id, { stdout: true, stderr: true, follow: true })) if ((seen += text(chunk)).includes(wanted)) return
  throw new Error(`the log ended without ${wanted}: ${seen}`)
}
