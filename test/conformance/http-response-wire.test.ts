/** The http-response cases through the decoders alone, with their trailers. */
import { describe, expect, test } from 'vitest'
import { concat } from '../../src/bytes.js'
import { isError } from '../../src/errors.js'
import { createBodyDecoder, responseFraming, UNTIL_CLOSE } from '../../src/wire/body-framing.js'
import { MORE } from '../../src/wire/decoder.js'
import { createHeadDecoder, headers, type ResponseHead } from '../../src/wire/response-head.js'
import { MODES, split } from './corpus.js'
import { bytesOf, cases, judgeAll, type Case, type Outcome } from './http-response.js'

/** Runs one case as a client does that asks once and reads the body to its end. */
const runCase = (one: Case, pieces: Uint8Array[]): Outcome => {
  let head: ResponseHead | undefined
  let trailer = ''
  const body: Uint8Array[] = []
  const heads = createHeadDecoder(found => {
    if (found.status > 199 || found.status === 101) head = found
  })
  let bodies: ReturnType<typeof createBodyDecoder> | undefined
  let done = false
  const push = (piece: Uint8Array): void => {
    for (let at = 0; !done; ) {
      const used = (bodies ?? heads).push(piece, at, piece.length)
      if (used === MORE) return
      at += used
      if (bodies) done = true
      else if (head) {
        const framing = head.status === 101 ? UNTIL_CLOSE : responseFraming(head, one.requestMethod)
        bodies = createBodyDecoder(
          framing,
          (chunk, start, end) => void body.push(chunk.slice(start, end)),
          fields => (trailer = fields),
        )
      }
    }
  }
  try {
    for (const piece of pieces) if (!done) push(piece)
    if (!done && one.end === 'fin') {
      ;(bodies ?? heads).end()
      if (!head) return { kind: 'refused', by: 'head', code: 'connection-closed', body: concat(body) }
      done = true
    }
  } catch (error) {
    if (!isError(error)) throw error
    return { kind: 'refused', by: head ? 'body' : 'head', code: error.code, body: concat(body) }
  }
  // After a switch of protocols the stream is open as long as both like; what came is what is compared.
  if (!head || (!done && head.status !== 101)) return { kind: 'pending' }
  return { kind: 'accepted', status: head.status, version: head.version, reason: head.reason, headers: headers(head), body: concat(body), trailers: headers({ fields: trailer }) }
}

describe.skipIf(!cases)('http-response through the decoders', () => {
  test.each(MODES)('%s', mode => {
    const outcomes = new Map((cases ?? []).map((one, i) => [one, runCase(one, split(bytesOf(one), mode, i))]))
    expect(judgeAll(outcomes)).toEqual([])
    console.log(`http-response, decoders, ${mode}: ${outcomes.size} cases`)
  })
})
