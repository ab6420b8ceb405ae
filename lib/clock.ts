/** Where time comes from, so that a test can hold it in its hands. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number
  /** Calls back once, after `delay` milliseconds; what it returns cancels that, and is harmless when it has happened. */
  after(delay: number, call: () => void): () => void
}

/** The machine's own time. */
export const systemClock: Clock = {
  now: Date.now,
  after: (delay, call) => {
    const timer = setTimeout(call, delay)
    return () => clearTimeout(timer)
  },
}
