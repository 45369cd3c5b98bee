/**
 * hawser/engine: one function per operation of the Engine API, and the types of what it takes and answers.
 *
 * A function bears the operationId with a small first letter; execStartDetached is ExecStart with Detach. It takes the client, then what
 * names the resource (ids, names, the path in a container), then the body where the API has one that it needs, and last an options
 * bag: the API's parameters by their own names, wherever the API has them, beside `signal`, `dialMs`, `headMs` and `silenceMs`. One name
 * is ours: `sendSignal` is the API's `signal`, which is the AbortSignal here.
 */
export * from './system.js'
export * from './container.js'
export * from './container-stats.js'
export * from './checkpoint.js'
export * from './exec.js'
export * from './image.js'
export * from './image-archive.js'
export * from './build.js'
export * from './swarm.js'
export * from './node.js'
export * from './service.js'
export * from './task.js'
export * from './secret.js'
export * from './config.js'
export * from './plugin.js'
export type * from './system-types.js'
export type * from './container-types.js'
export type * from './container-stats-types.js'
export type * from './image-types.js'
export type * from './build-types.js'
export type * from './oci-types.js'
export type * from './swarm-types.js'
export type * from './node-types.js'
export type * from './service-types.js'
export type * from './task-types.js'
export type * from './secret-types.js'
export type * from './plugin-types.js'
export type { SwarmLogsOptions } from './swarm-logs.js'
export type { JsonStream, ProgressRecord } from './json-stream.js'
export type { RecordStream } from './record-stream.js'
export type { RegistryAuth, RegistryConfig } from './registry-auth.js'
export type { Filters } from './query.js'
export type { Archive, Sent } from './request-body.js'
