import { FLAC_INFO_SIZE, readFlacInfo, writeFlacInfo } from '../codecs/flac.js'
import type { Frame } from './frame.js'
import type { MediaTrack, Muxer, Packet } from './packet.js'

/**
 * Writes native FLAC: packets are whole frames, and each is a sync frame. The header, `fLaC` with STREAMINFO, also goes before the first one, as
 * a frame that is no sync frame. Packets of other tracks are left out.
 */
export class FlacMuxer implements Muxer {
  readonly contentType = 'audio/flac'
  readonly #track: MediaTrack
  readonly #header: Buffer
  #begun = false

  /** @throws RangeError when the track is not FLAC */
  constructor(track: MediaTrack) {
    const info = track.codecId === 'flac' ? readFlacInfo(track.config) : undefined
    if (info === undefined) throw new RangeError(`Cannot write ${track.codec} as FLAC`)
    this.#track = track
    // 'fLaC' and the block header of STREAMINFO, with the bit that says that no other block follows.
    this.#header = Buffer.concat([Buffer.from([0x66, 0x4c, 0x61, 0x43, 0x80, 0, 0, FLAC_INFO_SIZE]), writeFlacInfo(info)])
  }

  write(packets: readonly Packet[]): Frame[] {
    const header = this.#header
    const own = packets.filter(({ track }) => track === this.#track)
    if (own.length === 0) return []
    const frames: Frame[] = this.#begun ? [] : [{ bytes: header, sync: false, header }]
    this.#begun = true
    for (const { data } of own) frames.push({ bytes: data, sync: true, header })
    return frames
  }
}
