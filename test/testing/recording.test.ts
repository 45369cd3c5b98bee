/** The text of recordings. What a line means is taken from the head of src/testing/recording.ts, which defines the format. */
import { describe, expect, test } from 'vitest'
import { formatRecording, parseRecording, type RecordedStep, type Recording } from '../../src/testing/index.js'
import { isError } from '../../src/errors.js'
import { octets } from '../support/cuts.js'

const HEAD = 'hawser recording 1\nengine: Docker\nversion: 28.5.2\napi-version: 1.51\nhost: docker\ncommand: node tour.js\n'

const fields = { engine: 'Docker', version: '28.5.2', apiVersion: '1.51', host: 'docker', command: 'node tour.js' }

const sent = (text: string | Uint8Array): RecordedStep => ({ kind: 'sent', bytes: Uint8Array.from(octets(text)) })
const received = (text: string | Uint8Array): RecordedStep => ({ kind: 'received', bytes: Uint8Array.from(octets(text)) })

const recordingOf = (...exchanges: RecordedStep[][]): Recording => ({ ...fields, exchanges: exchanges.map(steps => ({ steps })) })

/** Text as the format has it, and what it stands for. */
const written: { name: string; text: string; steps: RecordedStep[] }[] = [
  {
    name: 'a line for each line of a chunk',
    text: '> GET /_ping HTTP/1.1\\r\\n\n| Host: docker\\r\\n\n| \\r\\n\n< HTTP/1.1 200 OK\\r\\n\n| Content-Length: 2\\r\\n\n| \\r\\n\n| OK\n',
    steps: [sent('GET /_ping HTTP/1.1\r\nHost: docker\r\n\r\n'), received('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK')],
  },
  { name: 'chunks that follow each other', text: '> a\n< b\n< c\n> d\n', steps: [sent('a'), received('b'), received('c'), sent('d')] },
  { name: 'frames of a multiplexed stream', text: '> a\n< \\x01\\0\\0\\0\\0\\0\\0\\x06hello\\n\n', steps: [sent('a'), received('\x01\0\0\0\0\0\0\x06hello\n')] },
  { name: 'a backslash and other escapes', text: '> \\\\x\\t\\x7f\\xe4 \\\\\n', steps: [sent('\\x\t\x7f\xe4 \\')] },
  { name: 'spaces at both ends of a line', text: '>  a b\\x20\n', steps: [sent(' a b ')] },
  { name: 'octets in base64', text: '>\n= gYKDhIWG\n| \\na\n', steps: [sent('\x81\x82\x83\x84\x85\x86\na')] },
  { name: 'runs of zeros', text: '> a.txt\n0 16\n| 0644\\0b\n', steps: [sent(`a.txt${'\0'.repeat(16)}0644\0b`)] },
  { name: 'ends and breaks', text: '> a\n>.\n< b\n<.\n', steps: [sent('a'), { kind: 'sent-end' }, received('b'), { kind: 'received-end' }] },
  { name: 'a connection that broke', text: '> a\n<! ECONNRESET\n', steps: [sent('a'), { kind: 'lost', reason: 'ECONNRESET' }] },
  { name: 'an engine that speaks first', text: '< b\n> a\n', steps: [received('b'), sent('a')] },
]

describe('what is written', () => {
  test.each(written.filter(({ name }) => name !== 'octets in base64'))('formats $name', ({ text, steps }) => {
    expect(formatRecording(recordingOf(steps))).toBe(`${HEAD}\nexchange\n${text}`)
  })

  test.each(written)('parses $name', ({ text, steps }) => {
    expect(parseRecording(`${HEAD}\nexchange\n${text}`)).toEqual(recordingOf(steps))
  })

  test('lines may end in CRLF, and comments and empty lines say nothing', () => {
    expect(parseRecording(`${HEAD}# made by hand\n\nexchange\n> a\n# between\n\n| b\n`.replaceAll('\n', '\r\n'))).toEqual(recordingOf([sent('ab')]))
  })

  test('the head may come in any order, and hold any text', () => {
    const recording = { ...fields, command: 'tour --record "J\u00fcrgen\n"', exchanges: [] }
    const text = formatRecording(recording)
    expect(text).toContain('command: tour --record "J\\xc3\\xbcrgen\\n"\n')
    expect(parseRecording(text)).toEqual(recording)
    expect(parseRecording(`${text.split('\n')[0]}\n${text.split('\n').slice(1, -1).reverse().join('\n')}\n`)).toEqual(recording)
  })

  test('a recording without an exchange', () => {
    expect(parseRecording(HEAD)).toEqual(recordingOf())
  })
})

describe('round trip', () => {
  /** Octets of every kind in turns, from a linear congruential generator: the same ones each time. */
  const generate = (seed: number, length: number): Uint8Array => {
    let state = seed
    const next = (): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) >>> 8
    const bytes = new Uint8Array(length)
    for (let i = 0; i < length; ) {
      const run = Math.min(1 + (next() % 60), length - i)
      const kind = next() % 5
      for (let n = 0; n < run; n++, i++) bytes[i] = kind === 0 ? 0 : kind === 1 ? next() & 255 : kind === 2 ? 10 : kind === 3 ? 32 : 32 + (next() % 95)
    }
    return bytes
  }

  test.each(Array.from({ length: 40 }, (_, seed) => seed))('octets of seed %i come back, in lines that can be read', seed => {
    const steps = [sent(generate(seed, 1 + seed * 97)), received(generate(seed + 1000, 1 + seed * 31)), received(generate(seed + 2000, 3))]
    const text = formatRecording(recordingOf(steps))
    expect(parseRecording(text)).toEqual(recordingOf(steps))
    expect(text).toMatch(/^[ -~\n]*\n$/)
    expect(text).not.toMatch(/ \n/)
    expect(Math.max(...text.split('\n').map(line => line.length))).toBeLessThan(4 * 160)
  })

  test('every octet by itself', () => {
    const steps = Array.from({ length: 256 }, (_, c) => sent(Uint8Array.of(c)))
    expect(parseRecording(formatRecording(recordingOf(steps)))).toEqual(recordingOf(steps))
  })

  test('a mebibyte of zeros is one line', () => {
    const text = formatRecording(recordingOf([sent(new Uint8Array(1024 * 1024))]))
    expect(text.endsWith('>\n0 1048576\n')).toBe(true)
  })
})

describe('what is refused, with its line', () => {
  const malformed: { name: string; text: string; line: number }[] = [
    { name: 'nothing', text: '', line: 1 },
    { name: 'another file', text: '{"recording":1}', line: 1 },
    { name: 'a later version of the format', text: HEAD.replace('1\n', '2\n'), line: 1 },
    { name: 'a missing field', text: HEAD.replace('version: 28.5.2\n', ''), line: 6 },
    { name: 'a missing field before an exchange', text: `${HEAD.replace('host: docker\n', '')}exchange\n> a\n`, line: 6 },
    { name: 'a field that is there twice', text: `${HEAD}host: docker\n`, line: 7 },
    { name: 'an unknown field', text: `${HEAD}color: blue\n`, line: 7 },
    { name: 'a field behind the first exchange', text: `${HEAD}exchange\n> a\nhost: docker\n`, line: 9 },
    { name: 'a chunk outside of an exchange', text: `${HEAD}> a\n`, line: 7 },
    { name: 'a line that goes on with nothing', text: `${HEAD}exchange\n| a\n`, line: 8 },
    { name: 'base64 that goes on with nothing', text: `${HEAD}exchange\n> a\n>.\n= YQ==\n`, line: 10 },
    { name: 'an unknown line', text: `${HEAD}exchange\n> a\n? b\n`, line: 9 },
    { name: 'a marker without its space', text: `${HEAD}exchange\n>a\n`, line: 8 },
    { name: 'an exchange without a chunk', text: `${HEAD}exchange\nexchange\n> a\n`, line: 8 },
    { name: 'an exchange in which the client sends nothing', text: `${HEAD}exchange\n< a\n`, line: 9 },
    { name: 'a chunk of no octets', text: `${HEAD}exchange\n> a\n<\n>.\n`, line: 9 },
    { name: 'an unknown escape', text: `${HEAD}exchange\n> a\\q\n`, line: 8 },
    { name: 'a backslash at the end', text: `${HEAD}exchange\n> a\\\n`, line: 8 },
    { name: 'half an octet', text: `${HEAD}exchange\n> \\x1\n`, line: 8 },
    { name: 'an octet in capitals', text: `${HEAD}exchange\n> \\xAB\n`, line: 8 },
    { name: 'a character beyond ASCII', text: `${HEAD}exchange\n> a\n| \u00e4\n`, line: 9 },
    { name: 'a tabulator', text: `${HEAD}exchange\n> a\tb\n`, line: 8 },
    { name: 'a lone carriage return', text: `${HEAD}exchange\n> a\rb\n`, line: 8 },
    { name: 'base64 of the wrong length', text: `${HEAD}exchange\n> a\n= YWJ\n`, line: 9 },
    { name: 'base64 with a foreign character', text: `${HEAD}exchange\n> a\n= YW_j\n`, line: 9 },
    { name: 'a count of zeros that is none', text: `${HEAD}exchange\n> a\n0 -1\n`, line: 9 },
    { name: 'no zeros', text: `${HEAD}exchange\n> a\n0 0\n`, line: 9 },
    { name: 'more zeros than memory', text: `${HEAD}exchange\n> a\n0 99999999999\n`, line: 9 },
    { name: 'a chunk behind its end', text: `${HEAD}exchange\n> a\n>.\n< b\n> c\n`, line: 11 },
    { name: 'an answer behind its end', text: `${HEAD}exchange\n> a\n<.\n> b\n< c\n`, line: 11 },
    { name: 'an answer behind the break', text: `${HEAD}exchange\n> a\n<! ECONNRESET\n< c\n`, line: 10 },
    { name: 'an end with something behind it', text: `${HEAD}exchange\n> a\n>. b\n`, line: 9 },
    { name: 'a break without a reason', text: `${HEAD}exchange\n> a\n<!\n`, line: 9 },
  ]

  test.each(malformed)('$name', ({ text, line }) => {
    let error: unknown
    try {
      parseRecording(text)
    } catch (thrown) {
      error = thrown
    }
    expect(isError(error, 'recording-invalid')).toBe(true)
    expect(String(error)).toContain(`line ${line}: `)
  })
})
