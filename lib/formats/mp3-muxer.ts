import { NO_HEADER, type Frame } from './frame.js'
import type { MediaTrack, Muxer, Packet } from './packet.js'

/** Writes MP3: packets are whole frames, and each is a sync frame. Packets of other tracks are left out. */
export class Mp3Muxer implements Muxer {
  readonly contentType = 'audio/mpeg'
  readonly #track: MediaTrack

  /** @throws RangeError when the track is not MP3 */
  constructor(track: MediaTrack) {
    if (track.codecId !== 'mp3') throw new RangeError(`Cannot write ${track.codec} as MP3`)
    this.#track = track
  }

  write(packets: readonly Packet[]): Frame[] {
    return packets.filter(({ track }) => track === this.#track).map(({ data }) => ({ bytes: data, sync: true, header: NO_HEADER }))
  }
}
