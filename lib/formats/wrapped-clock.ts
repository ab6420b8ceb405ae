/** Makes one growing count of a container's clock that begins again at 0 when its bits are full. */
export class WrappedClock {
  readonly #period: number
  #last: number | undefined

  /** @param bits how many the clock has: 33 in MPEG-TS, 32 in FLV */
  constructor(bits: number) {
    this.#period = 2 ** bits
  }

  /** The count for a time, which becomes the one that later times are near to. */
  take(time: number): number {
    return (this.#last = this.near(time, this.#last))
  }

  /** The count for a time, in the period in which it is nearest to `other`, or to the time taken last. */
  near(time: number, other: number | undefined = this.#last): number {
    return other === undefined ? time : time + Math.round((other - time) / this.#period) * this.#period
  }
}
