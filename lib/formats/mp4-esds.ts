/** What an `esds` box says of its stream. */
export interface ElementaryStream {
  /** objectTypeIndication, as the MP4 registration authority lists it: 0x40 is AAC. */
  readonly object: number
  /** Bits a second on average; 0 when it does not say. */
  readonly bitrate: number
  /** DecoderSpecificInfo: an AudioSpecificConfig for AAC; empty when there is none. */
  readonly config: Buffer
}

/**
 * Reads the body of an `esds` (ISO/IEC 14496-1 clause 7.2.6): descriptors, each `| tag | length in 7-bit groups | content |`,
 * an ES_Descriptor (3) around a DecoderConfigDescriptor (4) around a DecoderSpecificInfo (5).
 * @returns `undefined` when it is cut or makes no sense
 */
export function readEsds(body: Buffer): ElementaryStream | undefined {
  let at = 4
  const enter = (tag: number): Buffer => {
    if (body[at++] !== tag) return EMPTY
    let size = 0
    for (let i = 0; i < 4; i++) {
      const byte = body[at++] ?? 0
      size = size * 128 + (byte & 127)
      if (byte < 128) break
    }
    return body.subarray(at, at + size)
  }
  const flags = enter(3)[2] ?? 0
  at += 3 + (flags & 0x80 ? 2 : 0) + (flags & 0x20 ? 2 : 0)
  if (flags & 0x40) at += 1 + (body[at] ?? 0)
  const decoder = enter(4)
  if (decoder.length < 13) return undefined
  at += 13
  return { object: decoder[0]!, bitrate: decoder.readUInt32BE(9), config: enter(5) }
}

const EMPTY = Buffer.alloc(0)
