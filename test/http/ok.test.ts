/** A refused request as one error: code, status, what was asked, and what the engine, or who answers in its place, says. */
import { describe, expect, test } from 'vitest'
import { ok, pool, text, withHeaders, withVersion, type Request } from '../../src/http/index.js'
import { codeOf, gate, play, rejection, reply, startPeer } from '../support/peer.js'

const get: Request = { method: 'GET', path: '/containers/x/json' }
const JSON_TYPE = 'Content-Type: application/json\r\n'

const answer = async (response: string): Promise<unknown> => {
  const peer = await startPeer(play({ send: response }, ...(/Content-Length|chunked/.test(response) ? [] : [{ fin: true } as const])))
  const client = pool(peer.dial)
  const error = await rejection(ok(client, get))
  expect(client.stats()).toMatchObject({ leased: 0, waiting: 0 })
  await client.close()
  expect(error).toMatchObject({ method: 'GET', path: '/containers/x/json', peer: `unix://${peer.path}` })
  return error
}

test.each<[string, string]>([
  ['400 Bad Request', 'bad-parameter'],
  ['401 Unauthorized', 'unauthorized'],
  ['403 Forbidden', 'forbidden'],
  ['404 Not Found', 'not-found'],
  ['405 Method Not Allowed', 'http-error'],
  ['406 Not Acceptable', 'http-error'],
  ['409 Conflict', 'conflict'],
  ['429 Too Many Requests', 'http-error'],
  ['500 Internal Server Error', 'server-error'],
  ['501 Not Implemented', 'not-implemented'],
  ['502 Bad Gateway', 'http-error'],
  ['503 Service Unavailable', 'unavailable'],
  ['301 Moved Permanently', 'http-error'],
  ['302 Found', 'http-error'],
  ['599 Odd', 'http-error'],
  ['999 Odd', 'http-error'],
])('%s is %s', async (status, code) => {
  expect(await answer(reply('{"message":"so it is"}', { status, fields: JSON_TYPE }))).toMatchObject({ code, status: Number(status.slice(0, 3)), reason: 'so it is', message: expect.stringContaining('so it is') })
})

test.each(['200 OK', '201 Created', '202 Accepted', '204 No Content', '206 Partial Content', '304 Not Modified'])('%s is none', async status => {
  const bodiless = /^(204|304)/.test(status)
  const peer = await startPeer(play({ send: bodiless ? `HTTP/1.1 ${status}\r\n\r\n` : reply('fine', { status }) }))
  const client = pool(peer.dial)
  const response = await ok(client, get)
  expect(response.status).toBe(Number(status.slice(0, 3)))
  expect(await text(response)).toBe(bodiless ? '' : 'fine')
  expect(client.stats()).toEqual({ leased: 0, idle: 1, waiting: 0 })
  await client.close()
})

describe('the message is', () => {
  const status = '500 Internal Server Error'
  test.each<[string, string, string]>([
    ['that of the engine', reply('{"message":"disk is full"}', { status, fields: JSON_TYPE }), 'disk is full'],
    ['without space around', reply('{"message":"  disk is full\\n"}\n', { status, fields: JSON_TYPE }), 'disk is full'],
    ['with characters beyond ASCII', reply('{"message":"Größe: 5 €"}', { status, fields: 'content-type: application/json; charset=utf-8\r\n' }), 'Größe: 5 €'],
    ['the text of JSON without one', reply('{"cause":"x"}', { status, fields: JSON_TYPE }), '{"cause":"x"}'],
    ['the text of JSON with another kind of one', reply('{"message":5}', { status, fields: JSON_TYPE }), '{"message":5}'],
    ['the text of JSON that is none', reply('{"message":', { status, fields: JSON_TYPE }), '{"message":'],
    ['the text of JSON that is null', reply('null', { status, fields: JSON_TYPE }), 'null'],
    ['plain text', reply('disk is full\n', { status, fields: 'Content-Type: text/plain\r\n' }), 'disk is full'],
    ['text of no type', reply('{"message":"x"}', { status }), '{"message":"x"}'],
    ['HTML of a proxy', reply('<html>\n<h1>502</h1></html>\n', { status, fields: 'Content-Type: text/html\r\n' }), '<html>\n<h1>502</h1></html>'],
    ['the reason where there is no text', reply('', { status }), 'Internal Server Error'],
    ['text until the end', `HTTP/1.1 ${status}\r\n\r\ndisk is full`, 'disk is full'],
    ['text in chunks', `HTTP/1.1 ${status}\r\nTransfer-Encoding: chunked\r\n\r\n5\r\ndisk \r\n7\r\nis full\r\n0\r\n\r\n`, 'disk is full'],
  ])('%s', async (_, response, reason) => {
    expect(await answer(response)).toMatchObject({ code: 'server-error', reason, message: expect.stringContaining(reason) })
  })

  test('there even where neither text nor a reason is', async () => {
    const error = await answer('HTTP/1.1 500\r\nContent-Length: 0\r\n\r\n')
    expect(error).toMatchObject({ code: 'server-error', message: expect.stringContaining('GET /containers/x/json answered 500') })
  })

  test('the beginning of text without end, of which no more is read', async () => {
    const closed = gate()
    const peer = await startPeer(async link => {
      await link.request()
      await link.send('HTTP/1.1 500 Oh\r\n\r\n')
      void link.closed.then(closed.open)
      for (let open = true; open; ) {
        void link.closed.then(() => (open = false))
        await Promise.race([link.send('disk is full '.repeat(10_000)), closed.opened])
        open = !link.socket.destroyed && link.socket.writable
      }
    })
    const client = pool(peer.dial)
    const error = await rejection(ok(client, get))
    expect(error).toMatchObject({ code: 'server-error', status: 500, reason: expect.stringMatching(/^disk is full disk/) })
    expect(String((error as Error).message).length).toBeLessThan(3000)
    expect(client.stats()).toEqual({ leased: 0, idle: 0, waiting: 0 })
    await closed.opened
  })

  test('what came before the connection broke', async () => {
    const peer = await startPeer(play({ send: 'HTTP/1.1 500 Oh\r\nContent-Length: 100\r\n\r\ndisk is f' }, { close: true }))
    const client = pool(peer.dial)
    expect(await rejection(ok(client, get))).toMatchObject({ code: 'server-error', reason: 'disk is f' })
    expect(client.stats()).toEqual({ leased: 0, idle: 0, waiting: 0 })
  })
})

describe('404', () => {
  test.each<[string, string, string]>([
    ['of a container', '{"message":"No such container: x"}', 'not-found'],
    ['of a route', '{"message":"page not found"}', 'route-unknown'],
  ])('%s', async (_, content, code) => {
    expect(await answer(reply(content, { status: '404 Not Found', fields: JSON_TYPE }))).toMatchObject({ code, status: 404 })
  })
})

test('plain HTTP on a TLS port, as net/http answers it', async () => {
  const peer = await startPeer(play({ send: 'HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n' }, { close: true }), { over: 'tcp' })
  const client = pool(peer.dial)
  expect(await rejection(ok(client, get))).toMatchObject({ code: 'tls-required', peer: `tcp://127.0.0.1:${peer.port}` })
  expect(client.stats()).toEqual({ leased: 0, idle: 0, waiting: 0 })
})

test('a version and headers stand before what is asked, and the error shows the path as it was sent', async () => {
  let head = ''
  const peer = await startPeer(async link => {
    head = (await link.request()).head
    await link.send(reply('no', { status: '400 Bad Request' }))
  })
  const shared = pool(peer.dial)
  const client = withHeaders(withVersion(shared, '1.47'), { 'X-One': '1', 'X-Two': '2' })
  expect(await rejection(ok(client, { ...get, headers: { 'X-Two': 'mine' } }))).toMatchObject({ code: 'bad-parameter', path: '/v1.47/containers/x/json' })
  expect(head.split('\r\n')[0]).toBe('GET /v1.47/containers/x/json HTTP/1.1')
  expect(head).toContain('\r\nX-One: 1')
  expect(head).toContain('\r\nX-Two: mine')
  expect(head).not.toContain('X-Two: 2')
  // What is more than a client stays.
  expect(client.stats()).toEqual({ leased: 0, idle: 1, waiting: 0 })
  await client.close()
})

test.each(['', '1', 'v1.47', '1.47/x', '1.47\r\n', '../1.47'])('%j is no version', version => {
  expect(() => withVersion(pool(async () => Promise.reject(new Error('unused'))), version)).toThrow(expect.objectContaining({ code: 'config-invalid' }))
})

test.each<[string, Request]>([
  ['a path without a slash', { method: 'GET', path: 'x' }],
  ['an empty path', { method: 'GET', path: '' }],
  ['a space in the path', { method: 'GET', path: '/a b' }],
  ['a line end in the path', { method: 'GET', path: '/a\r\nX: y' }],
  ['a character beyond ASCII in the path', { method: 'GET', path: '/ä' }],
  ['a method of two words', { method: 'GET /x', path: '/' }],
  ['a line end in a header', { method: 'GET', path: '/', headers: { 'X-A': 'a\r\nX-B: b' } }],
  ['a header whose name is none', { method: 'GET', path: '/', headers: { 'X A': 'a' } }],
  ['a header that frames', { method: 'GET', path: '/', headers: { 'transfer-encoding': 'chunked' } }],
])('%s never reaches the wire', async (_, request) => {
  let asked = false
  const peer = await startPeer(async link => {
    asked = (await link.rest()).length > 0
  })
  const client = pool(peer.dial)
  expect(await codeOf(ok(client, request))).toBe('request-invalid')
  expect(client.stats()).toEqual({ leased: 0, idle: 1, waiting: 0 })
  await client.close()
  await peer.links[0]?.rest()
  expect(asked).toBe(false)
})
