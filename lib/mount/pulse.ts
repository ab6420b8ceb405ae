import type { Clock } from '../clock.js'

/** What a {@link Pulse} drives. */
export interface Pulsed {
  /** How many listeners there are. */
  readonly audience: number
  /** Milliseconds that a full round over the audience should take; see {@link pulsePeriod}. */
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
const SLICE = 20

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
 * The heartbeat of a mount: says when which listeners are written to. A round over many listeners is spread in slices over the
 * period, so that it never holds the event loop for long. It rests while nothing comes in.
 */
export class Pulse {
  readonly #owner: Pulsed
  readonly #clock: Clock
  #cancel: (() => void) | undefined
  #due = 0
  #slice = 0
  #left = 0

  /** @param owner what is driven */
  constructor(owner: Pulsed, clock: Clock) {
    this.#owner = owner
    this.#clock = clock
  }

  /** Says that there is something new to write. */
  beat(): void {
    const { audience, period } = this.#owner
    if (audience === 0) return
    if (period < AT_ONCE) {
      if (this.#owner.flush(0, audience)) this.#plan(1, AT_ONCE)
      return
    }
    const slices = this.#slices()
    this.#plan(slices, period / slices)
  }

  /** Ends it: no callback comes any more. */
  stop(): void {
    this.#cancel?.()
    this.#cancel = undefined
    this.#left = 0
  }

  #slices(): number {
    return Math.max(1, Math.round(this.#owner.period / SLICE))
  }

  #plan(rounds: number, delay: number): void {
    this.#left = Math.max(this.#left, rounds)
    if (this.#cancel !== undefined) return
    const now = this.#clock.now()
    // A late tick is not made up for by a hurried one: the next is due a step after this one was, or at once.
    this.#due = Math.max(now, this.#due + delay)
    if (this.#due > now + delay) this.#due = now + delay
    this.#cancel = this.#clock.after(this.#due - now, this.#tick)
  }

  readonly #tick = (): void => {
    this.#cancel = undefined
    const { audience, period } = this.#owner
    const slices = this.#slices()
    if (this.#slice >= slices) this.#slice = 0
    const from = Math.floor((audience * this.#slice) / slices)
    const to = Math.floor((audience * ++this.#slice) / slices)
    this.#left--
    const hungry = this.#owner.flush(from, to)
    if (hungry) this.#left = Math.max(this.#left, slices)
    if (this.#left > 0) this.#plan(0, Math.max(AT_ONCE, period) / slices)
  }
}
