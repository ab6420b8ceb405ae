import { AudioPacketReader } from './audio-packets.js'
import type { FormatName } from './frame.js'
import { OggPacketReader } from './ogg-packets.js'
import type { PacketReader } from './packet.js'

/** Makes what reads packets from the frames of a format; `undefined` for one that nobody knows. */
export function createPacketReader(format: FormatName): PacketReader | undefined {
  switch (format) {
    case 'mp3':
    case 'adts':
    case 'flac':
      return new AudioPacketReader(format)
    case 'ogg':
      return new OggPacketReader()
    default:
      return undefined
  }
}
