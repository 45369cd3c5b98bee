/** What must not reach the wire: each is refused with request-invalid, which names it, and nothing is sent. */
import { expect, test } from 'vitest'
import * as engine from '../../../src/engine/index.js'
import type { Client } from '../../../src/http/index.js'

/** A client that sends nothing, and remembers that it was asked to. */
const silent = (): Client & { asked: string[] } => {
  const asked: string[] = []
  return {
    asked,
    exchange({ method, path }) {
      asked.push(`${method} ${path}`)
      return Promise.reject(new Error(`${method} ${path} was sent`))
    },
  }
}

/** What JavaScript passes where TypeScript would not let it. */
const wrong = (value: unknown): never => value as never

const CONTAINER_ID: { [name: string]: (client: Client, id: string) => PromiseLike<unknown> } = {
  containerInspect: (client, id) => engine.containerInspect(client, id),
  containerStart: (client, id) => engine.containerStart(client, id),
  containerStop: (client, id) => engine.containerStop(client, id),
  containerRestart: (client, id) => engine.containerRestart(client, id),
  containerKill: (client, id) => engine.containerKill(client, id),
  containerDelete: (client, id) => engine.containerDelete(client, id),
  containerWait: (client, id) => engine.containerWait(client, id),
  containerLogs: (client, id) => engine.containerLogs(client, id, { stdout: true }),
  containerAttach: (client, id) => engine.containerAttach(client, id, { stream: true }),
  containerResize: (client, id) => engine.containerResize(client, id, { h: 1, w: 1 }),
  containerArchive: (client, id) => engine.containerArchive(client, id, '/'),
  containerArchiveInfo: (client, id) => engine.containerArchiveInfo(client, id, '/'),
  putContainerArchive: (client, id) => engine.putContainerArchive(client, id, '/', new Uint8Array(1)),
  containerExec: (client, id) => engine.containerExec(client, id, { Cmd: ['true'] }),
  execStart: (client, id) => engine.execStart(client, id),
  execStartDetached: (client, id) => engine.execStartDetached(client, id),
  execInspect: (client, id) => engine.execInspect(client, id),
  execResize: (client, id) => engine.execResize(client, id, { h: 1, w: 1 }),
}

const IMAGE_NAME: { [name: string]: (client: Client, name: string) => PromiseLike<unknown> } = {
  imageInspect: (client, name) => engine.imageInspect(client, name),
  imageTag: (client, name) => engine.imageTag(client, name, { repo: 'a' }),
  imageDelete: (client, name) => engine.imageDelete(client, name),
}

const BAD_NAMES: unknown[] = ['', '.', '..', 'a\nb', 'a\0', '\u007f', '\ud800', undefined, null, 1, {}, ['a'], Symbol('a')]

const refused = async (call: (client: Client) => PromiseLike<unknown>): Promise<string> => {
  const client = silent()
  const error: unknown = await Promise.resolve(call(client)).then(
    () => new Error('it succeeded'),
    (reason: unknown) => reason,
  )
  expect(error).toMatchObject({ code: 'request-invalid' })
  expect(client.asked).toEqual([])
  return error instanceof Error ? error.message : ''
}

test.each(Object.keys(CONTAINER_ID))('%s refuses what is no id', async name => {
  for (const id of [...BAD_NAMES, '/c1', 'a/b', '../c1']) await refused(client => CONTAINER_ID[name]!(client, wrong(id)))
})

test.each(Object.keys(IMAGE_NAME))('%s refuses what is no name', async name => {
  for (const id of [...BAD_NAMES, '/a', 'a/', 'a//b', 'a/../b', './a', 'a/.', 'a/b\u0001']) await refused(client => IMAGE_NAME[name]!(client, wrong(id)))
})

type Row = [name: string, call: (client: Client) => PromiseLike<unknown>, message: RegExp]

const list = (options: object): Row[1] => client => engine.containerList(client, wrong(options))
const logs = (options: object): Row[1] => client => engine.containerLogs(client, 'c1', wrong({ stdout: true, ...options }))
const images = (options: object): Row[1] => client => engine.imageList(client, wrong(options))
const tar = new Uint8Array(1024)

const rows: Row[] = [
  ['an unknown option', list({ al: true }), /"al".*all, limit, size, filters/],
  ['an unknown option that is undefined', list({ al: undefined }), /"al"/],
  ['an option that every object inherits', list({ toString: true }), /"toString"/],
  ['an option named like the prototype', list(JSON.parse('{"__proto__": true}') as object), /"__proto__"/],
  ['an option of another operation', client => engine.systemInfo(client, wrong({ all: true })), /"all"/],
  ['options that are null', client => engine.containerList(client, wrong(null)), /not null/],
  ['options that are text', client => engine.containerList(client, wrong('all')), /not "all"/],
  ['no options where some are needed', client => engine.containerLogs(client, 'c1', wrong(undefined)), /not undefined/],
  ['text as a boolean', list({ all: 'false' }), /all takes true or false, not "false"/],
  ['a number as a boolean', list({ all: 1 }), /all takes true or false, not 1/],
  ['null as a boolean', list({ all: null }), /all takes true or false, not null/],
  ['NaN', list({ limit: NaN }), /limit takes a whole number, not NaN/],
  ['Infinity', list({ limit: Infinity }), /limit/],
  ['a fraction', list({ limit: 1.5 }), /limit/],
  ['a number beyond 2^53', list({ limit: 2 ** 53 }), /limit/],
  ['a bigint', list({ limit: 1n }), /limit/],
  ['a number as text', list({ limit: '1' }), /limit takes a whole number, not "1"/],
  ['filters as JSON', list({ filters: '{"name":["a"]}' }), /filters/],
  ['filters as an array', list({ filters: ['a'] }), /filters/],
  ['filters as a Map', list({ filters: new Map([['name', 'a']]) }), /filters/],
  ['filters with an object', list({ filters: { name: { a: true } } }), /filters/],
  ['filters with null', list({ filters: { name: null } }), /filters/],
  ['filters with NaN', list({ filters: { exited: [NaN] } }), /filters/],
  ['a signal for a process as the signal', client => engine.containerKill(client, 'c1', wrong({ signal: 'SIGTERM' })), /signal takes an AbortSignal.*sendSignal.*not "SIGTERM"/],
  ['a controller as the signal', list({ signal: new AbortController() }), /signal/],
  ['null as the signal', list({ signal: null }), /signal/],
  ['a negative limit of time', list({ headMs: -1 }), /headMs takes milliseconds, not -1/],
  ['a limit of time that is none', list({ silenceMs: NaN }), /silenceMs/],
  ['a limit of time as text', list({ dialMs: '5' }), /dialMs/],
  ['a date as since', logs({ since: '2026-11-21T03:31:34Z' }), /since takes seconds/],
  ['a duration as since', logs({ since: '10m' }), /since/],
  ['a negative since', logs({ since: -1 }), /since/],
  ['an infinite since', logs({ since: Infinity }), /since/],
  ['a since too small to be written', logs({ since: 1e-7 }), /since/],
  ['more than nanoseconds', logs({ until: '1.1234567890' }), /until/],
  ['a Date as until', logs({ until: new Date() }), /until/],
  ['an array as until', logs({ until: [5] }), /until/],
  ['a negative tail', logs({ tail: -1 }), /tail takes a whole number from 0 on, or 'all'/],
  ['a tail as text', logs({ tail: '10' }), /tail/],
  ['logs of neither stream', client => engine.containerLogs(client, 'c1', { follow: true }), /stdout, stderr or both/],
  ['logs of neither stream, expressly', client => engine.containerLogs(client, 'c1', { stdout: false, stderr: false }), /stdout, stderr or both/],
  ['an attach to nothing', client => engine.containerAttach(client, 'c1', { stdout: true }), /stream, logs or both/],
  ['an unknown condition', client => engine.containerWait(client, 'c1', wrong({ condition: 'exited' })), /condition takes not-running, next-exit, removed, not "exited"/],
  ['a size without columns', client => engine.containerResize(client, 'c1', wrong({ h: 1 })), /w takes a whole number from 0 on, not undefined/],
  ['a size below 0', client => engine.execResize(client, 'e1', { h: -1, w: 1 }), /h takes/],
  ['no size', client => engine.execResize(client, 'e1', wrong(undefined)), /options/],
  ['no path in an archive', client => engine.containerArchive(client, 'c1', wrong(undefined)), /path takes a string/],
  ['no path of an archive', client => engine.containerArchiveInfo(client, 'c1', wrong(null)), /path takes a string/],
  ['no path for an archive', client => engine.putContainerArchive(client, 'c1', wrong(1), tar), /path takes a string/],
  ['a path that is no text', client => engine.containerArchive(client, 'c1', '/\udc00'), /well-formed/],
  ['no archive', client => engine.putContainerArchive(client, 'c1', '/', wrong(undefined)), /an archive is .* not undefined/],
  ['text as an archive', client => engine.putContainerArchive(client, 'c1', '/', wrong('tar')), /an archive is .* not string/],
  ['an object as an archive', client => engine.putContainerArchive(client, 'c1', '/', wrong({})), /an archive is/],
  ['a number as noOverwriteDirNonDir', client => engine.putContainerArchive(client, 'c1', '/', tar, wrong({ noOverwriteDirNonDir: 1 })), /noOverwriteDirNonDir/],
  ['no config', client => engine.containerCreate(client, wrong(undefined)), /object, not undefined/],
  ['an array as a config', client => engine.containerCreate(client, wrong([])), /object, not an array/],
  ['NaN in a config', client => engine.containerCreate(client, { HostConfig: { Memory: NaN } }), /"Memory".*NaN/],
  ['a bigint in a config', client => engine.containerCreate(client, wrong({ HostConfig: { Memory: 1n } })), /"Memory"/],
  ['a function in a config', client => engine.containerCreate(client, wrong({ Env: () => [] })), /"Env"/],
  ['a gap in a config', client => engine.containerCreate(client, wrong({ Cmd: ['a', undefined] })), /"Cmd"/],
  ['a config that holds itself', client => engine.containerCreate(client, wrong(circular())), /no form in JSON/],
  ['a number as a name', client => engine.containerCreate(client, {}, wrong({ name: 1 })), /name takes a string/],
  ['no exec config', client => engine.containerExec(client, 'c1', wrong(null)), /object, not null/],
  ['Detach where the streams are wanted', client => engine.execStart(client, 'e1', wrong({ Detach: true })), /execStartDetached/],
  ['Detach twice', client => engine.execStartDetached(client, 'e1', wrong({ Detach: false })), /execStartDetached/],
  ['a platform as text', client => engine.imageInspect(client, 'a', wrong({ platform: 'linux/amd64' })), /platform takes an object with os and architecture/],
  ['half a platform', client => engine.imageInspect(client, 'a', wrong({ platform: { os: 'linux' } })), /platform/],
  ['a platform for platforms', client => engine.imageDelete(client, 'a', wrong({ platforms: { os: 'linux', architecture: 'amd64' } })), /platforms takes an array/],
  ['a misspelt option with a hyphen', images({ sharedSize: true }), /"sharedSize".*shared-size/],
  ['no repo for a tag', client => engine.imageTag(client, 'a', wrong({})), /repo takes a string, not undefined/],
  ['an image from nothing', client => engine.imageCreate(client, {}), /fromImage or fromSrc/],
  ['an image from null', client => engine.imageCreate(client, wrong(null)), /fromImage or fromSrc/],
  ['an image from two sources', client => engine.imageCreate(client, { fromImage: 'a', fromSrc: 'http://b' }), /fromImage or fromSrc/],
  ['an import without an archive', client => engine.imageCreate(client, { fromSrc: '-' }), /inputImage/],
  ['an archive that nobody reads', client => engine.imageCreate(client, { fromImage: 'a', inputImage: tar }), /inputImage/],
  ['text as changes', client => engine.imageCreate(client, wrong({ fromSrc: '-', inputImage: tar, changes: 'CMD sh' })), /changes takes an array of strings, not "CMD sh"/],
  ['a number among changes', client => engine.imageCreate(client, wrong({ fromSrc: '-', inputImage: tar, changes: [1] })), /changes/],
]

const circular = (): object => {
  const value: { self?: unknown } = {}
  value.self = value
  return value
}

test.each(rows)('%s is refused', async (_, call, message) => {
  expect(await refused(call)).toMatch(message)
})

test('what names a thing is not hidden in the message', async () => {
  expect(await refused(client => engine.containerStart(client, '/web'))).toBe('"/web" has a slash: leave out the one that the engine puts before a container\'s name')
})
