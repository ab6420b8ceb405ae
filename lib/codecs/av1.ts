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
}

const SEQUENCE_HEADER = 1
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
  return bits.overrun ? undefined : { profile, level, tier, bitDepth, width, height }
}
