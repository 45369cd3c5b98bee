import { expect } from 'vitest'
import { collect, containerExec, execInspect, execResize, execStart, execStartDetached, fromEnv } from '../../src/index.js'
import { conflict, describeEngine, errorOf, exitOf, isPodman, noise, run, sha256, test, text, textOf } from './engine.js'

const SIZES = [0, 1, 64 * 1024, 64 * 1024 * 1024]

describeEngine('exec', () => {
  for (const size of SIZES) {
    const stdin = noise(size)
    test(`of cat gives ${size} octets of stdin back`, async ({ docker, idle }) => {
      const { stdout, stderr, exitCode } = await run(docker, idle, ['cat'], stdin)
      expect([stdout.length, sha256(stdout), stderr.length, exitCode]).toEqual([size, sha256(stdin), 0, 0])
    })
    test(`of wc -c counts ${size} octets of stdin`, async ({ docker, idle }) => {
      const { stdout, stderr, exitCode } = await run(docker, idle, ['wc', '-c'], stdin)
      expect([text(stdout), stderr.length, exitCode]).toEqual([`${size}\n`, 0, 0])
    })
    test(`of sha256sum sees the end of ${size} octets of stdin`, async ({ docker, idle }) => {
      const { stdout, stderr, exitCode } = await run(docker, idle, ['sha256sum'], stdin)
      expect([text(stdout), stderr.length, exitCode]).toEqual([`${sha256(stdin)}  -\n`, 0, 0])
    })
  }

  test('reads on behind the end of stdin', async ({ docker, idle }) => {
    const { stdout, stderr, exitCode } = await run(docker, idle, ['sh', '-c', 'cat >&2; seq 100000; exit 9'], Buffer.from('heard'))
    expect(text(stderr)).toBe('heard')
    expect(sha256(stdout)).toBe(sha256(Buffer.from(Array.from({ length: 100_000 }, (_, i) => `${i + 1}\n`).join(''))))
    expect(exitCode).toBe(9)
  })

  test('has no stdin where none is asked for', async ({ docker, idle }) => {
    const { stdout, exitCode } = await run(docker, idle, ['sh', '-c', 'cat; echo end'])
    expect([text(stdout), exitCode]).toEqual(['end\n', 0])
  })

  test('has the environment, the user and the folder that it is given', async ({ docker, idle }) => {
    const { Id } = await containerExec(docker, idle, { Cmd: ['sh', '-c', 'echo "$A $(id -u) $(pwd)"'], Env: ['A=ä b'], User: '65534', WorkingDir: '/tmp', AttachStdout: true, AttachStderr: true })
    expect(await textOf(await execStart(docker, Id))).toEqual({ stdout: 'ä b 65534 /tmp\n', stderr: '' })
  })

  test('with a terminal is raw', async ({ docker, idle }) => {
    const { Id } = await containerExec(docker, idle, { Cmd: ['sh', '-c', 'echo out; echo err >&2; printf "\\001\\000\\000\\000"; exit 4'], Tty: true, AttachStdout: true, AttachStderr: true })
    const stream = await execStart(docker, Id, { Tty: true })
    expect([...(await collect(stream))]).toEqual([...Buffer.from('out\r\nerr\r\n\x01\0\0\0')])
    expect(await exitOf(docker, Id)).toMatchObject({ ExitCode: 4, ProcessConfig: { tty: true } })
  })

  test('with a terminal has the size that it is told', async ({ docker, idle }) => {
    const { Id } = await containerExec(docker, idle, { Cmd: ['sh', '-c', 'stty -echo; echo ready; read line; stty size'], Tty: true, AttachStdin: true, AttachStdout: true })
    const stream = await execStart(docker, Id, { Tty: true })
    let output = ''
    for await (const chunk of stream) {
      output += text(chunk)
      if (output === 'ready\r\n') {
        await execResize(docker, Id, { h: 42, w: 123 })
        await stream.write(Buffer.from('\n'))
      }
    }
    expect(output).toBe('ready\r\n42 123\r\n')
  })

  // Docker writes what went wrong to stdout, asked for or not (daemon: postContainerExecStart), podman to stderr.
  test.for([
    ['/no/such/command', 'no such file or directory', [126, 127]],
    ['/etc/passwd', 'permission denied', [126]],
  ] as const)('of %s, which cannot run, says why in its output', async ([command, why, codes], { docker, idle }) => {
    const { stdout, stderr, exitCode } = await run(docker, idle, [command])
    const [said, nothing] = isPodman ? [stderr, stdout] : [stdout, stderr]
    expect(text(said)).toMatch(isPodman ? /^Error: .*exec failed/ : /^OCI runtime exec failed: .*\r\n$/)
    expect(text(said)).toContain(`exec: "${command}": `)
    expect(text(said)).toContain(why)
    expect(text(nothing)).toBe('')
    // Docker 20 says 126 where a shell, podman and newer engines say 127.
    expect(codes).toContain(exitCode)
  })

  test('is inspected while it runs and when it has ended', async ({ docker, idle }) => {
    const { Id } = await containerExec(docker, idle, { Cmd: ['sh', '-c', 'echo ready; read line; exit 6'], AttachStdin: true, AttachStdout: true })
    expect(await execInspect(docker, Id)).toMatchObject({ ID: Id, ContainerID: idle, Running: false })
    const stream = await execStart(docker, Id)
    for await (const _ of stream) {
      expect(await execInspect(docker, Id)).toMatchObject({ Running: true, ExitCode: isPodman ? 0 : null })
      // The command may have written before Docker notes its id.
      await expect.poll(async () => (await execInspect(docker, Id)).Pid, { interval: 5 }).toBeGreaterThan(0)
      void stream.write(Buffer.from('\n'))
    }
    expect(await exitOf(docker, Id)).toMatchObject({ Running: false, ExitCode: 6 })
  })

  test('runs detached', async ({ docker, idle }) => {
    expect((await run(docker, idle, ['mkfifo', '/tmp/pipe'])).exitCode).toBe(0)
    const { Id } = await containerExec(docker, idle, { Cmd: ['sh', '-c', 'echo done >/tmp/pipe; exit 3'] })
    await execStartDetached(docker, Id)
    expect(text((await run(docker, idle, ['cat', '/tmp/pipe'])).stdout)).toBe('done\n')
    // Podman 4.3 learns of the end of such a command five minutes later, from conmon's exit command.
    if (isPodman) expect(await execInspect(docker, Id)).toMatchObject({ Running: true, ExitCode: 0 })
    else expect((await exitOf(docker, Id)).ExitCode).toBe(3)
  })

  test('goes on when its stream is closed', async ({ docker, idle }) => {
    const { Id } = await containerExec(docker, idle, { Cmd: ['sh', '-c', 'echo ready; sleep 3600'], AttachStdout: true })
    const reason = new Error('enough')
    const stream = await execStart(docker, Id)
    await expect(
      (async () => {
        for await (const _ of stream) stream.destroy(reason)
      })(),
    ).rejects.toBe(reason)
    expect(docker.stats().leased).toBe(0)
    expect((await execInspect(docker, Id)).Running).toBe(true)
  })

  test('needs a container that runs, and an exec that is there', async ({ docker, create }) => {
    const id = await create({ Cmd: ['true'] })
    const version = await docker.apiVersion()
    const stopped = await errorOf(containerExec(docker, id, { Cmd: ['true'] }))
    expect(stopped).toMatchObject({ ...conflict, method: 'POST', path: `/v${version}/containers/${id}/exec` })
    expect(stopped.message).toMatch(isPodman ? /can only create exec sessions on running containers/ : /is not running/)
    expect(await errorOf(execStart(docker, 'no-such'))).toMatchObject({ code: 'not-found', status: 404, method: 'POST', path: `/v${version}/exec/no-such/start` })
    expect(await errorOf(execInspect(docker, 'no-such'))).toMatchObject({ code: 'not-found', status: 404, method: 'GET', path: `/v${version}/exec/no-such/json` })
  })

  test('runs 50 at once', async ({ docker, idle }) => {
    const outcomes = await Promise.all(Array.from({ length: 50 }, (_, i) => run(docker, idle, ['sh', '-c', `cat; echo ${i} >&2; exit ${i}`], noise(i * 1000))))
    outcomes.forEach(({ stdout, stderr, exitCode }, i) => expect([sha256(stdout), text(stderr), exitCode]).toEqual([sha256(noise(i * 1000)), `${i}\n`, i]))
  })

  test('waits for a place in a pool that is small', async ({ idle }) => {
    const docker = await fromEnv({ max: 3 })
    const outcomes = await Promise.all(
      Array.from({ length: 12 }, async (_, i) => {
        const { stdout, exitCode } = await run(docker, idle, ['cat'], noise(1000 + i))
        expect(docker.stats().leased).toBeLessThanOrEqual(3)
        return [sha256(stdout), exitCode]
      }),
    )
    expect(outcomes).toEqual(Array.from({ length: 12 }, (_, i) => [sha256(noise(1000 + i)), 0]))
    expect(docker.stats()).toMatchObject({ leased: 0, waiting: 0 })
    await docker.close()
  })
})
