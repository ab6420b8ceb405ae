import type { Clock } from '../clock.js'

/** Those who wait for the same. */
interface Group {
  readonly ready: () => boolean
  readonly calls: Set<(ready: boolean) => void>
  readonly cancel: () => void
}

/** Those who wait for something that is to come. All who wait for the same are told at once, when it is there, or that it will not be. */
export class Waiting {
  readonly #clock: Clock
  readonly #patience: () => number
  readonly #groups = new Map<string, Group>()

  /** @param patience milliseconds of a wait that begins now */
  constructor(clock: Clock, patience: () => number) {
    this.#clock = clock
    this.#patience = patience
  }

  /**
   * Waits. All who give the same key wait together.
   * @param ready whether it is there; asked at every {@link Waiting.look}
   * @param call told once whether it is: false when the wait has been too long, or nothing comes any more
   * @returns ends the wait, for one who has gone
   */
  add(key: string, ready: () => boolean, call: (ready: boolean) => void): () => void {
    let group = this.#groups.get(key)
    if (group === undefined) {
      const made: Group = { ready, calls: new Set(), cancel: this.#clock.after(this.#patience(), () => this.#settle(key, made, false)) }
      group = made
      this.#groups.set(key, group)
    }
    const { calls } = group
    calls.add(call)
    return () => calls.delete(call)
  }

  /** Something has changed: those are told whose wait is over. */
  look(): void {
    // A copy: whoever is told may wait again.
    for (const [key, group] of new Map(this.#groups)) if (group.ready()) this.#settle(key, group, true)
  }

  /** Nothing comes any more: nobody waits any longer. */
  end(): void {
    for (const [key, group] of new Map(this.#groups)) this.#settle(key, group, false)
  }

  #settle(key: string, group: Group, ready: boolean): void {
    if (this.#groups.get(key) === group) this.#groups.delete(key)
    group.cancel()
    for (const call of group.calls) call(ready)
  }
}
