/**
 * Names in tar headers. An archive holds octets that are UTF-8 by custom only, and a name must come out of an archive and go
 * back into one, or onto a disk, octet for octet. So in a text that is not UTF-8, each octet above 0x7f becomes the lone
 * surrogate U+DC80 to U+DCFF of its lower bits, and such a surrogate becomes that octet again (as in PEP 383).
 */
import { concat, encodeUtf8, latin1, utf8 } from '../bytes.js'
import { fail } from '../errors.js'

/** Decodes UTF-8 so that `encodeTarText` gives the same octets again, whatever they are. */
export const decodeTarText = (bytes: Uint8Array, start = 0, end = bytes.length): string => {
  const raw = latin1(bytes, start, end)
  if (/^[\0-\x7f]*$/.test(raw)) return raw
  const text = utf8(bytes, start, end)
  const encoded = encodeUtf8(text)
  return latin1(encoded, 0, encoded.length) === raw ? text : raw.replace(/[\x80-\xff]/g, c => String.fromCharCode(0xdc00 | c.charCodeAt(0)))
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
