export {
  type StreamerCommand,
  streamerCommand,
  type StreamerEntry,
  streamerEntry,
  type StreamerState,
  streamerState,
  type StreamerTarget,
  streamerTarget,
} from '../api/streamer.js'
export { type DeskList, deskList, type DeskMemo, deskMemo, type DeskState, deskState } from '../api/desk.js'
export { type ConversionPlan, planItem, type PlanOptions } from './conversion.js'
export { whyNotCopy } from './conversion-copy.js'
export type { Carrier } from './conversion-encode.js'
export {
  type AudioOutput,
  createOutput,
  type Output,
  type OutputOptions,
  outputOptions,
  type Rung,
  type Tools,
  type VideoOutput,
} from './output.js'
export type { AudioCodec, OutputFormat, VideoCodec } from './output-formats.js'
export { Streamer, type StreamerEvents, type StreamerOptions } from './streamer.js'
export { Desk, type DeskOptions } from './desk.js'
export {
  type DeskDestination,
  type DeskMemory,
  DeskSession,
  type DeskSessionEvents,
  type DeskSessionOptions,
  type DeskStream,
  type DeskStreamer,
} from './desk-session.js'
