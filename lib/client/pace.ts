import type { Clock } from '../clock.js'

/** Something that is due at a time. */
export interface Timed {
  /** Seconds from the beginning of a round. */
  readonly time: number
}

/** What goes on over and over, each piece when it is due. */
export interface Round<T extends Timed> {
  /** The pieces, in order. */
  readonly pieces: readonly T[]
  /** Seconds that one round takes. */
  readonly period: number
}

// After a gap as long as this, in milliseconds, the machine has slept, and what was due then is not made up for.
const ASLEEP = 5_000

/**
 * Gives the pieces of a round, over and over, each at the time at which it is due, with the number of the round. It ends when the signal is
 * aborted.
 */
export async function* pace<T extends Timed>(
  { pieces, period }: Round<T>,
  clock: Clock,
  signal: AbortSignal | undefined,
): AsyncGenerator<{ readonly piece: T; readonly round: number }, void, undefined> {
  let start = clock.now()
  for (let round = 0; ; round++) {
    for (const piece of pieces) {
      // Every piece is due by the beginning of all, so that no delay adds up.
      const due = start + (round * period + piece.time) * 1000
      await sleep(due - clock.now(), clock, signal)
      if (signal?.aborted) return
      start += Math.max(0, clock.now() - due - ASLEEP)
      yield { piece, round }
    }
  }
}

/** Waits for so many milliseconds, or until the signal is aborted. */
export function sleep(delay: number, clock: Clock, signal: AbortSignal | undefined): Promise<void> {
  if (delay <= 0 || signal?.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const done = (): void => {
      cancel()
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const cancel = clock.after(delay, done)
    signal?.addEventListener('abort', done)
  })
}
