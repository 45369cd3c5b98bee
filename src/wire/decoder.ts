/**
 * What every decoder is: bytes in, callbacks out, synchronous, no I/O and no clock.
 *
 * Incomplete is a value (MORE), malformed is a coded error, anything else thrown is a bug. The bytes are borrowed: they
 * are valid until `push` returns, and a decoder copies what it must remember.
 */

/** `push` used everything and the item is not finished. */
export const MORE = -1

export type Decoder = {
  /**
   * Takes the octets `chunk[start..end)`. Returns MORE, or how many octets it used when it finished or was told to
   * stop by its callback: the rest belongs to whoever reads next.
   */
  push(chunk: Uint8Array, start: number, end: number): number
  /** The source has ended: throws a coded error if that cuts an item short. */
  end(): void
}

/**
 * Takes a piece of payload, never joined with its neighbours and never empty. The bytes are borrowed. Returning `false`
 * makes `push` return right behind this piece, with what it used; push the rest, even if it is empty, to go on.
 */
export type Span = (chunk: Uint8Array, start: number, end: number) => unknown
