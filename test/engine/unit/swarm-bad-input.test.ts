/** What the operations of swarms and plugins refuse before anything is sent; bad-input.test.ts has what all options share. */
import { expect, test } from 'vitest'
import * as engine from '../../../src/engine/index.js'
import type { Client } from '../../../src/http/index.js'
import { fakeEngine, jsonAnswer } from './fake-engine.js'

const wrong = (value: unknown): never => value as never

type Call = (client: Client) => PromiseLike<unknown>

/** Resolves with the message of the error, once it is sure that nothing was sent. */
const refused = async (call: Call): Promise<string> => {
  const asked: string[] = []
  const client: Client = {
    exchange({ method, path }) {
      asked.push(`${method} ${path}`)
      return Promise.reject(new Error(`${method} ${path} was sent`))
    },
  }
  const error: unknown = await Promise.resolve(call(client)).then(() => new Error('it succeeded'), (reason: unknown) => reason)
  expect(error).toMatchObject({ code: 'request-invalid' })
  expect(asked).toEqual([])
  return error instanceof Error ? error.message : ''
}

const version = { version: 1 }

const SEGMENT: { [name: string]: (client: Client, id: string) => PromiseLike<unknown> } = {
  nodeInspect: (client, id) => engine.nodeInspect(client, id),
  nodeDelete: (client, id) => engine.nodeDelete(client, id),
  nodeUpdate: (client, id) => engine.nodeUpdate(client, id, {}, version),
  serviceInspect: (client, id) => engine.serviceInspect(client, id),
  serviceDelete: (client, id) => engine.serviceDelete(client, id),
  serviceUpdate: (client, id) => engine.serviceUpdate(client, id, {}, version),
  serviceLogs: (client, id) => engine.serviceLogs(client, id, { stdout: true }),
  taskInspect: (client, id) => engine.taskInspect(client, id),
  taskLogs: (client, id) => engine.taskLogs(client, id, { stdout: true }),
  secretInspect: (client, id) => engine.secretInspect(client, id),
  secretDelete: (client, id) => engine.secretDelete(client, id),
  secretUpdate: (client, id) => engine.secretUpdate(client, id, {}, version),
  configInspect: (client, id) => engine.configInspect(client, id),
  configDelete: (client, id) => engine.configDelete(client, id),
  configUpdate: (client, id) => engine.configUpdate(client, id, {}, version),
  containerAttachWebsocket: (client, id) => engine.containerAttachWebsocket(client, id, { stream: true }),
}

const SEGMENTS: typeof SEGMENT = {
  pluginInspect: (client, name) => engine.pluginInspect(client, name),
  pluginDelete: (client, name) => engine.pluginDelete(client, name),
  pluginEnable: (client, name) => engine.pluginEnable(client, name),
  pluginDisable: (client, name) => engine.pluginDisable(client, name),
  pluginUpgrade: (client, name) => engine.pluginUpgrade(client, name, [], { remote: 'a' }),
  pluginPush: (client, name) => engine.pluginPush(client, name),
  pluginSet: (client, name) => engine.pluginSet(client, name, []),
}

const BAD_NAMES: unknown[] = ['', '.', '..', 'a\nb', 'a\0', '\ud800', undefined, null, 1, {}, ['a']]

test.each(Object.keys(SEGMENT))('%s refuses what is no id', async name => {
  for (const id of [...BAD_NAMES, 'a/b', '../a']) await refused(client => SEGMENT[name]!(client, wrong(id)))
})

test.each(Object.keys(SEGMENTS))('%s refuses what is no name', async name => {
  for (const id of [...BAD_NAMES, '/a', 'a//b', 'a/../b']) await refused(client => SEGMENTS[name]!(client, wrong(id)))
})

const rows: [name: string, call: Call, message: RegExp][] = [
  ['a swarm of nothing', client => engine.swarmInit(client, wrong(undefined)), /object, not undefined/],
  ['a join by nothing', client => engine.swarmJoin(client, wrong(null)), /object, not null/],
  ['text as force', client => engine.swarmLeave(client, wrong({ force: 'true' })), /force takes true or false/],
  ['an update of a swarm without a version', client => engine.swarmUpdate(client, {}, wrong({})), /version takes a whole number from 0 on, not undefined/],
  ['an update of a swarm without options', client => engine.swarmUpdate(client, {}, wrong(undefined)), /options/],
  ['the whole Version', client => engine.nodeUpdate(client, 'n1', {}, wrong({ version: { Index: 7 } })), /version takes .* not this object/],
  ['a negative version', client => engine.serviceUpdate(client, 'w1', {}, { version: -1 }), /version/],
  ['a version as text', client => engine.secretUpdate(client, 's1', {}, wrong({ version: '7' })), /version/],
  ['a fraction of a version', client => engine.configUpdate(client, 'c1', {}, { version: 1.5 }), /version/],
  ['no options of an update', client => engine.serviceUpdate(client, 'w1', {}, wrong(undefined)), /version/],
  ['another rollback', client => engine.serviceUpdate(client, 'w1', {}, wrong({ version: 1, rollback: true })), /rollback takes previous, not true/],
  ['credentials from elsewhere', client => engine.serviceUpdate(client, 'w1', {}, wrong({ version: 1, registryAuthFrom: 'next' })), /registryAuthFrom takes spec, previous-spec/],
  ['credentials as text', client => engine.serviceCreate(client, {}, wrong({ 'X-Registry-Auth': 'e30=' })), /credentials are an object/],
  ['an array as a service', client => engine.serviceCreate(client, wrong([])), /object, not an array/],
  ['an unknown option', client => engine.serviceInspect(client, 'w1', wrong({ insertDefault: true })), /"insertDefault"/],
  ['logs of neither stream', client => engine.serviceLogs(client, 'w1', {}), /stdout, stderr or both/],
  ['logs without options', client => engine.taskLogs(client, 't1', wrong(undefined)), /options/],
  ['logs until', client => engine.taskLogs(client, 't1', wrong({ stdout: true, until: 5 })), /"until"/],
  ['a tail below 0', client => engine.taskLogs(client, 't1', { stdout: true, tail: -1 }), /tail/],
  ['no secret', client => engine.secretCreate(client, wrong(undefined)), /object, not undefined/],
  ['data that is a number', client => engine.secretCreate(client, wrong({ Name: 's', Data: 5 })), /Data is text or a Uint8Array, not number/],
  ['data that is null', client => engine.configCreate(client, wrong({ Name: 's', Data: null })), /Data is text or a Uint8Array, not null/],
  ['data that is an array', client => engine.configUpdate(client, 'c1', wrong({ Data: [1] }), version), /Data is text or a Uint8Array, not object/],
  ['no remote', client => engine.getPluginPrivileges(client, wrong({})), /remote takes a string, not undefined/],
  ['no options of a pull', client => engine.pluginPull(client, [], wrong(undefined)), /remote/],
  ['no privileges', client => engine.pluginPull(client, wrong(undefined), { remote: 'a' }), /array, not undefined/],
  ['one privilege', client => engine.pluginUpgrade(client, 'a', wrong({ Name: 'network' }), { remote: 'a' }), /array, not object/],
  ['settings as an object', client => engine.pluginSet(client, 'a', wrong({ A: 'b' })), /array, not object/],
  ['a negative timeout', client => engine.pluginEnable(client, 'a', { timeout: -1 }), /timeout/],
  ['no name for a plugin', client => engine.pluginCreate(client, new Uint8Array(1), wrong({})), /name takes a string/],
  ['no archive of a plugin', client => engine.pluginCreate(client, wrong(undefined), { name: 'a' }), /an archive is/],
  ['a WebSocket to nothing', client => engine.containerAttachWebsocket(client, 'c1', { stdout: true }), /stream, logs or both/],
]

test.each(rows)('%s is refused', async (_, call, message) => {
  expect(await refused(call)).toMatch(message)
})

test('data of a config that is no base64 is told', async () => {
  const { pool, answer } = await fakeEngine()
  answer(jsonAnswer({ ID: 'c1', Spec: { Name: 'c', Data: '%%%' } }))
  await expect(engine.configInspect(pool(), 'c1')).rejects.toMatchObject({ code: 'json-malformed' })
})

test('a node that is no manager is unavailable, with what the engine says', async () => {
  const { pool, answer } = await fakeEngine()
  // As docker-20 and docker-28 say it.
  const message = 'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.'
  answer(jsonAnswer({ message }, 503))
  const client = pool()
  for (const call of [engine.swarmInspect(client), engine.nodeList(client), engine.serviceList(client), engine.taskList(client), engine.secretList(client), engine.configList(client)]) {
    await expect(call).rejects.toMatchObject({ code: 'unavailable', status: 503, reason: message })
  }
})
