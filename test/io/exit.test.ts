/** What keeps a process alive: a request under way, and nothing that only might be of use later. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, afterAll, describe, expect, test } from 'vitest'
import { bundle } from '../support/bundle.js'
import { answering, gate, pem, play, reply, startPeer, type Over } from '../support/peer.js'

const folder = mkdtempSync(join(tmpdir(), 'exit-'))
const script = join(folder, 'child.mjs')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Runs what the arguments name against the peer, and says how it went. */
beforeAll(async () => {
  const { code } = await bundle(`
    import { body, bodyInto, dialTcp, dialTls, dialUnix, direct, hijack, pool, text } from 'hawser'
    const [, , what, over, path, port, ca] = process.argv
    const address = { host: '127.0.0.1', port: Number(port) }
    const dial = over === 'unix' ? dialUnix(path) : over === 'tcp' ? dialTcp(address) : dialTls(address, { ca })
    const get = { method: 'GET', path: '/' }
    const client = pool(dial, { headMs: 3_600_000, silenceMs: 3_600_000 })
    const tasks = {
      idle: async () => text(await client.exchange(get)),
      many: async () => (await Promise.all([1, 2, 3].map(async () => text(await client.exchange(get))))).join(),
      closed: async () => {
        const said = await text(await client.exchange(get))
        await client.close()
        return said
      },
      direct: async () => text(await direct(dial).exchange(get)),
      loop: async () => {
        for await (const chunk of body(await client.exchange(get))) return 'left'
      },
      aborted: async () => {
        const controller = new AbortController()
        const running = client.exchange(get, { signal: controller.signal }).catch(error => error)
        setTimeout(() => controller.abort('aborted'), 20)
        return running
      },
      stream: async () => {
        const stream = await hijack(client, get)
        const all = []
        await stream.into((chunk, start, end) => void all.push(Buffer.from(chunk.subarray(start, end)).toString()))
        return all.join('')
      },
      again: async () => {
        await text(await client.exchange(get))
        return text(await client.exchange(get))
      },
    }
    console.log('said', await tasks[what]())
  `)
  writeFileSync(script, code)
})

/** Runs the child to its end: what it said, and its code. */
const run = (what: string, over: Over, { path, port }: { path: string; port: number }): Promise<string> =>
  new Promise(resolve => {
    const child = spawn(process.execPath, [script, what, over, path, String(port), pem('authority')], { stdio: ['ignore', 'pipe', 'inherit'] })
    let said = ''
    child.stdout.on('data', chunk => (said += String(chunk)))
    child.once('close', code => resolve(`${said.trim()}, exit ${code}`))
  })

describe.each<Over>(['unix', 'tcp', 'tls'])('over %s', over => {
  test.each([['idle', 'here'], ['many', 'here,here,here'], ['closed', 'here'], ['direct', 'here'], ['again', 'here']])('a process exits by itself: %s', async (what, said) => {
    const peer = await startPeer(answering(reply('here')), { over })
    expect(await run(what, over, peer)).toBe(`said ${said}, exit 0`)
  })

  test('one that has left a loop exits', async () => {
    const peer = await startPeer(play({ send: 'HTTP/1.1 200 OK\r\n\r\nsome' }), { over })
    expect(await run('loop', over, peer)).toBe('said left, exit 0')
  })

  test('one that has aborted a request exits', async () => {
    const peer = await startPeer(play(), { over })
    expect(await run('aborted', over, peer)).toBe('said aborted, exit 0')
  })

  test('one that waits does not: for a head, a body, a stream, or an answer on a connection that was idle', async () => {
    const go = gate()
    const waiting = gate()
    let count = 0
    const peer = await startPeer(async (link, nth) => {
      await link.request()
      if (nth === 3) {
        await link.send(reply('first'))
        await link.request()
      }
      if (nth === 1) await link.send('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n')
      if (nth === 2) await link.send('HTTP/1.1 101 UPGRADED\r\n\r\n')
      if (++count === 4) waiting.open()
      await go.opened
      await link.send(nth === 1 || nth === 2 ? 'late' : reply('late'))
      if (nth === 2) link.fin()
    }, { over })
    const children: Promise<string>[] = []
    for (const what of ['idle', 'idle', 'stream', 'again']) {
      children.push(run(what, over, peer))
      await peer.link(children.length - 1)
    }
    const exits: string[] = []
    for (const child of children) void child.then(exit => exits.push(exit))
    await waiting.opened
    // Longer than it takes to exit for want of anything to do.
    await Promise.race([new Promise(resolve => setTimeout(resolve, 300)), ...children])
    expect(exits).toEqual([])
    go.open()
    expect(await Promise.all(children)).toEqual(Array.from({ length: 4 }, () => 'said late, exit 0'))
  })
})
