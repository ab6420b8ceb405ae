import type { MountFacts } from './facts.js'
import { choose, type Choice, isSame, keyOf, type Mode, MODES, type Plan, plansFor, type Support, type Way } from './pick.js'

/** Failures after which a way is left alone; one that never played is at once. */
const ENOUGH = 3

/** The ways in which a mount can be played here, and how bad each has proved. */
export class Ways {
  readonly #support: Support
  readonly #failures = new Map<string, number>()
  #choice: Choice | undefined
  #wish: Mode
  #soundOnly = false

  constructor(support: Support, wish: Mode) {
    this.#support = support
    this.#wish = wish
  }

  /** The mode that is wished for. */
  get wish(): Mode {
    return this.#wish
  }
  /** Whether the sound alone is wished for. */
  get soundOnly(): boolean {
    return this.#soundOnly
  }
  /** The modes in which the mount can be played. */
  get modes(): readonly Mode[] {
    const ways = this.#choice?.ways
    return ways === undefined ? [] : MODES.filter((mode) => ways[mode].length > 0)
  }
  /** Why nothing plays, and what would. */
  get why(): string {
    return this.#choice?.why ?? ''
  }
  /** Whether the sound alone could be played of a mount whose pictures cannot. */
  get hasSound(): boolean {
    return (this.#choice?.sound.length ?? 0) > 0
  }
  /** All that could be tried, best first. */
  get plans(): readonly Plan[] {
    return this.#choice === undefined ? [] : plansFor(this.#choice, this.#wish, this.#soundOnly)
  }
  /** The best that has not failed. */
  get next(): Plan | undefined {
    return this.plans.find(({ way }) => this.#failed(way) < ENOUGH)
  }

  /** Hears of the mount; `undefined` while it is not live. */
  update(mount: MountFacts | undefined): void {
    this.#choice = mount === undefined ? undefined : choose(mount, this.#support)
  }

  /** Wishes for another mode. */
  want(mode: Mode): void {
    this.#wish = mode
    this.forgive()
  }

  /** Wishes for the sound alone. */
  wantSound(): void {
    this.#soundOnly = true
  }

  /** Whether a way is still one. */
  has(way: Way): boolean {
    return this.plans.some((plan) => isSame(plan.way, way))
  }

  /** The next calmer plan than those of a mode. */
  calmer(mode: Mode): Plan | undefined {
    const calmer = MODES.slice(MODES.indexOf(mode) + 1)
    return this.plans.find((plan) => calmer.includes(plan.mode))
  }

  /** Counts a failure. One that has played may do so again: a damaged picture stops a decoder, too. */
  fail(way: Way, hasPlayed: boolean): void {
    this.#failures.set(keyOf(way), this.#failed(way) + (hasPlayed ? 1 : ENOUGH))
  }

  /** Forgets all failures. */
  forgive(): void {
    this.#failures.clear()
  }

  #failed(way: Way): number {
    return this.#failures.get(keyOf(way)) ?? 0
  }
}
