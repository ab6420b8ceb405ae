export type { Demuxer, FormatName, Frame, Track } from './frame.js'
export { MAX_FRAME_SIZE, NO_HEADER } from './frame.js'
