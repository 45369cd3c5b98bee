/** Hawser's layers, from this build or, for a race between versions, from the one that --beside names. */
import type { Setting } from './bench.js'

type Source = Pick<Setting, 'source'>

export const io = ({ source }: Source) => import(`${source}io/index.js`) as Promise<typeof import('../../src/io/index.js')>
export const http = ({ source }: Source) => import(`${source}http/index.js`) as Promise<typeof import('../../src/http/index.js')>
export const stream = ({ source }: Source) => import(`${source}stream/index.js`) as Promise<typeof import('../../src/stream/index.js')>
export const wire = ({ source }: Source) => import(`${source}wire/index.js`) as Promise<typeof import('../../src/wire/index.js')>
