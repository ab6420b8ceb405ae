import type { MediaTrack } from '../formats/packet.js'

/** A stretch of media with one timeline and one set of tracks: a Period of DASH, and in HLS what lies between two discontinuities. */
export interface Period {
  /** Counts up, over the life of the mount. */
  readonly number: number
  /** Its tracks, video before audio. */
  readonly tracks: readonly MediaTrack[]
  /** The track whose frames decide where parts and segments end: the first video track, or else the first of all. */
  readonly primary: MediaTrack
  /** Whether the source has pictures, too, that cannot be repackaged: then only its sound is offered, and not as if it were all. */
  readonly partial: boolean
  /** When it begins, in seconds of the mount's timeline: when the first frame of the primary track is shown. */
  readonly start: number
  /** How long after its decoding the first frame of the primary track is shown, in seconds: more than 0 with B-frames. */
  readonly delay: number
  /** When its first frame was there, in milliseconds since 1970: what EXT-X-PROGRAM-DATE-TIME counts from. */
  readonly date: number
}

const EPOCH = Date.UTC(2026, 0, 1)

/**
 * The number that the first segment of a run gets: half seconds since 2026. So the media sequence number grows over restarts, too, for no segment
 * lasts less than that on average.
 * @param now milliseconds since 1970
 */
export function firstSegment(now: number): number {
  return Math.max(1, Math.floor((now - EPOCH) / 500))
}

/**
 * The number that the first period of a run gets: ten minutes since 2026. So the discontinuity sequence number grows over restarts, too, unless the
 * source has come and gone more often than that. It is small, because hls.js walks through all numbers below it.
 * @param now milliseconds since 1970
 */
export function firstPeriod(now: number): number {
  return Math.max(1, Math.floor((now - EPOCH) / 600_000))
}
