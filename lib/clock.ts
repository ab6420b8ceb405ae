/** Where time comes from, so that a test can hold it in its hands. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number
  /** Calls back once, after `delay` milliseconds, or with 0 as soon as waiting input has been seen to; what it returns cancels that, and is harmless when it has happened. */
  after(delay: number, call: () => void): () => void
}

/** The machine's own time. */
export const systemClock: Clock = {
  now: Date.now,
  after: (delay, call) => {
    if (delay === 0) {
      const turn = setImmediate(call)
      return () => clearImmediate(turn)
    }
    const timer = setTimeout(call, delay)
    return () => clearTimeout(timer)
  },
}
