import { H264_NAL, h264NalType } from '../codecs/h264.js'
import { H265_NAL, h265NalType } from '../codecs/h265.js'
import { hasRecoveryPoint, nextNal } from '../codecs/nal.js'

/** The start codes of MPEG-1, MPEG-2 and MPEG-4 video (ISO/IEC 13818-2 table 6-1, 14496-2 table 6-3). */
const START = { picture: 0x00, vop: 0xb6, sequence: 0xb3 } as const

/** The codecs, by the names that tracks have, whose bytes are understood here. */
const CODECS = new Set(['H.264', 'HEVC', 'MPEG-1 video', 'MPEG-2 video', 'MPEG-4 video'])
/** The most bytes that are looked at. */
const CAPACITY = 24_576

/** Where a PES packet's elementary stream begins in it (ISO/IEC 13818-1 2.4.3.7); -1 when it is none, `undefined` when it is cut. */
export function pesDataStart(bytes: Buffer, from: number, end: number): number | undefined {
  if (from + 9 > end) return undefined
  if (bytes[from] !== 0 || bytes[from + 1] !== 0 || bytes[from + 2] !== 1) return -1
  return from + 9 + bytes[from + 8]!
}

/**
 * The beginning of a video PES packet, collected for as long as it takes to tell whether decoding can start with it, and to
 * find the parameter set that tells the picture's size.
 */
export class PesStart {
  /** Whether decoding can start here; `undefined` while that is open. */
  key: boolean | undefined
  /** Whether more bytes change nothing. */
  done = true
  /** The sequence parameter set (H.264, HEVC) or sequence header (MPEG-2) that was found: a view that lives until the next begin(). */
  parameters: Buffer | undefined
  readonly #bytes = Buffer.allocUnsafe(CAPACITY)
  #codec = ''
  #acceptsParameters = false
  #length = 0
  // Where the elementary stream begins, from where to look for the next start code, and the unit whose end is not yet seen.
  #dataAt = -1
  #searchAt = 0
  #unitAt = -1

  /**
   * Begins a new PES packet.
   * @param codec its name, such as `H.264`; of one that is not understood nothing is ever a key frame
   * @param acceptsParameters whether parameter sets before the first picture are enough for a key frame
   */
  begin(codec: string, acceptsParameters: boolean): void {
    this.key = undefined
    this.done = false
    this.parameters = undefined
    this.#codec = codec
    this.#acceptsParameters = acceptsParameters
    this.#length = 0
    this.#dataAt = -1
    this.#searchAt = 0
    this.#unitAt = -1
    if (!CODECS.has(codec)) this.finish()
  }

  /** Takes the next bytes of the PES packet: `from` to `end` of a transport packet. */
  push(bytes: Buffer, from: number, end: number): void {
    if (this.done) return
    this.#length += bytes.copy(this.#bytes, this.#length, from, end)
    this.#scan(this.#bytes.subarray(0, this.#length))
    if (this.#length === CAPACITY) this.finish()
  }

  /** Says that no more bytes come: what is still open is no key frame. */
  finish(): void {
    this.key ??= false
    this.done = true
  }

  #scan(bytes: Buffer): void {
    if (this.#dataAt < 0) {
      const at = pesDataStart(bytes, 0, bytes.length)
      if (at === undefined) return
      if (at < 0) return this.finish()
      this.#dataAt = this.#searchAt = at
    }
    while (!this.done) {
      const next = nextNal(bytes, this.#searchAt)
      // The last bytes may be the first ones of a start code; the byte behind one tells what begins.
      if (next < 0 || next >= bytes.length) {
        if (next < 0) this.#searchAt = Math.max(this.#searchAt, bytes.length - 2)
        return
      }
      if (this.#unitAt >= 0) this.#readUnit(bytes.subarray(this.#unitAt, next - 3))
      this.#unitAt = -1
      if (this.#codec === 'MPEG-4 video' && bytes[next] === START.vop && next + 1 === bytes.length) return
      this.#readHeader(bytes, next)
      this.#searchAt = next
    }
  }

  #decide(isKey: boolean): void {
    this.key ??= isKey || (this.#acceptsParameters && this.parameters !== undefined)
    this.done = true
  }

  // A unit begins: its header tells, or its whole is needed.
  #readHeader(bytes: Buffer, at: number): void {
    const header = bytes[at]!
    if (this.#codec === 'H.264') {
      const type = h264NalType(header)
      if (type >= H264_NAL.slice && type <= H264_NAL.idr) this.#decide(type === H264_NAL.idr)
      else if (type === H264_NAL.sei || type === H264_NAL.sps) this.#unitAt = at
    } else if (this.#codec === 'HEVC') {
      const type = h265NalType(header)
      if (type <= H265_NAL.lastVcl) this.#decide(type >= H265_NAL.firstIrap && type <= H265_NAL.lastIrap)
      else if (type === H265_NAL.sei || type === H265_NAL.sps) this.#unitAt = at
    } else if (this.#codec === 'MPEG-4 video') {
      // vop_coding_type, the 2 bits behind the start code: 0 is an intra picture.
      if (header === START.vop) this.#decide(bytes[at + 1]! >> 6 === 0)
    } else if (header === START.sequence) {
      this.key = true
      this.#unitAt = at
    } else if (header === START.picture) this.#decide(false)
  }

  #readUnit(unit: Buffer): void {
    const header = unit[0]!
    const isSps = this.#codec === 'H.264' ? h264NalType(header) === H264_NAL.sps : h265NalType(header) === H265_NAL.sps
    if (this.#codec !== 'H.264' && this.#codec !== 'HEVC') this.parameters = unit
    else if (isSps) this.parameters ??= unit
    else if (hasRecoveryPoint(unit.subarray(this.#codec === 'H.264' ? 1 : 2))) this.key = true
  }
}
