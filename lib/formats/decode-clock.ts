import type { CodecId, Packet } from './packet.js'

/** A packet that has no decoding time yet. */
export type Undated = Omit<Packet, 'dts'>

/** The most pictures that H.264 and HEVC reorder. */
const MAX_REORDER = 16
/** How many pictures are held at most to learn how far they are reordered. */
const LEARNING = 12
/** Seconds between two pictures above which the clock has jumped. */
const JUMP = 10
/** Pictures a second where nobody tells. */
const USUAL_RATE = 30
/** The codecs whose pictures come in another order than that in which they are shown. */
const REORDERING: ReadonlySet<CodecId> = new Set(['h264', 'hevc'])

/**
 * Gives pictures their decoding times where a container stores only when they are shown, as Matroska does. A picture is decoded as many places
 * earlier in the order of presentation as pictures are reordered, so its decoding time is the presentation time of another picture. Where the
 * reordering is stated no picture is held back; otherwise the first few are, until they show it.
 */
export class DecodeClock {
  #reorder: number | undefined
  readonly #held: Undated[] = []
  /** The latest presentation times that are no decoding times yet, in their order. */
  #times: number[] = []
  #previous: number | undefined
  #first: Undated | undefined
  #count = 0
  #last = -Infinity

  /**
   * Takes the next picture in the order of decoding.
   * @param reorder how many pictures may precede one in decoding and follow it on the screen; `undefined` where that is not stated
   * @returns the packets that have their times
   */
  push(packet: Undated, reorder: number | undefined): Packet[] {
    const packets: Packet[] = []
    const { pts, key, track } = packet
    const distance = pts - (this.#previous ?? pts)
    // A key frame is never shown long before what precedes it.
    if (Math.abs(distance) > JUMP * track.timescale || (key && distance < -track.timescale)) packets.push(...this.reset())
    this.#previous = pts
    // What was learned or stated before stays when the stream goes on.
    if (reorder !== undefined && (this.#reorder === undefined || reorder > this.#reorder)) {
      packets.push(...this.#release(reorder))
      this.#reorder = reorder
    }
    if (this.#reorder === undefined) {
      if (this.#held.length === LEARNING || (key && this.#held.length > 0)) packets.push(...this.#release())
      else {
        this.#held.push(packet)
        return packets
      }
    }
    this.#date(packet, packets)
    return packets
  }

  /** Forgets the times, as at the end of a stream or where its clock jumps; gives what was held. */
  reset(): Packet[] {
    const packets = this.#release()
    this.#times = []
    this.#previous = undefined
    this.#first = undefined
    this.#count = 0
    this.#last = -Infinity
    return packets
  }

  #release(reorder = learn(this.#held)): Packet[] {
    const packets: Packet[] = []
    if (this.#held.length === 0) return packets
    this.#reorder = reorder
    for (const packet of this.#held.splice(0)) this.#date(packet, packets)
    return packets
  }

  #date(packet: Undated, packets: Packet[]): void {
    const { pts, track, duration } = packet
    this.#first ??= packet
    // Pictures that are shown before the first one refer to some that nobody has.
    if (pts < this.#first.pts && this.#count <= MAX_REORDER) return
    this.#count++
    if (pts <= this.#last && this.#reorder! < MAX_REORDER && REORDERING.has(track.codecId)) this.#reorder!++
    let at = this.#times.length
    while (at > 0 && this.#times[at - 1]! > pts) at--
    this.#times.splice(at, 0, pts)
    const missing = this.#reorder! - this.#times.length + 1
    const step = duration || Math.round(track.timescale / (track.frameRate ?? USUAL_RATE))
    let dts: number
    if (missing <= 0) dts = this.#times.shift()!
    // The first pictures of all are decoded before anything is shown.
    else if (this.#last < this.#first.pts) dts = this.#first.pts - missing * step
    else dts = this.#last + 1
    dts = Math.max(dts, this.#last + 1)
    this.#last = dts
    packets.push({ ...packet, dts, pts: Math.max(pts, dts) })
  }
}

/** The most pictures that precede one in this order and follow it on the screen. */
function learn(packets: readonly Undated[]): number {
  let most = 0
  packets.forEach(({ pts }, i) => {
    let later = 0
    for (let j = 0; j < i; j++) if (packets[j]!.pts > pts) later++
    most = Math.max(most, later)
  })
  return Math.min(most, MAX_REORDER)
}
