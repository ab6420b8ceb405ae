import type { Finding, Playing } from '../api/doctor.js'
import type { FormatName, Track } from '../formats/frame.js'
import type { HealthMeasures } from '../media/health-measures.js'
import type { MountForms } from '../api/index.js'

/** What the doctor looks at. */
export interface Patient {
  /** The wire format. */
  readonly format: FormatName
  /** What the source says of its tracks. */
  readonly tracks: readonly Track[]
  /** What its packets say. */
  readonly measures: HealthMeasures
  /** The forms in which it can be had. */
  readonly forms: MountForms
  /** Whether endless streams in other forms are switched on. */
  readonly instant: boolean
  /** Seconds of a segment. */
  readonly segmentDuration: number
  /** Who can play it. */
  readonly playsIn: readonly Playing[]
}

/** Where good ends: each with where it comes from. */
export const THRESHOLDS = {
  /** Key frames this much further apart than a segment is long, as a share: encoders count whole pictures. */
  keyFrameRoom: 1.1,
  /** Seconds between key frames from which on a viewer waits noticeably: what the timeline waits for a first one. */
  keyFramesBad: 10,
  /** Seconds between key frames below which they only cost: no form is cut more finely than parts of half a second. */
  keyFramesDense: 0.5,
  /** How many times the usual distance the longest may be. */
  keyFramesUneven: 1.75,
  /** Seconds for which the instant player has media (measured: 0.3 to 0.5 s without a stall), and which LL-HLS holds back (three parts of half a second, and the rest of one). */
  gap: 0.5,
  gapBad: 2,
  /** The same for sound alone, of which listeners get some seconds at the start. */
  gapSound: 2,
  gapSoundBad: 5,
  /** How much slower or faster than the wall a source may be for a minute. */
  slow: 0.98,
  fast: 1.02,
  /** Seconds that sound and pictures may be apart on their way: what the segmenter takes for usual, and what it bears. */
  skew: 0.5,
  skewBad: 2,
  /** Millionths: quartz clocks are within 100 of each other; three seconds in eight hours. */
  drift: 100,
  /** Leaps in ten minutes that viewers call broken. */
  breaksBad: 5,
  /** The share of damaged bytes from which on every viewer sees some of it each minute. */
  damageBad: 0.001,
  /** Seconds of sound that may be missing in a minute: a click, and what is clearly heard. */
  missing: 0.05,
  missingBad: 0.6,
  /** Seconds without a packet of one track while others go on: the players' buffers are longer than their gaps. */
  silent: 5,
  /** The share of declared pictures that must come. */
  frameRate: 0.9,
  frameRateBad: 0.7,
  /** Apple's authoring specification, 1.15: no more than 60 pictures a second. */
  frameRateMost: 60.5,
  /** Seconds that pictures wait for others: half of what the instant player has. */
  reorder: 0.2,
  /** Apple's authoring specification: a peak is at most twice the average. */
  peak: 2,
  /** Ten times the H.264 level: Apple's authoring specification, 1.3. */
  level: 42,
  /** Samples a second: what AAC and MP3 decoders of phones take. */
  sampleRate: 48_000,
  /** Shares of reports that tell of a stall, and how many reports make a share. */
  stalls: 0.05,
  stallsBad: 0.2,
  reports: 5,
  /** How often a source may come again in an hour. */
  restarts: 3,
} as const

/** Looks for one thing. */
export type Check = (patient: Patient) => Omit<Finding, 'id'> | undefined

/** A number as sentences have it. */
export const round = (value: number, digits = 1): number => Math.round(value * 10 ** digits) / 10 ** digits
/** How often, in words. */
export const times = (count: number): string => (count === 1 ? 'once' : count === 2 ? 'twice' : `${count} times`)
/** What a sentence rests on. */
export const figure = (name: string, value: number, unit: string): Finding['figure'] => ({ name, value: round(value, 3), unit })
/** How bad something is that is beyond its first threshold. */
export const graded = (value: number, bad: number): Finding['severity'] => (value >= bad ? 'bad' : 'warn')
