/** What an operation sends: one JSON object, or an archive from whatever the caller has. */
import type { ByteSource } from '../bytes.js'
import { fail } from '../errors.js'
import type { Body } from '../http/exchange.js'
import { bytesBody, jsonBody, streamBody } from '../http/send.js'

/** A type of the engine's as a request has it: everything may be left out. */
export type Sent<T> = T extends readonly unknown[] ? { readonly [K in keyof T]: Sent<T[K]> } : T extends object ? { readonly [K in keyof T]?: Sent<T[K]> | undefined } : T

/** An archive to send: all of it, or a source of it, or a body that says its length or asks first (streamBody). */
export type Archive = Uint8Array | ByteSource | Iterable<Uint8Array> | Body

/** One JSON object. Errors: request-invalid. */
export const objectBody = (value: object): Body => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw fail('request-invalid', `a request takes an object, not ${Array.isArray(value) ? 'an array' : String(value)}`)
  return jsonBody(value)
}

const TAR = 'application/x-tar'

/** A tar archive; the engine recognises gzip, bzip2, xz and zstd by itself. Errors: request-invalid. */
export const archiveBody = (archive: Archive): Body => {
  if (archive instanceof Uint8Array) return bytesBody(archive, TAR)
  if (typeof archive === 'object' && archive !== null) {
    if (Symbol.asyncIterator in archive || Symbol.iterator in archive) return streamBody(archive, TAR)
    if ('send' in archive) return archive
  }
  throw fail('request-invalid', `an archive is a Uint8Array, an iterable of them or a body, not ${archive === null ? 'null' : typeof archive}`)
}
