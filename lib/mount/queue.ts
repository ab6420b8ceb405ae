import type { Frame } from '../formats/frame.js'

/** A place in a {@link Queue} where a listener may start. */
export interface SyncPoint {
  /** Where the frame begins, in bytes since the mount's first. */
  readonly position: number
  /** What a listener who starts here gets first. */
  readonly header: Buffer
  /** When the frame arrived, in milliseconds. */
  readonly time: number
}

const NOTHING = Buffer.alloc(0)

interface Block {
  readonly start: number
  readonly bytes: Buffer
}

/**
 * The last few seconds of a mount, kept once for all its listeners. A position is a count of bytes since the mount began, so a
 * listener is no more than a cursor: a burst is a cursor set back to a sync point, a slow listener one that is older than the
 * queue.
 *
 * Frames that lie side by side in memory are kept as one block: listeners are served blocks, and never see how many frames a
 * block holds. Every cursor stands on a frame's border.
 */
export class Queue {
  /** Most bytes kept. The newest frame is kept whatever its size. */
  limit: number
  #blocks: Block[] = []
  #syncs: SyncPoint[] = []
  #end = 0
  #lastRead: { from: number; to: number; bytes: Buffer } | undefined

  /** @param limit most bytes kept */
  constructor(limit: number) {
    this.limit = limit
  }

  /** The oldest position that can still be read. */
  get start(): number {
    return this.#blocks[0]?.start ?? this.#end
  }

  /** The live edge: the position that the next frame gets. */
  get end(): number {
    return this.#end
  }

  /** Where listeners may start, oldest first. */
  get syncs(): readonly SyncPoint[] {
    return this.#syncs
  }

  /** Adds frames at the live edge, and forgets what is beyond the limit. */
  push(frames: readonly Frame[], time: number): void {
    let run: Buffer | undefined
    let length = 0
    for (const { bytes, sync, header } of frames) {
      if (sync) this.#syncs.push({ position: this.#end + length, header, time })
      if (run !== undefined && run.buffer === bytes.buffer && run.byteOffset + length === bytes.byteOffset) {
        length += bytes.length
      } else {
        if (run !== undefined) this.#append(run, length)
        run = bytes
        length = bytes.length
      }
    }
    if (run !== undefined) this.#append(run, length)
    this.#trim()
  }

  /** Forgets where one could start, so that nobody begins with what came before: a new source has another header. */
  cut(): void {
    this.#syncs.length = 0
  }

  /** Forgets everything; positions go on from where they are. */
  clear(): void {
    this.#blocks.length = 0
    this.#syncs.length = 0
    this.#lastRead = undefined
  }

  /**
   * The bytes from one position to another. The same answer is given again while the same is asked, so all listeners with the
   * same cursor share one buffer.
   * @param from between {@link Queue.start} and {@link Queue.end}
   * @param to at most {@link Queue.end}
   * @throws RangeError when the positions are not in the queue
   */
  read(from: number, to: number): Buffer {
    if (from < this.start || to > this.#end || from > to)
      throw new RangeError(`Cannot read ${from} to ${to} because the queue holds ${this.start} to ${this.#end}`)
    if (from === to) return NOTHING
    const last = this.#lastRead
    if (last !== undefined && last.from === from && last.to === to) return last.bytes
    const parts: Buffer[] = []
    let index = this.#blocks.length - 1
    while (index > 0 && this.#blocks[index]!.start > from) index--
    for (; index < this.#blocks.length; index++) {
      const { start, bytes } = this.#blocks[index]!
      if (start >= to) break
      const whole = start >= from && start + bytes.length <= to
      parts.push(whole ? bytes : bytes.subarray(Math.max(0, from - start), to - start))
    }
    const bytes = parts.length === 1 ? parts[0]! : Buffer.concat(parts, to - from)
    this.#lastRead = { from, to, bytes }
    return bytes
  }

  /** The end of the block in which `most` bytes from `from` end, or the live edge where that is nearer: how far one write should go. */
  reach(from: number, most: number): number {
    if (this.#end - from <= most) return this.#end
    let index = this.#blocks.length - 1
    while (index > 0 && this.#blocks[index]!.start > from + most) index--
    const { start, bytes } = this.#blocks[index]!
    return start > from ? start : start + bytes.length
  }

  /** The first sync point at or after a position. */
  syncFrom(position: number): SyncPoint | undefined {
    const syncs = this.#syncs
    let low = 0
    let high = syncs.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (syncs[middle]!.position < position) low = middle + 1
      else high = middle
    }
    return syncs[low]
  }

  /** The newest sync point that is at least `age` milliseconds old, or the oldest of all where none is. */
  syncAged(time: number, age: number): SyncPoint | undefined {
    for (let i = this.#syncs.length - 1; i >= 0; i--) if (time - this.#syncs[i]!.time >= age) return this.#syncs[i]
    return this.#syncs[0]
  }

  #append(run: Buffer, length: number): void {
    const bytes = run.length === length ? run : Buffer.from(run.buffer, run.byteOffset, length)
    this.#blocks.push({ start: this.#end, bytes })
    this.#end += length
  }

  #trim(): void {
    let gone = 0
    while (gone < this.#blocks.length - 1 && this.#end - this.#blocks[gone]!.start > this.limit) gone++
    if (gone === 0) return
    this.#blocks.splice(0, gone)
    this.#lastRead = undefined
    const start = this.start
    let old = 0
    while (old < this.#syncs.length && this.#syncs[old]!.position < start) old++
    if (old > 0) this.#syncs.splice(0, old)
  }
}
