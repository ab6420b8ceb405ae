import type { Clock } from '../../lib/clock.js'

/** Time that passes only when a test says so. */
export class FakeClock implements Clock {
  #now: number
  #timers: { at: number; call: () => void }[] = []

  /** @param now what it shows at first, in milliseconds since 1970 */
  constructor(now = 1_000_000) {
    this.#now = now
  }

  /** How many calls are promised. */
  get pending(): number {
    return this.#timers.length
  }

  now(): number {
    return this.#now
  }

  after(delay: number, call: () => void): () => void {
    const timer = { at: this.#now + Math.max(0, delay), call }
    this.#timers.push(timer)
    return () => (this.#timers = this.#timers.filter((one) => one !== timer))
  }

  /** Lets time pass, in milliseconds, and makes the calls that fall due, in order. */
  pass(time: number): void {
    const end = this.#now + time
    for (;;) {
      const due = this.#timers.filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at)[0]
      if (due === undefined) break
      this.#timers = this.#timers.filter((one) => one !== due)
      this.#now = Math.max(this.#now, due.at)
      due.call()
    }
    this.#now = end
  }
}
