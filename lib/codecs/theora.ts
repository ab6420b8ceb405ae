/** What a Theora identification header says (Theora specification, clause 6.2). */
export interface TheoraHead {
  /** Width of the picture that is shown, in pixels. */
  readonly width: number
  /** Height of the picture that is shown, in pixels. */
  readonly height: number
  /** Pictures a second. */
  readonly frameRate: number
  /** Bits a second that the encoder aimed at; 0 when it does not say. */
  readonly bitrate: number
  /** How many low bits of a granule position count the pictures since the last key frame. */
  readonly granuleShift: number
}

// 0x80 | 'theora' | version 3 | macro blocks 2 + 2 | picture 3 + 3 | offset 1 + 1 | rate 4 / 4 | aspect 3 + 3 | colour 1 | bit rate 3
// | quality 6 bits, shift 5 bits, format 2 bits, 3 zero bits; big-endian
/** Reads an identification header; `undefined` when it is none. */
export function readTheoraHead(bytes: Buffer): TheoraHead | undefined {
  if (bytes.length < 42 || !isTheoraHeader(bytes, 0x80) || bytes[7] !== 3) return undefined
  const [numerator, denominator] = [bytes.readUInt32BE(22), bytes.readUInt32BE(26)]
  const [width, height] = [bytes.readUIntBE(14, 3), bytes.readUIntBE(17, 3)]
  if (numerator === 0 || denominator === 0 || width === 0 || height === 0) return undefined
  return {
    width,
    height,
    frameRate: numerator / denominator,
    bitrate: bytes.readUIntBE(37, 3),
    granuleShift: (bytes.readUInt16BE(40) >> 5) & 31,
  }
}

/** Whether a packet is the Theora header of a type: 0x80 identification, 0x81 comments, 0x82 setup. Pictures are none. */
export function isTheoraHeader(packet: Buffer, type: 0x80 | 0x81 | 0x82): boolean {
  return packet[0] === type && packet.toString('latin1', 1, 7) === 'theora'
}

/** Whether a packet is a key frame. An empty packet repeats the picture before it and is none. */
export function isTheoraKeyFrame(packet: Buffer): boolean {
  // Clause 7.1: the first bit is 0 for pictures, the second is 0 for an intra frame.
  return packet.length > 0 && (packet[0]! & 0xc0) === 0
}
