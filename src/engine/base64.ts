/** Octets that JSON carries as standard base64 with padding (RFC 4648 section 4). */
import { encodeUtf8, latin1 } from '../bytes.js'
import { fail } from '../errors.js'

/** Text goes as UTF-8. Errors: request-invalid. */
export const encodeBase64 = (data: string | Uint8Array): string => {
  const octets = typeof data === 'string' ? encodeUtf8(data) : data
  if (!(octets instanceof Uint8Array)) throw fail('request-invalid', `Data is text or a Uint8Array, not ${octets === null ? 'null' : typeof octets}`)
  return btoa(latin1(octets, 0, octets.length))
}

/** Errors: json-malformed. */
export const decodeBase64 = (text: string): Uint8Array<ArrayBuffer> => {
  try {
    return Uint8Array.from(atob(text), c => c.charCodeAt(0))
  } catch (cause) {
    throw fail('json-malformed', 'what should be base64 is none', { cause })
  }
}
