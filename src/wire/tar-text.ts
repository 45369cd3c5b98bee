/**
 * Names in tar headers. An archive holds octets that are UTF-8 by custom only, and a name must come out of an archive and go
 * back into one, or onto a disk, octet for octet. So an octet that is no part of valid UTF-8 becomes the lone surrogate
 * U+DC80 to U+DCFF of its lower bits, and such a surrogate becomes that octet again (PEP 383; Python names files like this).
 */
import { concat, encodeUtf8, latin1, utf8 } from '../bytes.js'
import { fail } from '../errors.js'

/** Decodes UTF-8 so that `encodeTarText` gives the same octets again, whatever they are. */
export const decodeTarText = (bytes: Uint8Array, start = 0, end = bytes.length): string => {
  let bits = 0
  for (let i = start; i < end; i++) bits |= bytes[i]!
  if (bits < 0x80) return latin1(bytes, start, end)
  let text = utf8(bytes, start, end)
  if (!text.includes('\ufffd')) return text
  text = ''
  for (let i = start; i < end; ) {
    const lead = bytes[i]!
    const length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4
    const character = utf8(bytes, i, Math.min(i + length, end))
    // What is cut, overlong or no beginning gives U+FFFD; the real U+FFFD is EF BF BD.
    const isValid = !character.includes('\ufffd') || (lead === 0xef && character === '\ufffd' && bytes[i + 1] === 0xbf && i + 2 < end)
    text += isValid ? character : String.fromCharCode(0xdc00 | lead)
    i += isValid ? length : 1
  }
  return text
}

/** Whether a text stands for octets that are not UTF-8. With the flag u, a surrogate matches only where it is alone. */
export const isOpaque = (text: string): boolean => /[\ud800-\udfff]/u.test(text)

/** Encodes UTF-8, and the lone surrogates of `decodeTarText` as their octets. Errors: request-invalid for other lone surrogates. */
export const encodeTarText = (text: string): Uint8Array<ArrayBuffer> => {
  if (!isOpaque(text)) return encodeUtf8(text)
  return concat(
    text.split(/([\udc80-\udcff])/u).map((part, i) => {
      if (i % 2 === 1) return Uint8Array.of(part.charCodeAt(0) & 0xff)
      if (isOpaque(part)) throw fail('request-invalid', `${JSON.stringify(text)} has no form in octets`)
      return encodeUtf8(part)
    }),
  )
}
