/**
 * Octets to text and back. The one place that knows Buffer, whose native conversions are several times as fast as the
 * portable ones; without it (a browser, a worker) the portable ones serve.
 */

const node = typeof Buffer === 'undefined' ? undefined : Buffer

/** Decodes one character per octet, as HTTP heads want it (RFC 9110 section 5.5). */
export const latin1 = (bytes: Uint8Array, start: number, end: number): string => {
  if (node) return node.prototype.latin1Slice.call(bytes, start, end)
  let text = ''
  for (let i = start; i < end; i++) text += String.fromCharCode(bytes[i]!)
  return text
}

/** Decodes UTF-8; what is not UTF-8 becomes U+FFFD. A byte order mark is kept, as JSON.parse and users would see it. */
export const utf8 = (bytes: Uint8Array, start = 0, end = bytes.length): string =>
  node ? node.prototype.utf8Slice.call(bytes, start, end) : new TextDecoder(undefined, { ignoreBOM: true }).decode(bytes.subarray(start, end))

/** Encodes UTF-8. */
export const encodeUtf8 = (text: string): Uint8Array<ArrayBuffer> => (node ? node.from(text) : new TextEncoder().encode(text))

/** New bytes that are not zeroed where the runtime allows it: write before you read. */
export const allocate = (length: number): Uint8Array<ArrayBuffer> => (node ? node.allocUnsafeSlow(length) : new Uint8Array(length))

/** A copy of borrowed bytes. Not `bytes.slice`: on a Buffer that is a view. */
export const copy = (bytes: Uint8Array, start = 0, end = bytes.length): Uint8Array<ArrayBuffer> =>
  Uint8Array.prototype.slice.call(bytes, start, end)

/** One array of many. */
export const concat = (pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> => {
  let length = 0
  for (const piece of pieces) length += piece.length
  const joined = allocate(length)
  let at = 0
  for (const piece of pieces) {
    joined.set(piece, at)
    at += piece.length
  }
  return joined
}

/** Takes borrowed bytes: they are valid until it returns, or it copies them. A promise holds the source back until it settles. */
export type Sink = (chunk: Uint8Array, start: number, end: number) => void | Promise<void>

/** Bytes from anywhere: chunks that may be kept, and, where the source can, the road without a copy that is several times as fast. */
export type ByteSource = AsyncIterable<Uint8Array> & {
  /** Runs until the source has ended; rejects with its error, or with what `sink` threw. */
  into?(sink: Sink): Promise<void>
}
