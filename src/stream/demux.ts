/**
 * Telling stdout from stderr in a multiplexed stream (wire/mux.ts). Pieces are as they arrive, not lines and not frames:
 * `lines` makes lines of one stream.
 *
 * What the engine itself has to say (stream 3, such as "Error grabbing logs: …") does not end the stream. It goes to
 * `onSystemError`; without that it becomes a stream-error behind the last byte, so that it is not lost.
 */
import type { ByteSource, Sink } from '../bytes.js'
import { fail } from '../errors.js'
import type { Decoder } from '../wire/decoder.js'
import { createMuxDecoder } from '../wire/mux.js'
import { iterate, pumpDecoder } from './pump.js'

export type DemuxOptions = {
  /** Takes the engine's own messages as they come, in pieces. */
  onSystemError?: ((text: string) => void) | undefined
}

export type Demuxed = { stream: 'stdout' | 'stderr'; bytes: Uint8Array }

const SYSTEM_ERROR = 3
/** Characters of the engine's messages that are remembered, and a piece. */
const SYSTEM_ERROR_MAX = 4096

/** A mux decoder that keeps stream 3 to itself. */
const createOutputDecoder = ({ onSystemError }: DemuxOptions, emit: (isStderr: boolean, chunk: Uint8Array, start: number, end: number) => unknown): Decoder => {
  let said = ''
  let characters: InstanceType<typeof TextDecoder> | undefined
  const decoder = createMuxDecoder((stream, chunk, start, end) => {
    if (stream !== SYSTEM_ERROR) return emit(stream === 2, chunk, start, end)
    // A character may be cut between two pieces.
    const text = (characters ??= new TextDecoder()).decode(chunk.subarray(start, end), { stream: true })
    if (onSystemError) onSystemError(text)
    else if (said.length < SYSTEM_ERROR_MAX) said += text
    return undefined
  })
  return {
    push: decoder.push,
    end() {
      decoder.end()
      if (said) throw fail('stream-error', `the engine reported: ${said}`, { reason: said })
    },
  }
}

/** Yields pieces of both streams that may be kept. Errors: mux-malformed, mux-truncated, stream-error, and the source's. */
export const demux = (source: ByteSource, options: DemuxOptions = {}): AsyncIterable<Demuxed> =>
  iterate(source, queue => createOutputDecoder(options, (isStderr, chunk, start, end) => void queue.push({ stream: isStderr ? 'stderr' : 'stdout', bytes: chunk.subarray(start, end) })))

/**
 * Hands both streams to sinks in borrowed pieces, without a copy where the source is a response's body. A stream without a
 * sink is passed over. Errors: those of demux, and the sinks'.
 */
export const demuxInto = (source: ByteSource, { stdout, stderr, ...options }: { stdout?: Sink | undefined; stderr?: Sink | undefined } & DemuxOptions): Promise<void> =>
  pumpDecoder(source, wait => createOutputDecoder(options, (isStderr, chunk, start, end) => {
    const sink = isStderr ? stderr : stdout
    return sink && wait(sink(chunk, start, end))
  }))
