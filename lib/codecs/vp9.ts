import { BitReader } from '../bytes/bits.js'

/** What decides the codec string of VP9. */
export interface Vp9Config {
  /** 0 to 3. */
  readonly profile: number
  /** Ten times the level: 31 is level 3.1. Left out where the bytes do not say. */
  readonly level?: number | undefined
  /** Bits of a sample: 8, 10 or 12. */
  readonly bitDepth: number
  /** How the colour planes are subsampled, by the numbers of `vpcC`: 1 is 4:2:0, 2 is 4:2:2, 3 is 4:4:4. Left out where the bytes do not say. */
  readonly chroma?: number | undefined
}

/** What the uncompressed header of a VP9 key frame says. */
export interface Vp9KeyFrame extends Vp9Config {
  /** Picture width in pixels. */
  readonly width: number
  /** Picture height in pixels. */
  readonly height: number
}

/** Whether a VP9 frame (or the first of a superframe) is a key frame, by its uncompressed header. */
export function isVp9KeyFrame(frame: Buffer): boolean {
  const bits = new BitReader(frame.subarray(0, 2))
  const head = readProfile(bits)
  // show_existing_frame shows an old picture again: nothing to start with.
  return head !== undefined && !bits.flag() && !bits.flag() && frame.length > 1
}

/**
 * Reads the uncompressed header of a VP9 key frame (VP9 bitstream specification, clause 6.2).
 * @returns `undefined` when the frame is no key frame or too short
 */
export function readVp9KeyFrame(frame: Buffer): Vp9KeyFrame | undefined {
  if (!isVp9KeyFrame(frame)) return undefined
  const bits = new BitReader(frame.subarray(0, 16))
  const profile = readProfile(bits)!
  bits.skip(4) // show_existing_frame, frame_type, show_frame, error_resilient_mode
  if (bits.read(24) !== 0x498342) return undefined
  const bitDepth = profile < 2 ? 8 : bits.flag() ? 12 : 10
  const rgb = bits.read(3) === 7
  if (!rgb) bits.skip(1) // color_range
  // Even profiles have 4:2:0 alone; odd ones state it, and a reserved bit after it.
  let chroma = rgb ? 3 : 1
  if (profile & 1) {
    if (!rgb) chroma = bits.read(2) === 2 ? 2 : 3
    bits.skip(1)
  }
  const width = bits.read(16) + 1
  const height = bits.read(16) + 1
  return bits.overrun ? undefined : { profile, bitDepth, chroma, width, height }
}

/** Reads the body of a `vpcC` box, FullBox head included (VP Codec ISO Media File Format Binding, version 1). */
export function readVpcC(body: Buffer): Vp9Config | undefined {
  if (body.length < 8 || body[0] !== 1) return undefined
  return { profile: body[4]!, level: body[5]!, bitDepth: body[6]! >> 4 }
}

/**
 * Reads the CodecPrivate of `V_VP9` in Matroska: records of an id, a length and a value.
 * @returns what it says, or `undefined` when it names no profile
 */
export function readVp9Private(bytes: Buffer): Vp9Config | undefined {
  let profile: number | undefined
  let level: number | undefined
  let bitDepth = 8
  let chroma: number | undefined
  for (let at = 0; at + 3 <= bytes.length; at += 2 + bytes[at + 1]!) {
    const value = bytes[at + 2]!
    if (bytes[at] === 1) profile = value
    else if (bytes[at] === 2) level = value
    else if (bytes[at] === 3) bitDepth = value
    else if (bytes[at] === 4) chroma = value
  }
  return profile === undefined ? undefined : { profile, level, bitDepth, ...(chroma !== undefined && { chroma }) }
}

// profile | level | bit depth 4 bits, chroma subsampling 3, full range 1 | primaries, transfer, matrix: 2 = unspecified | data size 2
/** Writes a VPCodecConfigurationRecord without version and flags, for VP9 or VP8 (VP Codec ISO Media File Format Binding, version 1). */
export function writeVpConfig({ profile, level = 0, bitDepth, chroma = 1 }: Vp9Config): Buffer {
  return Buffer.from([profile, level, (bitDepth << 4) | (chroma << 1), 2, 2, 2, 0, 0])
}

/**
 * The lowest VP9 level whose picture size, side and samples a second a stream keeps within, times ten.
 * @param frameRate pictures a second; 30 where it is not known
 */
export function vp9Level(width: number, height: number, frameRate = 30): number {
  const size = width * height
  const fit = LEVELS.find(([, rate, area, side]) => size * frameRate <= rate && size <= area && Math.max(width, height) <= side)
  return fit?.[0] ?? 62
}

/** The RFC 6381 string of VP9, `vp09.PP.LL.DD`. A missing level is written as 1, the lowest. */
export function vp9Codecs({ profile, level, bitDepth }: Vp9Config): string {
  return `vp09.${two(profile)}.${two(level ?? 10)}.${two(bitDepth)}`
}

// frame_marker and the two profile bits, low one first.
function readProfile(bits: BitReader): number | undefined {
  if (bits.read(2) !== 2) return undefined
  const profile = bits.read(1) + 2 * bits.read(1)
  if (profile === 3 && bits.flag()) return undefined
  return profile
}

const two = (n: number): string => String(n).padStart(2, '0')

// Level × 10, luma samples a second, luma samples of a picture, longest side: the table of the VP9 levels document.
const LEVELS: readonly (readonly [level: number, rate: number, area: number, side: number])[] = [
  [10, 829_440, 36_864, 512],
  [11, 2_764_800, 73_728, 768],
  [20, 4_608_000, 122_880, 960],
  [21, 9_216_000, 245_760, 1344],
  [30, 20_736_000, 552_960, 2048],
  [31, 36_864_000, 983_040, 2752],
  [40, 83_558_400, 2_228_224, 4160],
  [41, 160_432_128, 2_228_224, 4160],
  [50, 311_951_360, 8_912_896, 8384],
  [51, 588_251_136, 8_912_896, 8384],
  [52, 1_176_502_272, 8_912_896, 8384],
  [60, 1_176_502_272, 35_651_584, 16_832],
  [61, 2_353_004_544, 35_651_584, 16_832],
  [62, 4_706_009_088, 35_651_584, 16_832],
]
