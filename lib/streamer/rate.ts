import type { Clock } from '../clock.js'

/** Counts something over the last seconds. */
export class Rate {
  readonly #clock: Clock
  readonly #counts: number[] = Array.from({ length: SECONDS }, () => 0)
  readonly #begun: number
  #second: number

  constructor(clock: Clock) {
    this.#clock = clock
    this.#begun = clock.now()
    this.#second = Math.floor(this.#begun / 1000)
  }

  /** Adds to the count. */
  count(amount: number): void {
    this.#move()
    this.#counts[this.#second % SECONDS]! += amount
  }

  /** How much it was in a second, on average over the last ones. */
  get perSecond(): number {
    this.#move()
    const passed = Math.min(SECONDS, Math.max(1, (this.#clock.now() - this.#begun) / 1000))
    return Math.round(this.#counts.reduce((sum, count) => sum + count, 0) / passed)
  }

  #move(): void {
    const second = Math.floor(this.#clock.now() / 1000)
    for (let at = Math.max(this.#second + 1, second - SECONDS + 1); at <= second; at++) this.#counts[at % SECONDS] = 0
    this.#second = Math.max(this.#second, second)
  }
}

const SECONDS = 5
