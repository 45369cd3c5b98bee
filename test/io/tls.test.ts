/**
 * TLS: whom the client trusts, whom the engine does, and what each says when it does not. Nothing is asked of a peer that was not
 * verified. The certificates are made by fixtures/tls/make.sh.
 */
import { spawn, spawnSync } from 'node:child_process'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { direct, ok, pool, text, type Request } from '../../src/http/index.js'
import { dialTcp, dialTls, type TlsOptions } from '../../src/io/index.js'
import { answering, codeOf, pem, play, rejection, reply, startPeer, type Peer } from '../support/peer.js'

const get: Request = { method: 'GET', path: '/_ping' }
const ca = pem('authority')
const CLIENT = { cert: pem('client'), key: pem('client-key') }

/** Serves with one of the certificates of fixtures/tls. */
const serving = (certificate: string, more = {}): Promise<Peer> =>
  startPeer(answering(reply('OK')), { over: 'tls', tls: { cert: pem(certificate), key: pem(`${certificate}-key`), ...more } })

const dialling = ({ port }: Peer, options: TlsOptions, host = '127.0.0.1'): ReturnType<typeof dialTls> => dialTls({ host, port }, options)

describe('the engine is trusted', () => {
  test.each<[string, string, TlsOptions, string]>([
    ['by its authority and its address', 'server', { ca }, '127.0.0.1'],
    ['by its authority and its name', 'server', { ca }, 'localhost'],
    ['by one authority of several', 'server', { ca: [pem('other-authority'), ca] }, 'localhost'],
    ['by one authority of several in one text', 'server', { ca: `${pem('other-authority')}\n${ca}` }, 'localhost'],
    ['by octets as well', 'server', { ca: Buffer.from(ca) }, 'localhost'],
    ['by another of its names', 'server', { ca, servername: 'engine.test' }, '127.0.0.1'],
    ['by a certificate that vouches for itself and is known', 'server-self-signed', { ca: pem('server-self-signed') }, 'localhost'],
    ['whoever it is, if nobody is to be verified', 'server-wrong-name', { verify: false }, '127.0.0.1'],
    ['even expired, if nobody is to be verified', 'server-expired', { verify: false }, '127.0.0.1'],
    ['even by itself alone, if nobody is to be verified', 'server-self-signed', { verify: false }, '127.0.0.1'],
  ])('%s', async (_, certificate, options, host) => {
    const peer = await serving(certificate)
    const client = pool(dialling(peer, options, host))
    const response = await client.exchange(get)
    expect(await text(response)).toBe('OK')
    expect(response.connection.peer).toBe(`https://${host}:${peer.port}`)
    expect(client.stats()).toEqual({ leased: 0, idle: 1, waiting: 0 })
    await client.close()
  })
})

describe('the engine is not trusted', () => {
  // The reasons are OpenSSL's (openssl-verification-options(1)) and Node's.
  test.each<[string, string, TlsOptions, string, string]>([
    ['without its authority', 'server', {}, '127.0.0.1', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
    ['by another authority', 'server', { ca: pem('other-authority') }, '127.0.0.1', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
    ['vouching for itself', 'server-self-signed', { ca }, '127.0.0.1', 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ['expired', 'server-expired', { ca }, '127.0.0.1', 'CERT_HAS_EXPIRED'],
    ['by an address that is not its own', 'server-wrong-name', { ca }, '127.0.0.1', 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['by a name that is not its own', 'server-wrong-name', { ca }, 'localhost', 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['by a server name that is not its own', 'server', { ca, servername: 'elsewhere.test' }, '127.0.0.1', 'ERR_TLS_CERT_ALTNAME_INVALID'],
  ])('%s', async (_, certificate, options, host, reason) => {
    let asked = false
    const peer = await startPeer(async link => {
      asked ||= (await link.bytes(1)).length > 0
    }, { over: 'tls', tls: { cert: pem(certificate), key: pem(`${certificate}-key`) } })
    const client = pool(dialling(peer, options, host))
    const error = await rejection(client.exchange({ method: 'POST', path: '/secret' }))
    expect(error).toMatchObject({ code: 'tls-certificate', reason, peer: `https://${host}:${peer.port}`, message: expect.stringContaining(reason) })
    expect(client.stats()).toEqual({ leased: 0, idle: 0, waiting: 0 })
    await peer.close()
    expect(asked).toBe(false)
  })

  test('by the whole chain that it sends itself', async () => {
    const peer = await serving('server', { cert: `${pem('server')}${ca}` })
    expect(await rejection(dialling(peer, {})())).toMatchObject({ code: 'tls-certificate', reason: 'SELF_SIGNED_CERT_IN_CHAIN' })
  })
})

describe.each(['TLSv1.2', 'TLSv1.3'])('an engine that wants a certificate, by %s,', version => {
  const WANTED = { requestCert: true, rejectUnauthorized: true, ca, minVersion: version, maxVersion: version }

  test('takes one that its authority vouches for', async () => {
    const peer = await serving('server', WANTED)
    for (const key of [{ key: CLIENT.key }, { key: Buffer.from(CLIENT.key) }, { key: pem('client-key-encrypted'), passphrase: 'hawser' }])
      expect(await text(await direct(dialling(peer, { ca, cert: CLIENT.cert, ...key })).exchange(get))).toBe('OK')
  })

  // By 1.3 the client has finished its handshake when the engine says no (RFC 8446 section 4.4.2.4), so that the first exchange hears it.
  test('refuses none', async () => {
    const peer = await serving('server', WANTED)
    const client = pool(dialling(peer, { ca }))
    for (let time = 0; time < 20; time++) {
      expect(await rejection(client.exchange(get))).toMatchObject({ code: 'tls-certificate', reason: expect.stringContaining('ALERT'), message: expect.stringContaining('client') })
      expect(client.stats()).toEqual({ leased: 0, idle: 0, waiting: 0 })
    }
  })

  test('refuses none, whatever is asked of it', async () => {
    const peer = await serving('server', WANTED)
    const client = pool(dialling(peer, { ca }))
    const { streamBody, bytesBody } = await import('../../src/http/index.js')
    for (const make of [() => undefined, () => bytesBody(new Uint8Array(5_000_000)), () => streamBody(Array.from({ length: 50 }, () => new Uint8Array(100_000)))]) {
      for (let time = 0; time < 10; time++) expect(await codeOf(client.exchange({ method: 'POST', path: '/', body: make() }))).toBe('tls-certificate')
      expect(client.stats()).toEqual({ leased: 0, idle: 0, waiting: 0 })
    }
  })

  test('refuses one that a stranger vouches for', async context => {
    if (spawnSync('openssl', ['version']).status !== 0) context.skip('no openssl to be the engine: Node closes without a word here, dockerd and openssl say why')
    const server = createServer()
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    await new Promise(resolve => server.close(resolve))
    const folder = new URL('../../fixtures/tls/', import.meta.url).pathname
    const child = spawn('openssl', ['s_server', '-accept', `127.0.0.1:${port}`, '-cert', `${folder}server.pem`, '-key', `${folder}server-key.pem`, '-CAfile', `${folder}authority.pem`, '-Verify', '1', '-verify_return_error', version === 'TLSv1.2' ? '-tls1_2' : '-tls1_3'])
    onTestFinished(() => void child.kill())
    await new Promise<void>(resolve => child.stdout.on('data', chunk => String(chunk).includes('ACCEPT') && resolve()))
    const client = pool(dialTls({ host: '127.0.0.1', port }, { ca, cert: pem('client-of-other'), key: pem('client-of-other-key') }))
    expect(await rejection(client.exchange(get))).toMatchObject({ code: 'tls-certificate', reason: expect.stringMatching(/ALERT_UNKNOWN_CA|ALERT_.*CERTIFICATE/), message: expect.stringContaining('client') })
    expect(client.stats()).toEqual({ leased: 0, idle: 0, waiting: 0 })
  })
})

describe('what cannot be used is refused', () => {
  const address = { host: '127.0.0.1', port: 2376 }
  test.each<[string, TlsOptions]>([
    ['a certificate without its key', { cert: CLIENT.cert }],
    ['a key without its certificate', { key: CLIENT.key }],
  ])('%s', (_, options) => {
    expect(() => dialTls(address, options)).toThrow(expect.objectContaining({ code: 'config-invalid' }))
  })

  test.each<[string, TlsOptions]>([
    ['the key of another certificate', { cert: CLIENT.cert, key: pem('client-of-other-key') }],
    ['a key that is none', { cert: CLIENT.cert, key: 'no key' }],
    ['a certificate that is none', { cert: 'no certificate', key: CLIENT.key }],
    ['an encrypted key without its passphrase', { cert: CLIENT.cert, key: pem('client-key-encrypted') }],
    ['an encrypted key with another passphrase', { cert: CLIENT.cert, key: pem('client-key-encrypted'), passphrase: 'other' }],
    ['a number for an authority', { ca: 5 as unknown as string }],
  ])('%s', async (_, options) => {
    const client = pool(dialTls(address, options))
    expect(await rejection(client.exchange(get))).toMatchObject({ code: 'config-invalid', peer: 'https://127.0.0.1:2376' })
    expect(client.stats()).toEqual({ leased: 0, idle: 0, waiting: 0 })
  })
})

describe('TLS to a port that speaks none', () => {
  test.each<[string, string]>([
    // net/http answers what is no request.
    ['an engine', 'HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n400 Bad Request'],
    ['an old proxy', 'HTTP/1.0 400 Bad request\r\n\r\n<html>'],
    ['ssh', 'SSH-2.0-OpenSSH_9.2p1\r\n'],
    ['few octets', 'no\r\n\r\nTLS'],
  ])('%s', async (_, answer) => {
    const peer = await startPeer(async link => {
      await link.bytes(1)
      await link.send(answer)
      link.close()
    }, { over: 'tcp' })
    const client = pool(dialTls({ host: '127.0.0.1', port: peer.port }, { ca }))
    expect(await rejection(client.exchange(get))).toMatchObject({ code: 'tls-unsupported', peer: `https://127.0.0.1:${peer.port}`, message: expect.stringContaining('does not speak TLS') })
    expect(client.stats()).toEqual({ leased: 0, idle: 0, waiting: 0 })
  })

  test.each<[string, 'close' | 'reset' | 'fin']>([['closes', 'close'], ['resets', 'reset'], ['half-closes', 'fin']])('and %s without a word', async (_, act) => {
    const peer = await startPeer(async link => {
      await link.bytes(1)
      link[act]()
    }, { over: 'tcp' })
    const client = pool(dialTls({ host: '127.0.0.1', port: peer.port }, { ca }))
    expect(await rejection(client.exchange(get))).toMatchObject({ code: 'tls-failed', peer: `https://127.0.0.1:${peer.port}` })
    expect(client.stats()).toEqual({ leased: 0, idle: 0, waiting: 0 })
  })
})

test('an engine that knows only TLS 1.1 is refused', async () => {
  const peer = await serving('server', { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' })
  expect(await rejection(dialling(peer, { ca })())).toMatchObject({ code: 'tls-failed', peer: `https://127.0.0.1:${peer.port}` })
})

describe('a request in plain text to a port that wants TLS', () => {
  test('is answered by an alert', async () => {
    // RFC 8446 section 6: alert, TLS 1.0 for old peers, two octets, fatal, protocol_version.
    const alert = Uint8Array.of(0x15, 3, 1, 0, 2, 2, 70)
    for (let cut = 1; cut <= alert.length; cut++) {
      const peer = await startPeer(play({ send: alert.subarray(0, cut) }, { close: true }), { over: 'tcp' })
      const client = pool(peer.dial)
      expect(await rejection(client.exchange(get))).toMatchObject({ code: 'tls-required', message: expect.stringContaining('TLS') })
      expect(client.stats()).toEqual({ leased: 0, idle: 0, waiting: 0 })
      await peer.close()
    }
  })

  test('is answered in plain text by net/http', async () => {
    const peer = await startPeer(play({ send: 'HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n' }, { close: true }), { over: 'tcp' })
    const client = pool(peer.dial)
    expect(await codeOf(ok(client, get))).toBe('tls-required')
    expect(client.stats()).toEqual({ leased: 0, idle: 0, waiting: 0 })
  })

  test('is answered by openssl with an alert or nothing', async () => {
    const peer = await serving('server')
    const client = pool(dialTcp({ host: '127.0.0.1', port: peer.port }))
    expect(await codeOf(client.exchange(get))).toMatch(/^(tls-required|connection-closed|connection-lost)$/)
    expect(client.stats()).toEqual({ leased: 0, idle: 0, waiting: 0 })
  })
})

describe('what lies between the two', () => {
  const ENDINGS: [string, (client: Socket) => void][] = [
    ['closes', client => client.destroy()],
    ['half-closes', client => client.end()],
    ['resets', client => client.resetAndDestroy()],
    ['stalls', () => {}],
  ]

  /** Passes on so many octets of what the engine says, and then does as it is told. */
  const between = async (engine: Peer, count: number, ending: (client: Socket) => void): Promise<number> => {
    const server = createServer({ allowHalfOpen: true }, client => {
      const upstream = connect(engine.port, '127.0.0.1')
      let left = count
      client.on('error', () => {})
      upstream.on('error', () => {})
      client.on('close', () => upstream.destroy())
      client.pipe(upstream)
      upstream.on('data', data => {
        const part = data.subarray(0, left)
        left -= part.length
        if (part.length > 0) client.write(part)
        if (left === 0) ending(client)
      })
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    return (server.address() as AddressInfo).port
  }

  // The handshake by TLS 1.3 and these certificates takes the engine some 1100 octets, and the tickets behind it 500.
  describe.each([false, true])('where the engine wants a certificate: %s', wanted => {
    test.each(ENDINGS)('%s behind any octet: no exchange hangs, and none takes half an answer', async (name, ending) => {
      const peer = await serving('server', wanted ? { requestCert: true, rejectUnauthorized: true, ca } : {})
      const codes = new Set<unknown>()
      const one = async (count: number): Promise<void> => {
        const port = await between(peer, count, ending)
        const client = pool(dialTls({ host: '127.0.0.1', port }, { ca, ...CLIENT }))
        const stalls = name === 'stalls'
        const code = await codeOf(client.exchange(get, { dialMs: stalls ? 300 : 0, headMs: stalls ? 300 : 0 }).then(response => text(response)))
        codes.add(code)
        expect(client.stats()).toMatchObject({ leased: 0, waiting: 0 })
        await client.close()
      }
      const counts = Array.from({ length: 105 }, (_, i) => 1 + i * 31)
      for (let at = 0; at < counts.length; at += 35) await Promise.all(counts.slice(at, at + 35).map(one))
      const allowed = name === 'stalls' ? ['dial-timeout', 'head-timeout', 'resolved'] : ['tls-failed', 'connection-closed', 'connection-lost', 'message-truncated', 'resolved']
      expect([...codes].filter(code => !allowed.includes(String(code)))).toEqual([])
      expect(codes.size).toBeGreaterThan(1)
    })
  })
})
