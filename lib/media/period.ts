import type { MediaTrack } from '../formats/packet.js'

/** A stretch of media with one timeline and one set of tracks: a Period of DASH, and in HLS what lies between two discontinuities. */
export interface Period {
  /** Counts up, over the life of the mount. */
  readonly number: number
  /** Its tracks, video before audio. */
  readonly tracks: readonly MediaTrack[]
  /** The track whose frames decide where parts and segments end: the first video track, or else the first of all. */
  readonly primary: MediaTrack
  /** When it begins, in seconds of the mount's timeline: when the first frame of the primary track is shown. */
  readonly start: number
  /** How long after its decoding the first frame of the primary track is shown, in seconds: more than 0 with B-frames. */
  readonly delay: number
  /** When its first frame was there, in milliseconds since 1970: what EXT-X-PROGRAM-DATE-TIME counts from. */
  readonly date: number
}

const EPOCH = Date.UTC(2026, 0, 1)
/** Milliseconds that a segment, or a period, lasts at least, on average. */
const SHORTEST = 250
/** Names tell periods from tracks by their many digits; a machine without a battery may think that it is 1970. */
const FIRST = 1_000_000

/**
 * The number that the first period and the first segment of a run get: quarters of seconds since 2026. So the sequence numbers of playlists grow over
 * restarts, too, for none lasts less than that on average.
 * @param now milliseconds since 1970
 */
export function firstNumber(now: number): number {
  return FIRST + Math.max(0, Math.floor((now - EPOCH) / SHORTEST))
}
