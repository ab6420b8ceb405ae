/** What a Vorbis identification header says (Vorbis I specification, clause 4.2.2). */
export interface VorbisHead {
  /** Audio channels. */
  readonly channels: number
  /** Samples a second. */
  readonly sampleRate: number
  /** Bits a second that the encoder aimed at; 0 when it does not say. */
  readonly bitrate: number
  /** Samples of a short and of a long block. */
  readonly blockSizes: readonly [number, number]
}

// 1 | 'vorbis' | version 4 | channels 1 | rate 4 | bit rate max, nominal, min 4 each | block sizes 4 + 4 bits | framing bit
/** Reads an identification header; `undefined` when it is none. */
export function readVorbisHead(bytes: Buffer): VorbisHead | undefined {
  if (bytes.length < 30 || !isVorbisHeader(bytes, 1) || bytes.readUInt32LE(7) !== 0) return undefined
  const channels = bytes[11]!
  const sampleRate = bytes.readUInt32LE(12)
  if (channels === 0 || sampleRate === 0) return undefined
  const sizes = bytes[28]!
  return { channels, sampleRate, bitrate: Math.max(0, bytes.readInt32LE(20)), blockSizes: [1 << (sizes & 15), 1 << (sizes >> 4)] }
}

/** Whether a packet is the Vorbis header of a type: 1 identification, 3 comments, 5 setup. Sound packets are none. */
export function isVorbisHeader(packet: Buffer, type: 1 | 3 | 5): boolean {
  return packet[0] === type && packet.toString('latin1', 1, 7) === 'vorbis'
}

// vendor length 4 | vendor | count 4 | count × (length 4 | 'NAME=value'), little-endian, UTF-8
/**
 * Reads Vorbis comments (Vorbis I specification, clause 5), which Opus, FLAC, Theora and Speex carry as well.
 * @param bytes what follows the packet's own magic: `\x03vorbis`, `OpusTags`, a FLAC block header
 * @returns values by lower-case name; repeated names are joined with a comma; pictures are left out. What is cut off is not there.
 */
export function readVorbisComments(bytes: Buffer): Record<string, string> {
  const comments = new Map<string, string>()
  let at = 0
  const next = (): number | undefined => {
    if (at + 4 > bytes.length) return undefined
    at += 4
    return bytes.readUInt32LE(at - 4)
  }
  const vendor = next() ?? 0
  at += vendor
  for (let left = next() ?? 0; left > 0; left--) {
    const length = next()
    if (length === undefined || at + length > bytes.length) break
    const entry = bytes.subarray(at, at + length)
    at += length
    const equals = entry.indexOf(0x3d)
    if (equals < 1 || length > MAX_COMMENT_SIZE) continue
    const name = entry.toString('latin1', 0, equals).toLowerCase()
    const value = entry.toString('utf8', equals + 1)
    if (value === '' || name === 'metadata_block_picture' || name === 'coverart') continue
    const before = comments.get(name)
    if (before === undefined && comments.size >= MAX_COMMENTS) continue
    comments.set(name, before === undefined ? value : `${before}, ${value}`.slice(0, MAX_COMMENT_SIZE))
  }
  return Object.fromEntries(comments)
}

// Titles are short; what is longer is a picture or an attack.
const MAX_COMMENT_SIZE = 8192
const MAX_COMMENTS = 100
