import { BitReader } from '../bytes/bits.js'

/** What decides the codec string of AV1. */
export interface Av1Config {
  /** seq_profile: 0 Main, 1 High, 2 Professional. */
  readonly profile: number
  /** seq_level_idx of the first operating point: 8 is level 4.0. */
  readonly level: number
  /** seq_tier: 0 Main, 1 High. */
  readonly tier: number
  /** Bits of a sample: 8, 10 or 12. */
  readonly bitDepth: number
}

/** What an AV1 sequence header says. */
export interface Av1Sequence extends Av1Config {
  /** Largest picture width in pixels. */
  readonly width: number
  /** Largest picture height in pixels. */
  readonly height: number
  /** The colour bits of `av1C`: monochrome 1, chroma subsampling in x 1 and y 1, sample position 2. */
  readonly chroma: number
}

const SEQUENCE_HEADER = 1
const TEMPORAL_DELIMITER = 2
const FRAME_HEADER = 3
const FRAME = 6

/**
 * Whether an AV1 temporal unit begins with a key frame that is shown. A reader without the sequence header (in the unit or in the
 * track's av1C) cannot use it.
 */
export function isAv1KeyFrame(unit: Buffer): boolean {
  for (const { type, body } of readObus(unit)) {
    if (type !== FRAME_HEADER && type !== FRAME) continue
    // show_existing_frame 0, frame_type 0 (KEY_FRAME), show_frame 1: AV1 clause 5.9.2.
    return body.length > 0 && body[0]! >> 4 === 1
  }
  return false
}

/** Finds and reads the sequence header of an AV1 temporal unit, or of the configOBUs of av1C; `undefined` when there is none. */
export function readAv1Sequence(unit: Buffer): Av1Sequence | undefined {
  for (const { type, body } of readObus(unit)) if (type === SEQUENCE_HEADER) return readSequenceHeader(body)
  return undefined
}

/**
 * Reads the body of an `av1C` box, which is also the CodecPrivate of `V_AV1` in Matroska (AV1 in ISOBMFF, clause 2.3.3).
 *
 * ```text
 * | 1, version 7 bits = 1 | profile 3, level 5 | tier 1, high_bitdepth 1, twelve_bit 1, … | … | configOBUs |
 * ```
 */
export function readAv1C(body: Buffer): Av1Config | undefined {
  if (body.length < 4 || body[0] !== 0x81) return undefined
  const third = body[2]!
  return { profile: body[1]! >> 5, level: body[1]! & 31, tier: third >> 7, bitDepth: third & 0x40 ? (third & 0x20 ? 12 : 10) : 8 }
}

/**
 * Writes the body of an `av1C` box from a temporal unit with a sequence header, which becomes its configOBUs.
 * @returns `undefined` when there is none
 */
export function writeAv1C(unit: Buffer): Buffer | undefined {
  for (const { type, body } of readObus(unit)) {
    const sequence = type === SEQUENCE_HEADER ? readSequenceHeader(body) : undefined
    if (sequence === undefined) continue
    const { profile, level, tier, bitDepth, chroma } = sequence
    const third = (tier << 7) | (bitDepth > 8 ? 0x40 : 0) | (bitDepth === 12 ? 0x20 : 0) | chroma
    // A sequence header is far shorter than the 16 KiB that two bytes of leb128 can say.
    const head = [(SEQUENCE_HEADER << 3) | 2, ...(body.length < 128 ? [body.length] : [(body.length & 127) | 128, body.length >> 7])]
    return Buffer.concat([Buffer.from([0x81, (profile << 5) | level, third, 0, ...head]), body])
  }
  return undefined
}

/** A temporal unit as containers store it, without the delimiter that begins it in a raw stream; the same Buffer when there is none. */
export function withoutAv1Delimiter(unit: Buffer): Buffer {
  // | 0, type 2, extension 1, has_size 1, 0 | extension? | size = 0? |
  if (unit.length === 0 || unit[0]! >> 3 !== TEMPORAL_DELIMITER) return unit
  return unit.subarray(1 + (unit[0]! & 4 ? 1 : 0) + (unit[0]! & 2 ? 1 : 0))
}

/** The RFC 6381 string of AV1, `av01.P.LLT.DD`, without the optional fields, which some browsers refuse. */
export function av1Codecs({ profile, level, tier, bitDepth }: Av1Config): string {
  return `av01.${profile}.${String(level).padStart(2, '0')}${tier ? 'H' : 'M'}.${String(bitDepth).padStart(2, '0')}`
}

// Low-overhead bitstream format, AV1 clause 5.3: | 0, type 4, extension 1, has_size 1, 0 | extension? | size leb128? | body |
function* readObus(unit: Buffer): Generator<{ readonly type: number; readonly body: Buffer }> {
  for (let at = 0; at < unit.length;) {
    const head = unit[at]!
    if (head & 0x80) return
    at += head & 4 ? 2 : 1
    let size = Math.max(0, unit.length - at)
    if (head & 2) {
      size = 0
      let shift = 1
      let byte = 0x80
      for (let i = 0; i < 8 && byte & 0x80; i++, shift *= 128) {
        byte = unit[at++] ?? 0
        size += (byte & 0x7f) * shift
      }
    }
    yield { type: (head >> 3) & 15, body: unit.subarray(at, at + size) }
    at += size
  }
}

// AV1 clause 5.5.1 (sequence_header_obu), read as far as the bit depth.
function readSequenceHeader(body: Buffer): Av1Sequence | undefined {
  const bits = new BitReader(body)
  const profile = bits.read(3)
  bits.skip(1) // still_picture
  const reduced = bits.flag()
  let level = 0
  let tier = 0
  if (reduced) level = bits.read(5)
  else {
    let delayLength = 0
    if (bits.flag()) {
      bits.skip(64) // num_units_in_display_tick, time_scale
      if (bits.flag()) bits.ue() // num_ticks_per_picture: uvlc() has the form of ue(v)
      if (bits.flag()) {
        delayLength = bits.read(5) + 1
        bits.skip(32 + 5 + 5)
      }
    }
    const initialDelay = bits.flag()
    const points = bits.read(5) + 1
    for (let i = 0; i < points; i++) {
      bits.skip(12)
      const idx = bits.read(5)
      const high = idx > 7 ? bits.read(1) : 0
      if (delayLength > 0 && bits.flag()) bits.skip(2 * delayLength + 1)
      if (initialDelay && bits.flag()) bits.skip(4)
      if (i === 0) {
        level = idx
        tier = high
      }
    }
  }
  const widthBits = bits.read(4) + 1
  const heightBits = bits.read(4) + 1
  const width = bits.read(widthBits) + 1
  const height = bits.read(heightBits) + 1
  if (!reduced && bits.flag()) bits.skip(7) // lengths of frame ids
  bits.skip(3) // use_128x128_superblock, enable_filter_intra, enable_intra_edge_filter
  if (!reduced) {
    bits.skip(4) // interintra, masked compound, warped motion, dual filter
    const orderHint = bits.flag()
    if (orderHint) bits.skip(2)
    const screenContent = bits.flag() ? 2 : bits.read(1)
    if (screenContent > 0 && !bits.flag()) bits.skip(1)
    if (orderHint) bits.skip(3)
  }
  bits.skip(3) // superres, cdef, restoration
  const high = bits.flag()
  const bitDepth = !high ? 8 : profile === 2 && bits.flag() ? 12 : 10
  const chroma = readChroma(bits, profile, bitDepth)
  return bits.overrun ? undefined : { profile, level, tier, bitDepth, width, height, chroma }
}

// AV1 clause 5.5.2 (color_config) after the bit depth.
function readChroma(bits: BitReader, profile: number, bitDepth: number): number {
  const monochrome = profile !== 1 && bits.flag()
  const [primaries, transfer, matrix] = bits.flag() ? [bits.read(8), bits.read(8), bits.read(8)] : [2, 2, 2]
  if (monochrome) return MONOCHROME | SUBSAMPLED_X | SUBSAMPLED_Y
  // BT.709 primaries, sRGB transfer and identity matrix are RGB, which is never subsampled.
  if (primaries === 1 && transfer === 13 && matrix === 0) return 0
  bits.skip(1) // color_range
  let chroma = profile === 0 ? SUBSAMPLED_X | SUBSAMPLED_Y : profile === 1 ? 0 : SUBSAMPLED_X
  if (profile === 2 && bitDepth === 12) {
    chroma = bits.flag() ? SUBSAMPLED_X : 0
    if (chroma !== 0 && bits.flag()) chroma |= SUBSAMPLED_Y
  }
  return chroma === (SUBSAMPLED_X | SUBSAMPLED_Y) ? chroma | bits.read(2) : chroma
}

const MONOCHROME = 16
const SUBSAMPLED_X = 8
const SUBSAMPLED_Y = 4
