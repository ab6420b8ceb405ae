import { MAX_FRAME_SIZE } from './frame.js'

/** A whole PES packet (ISO/IEC 13818-1 2.4.3.6). */
export interface Pes {
  /** When its first access unit is shown, in 90 kHz, 33 bits; where it tells. */
  readonly pts: number | undefined
  /** When it is decoded; the same as {@link Pes.pts} where only that is told. */
  readonly dts: number | undefined
  /** Its data: a view that lives until the next packet of its stream is taken. */
  readonly data: Buffer
}

// 000001 | stream id 1 | length 2 | 10, scrambling 2, flags 4 | PTS and DTS 2, flags 6 | header length 1 | PTS 5 | DTS 5 | …
/** Reads a PES packet; `undefined` when it is none that carries timed data, is scrambled, or is cut. */
export function readPes(bytes: Buffer): Pes | undefined {
  if (bytes.length < 9 || bytes[0] !== 0 || bytes[1] !== 0 || bytes[2] !== 1) return undefined
  const flags = bytes[6]!
  const from = 9 + bytes[8]!
  if ((flags & 0xf0) !== 0x80 || from > bytes.length) return undefined
  const stamps = bytes[7]! >> 6
  const pts = stamps & 2 && from >= 14 ? readStamp(bytes, 9) : undefined
  const dts = stamps === 3 && from >= 19 ? readStamp(bytes, 14) : pts
  return { pts, dts, data: bytes.subarray(from) }
}

// 4 bits | 3 bits, 1 | 15 bits, 1 | 15 bits, 1
function readStamp(bytes: Buffer, at: number): number {
  const high = (bytes[at]! >> 1) & 7
  return high * 0x4000_0000 + (bytes.readUInt16BE(at + 1) >> 1) * 0x8000 + (bytes.readUInt16BE(at + 3) >> 1)
}

/** Puts the PES packets of one PID together from the payloads of transport packets. */
export class PesAssembler {
  #bytes = Buffer.allocUnsafe(16_384)
  #length = 0
  #size = 0
  #isOpen = false
  #counter = -1

  /** Whether something was missing since this was last read. */
  isDamaged = false

  /** Whether a packet with this continuity_counter is to be taken: a packet that came twice is not (2.4.3.3). */
  follows(counter: number, isDiscontinuity: boolean): boolean {
    const before = this.#counter
    this.#counter = counter
    if (before < 0 || counter === ((before + 1) & 15)) return true
    if (counter === before && !isDiscontinuity) return false
    this.discard()
    return true
  }

  /** Gives up the packet under way. */
  discard(): void {
    this.#isOpen = false
    this.#length = 0
    this.isDamaged = true
  }

  /** Ends the packet under way, where its length was not told or is reached; it may be read until the next {@link PesAssembler.begin}. */
  finish(): Buffer | undefined {
    if (!this.#isOpen) return undefined
    this.#isOpen = false
    return this.#size > 0 && this.#length < this.#size ? undefined : this.#bytes.subarray(0, this.#size > 0 ? this.#size : this.#length)
  }

  /** Begins a packet. */
  begin(): void {
    this.#isOpen = true
    this.#length = 0
    this.#size = 0
  }

  /**
   * Takes `from` to `end` of a transport packet.
   * @returns whether the PES packet is complete as its length tells
   */
  push(bytes: Buffer, from: number, end: number): boolean {
    if (!this.#isOpen) return false
    const size = this.#length + end - from
    if (size > this.#bytes.length && !this.#grow(size)) return false
    bytes.copy(this.#bytes, this.#length, from, end)
    this.#length = size
    if (this.#size === 0 && size >= 6) {
      const told = this.#bytes.readUInt16BE(4)
      this.#size = told === 0 ? 0 : told + 6
    }
    return this.#size > 0 && size >= this.#size
  }

  #grow(size: number): boolean {
    if (size > MAX_FRAME_SIZE) {
      this.discard()
      return false
    }
    const grown = Buffer.allocUnsafe(Math.max(size, this.#bytes.length * 2))
    this.#bytes.copy(grown, 0, 0, this.#length)
    this.#bytes = grown
    return true
  }
}
