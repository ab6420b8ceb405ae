/** What an OpusHead says: the first packet in Ogg, the CodecPrivate in WebM (RFC 7845 clause 5.1). */
export interface OpusHead {
  /** Output channels. */
  readonly channels: number
  /** Samples at 48 kHz to leave out at the start. */
  readonly preSkip: number
  /** The rate of what was encoded, for information: Opus always decodes at 48 kHz. 0 when unknown. */
  readonly inputSampleRate: number
  /** Decibels in 1/256, to apply to the output. */
  readonly outputGain: number
  /** How channels map to streams: 0 mono or stereo, 1 up to 7.1 in Vorbis order, 255 undefined. */
  readonly mappingFamily: number
  /** For families other than 0: stream count, coupled count, and one byte for each channel, as the head holds them. */
  readonly mapping: Buffer
}

/** Samples a second of all Opus times. */
export const OPUS_SAMPLE_RATE = 48_000

// 'OpusHead' | version 1 | channels 1 | pre-skip 2 | input rate 4 | gain 2 | family 1 | [streams 1 | coupled 1 | channels × 1], little-endian
/** Reads an OpusHead; `undefined` when it is none or of a version to come. */
export function readOpusHead(bytes: Buffer): OpusHead | undefined {
  // Versions with the same upper four bits can be read by all (RFC 7845 clause 5.1, field 2).
  if (bytes.length < 19 || bytes.toString('latin1', 0, 8) !== 'OpusHead' || bytes[8]! > 15) return undefined
  const channels = bytes[9]!
  const mappingFamily = bytes[18]!
  const end = mappingFamily === 0 ? 19 : 21 + channels
  if (channels === 0 || bytes.length < end) return undefined
  return {
    channels,
    preSkip: bytes.readUInt16LE(10),
    inputSampleRate: bytes.readUInt32LE(12),
    outputGain: bytes.readInt16LE(16),
    mappingFamily,
    mapping: bytes.subarray(19, end),
  }
}

/** Writes an OpusHead. */
export function writeOpusHead(head: OpusHead): Buffer {
  const bytes = Buffer.alloc(19)
  bytes.write('OpusHead\x01', 'latin1')
  bytes[9] = head.channels
  bytes.writeUInt16LE(head.preSkip, 10)
  bytes.writeUInt32LE(head.inputSampleRate, 12)
  bytes.writeInt16LE(head.outputGain, 16)
  bytes[18] = head.mappingFamily
  return head.mappingFamily === 0 ? bytes : Buffer.concat([bytes, head.mapping])
}

/** Samples at 48 kHz that a packet decodes to, from its first one or two bytes (RFC 6716 clause 3.1); 0 for an empty or bad packet. */
export function opusSamples(packet: Buffer): number {
  const toc = packet[0]
  if (toc === undefined) return 0
  const config = toc >> 3
  // SILK 10, 20, 40, 60 ms; hybrid 10, 20 ms; CELT 2.5, 5, 10, 20 ms.
  const size = config < 12 ? [480, 960, 1920, 2880][config & 3]! : config < 16 ? 480 << (config & 1) : 120 << (config & 3)
  const count = (toc & 3) === 0 ? 1 : (toc & 3) < 3 ? 2 : (packet[1] ?? 0) & 63
  // Clause 3.2.5: no packet is longer than 120 ms.
  return count * size > 5760 ? 0 : count * size
}
