/*
 * How far a player of an endless stream stays behind, and how it gets there. Plain values: no element, no clock.
 *
 * The media's clock and the viewer's differ by an offset. The smallest offset of late is that of media that came without any delay, so it tells
 * what is live now, even between two gusts of a source that sends a second or two at a time. How dry the buffer ran before something came tells
 * how far behind one must stay.
 */

/** What is to be done now. */
export interface Step {
  /** How fast to play. */
  readonly rate: number
  /** Where to go at once; left out when there is no need. */
  readonly jump?: number
}

/** Settings of a {@link LatencyController}, in seconds. */
export interface LatencySettings {
  /** The least that it stays behind. */
  readonly floor: number
  /** The least for the first ten seconds: what such sources mostly need. */
  readonly hint?: number
}

/** The most that it stays behind, in seconds: with less than that, another way to play is better. */
export const MOST_BEHIND = 5
/** Seconds more than wanted at which it jumps instead of hurrying. */
const TOO_FAR = 2.6
/** Seconds beyond what was seen. */
const MARGIN = 0.12
/** Seconds for which a gap counts. */
const MEMORY = 30
/** Seconds over which the offset of fresh media is looked for: clocks drift. */
const OFFSET_MEMORY = 60
const FASTEST = 0.1
const SLOWEST = 0.05
/** Seconds off the target at which the rate changes, and below which it is normal again. */
const BEGIN = 0.12
const END = 0.03

/** Holds one endless stream a steady time behind live. All times are in seconds; `now` of any clock that runs evenly. */
export class LatencyController {
  readonly #floor: number
  readonly #hint: number
  #offsets: Bucket[] = []
  #gaps: Bucket[] = []
  #began: number | undefined
  #end: number | undefined
  #extra = 0
  #calm = 0
  #direction = 0

  constructor({ floor, hint = 0 }: LatencySettings) {
    this.#floor = floor
    this.#hint = hint
  }

  /** Begins anew with another timeline; what was learnt of the source's gusts stays. */
  restart(): void {
    this.#offsets = []
    this.#end = undefined
    this.#began = undefined
  }

  /** Media until `end` has come. */
  arrived(end: number, now: number): void {
    this.#began ??= now
    keep(this.#offsets, now, now - end, OFFSET_MEMORY, Math.min)
    const live = this.live(now)
    // What comes first is a stock of what was before, and says nothing of gusts.
    if (this.#end !== undefined && now - this.#began > 0.5 && live !== undefined)
      keep(this.#gaps, now, Math.min(MOST_BEHIND, live - this.#end), MEMORY, Math.max)
    this.#end = end
    if (this.#extra > 0 && now - this.#calm > MEMORY) {
      this.#extra = Math.max(0, this.#extra - 0.1)
      this.#calm = now
    }
  }

  /** It stood still for want of media. */
  stalled(now: number): void {
    this.#extra = Math.min(2, this.#extra + 0.1)
    this.#calm = now
  }

  /** How far behind it wants to be. */
  target(now: number): number {
    const gap = this.#gaps.reduce((most, { value, at }) => (now - at > MEMORY ? most : Math.max(most, value)), 0)
    const hint = this.#began === undefined || now - this.#began < 10 ? this.#hint : 0
    return Math.min(MOST_BEHIND, Math.max(this.#floor, hint, gap + MARGIN) + this.#extra)
  }

  /** What would play without any delay; `undefined` while nothing has come. */
  live(now: number): number | undefined {
    if (this.#offsets.length === 0) return undefined
    return now - this.#offsets.reduce((least, { value }) => Math.min(least, value), Infinity)
  }

  /** How far behind live a position is. */
  delay(position: number, now: number): number | undefined {
    const live = this.live(now)
    return live === undefined ? undefined : live - position
  }

  /**
   * Says what to do.
   * @param position what plays
   * @param start the earliest that can be played
   * @param end the end of what has come
   */
  step(position: number, start: number, end: number, now: number): Step {
    const delay = this.delay(position, now)
    if (delay === undefined) return { rate: 1 }
    const excess = delay - this.target(now)
    if (position < start || excess > TOO_FAR) {
      const jump = Math.max(start, Math.min(position + excess, end - 0.05))
      this.#direction = 0
      if (position < start || Math.abs(jump - position) > 0.1) return { rate: 1, jump }
    }
    if (Math.abs(excess) > BEGIN) this.#direction = Math.sign(excess)
    else if (excess * this.#direction < END) this.#direction = 0
    if (this.#direction === 0) return { rate: 1 }
    const change = this.#direction > 0 ? Math.min(FASTEST, 0.02 + excess * 0.15) : Math.max(-SLOWEST, -0.01 + excess * 0.1)
    return { rate: Math.round((1 + change) * 100) / 100 }
  }
}

interface Bucket {
  readonly at: number
  value: number
}

// One value a second, the extreme of that second, for as long as it counts.
function keep(buckets: Bucket[], now: number, value: number, memory: number, pick: (a: number, b: number) => number): void {
  const last = buckets.at(-1)
  if (last !== undefined && now - last.at < 1) last.value = pick(last.value, value)
  else buckets.push({ at: now, value })
  while (buckets.length > 0 && now - buckets[0]!.at > memory) buckets.shift()
}
