/**
 * Following the two halves of one exchange by their framing (RFC 9112 section 6), to know where it is over, and taking the
 * credentials out of the request on the way.
 */
import { concat, latin1 } from '../bytes.js'
import { isError } from '../errors.js'
import { CHUNKED, createBodyDecoder, responseFraming } from '../wire/body-framing.js'
import { MORE, type Decoder } from '../wire/decoder.js'
import { createHeadDecoder, type ResponseHead } from '../wire/response-head.js'
import { octets } from './recording.js'

/** What stands in a recording for a credential. */
export const MASK = '***'
/** The request headers that carry credentials, to the engine or through it to a registry. */
export const MASKED_HEADERS = ['authorization', 'cookie', 'proxy-authorization', 'x-registry-auth', 'x-registry-config'] as const

/** A folded value (RFC 9112 section 5.2) is masked to its end. */
const CREDENTIALS = new RegExp(`^(${MASKED_HEADERS.join('|')})(:[ \\t]*)[^\\r\\n]*(\\r\\n[ \\t][^\\r\\n]*)*`, 'gim')

export type Half = {
  /** Takes what was written in this direction. */
  push(bytes: Uint8Array): void
  /** Whether the message is over. */
  readonly over: boolean
}

export type RequestHalf = Half & { readonly method: string }

const ignore = (): void => {}

/** What a decoder says of whether a message is over; one that is malformed never is. */
const within = (decode: () => boolean): boolean => {
  try {
    return decode()
  } catch (error) {
    if (!isError(error)) throw error
    return false
  }
}

/** Follows a request. `emit` gets its octets with the credentials masked: the head in one piece, once it is whole. */
export const followRequest = (emit: (bytes: Uint8Array) => void): RequestHalf => {
  let head: Uint8Array | undefined = new Uint8Array(0)
  let body: Decoder | undefined
  let method = ''
  let over = false

  const pushBody = (bytes: Uint8Array): void => {
    if (!over && body) over = within(() => body!.push(bytes, 0, bytes.length) !== MORE)
  }
  return {
    get method() {
      return method
    },
    get over() {
      return over
    },
    push(bytes) {
      if (!head) {
        emit(bytes)
        return pushBody(bytes)
      }
      head = concat([head, bytes])
      const text = latin1(head, 0, head.length)
      const end = text.indexOf('\r\n\r\n') + 4
      if (end < 4) return
      const fields = text.slice(0, end)
      const rest = head.subarray(end)
      head = undefined
      method = /^\S*/.exec(fields)![0]
      const length = /^content-length:[ \t]*(\d+)[ \t]*\r$/im.exec(fields)?.[1]
      body = createBodyDecoder(/^transfer-encoding:[ \t]*chunked[ \t]*\r$/im.test(fields) ? CHUNKED : Number(length ?? 0), ignore)
      emit(concat([octets(fields.replace(CREDENTIALS, `$1$2${MASK}`)), rest]))
      pushBody(rest)
    },
  }
}

/** Follows the response to `request`; `onHead` gets each head, those of interim responses too. */
export const followResponse = (request: RequestHalf, onHead: (head: ResponseHead) => void): Half => {
  let final: ResponseHead | undefined
  let body: Decoder | undefined
  let over = false
  const heads = createHeadDecoder(head => {
    onHead(head)
    if (head.status > 199 || head.status === 101) final = head
  })

  const decode = (bytes: Uint8Array): boolean => {
    let at = 0
    while (!final) {
      const used = heads.push(bytes, at, bytes.length)
      if (used === MORE) return false
      at += used
    }
    // What follows a switch of protocols ends with the connection.
    if (final.status === 101) return false
    body ??= createBodyDecoder(responseFraming(final, request.method), ignore)
    return body.push(bytes, at, bytes.length) !== MORE
  }
  return {
    get over() {
      return over
    },
    push(bytes) {
      if (!over) over = within(() => decode(bytes))
    },
  }
}
