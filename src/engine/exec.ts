/** Commands in a running container. */
import { fail } from '../errors.js'
import type { Body, Client, ExchangeOptions } from '../http/exchange.js'
import { hijack, type Hijacked } from '../http/hijack.js'
import { ok } from '../http/ok.js'
import { discard, json } from '../http/receive.js'
import { segment } from './path.js'
import { count, must, patient, query } from './query.js'
import { objectBody, type Sent } from './request-body.js'

/** A command to run. */
export type ContainerExecRequest = Sent<{
  Cmd: string[]
  AttachStdin: boolean
  AttachStdout: boolean
  AttachStderr: boolean
  Tty: boolean
  /** Of the terminal; since 1.42. */
  ConsoleSize: [height: number, width: number]
  /** NAME=value each, beside the container's. */
  Env: string[]
  Privileged: boolean
  /** A name or number, with `:group` if wanted. */
  User: string
  WorkingDir: string
  DetachKeys: string
}>

/** Prepares a command; execStart runs it. conflict if the container does not run, or is paused. */
export const containerExec = async (client: Client, id: string, config: ContainerExecRequest, options: ExchangeOptions = {}): Promise<{ Id: string }> =>
  json(await ok(client, { method: 'POST', path: `/containers/${segment(id)}/exec${query(options, {})}`, body: objectBody(config) }, options))

/** How to start; `Tty` must be what the exec was created with. */
export type ExecStartRequest = Sent<{
  Tty: boolean
  /** With Tty; since 1.42. */
  ConsoleSize: [height: number, width: number]
}>

const startBody = (config: ExecStartRequest, Detach: boolean): Body => {
  if (typeof config === 'object' && 'Detach' in config) throw fail('request-invalid', 'whether to detach is not for the config to say: execStart attaches, execStartDetached detaches')
  return objectBody({ Tty: false, ...config, Detach })
}

/**
 * Starts a command and takes its streams over: what it writes is multiplexed for `demux`, or raw with a TTY; `end` closes its stdin.
 * A command that cannot be started (no such file) says so in its output, and execInspect has the code 126 or 127. Closing the stream
 * does not end the command. not-found if there is no such exec, conflict if its container does not run.
 */
export const execStart = async (client: Client, id: string, config: ExecStartRequest = {}, options: ExchangeOptions = {}): Promise<Hijacked> =>
  hijack(client, { method: 'POST', path: `/exec/${segment(id)}/start${query(options, {})}`, body: startBody(config, false) }, patient(options))

/** Starts a command without its streams (the API's `Detach`), and resolves when it runs. */
export const execStartDetached = async (client: Client, id: string, config: ExecStartRequest = {}, options: ExchangeOptions = {}): Promise<void> =>
  discard(await ok(client, { method: 'POST', path: `/exec/${segment(id)}/start${query(options, {})}`, body: startBody(config, true) }, options))

export type ExecInspectResponse = {
  ID: string
  ContainerID: string
  Running: boolean
  /** null while it has not ended; podman says 0. 126 and 127: it could not be started. */
  ExitCode: number | null
  ProcessConfig: { tty: boolean; entrypoint: string; arguments: string[] | null; privileged?: boolean; user?: string }
  OpenStdin: boolean
  OpenStdout: boolean
  OpenStderr: boolean
  CanRemove: boolean
  DetachKeys: string
  /** On the engine's host; 0 while it does not run. */
  Pid: number
}

/** The state of a command. not-found for one whose container was removed, and some minutes after it ended. */
export const execInspect = async (client: Client, id: string, options: ExchangeOptions = {}): Promise<ExecInspectResponse> =>
  json(await ok(client, { method: 'GET', path: `/exec/${segment(id)}/json${query(options, {})}` }, options))

export type ExecResizeOptions = ExchangeOptions & {
  /** Rows. */
  h: number
  /** Columns. */
  w: number
}

/** Tells a command's terminal its size. Just after the start it may be too early, and fail. */
export const execResize = async (client: Client, id: string, options: ExecResizeOptions): Promise<void> =>
  discard(await ok(client, { method: 'POST', path: `/exec/${segment(id)}/resize${query(options, { h: must(count), w: must(count) })}` }, options))
