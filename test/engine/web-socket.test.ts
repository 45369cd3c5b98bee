import { expect } from 'vitest'
import { collect, containerAttachWebsocket, containerStart } from '../../src/index.js'
import { apiVersion, describeEngine, errorOf, isPodman, noise, test, text } from './engine.js'

const MIB = 1024 * 1024

describeEngine('attaching over a WebSocket', () => {
  test('echoes 1 MiB of binary both ways', async ({ docker, create }) => {
    const id = await create({ Cmd: ['cat'], OpenStdin: true, StdinOnce: true })
    if (isPodman) {
      // Podman 4.3 has no such route.
      expect(await errorOf(containerAttachWebsocket(docker, id, { stream: true }))).toMatchObject({ code: 'not-found', status: 404, method: 'GET' })
      return
    }
    const socket = await containerAttachWebsocket(docker, id, { stream: true, stdin: true, stdout: true })
    await containerStart(docker, id)
    const sent = noise(MIB)
    const pieces: Uint8Array[] = []
    let got = 0
    const reading = (async () => {
      for await (const message of socket.messages()) {
        // Binary from 1.28 on.
        if (typeof message === 'string') throw new Error('this was to be binary')
        pieces.push(message)
        if ((got += message.length) === MIB) void socket.close()
      }
    })()
    for (let at = 0; at < MIB; at += 100_003) await socket.write(sent.subarray(at, at + 100_003))
    await reading
    expect(Buffer.concat(pieces).equals(sent)).toBe(true)
  })

  test.skipIf(isPodman)('ends with the container, and does not tell the outputs apart', async ({ docker, create }) => {
    const id = await create({ Cmd: ['sh', '-c', 'echo out; echo err >&2'] })
    const socket = await containerAttachWebsocket(docker, id, { stream: true, stdout: true, stderr: true })
    await containerStart(docker, id)
    expect(text(await collect(socket)).split('\n').sort()).toEqual(['', 'err', 'out'])
  })

  test.skipIf(isPodman)('takes the outputs that it is asked for, where the engine knows of that', async ({ docker, create }) => {
    const id = await create({ Cmd: ['sh', '-c', 'echo out; echo err >&2'] })
    const socket = await containerAttachWebsocket(docker, id, { stream: true, stderr: true })
    await containerStart(docker, id)
    // Before 1.42 all of them came, whatever was asked for.
    expect(text(await collect(socket)).split('\n').sort()).toEqual(apiVersion === '1.41' ? ['', 'err', 'out'] : ['', 'err'])
  })

  test('to no container is a coded error', async ({ docker }) => {
    expect(await errorOf(containerAttachWebsocket(docker, 'no-such', { stream: true }))).toMatchObject({ code: 'not-found', status: 404 })
  })
})
