/**
 * The steps of the tour. Each does one thing that hawser is for and looks at what came of it; what cannot be verified throws.
 * Nothing that is sent depends on chance or on the time, so that a recording of it can be replayed.
 */
import { isDeepStrictEqual } from 'node:util'
import {
  collect,
  containerArchive,
  containerCreate,
  containerDelete,
  containerExec,
  containerInspect,
  containerLogs,
  containerStart,
  containerStop,
  containerWait,
  createLineDecoder,
  demuxInto,
  execInspect,
  execStart,
  imageCreate,
  imageDelete,
  imageInspect,
  imageList,
  isError,
  putContainerArchive,
  systemVersion,
  tar,
  untar,
  type ByteSource,
  type Client,
  type ContainerCreateRequest,
  type Negotiated,
} from '../../src/index.js'

export type Step = {
  name: string
  /** What was done and seen. */
  text: string
  /** More to look at. */
  details?: string[]
}

export type TourOptions = {
  /** A static busybox for this processor, if the host has one. */
  busybox(arch: string): Uint8Array | undefined
  /** Hears of each step that has been verified. */
  report(step: Step): void
  signal?: AbortSignal | undefined
}

const STDOUT = ['a hawser ties a ship to its dock', 'and this program to its engine']
const STDERR = ['this line went another way: it is stderr']
const FAREWELL = 'casting off'
const EXIT_CODE = 7

/** Says its lines, then waits until it is asked to stop, and says so. */
const PROGRAM = [
  `trap 'echo "${FAREWELL}"; exit ${EXIT_CODE}' TERM`,
  ...STDOUT.map(line => `echo '${line}'`),
  ...STDERR.map(line => `echo '${line}' >&2`),
  'sleep 3600 & wait',
].join('\n')

/** What goes through an exec and back, and what its command adds. */
const SPOKEN = Array.from({ length: 256 }, (_, i) => `${String(i).padStart(3)} bottles of rum on the pier\n`).join('')
const ECHO = 'cat; echo "stdin has ended" >&2; exit 42'

/** A file of all kinds of octets. */
const CARGO = Uint8Array.from({ length: 20_000 }, (_, i) => (i * i) >> 5)

const check = (holds: boolean, complaint: string): void => {
  if (!holds) throw new Error(complaint)
}

const short = (id: string): string => id.replace(/^sha256:/, '').slice(0, 12)

export const formatSize = (octets: number): string => {
  const units = ['B', 'KiB', 'MiB', 'GiB']
  const power = Math.min(Math.floor(Math.log2(Math.max(octets, 1)) / 10), units.length - 1)
  return power === 0 ? `${octets} B` : `${(octets / 1024 ** power).toFixed(1)} ${units[power]}`
}

/** Whether there is no such thing any more. */
const isGone = async (inspecting: Promise<unknown>): Promise<boolean> => {
  try {
    await inspecting
    return false
  } catch (error) {
    if (isError(error, 'not-found')) return true
    throw error
  }
}

const readFileOf = async (archive: ByteSource, wanted: string): Promise<Uint8Array> => {
  let found: Uint8Array | undefined
  for await (const { name, body } of untar(archive)) if (name === wanted) found = await collect(body)
  if (!found) throw new Error(`the engine's archive has no ${wanted}`)
  return found
}

/** Lines of both streams as they come, and when as many as wanted have. */
const followLines = (source: ByteSource, wanted: number): { lines: { stdout: string[]; stderr: string[] }; enough: Promise<void>; ended: Promise<void> } => {
  const lines = { stdout: [] as string[], stderr: [] as string[] }
  let tell!: () => void
  const said = new Promise<void>(resolve => (tell = resolve))
  const decoderOf = (into: string[]) =>
    createLineDecoder((chunk, start, end) => {
      into.push(Buffer.from(chunk.subarray(start, end)).toString())
      if (lines.stdout.length + lines.stderr.length >= wanted) tell()
    })
  const stdout = decoderOf(lines.stdout)
  const stderr = decoderOf(lines.stderr)
  const ended = demuxInto(source, { stdout: (...piece) => void stdout.push(...piece), stderr: (...piece) => void stderr.push(...piece) }).then(() => {
    stdout.end()
    stderr.end()
  })
  return { lines, enough: Promise.race([said, ended]), ended }
}

/** Takes the tour of one engine, and removes what it made, also where a step fails or `signal` ends it. */
export const takeTour = async (client: Client & Negotiated, { busybox, report, signal }: TourOptions): Promise<void> => {
  const options = { signal }
  /** How to remove what there is, and how to see that it is gone. */
  const made: { remove(): Promise<unknown>; inspect(): Promise<unknown> }[] = []
  const madeContainer = (id: string): void => void made.push({ remove: () => containerDelete(client, id, { force: true, v: true }), inspect: () => containerInspect(client, id) })
  const madeImage = (id: string): void => void made.push({ remove: () => imageDelete(client, id), inspect: () => imageInspect(client, id) })
  /** The latest first; each is taken from the list before, so that nothing is removed twice. */
  const removeAll = async (): Promise<number> => {
    let count = 0
    const troubles: unknown[] = []
    for (let each = made.pop(); each; each = made.pop(), count++) {
      try {
        await each.remove()
        check(await isGone(each.inspect()), 'what was removed is still there')
      } catch (error) {
        troubles.push(error)
      }
    }
    if (troubles.length > 0) throw new Error(`not all that was made could be removed: ${troubles.map(String).join('; ')}`)
    return count
  }
  /** Waits for what makes something in spite of the signal, for only who knows its id can remove it. */
  const make = async (making: PromiseLike<string>, note: (id: string) => void): Promise<string> => {
    const id = await making
    note(id)
    signal?.throwIfAborted()
    return id
  }
  const createContainer = (config: ContainerCreateRequest): Promise<string> => make(containerCreate(client, config).then(({ Id }) => Id), madeContainer)

  const importImage = async (entries: Parameters<typeof tar>[0]): Promise<{ id: string; size: number }> => {
    const archive = await collect(tar(entries))
    const importing = imageCreate(client, { fromSrc: '-', inputImage: archive, message: 'hawser tour' }).then(last => {
      const id = last?.status ?? ''
      check(/^(sha256:)?[\da-f]{64}$/.test(id), `the import ended with ${JSON.stringify(last)}, which has no id`)
      return id
    })
    return { id: await make(importing, madeImage), size: archive.length }
  }

  /** An image of the host's busybox. */
  const importBusybox = async (program: Uint8Array): Promise<string> => {
    const links = ['sh', 'cat', 'echo', 'sleep']
    const { id, size } = await importImage([
      { name: 'bin/', type: 'directory', mode: 0o755 },
      { name: 'bin/busybox', mode: 0o755, body: program },
      ...links.map(name => ({ name: `bin/${name}`, type: 'symlink' as const, linkName: 'busybox' })),
    ])
    report({ name: 'image', text: `this host's busybox and ${links.length} links: a tar of ${formatSize(size)}, imported as ${short(id)}` })
    return id
  }

  /** An image of one file, read back from a container that never runs; for what runs, an image that the engine has. */
  const importFile = async (): Promise<string> => {
    const text = 'packed by hawser\n'
    const { id, size } = await importImage([{ name: 'hawser.txt', body: text }])
    const container = await createContainer({ Image: id, Cmd: ['never'] })
    const read = await readFileOf(await containerArchive(client, container, '/hawser.txt', options), 'hawser.txt')
    check(Buffer.from(read).toString() === text, 'the file in the image is another than the one that was packed')
    report({ name: 'image', text: `one file: a tar of ${formatSize(size)}, imported as ${short(id)}, and read back` })

    const names = (await imageList(client, options)).flatMap(({ RepoTags }) => RepoTags ?? []).filter(name => !name.includes('<none>'))
    const image = ['busybox', 'alpine', ''].map(wanted => names.find(name => name.includes(wanted))).find(name => name !== undefined)
    if (image === undefined) throw new Error('there is no static busybox on this host, and no image on the engine to run instead: docker pull busybox')
    return image
  }

  const runTour = async (): Promise<void> => {
    const apiVersion = await client.apiVersion(options)
    const { Version, Os, Arch, ApiVersion, MinAPIVersion, Components } = await systemVersion(client, options)
    const product = Components?.[0]?.Name ?? 'Engine'
    report({ name: 'engine', text: `${product === 'Engine' ? 'Docker Engine' : product} ${Version}, ${Os}/${Arch}, API ${apiVersion} (it speaks ${MinAPIVersion ? `${MinAPIVersion} to ` : 'up to '}${ApiVersion})` })

    const program = busybox(Arch)
    const image = await (program ? importBusybox(program) : importFile())

    const id = await createContainer({ Image: image, Cmd: ['/bin/sh', '-c', PROGRAM] })
    const exit = containerWait(client, id, { condition: 'next-exit', ...options })
    await exit.registered()
    await containerStart(client, id, options)
    report({ name: 'container', text: `${short(id)} created from ${program ? 'that image' : `the engine's own ${image}`}, and started` })

    const { lines, enough, ended } = followLines(await containerLogs(client, id, { stdout: true, stderr: true, follow: true, ...options }), STDOUT.length + STDERR.length)
    ended.catch(() => {})
    await enough
    check(isDeepStrictEqual(lines.stdout.slice(0, STDOUT.length), STDOUT) && isDeepStrictEqual(lines.stderr, STDERR), `the log is another than what was written: ${JSON.stringify(lines)}`)
    report({
      name: 'logs',
      text: 'followed, with stdout and stderr told apart:',
      details: [...STDOUT.map(line => `stdout │ ${line}`), ...STDERR.map(line => `stderr │ ${line}`)],
    })

    const exec = await containerExec(client, id, { AttachStdin: true, AttachStdout: true, AttachStderr: true, Cmd: ['/bin/sh', '-c', ECHO] }, options)
    const stream = await execStart(client, exec.Id, {}, options)
    const output = { stdout: '', stderr: '' }
    const reading = demuxInto(stream, {
      stdout: (chunk, start, end) => void (output.stdout += Buffer.from(chunk.subarray(start, end)).toString()),
      stderr: (chunk, start, end) => void (output.stderr += Buffer.from(chunk.subarray(start, end)).toString()),
    })
    const writing = stream.write(Buffer.from(SPOKEN)).then(() => stream.end())
    await Promise.all([reading, writing])
    check(output.stdout === SPOKEN && output.stderr === 'stdin has ended\n', `the command wrote ${output.stdout.length} octets to stdout and ${JSON.stringify(output.stderr)} to stderr`)
    // The stream may end a moment before the engine has the exit code.
    let state = await execInspect(client, exec.Id, options)
    while (state.Running) state = await execInspect(client, exec.Id, options)
    check(state.ExitCode === 42, `the command ended with ${state.ExitCode}, not 42`)
    report({ name: 'exec', text: `cat: ${formatSize(SPOKEN.length)} into stdin, half-close, the same ${formatSize(output.stdout.length)} back; exit code ${state.ExitCode}` })

    await putContainerArchive(client, id, '/', await collect(tar([{ name: 'hawser.bin', body: CARGO }])), options)
    const archive = await containerArchive(client, id, '/hawser.bin', options)
    const { size } = archive.stat
    const returned = await readFileOf(archive, 'hawser.bin')
    check(size === CARGO.length && Buffer.from(returned).equals(CARGO), `of the file's ${CARGO.length} octets ${returned.length} came back, or others`)
    report({ name: 'copy', text: `a file of ${formatSize(size)} into the container and out again: the same octets` })

    await containerStop(client, id, { t: 10, ...options })
    const { StatusCode } = await exit
    await ended
    check(StatusCode === EXIT_CODE && lines.stdout.at(-1) === FAREWELL, `the program ended with ${StatusCode} and the line ${JSON.stringify(lines.stdout.at(-1))}`)
    report({ name: 'stop', text: `asked to stop: "${FAREWELL}" in the log, which ended; exit code ${StatusCode}` })

    const count = await removeAll()
    report({ name: 'removed', text: `${count - 1} container${count > 2 ? 's' : ''} and the imported image; they are gone` })
  }

  try {
    await runTour()
  } catch (error) {
    await removeAll().catch(trouble => {
      throw new Error(`${String(error)}; and ${String(trouble)}`)
    })
    throw error
  }
}
