/**
 * The payload of a NAL unit without its emulation prevention bytes: every `00 00 03` is `00 00` again (H.264 clause 7.4.1, HEVC 7.4.2).
 * @returns the same Buffer when there are none
 */
export function unescapeNal(nal: Buffer): Buffer {
  let from = nal.indexOf(ESCAPE)
  if (from < 0) return nal
  const out = Buffer.allocUnsafe(nal.length)
  let size = 0
  let copied = 0
  while (from >= 0) {
    size += nal.copy(out, size, copied, from + 2)
    copied = from + 3
    from = nal.indexOf(ESCAPE, copied)
  }
  size += nal.copy(out, size, copied)
  return out.subarray(0, size)
}

const ESCAPE = Buffer.from([0, 0, 3])
const START_CODE = Buffer.from([0, 0, 1])

/**
 * Where the next NAL unit of an Annex B byte stream begins: the offset of its header, behind `00 00 01`.
 * @returns -1 when no start code follows
 */
export function nextNal(bytes: Buffer, from: number): number {
  const at = bytes.indexOf(START_CODE, from)
  return at < 0 ? -1 : at + 3
}

/** The NAL units of an Annex B byte stream (H.264 and HEVC, Annex B), without start codes and the zeros around them. */
export function splitAnnexB(bytes: Buffer): Buffer[] {
  const units: Buffer[] = []
  for (let at = nextNal(bytes, 0); at >= 0;) {
    const next = nextNal(bytes, at)
    let end = next < 0 ? bytes.length : next - 3
    while (end > at && bytes[end - 1] === 0) end--
    if (end > at) units.push(bytes.subarray(at, end))
    at = next
  }
  return units
}

/**
 * The NAL units of a sample in which each stands behind its length, as in MP4, Matroska and FLV. What a wrong length cuts off is left out.
 * @param lengthSize bytes of each length, 1 to 4, from the decoder configuration record
 */
export function splitLengthPrefixed(bytes: Buffer, lengthSize: number): Buffer[] {
  const units: Buffer[] = []
  for (let at = 0; at + lengthSize <= bytes.length;) {
    const size = bytes.readUIntBE(at, lengthSize)
    at += lengthSize
    if (at + size > bytes.length) break
    if (size > 0) units.push(bytes.subarray(at, at + size))
    at += size
  }
  return units
}

/** A sample of NAL units in which each stands behind its length in 4 bytes; {@link splitLengthPrefixed} undoes it. */
export function joinLengthPrefixed(units: readonly Buffer[]): Buffer {
  let size = 0
  for (const unit of units) size += 4 + unit.length
  const sample = Buffer.allocUnsafe(size)
  let at = 0
  for (const unit of units) {
    sample.writeUInt32BE(unit.length, at)
    sample.set(unit, at + 4)
    at += 4 + unit.length
  }
  return sample
}

/**
 * Whether an SEI payload holds a recovery point message (payload type 6 in H.264 D.2.8 and HEVC D.3.8): decoding may start here.
 * @param payload what follows the NAL unit header
 */
export function hasRecoveryPoint(payload: Buffer): boolean {
  const rbsp = unescapeNal(payload)
  for (let at = 0; at + 2 < rbsp.length;) {
    let type = 0
    while (rbsp[at] === 255) type += rbsp[at++]!
    type += rbsp[at++] ?? 0
    if (type === 6) return true
    let size = 0
    while (rbsp[at] === 255) size += rbsp[at++]!
    at += size + (rbsp[at] ?? 0) + 1
  }
  return false
}
