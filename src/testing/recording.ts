/**
 * Recordings of what a client and an engine said to each other, and the text that they are kept in: lines of ASCII, so that
 * they can be read, compared and edited.
 *
 *     hawser recording 1
 *     engine: Docker
 *     version: 28.5.2
 *     api-version: 1.51
 *     host: docker
 *     command: npm run tour -- --record tour.txt
 *
 *     exchange
 *     > GET /_ping HTTP/1.1\r\n       begins a chunk that the client wrote
 *     | Host: docker\r\n              goes on with that chunk: line ends of the file mean nothing
 *     < HTTP/1.1 200 OK\r\n           begins a chunk as it came from the engine
 *     = AAECAwQ=                      goes on in base64
 *     0 512                           goes on with as many octets of zero
 *     >.                              the client half-closed
 *     <.                              the engine did
 *     <! ECONNRESET                   the connection broke
 *     # a comment, as are empty lines
 *
 * In text, \r \n \t \0 \\ and \xNN stand for an octet. A line that is none of these is refused with its number.
 */
import { concat, encodeUtf8, latin1, utf8 } from '../bytes.js'
import { fail } from '../errors.js'

/** Their bytes are plain arrays of their own, not Buffers. */
export type RecordedStep =
  /** The client wrote, in one call of Connection.write. */
  | { kind: 'sent'; bytes: Uint8Array }
  /** The engine wrote, in one read. */
  | { kind: 'received'; bytes: Uint8Array }
  /** The client will write no more. */
  | { kind: 'sent-end' }
  /** The engine will write no more. */
  | { kind: 'received-end' }
  /** The connection broke; `reason` is the runtime's name of the trouble. */
  | { kind: 'lost'; reason: string }

/** A request and what came in answer, up to where the connection was free for another, or to its end. The client sends something in each. */
export type RecordedExchange = { steps: readonly RecordedStep[] }

export type Recording = {
  /** What the engine calls itself in its Server header: Docker, Libpod. */
  engine: string
  version: string
  apiVersion: string
  /** The Host header that the recorded connections asked for. */
  host: string
  /** What made the recording, for the one who has to make it again. */
  command: string
  /** In the order in which their requests began. */
  exchanges: readonly RecordedExchange[]
}

const SIGNATURE = 'hawser recording 1'
const FIELDS = ['engine', 'version', 'api-version', 'host', 'command'] as const

/** Octets of text on a line that has no line feed before, and of base64 on a line. */
const TEXT_WIDTH = 160
const BASE64_WIDTH = 57
/** Zeros in a row that get a line of their own, and how many one line may ask for. */
const ZEROS_MIN = 16
const ZEROS_MAX = 16 * 1024 * 1024

const BACKSLASH = 92
const ESCAPES: Readonly<Record<number, string>> = { 0: '\\0', 9: '\\t', 10: '\\n', 13: '\\r', [BACKSLASH]: '\\\\' }
const UNESCAPES: Readonly<Record<string, number>> = { 0: 0, t: 9, n: 10, r: 13, '\\': BACKSLASH }

/** Octets of text that has one per character. */
export const octets = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(text, c => c.charCodeAt(0))

/** Octets as printable ASCII on one line. */
export const escape = (bytes: Uint8Array, start = 0, end = bytes.length): string => {
  let text = ''
  for (let i = start; i < end; i++) {
    const c = bytes[i]!
    // Editors and mail strip a space at the end of a line.
    const plain = c > 31 && c < 127 && c !== BACKSLASH && !(c === 32 && i === end - 1)
    text += plain ? String.fromCharCode(c) : (ESCAPES[c] ?? `\\x${c.toString(16).padStart(2, '0')}`)
  }
  return text
}

/** How many zeros follow each other at `i`. */
const zerosAt = (bytes: Uint8Array, i: number): number => {
  let end = i
  while (bytes[end] === 0 && end - i < ZEROS_MAX) end++
  return end - i
}

/** Whether text is a poor way to show these octets: every third would be a \xNN. */
const isBinary = (bytes: Uint8Array, start: number, end: number): boolean => {
  let odd = 0
  for (let i = start; i < end; i++) {
    const c = bytes[i]!
    if ((c < 32 || c > 126) && ESCAPES[c] === undefined) odd++
  }
  return odd * 3 > end - start
}

const formatChunk = (marker: string, bytes: Uint8Array): string => {
  let lines = ''
  let i = 0
  const line = (text: string): void => {
    lines += `${lines === '' ? marker : '|'} ${text}\n`
  }
  const special = (kind: string, text: string): void => {
    if (lines === '') lines = `${marker}\n`
    lines += `${kind} ${text}\n`
  }
  while (i < bytes.length) {
    const zeros = zerosAt(bytes, i)
    const windowEnd = Math.min(i + BASE64_WIDTH, bytes.length)
    if (zeros >= ZEROS_MIN) {
      special('0', String(zeros))
      i += zeros
    } else if (isBinary(bytes, i, windowEnd)) {
      special('=', btoa(latin1(bytes, i, windowEnd)))
      i = windowEnd
    } else {
      let end = i
      while (end < bytes.length && end - i < TEXT_WIDTH && bytes[end] !== 10 && (bytes[end] !== 0 || zerosAt(bytes, end) < ZEROS_MIN)) end++
      if (bytes[end] === 10) end++
      line(escape(bytes, i, end))
      i = end
    }
  }
  return lines
}

const formatStep = (step: RecordedStep): string => {
  switch (step.kind) {
    case 'sent':
      return formatChunk('>', step.bytes)
    case 'received':
      return formatChunk('<', step.bytes)
    case 'sent-end':
      return '>.\n'
    case 'received-end':
      return '<.\n'
    case 'lost':
      return `<! ${formatValue(step.reason)}\n`
  }
}

const formatValue = (value: string): string => escape(encodeUtf8(value || 'unknown'))

/** Writes a recording as text, with a line feed behind each line. What parseRecording makes of it is the same recording. */
export const formatRecording = ({ engine, version, apiVersion, host, command, exchanges }: Recording): string => {
  const values = { engine, version, 'api-version': apiVersion, host, command }
  const head = FIELDS.map(name => `${name}: ${formatValue(values[name])}\n`).join('')
  return `${SIGNATURE}\n${head}${exchanges.map(({ steps }) => `\nexchange\n${steps.map(formatStep).join('')}`).join('')}`
}

/** Reads a recording. Errors: recording-invalid, whose message begins with the number of the line. */
export const parseRecording = (text: string): Recording => {
  const fields = new Map<string, string>()
  const exchanges: { steps: RecordedStep[] }[] = []
  let number = 0
  let steps: RecordedStep[] | undefined
  /** The chunk that the last lines belong to. */
  let chunk: { kind: 'sent' | 'received'; pieces: Uint8Array[]; line: number } | undefined
  let sentEnd = false
  let receivedEnd = false

  const refuse = (what: string, line = number): never => {
    throw fail('recording-invalid', `line ${line}: ${what}`)
  }
  const unescape = (escaped: string): Uint8Array => {
    const bytes: number[] = []
    for (const [unit, code, hex] of escaped.matchAll(/\\(?:([0rnt\\])|x([\da-f]{2}))|[^]/g)) {
      if (hex !== undefined) bytes.push(parseInt(hex, 16))
      else if (code !== undefined) bytes.push(UNESCAPES[code]!)
      else if (unit === '\\') refuse('a backslash that escapes nothing: \\r \\n \\t \\0 \\\\ and \\xNN (two small hexadecimal digits) do')
      else if (unit < ' ' || unit > '~') refuse(`the character ${JSON.stringify(unit)} must be written as \\xNN`)
      else bytes.push(unit.charCodeAt(0))
    }
    return Uint8Array.from(bytes)
  }
  const value = (escaped: string): string => utf8(unescape(escaped))
  const zeros = (count: string): Uint8Array => {
    if (!/^[1-9]\d*$/.test(count) || Number(count) > ZEROS_MAX) refuse(`${JSON.stringify(count)} is not a count of zeros: 1 to ${ZEROS_MAX} are`)
    return new Uint8Array(Number(count))
  }
  const base64 = (encoded: string): Uint8Array => {
    if (!/^[A-Za-z\d+/]+={0,2}$/.test(encoded) || encoded.length % 4 !== 0) refuse('this is not base64')
    return octets(atob(encoded))
  }
  const closeChunk = (): void => {
    if (!chunk) return
    const { kind, pieces, line } = chunk
    const bytes = new Uint8Array(concat(pieces))
    if (bytes.length === 0) refuse('a chunk of no octets', line)
    steps!.push({ kind, bytes })
    chunk = undefined
  }
  const closeExchange = (): void => {
    closeChunk()
    if (steps && !steps.some(step => step.kind === 'sent')) refuse('in the exchange before this line the client sends nothing')
  }
  const add = (kind: RecordedStep['kind'], rest: string): void => {
    if (!steps) return refuse(`there must be an 'exchange' line before this`)
    closeChunk()
    const isClient = kind === 'sent' || kind === 'sent-end'
    if (isClient ? sentEnd : receivedEnd) refuse(`there is nothing behind the ${isClient ? "client's" : "engine's"} end`)
    if (kind === 'sent' || kind === 'received') {
      chunk = { kind, pieces: [unescape(rest)], line: number }
      return
    }
    if (isClient) sentEnd = true
    else receivedEnd = true
    steps.push(kind === 'lost' ? { kind, reason: value(rest) } : { kind })
  }
  const goOn = (bytes: Uint8Array): void => {
    if (!chunk) return refuse("there is no chunk to go on with: '>' or '<' begins one")
    chunk.pieces.push(bytes)
  }

  for (const line of text.split(/\r?\n/)) {
    number++
    if (number === 1) {
      if (line !== SIGNATURE) refuse(`a recording begins with the line '${SIGNATURE}'`)
    } else if (line === '' || line.startsWith('#')) continue
    else if (line === 'exchange') {
      const missing = FIELDS.find(name => !fields.has(name))
      if (missing) refuse(`the field '${missing}' is missing before the first exchange`)
      closeExchange()
      steps = []
      sentEnd = receivedEnd = false
      exchanges.push({ steps })
    } else if (!steps && /^[a-z-]+: /.test(line)) {
      const colon = line.indexOf(': ')
      const name = line.slice(0, colon)
      if (!FIELDS.some(known => known === name)) refuse(`there is no field '${name}'`)
      if (fields.has(name)) refuse(`the field '${name}' is here twice`)
      fields.set(name, value(line.slice(colon + 2)))
    } else {
      const [, marker, rest = ''] = /^(>\.|<\.|<!|[><|=0])(?: (.*))?$/.exec(line) ?? []
      if ((marker === '>.' || marker === '<.') && rest === '') add(marker === '>.' ? 'sent-end' : 'received-end', rest)
      else if (marker === '<!' && rest !== '') add('lost', rest)
      else if (marker === '>') add('sent', rest)
      else if (marker === '<') add('received', rest)
      else if (marker === '|') goOn(unescape(rest))
      else if (marker === '=') goOn(base64(rest))
      else if (marker === '0') goOn(zeros(rest))
      else refuse(`${JSON.stringify(line.slice(0, 60))} is no line of a recording`)
    }
  }
  closeExchange()
  const missing = FIELDS.find(name => !fields.has(name))
  if (missing) refuse(`the field '${missing}' is missing`)
  const field = (name: (typeof FIELDS)[number]): string => fields.get(name) ?? ''
  return { engine: field('engine'), version: field('version'), apiVersion: field('api-version'), host: field('host'), command: field('command'), exchanges }
}
