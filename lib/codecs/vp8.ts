/** What the start of a VP8 key frame says. */
export interface Vp8Frame {
  /** Picture width in pixels, before scaling. */
  readonly width: number
  /** Picture height in pixels, before scaling. */
  readonly height: number
}

/** The codec string of VP8 in WebM, as browsers take it in `codecs="…"`. */
export const VP8_CODECS = 'vp8'

/** Whether a VP8 frame can be decoded without those before it (RFC 6386 section 9.1: the lowest bit of the first byte is 0). */
export function isVp8KeyFrame(frame: Buffer): boolean {
  return frame.length > 0 && (frame[0]! & 1) === 0
}

/**
 * Reads the start of a VP8 key frame (RFC 6386 section 9.1).
 *
 * ```text
 * | frame tag: 3 | 9d 01 2a | scale 2 bits, width 14 bits, LE | scale 2 bits, height 14 bits, LE |
 * ```
 * @returns `undefined` when the frame is no key frame or has not all ten bytes
 */
export function readVp8KeyFrame(frame: Buffer): Vp8Frame | undefined {
  if (frame.length < 10 || !isVp8KeyFrame(frame) || frame.readUIntBE(3, 3) !== 0x9d012a) return undefined
  return { width: frame.readUInt16LE(6) & 0x3fff, height: frame.readUInt16LE(8) & 0x3fff }
}
