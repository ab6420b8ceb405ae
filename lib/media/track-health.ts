import type { MediaTrack, Packet } from '../formats/packet.js'
import { type KeyFrameMeasures, type ReorderMeasures, rounded, roundedOrNull, type TrackMeasures } from './health-measures.js'

/** Seconds by which a clock that moves on by itself has jumped: what the timeline takes for another clock. */
const LEAP = 1
/** How many distances of key frames are kept. */
const DISTANCES = 32
/** Milliseconds that marks are kept, and between which a rate is that of now. */
const MINUTE = 60_000
const NOW = 5_000
/** Milliseconds of marks that a rate needs at least. */
const LEAST = 3_000
/** Marks after which what was true is forgotten, a turn later. */
const TURN = 30
/** How much larger than its smallest the largest packet of a constant bit rate may be: MP3 pads, and encoders start small. */
const EVEN = 1.5
const FEW = 100

/** What a track had come to at some time. */
interface Mark {
  readonly at: number
  readonly bytes: number
  readonly packets: number
  readonly media: number
  readonly missing: number
}

/** One track of a source, measured packet by packet. */
export class TrackHealth {
  /** Its parameters. */
  track: MediaTrack
  /** Bytes and packets so far. */
  bytes = 0
  packets = 0
  /** How far its own clock is, in seconds: where its last packet begins. */
  media = NaN
  /** When its last packet came, in milliseconds. */
  arrival = NaN
  /** Told of leaps of the clock, in seconds. */
  readonly #leap: (seconds: number) => void
  readonly #isVideo: boolean
  #dts = NaN
  #pts = NaN
  #expected = NaN
  #key = NaN
  readonly #distances: number[] = []
  // What is true of late: since the last turn, and between the two before.
  #turns = 0
  #isReordered = false
  #wasReordered = false
  #delay = 0
  #lastDelay = 0
  #missing = 0
  #smallest = Infinity
  #largest = 0
  readonly #marks: Mark[] = []

  /** @param leap told of leaps of its clock, in seconds */
  constructor(track: MediaTrack, leap: (seconds: number) => void) {
    this.track = track
    this.#isVideo = track.kind === 'video'
    this.#leap = leap
  }

  /** Takes the next packet, which came at a time in milliseconds. This is the hot path: a few comparisons. */
  take(packet: Packet, arrival: number): void {
    const { dts, pts, duration, data } = packet
    const { timescale } = this.track
    const size = data.length
    this.packets++
    this.bytes += size
    const gap = dts - this.#expected
    if (gap > LEAP * timescale || gap < -LEAP * timescale) this.#pause(gap / timescale, arrival)
    if (this.#isVideo) {
      if (packet.key) this.#keyFrame(dts / timescale)
      if (pts < this.#pts) this.#isReordered = true
      if (pts - dts > this.#delay) this.#delay = pts - dts
      this.#pts = pts
    } else {
      if (gap > duration && gap <= LEAP * timescale) this.#missing += gap / timescale
      // Measured behind the first packets, which encoders fill as they like.
      if (this.packets > FEW) {
        if (size < this.#smallest) this.#smallest = size
        if (size > this.#largest) this.#largest = size
      }
    }
    this.#dts = dts
    this.#expected = dts + duration
    this.media = dts / timescale
    this.arrival = arrival
  }

  /** Takes note of where it is, about once a second. */
  mark(at: number): void {
    this.#marks.push({ at, bytes: this.bytes, packets: this.packets, media: this.media, missing: this.#missing })
    while (this.#marks.length > 2 && at - this.#marks[0]!.at > MINUTE) this.#marks.shift()
    if (++this.#turns % TURN !== 0) return
    this.#lastDelay = this.#delay
    this.#delay = 0
    this.#wasReordered = this.#isReordered
    this.#isReordered = false
  }

  /** Bits a second over the last milliseconds; `null` while that is not known. */
  rate(now: number, span: number): number | null {
    const from = this.#since(now, span)
    return from === undefined ? null : Math.round(((this.bytes - from.bytes) * 8000) / (now - from.at))
  }

  /** Seconds between key frames; `null` for sound. */
  get keyFrames(): KeyFrameMeasures | null {
    if (!this.#isVideo) return null
    const sorted = this.#distances.toSorted((a, b) => a - b)
    return {
      last: roundedOrNull(this.#distances.at(-1)),
      median: roundedOrNull(sorted[sorted.length >> 1]),
      longest: roundedOrNull(sorted.at(-1)),
      open: Number.isNaN(this.#key) ? 0 : rounded(Math.max(0, this.#dts / this.track.timescale - this.#key)),
    }
  }

  /** In which order pictures come, and how long before they are shown, at most, in seconds; `null` for sound. */
  get reorder(): ReorderMeasures | null {
    if (!this.#isVideo) return null
    return {
      frames: this.#isReordered || this.#wasReordered,
      delay: rounded(Math.max(this.#delay, this.#lastDelay) / this.track.timescale),
    }
  }

  /**
   * What is known of it.
   * @param now milliseconds
   * @param latest when anything of the source came last
   */
  measures(now: number, latest: number): TrackMeasures {
    const { id, kind, codec, codecs, width, height, sampleRate, channels, frameRate } = this.track
    const minute = this.#since(now, MINUTE)
    const seen = minute === undefined || !(this.media > minute.media) ? null : (this.packets - minute.packets) / (this.media - minute.media)
    return {
      id,
      kind,
      codec,
      codecs,
      width: width ?? null,
      height: height ?? null,
      sampleRate: sampleRate ?? null,
      channels: channels ?? null,
      packets: this.packets,
      rate: { now: this.rate(now, NOW), minute: this.rate(now, MINUTE) },
      frameRate: kind === 'video' ? { seen: roundedOrNull(seen), declared: roundedOrNull(frameRate) } : null,
      missing: rounded(this.#missing - (minute?.missing ?? 0)),
      silent: Number.isNaN(this.arrival) ? 0 : rounded(Math.max(0, (latest - this.arrival) / 1000)),
      variable: !this.#isVideo && this.#largest > this.#smallest * EVEN,
    }
  }

  #since(now: number, span: number): Mark | undefined {
    const from = this.#marks.find(({ at }) => now - at <= span + 1000)
    return from !== undefined && now - from.at >= LEAST ? from : undefined
  }

  #keyFrame(at: number): void {
    const distance = at - this.#key
    if (distance > 0 && this.#distances.push(distance) > DISTANCES) this.#distances.shift()
    this.#key = at
  }

  // A clock may stand still with its source; it leaps where it goes back, or further on than time has passed here.
  #pause(gap: number, arrival: number): void {
    const passed = (arrival - this.arrival) / 1000
    if (gap < 0 || gap - passed > LEAP) {
      this.#key = this.#pts = NaN
      this.#marks.length = 0
      this.#missing = 0
      this.#leap(gap)
    } else if (!this.#isVideo) this.#missing += gap
  }
}
