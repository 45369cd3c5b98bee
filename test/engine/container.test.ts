import { Readable } from 'node:stream'
import { expect } from 'vitest'
import {
  collect,
  containerAttach,
  containerCreate,
  containerDelete,
  containerInspect,
  containerKill,
  containerList,
  containerLogs,
  containerResize,
  containerRestart,
  containerStart,
  containerStop,
  containerWait,
  discard,
  ok,
} from '../../src/index.js'
import { conflict, describeEngine, errorOf, finish, image, isPodman, test, text, textOf, written } from './engine.js'

/** Says that it is ready, and ends with 3 when it is asked to stop. */
const TRAP = ['sh', '-c', 'trap "exit 3" TERM; echo ready; sleep 3600 & wait']

describeEngine('containers', () => {
  test('are created, inspected and listed', async ({ docker, create, task }) => {
    const name = `hawser-${task.id}`
    const id = await create({ Cmd: ['true'], Env: ['A=1', 'B=zwölf'], Labels: { 'hawser.test': task.id, kind: 'a b', 'ключ': 'значение' } }, name)
    expect(id).toMatch(/^[\da-f]{64}$/)
    const state = await containerInspect(docker, id)
    expect(state).toMatchObject({ Id: id, State: { Status: 'created', Running: false, ExitCode: 0 }, HostConfig: { NetworkMode: 'none' } })
    expect(state.Name.replace(/^\//, '')).toBe(name)
    expect(state.Config).toMatchObject({ Cmd: ['true'], Tty: false, Labels: { kind: 'a b', 'ключ': 'значение' } })
    expect(state.Config.Env).toEqual(expect.arrayContaining(['A=1', 'B=zwölf']))
    // A name and the beginning of an id will do.
    expect((await containerInspect(docker, name)).Id).toBe(id)
    expect((await containerInspect(docker, id.slice(0, 12))).Id).toBe(id)
    expect((await containerList(docker, { all: true })).map(({ Id }) => Id)).toContain(id)
    expect((await containerList(docker)).map(({ Id }) => Id)).not.toContain(id)
  })

  test('are listed by filters', async ({ docker, create, task }) => {
    const label = `hawser.test=${task.id}`
    const a = await create({ Cmd: ['sleep', '3600'], Labels: { 'hawser.test': task.id, kind: 'a' } }, `hawser-${task.id}-a`)
    const b = await create({ Cmd: ['false'], Labels: { 'hawser.test': task.id, kind: 'b' } }, `hawser-${task.id}-b`)
    await containerStart(docker, a)
    expect(await finish(docker, b)).toBe(1)
    const rows: [filters: Parameters<typeof containerList>[1], found: string[]][] = [
      [{ filters: { label } }, [a]],
      [{ all: true, filters: { label } }, [b, a]],
      [{ all: true, filters: { label: [label, 'kind=b'] } }, [b]],
      [{ all: true, filters: { label, status: ['exited'] } }, [b]],
      [{ all: true, filters: { label, status: ['running', 'exited'] } }, [b, a]],
      [{ all: true, filters: { label, exited: 1 } }, [b]],
      [{ all: true, filters: { name: `hawser-${task.id}-a` } }, [a]],
      [{ all: true, filters: { id: b } }, [b]],
      [{ all: true, filters: { label: 'kind=c' } }, []],
    ]
    for (const [options, found] of rows) {
      // Docker lists the latest first, podman 4 in the order of its database. Docker's list is a copy that is a moment behind.
      const ids = async (): Promise<string[]> => (await containerList(docker, options)).map(({ Id }) => Id)
      if (isPodman) expect((await ids()).sort(), JSON.stringify(options)).toEqual(found.sort())
      else await expect.poll(ids, { message: JSON.stringify(options), interval: 5 }).toEqual(found)
    }
    const error = await errorOf(containerList(docker, { filters: { colour: 'blue' } }))
    expect(error).toMatchObject(isPodman ? { code: 'server-error', status: 500 } : { code: 'bad-parameter', status: 400 })
    expect(error.message).toContain('colour')
  })

  test.for([0, 7, 255])('end with the exit code %i', async (code, { docker, create }) => {
    const id = await create({ Cmd: ['sh', '-c', `exit ${code}`] })
    expect(await finish(docker, id)).toBe(code)
    expect((await containerInspect(docker, id)).State).toMatchObject({ Status: 'exited', Running: false, ExitCode: code })
    // It has ended, and is waited for no longer.
    expect((await containerWait(docker, id)).StatusCode).toBe(code)
  })

  test('are waited for by the condition removed', async ({ docker, create }) => {
    const id = await create({ Cmd: ['sh', '-c', 'exit 5'], HostConfig: { AutoRemove: true } })
    const exit = containerWait(docker, id, { condition: 'removed' })
    await exit.registered()
    await containerStart(docker, id)
    // Podman 4.3 has forgotten the exit code by then.
    expect((await exit).StatusCode).toBe(isPodman ? 0 : 5)
    expect(await errorOf(containerInspect(docker, id))).toMatchObject({ code: 'not-found' })
  })

  test('are waited for until a signal ends it', async ({ docker, idle }) => {
    const controller = new AbortController()
    const exit = containerWait(docker, idle, { signal: controller.signal })
    const reason = new Error('enough')
    await exit.registered()
    expect(docker.stats().leased).toBe(1)
    controller.abort(reason)
    await expect(exit).rejects.toBe(reason)
    expect(docker.stats().leased).toBe(0)
  })

  test('say whether there was anything to start or stop', async ({ docker, create }) => {
    const id = await create({ Cmd: TRAP })
    expect(await containerStart(docker, id)).toBe(true)
    expect(await containerStart(docker, id)).toBe(false)
    await written(docker, id, 'ready')
    expect(await containerStop(docker, id, { t: 20 })).toBe(true)
    expect(await containerStop(docker, id)).toBe(false)
    expect((await containerInspect(docker, id)).State).toMatchObject({ Running: false, ExitCode: 3 })
  })

  test('have their own time to stop', async ({ docker, create }) => {
    const id = await create({ Cmd: TRAP })
    await containerStart(docker, id)
    await written(docker, id, 'ready')
    await containerStop(docker, id)
    // Docker gives 10 s. Podman 4.3 creates containers of this API with a StopTimeout of 0 unless one is given, and kills at once.
    const { State, Config } = await containerInspect(docker, id)
    expect([Config.StopTimeout, State.ExitCode]).toEqual(isPodman ? [0, 137] : [undefined, 3])
  })

  test('are killed when they do not stop in time', async ({ docker, create }) => {
    // The first process of a container has no default action for SIGTERM (pid_namespaces(7)); what runs in its place until the start is
    // complete has one (runc's init, which then exits with 2).
    const id = await create({ Cmd: ['sh', '-c', 'echo ready; exec sleep 3600'] })
    await containerStart(docker, id)
    await written(docker, id, 'ready')
    expect(await containerStop(docker, id, { t: 1 })).toBe(true)
    expect((await containerInspect(docker, id)).State).toMatchObject({ Running: false, ExitCode: 137 })
  })

  test('restart', async ({ docker, create }) => {
    const id = await create({ Cmd: TRAP })
    await containerStart(docker, id)
    await written(docker, id, 'ready')
    const before = await containerInspect(docker, id)
    await containerRestart(docker, id, { t: 5 })
    const after = await containerInspect(docker, id)
    expect(after.State.Running).toBe(true)
    expect(after.State.Pid).not.toBe(before.State.Pid)
    expect(after.State.StartedAt > before.State.StartedAt).toBe(true)
  })

  test('take signals', async ({ docker, create }) => {
    const id = await create({ Cmd: ['sh', '-c', 'trap "echo usr1" USR1; echo ready; while :; do sleep 3600 & wait; done'] })
    const exit = containerWait(docker, id, { condition: 'next-exit' })
    await exit.registered()
    await containerStart(docker, id)
    await written(docker, id, 'ready')
    await containerKill(docker, id, { sendSignal: 'SIGUSR1' })
    await written(docker, id, 'usr1')
    await containerKill(docker, id)
    expect((await exit).StatusCode).toBe(137)
    const error = await errorOf(containerKill(docker, id))
    expect(error).toMatchObject({ ...conflict, method: 'POST' })
    expect(error.message).toContain(isPodman ? 'can only kill running containers' : 'is not running')
  })

  test('are not removed while they run', async ({ docker, idle }) => {
    const error = await errorOf(containerDelete(docker, idle))
    expect(error).toMatchObject({ ...conflict, method: 'DELETE', path: `/v${await docker.apiVersion()}/containers/${idle}` })
    expect(error.message).toMatch(isPodman ? /cannot remove container .* as it is running/ : /cannot remove .*running/)
    await containerDelete(docker, idle, { force: true })
    expect(await errorOf(containerInspect(docker, idle))).toMatchObject({ code: 'not-found', status: 404 })
    expect(await errorOf(containerDelete(docker, idle))).toMatchObject({ code: 'not-found', status: 404 })
  })

  test('that are not there are a coded error with all that helps', async ({ docker }) => {
    const version = await docker.apiVersion()
    const rows: [act: () => PromiseLike<unknown>, method: string, path: string][] = [
      [() => containerInspect(docker, 'no-such'), 'GET', '/containers/no-such/json'],
      [() => containerStart(docker, 'no-such'), 'POST', '/containers/no-such/start'],
      [() => containerStop(docker, 'no-such'), 'POST', '/containers/no-such/stop'],
      [() => containerWait(docker, 'no-such'), 'POST', '/containers/no-such/wait'],
      [() => containerLogs(docker, 'no-such', { stdout: true }), 'GET', '/containers/no-such/logs?stdout=1'],
      [() => containerAttach(docker, 'no-such', { stream: true, stdout: true }), 'POST', '/containers/no-such/attach?stream=1&stdout=1'],
      [() => containerDelete(docker, 'no-such'), 'DELETE', '/containers/no-such'],
    ]
    for (const [act, method, path] of rows) {
      const error = await errorOf(act())
      expect(error, `${method} ${path}`).toMatchObject({ code: 'not-found', status: 404, method, path: `/v${version}${path}` })
      expect(error.message, `${method} ${path}`).toMatch(/no such container/i)
    }
  })

  test('cannot have a name that is taken, or an image that is not there', async ({ docker, create, task }) => {
    const name = `hawser-${task.id}`
    await create({ Cmd: ['true'] }, name)
    const taken = await errorOf(containerCreate(docker, { Image: image, Cmd: ['true'] }, { name }))
    expect(taken).toMatchObject({ ...conflict, method: 'POST' })
    expect(taken.message).toContain(name)
    const missing = await errorOf(containerCreate(docker, { Image: 'hawser/no-such:image', Cmd: ['true'] }))
    expect(missing).toMatchObject({ code: 'not-found', status: 404, method: 'POST' })
    expect(missing.message).toMatch(/no such image/i)
  })
})

describeEngine('attaching', () => {
  test('writes to stdin, closes it, and reads both outputs to their end', async ({ docker, create }) => {
    const id = await create({ Cmd: ['sh', '-c', 'tee /dev/stderr; echo end'], OpenStdin: true, StdinOnce: true, AttachStdin: true })
    const exit = containerWait(docker, id, { condition: 'next-exit' })
    await exit.registered()
    const stream = await containerAttach(docker, id, { stream: true, stdin: true, stdout: true, stderr: true })
    expect(stream.response.status).toBe(101)
    const reading = textOf(stream)
    await containerStart(docker, id)
    await stream.write(Buffer.from('first\n'))
    await stream.write(Buffer.from('second\n'))
    stream.end()
    expect(await reading).toEqual({ stdout: 'first\nsecond\nend\n', stderr: 'first\nsecond\n' })
    expect((await exit).StatusCode).toBe(0)
  })

  test('reads what was written before, if it is asked to', async ({ docker, create }) => {
    const id = await create({ Cmd: ['sh', '-c', 'echo out; echo err >&2'] })
    expect(await finish(docker, id)).toBe(0)
    const stream = await containerAttach(docker, id, { logs: true, stdout: true, stderr: true })
    if (!isPodman) return expect(await textOf(stream)).toEqual({ stdout: 'out\n', stderr: 'err\n' })
    // Podman 4.3 leaves the line's end out of the length of the frame, so this stream cannot be demultiplexed; nor does it ever end.
    const wanted = '\x01\0\0\0\0\0\0\x03out\n\x02\0\0\0\0\0\0\x03err\n'
    let raw = ''
    for await (const chunk of stream) if ((raw += text(chunk)).length >= wanted.length) break
    expect(raw).toBe(wanted)
    expect(await errorOf(textOf(Readable.from([Buffer.from(raw)])))).toMatchObject({ code: 'mux-malformed' })
  })

  test('to a terminal is raw, and the terminal has the size that it is told', async ({ docker, create }) => {
    const id = await create({ Cmd: ['sh', '-c', 'stty -echo; echo ready; read line; echo "$line"; stty size'], Tty: true, OpenStdin: true, StdinOnce: true })
    const stream = await containerAttach(docker, id, { stream: true, stdin: true, stdout: true, stderr: true })
    await containerStart(docker, id)
    await written(docker, id, 'ready')
    await containerResize(docker, id, { h: 31, w: 117 })
    await stream.write(Buffer.from('go\n'))
    expect(text(await collect(stream))).toBe('ready\r\ngo\r\n31 117\r\n')
  })

  test('ends when the signal says so', async ({ docker, create }) => {
    const id = await create({ Cmd: ['sh', '-c', 'echo ready; sleep 3600'] })
    const controller = new AbortController()
    const reason = new Error('enough')
    const stream = await containerAttach(docker, id, { stream: true, stdout: true, stderr: true, signal: controller.signal })
    await containerStart(docker, id)
    const reading = (async () => {
      for await (const _ of stream) controller.abort(reason)
    })()
    await expect(reading).rejects.toBe(reason)
    expect(docker.stats().leased).toBe(0)
  })

  test('to what is paused is refused, in words', async ({ docker, idle }) => {
    await discard(await ok(docker, { method: 'POST', path: `/containers/${idle}/pause` }))
    const error = await errorOf(containerAttach(docker, idle, { stream: true, stdout: true }))
    // Docker writes this head by hand: plain text under the content type of a stream (daemon: postContainersAttach).
    expect(error).toMatchObject({ ...conflict, method: 'POST' })
    expect(error.message).toMatch(isPodman ? /currently in state paused/ : /container \w+ is paused, unpause the container before attach/)
    await discard(await ok(docker, { method: 'POST', path: `/containers/${idle}/unpause` }))
  })
})
