/** What the cases of http-response look like, and how an outcome is compared with them. */
import { createHash } from 'node:crypto'
import { base64, loadCases } from './corpus.js'

export type Accepted = {
  accept: true
  status: number
  version: string
  reason: string
  headers: [string, string][]
  bodyBase64?: string
  bodyLength: number
  bodySha256?: string
  trailers: [string, string][]
  keepAlive: boolean | null
  surplusBytes: number
}
export type Refused = { accept: false; failBy?: 'head' | 'body'; partialBodyBase64?: string }
export type Pending = { accept: 'pending' }

export type Case = {
  id: string
  requestMethod: string
  upgradeRequested: boolean
  end: 'fin' | 'open'
  bytes?: string
  segments?: { base64: string; repeat: number }[]
  expect: Accepted | Refused | Pending
  alternatives?: (Accepted | Refused | Pending)[]
}

/** What came of one case. `trailers` and `reused` where that could be seen. */
export type Outcome =
  | { kind: 'accepted'; status: number; version: string; reason: string; headers: [string, string][]; body: Uint8Array; trailers?: [string, string][]; reused?: boolean }
  | { kind: 'refused'; by: 'head' | 'body'; code: string; body: Uint8Array }
  | { kind: 'pending' }

export const cases = loadCases<Case>('http-response/cases.json')

export const bytesOf = ({ bytes = '', segments }: Case): Uint8Array =>
  segments ? Uint8Array.from(Buffer.concat(segments.flatMap(part => Array<Uint8Array>(part.repeat).fill(base64(part.base64))))) : base64(bytes)

/**
 * Cases whose expectation is not ours, each with the reason; the outcome that we stand by is checked instead.
 */
export const DIFFERENCES: Record<string, { why: string; outcome: 'refused' | 'accepted' | 'pending' }> = {}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

const differsFrom = (got: Outcome, wanted: Accepted | Refused | Pending, end: Case['end']): string | undefined => {
  if (wanted.accept === 'pending') return got.kind === 'pending' ? undefined : `${got.kind} where it had to wait`
  if (wanted.accept === false) {
    if (got.kind !== 'refused') return `${got.kind} where it had to fail`
    if (wanted.failBy === 'head' && got.by === 'body') return `failed by the body (${got.code}), not by the head`
    const whole = wanted.partialBodyBase64 === undefined ? undefined : base64(wanted.partialBodyBase64)
    if (whole && got.by === 'body' && sha256(got.body) !== sha256(whole)) return `${got.body.length} octets delivered before the failure, not ${whole.length}`
    return undefined
  }
  if (got.kind !== 'accepted') return `${got.kind}${got.kind === 'refused' ? ` by the ${got.by} (${got.code})` : ''} where it had to succeed`
  if (got.status !== wanted.status) return `status ${got.status}, not ${wanted.status}`
  if (got.version !== wanted.version) return `version ${got.version}, not ${wanted.version}`
  if (got.reason !== wanted.reason) return `reason ${JSON.stringify(got.reason)}, not ${JSON.stringify(wanted.reason)}`
  if (JSON.stringify(got.headers) !== JSON.stringify(wanted.headers)) return `headers ${JSON.stringify(got.headers)}`
  if (got.body.length !== wanted.bodyLength) return `a body of ${got.body.length} octets, not ${wanted.bodyLength}`
  if (sha256(got.body) !== (wanted.bodySha256 ?? sha256(base64(wanted.bodyBase64 ?? '')))) return 'another body'
  if (got.trailers && JSON.stringify(got.trailers) !== JSON.stringify(wanted.trailers)) return `trailers ${JSON.stringify(got.trailers)}`
  if (got.reused === true && (wanted.keepAlive === false || wanted.surplusBytes > 0)) return 'the connection was used again'
  if (got.reused === false && wanted.keepAlive === true && wanted.surplusBytes === 0 && end === 'open') return 'the connection was not used again'
  return undefined
}

/** Nothing where an outcome is right, else what is wrong with it. */
export const judge = (one: Case, got: Outcome): string | undefined => {
  const first = differsFrom(got, one.expect, one.end)
  if (first === undefined) return undefined
  return (one.alternatives ?? []).some(other => differsFrom(got, other, one.end) === undefined) ? undefined : first
}

/** All that is wrong with the outcomes of all cases, and known differences that are none any more. */
export const judgeAll = (outcomes: Map<Case, Outcome>): string[] =>
  [...outcomes].flatMap(([one, got]) => {
    const wrong = judge(one, got)
    const known = DIFFERENCES[one.id]
    if (!known) return wrong === undefined ? [] : [`${one.id}: ${wrong}`]
    if (wrong === undefined) return [`${one.id}: is listed as a difference, but is none`]
    return got.kind === known.outcome ? [] : [`${one.id}: ${got.kind}, and a known difference would be ${known.outcome}`]
  })
