/**
 * Containers: one thin function per operation, named after its operationId.
 *
 * index.ts says how they take what they take. All reject with request-invalid for what must not reach the wire, and with the errors
 * of `ok`: not-found means that there is no such container, whatever names it. Where Docker says conflict, podman 4 says server-error.
 */
import type { ByteSource } from '../bytes.js'
import { fail } from '../errors.js'
import type { Client, ExchangeOptions, Response } from '../http/exchange.js'
import { hijack, type Hijacked } from '../http/hijack.js'
import { ok } from '../http/ok.js'
import { body, discard, json } from '../http/receive.js'
import type {
  ContainerCreateRequest,
  ContainerCreateResponse,
  ContainerInspectResponse,
  ContainerPathStat,
  ContainerPruneResponse,
  ContainerSummary,
  ContainerTopResponse,
  ContainerUpdateRequest,
  ContainerUpdateResponse,
  ContainerWaitResponse,
  FilesystemChange,
} from './container-types.js'
import { segment } from './path.js'
import { pathStat } from './path-stat.js'
import { count, filters, flag, must, oneOf, patient, query, seconds, text, whole, type Filters, type Kind } from './query.js'
import { archiveBody, objectBody, type Archive } from './request-body.js'
import { toldTar } from './told-tar.js'

export type ContainerListOptions = ExchangeOptions & {
  /** Those that do not run, too. */
  all?: boolean | undefined
  /** The latest so many, running or not. */
  limit?: number | undefined
  /** Adds SizeRw and SizeRootFs, which takes the engine a walk over all files. */
  size?: boolean | undefined
  /** ancestor, before, expose, exited, health, id, isolation, is-task, label, name, network, publish, since, status, volume. */
  filters?: Filters | undefined
}

/** Lists containers, the latest first. */
export const containerList = async (client: Client, options: ContainerListOptions = {}): Promise<ContainerSummary[]> =>
  json(await ok(client, { method: 'GET', path: `/containers/json${query(options, { all: flag, limit: whole, size: flag, filters })}` }, options))

export type ContainerCreateOptions = ExchangeOptions & {
  name?: string | undefined
  /** `os[/arch[/variant]]` of the image to use. Since 1.41; not-found if the image here is of another one. */
  platform?: string | undefined
}

/** Creates a container, which does not run yet. not-found means the image; conflict, that the name is taken. */
export const containerCreate = async (client: Client, config: ContainerCreateRequest, options: ContainerCreateOptions = {}): Promise<ContainerCreateResponse> =>
  json(await ok(client, { method: 'POST', path: `/containers/create${query(options, { name: text, platform: text })}`, body: objectBody(config) }, options))

export type ContainerInspectOptions = ExchangeOptions & {
  /** Adds SizeRw and SizeRootFs. */
  size?: boolean | undefined
}

/** Everything that the engine knows about a container. */
export const containerInspect = async (client: Client, id: string, options: ContainerInspectOptions = {}): Promise<ContainerInspectResponse> =>
  json(await ok(client, { method: 'GET', path: `/containers/${segment(id)}/json${query(options, { size: flag })}` }, options))

/** Whether the engine did something; 304 says that there was nothing to do. */
const changed = async (response: Response): Promise<boolean> => {
  await discard(response)
  return response.status !== 304
}

export type ContainerStartOptions = ExchangeOptions & {
  /** What detaches a terminal: `ctrl-p,ctrl-q` unless the daemon is told otherwise. */
  detachKeys?: string | undefined
  /** Goes on from this checkpoint, on an engine with experimental features. */
  checkpoint?: string | undefined
  /** Where the checkpoint is, if not with the container. */
  'checkpoint-dir'?: string | undefined
}

/** Starts a container; `false` if it runs already. */
export const containerStart = async (client: Client, id: string, options: ContainerStartOptions = {}): Promise<boolean> =>
  changed(await ok(client, { method: 'POST', path: `/containers/${segment(id)}/start${query(options, { detachKeys: text, checkpoint: text, 'checkpoint-dir': text })}` }, options))

/** The API's `signal`; here that is the AbortSignal. */
const sendSignal: Kind<string> = { ...text, as: 'signal' }

export type ContainerStopOptions = ExchangeOptions & {
  /** What to send first, as a name or number: the container's StopSignal unless given. Since 1.42; the API calls it signal. */
  sendSignal?: string | undefined
  /** Seconds until SIGKILL, -1 for never: the container's StopTimeout unless given, or 10. */
  t?: number | undefined
}

/** Stops a container, and resolves when it has stopped; `false` if it did not run. */
export const containerStop = async (client: Client, id: string, options: ContainerStopOptions = {}): Promise<boolean> =>
  changed(await ok(client, { method: 'POST', path: `/containers/${segment(id)}/stop${query(options, { sendSignal, t: whole })}` }, patient(options)))

/** Stops a container and starts it, or just starts it. */
export const containerRestart = async (client: Client, id: string, options: ContainerStopOptions = {}): Promise<boolean> =>
  changed(await ok(client, { method: 'POST', path: `/containers/${segment(id)}/restart${query(options, { sendSignal, t: whole })}` }, patient(options)))

export type ContainerKillOptions = ExchangeOptions & {
  /** A name or number; SIGKILL unless given. The API calls it signal. */
  sendSignal?: string | undefined
}

/** Sends a signal to a container's process, and resolves before that has acted on it. conflict if it does not run. */
export const containerKill = async (client: Client, id: string, options: ContainerKillOptions = {}): Promise<void> =>
  discard(await ok(client, { method: 'POST', path: `/containers/${segment(id)}/kill${query(options, { sendSignal })}` }, options))

export type ContainerDeleteOptions = ExchangeOptions & {
  /** Its anonymous volumes, too. */
  v?: boolean | undefined
  /** Kill it first, if it runs. */
  force?: boolean | undefined
  /** Remove a link of this name, not the container. */
  link?: boolean | undefined
}

/** Removes a container. conflict if it runs, or is being removed. */
export const containerDelete = async (client: Client, id: string, options: ContainerDeleteOptions = {}): Promise<void> =>
  discard(await ok(client, { method: 'DELETE', path: `/containers/${segment(id)}${query(options, { v: flag, force: flag, link: flag })}` }, options))

export type ContainerRenameOptions = ExchangeOptions & {
  /** The new name. */
  name: string
}

/** Gives a container another name. conflict if it is taken. */
export const containerRename = async (client: Client, id: string, options: ContainerRenameOptions): Promise<void> =>
  discard(await ok(client, { method: 'POST', path: `/containers/${segment(id)}/rename${query(options, { name: must(text) })}` }, options))

/** Changes a container's limits and when it restarts, while it runs; what is left out stays. What the engine cannot do here stands in the warnings. */
export const containerUpdate = async (client: Client, id: string, update: ContainerUpdateRequest, options: ExchangeOptions = {}): Promise<ContainerUpdateResponse> =>
  json(await ok(client, { method: 'POST', path: `/containers/${segment(id)}/update${query(options, {})}`, body: objectBody(update) }, options))

/** Stops all processes of a container where they are. conflict if it does not run, or is paused. */
export const containerPause = async (client: Client, id: string, options: ExchangeOptions = {}): Promise<void> =>
  discard(await ok(client, { method: 'POST', path: `/containers/${segment(id)}/pause${query(options, {})}` }, options))

/** Lets a paused container go on. conflict, or server-error from Docker 20, if it is not paused. */
export const containerUnpause = async (client: Client, id: string, options: ExchangeOptions = {}): Promise<void> =>
  discard(await ok(client, { method: 'POST', path: `/containers/${segment(id)}/unpause${query(options, {})}` }, options))

export type ContainerPruneOptions = ExchangeOptions & {
  /** until, label, label!. */
  filters?: Filters | undefined
}

/** Removes all containers that do not run, or of them those that the filters leave. conflict while another prune is under way. */
export const containerPrune = async (client: Client, options: ContainerPruneOptions = {}): Promise<ContainerPruneResponse> =>
  json(await ok(client, { method: 'POST', path: `/containers/prune${query(options, { filters })}` }, patient(options)))

export type ContainerTopOptions = ExchangeOptions & {
  /** What ps on the engine's host is told: `-ef` unless given. Podman 4 takes names of columns, too. */
  ps_args?: string | undefined
}

/** The processes in a container, by ps on the engine's host. conflict if it does not run. */
export const containerTop = async (client: Client, id: string, options: ContainerTopOptions = {}): Promise<ContainerTopResponse> =>
  json(await ok(client, { method: 'GET', path: `/containers/${segment(id)}/top${query(options, { ps_args: text })}` }, options))

/** What a container has changed in its image's files; null for nothing. */
export const containerChanges = async (client: Client, id: string, options: ExchangeOptions = {}): Promise<FilesystemChange[] | null> =>
  json(await ok(client, { method: 'GET', path: `/containers/${segment(id)}/changes${query(options, {})}` }, options))

/** All files of a container, running or not, without its volumes, as a tar archive. Reading it rejects with stream-error if the engine breaks it off with a message. */
export const containerExport = async (client: Client, id: string, options: ExchangeOptions = {}): Promise<Required<ByteSource>> =>
  toldTar(await ok(client, { method: 'GET', path: `/containers/${segment(id)}/export${query(options, {})}` }, options))

export type ContainerResizeOptions = ExchangeOptions & {
  /** Rows. */
  h: number
  /** Columns. */
  w: number
}

/** Tells a container's terminal its size. Just after the start it may be too early, and fail. */
export const containerResize = async (client: Client, id: string, options: ContainerResizeOptions): Promise<void> =>
  discard(await ok(client, { method: 'POST', path: `/containers/${segment(id)}/resize${query(options, { h: must(count), w: must(count) })}` }, options))

export type ContainerWaitOptions = ExchangeOptions & {
  /**
   * not-running (the default) is met at once by a container that was never started; next-exit is not; removed is for
   * AutoRemove, whose container is gone when it ends (podman 4 has then forgotten its exit code, and says 0).
   */
  condition?: 'not-running' | 'next-exit' | 'removed' | undefined
}

export type ContainerWaiting = Promise<ContainerWaitResponse> & {
  /** Resolves when the engine waits: an exit from now on is not missed. From then on a failure need not be handled. */
  registered(): Promise<void>
}

/**
 * Waits until a container has ended, and resolves with its exit code. To wait for one that is yet to start:
 *
 *     const exit = containerWait(client, id, { condition: 'next-exit' })
 *     await exit.registered()
 *     await containerStart(client, id)
 *     const { StatusCode } = await exit
 *
 * It holds a connection until then, or until the signal.
 */
export const containerWait = (client: Client, id: string, options: ContainerWaitOptions = {}): ContainerWaiting => {
  // The engine sends the head when it has registered the wait, and the body when the condition is met (daemon: postContainersWait).
  const ask = async (): Promise<Response> =>
    ok(client, { method: 'POST', path: `/containers/${segment(id)}/wait${query(options, { condition: oneOf('not-running', 'next-exit', 'removed') })}` }, patient(options))
  const asked = ask()
  const exit = asked.then(response => json<ContainerWaitResponse>(response))
  return Object.assign(exit, {
    registered: () => {
      exit.catch(() => {})
      return asked.then(() => {})
    },
  })
}

const tail: Kind<number | 'all'> = { takes: "a whole number from 0 on, or 'all'", encode: value => (value === 'all' ? value : count.encode(value)) }

export type ContainerLogsOptions = ExchangeOptions & {
  stdout?: boolean | undefined
  stderr?: boolean | undefined
  /** Goes on with what comes, until the container ends. */
  follow?: boolean | undefined
  /** From this moment on, in seconds since 1970; a string keeps nanoseconds. */
  since?: string | number | undefined
  until?: string | number | undefined
  /** RFC 3339 with nanoseconds and a space before each message; messages beyond 16 KiB are several. */
  timestamps?: boolean | undefined
  /** How many messages from the end, of both streams together even if only one is asked for. */
  tail?: number | 'all' | undefined
  /** Puts the attributes before each message that the log driver was told to keep. */
  details?: boolean | undefined
}

/**
 * What a container has written: multiplexed for `demux`, or raw if it has a TTY. Asks for stdout, stderr or both.
 * not-implemented if its log driver cannot be read.
 */
export const containerLogs = async (client: Client, id: string, options: ContainerLogsOptions): Promise<Required<ByteSource>> => {
  const path = `/containers/${segment(id)}/logs${query(options, { stdout: flag, stderr: flag, follow: flag, since: seconds, until: seconds, timestamps: flag, tail, details: flag })}`
  if (!options.stdout && !options.stderr) throw fail('request-invalid', 'containerLogs needs stdout, stderr or both')
  // Podman sends the head with the first line only.
  return body(await ok(client, { method: 'GET', path }, options.follow ? patient(options) : options))
}

export type ContainerAttachOptions = ExchangeOptions & {
  detachKeys?: string | undefined
  /** What was written before. It may overlap with what follows; containerLogs does not. */
  logs?: boolean | undefined
  /** What is written from now on. */
  stream?: boolean | undefined
  stdin?: boolean | undefined
  stdout?: boolean | undefined
  stderr?: boolean | undefined
}

/**
 * Attaches to a container's streams: what it writes is multiplexed for `demux`, or raw if it has a TTY, and what is written goes
 * to its stdin if it was created with OpenStdin. Attach before the start to miss nothing. Asks for stream, logs or both.
 * conflict if the container is paused.
 */
export const containerAttach = async (client: Client, id: string, options: ContainerAttachOptions): Promise<Hijacked> => {
  const path = `/containers/${segment(id)}/attach${query(options, { detachKeys: text, logs: flag, stream: flag, stdin: flag, stdout: flag, stderr: flag })}`
  if (!options.stream && !options.logs) throw fail('request-invalid', 'containerAttach needs stream, logs or both: with neither the engine hangs up at once')
  return hijack(client, { method: 'POST', path }, patient(options))
}

/** A tar archive, and what its path is. */
export type ContainerArchive = Required<ByteSource> & {
  /** Throws head-malformed where the engine did not say. */
  readonly stat: ContainerPathStat
}

/**
 * A file or directory of a container, running or not, as a tar archive: under its last name, or, for a path that ends in
 * `/.`, what the directory holds. Links are not followed. not-found if there is no such path.
 */
export const containerArchive = async (client: Client, id: string, path: string, options: ExchangeOptions = {}): Promise<ContainerArchive> => {
  const response = await ok(client, { method: 'GET', path: `/containers/${segment(id)}/archive${query({ ...options, path }, { path: must(text) })}` }, options)
  return {
    ...body(response),
    get stat() {
      return pathStat(response)
    },
  }
}

/** What a path in a container is. not-found if there is none. Errors: head-malformed. */
export const containerArchiveInfo = async (client: Client, id: string, path: string, options: ExchangeOptions = {}): Promise<ContainerPathStat> => {
  const response = await ok(client, { method: 'HEAD', path: `/containers/${segment(id)}/archive${query({ ...options, path }, { path: must(text) })}` }, options)
  await discard(response)
  return pathStat(response)
}

export type PutContainerArchiveOptions = ExchangeOptions & {
  /** Refuse to replace a directory by something else, or the reverse. */
  noOverwriteDirNonDir?: boolean | undefined
  /** Keep the owners that the archive names; otherwise all belongs to root. */
  copyUIDGID?: boolean | undefined
}

/**
 * Extracts a tar archive, compressed or not, in a directory of a container. What was extracted before a failure stays. not-found if there is
 * no such directory, forbidden if it is read-only.
 */
export const putContainerArchive = async (client: Client, id: string, path: string, archive: Archive, options: PutContainerArchiveOptions = {}): Promise<void> =>
  discard(await ok(client, { method: 'PUT', path: `/containers/${segment(id)}/archive${query({ ...options, path }, { path: must(text), noOverwriteDirNonDir: flag, copyUIDGID: flag })}`, body: archiveBody(archive) }, options))
