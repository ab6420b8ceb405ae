import type { Clock } from '../clock.js'

/** What a {@link Pulse} drives. */
export interface Pulsed {
  /** How many listeners there are. */
  readonly audience: number
  /** Milliseconds between two writes to the same listener; see {@link pulsePeriod}. */
  readonly period: number
  /**
   * Writes to the listeners from one index up to, not including, another.
   * @returns whether one of them wants to be served again although nothing new has come
   */
  flush(from: number, to: number): boolean
}

// A send costs the kernel some microseconds whatever its size below 64 KiB, so what is bounded is the sends per second.
const WRITES_PER_SECOND = 10_000
const WORTHWHILE = 65_536
const AT_ONCE = 2
const CATCH_UP = 20
// Listeners served without a pause: some milliseconds, after which other connections get their turn.
const SLICE = 250

/**
 * How long to collect bytes before the next write to each listener: next to nothing for few listeners; for many, the time that
 * keeps a mount at some ten thousand writes a second; never longer than a write needs to become 64 KiB, nor than `cap`.
 * @param audience listeners
 * @param rate bytes a second that the source sends
 * @param cap the most, in milliseconds
 */
export function pulsePeriod(audience: number, rate: number, cap: number): number {
  return Math.min((audience * 1000) / WRITES_PER_SECOND, (WORTHWHILE * 1000) / Math.max(1, rate), cap)
}

/**
 * The heartbeat of a mount: says when its listeners are written to. Once a period it goes through all of them, in slices
 * between which other work gets its turn; the slices follow each other closely, so that all share the same warm buffer and
 * who reads at the other end stays awake. It rests while nothing comes in.
 */
export class Pulse {
  readonly #owner: Pulsed
  readonly #clock: Clock
  #cancel: (() => void) | undefined
  // When the last round began, how far the present one is, and whether there is reason for another.
  #began = 0
  #next = 0
  #more = false
  #hungry = false

  /** @param owner what is driven */
  constructor(owner: Pulsed, clock: Clock) {
    this.#owner = owner
    this.#clock = clock
  }

  /** Says that there is something new to write. */
  beat(): void {
    const { audience, period } = this.#owner
    if (audience === 0) return
    this.#more = true
    if (this.#cancel !== undefined) return
    if (period < AT_ONCE) this.#tick()
    else this.#plan(this.#began + period - this.#clock.now())
  }

  /** Ends it: no callback comes any more. */
  stop(): void {
    this.#cancel?.()
    this.#cancel = undefined
    this.#next = 0
    this.#more = false
  }

  #plan(delay: number): void {
    this.#cancel = this.#clock.after(Math.max(0, delay), this.#tick)
  }

  readonly #tick = (): void => {
    this.#cancel = undefined
    if (this.#next === 0) {
      this.#began = this.#clock.now()
      this.#more = false
      this.#hungry = false
    }
    const { audience, period } = this.#owner
    const to = Math.min(audience, this.#next + SLICE)
    if (this.#owner.flush(this.#next, to)) this.#hungry = true
    this.#next = to
    if (to < audience) {
      this.#plan(0)
      return
    }
    this.#next = 0
    if (this.#more) this.#plan(this.#began + period - this.#clock.now())
    else if (this.#hungry) this.#plan(this.#began + Math.max(CATCH_UP, period) - this.#clock.now())
  }
}
