import { OPUS_SAMPLE_RATE, opusSamples, writeOpusHead } from '../codecs/opus.js'
import { AudioClock } from './audio-clock.js'
import type { AudioFacts, AudioPackets } from './framed-audio.js'
import { createMediaTrack } from './media-track.js'
import type { MediaTrack, Packet } from './packet.js'

// Streams, coupled streams, and the stream of each channel in Vorbis order, by channels from 3 on (RFC 7845 clause 5.1.1.2).
const LAYOUTS: Readonly<Record<number, readonly number[]>> = {
  3: [2, 1, 0, 2, 1],
  4: [2, 2, 0, 1, 2, 3],
  5: [3, 2, 0, 4, 1, 2, 3],
  6: [4, 2, 0, 4, 1, 2, 3, 5],
  7: [4, 3, 0, 4, 1, 2, 3, 5, 6],
  8: [5, 3, 0, 6, 1, 2, 3, 4, 5, 7],
}

/** Reads the packets of Opus in MPEG-TS: each stands behind a control header in the PES packet's data. */
export class OpusTs implements AudioPackets {
  readonly track: MediaTrack | undefined
  readonly #clock = new AudioClock()

  /** @param channels 1 to 8, from the program map */
  constructor(channels: number | undefined, facts: AudioFacts) {
    const layout = channels === undefined ? undefined : LAYOUTS[channels]
    if (channels === undefined || (channels > 2 && layout === undefined)) return
    const mapping = Buffer.from(layout ?? [])
    const head = { channels, preSkip: 0, inputSampleRate: OPUS_SAMPLE_RATE, outputGain: 0, mappingFamily: layout ? 1 : 0, mapping }
    this.track = createMediaTrack('opus', writeOpusHead(head), facts)
  }

  get isUnsupported(): boolean {
    return this.track === undefined
  }

  push(data: Buffer, time: number | undefined): Packet[] {
    const packets: Packet[] = []
    const { track } = this
    if (track === undefined) return packets
    let stated = time === undefined ? undefined : (time * 8) / 15
    // 0x3ff: 11 bits | start trim 1 | end trim 1 | extension 1 | 2 || size: bytes of 255 and a last one, added up || trims || extension
    for (let at = 0; at + 3 <= data.length;) {
      const head = data.readUInt16BE(at)
      if (head >> 5 !== 0x3ff) break
      at += 2
      let size = 0
      let byte: number
      do size += byte = data[at++] ?? 0
      while (byte === 255)
      if (head & 0x10) at += 2
      if (head & 0x08) at += 2
      if (head & 0x04) at += 1 + (data[at] ?? 0)
      const packet = data.subarray(at, at + size)
      const duration = opusSamples(packet)
      if (packet.length < size || duration === 0) break
      const dts = this.#clock.take(stated, duration, OPUS_SAMPLE_RATE)
      if (dts !== undefined) packets.push({ track, dts, pts: dts, duration, key: true, data: packet })
      stated = undefined
      at += size
    }
    return packets
  }

  reset(): void {
    // A packet never lies over a border.
  }
}
