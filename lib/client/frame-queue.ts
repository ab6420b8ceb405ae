import type { Frame } from '../formats/frame.js'

/** How much a {@link FrameQueue} holds. */
export interface FrameQueueLimits {
  /** Most bytes that wait. */
  readonly size: number
  /** Most milliseconds that a frame waits. */
  readonly time: number
}

interface Waiting {
  readonly frame: Frame
  readonly at: number
}

/**
 * Frames on their way from an encoder, which does not wait, to a network, which takes them when it can. When they are too many or too
 * old, all are dropped up to the newest key frame. Whatever is dropped, what comes out can be played: after a gap it goes on
 * at a key frame, and with that frame's header wherever it differs from the one in force. A frame is never cut short.
 */
export class FrameQueue {
  readonly #limits: FrameQueueLimits
  #waiting: Waiting[] = []
  #size = 0
  #dropped = 0
  // Bytes of the first frame that have been taken.
  #taken = 0
  // Whether the next frame to be taken must be a key frame, and which header the taker has.
  #gap = true
  #header: Buffer | undefined
  // Whether anything was ever taken, and whether nobody is there to take more.
  #begun = false
  #away = false

  constructor(limits: FrameQueueLimits) {
    this.#limits = limits
  }

  /** Bytes that wait. */
  get size(): number {
    return this.#size
  }

  /** Bytes that have been dropped so far. */
  get dropped(): number {
    return this.#dropped
  }

  /**
   * Adds a frame at the end.
   * @param now the time in milliseconds
   */
  push(frame: Frame, now: number): void {
    this.#waiting.push({ frame, at: now })
    this.#size += frame.bytes.length
    if (this.#away) {
      if (frame.sync || this.#isOver(now)) this.#trim()
    } else if (this.#isOver(now)) {
      this.#trim()
      // Even from its last key frame on it is too much.
      if (this.#isOver(now)) this.#drop(this.#waiting.length)
    }
  }

  /** Says that whoever takes the frames has gone, and with them what they had begun to take. */
  leave(): void {
    this.#away = true
    this.#gap = true
    if (this.#taken > 0) this.#drop(1)
    this.#trim()
  }

  /** Says that somebody else begins to take frames, who knows nothing of those before. */
  enter(): void {
    this.#away = false
    this.#gap = true
    this.#header = undefined
  }

  /** Takes the next bytes, at least one piece of up to `limit` bytes, and more pieces as long as they stay below it together; none while there are none. */
  take(limit: number): Buffer[] {
    const pieces: Buffer[] = []
    let room = limit
    while (room > 0) {
      if (this.#gap && this.#taken === 0) this.#skipToSync()
      const frame = this.#waiting[0]?.frame
      if (frame === undefined) break
      if (frame.sync && this.#taken === 0) {
        if (this.#gap && frame.header !== this.#header && frame.header.length > 0) pieces.push(frame.header)
        this.#header = frame.header
        this.#gap = false
        this.#begun = true
      }
      const piece = frame.bytes.subarray(this.#taken, this.#taken + room)
      if (piece.length > 0) pieces.push(piece)
      room -= piece.length
      this.#taken += piece.length
      this.#size -= piece.length
      if (this.#taken < frame.bytes.length) break
      this.#waiting.shift()
      this.#taken = 0
    }
    return pieces
  }

  #isOver(now: number): boolean {
    const oldest = this.#waiting[this.#taken > 0 ? 1 : 0]
    return oldest !== undefined && (this.#size > this.#limits.size || now - oldest.at > this.#limits.time)
  }

  // Drops all that comes before the newest key frame, or everything when there is none.
  #trim(): void {
    const newest = this.#waiting.findLastIndex(({ frame }, at) => frame.sync && (at > 0 || this.#taken === 0))
    this.#drop(newest < 0 ? this.#waiting.length : newest)
  }

  #skipToSync(): void {
    const first = this.#waiting.findIndex(({ frame }) => frame.sync)
    // What comes before the very first key frame is its header, which it brings along.
    this.#drop(first < 0 ? this.#waiting.length : first, this.#begun)
  }

  // Drops the first frames, but for one that the taker has had a part of and is to get the rest of.
  #drop(count: number, counted = true): void {
    const from = this.#taken > 0 && !this.#away ? 1 : 0
    const gone = this.#waiting.splice(from, count - from)
    if (gone.length === 0) return
    let bytes = gone.reduce((sum, { frame }) => sum + frame.bytes.length, 0)
    if (from === 0) {
      bytes -= this.#taken
      this.#taken = 0
    }
    this.#size -= bytes
    if (counted) this.#dropped += bytes
    this.#gap = true
  }
}
