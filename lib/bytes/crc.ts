// All four run from the highest bit down and end without a final exclusive or; they differ in polynomial and start value.

/**
 * The CRC-32 of an Ogg page (RFC 3533 section 6, field 7): polynomial 0x04c11db7, start value 0. The caller puts zeros where the page's own checksum is.
 * @param crc the result over the bytes before these, to go on from
 * @returns an unsigned 32-bit number
 */
export function crc32Ogg(bytes: Uint8Array, crc = 0): number {
  return crc32(bytes, crc)
}

/**
 * The CRC-32 of an MPEG-TS table section (ISO/IEC 13818-1 annex A): polynomial 0x04c11db7, start value 0xffffffff. Over a section with
 * its checksum it is 0.
 * @param crc the result over the bytes before these, to go on from
 * @returns an unsigned 32-bit number
 */
export function crc32Mpeg(bytes: Uint8Array, crc = 0xffffffff): number {
  return crc32(bytes, crc)
}

/**
 * The CRC-8 of a FLAC frame header (RFC 9639 section 9.1.8): polynomial 0x07, start value 0.
 * @param crc the result over the bytes before these, to go on from
 */
export function crc8(bytes: Uint8Array, crc = 0): number {
  for (let i = 0; i < bytes.length; i++) crc = TABLE_8[crc ^ bytes[i]!]!
  return crc
}

/**
 * The CRC-16 of a whole FLAC frame (RFC 9639 section 9.3): polynomial 0x8005, start value 0. Over a frame with its checksum it is 0.
 * @param crc the result over the bytes before these, to go on from
 */
export function crc16(bytes: Uint8Array, crc = 0): number {
  for (let i = 0; i < bytes.length; i++) crc = ((crc << 8) & 0xffff) ^ TABLE_16[(crc >>> 8) ^ bytes[i]!]!
  return crc
}

const table = (bits: 8 | 16 | 32, polynomial: number): Uint32Array =>
  Uint32Array.from({ length: 256 }, (_, byte) => {
    const shift = 32 - bits
    let crc = byte << 24
    for (let i = 0; i < 8; i++) crc = (crc << 1) ^ (crc < 0 ? polynomial << shift : 0)
    return crc >>> shift
  })

const TABLE_8 = table(8, 0x07)
const TABLE_16 = table(16, 0x8005)
// Four tables, so that a round takes four bytes at once: each one carries a byte's effect eight bits further than the one before.
const T0 = table(32, 0x04c11db7)
const further = (t: Uint32Array): Uint32Array => t.map((crc) => (crc << 8) ^ T0[crc >>> 24]!)
const T1 = further(T0)
const T2 = further(T1)
const T3 = further(T2)

function crc32(bytes: Uint8Array, crc: number): number {
  let i = 0
  for (const end = bytes.length - 3; i < end; i += 4) {
    crc ^= (bytes[i]! << 24) | (bytes[i + 1]! << 16) | (bytes[i + 2]! << 8) | bytes[i + 3]!
    crc = T3[crc >>> 24]! ^ T2[(crc >>> 16) & 255]! ^ T1[(crc >>> 8) & 255]! ^ T0[crc & 255]!
  }
  for (; i < bytes.length; i++) crc = (crc << 8) ^ T0[(crc >>> 24) ^ bytes[i]!]!
  return crc >>> 0
}
