/** hawser/stream: conveniences over wire for any source of bytes; a Node or Web stream is one. */
export { demux, demuxInto, type Demuxed, type DemuxOptions } from './demux.js'
export { lines, ndjson, type LinesOptions } from './lines.js'
export { collect, COLLECT_BYTES_MAX } from './collect.js'
export type { ByteSource, Sink } from '../bytes.js'
export { tar, type TarBody, type TarInput } from './tar.js'
export { untar, type Untarred } from './untar.js'
