/** What the operations beyond running containers put on the wire; operations.test.ts runs these rows with its own. */
import * as engine from '../../../src/engine/index.js'
import type { Client } from '../../../src/http/index.js'
import { collect } from '../../../src/stream/index.js'
import { jsonAnswer, type Answer } from './fake-engine.js'

type Row = { operation: string; call(client: Client): PromiseLike<unknown>; wire: string; json?: unknown; octets?: string; headers?: Record<string, string>; answer: Answer; result: unknown }

const NO_CONTENT: Answer = { status: 204 }
const EMPTY: Answer = { status: 200, headers: { 'content-length': '0' } }
const tar = new TextEncoder().encode('no tar, but octets')
const octets = 'no tar, but octets'
const TAR = { 'content-type': 'application/x-tar', 'content-length': '18' }
const json = (value: unknown): string => encodeURIComponent(JSON.stringify(value))
const read = async (stream: Promise<AsyncIterable<Uint8Array>>): Promise<string> => new TextDecoder().decode(await collect(await stream))
const all = async <T>(stream: AsyncIterable<T>): Promise<T[]> => {
  const records: T[] = []
  for await (const record of stream) records.push(record)
  return records
}

const AMD64 = { os: 'linux', architecture: 'amd64' }
const ARM = { os: 'linux', architecture: 'arm', variant: 'v7' }

// From Python: base64.urlsafe_b64encode(json.dumps({...}, separators=(',', ':')).encode()); the password has - and _ in it encoded.
const AUTH = { username: 'me', password: '~~~>>>???' }
const AUTH_HEADER = 'eyJ1c2VybmFtZSI6Im1lIiwicGFzc3dvcmQiOiJ-fn4-Pj4_Pz8ifQ=='
const AUTH_UMLAUT = { username: 'bär', password: '😀' }
const AUTH_UMLAUT_HEADER = 'eyJ1c2VybmFtZSI6ImJcdTAwZTRyIiwicGFzc3dvcmQiOiJcdWQ4M2RcdWRlMDAifQ=='
const CONFIG_HEADER = 'eyJodHRwczovL2luZGV4LmRvY2tlci5pby92MS8iOnsidXNlcm5hbWUiOiJtZSIsInBhc3N3b3JkIjoifn5-Pj4-Pz8_In19'

export const moreRows: Row[] = [
  { operation: 'containerStart', call: client => engine.containerStart(client, 'c1', { checkpoint: 'k 1', 'checkpoint-dir': '/k' }), wire: 'POST /containers/c1/start?checkpoint=k%201&checkpoint-dir=%2Fk', answer: NO_CONTENT, result: true },
  { operation: 'containerTop', call: client => engine.containerTop(client, 'c1', { ps_args: '-o pid,comm' }), wire: 'GET /containers/c1/top?ps_args=-o%20pid%2Ccomm', answer: jsonAnswer({ Titles: ['PID'], Processes: null }), result: { Titles: ['PID'], Processes: null } },
  { operation: 'containerChanges', call: client => engine.containerChanges(client, 'c1'), wire: 'GET /containers/c1/changes', answer: jsonAnswer(null), result: null },
  { operation: 'containerExport', call: client => read(engine.containerExport(client, 'c1')), wire: 'GET /containers/c1/export', answer: { body: tar }, result: octets },
  { operation: 'containerStats', call: client => all(engine.containerStats(client, 'c1')), wire: 'GET /containers/c1/stats?stream=1', answer: { body: '{"num_procs":1}\n{"num_procs":2}\n' }, result: [{ num_procs: 1 }, { num_procs: 2 }] },
  { operation: 'containerStats', call: client => all(engine.containerStats(client, 'c1').lines()), wire: 'GET /containers/c1/stats?stream=1', answer: { body: '{"v":18446744073709551615}\n' }, result: ['{"v":18446744073709551615}'] },
  { operation: 'containerStats', call: client => engine.containerStatsOnce(client, 'c1'), wire: 'GET /containers/c1/stats?stream=0', answer: jsonAnswer({ num_procs: 0 }), result: { num_procs: 0 } },
  { operation: 'containerStats', call: client => engine.containerStatsOnce(client, 'c1', { 'one-shot': true }), wire: 'GET /containers/c1/stats?stream=0&one-shot=1', answer: jsonAnswer({ num_procs: 0 }), result: { num_procs: 0 } },
  { operation: 'containerUpdate', call: client => engine.containerUpdate(client, 'c1', { Memory: 1024, BlkioDeviceReadBps: [], RestartPolicy: { Name: 'always' } }), wire: 'POST /containers/c1/update', json: { Memory: 1024, BlkioDeviceReadBps: [], RestartPolicy: { Name: 'always' } }, answer: jsonAnswer({ Warnings: null }), result: { Warnings: null } },
  { operation: 'containerRename', call: client => engine.containerRename(client, 'c1', { name: 'a-b' }), wire: 'POST /containers/c1/rename?name=a-b', answer: NO_CONTENT, result: undefined },
  { operation: 'containerPause', call: client => engine.containerPause(client, 'c1'), wire: 'POST /containers/c1/pause', answer: NO_CONTENT, result: undefined },
  { operation: 'containerUnpause', call: client => engine.containerUnpause(client, 'c1'), wire: 'POST /containers/c1/unpause', answer: NO_CONTENT, result: undefined },
  { operation: 'containerPrune', call: client => engine.containerPrune(client, { filters: { until: '10m' } }), wire: `POST /containers/prune?filters=${json({ until: ['10m'] })}`, answer: jsonAnswer({ ContainersDeleted: null, SpaceReclaimed: 0 }), result: { ContainersDeleted: null, SpaceReclaimed: 0 } },
  { operation: 'checkpointCreate', call: client => engine.checkpointCreate(client, 'c1', { CheckpointID: 'k', Exit: true }), wire: 'POST /containers/c1/checkpoints', json: { CheckpointID: 'k', Exit: true }, answer: { status: 201 }, result: undefined },
  { operation: 'checkpointList', call: client => engine.checkpointList(client, 'c1', { dir: '/k' }), wire: 'GET /containers/c1/checkpoints?dir=%2Fk', answer: jsonAnswer([{ Name: 'k' }]), result: [{ Name: 'k' }] },
  { operation: 'checkpointDelete', call: client => engine.checkpointDelete(client, 'c1', 'k 1', { dir: '/k' }), wire: 'DELETE /containers/c1/checkpoints/k%201?dir=%2Fk', answer: NO_CONTENT, result: undefined },

  {
    operation: 'imageBuild',
    call: client =>
      engine.imageBuild(client, {
        inputStream: tar,
        dockerfile: 'a/Dockerfile',
        t: ['a:1', 'b'],
        extrahosts: ['h:1.2.3.4', 'i:::1'],
        q: false,
        nocache: true,
        cachefrom: ['a:0', 'b,c'],
        pull: true,
        rm: false,
        forcerm: true,
        memory: 4096,
        memswap: -1,
        cpushares: 2,
        cpusetcpus: '0-2,4',
        cpusetmems: '0',
        cpuperiod: 1000,
        cpuquota: 500,
        cgroupparent: '/p',
        ulimits: [{ Name: 'nofile', Soft: 1, Hard: 2 }],
        buildargs: { A: 'b c', D: null },
        shmsize: 65536,
        squash: false,
        labels: { 'ключ': 'значение' },
        networkmode: 'none',
        platform: 'linux/arm/v7',
        target: 'stage',
        outputs: [{ Type: 'local', Attrs: { dest: '/x' } }],
        version: '1',
        session: 's1',
        buildid: 'b1',
        isolation: 'process',
        securityopt: ['a', 'b'],
        'X-Registry-Config': { 'https://index.docker.io/v1/': AUTH },
      }),
    wire: `POST /build?dockerfile=a%2FDockerfile&t=a%3A1&t=b&extrahosts=h%3A1.2.3.4&extrahosts=i%3A%3A%3A1&q=0&nocache=1&cachefrom=${json(['a:0', 'b,c'])}&pull=1&rm=0&forcerm=1&memory=4096&memswap=-1&cpushares=2&cpusetcpus=0-2%2C4&cpusetmems=0&cpuperiod=1000&cpuquota=500&cgroupparent=%2Fp&ulimits=${json([{ Name: 'nofile', Soft: 1, Hard: 2 }])}&buildargs=${json({ A: 'b c', D: null })}&shmsize=65536&squash=0&labels=${json({ 'ключ': 'значение' })}&networkmode=none&platform=linux%2Farm%2Fv7&target=stage&outputs=${json([{ Type: 'local', Attrs: { dest: '/x' } }])}&version=1&session=s1&buildid=b1&isolation=process&securityopt=a&securityopt=b`,
    octets,
    headers: { ...TAR, 'x-registry-config': CONFIG_HEADER },
    answer: { body: '{"stream":"Step 1/1"}\r\n{"aux":{"ID":"sha256:0f"}}\r\n' },
    result: { aux: { ID: 'sha256:0f' } },
  },
  { operation: 'imageBuild', call: client => engine.imageBuild(client, { remote: 'https://host/a.git#b:c' }), wire: 'POST /build?remote=https%3A%2F%2Fhost%2Fa.git%23b%3Ac', answer: { body: '' }, result: undefined },
  { operation: 'imageBuild', call: client => engine.imageBuild(client, { inputStream: [tar] }), wire: 'POST /build', octets, headers: { 'content-type': 'application/x-tar', 'transfer-encoding': 'chunked' }, answer: { body: '' }, result: undefined },
  {
    operation: 'buildPrune',
    call: client => engine.buildPrune(client, { 'keep-storage': 1, 'reserved-space': 2, 'max-used-space': 3, 'min-free-space': 0, all: true, filters: { inuse: true } }),
    wire: `POST /build/prune?keep-storage=1&reserved-space=2&max-used-space=3&min-free-space=0&all=1&filters=${json({ inuse: ['true'] })}`,
    answer: jsonAnswer({ CachesDeleted: null, SpaceReclaimed: 0 }),
    result: { CachesDeleted: null, SpaceReclaimed: 0 },
  },
  { operation: 'buildCancel', call: client => engine.buildCancel(client, 'b 1'), wire: 'POST /build/cancel?id=b%201', answer: EMPTY, result: undefined },
  {
    operation: 'imageCreate',
    call: client => engine.imageCreate(client, { fromImage: 'a', tag: '1', 'X-Registry-Auth': AUTH }),
    wire: 'POST /images/create?fromImage=a&tag=1',
    headers: { 'x-registry-auth': AUTH_HEADER },
    answer: { body: '' },
    result: undefined,
  },
  {
    operation: 'imagePush',
    call: client => engine.imagePush(client, 'localhost:5000/a/b', { tag: '1', platform: ARM, 'X-Registry-Auth': AUTH_UMLAUT }),
    wire: `POST /images/localhost:5000/a/b/push?tag=1&platform=${json(ARM)}`,
    headers: { 'x-registry-auth': AUTH_UMLAUT_HEADER, 'content-length': '0' },
    answer: { body: '{"status":"Pushing"}\r\n{"progressDetail":{},"aux":{"Tag":"1","Digest":"sha256:0f","Size":5}}\r\n' },
    result: { progressDetail: {}, aux: { Tag: '1', Digest: 'sha256:0f', Size: 5 } },
  },
  // {} in base64, for the daemon would else look for credentials in the body.
  { operation: 'imagePush', call: client => engine.imagePush(client, 'a'), wire: 'POST /images/a/push', headers: { 'x-registry-auth': 'e30=' }, answer: { body: '' }, result: undefined },
  { operation: 'imageSearch', call: client => engine.imageSearch(client, { term: 'a b', limit: 5, filters: { stars: 3 } }), wire: `GET /images/search?term=a%20b&limit=5&filters=${json({ stars: ['3'] })}`, answer: jsonAnswer([]), result: [] },
  { operation: 'imagePrune', call: client => engine.imagePrune(client, { filters: { dangling: false } }), wire: `POST /images/prune?filters=${json({ dangling: ['false'] })}`, answer: jsonAnswer({ ImagesDeleted: null, SpaceReclaimed: 0 }), result: { ImagesDeleted: null, SpaceReclaimed: 0 } },
  {
    operation: 'imageCommit',
    call: client => engine.imageCommit(client, 'c1', { repo: 'a', tag: '1', comment: 'ä', author: 'me <a@b>', pause: false, changes: ['CMD ["x"]', 'ENV a=b'], containerConfig: { Env: ['A=1'] } }),
    wire: 'POST /commit?container=c1&repo=a&tag=1&comment=%C3%A4&author=me%20%3Ca%40b%3E&pause=0&changes=CMD%20%5B%22x%22%5D&changes=ENV%20a%3Db',
    json: { Env: ['A=1'] },
    answer: jsonAnswer({ Id: 'sha256:0f' }, 201),
    result: { Id: 'sha256:0f' },
  },
  { operation: 'imageCommit', call: client => engine.imageCommit(client, 'c1'), wire: 'POST /commit?container=c1', json: {}, answer: jsonAnswer({ Id: 'i' }, 201), result: { Id: 'i' } },
  { operation: 'imageHistory', call: client => engine.imageHistory(client, 'a/b:1', { platform: AMD64 }), wire: `GET /images/a/b:1/history?platform=${json(AMD64)}`, answer: jsonAnswer([]), result: [] },
  {
    operation: 'imageAttestations',
    call: client => engine.imageAttestations(client, 'a', { platform: [AMD64, ARM], type: ['https://slsa.dev/provenance/v1', 'b'], statement: true }),
    wire: `GET /images/a/attestations?platform=${json(AMD64)}&platform=${json(ARM)}&type=https%3A%2F%2Fslsa.dev%2Fprovenance%2Fv1&type=b&statement=1`,
    answer: jsonAnswer([]),
    result: [],
  },
  { operation: 'imageGet', call: client => read(engine.imageGet(client, 'a/b:1', { platform: [AMD64, ARM] })), wire: `GET /images/a/b:1/get?platform=${json(AMD64)}&platform=${json(ARM)}`, answer: { body: tar }, result: octets },
  { operation: 'imageGetAll', call: client => read(engine.imageGetAll(client, ['a/b:1', 'c d'], { platform: [AMD64] })), wire: `GET /images/get?names=a/b:1&names=c%20d&platform=${json(AMD64)}`, answer: { body: tar }, result: octets },
  { operation: 'imageLoad', call: client => engine.imageLoad(client, tar, { quiet: true, platform: [AMD64, ARM] }), wire: `POST /images/load?quiet=1&platform=${json(AMD64)}&platform=${json(ARM)}`, octets, headers: TAR, answer: { body: '{"stream":"Loaded image: a\\n"}\r\n' }, result: { stream: 'Loaded image: a\n' } },

  { operation: 'networkList', call: client => engine.networkList(client, { filters: { driver: 'bridge' } }), wire: `GET /networks?filters=${json({ driver: ['bridge'] })}`, answer: jsonAnswer([]), result: [] },
  { operation: 'networkInspect', call: client => engine.networkInspect(client, 'a b', { verbose: true, scope: 'local' }), wire: 'GET /networks/a%20b?verbose=1&scope=local', answer: jsonAnswer({ Id: 'n1' }), result: { Id: 'n1' } },
  { operation: 'networkCreate', call: client => engine.networkCreate(client, { Name: 'n', IPAM: { Config: [{ Subnet: '10.1.0.0/24' }] } }), wire: 'POST /networks/create', json: { Name: 'n', IPAM: { Config: [{ Subnet: '10.1.0.0/24' }] } }, answer: jsonAnswer({ Id: 'n1', Warning: '' }, 201), result: { Id: 'n1', Warning: '' } },
  { operation: 'networkConnect', call: client => engine.networkConnect(client, 'n1', { Container: 'c1', EndpointConfig: { Aliases: ['a'] } }), wire: 'POST /networks/n1/connect', json: { Container: 'c1', EndpointConfig: { Aliases: ['a'] } }, answer: EMPTY, result: undefined },
  { operation: 'networkDisconnect', call: client => engine.networkDisconnect(client, 'n1', { Container: 'c1', Force: true }), wire: 'POST /networks/n1/disconnect', json: { Container: 'c1', Force: true }, answer: EMPTY, result: undefined },
  { operation: 'networkDelete', call: client => engine.networkDelete(client, 'n1'), wire: 'DELETE /networks/n1', answer: NO_CONTENT, result: undefined },
  { operation: 'networkPrune', call: client => engine.networkPrune(client, { filters: { 'label!': 'a' } }), wire: `POST /networks/prune?filters=${json({ 'label!': ['a'] })}`, answer: jsonAnswer({ NetworksDeleted: null }), result: { NetworksDeleted: null } },

  { operation: 'volumeList', call: client => engine.volumeList(client, { filters: { dangling: true } }), wire: `GET /volumes?filters=${json({ dangling: ['true'] })}`, answer: jsonAnswer({ Volumes: null, Warnings: null }), result: { Volumes: null, Warnings: null } },
  { operation: 'volumeCreate', call: client => engine.volumeCreate(client, { Name: 'v', DriverOpts: { type: 'tmpfs' } }), wire: 'POST /volumes/create', json: { Name: 'v', DriverOpts: { type: 'tmpfs' } }, answer: jsonAnswer({ Name: 'v' }, 201), result: { Name: 'v' } },
  { operation: 'volumeInspect', call: client => engine.volumeInspect(client, 'v'), wire: 'GET /volumes/v', answer: jsonAnswer({ Name: 'v' }), result: { Name: 'v' } },
  { operation: 'volumeUpdate', call: client => engine.volumeUpdate(client, 'v', { Spec: { Availability: 'drain' } }, { version: 12 }), wire: 'PUT /volumes/v?version=12', json: { Spec: { Availability: 'drain' } }, answer: EMPTY, result: undefined },
  { operation: 'volumeDelete', call: client => engine.volumeDelete(client, 'v', { force: true }), wire: 'DELETE /volumes/v?force=1', answer: NO_CONTENT, result: undefined },
  { operation: 'volumePrune', call: client => engine.volumePrune(client, { filters: { all: true } }), wire: `POST /volumes/prune?filters=${json({ all: ['true'] })}`, answer: jsonAnswer({ VolumesDeleted: [], SpaceReclaimed: 0 }), result: { VolumesDeleted: [], SpaceReclaimed: 0 } },

  {
    operation: 'systemEvents',
    call: client => all(engine.systemEvents(client, { since: '1700000000.123456789', until: 1700000001, filters: { type: ['container', 'image'] } })),
    wire: `GET /events?since=1700000000.123456789&until=1700000001&filters=${json({ type: ['container', 'image'] })}`,
    // The second as until 1.51; record separators as application/json-seq has them.
    answer: { body: '{"Type":"container","Action":"die"}\n\x1e{"status":"die","id":"c1","from":"a","Type":"container","Action":"die"}\n' },
    result: [
      { Type: 'container', Action: 'die' },
      { status: 'die', id: 'c1', from: 'a', Type: 'container', Action: 'die' },
    ],
  },
  { operation: 'systemEvents', call: client => all(engine.systemEvents(client).lines()), wire: 'GET /events', answer: { body: '{"timeNano":1700000000123456789}\n' }, result: ['{"timeNano":1700000000123456789}'] },
  { operation: 'systemDataUsage', call: client => engine.systemDataUsage(client, { type: ['container', 'build-cache'], verbose: true }), wire: 'GET /system/df?type=container&type=build-cache&verbose=1', answer: jsonAnswer({ ImageUsage: { TotalSize: 1 } }), result: { ImageUsage: { TotalSize: 1 } } },
  { operation: 'systemDataUsage', call: client => engine.systemDataUsage(client), wire: 'GET /system/df', answer: jsonAnswer({ LayersSize: 1, Images: [] }), result: { LayersSize: 1, Images: [] } },
  { operation: 'systemAuth', call: client => engine.systemAuth(client, { ...AUTH, serveraddress: 'localhost:5000' }), wire: 'POST /auth', json: { ...AUTH, serveraddress: 'localhost:5000' }, answer: jsonAnswer({ Status: 'Login Succeeded', IdentityToken: '' }), result: { Status: 'Login Succeeded', IdentityToken: '' } },
  { operation: 'systemAuth', call: client => engine.systemAuth(client, AUTH), wire: 'POST /auth', json: AUTH, answer: NO_CONTENT, result: { Status: '' } },
  {
    operation: 'distributionInspect',
    call: client => engine.distributionInspect(client, 'localhost:5000/a:1', { 'X-Registry-Auth': AUTH }),
    wire: 'GET /distribution/localhost:5000/a:1/json',
    headers: { 'x-registry-auth': AUTH_HEADER },
    answer: jsonAnswer({ Descriptor: { size: 1 }, Platforms: [AMD64] }),
    result: { Descriptor: { size: 1 }, Platforms: [AMD64] },
  },
]

export const moreHijacked = [
  {
    operation: 'session',
    call: (client: Client) => engine.session(client, { uuid: 'u1', name: 'n', sharedkey: 'k', 'grpc-method': ['/grpc.health.v1.Health/Check', '/moby.filesync.v1.Auth/Credentials'] }),
    wire: 'POST /session',
    upgrade: 'h2c',
    // Node joins fields that are repeated.
    headers: { 'x-docker-expose-session-uuid': 'u1', 'x-docker-expose-session-name': 'n', 'x-docker-expose-session-sharedkey': 'k', 'x-docker-expose-session-grpc-method': '/grpc.health.v1.Health/Check, /moby.filesync.v1.Auth/Credentials' },
  },
]
