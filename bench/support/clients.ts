/** What the benches use of the other clients, as far as types go: theirs are not installed with hawser. */
import type { EventEmitter } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import { peer } from './peers.js'

type UndiciBody = AsyncIterable<Uint8Array> & { text(): Promise<string>; json(): Promise<unknown> }
export type UndiciPool = {
  request(options: { path: string; method: string; body?: unknown; headers?: Record<string, string> }): Promise<{ statusCode: number; body: UndiciBody }>
  dispatch(
    options: { path: string; method: string },
    handler: { onConnect(): void; onHeaders(status: number): boolean; onData(chunk: Buffer): boolean; onComplete(): void; onError(error: Error): void },
  ): void
  close(): Promise<void>
}
type Undici = { Pool: new (origin: string, options: { socketPath: string; connections: number; pipelining: number; bodyTimeout?: number }) => UndiciPool }

export const undici = async (socketPath: string, connections = 1): Promise<UndiciPool> => {
  const { Pool } = await peer<Undici>('undici')
  return new Pool('http://docker', { socketPath, connections, pipelining: 1 })
}

type Container = {
  export(): Promise<Readable>
  logs(options: { stdout: boolean; stderr: boolean; follow: boolean }): Promise<Readable>
  putArchive(file: Readable | Uint8Array, options: { path: string }): Promise<Readable>
}
/** All that demuxing asks of a stream. */
type Written = { write(chunk: Uint8Array): unknown }
export type Dockerode = {
  ping(): Promise<Buffer>
  listContainers(options?: { all?: boolean }): Promise<unknown[]>
  getContainer(id: string): Container
  createImage(options: { fromImage: string }): Promise<Readable>
  modem: {
    demuxStream(stream: EventEmitter, stdout: Written, stderr: Written): void
    followProgress(stream: Readable, finished: (error: Error | null, output: unknown[]) => void, progress?: (record: unknown) => void): void
  }
}

export const dockerode = async (socketPath: string): Promise<Dockerode> => {
  const { default: Docker } = await peer<{ default: new (options: { socketPath: string }) => Dockerode }>('dockerode')
  return new Docker({ socketPath })
}

export type NodeSdk = {
  systemPing(): Promise<string>
  containerList(options?: { all?: boolean }): Promise<unknown[]>
  containerExport(id: string, out: WritableStream): Promise<void>
  containerLogs(id: string, stdout: Writable, stderr: Writable, options: { stdout: boolean; stderr: boolean }): Promise<void>
  imageCreate(options: { fromImage: string }): { messages(): AsyncIterable<unknown> }
  close(): Promise<void>
}

export const nodeSdk = async (socketPath: string): Promise<NodeSdk> => {
  const { DockerClient } = await peer<{ DockerClient: { fromDockerHost(host: string): Promise<NodeSdk> } }>('@docker/node-sdk')
  return DockerClient.fromDockerHost(`unix:${socketPath}`)
}
