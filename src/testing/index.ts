/** hawser/testing: recordings of engines, and engines made of recordings. */
export { record, type Recorder } from './record.js'
export { replay, type Replay } from './replay.js'
export { formatRecording, parseRecording, type RecordedExchange, type RecordedStep, type Recording } from './recording.js'
export { MASK, MASKED_HEADERS } from './conversation.js'
