import { audienceOf } from './audience.js'
import type { MediaContext } from './media-request.js'

// Milliseconds between two looks.
const TICK = 1_000

/**
 * Counts, a second apart, who hears and watches, while anything is on the air or anyone is there: those who have no connection of their own do not say
 * when they go, and no peak is to be missed.
 */
export class Census {
  readonly #of: Pick<MediaContext, 'mounts' | 'viewers' | 'clock'>
  #cancel: (() => void) | undefined
  #closed = false

  /** @param of whose audience is counted */
  constructor(of: Pick<MediaContext, 'mounts' | 'viewers' | 'clock'>) {
    this.#of = of
  }

  /** Goes on counting for as long as there is anything to count. */
  start(): void {
    if (this.#cancel !== undefined || this.#closed) return
    const { mounts, viewers, clock } = this.#of
    this.#cancel = clock.after(TICK, () => {
      this.#cancel = undefined
      viewers.sweep(clock.now())
      for (const mount of mounts) audienceOf(this.#of, mount)
      if (mounts.sources > 0 || viewers.size > 0) this.start()
    })
  }

  /** Counts no more. */
  close(): void {
    this.#closed = true
    this.#cancel?.()
  }
}
