import type { Frame } from './frame.js'
import { findBox } from './mp4-boxes.js'
import { writeInit } from './mp4-init.js'
import { readMovie } from './mp4-movie.js'
import { writePart } from './mp4-part.js'
import type { MediaTrack, Muxer, Packet } from './packet.js'

/**
 * Writes fragmented MP4 that plays while it arrives: every video packet is a fragment of its own, and so are audio packets that come
 * together. A listener starts at a key frame of the first video track; without video, at any fragment.
 */
export class Mp4Muxer implements Muxer {
  /** `video/mp4` or `audio/mp4`, with the codecs as MP4 names them: `mp4a.6B` for MP3, `vp08.00.10.08` for VP8. */
  readonly contentType: string
  /** `ftyp` and `moov`: the header of every frame. */
  readonly header: Buffer
  readonly #clocks: ReadonlyMap<MediaTrack, Clock>
  readonly #video: MediaTrack | undefined
  #sequence = 0

  /**
   * @param tracks what is to be written; packets of any other track are left out
   * @throws RangeError when a track's configuration makes no sense
   */
  constructor(tracks: readonly MediaTrack[]) {
    this.header = writeInit(tracks)
    this.#video = tracks.find((track) => track.kind === 'video')
    this.#clocks = new Map(tracks.map((track) => [track, new Clock(track)]))
    const { tracks: written } = readMovie(findBox(this.header, ['moov'])!)
    this.contentType = `${this.#video ? 'video' : 'audio'}/mp4; codecs="${written.map(({ track }) => track.codecs).join()}"`
  }

  /**
   * Takes the next packets and gives the fragments that they make; nothing is held back. A packet of unknown duration is taken to last as long
   * as the one before it; every fragment says when it begins, so that no error adds up.
   * @throws RangeError when a time is negative
   */
  write(packets: readonly Packet[]): Frame[] {
    const frames: Frame[] = []
    let run: Packet[] = []
    const flush = (): void => {
      if (run.length > 0) frames.push(this.#writeFrame(run))
      run = []
    }
    for (const packet of packets) {
      const clock = this.#clocks.get(packet.track)
      if (clock === undefined) continue
      const isVideo = packet.track.kind === 'video'
      // Of a track's packets in a fragment only the first one's time is written.
      if (isVideo || (clock.end ?? packet.dts) !== packet.dts || run.length >= MAX_RUN) flush()
      run.push(clock.time(packet))
      if (isVideo) flush()
    }
    flush()
    return frames
  }

  #writeFrame(packets: readonly Packet[]): Frame {
    const [first] = packets
    const { bytes } = writePart({ sequence: ++this.#sequence, packets })
    return { bytes, sync: this.#video === undefined || (first?.track === this.#video && first.key), header: this.header }
  }
}

/** Follows the times of a track, and knows how long a packet lasts that does not say. */
class Clock {
  readonly #longest: number
  #last: number | undefined
  #duration: number

  constructor({ kind, timescale, frameRate = 25 }: MediaTrack) {
    this.#longest = MAX_GUESS * timescale
    this.#duration = kind === 'video' ? Math.max(1, Math.round(timescale / frameRate)) : 1024
  }

  /** When the last packet is over; `undefined` while there is none. */
  get end(): number | undefined {
    return this.#last === undefined ? undefined : this.#last + this.#duration
  }

  /** The next packet, with a duration. */
  time(packet: Packet): Packet {
    const { dts, duration } = packet
    const since = this.#last === undefined ? 0 : dts - this.#last
    this.#last = dts
    if (duration > 0) this.#duration = duration
    else if (since > 0 && since <= this.#longest) this.#duration = since
    return duration > 0 ? packet : { ...packet, duration: this.#duration }
  }
}

/** The most audio packets of one fragment, so that there are enough places to start at. */
const MAX_RUN = 32

/** Seconds between two packets above which the first was surely not that long. */
const MAX_GUESS = 10
