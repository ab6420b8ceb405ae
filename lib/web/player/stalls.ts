/** Counts how often playing stood still, by the media's own clock. All times are in milliseconds. */

/** How long the clock must stand still. */
const STILL = 250
/** How long a stall is remembered. */
const MEMORY = 30_000
/** Stalls within that time that are too many. */
const TOO_MANY = 3

/** What was seen since somebody last took it. */
export interface StallCount {
  /** How often. */
  readonly stalls: number
  /** Milliseconds in all. */
  readonly stalled: number
}

/** Watches one playback. */
export class StallWatch {
  #position: number | undefined
  #moved = 0
  #hasMoved = false
  #counted = false
  #fresh = 0
  #freshFor = 0
  #recent: number[] = []
  #total = 0

  /** Forgets what was seen, for another way to play. */
  restart(now: number): void {
    this.#position = undefined
    this.#moved = now
    this.#hasMoved = false
    this.#recent = []
  }

  /**
   * Looks at the clock of the media; to be called some times a second.
   * @param wants whether it ought to move: not paused, not seeking, and a page that is seen
   * @returns whether a stall has just begun
   */
  tick(position: number, now: number, wants: boolean): boolean {
    const stood = now - this.#moved
    const before = this.#position
    this.#position = position
    if (!wants || before === undefined || position !== before) {
      // Where it begins is no stall, however long that takes.
      if (wants && before !== undefined && position > before) this.#hasMoved = true
      if (this.#counted) this.#freshFor += stood
      this.#counted = false
      this.#moved = now
      return false
    }
    if (this.#counted || !this.#hasMoved || stood < STILL) return false
    this.#counted = true
    this.#fresh++
    this.#total++
    this.#recent.push(now)
    return true
  }

  /** Whether the clock has moved since {@link StallWatch.restart}. */
  get hasMoved(): boolean {
    return this.#hasMoved
  }

  /** Whether it stands still now. */
  get isStill(): boolean {
    return this.#counted
  }

  /** All stalls so far. */
  get total(): number {
    return this.#total
  }

  /** Whether there were too many of late. */
  tooMany(now: number): boolean {
    this.#recent = this.#recent.filter((at) => now - at < MEMORY)
    return this.#recent.length >= TOO_MANY
  }

  /** What has not been taken yet. */
  take(): StallCount {
    const count = { stalls: this.#fresh, stalled: Math.round(this.#freshFor) }
    this.#fresh = 0
    this.#freshFor = 0
    return count
  }
}
