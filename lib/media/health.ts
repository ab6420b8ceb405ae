import type { MediaTrack, Packet } from '../formats/packet.js'
import { Arrivals } from './arrivals.js'
import { type HealthMeasures, rounded, roundedOrNull } from './health-measures.js'
import { TrackHealth } from './track-health.js'
import { Viewing } from './viewing.js'

/** Milliseconds at the beginning of which rates and arrivals say nothing: encoders first send what they have kept. */
const SETTLING = 3_000
const SECOND = 1_000
const MINUTE = 60_000
const TEN_MINUTES = 600_000
const HOUR = 3_600_000
/** Milliseconds of a peak. */
const PEAK = 5_000
/** The most tracks that are measured, and the most events of a kind that are remembered. */
const MAX_TRACKS = 32
const MAX_EVENTS = 64

/** Something that has happened: when, in milliseconds, and how large it was. */
interface Happening {
  readonly at: number
  readonly size: number
}

/** Measures what a mount's source sends, packet by packet as it is repackaged. Its memory is bounded, and what it costs is not felt. */
export class Health {
  /** What players tell of themselves. */
  readonly viewing = new Viewing()
  readonly #tracks = new Map<number, TrackHealth>()
  #last: TrackHealth | undefined
  /** The track whose clock is compared with ours: the first of pictures, else the first. */
  #primary: TrackHealth | undefined
  #arrivals = new Arrivals()
  /** When the first packet of the source came, and the last. */
  #began: number | undefined
  #arrival = NaN
  /** When the next second is over. */
  #next = Infinity
  #marks: { readonly at: number; readonly bytes: number }[] = []
  #skews: number[] = []
  #jumps: Happening[] = []
  #breaks: Happening[] = []
  #losses: Happening[] = []
  #starts: Happening[] = []
  #skipped: number | undefined
  #lost = 0
  #periods = 0

  /** Says that another source begins. */
  start(): void {
    this.#tracks.clear()
    this.#last = this.#primary = undefined
    this.#arrivals = new Arrivals()
    this.#began = undefined
    this.#marks = []
    this.#skews = []
    this.#jumps = []
    this.#breaks = []
    this.#losses = []
    this.#skipped = undefined
    this.#lost = 0
    this.#periods = 0
  }

  /** Takes the next packets, as the source has timed them, and when they came, in milliseconds. */
  take(packets: readonly Packet[], arrival: number): void {
    if (packets.length === 0) return
    this.#arrival = arrival
    if (this.#began === undefined) this.#begin(arrival)
    else if (arrival >= this.#next) this.#mark(arrival)
    for (const packet of packets) {
      const { track } = packet
      const health = this.#last?.track === track ? this.#last : this.#find(track)
      health?.take(packet, arrival)
    }
    if (this.#primary !== undefined && arrival - this.#began! >= SETTLING && this.#primary.arrival === arrival)
      this.#arrivals.take(this.#primary.media, arrival)
  }

  /** Says that a period begins: after the first, players have to begin anew. */
  period(): void {
    if (this.#periods++ > 0) note(this.#breaks, { at: this.#arrival, size: 1 })
  }

  /**
   * Says how many bytes of the source have been left out so far. What is left out before the first time is no damage: a stream may begin anywhere.
   * @param now milliseconds since 1970
   */
  lost(bytes: number, now: number): void {
    const before = this.#skipped ?? bytes
    this.#skipped = bytes
    if (bytes <= before) return
    this.#lost += bytes - before
    note(this.#losses, { at: now, size: bytes - before })
  }

  /** What there is to tell at a time in milliseconds. */
  measures(now: number): HealthMeasures {
    const tracks = [...this.#tracks.values()]
    const video = tracks.find(({ track }) => track.kind === 'video')
    const sum = (events: readonly Happening[], span: number): number =>
      events.reduce((total, { at, size }) => (now - at <= span ? total + size : total), 0)
    const rate = (of: (track: TrackHealth) => number | null): number | null => {
      const rates = tracks.map(of)
      return rates.length === 0 || rates.includes(null) ? null : rates.reduce<number>((total, one) => total + (one ?? 0), 0)
    }
    const jumps = this.#jumps.filter(({ at }) => now - at <= TEN_MINUTES)
    const skews = this.#skews.toSorted((a, b) => a - b)
    return {
      seconds: rounded(Math.max(0, (now - (this.#began ?? now)) / 1000)),
      rate: { now: rate((one) => one.rate(now, PEAK)), minute: rate((one) => one.rate(now, MINUTE)), peak: this.#peak() },
      tracks: tracks.map((one) => one.measures(now, this.#arrival)),
      keyFrames: video?.keyFrames ?? null,
      reorder: video?.reorder ?? null,
      skew: roundedOrNull(skews[skews.length >> 1]),
      arrival: this.#arrivals.measures(now),
      drift: this.#arrivals.drift(),
      jumps: { count: jumps.length, last: roundedOrNull(jumps.at(-1)?.size) },
      discontinuities: sum(this.#breaks, TEN_MINUTES),
      damage: { minute: sum(this.#losses, MINUTE), total: this.#lost },
      restarts: Math.max(0, sum(this.#starts, HOUR) - 1),
      viewers: this.viewing.measures(now),
    }
  }

  #begin(now: number): void {
    this.#began = now
    this.#next = now + SETTLING
    note(this.#starts, { at: now, size: 1 })
  }

  #find(track: MediaTrack): TrackHealth | undefined {
    let health = this.#tracks.get(track.id)
    // The same number with other parameters begins anew: its rates and sizes are others.
    if (health?.track !== track && (health !== undefined || this.#tracks.size < MAX_TRACKS)) {
      health = new TrackHealth(track, (seconds) => this.#leap(seconds, track))
      this.#tracks.set(track.id, health)
      if (
        this.#primary === undefined ||
        this.#primary.track.id === track.id ||
        (track.kind === 'video' && this.#primary.track.kind === 'audio')
      ) {
        this.#primary = health
        this.#arrivals.reset()
      }
    }
    if (health !== undefined) this.#last = health
    return health
  }

  #leap(seconds: number, track: MediaTrack): void {
    const primary = this.#primary?.track
    // All tracks leap together: one of them tells.
    if (track !== primary) return
    this.#arrivals.reset()
    note(this.#jumps, { at: this.#arrival, size: seconds })
  }

  // Once a second, before the packets that have come now: what belongs together has come.
  #mark(now: number): void {
    this.#next = now + SECOND
    let bytes = 0
    let sound: TrackHealth | undefined
    for (const one of this.#tracks.values()) {
      one.mark(now)
      bytes += one.bytes
      if (sound === undefined && one.track.kind === 'audio') sound = one
    }
    this.#marks.push({ at: now, bytes })
    while (now - this.#marks[0]!.at > MINUTE) this.#marks.shift()
    const skew = sound === undefined || this.#primary === sound ? NaN : sound.media - this.#primary!.media
    if (!Number.isNaN(skew) && this.#skews.push(skew) > MINUTE / SECOND) this.#skews.shift()
  }

  #peak(): number | null {
    let peak: number | null = null
    let from = 0
    for (const { at, bytes } of this.#marks) {
      while (from + 1 < this.#marks.length && at - this.#marks[from + 1]!.at >= PEAK) from++
      const first = this.#marks[from]!
      if (at - first.at >= PEAK) peak = Math.max(peak ?? 0, Math.round(((bytes - first.bytes) * 8000) / (at - first.at)))
    }
    return peak
  }
}

function note(events: Happening[], event: Happening): void {
  if (events.push(event) > MAX_EVENTS) events.shift()
}
