/** What the operations beyond running containers refuse before anything is sent; bad-input.test.ts has what all options share. */
import { expect, test } from 'vitest'
import * as engine from '../../../src/engine/index.js'
import type { Client } from '../../../src/http/index.js'

const wrong = (value: unknown): never => value as never

type Call = (client: Client) => PromiseLike<unknown>

const first = <T>(stream: AsyncIterable<T>): Promise<unknown> => stream[Symbol.asyncIterator]().next()

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

const BAD_NAMES: unknown[] = ['', '.', '..', 'a\nb', 'a\0', '\ud800', undefined, null, 1, {}, ['a']]

const SEGMENT: { [name: string]: (client: Client, id: string) => PromiseLike<unknown> } = {
  containerTop: (client, id) => engine.containerTop(client, id),
  containerChanges: (client, id) => engine.containerChanges(client, id),
  containerExport: (client, id) => engine.containerExport(client, id),
  containerStats: (client, id) => first(engine.containerStats(client, id)),
  'containerStats registered': (client, id) => engine.containerStats(client, id).registered(),
  'containerStats lines': (client, id) => first(engine.containerStats(client, id).lines()),
  containerStatsOnce: (client, id) => engine.containerStatsOnce(client, id),
  containerUpdate: (client, id) => engine.containerUpdate(client, id, {}),
  containerRename: (client, id) => engine.containerRename(client, id, { name: 'a' }),
  containerPause: (client, id) => engine.containerPause(client, id),
  containerUnpause: (client, id) => engine.containerUnpause(client, id),
  checkpointCreate: (client, id) => engine.checkpointCreate(client, id, { CheckpointID: 'k' }),
  checkpointList: (client, id) => engine.checkpointList(client, id),
  checkpointDelete: (client, id) => engine.checkpointDelete(client, id, 'k'),
  'checkpointDelete of': (client, id) => engine.checkpointDelete(client, 'c1', id),
  imageCommit: (client, id) => engine.imageCommit(client, id),
  networkInspect: (client, id) => engine.networkInspect(client, id),
  networkConnect: (client, id) => engine.networkConnect(client, id, { Container: 'c1' }),
  networkDisconnect: (client, id) => engine.networkDisconnect(client, id, { Container: 'c1' }),
  networkDelete: (client, id) => engine.networkDelete(client, id),
  volumeInspect: (client, id) => engine.volumeInspect(client, id),
  volumeUpdate: (client, id) => engine.volumeUpdate(client, id, {}, { version: 1 }),
  volumeDelete: (client, id) => engine.volumeDelete(client, id),
}

const SEGMENTS: { [name: string]: (client: Client, name: string) => PromiseLike<unknown> } = {
  imagePush: (client, name) => engine.imagePush(client, name),
  imageHistory: (client, name) => engine.imageHistory(client, name),
  imageAttestations: (client, name) => engine.imageAttestations(client, name),
  imageGet: (client, name) => engine.imageGet(client, name),
  imageGetAll: (client, name) => engine.imageGetAll(client, ['a', name]),
  distributionInspect: (client, name) => engine.distributionInspect(client, name),
}

test.each(Object.keys(SEGMENT))('%s refuses what is no id', async name => {
  for (const id of [...BAD_NAMES, '/c1', 'a/b']) await refused(client => SEGMENT[name]!(client, wrong(id)))
})

test.each(Object.keys(SEGMENTS))('%s refuses what is no name', async name => {
  for (const id of [...BAD_NAMES, '/a', 'a/', 'a//b', 'a/../b']) await refused(client => SEGMENTS[name]!(client, wrong(id)))
})

const tar = new Uint8Array(1024)
const build = (options: object): Call => client => engine.imageBuild(client, wrong({ inputStream: tar, ...options }))
const push = (auth: unknown): Call => client => engine.imagePush(client, 'a', { 'X-Registry-Auth': wrong(auth) })

const rows: [name: string, call: Call, message: RegExp][] = [
  ['a stream of stats that is none', client => first(engine.containerStats(client, 'c1', wrong({ stream: false }))), /"stream"/],
  ['one sample of a stream', client => engine.containerStatsOnce(client, 'c1', wrong({ stream: true })), /"stream"/],
  ['no name to rename to', client => engine.containerRename(client, 'c1', wrong({})), /name takes a string, not undefined/],
  ['no update', client => engine.containerUpdate(client, 'c1', wrong(undefined)), /object, not undefined/],
  ['a limit that is no number', client => engine.containerUpdate(client, 'c1', { Memory: NaN }), /"Memory"/],
  ['no checkpoint', client => engine.checkpointCreate(client, 'c1', wrong(null)), /object, not null/],
  ['ps_args as an array', client => engine.containerTop(client, 'c1', wrong({ ps_args: ['-ef'] })), /ps_args takes a string/],
  ['a build of nothing', client => engine.imageBuild(client, {}), /inputStream or remote/],
  ['a build of null', client => engine.imageBuild(client, wrong(null)), /inputStream or remote/],
  ['a build of two contexts', build({ remote: 'https://a' }), /inputStream or remote/],
  ['a build of text', build({ inputStream: 'FROM a' }), /an archive is/],
  ['t as text', build({ t: 'a' }), /t takes an array of strings/],
  ['buildargs as an array', build({ buildargs: ['A=b'] }), /buildargs takes an object/],
  ['buildargs as a Map', build({ buildargs: new Map([['A', 'b']]) }), /buildargs/],
  ['a number among buildargs', build({ buildargs: { A: 1 } }), /buildargs/],
  ['undefined among buildargs, which JSON would drop', build({ buildargs: { A: undefined } }), /buildargs/],
  ['null among labels', build({ labels: { A: null } }), /labels/],
  ['cachefrom as text', build({ cachefrom: 'a' }), /cachefrom/],
  ['half an ulimit', build({ ulimits: [{ Name: 'nofile', Soft: 1 }] }), /ulimits/],
  ['an ulimit that is null', build({ ulimits: [null] }), /ulimits/],
  ['outputs as an object', build({ outputs: { Type: 'local' } }), /outputs/],
  ['the builder as a number', build({ version: 2 }), /version takes 1, 2, not 2/],
  ['a platform as an object', build({ platform: { os: 'linux', architecture: 'arm' } }), /platform takes a string/],
  ['a negative shmsize', build({ shmsize: -1 }), /shmsize/],
  ['credentials for a build as text', build({ 'X-Registry-Config': 'c2VjcmV0' }), /credentials for a build/],
  ['credentials for a build without a registry', build({ 'X-Registry-Config': { username: 'me', password: 'secret' } }), /an object, not string/],
  ['credentials as text', push('c2VjcmV0'), /credentials are an object, not string/],
  ['credentials as an array', push(['secret']), /an array/],
  ['credentials as null', push(null), /not null/],
  ['a number as the password', push({ password: 424242 }), /the password of credentials is a string, not number/],
  ['credentials misspelt', push({ user: 'secret' }), /no "user", only username/],
  ['credentials to log in with', client => engine.systemAuth(client, wrong({ username: 'me', password: ['secret'] })), /the password/],
  ['no credentials to log in with', client => engine.systemAuth(client, wrong(undefined)), /not undefined/],
  ['credentials to inspect with', client => engine.distributionInspect(client, 'a', { 'X-Registry-Auth': wrong('secret') }), /object, not string/],
  ['credentials to pull with', client => engine.imageCreate(client, { fromImage: 'a', 'X-Registry-Auth': wrong('secret') }), /object, not string/],
  ['credentials where none are taken', client => engine.imageHistory(client, 'a', wrong({ 'X-Registry-Auth': { password: 'secret' } })), /no option "X-Registry-Auth"/],
  ['a platform of several as one', client => engine.imageGet(client, 'a', wrong({ platform: { os: 'linux', architecture: 'arm' } })), /platform takes an array/],
  ['no names', client => engine.imageGetAll(client, []), /one at least/],
  ['a name instead of names', client => engine.imageGetAll(client, wrong('a')), /one at least/],
  ['no archive to load', client => engine.imageLoad(client, wrong(undefined)), /an archive is/],
  ['no term', client => engine.imageSearch(client, wrong({})), /term takes a string, not undefined/],
  ['a config to commit that is text', client => engine.imageCommit(client, 'c1', wrong({ containerConfig: 'CMD' })), /object/],
  ['changes of a commit as text', client => engine.imageCommit(client, 'c1', wrong({ changes: 'CMD a' })), /changes/],
  ['no build to cancel', client => engine.buildCancel(client, wrong(undefined)), /id takes a string/],
  ['no network', client => engine.networkCreate(client, wrong('n')), /object, not n/],
  ['a volume of a list', client => engine.volumeCreate(client, wrong(['v'])), /an array/],
  ['no version of a volume', client => engine.volumeUpdate(client, 'v', {}, wrong({})), /version takes a whole number/],
  ['a date as since', client => first(engine.systemEvents(client, { since: '2026-11-21T03:31:34Z' })), /since takes seconds/],
  ['a type of usage that is none', client => engine.systemDataUsage(client, wrong({ type: ['network'] })), /type takes an array of container, image/],
  ['a type of usage as text', client => engine.systemDataUsage(client, wrong({ type: 'image' })), /type/],
  ['a session without methods', client => engine.session(client, wrong({ uuid: 'a', name: 'b' })), /grpc-method takes an array/],
  ['a session without a uuid', client => engine.session(client, { uuid: '', name: 'b', 'grpc-method': [] }), /uuid and a name/],
  ['no session', client => engine.session(client, wrong(undefined)), /options/],
]


test.each(rows)('%s: refused, and no secret told', async (_, call, message) => {
  const said = await refused(call)
  expect(said).toMatch(message)
  expect(said).not.toMatch(/secret|c2VjcmV0|424242/)
})
