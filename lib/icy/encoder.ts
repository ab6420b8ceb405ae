/**
 * Puts ICY metadata blocks into the bytes that one listener gets: one after every `metaint` bytes, counted from the first.
 * A title goes out once; until it changes, the blocks are a single zero byte.
 */
export class IcyEncoder {
  readonly #metaint: number
  #left: number
  #last: Buffer | undefined

  /**
   * @param metaint bytes between two blocks, as told in `icy-metaint`
   * @throws RangeError when it is not a whole number above 0
   */
  constructor(metaint: number) {
    if (!Number.isSafeInteger(metaint) || metaint < 1) throw new RangeError(`Cannot use a metaint of ${metaint}: it must be at least 1`)
    this.#metaint = metaint
    this.#left = metaint
  }

  /** Bytes until the next block falls. */
  get left(): number {
    return this.#left
  }

  /**
   * Takes the next bytes and gives what to write: the very same buffer when no block falls into it.
   * @param block the title of now, from {@link formatMetadata}; hand over the same Buffer as long as the title is the same
   */
  encode(bytes: Buffer, block: Buffer): Buffer {
    if (bytes.length < this.#left) {
      this.#left -= bytes.length
      return bytes
    }
    const blocks = 1 + Math.floor((bytes.length - this.#left) / this.#metaint)
    const changed = block !== this.#last && !(this.#last?.equals(block) ?? false) && block.length > 0
    const out = Buffer.allocUnsafe(bytes.length + blocks - 1 + (changed ? block.length : 1))
    let from = 0
    let to = 0
    for (let i = 0; i < blocks; i++) {
      to += bytes.copy(out, to, from, from + this.#left)
      from += this.#left
      this.#left = this.#metaint
      if (i === 0 && changed) to += block.copy(out, to)
      else out[to++] = 0
    }
    bytes.copy(out, to, from)
    this.#left -= bytes.length - from
    this.#last = block
    return out
  }
}
