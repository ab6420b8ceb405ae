import { BitReader } from '../bytes/bits.js'
import { hasRecoveryPoint, unescapeNal } from './nal.js'

/** `nal_unit_type` of ITU-T H.264, table 7-1, as far as framing needs it. */
export const H264_NAL = { slice: 1, partitionA: 2, idr: 5, sei: 6, sps: 7, pps: 8, delimiter: 9 } as const

/** The `nal_unit_type` in a NAL unit's first byte. */
export function h264NalType(header: number): number {
  return header & 31
}

/** What a sequence parameter set of H.264 tells. */
export interface H264Sps {
  /** `profile_idc`, such as 100 for High. */
  readonly profile: number
  /** The byte of `constraint_set` flags. */
  readonly constraints: number
  /** `level_idc`: ten times the level, such as 31. */
  readonly level: number
  /** Picture width in pixels, cropped. */
  readonly width: number
  /** Picture height in pixels, cropped. */
  readonly height: number
  /** Pictures a second, where the VUI states it. */
  readonly frameRate?: number | undefined
  /** How many pictures may precede one in decoding and follow it on the screen; left out where only the pictures tell. */
  readonly reorder?: number | undefined
}

/** The profiles whose SPS has chroma and bit depth fields (H.264 7.3.2.1.1). */
const HIGH_PROFILES = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135])

/**
 * Reads a sequence parameter set (H.264 7.3.2.1.1 and E.1.1).
 * @param nal the NAL unit from its header byte on, without start code
 * @returns `undefined` when it is none, or is cut or damaged
 */
export function readH264Sps(nal: Buffer): H264Sps | undefined {
  if (nal.length < 5 || h264NalType(nal[0]!) !== H264_NAL.sps) return undefined
  const bits = new BitReader(unescapeNal(nal.subarray(1)))
  const profile = bits.read(8)
  const constraints = bits.read(8)
  const level = bits.read(8)
  bits.ue()
  let chroma = 1
  let separatePlanes = false
  if (HIGH_PROFILES.has(profile)) {
    chroma = bits.ue()
    if (chroma === 3) separatePlanes = bits.flag()
    bits.ue()
    bits.ue()
    bits.skip(1)
    if (bits.flag()) for (let i = 0; i < (chroma === 3 ? 12 : 8); i++) if (bits.flag()) skipScalingList(bits, i < 6 ? 16 : 64)
  }
  bits.ue()
  const orderType = bits.ue()
  if (orderType === 0) bits.ue()
  else if (orderType === 1) {
    bits.skip(1)
    bits.se()
    bits.se()
    const cycle = bits.ue()
    for (let i = 0; i < cycle && !bits.overrun; i++) bits.se()
  }
  bits.ue()
  bits.skip(1)
  const widthInMbs = bits.ue() + 1
  const heightInMapUnits = bits.ue() + 1
  const fields = bits.flag() ? 1 : 2
  if (fields === 2) bits.skip(1)
  bits.skip(1)
  let width = widthInMbs * 16
  let height = heightInMapUnits * 16 * fields
  if (bits.flag()) {
    // Crop units of table 6-1: chroma 4:2:0 is halved both ways, 4:2:2 in width alone.
    const unitX = !separatePlanes && (chroma === 1 || chroma === 2) ? 2 : 1
    const unitY = (!separatePlanes && chroma === 1 ? 2 : 1) * fields
    width -= (bits.ue() + bits.ue()) * unitX
    height -= (bits.ue() + bits.ue()) * unitY
  }
  if (bits.overrun || width <= 0 || height <= 0) return undefined
  const vui = bits.flag() ? readVui(bits) : {}
  // Order type 2 (clause 8.2.1.3), Baseline (A.2.1) and the intra profiles (E.2.1, max_num_reorder_frames) leave the order as it is.
  const inOrder = orderType === 2 || profile === 66 || profile === 44 || ((constraints & 16) !== 0 && HIGH_PROFILES.has(profile))
  return { profile, constraints, level, width, height, ...(inOrder && { reorder: 0 }), ...vui }
}

function skipScalingList(bits: BitReader, size: number): void {
  let last = 8
  for (let i = 0, next = 8; i < size && next !== 0 && !bits.overrun; i++) {
    next = (last + bits.se() + 256) % 256
    if (next !== 0) last = next
  }
}

// H.264 E.1.1.
function readVui(bits: BitReader): Pick<H264Sps, 'frameRate' | 'reorder'> {
  if (bits.flag() && bits.read(8) === 255) bits.skip(32)
  if (bits.flag()) bits.skip(1)
  if (bits.flag()) {
    bits.skip(4)
    if (bits.flag()) bits.skip(24)
  }
  if (bits.flag()) {
    bits.ue()
    bits.ue()
  }
  let frameRate = NaN
  if (bits.flag()) {
    const unitsInTick = bits.read(32)
    // A tick is a field's time: two make a picture.
    frameRate = bits.read(32) / unitsInTick / 2
    bits.skip(1)
  }
  const told = !bits.overrun && Number.isFinite(frameRate) && frameRate > 0 ? { frameRate } : {}
  const buffers = [readHrd(bits), readHrd(bits)]
  if (buffers.includes(true)) bits.skip(1)
  bits.skip(1)
  if (!bits.flag()) return told
  bits.skip(1)
  for (let i = 0; i < 4; i++) bits.ue()
  const reorder = bits.ue()
  return bits.overrun || reorder > 16 ? told : { ...told, reorder }
}

// H.264 E.1.2, where its flag says that it is there.
function readHrd(bits: BitReader): boolean {
  if (!bits.flag()) return false
  const count = bits.ue() + 1
  bits.skip(8)
  for (let i = 0; i < count && !bits.overrun; i++) {
    bits.ue()
    bits.ue()
    bits.skip(1)
  }
  bits.skip(20)
  return true
}

/**
 * Whether decoding can start at an access unit: it has an IDR picture, or a recovery point before its first slice.
 * @param nals the NAL units of the access unit, without start codes or lengths
 */
export function isH264KeyFrame(nals: Iterable<Buffer>): boolean {
  for (const nal of nals) {
    const type = h264NalType(nal[0] ?? 0)
    if (type === H264_NAL.idr) return true
    if (type === H264_NAL.sei && hasRecoveryPoint(nal.subarray(1))) return true
    if (type >= H264_NAL.slice && type < H264_NAL.idr) return false
  }
  return false
}

/** The codec as RFC 6381 writes it: `avc1.` and profile, constraints and level in hexadecimal, such as `avc1.64001f`. */
export function h264Codecs({ profile, constraints, level }: Pick<H264Sps, 'profile' | 'constraints' | 'level'>): string {
  return `avc1.${((profile << 16) | (constraints << 8) | level).toString(16).padStart(6, '0')}`
}

/** An AVCDecoderConfigurationRecord: what MP4, Matroska and FLV store once for the stream. */
export interface AvcConfig {
  /** Bytes of the length before each NAL unit of a sample. */
  readonly lengthSize: number
  /** The sequence parameter sets, as NAL units. */
  readonly sps: readonly Buffer[]
  /** The picture parameter sets, as NAL units. */
  readonly pps: readonly Buffer[]
}

/**
 * Reads an AVCDecoderConfigurationRecord, `avcC` (ISO/IEC 14496-15 5.3.3.1).
 * @returns `undefined` when it is none, or is cut or damaged
 */
export function readAvcConfig(bytes: Buffer): AvcConfig | undefined {
  if (bytes.length < 7 || bytes[0] !== 1) return undefined
  let at = 5
  const readSets = (count: number): Buffer[] | undefined => {
    const sets: Buffer[] = []
    for (let i = 0; i < count; i++) {
      if (at + 2 > bytes.length) return undefined
      const end = at + 2 + bytes.readUInt16BE(at)
      if (end > bytes.length) return undefined
      sets.push(bytes.subarray(at + 2, end))
      at = end
    }
    return sets
  }
  const sps = readSets(bytes[at++]! & 31)
  if (sps === undefined || at >= bytes.length) return undefined
  const pps = readSets(bytes[at++]!)
  return pps && { lengthSize: (bytes[4]! & 3) + 1, sps, pps }
}

/**
 * Writes an AVCDecoderConfigurationRecord with lengths of 4 bytes (ISO/IEC 14496-15 5.3.3.1).
 * @param sets NAL units, the first sequence parameter set first: its profile and level are the record's
 * @throws RangeError when there is no sequence parameter set, or more of them than a record holds
 */
export function writeAvcConfig({ sps, pps }: Omit<AvcConfig, 'lengthSize'>): Buffer {
  const [first] = sps
  if (first === undefined || first.length < 4 || sps.length > 31 || pps.length > 255) {
    throw new RangeError(`Cannot write an avcC of ${sps.length} sequence and ${pps.length} picture parameter sets`)
  }
  const parts = [Buffer.from([1, first[1]!, first[2]!, first[3]!, 0xff, 0xe0 | sps.length]), ...withSizes(sps)]
  parts.push(Buffer.from([pps.length]), ...withSizes(pps))
  if (HIGH_PROFILES.has(first[1]!)) {
    // The clause names four profiles that carry these fields; readers of others stop before them.
    const bits = new BitReader(unescapeNal(first.subarray(4)))
    bits.ue()
    const chroma = bits.ue()
    if (chroma === 3) bits.skip(1)
    const [luma, chromaDepth] = [bits.ue(), bits.ue()]
    parts.push(Buffer.from([0xfc | (chroma & 3), 0xf8 | (luma & 7), 0xf8 | (chromaDepth & 7), 0]))
  }
  return Buffer.concat(parts)
}

function withSizes(sets: readonly Buffer[]): Buffer[] {
  return sets.flatMap((set) => [Buffer.from([set.length >> 8, set.length & 255]), set])
}
