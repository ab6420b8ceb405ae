/** Draws by lot, in a way that can be repeated. */
export class Lot {
  #state: number

  /** @param seed with the same number, the same is drawn again */
  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** The next number from 0 up to, but not with, 1; they look like chance (mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  /**
   * Gives the items in another order, each order as likely as any other (Fisher and Yates).
   * @param first the item to begin with, if one has to be
   */
  shuffle<T>(items: readonly T[], first?: T): T[] {
    const order = items.filter((item) => item !== first)
    for (let at = order.length - 1; at > 0; at--) swap(order, at, Math.floor(this.next() * (at + 1)))
    return first === undefined ? order : [first, ...order]
  }

  /**
   * Gives the items in another order, in which the first one that is `able` is not `last`, unless there is no other.
   * @param last what was drawn before
   */
  shuffleAgain<T>(items: readonly T[], last: T | undefined, able: (item: T) => boolean): T[] {
    const order = this.shuffle(items)
    const first = order.findIndex(able)
    const others = order.flatMap((item, at) => (at > first && able(item) ? [at] : []))
    const other = others[Math.floor(this.next() * others.length)]
    if (order[first] === last && other !== undefined) swap(order, first, other)
    return order
  }
}

function swap(items: unknown[], a: number, b: number): void {
  const item = items[a]
  items[a] = items[b]
  items[b] = item
}
