import { parseMetadata, type Metadata } from './metadata.js'

/**
 * Takes ICY metadata blocks out of a stream that was asked for with `Icy-MetaData: 1`. It holds back at most one block.
 *
 * @example
 * ```ts
 * const decoder = new IcyDecoder(Number(response.headers['icy-metaint']))
 * for await (const chunk of response)
 *   for (const item of decoder.push(chunk)) Buffer.isBuffer(item) ? audio.write(item) : console.log(item.display)
 * ```
 */
export class IcyDecoder {
  readonly #metaint: number
  #left: number
  #block: Buffer | undefined
  #filled = 0

  /**
   * @param metaint bytes between two blocks, from the response's `icy-metaint`
   * @throws RangeError when it is not a whole number above 0
   */
  constructor(metaint: number) {
    if (!Number.isSafeInteger(metaint) || metaint < 1) throw new RangeError(`Cannot use a metaint of ${metaint}: it must be at least 1`)
    this.#metaint = metaint
    this.#left = metaint
  }

  /**
   * Takes the next bytes of the stream and gives what they contain, in order: media as views into the chunk, and what is
   * said to play from there on. An empty block and one that makes no sense give nothing.
   */
  push(chunk: Buffer): (Buffer | Metadata)[] {
    const items: (Buffer | Metadata)[] = []
    for (let at = 0; at < chunk.length;) {
      if (this.#left > 0) {
        const media = chunk.subarray(at, at + this.#left)
        items.push(media)
        at += media.length
        this.#left -= media.length
        continue
      }
      if (this.#block === undefined) {
        this.#block = Buffer.allocUnsafe(1 + chunk[at]! * 16)
        this.#filled = 0
      }
      const size = chunk.copy(this.#block, this.#filled, at)
      at += size
      this.#filled += size
      if (this.#filled < this.#block.length) continue
      const metadata = parseMetadata(this.#block)
      if (metadata !== undefined) items.push(metadata)
      this.#block = undefined
      this.#left = this.#metaint
    }
    return items
  }
}
