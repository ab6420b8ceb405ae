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
export type { ContainerName } from './container.js'
export { Streamer, type StreamerEvents, type StreamerOptions, type StreamerOutput } from './streamer.js'
