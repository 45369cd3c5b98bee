/**
 * Names in tar headers. An archive holds octets that are UTF-8 by custom only, and a name must come out of an archive and go
 * back into one, or onto a disk, octet for octet. So an octet that is no part of valid UTF-8 becomes the lone surrogate
 * U+DC80 to U+DCFF of its lower bits, and such a surrogate becomes that octet again (PEP 383; Python names files like this).
 */
import { concat, encodeUtf8, latin1 } from '../bytes.js'
import { fail } from '../errors.js'

/** What has the form of one character in UTF-8, or is no part of such. */
const CHARACTER = /[\xc0-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xff][\x80-\xbf]{3}|[\x80-\xff]/g

/** Decodes UTF-8 so that `encodeTarText` gives the same octets again, whatever they are. */
export const decodeTarText = (bytes: Uint8Array, start = 0, end = bytes.length): string => {
  const raw = latin1(bytes, start, end)
  return /^[\0-\x7f]*$/.test(raw)
    ? raw
    : raw.replace(CHARACTER, octets => {
        try {
          // This decoder refuses what is not UTF-8; others put U+FFFD, which may be there by itself.
          return decodeURIComponent(octets.replace(/./gs, c => `%${c.charCodeAt(0).toString(16)}`))
        } catch {
          return octets.replace(/./gs, c => String.fromCharCode(0xdc00 | c.charCodeAt(0)))
        }
      })
}

/** Whether a text stands for octets that are not UTF-8. With the flag u, a surrogate matches only where it is alone. */
export const isOpaque = (text: string): boolean => /[\ud800-\udfff]/u.test(text)

/** Encodes UTF-8, and the lone surrogates of `decodeTarText` as their octets. Errors: request-invalid for other lone surrogates. */
export const encodeTarText = (text: string): Uint8Array<ArrayBuffer> =>
  concat(
    text.split(/([\udc80-\udcff])/u).map((part, i) => {
      if (i % 2) return Uint8Array.of(part.charCodeAt(0))
      if (isOpaque(part)) throw fail('request-invalid', `${JSON.stringify(text)} has no form in octets`)
      return encodeUtf8(part)
    }),
  )
