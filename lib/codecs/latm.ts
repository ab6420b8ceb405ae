import { BitReader } from '../bytes/bits.js'
import { readAacConfig } from './aac.js'

/** A frame of AAC in LATM, behind the synchronization layer LOAS. */
export interface LatmFrame {
  /** Bytes of the whole frame with its head. */
  readonly frameSize: number
  /** Samples of each channel. */
  readonly samples: number
  /** The AudioSpecificConfig in force, the same Buffer for as long as it is equal; `undefined` while none has come, or the frame is cut. */
  readonly config: Buffer | undefined
  /** The raw AAC frame; `undefined` while there is no configuration, or the frame is cut. */
  readonly data: Buffer | undefined
}

/** Bytes that tell a frame's size. */
export const LOAS_HEADER_SIZE = 3

/**
 * Reads AAC in LATM with one program, one layer and one frame at a time, as broadcasters send it (ISO/IEC 14496-3 clauses 1.7.2 and 1.7.3).
 * The configuration comes now and then and is kept in between.
 */
export class LatmReader {
  #config: Buffer | undefined
  #samples = 1024
  #otherBits = 0

  /**
   * Reads the frame at `at`.
   * @returns `undefined` where none begins or fewer than {@link LOAS_HEADER_SIZE} bytes are
   */
  read(bytes: Buffer, at = 0): LatmFrame | undefined {
    // 0x2b7: 11 bits | length 13
    if (at + LOAS_HEADER_SIZE > bytes.length || bytes[at] !== 0x56 || bytes[at + 1]! >> 5 !== 7) return undefined
    const size = ((bytes[at + 1]! & 31) << 8) | bytes[at + 2]!
    const frameSize = LOAS_HEADER_SIZE + size
    if (size === 0) return undefined
    const end = at + frameSize
    if (end > bytes.length) return { frameSize, samples: this.#samples, config: undefined, data: undefined }
    const data = this.#readElement(bytes.subarray(at + LOAS_HEADER_SIZE, end))
    return { frameSize, samples: this.#samples, config: data && this.#config, data }
  }

  // AudioMuxElement, clause 1.7.3.1.
  #readElement(element: Buffer): Buffer | undefined {
    const bits = new BitReader(element)
    if (!bits.flag() && !this.#readMuxConfig(bits, element)) return undefined
    if (this.#config === undefined) return undefined
    let size = 0
    let part: number
    do size += part = bits.read(8)
    while (part === 255)
    if (bits.left < 8 * size + this.#otherBits || size === 0 || bits.overrun) return undefined
    const data = Buffer.allocUnsafe(size)
    for (let i = 0; i < size; i++) data[i] = bits.read(8)
    return data
  }

  // StreamMuxConfig. What is not understood leaves no configuration.
  #readMuxConfig(bits: BitReader, element: Buffer): boolean {
    const before = this.#config
    this.#config = undefined
    const version = bits.read(1)
    if (version === 1) {
      if (bits.flag()) return false
      readValue(bits)
    }
    const isSameFraming = bits.flag()
    if (bits.read(6) !== 0 || bits.read(4) !== 0 || bits.read(3) !== 0 || !isSameFraming) return false
    const length = version === 1 ? readValue(bits) : undefined
    const from = element.length * 8 - bits.left
    const used = length ?? configLength(element, from)
    if (used === undefined || used > bits.left) return false
    const config = copyBits(element, from, used)
    bits.skip(used)
    const read = readAacConfig(config)
    // frameLengthType 0: the length stands before each frame; then a buffer's fullness.
    if (read === undefined || bits.read(3) !== 0) return false
    bits.skip(8)
    this.#otherBits = 0
    if (bits.flag()) {
      if (version === 1) this.#otherBits = readValue(bits)
      else {
        let goesOn: boolean
        do {
          goesOn = bits.flag()
          this.#otherBits = this.#otherBits * 256 + bits.read(8)
        } while (goesOn && !bits.overrun)
      }
    }
    if (bits.flag()) bits.skip(8)
    if (bits.overrun) return false
    this.#samples = read.samples
    this.#config = before?.equals(config) === true ? before : config
    return true
  }
}

// LatmGetValue: a count of bytes less one, then those.
function readValue(bits: BitReader): number {
  return bits.read(8 * (bits.read(2) + 1))
}

// The bits of an AudioSpecificConfig that does not say how long it is (clause 1.6.2.1), for the object types that LATM is used with.
function configLength(bytes: Buffer, from: number): number | undefined {
  const bits = new BitReader(bytes)
  bits.skip(from)
  const begin = bits.left
  const readRate = (): void => void (bits.read(4) === 15 && bits.skip(24))
  let type = bits.read(5)
  readRate()
  const channels = bits.read(4)
  if (type === 5 || type === 29) {
    readRate()
    type = bits.read(5)
  }
  if ((type !== 2 && type !== 1 && type !== 4) || channels === 0) return undefined
  bits.skip(1)
  if (bits.flag()) bits.skip(14)
  if (bits.flag() || bits.overrun) return undefined
  return begin - bits.left
}

function copyBits(bytes: Buffer, from: number, size: number): Buffer {
  const bits = new BitReader(bytes)
  bits.skip(from)
  const out = Buffer.alloc(Math.ceil(size / 8))
  for (let i = 0; i < out.length; i++) {
    const count = Math.min(8, size - 8 * i)
    out[i] = bits.read(count) << (8 - count)
  }
  return out
}
