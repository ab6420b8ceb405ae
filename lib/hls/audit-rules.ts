/** What an audit holds a server to, by name: the rule in a sentence, and where it stands. */
export const RULES = {
  reachable: 'Every playlist, segment, part and initialization section that is told can be fetched (RFC 8216bis 6.2.1)',
  syntax: 'A playlist follows the syntax (RFC 8216bis 4)',
  version: 'EXT-X-VERSION is at least 6 with EXT-X-MAP, 9 with EXT-X-SKIP, 10 when it skips date ranges (RFC 8216bis 8)',
  'target-duration': 'EXT-X-TARGETDURATION never changes (RFC 8216bis 4.4.3.1)',
  'segment-duration': 'EXTINF, rounded, is at most the target duration (RFC 8216bis 4.4.3.1)',
  'part-target': 'A part is at most PART-TARGET long (RFC 8216bis 4.4.4.9)',
  'part-minimum':
    'A part is at least 85 % of PART-TARGET long, unless it is independent, a gap, before a gap, or the last of its segment (RFC 8216bis 4.4.4.9)',
  'parts-near-edge': 'Parts are listed only within three target durations of the end (RFC 8216bis 6.2.2)',
  'part-changed': 'A part that was listed keeps its place, name and duration (RFC 8216bis 6.2.1)',
  'part-kept': 'A part can be fetched for three target durations after it is no longer listed (RFC 8216bis 6.2.2)',
  'server-control':
    'EXT-X-SERVER-CONTROL: HOLD-BACK ≥ 3 target durations, PART-HOLD-BACK ≥ 3 PART-TARGET, CAN-SKIP-UNTIL ≥ 6 target durations (RFC 8216bis 4.4.3.8)',
  'date-time': 'EXT-X-PROGRAM-DATE-TIME is in every low-latency playlist, and again after each discontinuity (RFC 8216bis B.1)',
  'date-continuity': 'Dates run on by the durations of segments, except at a discontinuity (RFC 8216bis 4.4.4.6)',
  'date-range': 'EXT-X-DATERANGE has a unique ID and START-DATE, in a playlist with EXT-X-PROGRAM-DATE-TIME (RFC 8216bis 4.4.5.1)',
  'media-sequence': 'EXT-X-MEDIA-SEQUENCE never goes back, and no number is left out (RFC 8216bis 6.2.2)',
  'discontinuity-sequence':
    'EXT-X-DISCONTINUITY-SEQUENCE never goes back, and a segment keeps its discontinuity number (RFC 8216bis 6.2.2)',
  'segment-changed': 'A segment keeps its name, duration, date and map (RFC 8216bis 6.2.1)',
  'segment-bytes': 'A segment keeps its bytes (RFC 8216bis 6.2.1)',
  'parts-equal-segment': 'The parts of a segment, one behind the other, are the segment (RFC 8216bis 3.2; CMAF chunks)',
  'preload-hint': 'EXT-X-PRELOAD-HINT is always there while live, and never after EXT-X-ENDLIST (RFC 8216bis 4.4.5.3)',
  'hint-comes-true': 'The URI of a hint becomes the next part, and is answered with its bytes (RFC 8216bis 4.4.5.3)',
  'rendition-report': 'EXT-X-RENDITION-REPORT tells of every other rendition, as it stands (RFC 8216bis B.1)',
  'blocking-reload': 'A blocking reload is answered with a playlist that has what it asked for, or an error (RFC 8216bis 6.2.5.2)',
  'blocking-time': 'A blocking reload is answered within three target durations (RFC 8216bis 6.2.5.2)',
  'msn-too-high': '_HLS_msn of more than the last plus two is answered with 400 (RFC 8216bis 6.2.5.2)',
  'part-without-msn': '_HLS_part without _HLS_msn is answered with 400 (RFC 8216bis 6.2.5.2)',
  'delta-update': '_HLS_skip is answered with a delta update that gives the full playlist (RFC 8216bis 6.2.5.1)',
  'skip-boundary': 'Only segments older than CAN-SKIP-UNTIL are skipped (RFC 8216bis 6.2.5.1)',
  'content-type': 'Content-Type says what it is (RFC 8216bis 4)',
  cors: 'Pages of other origins may read it: Access-Control-Allow-Origin, and for playlists Access-Control-Expose-Headers with Date and Age',
  'cache-control':
    'Playlists are no-cache, but for answers to blocking requests, which may be kept for six target durations (RFC 8216bis, appendix B); segments, parts and initialization sections immutable with a long max-age',
  compression: 'Only playlists are compressed',
  codecs: 'CODECS is what the initialization section says (RFC 8216bis 4.4.6.2; RFC 6381)',
  'media-format': 'Fragments are whole, have a tfdt, and a map (RFC 8216bis 3.1.2)',
  'media-times': 'The times of each track run on from fragment to fragment, except at a discontinuity (RFC 8216bis 3)',
  'media-duration': 'EXTINF and the DURATION of parts come from the times of the media (RFC 8216bis 4.4.4.1)',
  independent: 'What is said to be independent begins with a key frame (RFC 8216bis 4.4.4.9, 4.4.2.1)',
  'mpd-syntax': 'An MPD is well-formed, dynamic, and has its mandatory attributes (ISO/IEC 23009-1 5.3)',
  'mpd-clock': 'A clock is told by UTCTiming, it answers, and availabilityStartTime lies in its past (ISO/IEC 23009-1 5.8.4.11)',
  'mpd-availability': 'The newest segment by the times of the MPD can be fetched (ISO/IEC 23009-1 5.3.9.5.3)',
} as const

/** The name of a rule. */
export type Rule = keyof typeof RULES

/** One rule that a server breaks at one place. */
export interface Finding {
  /** Which. */
  readonly rule: string
  /** The rule in a sentence, and where it stands. */
  readonly clause: string
  /** Where it was seen first. */
  readonly url: string
  /** What was found there. */
  readonly found: string
  /** What it should have been. */
  readonly expected: string
  /** How often it was seen in the same playlist. */
  times: number
}

/** Takes a violation. */
export type Report = (rule: Rule, found: string, expected: string, url?: string) => void

/** The findings of an audit: one a rule and playlist, however often it happens. */
export class Findings {
  readonly #all = new Map<string, Finding>()
  readonly #added: (finding: Finding) => void

  /** @param added hears of each finding when it is seen first */
  constructor(added: (finding: Finding) => void = () => {}) {
    this.#added = added
  }

  /** What takes the violations of one playlist. */
  at(playlist: string): Report {
    return (rule, found, expected, url = playlist) => {
      const key = `${rule} ${playlist}`
      const known = this.#all.get(key)
      if (known) known.times++
      else {
        const finding = { rule, clause: RULES[rule], url, found, expected, times: 1 }
        this.#all.set(key, finding)
        this.#added(finding)
      }
    }
  }

  /** All of them, in the order in which they were found. */
  get list(): Finding[] {
    return [...this.#all.values()]
  }
}
