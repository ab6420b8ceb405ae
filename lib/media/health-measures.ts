/** A figure to three decimals: what is finer is the arithmetic's. */
export const rounded = (value: number): number => Math.round(value * 1000) / 1000
/** The same of what may not be known. */
export const roundedOrNull = (value: number | null | undefined): number | null =>
  value === null || value === undefined || Number.isNaN(value) ? null : rounded(value)

/** Bit rates, in bits a second; `null` while they are not known. */
export interface Rates {
  /** Over the last five seconds. */
  readonly now: number | null
  /** Over the last minute. */
  readonly minute: number | null
}

/** Bit rates of all tracks together. */
export interface TotalRates extends Rates {
  /** The most over five seconds of the last minute. */
  readonly peak: number | null
}

/** How many pictures come, and how many should. */
export interface FrameRates {
  /** Pictures a second that came during the last minute. */
  readonly seen: number | null
  /** Pictures a second that the stream states. */
  readonly declared: number | null
}

/** How far apart key frames are, in seconds. */
export interface KeyFrameMeasures {
  /** Between the last two. */
  readonly last: number | null
  /** The median of the last 32. */
  readonly median: number | null
  /** The longest of the last 32. */
  readonly longest: number | null
  /** How far the pictures have come since the last one. */
  readonly open: number
}

/** How pictures are ordered. */
export interface ReorderMeasures {
  /** Whether they come in another order than they are shown: B-frames. */
  readonly frames: boolean
  /** The longest that one came before it is shown, of late, in seconds. */
  readonly delay: number
}

/** How evenly media arrives. */
export interface ArrivalMeasures {
  /** The 95th percentile of each second's longest wait, in seconds. */
  readonly gap: number | null
  /** The 95th percentile of each second's most media at once, in seconds. */
  readonly gust: number | null
  /** Seconds of media for each second on the wall. */
  readonly speed: number | null
}

/** The clock of a source beside ours. */
export interface Drift {
  /** How much faster it runs, in millionths. */
  readonly ppm: number
  /** Its standard error, in millionths. */
  readonly error: number
  /** Over how many seconds it is measured. */
  readonly seconds: number
}

/** Leaps of a source's clock. */
export interface JumpMeasures {
  /** How many in the last ten minutes. */
  readonly count: number
  /** How far the last one went, in seconds. */
  readonly last: number | null
}

/** Bytes that were left out because they made no sense. */
export interface DamageMeasures {
  /** In the last minute. */
  readonly minute: number
  /** Since the source connected. */
  readonly total: number
}

/** What players have told of late. */
export interface ViewingMeasures {
  /** How many reports they have sent. */
  readonly reports: number
  /** How many of them tell of a stall. */
  readonly stalling: number
  /** Stalls that they tell of. */
  readonly stalls: number
  /** How long those lasted together, in seconds. */
  readonly stalled: number
  /** How far behind the live edge players are, in seconds: the median. */
  readonly delay: number | null
}

/** One track of a source, as its packets show it. */
export interface TrackMeasures {
  /** Its number among the tracks of the source. */
  readonly id: number
  /** What it carries. */
  readonly kind: 'audio' | 'video'
  /** The codec by its usual name, such as `H.264`. */
  readonly codec: string
  /** The codec as RFC 6381 writes it. */
  readonly codecs: string
  /** Picture width in pixels. */
  readonly width: number | null
  /** Picture height in pixels. */
  readonly height: number | null
  /** Samples a second. */
  readonly sampleRate: number | null
  /** Audio channels. */
  readonly channels: number | null
  /** Packets since the source connected. */
  readonly packets: number
  /** Its bit rate. */
  readonly rate: Rates
  /** Of pictures; `null` of sound. */
  readonly frameRate: FrameRates | null
  /** Seconds that were left out between packets of sound during the last minute. */
  readonly missing: number
  /** Seconds for which nothing of it has come, while others went on. */
  readonly silent: number
  /** Whether packets of sound are of very different sizes. */
  readonly variable: boolean
}

/** What is measured of a source while it sends. */
export interface HealthMeasures {
  /** Seconds for which this source has been looked at. */
  readonly seconds: number
  /** Bit rate of all tracks together. */
  readonly rate: TotalRates
  /** Its tracks that can be repackaged. */
  readonly tracks: readonly TrackMeasures[]
  /** Its key frames; `null` without pictures. */
  readonly keyFrames: KeyFrameMeasures | null
  /** The order of its pictures; `null` without any. */
  readonly reorder: ReorderMeasures | null
  /** Seconds by which sound is sent ahead of the pictures, the median of the last minute; `null` without both. */
  readonly skew: number | null
  /** How evenly media arrives. */
  readonly arrival: ArrivalMeasures
  /** The source's clock beside ours; `null` for the first two minutes, and after each leap. */
  readonly drift: Drift | null
  /** Leaps of its clock. */
  readonly jumps: JumpMeasures
  /** How often in the last ten minutes players had to begin anew. */
  readonly discontinuities: number
  /** What made no sense. */
  readonly damage: DamageMeasures
  /** How often in the last hour a source has come again. */
  readonly restarts: number
  /** What players tell. */
  readonly viewers: ViewingMeasures
}
