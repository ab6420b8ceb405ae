/**
 * A push-in, pull-out view of a byte stream that arrives in chunks of any size. It is the only place that joins
 * buffers: bytes are copied only where a run that is asked for crosses a chunk's border, and then once.
 *
 * Buffers that come out are views into what went in; the caller of {@link Reader.push} must not write to a chunk again.
 */
export class Reader {
  #chunks: Buffer[] = []
  #length = 0

  /** Bytes that have been pushed and not yet taken. */
  get length(): number {
    return this.#length
  }

  /** Adds a chunk at the end. */
  push(chunk: Buffer): void {
    if (chunk.length === 0) return
    this.#chunks.push(chunk)
    this.#length += chunk.length
  }

  /**
   * Looks at the next `size` bytes without taking them.
   * @returns a view of exactly `size` bytes, or `undefined` while fewer are there
   */
  peek(size: number): Buffer | undefined {
    if (size > this.#length) return undefined
    if (size === 0) return EMPTY
    const first = this.#join(size)
    return first.length === size ? first : first.subarray(0, size)
  }

  /**
   * Looks at all bytes that are there, as one buffer. Copies when they lie in several chunks, so a parser that calls it
   * on every push must take what it has read.
   */
  peekAll(): Buffer {
    return this.#length === 0 ? EMPTY : this.#join(this.#length)
  }

  /**
   * Takes the next `size` bytes.
   * @returns a view of exactly `size` bytes, or `undefined` while fewer are there
   */
  take(size: number): Buffer | undefined {
    const bytes = this.peek(size)
    if (bytes !== undefined) this.skip(size)
    return bytes
  }

  /**
   * Drops the next `size` bytes.
   * @throws RangeError when fewer are there
   */
  skip(size: number): void {
    if (size > this.#length) throw new RangeError(`Cannot skip ${size} bytes because only ${this.#length} are there`)
    this.#length -= size
    let gone = 0
    while (size > 0) {
      const chunk = this.#chunks[gone]!
      if (chunk.length > size) {
        this.#chunks[gone] = chunk.subarray(size)
        break
      }
      size -= chunk.length
      gone++
    }
    if (gone > 0) this.#chunks.splice(0, gone)
  }

  // The first chunk, made at least `size` bytes long; `size` is at most the length.
  #join(size: number): Buffer {
    const first = this.#chunks[0]!
    if (first.length >= size) return first
    let count = 1
    let total = first.length
    while (total < size) total += this.#chunks[count++]!.length
    const joined = Buffer.concat(this.#chunks.slice(0, count), total)
    this.#chunks.splice(0, count, joined)
    return joined
  }
}

const EMPTY = Buffer.alloc(0)
