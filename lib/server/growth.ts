/** Sums up counters of things that come and go, such as the bytes of mounts, into one that only grows. */
export class Growth<T extends object> {
  readonly #last = new WeakMap<T, number>()
  /** All that has been added since it was made. */
  total = 0

  /** Takes note of the value of one counter; says by how much it has grown since it was last looked at. */
  see(of: T, value: number): number {
    const before = this.#last.get(of) ?? 0
    this.#last.set(of, Math.max(before, value))
    const grown = Math.max(0, value - before)
    this.total += grown
    return grown
  }
}
