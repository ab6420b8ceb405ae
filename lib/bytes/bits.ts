/**
 * Reads numbers of any bit width from bytes, the highest bit first. Past the end it reads zeros and remembers that in
 * {@link BitReader.overrun}, so that a parser can read on and ask once.
 */
export class BitReader {
  readonly #bytes: Buffer
  #at = 0
  #overrun = false

  /** @param bytes what to read from, beginning with its first bit */
  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  /** Bits not yet read; 0 at the end and past it. */
  get left(): number {
    return Math.max(0, this.#bytes.length * 8 - this.#at)
  }

  /** Whether more was asked for than is there (or an Exp-Golomb number that no bit stream may hold): what was read is then worth nothing. */
  get overrun(): boolean {
    return this.#overrun
  }

  /** The next `n` bits, 0 to 32 of them, as an unsigned number. */
  read(n: number): number {
    if (n > this.left) this.#overrun = true
    let value = 0
    while (n > 0) {
      const used = this.#at & 7
      const take = Math.min(8 - used, n)
      const byte = this.#bytes[this.#at >> 3] ?? 0
      // A multiplication, because << would make a sign of the 32nd bit.
      value = value * 2 ** take + ((byte >> (8 - used - take)) & ((1 << take) - 1))
      this.#at += take
      n -= take
    }
    return value
  }

  /** The next bit. */
  flag(): boolean {
    return this.read(1) === 1
  }

  /** Leaves out the next `n` bits, however many. */
  skip(n: number): void {
    if (n > this.left) this.#overrun = true
    this.#at += n
  }

  /** An unsigned Exp-Golomb number, `ue(v)` of ITU-T H.264 clause 9.1. */
  ue(): number {
    let zeros = 0
    while (!this.flag()) {
      // The largest that the standards allow is 2^32 - 2, which has 31 leading zeros.
      if (++zeros > 31 || this.#overrun) {
        this.#overrun = true
        return 0
      }
    }
    return 2 ** zeros - 1 + this.read(zeros)
  }

  /** A signed Exp-Golomb number, `se(v)` of ITU-T H.264 clause 9.1.1. */
  se(): number {
    const k = this.ue()
    return k & 1 ? (k + 1) / 2 : k === 0 ? 0 : -k / 2
  }
}
