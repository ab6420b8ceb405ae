import { isLasting } from './refusal.js'

/** How a `SourceClient` goes on when its connection is lost. */
export interface ReconnectOptions {
  /** Milliseconds before the first attempt, give or take a quarter; each further one takes twice as long. Default 500. */
  readonly delay?: number
  /** Milliseconds between attempts at most. Default 10000. */
  readonly maxDelay?: number
  /** After how many attempts in a row it gives up. Default: never. */
  readonly attempts?: number
  /** Milliseconds after which a network that takes nothing counts as lost. Default 10000. */
  readonly stallTime?: number
  /** Bytes that may wait for the network before frames are dropped. Default 8 MiB. */
  readonly queueSize?: number
  /** Milliseconds that a frame may wait for the network before frames are dropped. Default 10000. */
  readonly queueTime?: number
}

/** What a `SourceClient` is about to try. */
export interface ReconnectAttempt {
  /** Which attempt in a row it is, from 1. */
  readonly attempt: number
  /** Milliseconds until then. */
  readonly delay: number
  /** Why it is needed: how the connection was lost, or why the last attempt failed. */
  readonly error: Error
}

/** What listeners have missed. */
export interface StreamGap {
  /** Bytes that were left out. */
  readonly bytes: number
}

/** The options with their defaults. */
export function reconnectOptions(options: ReconnectOptions): Required<ReconnectOptions> {
  const defaults = { delay: 500, maxDelay: 10_000, attempts: Infinity, stallTime: 10_000, queueSize: 8_388_608, queueTime: 10_000 }
  return { ...defaults, ...options }
}

// After so many refusals in a row that sound final, they are: a server that restarts may take a while to know its passwords.
const LAST_REFUSAL = 6

/** When to try again. */
export class Backoff {
  readonly #options: Required<ReconnectOptions>
  #attempts = 0
  #refusals = 0

  constructor(options: Required<ReconnectOptions>) {
    this.#options = options
  }

  /** How many attempts have been granted in a row. */
  get attempts(): number {
    return this.#attempts
  }

  /**
   * Grants another attempt.
   * @param error why the last one failed, or why the connection was lost
   * @param lived milliseconds for which the connection was live
   * @returns milliseconds to wait before it, or `undefined` when it is time to give up
   */
  next(error: Error, lived: number): number | undefined {
    const { delay, maxDelay, attempts } = this.#options
    // Only a connection that stays is a success: a server may take each one and drop it at once.
    if (lived >= maxDelay) this.#attempts = this.#refusals = 0
    if (isLasting(error)) this.#refusals++
    if (this.#refusals >= LAST_REFUSAL || this.#attempts >= attempts) return undefined
    // Those who were lost together do not come back together.
    return Math.round(Math.min(maxDelay, delay * 2 ** this.#attempts++) * (0.75 + Math.random() / 2))
  }
}
