import type { Period } from '../media/period.js'

/*
 * What playlists and manifests are written from: plain values, in seconds and names. What makes them is the packager.
 */

/** What a playlist tells of a period. */
export type PlaylistPeriod = Pick<Period, 'number' | 'tracks' | 'start' | 'date'>

/** A piece of a segment that can be fetched before the segment is whole: EXT-X-PART, a CMAF chunk. */
export interface PartEntry {
  /** Its URI, relative to the playlist. */
  readonly uri: string
  /** In seconds. */
  readonly duration: number
  /** Whether it begins with a key frame. */
  readonly independent: boolean
}

/** A media segment, whole or still growing. */
export interface SegmentEntry {
  /** Its media sequence number. */
  readonly sequence: number
  /** Its URI, relative to the playlist; meant to be fetched once the segment is whole. */
  readonly uri: string
  /** The Period that it belongs to; another than that of the segment before means a discontinuity. */
  readonly period: PlaylistPeriod
  /** How many discontinuities there were before it, over the life of the mount: the discontinuity sequence number. */
  readonly discontinuity: number
  /** When it begins, in seconds of the mount's timeline. */
  readonly start: number
  /** In seconds, from the times of its frames; so far, while it grows. */
  readonly duration: number
  /** Whether it is whole. */
  readonly complete: boolean
  /** Whether it begins with a key frame. */
  readonly independent: boolean
  /** Whether nothing is to be had here: EXT-X-GAP. */
  readonly gap: boolean
  /** The URI of the initialization section of its period, relative to the playlist; `undefined` for MPEG-TS and packed audio. */
  readonly init: string | undefined
  /** Its parts; none in a playlist without low latency. */
  readonly parts: readonly PartEntry[]
}

/** A date range of a playlist: a title, from when it plays. */
export interface TitleEntry {
  /** Unique in the playlist. */
  readonly id: string
  /** When it begins, in milliseconds since 1970. */
  readonly date: number
  /** In seconds, once the next has begun. */
  readonly duration?: number | undefined
  /** What plays. */
  readonly title: string
}

/** Where another rendition stands: EXT-X-RENDITION-REPORT. */
export interface RenditionReport {
  /** The URI of its media playlist, relative to this one. */
  readonly uri: string
  /** The media sequence number of its newest segment, which may be growing. */
  readonly lastSequence: number
  /** The index of its newest part in that segment. */
  readonly lastPart: number
}

/** The numbers of a segment. */
export interface SequenceNumbers {
  /** Its media sequence number. */
  readonly sequence: number
  /** Its discontinuity sequence number. */
  readonly discontinuity: number
}

/** All that a media playlist says. */
export interface MediaPlaylist {
  /** EXT-X-TARGETDURATION in seconds, a whole number that never changes. */
  readonly targetDuration: number
  /** Part target in seconds; `undefined` without low latency. */
  readonly partTarget: number | undefined
  /** Oldest first; the last may be growing. While the first of a mount is awaited there is none. */
  readonly segments: readonly SegmentEntry[]
  /** EXT-X-MEDIA-SEQUENCE and EXT-X-DISCONTINUITY-SEQUENCE where there are no segments, so that they never go back. */
  readonly next: SequenceNumbers
  /** The URI that the next part will have, while the source is live. */
  readonly hint: string | undefined
  /** Whether a source is there: without one nothing can be blocked for. */
  readonly live: boolean
  /** Whether nothing more will ever come: EXT-X-ENDLIST. */
  readonly ended: boolean
  /** Where the other renditions stand. */
  readonly reports: readonly RenditionReport[]
  /** The titles that play within the window, oldest first. */
  readonly titles: readonly TitleEntry[]
}

/** One variant of a multivariant playlist. */
export interface Variant {
  /** The URI of its media playlist, relative to the multivariant one. */
  readonly uri: string
  /** Most bits a second, over any segment. */
  readonly bandwidth: number
  /** Bits a second over all of the window. */
  readonly averageBandwidth: number
  /** Every codec of the variant, its audio group included, as RFC 6381 writes them. */
  readonly codecs: readonly string[]
  /** Picture width in pixels. */
  readonly width?: number | undefined
  /** Picture height in pixels. */
  readonly height?: number | undefined
  /** Pictures a second. */
  readonly frameRate?: number | undefined
  /** The group of its alternative audio. */
  readonly audio?: string | undefined
  /** What it is called, for people. */
  readonly name?: string | undefined
}

/** An alternative rendition: EXT-X-MEDIA of type AUDIO. */
export interface AudioRendition {
  /** The URI of its media playlist; `undefined` when it is in the variant's own segments. */
  readonly uri: string | undefined
  /** The group that variants name. */
  readonly group: string
  /** Its name for people. */
  readonly name: string
  /** Its language as RFC 5646 writes it. */
  readonly language?: string | undefined
  /** Whether it plays unless another is chosen. */
  readonly default: boolean
  /** Its channels. */
  readonly channels?: number | undefined
}

/** All that a multivariant playlist says. */
export interface MultivariantPlaylist {
  /** Its variants; the first is the one that players begin with. */
  readonly variants: readonly Variant[]
  /** Its alternative audio. */
  readonly audio: readonly AudioRendition[]
  /** Whether every segment begins with a key frame. */
  readonly independent: boolean
  /** What one viewer calls itself in later requests: EXT-X-SESSION-DATA `io.floecast.session`. */
  readonly session?: string | undefined
}
