/** Lets so many do something at a time, and the others wait in the order in which they came. */
export class Turnstile {
  readonly #most: number
  readonly #waiting: (() => void)[] = []
  #inside = 0

  /** @param most how many at a time, 1 or more */
  constructor(most: number) {
    this.#most = most
  }

  /** How many wait. */
  get waiting(): number {
    return this.#waiting.length
  }

  /** Whether nobody is inside. */
  get idle(): boolean {
    return this.#inside === 0
  }

  /** Does something when there is room for it. */
  async pass<T>(act: () => Promise<T>): Promise<T> {
    if (this.#inside >= this.#most) await new Promise<void>((go) => this.#waiting.push(go))
    else this.#inside++
    try {
      return await act()
    } finally {
      const next = this.#waiting.shift()
      if (next !== undefined) next()
      else this.#inside--
    }
  }
}
