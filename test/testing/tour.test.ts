/** The tour on the recorded engine that comes with the repository, whole and with answers that are not what they should be. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { takeTour } from '../../bench/tour/steps.js'
import { negotiate, pool } from '../../src/index.js'
import { formatRecording, parseRecording, replay } from '../../src/testing/index.js'

const text = readFileSync(new URL('../../fixtures/recordings/tour.txt', import.meta.url), 'utf8')

/** Takes the tour on a recording; also says which requests nobody made. */
const tourOf = async (recorded: string, signal?: AbortSignal): Promise<{ steps: string[]; error: unknown; unasked: string[] }> => {
  const dial = replay(parseRecording(recorded))
  const connections = pool(dial)
  const steps: string[] = []
  let error: unknown
  try {
    await takeTour(negotiate(connections), { busybox: () => undefined, report: ({ name }) => steps.push(name), signal })
  } catch (thrown) {
    error = thrown
  }
  await connections.close({ force: true })
  expect(connections.stats()).toMatchObject({ leased: 0, waiting: 0 })
  const unasked = dial.unused().map(({ steps: [first] }) => (first?.kind === 'sent' ? Buffer.from(first.bytes).toString('latin1').split(' HTTP/')[0]! : ''))
  return { steps, error, unasked }
}

const ALL = ['engine', 'image', 'container', 'logs', 'exec', 'copy', 'stop', 'removed']

test('every step is verified, and everything is asked that was recorded', async () => {
  expect(await tourOf(text)).toEqual({ steps: ALL, error: undefined, unasked: [] })
})

test('the recording is in its canonical form, small, and holds nothing of the machine that it was made on', () => {
  expect(formatRecording(parseRecording(text))).toBe(text)
  expect(text.length).toBeLessThan(1024 * 1024)
  expect(text).not.toMatch(/\/(work|tmp|home|root)\//)
})

/** Changes one answer; the text must be there, and its length stays. */
const change = (from: string | RegExp, to: string): string => {
  const changed = text.replace(from, to)
  expect(changed).not.toBe(text)
  expect(changed.length).toBe(text.length)
  return changed
}

describe('an answer that is wrong is noticed, and what was made is removed', () => {
  /** How many steps were verified before, and how many of the things that the recorded tour made were not there to be removed. */
  const rows: { name: string; recorded: () => string; steps: number; missing: number }[] = [
    { name: 'the id of the image', recorded: () => change('{"status":"sha256:', '{"status":"sha25_:'), steps: 1, missing: 3 },
    { name: 'the file in the image', recorded: () => change(/(?<=X-Docker-Container-Path-Stat[^]*?)packed by hawser/, 'packed by ravens'), steps: 1, missing: 1 },
    { name: 'a line of the log', recorded: () => change(/(?<=\\x01\\0\\0\\0\\0\\0\\0[^\n]*)ties a ship/, 'tied a ship'), steps: 3, missing: 0 },
    { name: 'the stream of a line', recorded: () => change(/\\x02(?=\\0\\0\\0\\0\\0\\0[^\n]*this line went)/, '\\x01'), steps: 3, missing: 0 },
    { name: 'what comes back from the exec', recorded: () => change(/(?<=\\x01\\0\\0\\0\\0\\0[^\n]* {2}0 b)ottles/, 'attles'), steps: 4, missing: 0 },
    { name: 'the exit code of the exec', recorded: () => change('"ExitCode":42', '"ExitCode":41'), steps: 4, missing: 0 },
    { name: 'the file that comes back', recorded: () => change(/(?<=X-Docker-Container-Path-Stat[^]*\n= )\w{4}/, '0123'), steps: 5, missing: 0 },
    { name: 'the last line of the log', recorded: () => change(/(?<=\\x01\\0\\0\\0\\0\\0\\0[^\n]*)casting off/, 'casting on!'), steps: 6, missing: 0 },
    { name: 'the exit code of the container', recorded: () => change('"StatusCode":7', '"StatusCode":6'), steps: 6, missing: 0 },
  ]
  test.each(rows)('$name', async ({ recorded, steps, missing }) => {
    const tour = await tourOf(recorded())
    expect(tour.error).toBeInstanceOf(Error)
    expect(tour.steps).toEqual(ALL.slice(0, steps))
    expect(tour.unasked.filter(request => request.startsWith('DELETE'))).toHaveLength(missing)
  })

  test('a container that is not gone', async () => {
    const { steps, error } = await tourOf(change(/404 Not Found(?=[^]*No such container)/, '410 Not Found'))
    expect(String(error)).toContain('not all that was made could be removed')
    expect(steps).toEqual(ALL.slice(0, -1))
  })
})

test('a tour that is ended removes what it made', async () => {
  const controller = new AbortController()
  const reason = new Error('enough')
  const dial = replay(parseRecording(text))
  const connections = pool(dial)
  const touring = takeTour(negotiate(connections), {
    busybox: () => undefined,
    report: ({ name }) => name === 'logs' && controller.abort(reason),
    signal: controller.signal,
  })
  await expect(touring).rejects.toBe(reason)
  expect(dial.unused().some(({ steps: [first] }) => first?.kind === 'sent' && Buffer.from(first.bytes).toString().startsWith('DELETE'))).toBe(false)
  await connections.close({ force: true })
  expect(connections.stats()).toMatchObject({ leased: 0, waiting: 0 })
})
