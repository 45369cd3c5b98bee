/** Looking closely at what a contender got. Loaded only then, as hashing needs more memory than most of what is measured. */
import { createHash } from 'node:crypto'
import { BLOCK, payload, streamOf, type Framing } from './canned.js'

/** A hash of any octets, in any pieces. */
export type Digest = { add(chunk: Uint8Array): void; end(): string }

export const digest = (): Digest => {
  const hash = createHash('sha1')
  return { add: chunk => void hash.update(chunk), end: () => hash.digest('hex') }
}

/** What `verify` asks of a body: the digest of its payload, or of one stream of its frames. */
export const expected = ({ kind, piece, blocks }: Framing, stream?: 1 | 2): string => {
  const plain = payload()
  const hash = digest()
  for (let block = 0; block < blocks; block++) {
    if (kind !== 'mux' || stream === undefined) hash.add(plain)
    else for (let at = 0, index = 0; at < BLOCK; at += piece, index++) if (streamOf(index) === stream) hash.add(plain.subarray(at, at + piece))
  }
  return hash.end()
}
