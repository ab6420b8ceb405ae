import { adtsCodecs, readAdtsHeader, writeAacConfig } from '../codecs/aac.js'
import { FLAC_INFO_SIZE, readFlacFrameHeader } from '../codecs/flac.js'
import { readMpegAudioHeader } from '../codecs/mpeg-audio.js'
import { NO_HEADER, type Frame } from './frame.js'
import { createMediaTrack } from './media-track.js'
import type { MediaTrack, Packet, PacketReader } from './packet.js'

/**
 * Reads packets from MP3, ADTS or native FLAC. These have no clock: times count samples from 0 at the first frame that it gets, and run on
 * when the parameters change, converted to the new rate, or frames are missing.
 *
 * It leaves out MPEG audio of layers I and II, and ADTS frames that have no short AudioSpecificConfig (channels that only the payload lists) or
 * hold several raw data blocks, which MP4 could not store.
 */
export class AudioPacketReader implements PacketReader {
  readonly pending = false
  readonly #read: ReadUnit
  #track: MediaTrack | undefined
  #time = 0

  /** @param format that of the demuxer whose frames it gets */
  constructor(format: 'mp3' | 'adts' | 'flac') {
    this.#read = UNITS[format]
  }

  get tracks(): readonly MediaTrack[] {
    return this.#track === undefined ? [] : [this.#track]
  }

  read(frames: readonly Frame[]): Packet[] {
    const packets: Packet[] = []
    for (const frame of frames) {
      // All sound is in sync frames; others are tags, tables about a file, and metadata.
      const unit = frame.sync ? this.#read(frame, this.#track) : undefined
      if (unit === undefined) continue
      const { track, duration, data } = unit
      if (this.#track !== undefined && track.timescale !== this.#track.timescale) {
        this.#time = Math.round((this.#time * track.timescale) / this.#track.timescale)
      }
      this.#track = track
      packets.push({ track, dts: this.#time, pts: this.#time, duration, key: true, data })
      this.#time += duration
    }
    return packets
  }

  end(): Packet[] {
    return []
  }
}

interface Unit {
  // The very track that was given, if its parameters are still the same.
  readonly track: MediaTrack
  readonly duration: number
  readonly data: Buffer
}

type ReadUnit = (frame: Frame, track: MediaTrack | undefined) => Unit | undefined

const ID = 1

const UNITS: Readonly<Record<'mp3' | 'adts' | 'flac', ReadUnit>> = {
  mp3({ bytes }, before) {
    const header = readMpegAudioHeader(bytes)
    if (header?.layer !== 3) return undefined
    const { sampleRate, channels, samples } = header
    const same = before?.sampleRate === sampleRate && before.channels === channels
    const track = same ? before : createMediaTrack('mp3', NO_HEADER, { id: ID, sampleRate, channels })
    return track && { track, duration: samples, data: bytes }
  },

  adts({ bytes }, before) {
    const header = readAdtsHeader(bytes)
    if (header === undefined || header.channelConfig === 0 || header.samples !== 1024) return undefined
    const config = writeAacConfig(header)
    let track = before?.config.equals(config) ? before : createMediaTrack('aac', config, { id: ID })
    if (track !== undefined && track !== before) track = { ...track, codecs: adtsCodecs(header) }
    return track && { track, duration: header.samples, data: bytes.subarray(header.headerSize) }
  },

  flac({ bytes, header }, before) {
    const frame = readFlacFrameHeader(bytes)
    // The demuxer's header: 'fLaC', a block header, STREAMINFO.
    const config = header.subarray(8, 8 + FLAC_INFO_SIZE)
    const track = before?.config.equals(config) ? before : createMediaTrack('flac', config, { id: ID })
    return frame && track && { track, duration: frame.blockSize, data: bytes }
  },
}
