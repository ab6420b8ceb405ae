import { AudioPacketReader } from './audio-packets.js'
import { FlvPacketReader } from './flv-packets.js'
import type { FormatName } from './frame.js'
import { Mp4PacketReader } from './mp4-packets.js'
import { MpegTsPacketReader } from './mpeg-ts-packets.js'
import { OggPacketReader } from './ogg-packets.js'
import type { PacketReader } from './packet.js'
import { WebmPacketReader } from './webm-packets.js'

/** Makes what reads packets from the frames of a format; `undefined` for one that nobody knows. */
export function createPacketReader(format: FormatName): PacketReader | undefined {
  switch (format) {
    case 'mp3':
    case 'adts':
    case 'flac':
      return new AudioPacketReader(format)
    case 'ogg':
      return new OggPacketReader()
    case 'mpeg-ts':
      return new MpegTsPacketReader()
    case 'flv':
      return new FlvPacketReader()
    case 'mp4':
      return new Mp4PacketReader()
    case 'webm':
    case 'matroska':
      return new WebmPacketReader()
    default:
      return undefined
  }
}
