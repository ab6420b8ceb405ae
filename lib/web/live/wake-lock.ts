/** Keeps a phone from going to sleep, where the browser can. */
export class WakeLock {
  #lock: Promise<WakeLockSentinel | undefined> | undefined

  /** Keeps it awake from now on. */
  hold(): void {
    this.#lock ??= navigator.wakeLock?.request('screen').catch(() => undefined)
  }

  /** Lets it sleep again. */
  release(): void {
    void this.#lock?.then((lock) => lock?.release())
    this.#lock = undefined
  }
}
