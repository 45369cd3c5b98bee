/** hawser/wire: formats. Pure and synchronous; runs anywhere JavaScript runs. */
export { MORE, type Decoder, type Span } from './decoder.js'
export { createBodyDecoder, responseFraming, CHUNK_DIGITS_MAX, CHUNK_EXTENSIONS_MAX, CHUNKED, UNTIL_CLOSE, type Framing } from './body-framing.js'
export { createLineDecoder, LINE_BYTES_MAX } from './lines.js'
export { createMuxDecoder, encodeMuxHeader, MUX_HEADER, MUX_PAYLOAD_MAX, type MuxStream } from './mux.js'
export { encodeRequestHead, type RequestHead } from './request-head.js'
export { createHeadDecoder, createTrailerDecoder, header, headers, HEAD_BYTES_MAX, HEAD_FIELDS_MAX, NO_LENGTH, type ResponseHead } from './response-head.js'
