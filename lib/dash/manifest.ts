/*
 * What an MPD is written from: plain values. What makes them is the packager. Times are seconds of the presentation, whose time 0 is
 * Manifest.availabilityStartTime, unless they are called ticks.
 */

/** All that an MPD says. */
export interface Manifest {
  /**
   * When time 0 of the presentation was there, in milliseconds since 1970: the earliest moment of arrival minus media time, so that no player asks
   * for what has not come yet. It never changes while the mount lives: a source that stops, starts again or drifts gets a new period, whose
   * {@link ManifestPeriod.start} comes from this clock.
   */
  readonly availabilityStartTime: number
  /** When this manifest last changed, in milliseconds since 1970. */
  readonly publishTime: number
  /** Whether nothing more will ever come. */
  readonly ended: boolean
  /** How long a player may go on with this manifest, in seconds. */
  readonly minimumUpdatePeriod: number
  /** How far back segments can be had, in seconds. */
  readonly timeShiftBufferDepth: number
  /** How far behind the source a player starts that knows nothing better, in seconds. */
  readonly suggestedPresentationDelay: number
  /** The longest segment, in seconds; for {@link NumberedSegments} it is best just their duration: shaka-player keeps that far from the edge. */
  readonly maxSegmentDuration: number
  /** How close to the source players shall stay; `undefined` without low latency. */
  readonly lowLatency: LowLatency | undefined
  /** Where players ask for the time. */
  readonly utcTiming: UtcTiming
  /** Its periods, oldest first; none are players' business before there is one with segments. */
  readonly periods: readonly ManifestPeriod[]
}

/** What low latency means for players. */
export interface LowLatency {
  /** How long after it was there a frame is shown, in seconds; about three parts or more. */
  readonly target: number
  /** Below this players wait, in seconds. */
  readonly min: number
  /** Above this players jump, in seconds. */
  readonly max: number
  /** The longest part, in seconds: a segment can be fetched as soon as its first part is there. */
  readonly partDuration: number
}

/** A clock that we serve: viewers' clocks are wrong, and there may be no internet. */
export interface UtcTiming {
  /** Relative to the manifest or absolute; it answers with the time as xs:dateTime writes it, such as `2026-01-31T12:00:00.000Z`. */
  readonly url: string
  /** Now, in milliseconds since 1970; only for a manifest that is written anew for each answer. */
  readonly now?: number | undefined
}

/** A stretch of media with one timeline and one set of tracks. */
export interface ManifestPeriod {
  /** Its id; it never changes. */
  readonly id: string
  /** When it begins, in seconds; at or after the end of the period before. It never changes. */
  readonly start: number
  /** In seconds, until its last frame is over; needed of the last period of what has ended. */
  readonly duration?: number | undefined
  /** Its tracks; one whose segments are listed and of which none is in the window is left out. */
  readonly sets: readonly AdaptationSet[]
  /** What happens meanwhile, such as titles. */
  readonly events?: readonly EventStream[] | undefined
}

/** How a track goes on from another period. */
export interface Continuity {
  /** The id of that period. */
  readonly period: string
  /** Whether its time goes on, too. */
  readonly continuous: boolean
}

/** Forms of one track between which players may switch. */
export interface AdaptationSet {
  /** Its number; the same track has the same in every period. */
  readonly id: number
  /** What it is. */
  readonly kind: 'audio' | 'video'
  /** Its container. */
  readonly mimeType: 'video/mp4' | 'audio/mp4' | 'video/webm' | 'audio/webm'
  /** Its language as RFC 5646 writes it. */
  readonly language?: string | undefined
  /** Whether every segment begins with a key frame. */
  readonly independent: boolean
  /**
   * The period that it carries on from, if its parameters are the same: with `continuous` its time goes on, too, so that a player need not set up
   * its decoder again (ISO/IEC 23009-1 5.3.2.4).
   */
  readonly follows?: Continuity | undefined
  /** The schemes of the `emsg` boxes in its segments. */
  readonly inbandEvents?: readonly string[] | undefined
  /** Its forms. */
  readonly representations: readonly Representation[]
}

/** One form of a track. */
export interface Representation {
  /** Unique in its period; the same form has the same in every period. */
  readonly id: string
  /** As RFC 6381 writes them. */
  readonly codecs: string
  /** Most bits a second, over any segment. */
  readonly bandwidth: number
  /** Picture width in pixels. */
  readonly width?: number | undefined
  /** Picture height in pixels. */
  readonly height?: number | undefined
  /** Pictures a second. */
  readonly frameRate?: number | undefined
  /** Samples a second. */
  readonly sampleRate?: number | undefined
  /** Its channels. */
  readonly channels?: number | undefined
  /**
   * Ticks a second of the times below. It need not be the media's own: segments of 2.002 s have no whole duration in 44,100 ticks, but in 90,000
   * they do, and what is rounded in every segment adds up.
   */
  readonly timescale: number
  /** The time in the media at which the period begins, in ticks. */
  readonly presentationTimeOffset: number
  /** The URI of its initialization section, relative to the manifest. */
  readonly init: string
  /** Where its segments are. */
  readonly segments: NumberedSegments | ListedSegments
}

/**
 * Segments on a grid: number n holds what begins from (n − startNumber) × duration on, so that players know every URI ahead and ask for
 * a segment while it grows. A segment may begin late, by half a duration at most (ISO/IEC 23009-1 7.2.1), as key frames are not always where the grid wants
 * them, but never early, and no number is left out.
 *
 * Players run ahead of what there is: the answer for a number that has not begun is held until it has, and once its period is over it is an empty 200,
 * which both players take for nothing; after a 404 shaka-player never comes to the end.
 */
export interface NumberedSegments {
  /** Always `numbered`. */
  readonly kind: 'numbered'
  /** The URI of a segment, relative to the manifest, with `$Number$` where its number stands, and `$$` for a dollar. */
  readonly media: string
  /** The number of the segment with which the period begins, even when it has left the window. */
  readonly startNumber: number
  /** Width of the grid, in ticks: a whole number. */
  readonly duration: number
}

/** Segments that are told one by one, once they are whole: any durations, and holes, but nothing that still grows. */
export interface ListedSegments {
  /** Always `listed`. */
  readonly kind: 'listed'
  /** The URI of a segment, relative to the manifest, with `$Time$` where its time stands, and `$$` for a dollar. */
  readonly media: string
  /** Those in the window, oldest first. */
  readonly segments: readonly ManifestSegment[]
}

/** A whole segment. */
export interface ManifestSegment {
  /** When it begins, in ticks of the media. */
  readonly time: number
  /** In ticks. */
  readonly duration: number
}

/** Events of one scheme. */
export interface EventStream {
  /** What the messages are, such as `https://aomedia.org/emsg/ID3`. */
  readonly scheme: string
  /** Oldest first. */
  readonly events: readonly ManifestEvent[]
}

/** Something that happens in a period. */
export interface ManifestEvent {
  /** Unique among the events of its scheme. */
  readonly id: number
  /** When it begins, in seconds of the presentation. */
  readonly start: number
  /** In seconds, once it is over. */
  readonly duration?: number | undefined
  /** Text, or bytes, which are written as base64. */
  readonly message: string | Uint8Array
}
