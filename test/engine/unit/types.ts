/** What the compiler has to refuse; `npm run typecheck` runs this, and nothing else does. */
import { containerCreate, containerInspect, containerKill, containerList, containerLogs, containerResize, containerWait, execStart, imageCreate, imageInspect, imageTag, type ContainerConfig, type JsonStream, type ProgressRecord } from '../../../src/engine/index.js'
import { containerRename, containerStatsOnce, imageBuild, imageGet, imagePush, imageSearch, networkCreate, session, systemAuth, systemDataUsage, systemEvents, volumeUpdate, type EventMessage } from '../../../src/engine/index.js'
import { containerAttachWebsocket, secretCreate, serviceCreate, serviceInspect, serviceUpdate, swarmInit, type ServiceSpec } from '../../../src/engine/index.js'
import type { Client } from '../../../src/http/index.js'

export const refusedByTheCompiler = async (client: Client): Promise<void> => {
  // @ts-expect-error there is no such option
  await containerList(client, { al: true })
  // @ts-expect-error a boolean is not text
  await containerList(client, { all: 'true' })
  // @ts-expect-error an option of another operation
  await containerInspect(client, 'c1', { all: true })
  // @ts-expect-error the signal is an AbortSignal
  await containerKill(client, 'c1', { signal: 'SIGTERM' })
  // @ts-expect-error columns are missing
  await containerResize(client, 'c1', { h: 1 })
  // @ts-expect-error a size is needed
  await containerResize(client, 'c1')
  // @ts-expect-error what to read is needed
  await containerLogs(client, 'c1')
  // @ts-expect-error no such condition
  await containerWait(client, 'c1', { condition: 'exited' })
  // @ts-expect-error execStartDetached does that
  await execStart(client, 'e1', { Detach: true })
  // @ts-expect-error a platform is an object here
  await imageInspect(client, 'a', { platform: 'linux/amd64' })
  // @ts-expect-error a name is needed
  await imageTag(client, 'a', {})
  // @ts-expect-error misspelt
  await containerCreate(client, { Imgae: 'a' })
  // @ts-expect-error no such restart policy
  await containerCreate(client, { HostConfig: { RestartPolicy: { Name: 'sometimes' } } })
  // @ts-expect-error changes are repeated
  await imageCreate(client, { fromSrc: '-', changes: 'CMD sh' })
  // @ts-expect-error the new name is missing
  await containerRename(client, 'c1', {})
  // @ts-expect-error whether it is a stream is not for the options to say
  await containerStatsOnce(client, 'c1', { stream: true })
  // @ts-expect-error names are repeated
  await imageBuild(client, { inputStream: new Uint8Array(1), t: 'a' })
  // @ts-expect-error credentials are an object
  await imagePush(client, 'a', { 'X-Registry-Auth': 'e30=' })
  // @ts-expect-error there may be several
  await imageGet(client, 'a', { platform: { os: 'linux', architecture: 'arm' } })
  // @ts-expect-error a term is needed
  await imageSearch(client, { limit: 1 })
  // @ts-expect-error a name is needed
  await networkCreate(client, { Driver: 'bridge' })
  // @ts-expect-error misspelt
  await systemAuth(client, { user: 'me' })
  // @ts-expect-error no such type
  await systemDataUsage(client, { type: ['network'] })
  // @ts-expect-error the version is needed
  await volumeUpdate(client, 'v', {})
  // @ts-expect-error what it offers is needed
  await session(client, { uuid: 'a', name: 'b' })
  // @ts-expect-error since 1.52 there may be no status
  const status: string = (await firstOf(systemEvents(client))).status
  void status
}

declare const firstOf: (events: AsyncIterable<EventMessage>) => Promise<EventMessage>

/** The same of swarms. */
export const refusedOfSwarms = async (client: Client): Promise<void> => {
  // @ts-expect-error an update needs a version
  await serviceUpdate(client, 'w1', {})
  // @ts-expect-error the index of the version
  await serviceUpdate(client, 'w1', {}, { version: { Index: 1 } })
  // @ts-expect-error misspelt
  await serviceCreate(client, { Nmae: 'web' })
  // @ts-expect-error somewhere to listen is needed
  await swarmInit(client, {})
  // @ts-expect-error a number is no data
  await secretCreate(client, { Name: 'a', Data: 5 })
  // @ts-expect-error what to read is needed
  await containerAttachWebsocket(client, 'c1')
  // What was inspected can be sent back.
  const { Spec, Version } = await serviceInspect(client, 'w1')
  const again: ServiceSpec = Spec
  await serviceUpdate(client, 'w1', { ...again, Labels: {} }, { version: Version.Index })
}

/** And what it has to take. */
export const taken = async (client: Client): Promise<void> => {
  const frozen = { Image: 'a', Cmd: ['b'], HostConfig: { Binds: ['/a:/b'], PortBindings: { '80/tcp': [{ HostPort: '8080' }] } } } as const
  await containerCreate(client, frozen, { name: undefined, signal: undefined })
  const { Config } = await containerInspect(client, 'c1')
  // What was inspected can be created again.
  const again: ContainerConfig = Config
  await containerCreate(client, { ...again, HostConfig: { AutoRemove: true } })
  const pull: JsonStream<ProgressRecord> = imageCreate(client, { fromImage: 'a' })
  const last: ProgressRecord | undefined = await pull
  void last
}
