/** Numbers that look random and are the same in every run. */

/** A generator of numbers from 0 up to, not including, 1 (mulberry32). */
export const random = (seed: number): (() => number) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

/** Cuts `bytes` at random: mostly a few octets at a time, now and then a lot. */
export const splitAtRandom = (bytes: Uint8Array, seed: number): Uint8Array[] => {
  const next = random(seed)
  const pieces: Uint8Array[] = []
  for (let at = 0; at < bytes.length; ) {
    const length = Math.ceil(next() ** 3 * (next() < 0.2 ? bytes.length : 40)) || 1
    pieces.push(bytes.subarray(at, at + length))
    at += length
  }
  return pieces
}
