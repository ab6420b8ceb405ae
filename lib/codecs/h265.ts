import { BitReader } from '../bytes/bits.js'
import { hasRecoveryPoint, unescapeNal } from './nal.js'

/** `nal_unit_type` of ITU-T H.265, table 7-1, as far as framing needs it. */
export const H265_NAL = { firstIrap: 16, lastIrap: 23, lastVcl: 31, vps: 32, sps: 33, pps: 34, delimiter: 35, sei: 39 } as const

/** The `nal_unit_type` in a NAL unit's first byte. */
export function h265NalType(header: number): number {
  return (header >> 1) & 63
}

/** The general part of `profile_tier_level()` (H.265 7.3.3): what an HEVC decoder must be able to do. */
export interface HevcProfile {
  /** `general_profile_space`, 0 to 3. */
  readonly profileSpace: number
  /** Whether the High tier is needed. */
  readonly highTier: boolean
  /** `general_profile_idc`, such as 1 for Main and 2 for Main 10. */
  readonly profile: number
  /** The 32 compatibility flags, flag 0 in the highest bit. */
  readonly compatibility: number
  /** The 6 bytes of constraint flags. */
  readonly constraints: Buffer
  /** `general_level_idc`: thirty times the level, such as 93. */
  readonly level: number
}

/** What a sequence parameter set of HEVC tells. */
export interface H265Sps extends HevcProfile {
  /** Picture width in pixels, cropped. */
  readonly width: number
  /** Picture height in pixels, cropped. */
  readonly height: number
  /** Pictures a second, where the VUI states it. */
  readonly frameRate?: number | undefined
  /** How many pictures may precede one in decoding and follow it on the screen. */
  readonly reorder: number
}

/**
 * Reads a sequence parameter set (H.265 7.3.2.2 and E.2.1).
 * @param nal the NAL unit from its two header bytes on, without start code
 * @returns `undefined` when it is none, or is cut or damaged
 */
export function readH265Sps(nal: Buffer): H265Sps | undefined {
  if (nal.length < 16 || h265NalType(nal[0]!) !== H265_NAL.sps) return undefined
  const rbsp = unescapeNal(nal.subarray(2))
  const profile = readProfile(rbsp, 1)
  if (profile === undefined) return undefined
  const bits = new BitReader(rbsp)
  bits.skip(4)
  const subLayers = bits.read(3)
  bits.skip(1 + 96)
  skipSubLayers(bits, subLayers)
  bits.ue()
  const chroma = bits.ue()
  const separatePlanes = chroma === 3 && bits.flag()
  let width = bits.ue()
  let height = bits.ue()
  if (bits.flag()) {
    // Crop units of table 6-1.
    width -= (bits.ue() + bits.ue()) * (!separatePlanes && (chroma === 1 || chroma === 2) ? 2 : 1)
    height -= (bits.ue() + bits.ue()) * (!separatePlanes && chroma === 1 ? 2 : 1)
  }
  bits.ue()
  bits.ue()
  const pocBits = bits.ue() + 4
  // The last of the three numbers for each sub-layer are for the whole stream.
  let reorder = 0
  for (let i = bits.flag() ? 0 : subLayers; i <= subLayers; i++) {
    bits.ue()
    reorder = bits.ue()
    bits.ue()
  }
  if (bits.overrun || width <= 0 || height <= 0) return undefined
  const frameRate = readFrameRate(bits, pocBits)
  return { ...profile, width, height, reorder: Math.min(reorder, 16), ...(frameRate === undefined ? {} : { frameRate }) }
}

// The 12 bytes of general profile, tier and level that an SPS and an hvcC record both hold.
function readProfile(bytes: Buffer, at: number): HevcProfile | undefined {
  if (at + 12 > bytes.length) return undefined
  return {
    profileSpace: bytes[at]! >> 6,
    highTier: (bytes[at]! & 32) !== 0,
    profile: bytes[at]! & 31,
    compatibility: bytes.readUInt32BE(at + 1),
    constraints: Buffer.from(bytes.subarray(at + 5, at + 11)),
    level: bytes[at + 11]!,
  }
}

// H.265 7.3.3: which of the sub-layers state a profile (88 bits) and a level (8), then those.
function skipSubLayers(bits: BitReader, count: number): void {
  if (count === 0) return
  let size = 0
  for (let i = 0; i < 8; i++) {
    const [profile, level] = [bits.flag(), bits.flag()]
    if (i < count) size += (profile ? 88 : 0) + (level ? 8 : 0)
  }
  bits.skip(size)
}

// H.265 7.3.2.2.1 from the block sizes to the VUI, and E.2.1 as far as the timing.
function readFrameRate(bits: BitReader, pocBits: number): number | undefined {
  for (let i = 0; i < 6; i++) bits.ue()
  if (bits.flag() && bits.flag()) skipScalingLists(bits)
  bits.skip(2)
  if (bits.flag()) {
    bits.skip(8)
    bits.ue()
    bits.ue()
    bits.skip(1)
  }
  if (!skipReferenceSets(bits)) return undefined
  if (bits.flag()) {
    const count = bits.ue()
    if (count > 32) return undefined
    bits.skip(count * (pocBits + 1))
  }
  bits.skip(2)
  if (!bits.flag()) return undefined
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
  bits.skip(3)
  if (bits.flag()) for (let i = 0; i < 4; i++) bits.ue()
  if (!bits.flag()) return undefined
  const unitsInTick = bits.read(32)
  const timeScale = bits.read(32)
  return bits.overrun || unitsInTick === 0 || timeScale === 0 ? undefined : timeScale / unitsInTick
}

// H.265 7.3.4.
function skipScalingLists(bits: BitReader): void {
  for (let size = 0; size < 4; size++) {
    for (let matrix = 0; matrix < 6; matrix += size === 3 ? 3 : 1) {
      if (!bits.flag()) {
        bits.ue()
        continue
      }
      if (size > 1) bits.se()
      for (let i = Math.min(64, 1 << (4 + (size << 1))); i > 0 && !bits.overrun; i--) bits.se()
    }
  }
}

// H.265 7.3.7: a set may be told as the difference to the one before, whose number of pictures it then takes to read it.
function skipReferenceSets(bits: BitReader): boolean {
  const count = bits.ue()
  if (count > 64) return false
  let pictures = 0
  for (let i = 0; i < count && !bits.overrun; i++) {
    if (i > 0 && bits.flag()) {
      bits.skip(1)
      bits.ue()
      let kept = 0
      for (let j = 0; j <= pictures; j++) if (bits.flag() || bits.flag()) kept++
      pictures = kept
    } else {
      pictures = bits.ue() + bits.ue()
      if (pictures > 32) return false
      for (let j = 0; j < pictures; j++) {
        bits.ue()
        bits.skip(1)
      }
    }
  }
  return !bits.overrun
}

/**
 * Whether decoding can start at an access unit: its picture is an IRAP (IDR, CRA or BLA), or a recovery point stands before it.
 * @param nals the NAL units of the access unit, without start codes or lengths
 */
export function isH265KeyFrame(nals: Iterable<Buffer>): boolean {
  for (const nal of nals) {
    const type = h265NalType(nal[0] ?? 0)
    if (type >= H265_NAL.firstIrap && type <= H265_NAL.lastIrap) return true
    if (type === H265_NAL.sei && hasRecoveryPoint(nal.subarray(2))) return true
    if (type <= H265_NAL.lastVcl) return false
  }
  return false
}

/**
 * The codec as RFC 6381 and ISO/IEC 14496-15 Annex E write it, such as `hvc1.1.6.L93.B0`: the compatibility flags in reversed bit
 * order, the constraint bytes without the zeros at their end.
 */
export function h265Codecs({ profileSpace, highTier, profile, compatibility, constraints, level }: HevcProfile): string {
  let reversed = 0
  for (let i = 0; i < 32; i++) reversed = reversed * 2 + ((compatibility >>> i) & 1)
  let used = constraints.length
  while (used > 0 && constraints[used - 1] === 0) used--
  const parts = [
    'hvc1',
    ['', 'A', 'B', 'C'][profileSpace]! + profile,
    reversed.toString(16).toUpperCase(),
    (highTier ? 'H' : 'L') + level,
    ...Array.from(constraints.subarray(0, used), (byte) => byte.toString(16).toUpperCase()),
  ]
  return parts.join('.')
}

/** An HEVCDecoderConfigurationRecord: what MP4, Matroska and FLV store once for the stream. */
export interface HevcConfig extends HevcProfile {
  /** Bytes of the length before each NAL unit of a sample. */
  readonly lengthSize: number
  /** The video parameter sets, as NAL units. */
  readonly vps: readonly Buffer[]
  /** The sequence parameter sets, as NAL units. */
  readonly sps: readonly Buffer[]
  /** The picture parameter sets, as NAL units. */
  readonly pps: readonly Buffer[]
}

/**
 * Reads an HEVCDecoderConfigurationRecord, `hvcC` (ISO/IEC 14496-15 8.3.3.1).
 * @returns `undefined` when it is none, or is cut or damaged
 */
export function readHevcConfig(bytes: Buffer): HevcConfig | undefined {
  // Some early writers left the version at 0.
  if (bytes.length < 23 || bytes[0]! > 1) return undefined
  const profile = readProfile(bytes, 1)!
  const sets = new Map<number, Buffer[]>([
    [H265_NAL.vps, []],
    [H265_NAL.sps, []],
    [H265_NAL.pps, []],
  ])
  let at = 23
  for (let arrays = bytes[22]!; arrays > 0; arrays--) {
    if (at + 3 > bytes.length) return undefined
    const into = sets.get(bytes[at]! & 63)
    const count = bytes.readUInt16BE(at + 1)
    at += 3
    for (let i = 0; i < count; i++) {
      if (at + 2 > bytes.length) return undefined
      const end = at + 2 + bytes.readUInt16BE(at)
      if (end > bytes.length) return undefined
      into?.push(bytes.subarray(at + 2, end))
      at = end
    }
  }
  return {
    ...profile,
    lengthSize: (bytes[21]! & 3) + 1,
    vps: sets.get(H265_NAL.vps)!,
    sps: sets.get(H265_NAL.sps)!,
    pps: sets.get(H265_NAL.pps)!,
  }
}

/**
 * Writes an HEVCDecoderConfigurationRecord with lengths of 4 bytes (ISO/IEC 14496-15 8.3.3.1). Its arrays are said to be complete, as
 * `hvc1` demands.
 * @param sets NAL units; what the first sequence parameter set says of profile, level and format is the record's
 * @throws RangeError when that set makes no sense
 */
export function writeHevcConfig({ vps, sps, pps }: Pick<HevcConfig, 'vps' | 'sps' | 'pps'>): Buffer {
  const rbsp = sps[0] === undefined ? undefined : unescapeNal(sps[0].subarray(2))
  if (rbsp === undefined || rbsp.length < 14) throw new RangeError('Cannot write an hvcC without a sequence parameter set')
  const bits = new BitReader(rbsp)
  bits.skip(4)
  const subLayers = bits.read(3)
  const isNested = bits.read(1)
  bits.skip(96)
  skipSubLayers(bits, subLayers)
  bits.ue()
  const chroma = bits.ue()
  if (chroma === 3) bits.skip(1)
  bits.ue()
  bits.ue()
  if (bits.flag()) for (let i = 0; i < 4; i++) bits.ue()
  const [luma, chromaDepth] = [bits.ue(), bits.ue()]
  if (bits.overrun) throw new RangeError('Cannot write an hvcC of a sequence parameter set that is cut')
  const head = Buffer.alloc(23)
  head[0] = 1
  rbsp.copy(head, 1, 1, 13)
  // No spatial segmentation, no parallelism and no frame rate are stated.
  head.set([0xf0, 0, 0xfc, 0xfc | (chroma & 3), 0xf8 | (luma & 7), 0xf8 | (chromaDepth & 7), 0, 0], 13)
  head[21] = ((subLayers + 1) << 3) | (isNested << 2) | 3
  const arrays = (
    [
      [H265_NAL.vps, vps],
      [H265_NAL.sps, sps],
      [H265_NAL.pps, pps],
    ] as const
  ).filter(([, sets]) => sets.length > 0)
  head[22] = arrays.length
  const parts: Buffer[] = [head]
  for (const [type, sets] of arrays) {
    parts.push(Buffer.from([0x80 | type, 0, sets.length]))
    for (const set of sets) parts.push(Buffer.from([set.length >> 8, set.length & 255]), set)
  }
  return Buffer.concat(parts)
}
