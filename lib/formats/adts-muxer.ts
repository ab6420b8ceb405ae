import { AAC_SAMPLE_RATES, ADTS_HEADER_SIZE, readAacConfig, writeAdtsHeader, type AacConfig } from '../codecs/aac.js'
import { NO_HEADER, type Frame } from './frame.js'
import type { MediaTrack, Muxer, Packet } from './packet.js'

/** What an ADTS header says of a stream, the same in each frame. */
export type AdtsConfig = Pick<AacConfig, 'objectType' | 'sampleRateIndex' | 'channelConfig'>

/** What goes into the ADTS headers of a track; `undefined` when it is not AAC, or ADTS cannot say what its configuration does. */
export function adtsConfig(track: MediaTrack): AdtsConfig | undefined {
  const config = track.codecId === 'aac' ? readAacConfig(track.config) : undefined
  if (config === undefined) return undefined
  const { objectType, channelConfig, samples } = config
  const sampleRateIndex = AAC_SAMPLE_RATES.indexOf(config.sampleRate)
  // Two bits of object type, three of channels, and frames of 1024 samples; HE-AAC goes as its core.
  if (objectType > 4 || sampleRateIndex < 0 || channelConfig < 1 || channelConfig > 7 || samples !== 1024) return undefined
  return { objectType, sampleRateIndex, channelConfig }
}

/** The ADTS frame of one raw AAC frame; `undefined` for one that is larger than ADTS can say (8184 bytes). */
export function writeAdtsFrame(config: AdtsConfig, data: Buffer): Buffer | undefined {
  if (data.length + ADTS_HEADER_SIZE > MAX_ADTS_FRAME_SIZE) return undefined
  return Buffer.concat([writeAdtsHeader(config, data.length), data])
}

/** Writes AAC as ADTS: a packet is a frame, and each is a sync frame. Packets of other tracks are left out. */
export class AdtsMuxer implements Muxer {
  readonly contentType = 'audio/aac'
  readonly #track: MediaTrack
  readonly #config: AdtsConfig

  /** @throws RangeError when {@link adtsConfig} has none for the track */
  constructor(track: MediaTrack) {
    const config = adtsConfig(track)
    if (config === undefined) throw new RangeError(`Cannot write ${track.codec} (${track.codecs}) as ADTS: its headers cannot say that`)
    this.#track = track
    this.#config = config
  }

  write(packets: readonly Packet[]): Frame[] {
    return packets.flatMap(({ track, data }) => {
      const bytes = track === this.#track ? writeAdtsFrame(this.#config, data) : undefined
      return bytes === undefined ? [] : { bytes, sync: true, header: NO_HEADER }
    })
  }
}

// A frame's size has 13 bits.
const MAX_ADTS_FRAME_SIZE = 8191
