import { type StallCount, StallWatch } from './stalls.js'

/** What a {@link Watch} asks, and whom it tells. */
export interface Watched {
  /** Whether it is to begin or has begun; `undefined` while there is nothing to watch. */
  phase(): 'starting' | 'playing' | undefined
  /** Whether it is meant to go on, and somebody sees it. */
  isMeant(): boolean
  /** It stands still; `tooOften` when it has done so several times of late. */
  stalled(tooOften: boolean): void
  /** It neither goes on nor says why. */
  stuck(): void
  /** It moves, though it was only to begin. */
  moves(): void
  /** It has played for a while. */
  proven(): void
}

/** What is looked at of a media element. */
export interface MediaClock {
  readonly currentTime: number
  readonly paused: boolean
  readonly seeking: boolean
}

/** Milliseconds for which what has begun may stand still, and that the first picture may take: a manifest waits for the first segment. */
const PATIENCE = { playing: 5000, starting: 15_000 } as const
/** Milliseconds of playing after which what failed before may be tried again. */
const PROVEN = 30_000

/** Watches the clock of a media element. All times are in milliseconds. */
export class Watch {
  readonly #media: MediaClock
  readonly #owner: Watched
  readonly #stalls = new StallWatch()
  #since = 0
  #went = 0
  #position: number | undefined

  constructor(media: MediaClock, owner: Watched) {
    this.#media = media
    this.#owner = owner
  }

  /** How often it stood still. */
  get total(): number {
    return this.#stalls.total
  }
  /** Whether it stands still for want of media. */
  get isStill(): boolean {
    return this.#stalls.isStill
  }

  /** Something else is to be played. */
  restart(now: number): void {
    this.#since = now
    this.#rest(now)
  }

  /** Stalls that have not been taken yet. */
  take(): StallCount {
    return this.#stalls.take()
  }

  /** Looks at the clock; to be called some times a second. */
  look(now: number): void {
    const { currentTime, paused, seeking } = this.#media
    const [phase, isMeant] = [this.#owner.phase(), this.#owner.isMeant()]
    if (this.#stalls.tick(currentTime, now, phase !== undefined && isMeant && !paused && !seeking))
      return this.#owner.stalled(this.#stalls.tooMany(now))
    // Where a buffer goes on with another stream before it has run dry, no event tells that it plays.
    if (phase === 'starting' && this.#stalls.hasMoved) this.#owner.moves()
    if (phase === 'playing' && now - this.#since > PROVEN) this.#owner.proven()
    // A seek is no stall, but one that never ends is no playing either. What has begun may be paused by the system.
    const moves = currentTime !== this.#position
    if (phase === undefined || !isMeant || moves || (paused && phase === 'playing')) this.#went = now
    this.#position = currentTime
    if (phase === undefined || now - this.#went < PATIENCE[phase]) return
    this.#rest(now)
    this.#owner.stuck()
  }

  #rest(now: number): void {
    this.#went = now
    this.#stalls.restart(now)
  }
}
