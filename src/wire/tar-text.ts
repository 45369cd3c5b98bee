/**
 * Names in tar headers. An archive holds octets that are UTF-8 by custom only, and a name must come out of an archive and go
 * back into one, or onto a disk, octet for octet. So an octet that is no part of valid UTF-8 becomes the lone surrogate
 * U+DC80 to U+DCFF of its lower bits, and such a surrogate becomes that octet again (PEP 383; Python names files like this).
 */
import { concat, encodeUtf8, latin1, utf8 } from '../bytes.js'
import { fail } from '../errors.js'

/** How many octets the character that `lead` begins has in UTF-8, 0 if none begins with it. */
const lengthOf = (lead: number): number => (lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0)

/** Decodes UTF-8 so that `encodeTarText` gives the same octets again, whatever they are. */
export const decodeTarText = (bytes: Uint8Array, start = 0, end = bytes.length): string => {
  let bits = 0
  for (let i = start; i < end; i++) bits |= bytes[i]!
  if (bits < 0x80) return latin1(bytes, start, end)
  let text = utf8(bytes, start, end)
  if (!text.includes('\ufffd')) return text
  text = ''
  for (let i = start; i < end; ) {
    const length = lengthOf(bytes[i]!)
    const character = utf8(bytes, i, Math.min(i + length, end))
    // What is cut or overlong gives U+FFFD, alone or with what follows it; the real U+FFFD is EF BF BD.
    const isValid = character.length === (length === 4 ? 2 : 1) && (!character.startsWith('\ufffd') || (bytes[i] === 0xef && bytes[i + 1] === 0xbf))
    text += isValid ? character : String.fromCharCode(0xdc00 | bytes[i]!)
    i += isValid ? length : 1
  }
  return text
}

/** Encodes UTF-8, and the lone surrogates of `decodeTarText` as their octets. Errors: request-invalid for other lone surrogates. */
export const encodeTarText = (text: string): Uint8Array<ArrayBuffer> => {
  // With the flag u, a surrogate matches only where it is alone.
  if (!/[\ud800-\udfff]/u.test(text)) return encodeUtf8(text)
  return concat(
    text.split(/([\ud800-\udfff])/u).map((part, i) => {
      if (i % 2 === 0) return encodeUtf8(part)
      const code = part.charCodeAt(0)
      if (code < 0xdc80 || code > 0xdcff) throw fail('request-invalid', `${JSON.stringify(text)} has no form in octets: it holds half of a character`)
      return Uint8Array.of(code & 0xff)
    }),
  )
}
