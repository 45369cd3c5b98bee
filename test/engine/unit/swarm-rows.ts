/** What swarms, plugins and the WebSocket put on the wire; operations.test.ts runs these rows with its own. */
import * as engine from '../../../src/engine/index.js'
import type { Client } from '../../../src/http/index.js'
import { collect } from '../../../src/stream/index.js'
import { jsonAnswer, type Answer } from './fake-engine.js'

type Row = { operation: string; call(client: Client): PromiseLike<unknown>; wire: string; json?: unknown; octets?: string; headers?: Record<string, string>; answer: Answer; result: unknown }

const NO_CONTENT: Answer = { status: 204 }
const EMPTY: Answer = { status: 200, headers: { 'content-length': '0' } }
const octets = 'no tar, but octets'
const tar = new TextEncoder().encode(octets)
const json = (value: unknown): string => encodeURIComponent(JSON.stringify(value))
const read = async (stream: Promise<AsyncIterable<Uint8Array>>): Promise<string> => new TextDecoder().decode(await collect(await stream))

// From Python: base64.urlsafe_b64encode(json.dumps({...}, separators=(',', ':')).encode()).
const AUTH = { username: 'me', password: '~~~>>>???' }
const AUTH_HEADER = { 'x-registry-auth': 'eyJ1c2VybmFtZSI6Im1lIiwicGFzc3dvcmQiOiJ-fn4-Pj4_Pz8ifQ==' }
const NO_AUTH_HEADER = { 'x-registry-auth': 'e30=' }

const SPEC = { Name: 'default', Labels: {}, Orchestration: { TaskHistoryRetentionLimit: 5 } }
const SERVICE = { Name: 'web', TaskTemplate: { ContainerSpec: { Image: 'a', Secrets: [{ File: { Name: 's', UID: '0', GID: '0', Mode: 0o444 }, SecretID: 's1', SecretName: 's' }] } }, Mode: { Replicated: { Replicas: 2 } } }
const PRIVILEGES = [{ Name: 'network', Description: '', Value: ['host'] }]
const LOGS = { stdout: true, stderr: false, follow: true, since: '1700000000.123456789', timestamps: true, tail: 5, details: true }
const LOGS_WIRE = 'logs?stdout=1&stderr=0&follow=1&since=1700000000.123456789&timestamps=1&tail=5&details=1'
// Python: base64.b64encode('geheim ü'.encode()), and of the octets 0xfb 0xff 0x00.
const TEXT = ['geheim ü', 'Z2VoZWltIMO8'] as const
const OCTETS = [Uint8Array.of(0xfb, 0xff, 0), '+/8A'] as const

export const swarmRows: Row[] = [
  { operation: 'swarmInspect', call: client => engine.swarmInspect(client), wire: 'GET /swarm', answer: jsonAnswer({ ID: 's1' }), result: { ID: 's1' } },
  { operation: 'swarmInit', call: client => engine.swarmInit(client, { ListenAddr: '0.0.0.0:2377', DefaultAddrPool: ['10.10.0.0/16'] }), wire: 'POST /swarm/init', json: { ListenAddr: '0.0.0.0:2377', DefaultAddrPool: ['10.10.0.0/16'] }, answer: jsonAnswer('node1'), result: 'node1' },
  { operation: 'swarmJoin', call: client => engine.swarmJoin(client, { ListenAddr: '0.0.0.0', RemoteAddrs: ['a:2377'], JoinToken: 'SWMTKN-1' }), wire: 'POST /swarm/join', json: { ListenAddr: '0.0.0.0', RemoteAddrs: ['a:2377'], JoinToken: 'SWMTKN-1' }, answer: EMPTY, result: undefined },
  { operation: 'swarmLeave', call: client => engine.swarmLeave(client), wire: 'POST /swarm/leave', answer: EMPTY, result: undefined },
  { operation: 'swarmLeave', call: client => engine.swarmLeave(client, { force: true }), wire: 'POST /swarm/leave?force=1', answer: EMPTY, result: undefined },
  { operation: 'swarmUpdate', call: client => engine.swarmUpdate(client, SPEC, { version: 10, rotateWorkerToken: true, rotateManagerToken: false, rotateManagerUnlockKey: true }), wire: 'POST /swarm/update?version=10&rotateWorkerToken=1&rotateManagerToken=0&rotateManagerUnlockKey=1', json: SPEC, answer: EMPTY, result: undefined },
  { operation: 'swarmUnlockkey', call: client => engine.swarmUnlockkey(client), wire: 'GET /swarm/unlockkey', answer: jsonAnswer({ UnlockKey: 'SWMKEY-1' }), result: { UnlockKey: 'SWMKEY-1' } },
  { operation: 'swarmUnlock', call: client => engine.swarmUnlock(client, { UnlockKey: 'SWMKEY-1' }), wire: 'POST /swarm/unlock', json: { UnlockKey: 'SWMKEY-1' }, answer: EMPTY, result: undefined },

  { operation: 'nodeList', call: client => engine.nodeList(client, { filters: { role: 'manager' } }), wire: `GET /nodes?filters=${json({ role: ['manager'] })}`, answer: jsonAnswer([]), result: [] },
  { operation: 'nodeInspect', call: client => engine.nodeInspect(client, 'self'), wire: 'GET /nodes/self', answer: jsonAnswer({ ID: 'n1' }), result: { ID: 'n1' } },
  { operation: 'nodeDelete', call: client => engine.nodeDelete(client, 'n1', { force: true }), wire: 'DELETE /nodes/n1?force=1', answer: EMPTY, result: undefined },
  { operation: 'nodeUpdate', call: client => engine.nodeUpdate(client, 'n1', { Role: 'worker', Availability: 'drain', Labels: { zone: 'a' } }, { version: 0 }), wire: 'POST /nodes/n1/update?version=0', json: { Role: 'worker', Availability: 'drain', Labels: { zone: 'a' } }, answer: EMPTY, result: undefined },

  { operation: 'serviceList', call: client => engine.serviceList(client, { filters: { mode: ['global'] }, status: true }), wire: `GET /services?filters=${json({ mode: ['global'] })}&status=1`, answer: jsonAnswer([]), result: [] },
  { operation: 'serviceCreate', call: client => engine.serviceCreate(client, SERVICE), wire: 'POST /services/create', json: SERVICE, answer: jsonAnswer({ ID: 'w1' }, 201), result: { ID: 'w1' } },
  { operation: 'serviceCreate', call: client => engine.serviceCreate(client, SERVICE, { 'X-Registry-Auth': AUTH }), wire: 'POST /services/create', json: SERVICE, headers: AUTH_HEADER, answer: jsonAnswer({ ID: 'w1', Warnings: null }, 201), result: { ID: 'w1', Warnings: null } },
  { operation: 'serviceInspect', call: client => engine.serviceInspect(client, 'w1', { insertDefaults: true }), wire: 'GET /services/w1?insertDefaults=1', answer: jsonAnswer({ ID: 'w1' }), result: { ID: 'w1' } },
  { operation: 'serviceDelete', call: client => engine.serviceDelete(client, 'w1'), wire: 'DELETE /services/w1', answer: EMPTY, result: undefined },
  { operation: 'serviceUpdate', call: client => engine.serviceUpdate(client, 'w1', SERVICE, { version: 7, registryAuthFrom: 'previous-spec', rollback: 'previous' }), wire: 'POST /services/w1/update?version=7&registryAuthFrom=previous-spec&rollback=previous', json: SERVICE, answer: jsonAnswer({ Warnings: null }), result: { Warnings: null } },
  { operation: 'serviceUpdate', call: client => engine.serviceUpdate(client, 'w1', SERVICE, { version: 8, 'X-Registry-Auth': AUTH }), wire: 'POST /services/w1/update?version=8', json: SERVICE, headers: AUTH_HEADER, answer: jsonAnswer({ Warnings: ['w'] }), result: { Warnings: ['w'] } },
  { operation: 'serviceLogs', call: client => read(engine.serviceLogs(client, 'w1', LOGS)), wire: `GET /services/w1/${LOGS_WIRE}`, answer: { body: 'hello' }, result: 'hello' },
  { operation: 'taskList', call: client => engine.taskList(client, { filters: { service: 'web', 'desired-state': 'running' } }), wire: `GET /tasks?filters=${json({ service: ['web'], 'desired-state': ['running'] })}`, answer: jsonAnswer([]), result: [] },
  { operation: 'taskInspect', call: client => engine.taskInspect(client, 't1'), wire: 'GET /tasks/t1', answer: jsonAnswer({ ID: 't1' }), result: { ID: 't1' } },
  { operation: 'taskLogs', call: client => read(engine.taskLogs(client, 't1', LOGS)), wire: `GET /tasks/t1/${LOGS_WIRE}`, answer: { body: '' }, result: '' },

  { operation: 'secretList', call: client => engine.secretList(client, { filters: { name: 'a' } }), wire: `GET /secrets?filters=${json({ name: ['a'] })}`, answer: jsonAnswer([]), result: [] },
  { operation: 'secretCreate', call: client => engine.secretCreate(client, { Name: 's', Labels: { a: 'b' }, Data: TEXT[0] }), wire: 'POST /secrets/create', json: { Name: 's', Labels: { a: 'b' }, Data: TEXT[1] }, answer: jsonAnswer({ ID: 's1' }, 201), result: { ID: 's1' } },
  { operation: 'secretCreate', call: client => engine.secretCreate(client, { Name: 's', Data: OCTETS[0] }), wire: 'POST /secrets/create', json: { Name: 's', Data: OCTETS[1] }, answer: jsonAnswer({ ID: 's1' }, 201), result: { ID: 's1' } },
  { operation: 'secretCreate', call: client => engine.secretCreate(client, { Name: 's', Driver: { Name: 'vault' } }), wire: 'POST /secrets/create', json: { Name: 's', Driver: { Name: 'vault' } }, answer: jsonAnswer({ ID: 's1' }, 201), result: { ID: 's1' } },
  { operation: 'secretInspect', call: client => engine.secretInspect(client, 's1'), wire: 'GET /secrets/s1', answer: jsonAnswer({ ID: 's1' }), result: { ID: 's1' } },
  { operation: 'secretDelete', call: client => engine.secretDelete(client, 's1'), wire: 'DELETE /secrets/s1', answer: NO_CONTENT, result: undefined },
  { operation: 'secretUpdate', call: client => engine.secretUpdate(client, 's1', { Name: 's', Labels: {} }, { version: 12 }), wire: 'POST /secrets/s1/update?version=12', json: { Name: 's', Labels: {} }, answer: EMPTY, result: undefined },
  { operation: 'configList', call: client => engine.configList(client, { filters: { label: 'a' } }), wire: `GET /configs?filters=${json({ label: ['a'] })}`, answer: jsonAnswer([{ ID: 'c1', Spec: { Name: 'c', Data: OCTETS[1] } }, { ID: 'c2', Spec: { Name: 'd' } }]), result: [{ ID: 'c1', Spec: { Name: 'c', Data: OCTETS[0] } }, { ID: 'c2', Spec: { Name: 'd', Data: new Uint8Array(0) } }] },
  { operation: 'configCreate', call: client => engine.configCreate(client, { Name: 'c', Data: TEXT[0], Templating: { Name: 'golang' } }), wire: 'POST /configs/create', json: { Name: 'c', Data: TEXT[1], Templating: { Name: 'golang' } }, answer: jsonAnswer({ ID: 'c1' }, 201), result: { ID: 'c1' } },
  { operation: 'configInspect', call: client => engine.configInspect(client, 'c1'), wire: 'GET /configs/c1', answer: jsonAnswer({ ID: 'c1', Spec: { Name: 'c', Labels: null, Data: TEXT[1] } }), result: { ID: 'c1', Spec: { Name: 'c', Labels: null, Data: new TextEncoder().encode(TEXT[0]) } } },
  { operation: 'configDelete', call: client => engine.configDelete(client, 'c1'), wire: 'DELETE /configs/c1', answer: NO_CONTENT, result: undefined },
  { operation: 'configUpdate', call: client => engine.configUpdate(client, 'c1', { Name: 'c', Labels: { a: 'b' }, Data: OCTETS[0] }, { version: 12 }), wire: 'POST /configs/c1/update?version=12', json: { Name: 'c', Labels: { a: 'b' }, Data: OCTETS[1] }, answer: EMPTY, result: undefined },

  { operation: 'pluginList', call: client => engine.pluginList(client, { filters: { enabled: true } }), wire: `GET /plugins?filters=${json({ enabled: ['true'] })}`, answer: jsonAnswer([]), result: [] },
  { operation: 'getPluginPrivileges', call: client => engine.getPluginPrivileges(client, { remote: 'a/b:c', 'X-Registry-Auth': AUTH }), wire: 'GET /plugins/privileges?remote=a%2Fb%3Ac', headers: AUTH_HEADER, answer: jsonAnswer(PRIVILEGES), result: PRIVILEGES },
  { operation: 'pluginPull', call: client => engine.pluginPull(client, PRIVILEGES, { remote: 'a/b:c', name: 'd', 'X-Registry-Auth': AUTH }), wire: 'POST /plugins/pull?remote=a%2Fb%3Ac&name=d', json: PRIVILEGES, headers: AUTH_HEADER, answer: { body: '{"status":"Downloading"}\n{"status":"done"}\n' }, result: { status: 'done' } },
  { operation: 'pluginInspect', call: client => engine.pluginInspect(client, 'a/b:c'), wire: 'GET /plugins/a/b:c/json', answer: jsonAnswer({ Name: 'a/b:c' }), result: { Name: 'a/b:c' } },
  { operation: 'pluginDelete', call: client => engine.pluginDelete(client, 'a/b:c', { force: true }), wire: 'DELETE /plugins/a/b:c?force=1', answer: EMPTY, result: undefined },
  // The daemon refuses an enable without a timeout (plugin_routes.go: strconv.Atoi of nothing).
  { operation: 'pluginEnable', call: client => engine.pluginEnable(client, 'a'), wire: 'POST /plugins/a/enable?timeout=0', answer: EMPTY, result: undefined },
  { operation: 'pluginEnable', call: client => engine.pluginEnable(client, 'a', { timeout: 30 }), wire: 'POST /plugins/a/enable?timeout=30', answer: EMPTY, result: undefined },
  { operation: 'pluginDisable', call: client => engine.pluginDisable(client, 'a', { force: false }), wire: 'POST /plugins/a/disable?force=0', answer: EMPTY, result: undefined },
  { operation: 'pluginUpgrade', call: client => engine.pluginUpgrade(client, 'a', [], { remote: 'a:2' }), wire: 'POST /plugins/a/upgrade?remote=a%3A2', json: [], headers: NO_AUTH_HEADER, answer: { body: '' }, result: undefined },
  { operation: 'pluginCreate', call: client => engine.pluginCreate(client, tar, { name: 'a/b:1' }), wire: 'POST /plugins/create?name=a%2Fb%3A1', octets, headers: { 'content-type': 'application/x-tar' }, answer: NO_CONTENT, result: undefined },
  { operation: 'pluginPush', call: client => engine.pluginPush(client, 'a/b:1', { 'X-Registry-Auth': AUTH }), wire: 'POST /plugins/a/b:1/push', headers: AUTH_HEADER, answer: { body: '{"status":"done"}' }, result: { status: 'done' } },
  { operation: 'pluginSet', call: client => engine.pluginSet(client, 'a', ['A=b', 'args=c']), wire: 'POST /plugins/a/set', json: ['A=b', 'args=c'], answer: NO_CONTENT, result: undefined },
]

/** The WebSocket has no answer that a table could hold; what it sends stands here for the comparison with the reference. */
export const swarmUpgrades = [
  {
    operation: 'containerAttachWebsocket',
    call: (client: Client) => engine.containerAttachWebsocket(client, 'c1', { stderr: true, stdout: true, stdin: false, stream: false, logs: true, detachKeys: 'ctrl-z' }),
    wire: 'GET /containers/c1/attach/ws?detachKeys=ctrl-z&logs=1&stream=0&stdin=0&stdout=1&stderr=1',
  },
]
