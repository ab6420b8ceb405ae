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

/**
 * Reads which blocks the modes of a setup header stand for (Vorbis I specification, clause 4.2.4): false for a short one, true for a long one.
 * @param setup the whole packet, the third header
 * @returns `undefined` when it is none, or is cut or damaged
 */
export function readVorbisModes(setup: Buffer): readonly boolean[] | undefined {
  if (!isVorbisHeader(setup, 5)) return undefined
  // What precedes the modes takes long to read, so this reads backwards: zeros to the end of the byte, the framing bit, then the modes, the last one first.
  const bit = (at: number): number => (setup[at >> 3]! >> (at & 7)) & 1
  const read = (at: number, bits: number): number => {
    let value = 0
    for (let i = bits - 1; i >= 0; i--) value = value * 2 + bit(at + i)
    return value
  }
  let end = setup.length * 8 - 1
  while (end >= SETUP_START && bit(end) === 0) end--
  let modes: boolean[] | undefined
  const flags: boolean[] = []
  // A mode is: block flag 1 | window type 16, transform type 16, both 0 | mapping 8, below 64. Before the first stands their number less one, in 6 bits.
  for (let at = end - 41; at - 6 >= SETUP_START && flags.length < 64; at -= 41) {
    if (read(at + 1, 32) !== 0 || read(at + 33, 8) > 63) break
    flags.unshift(bit(at) === 1)
    // The bits of a mode may look like a number of modes, too: what reaches back furthest is right.
    if (read(at - 6, 6) === flags.length - 1) modes = [...flags]
  }
  return modes
}

/**
 * The size of a packet's block, which {@link vorbisSamples} takes.
 * @param modes from {@link readVorbisModes}
 * @returns 0 when the packet is empty or a header, or names a mode that does not exist
 */
export function vorbisBlockSize(packet: Buffer, head: VorbisHead, modes: readonly boolean[]): number {
  const first = packet[0]
  // The lowest bit is 0 in a sound packet; as many bits as number the modes follow (clause 4.3.1).
  if (first === undefined || first & 1) return 0
  const long = modes[(first >> 1) & ((1 << (32 - Math.clz32(modes.length - 1))) - 1)]
  return long === undefined ? 0 : head.blockSizes[long ? 1 : 0]
}

/**
 * Samples that come out of the decoder for a block: those in which it overlaps with the block before it (clause 4.3.8).
 * @param previous the size of the block before; 0 for the first block after a start, which gives no samples
 * @param current the block's own size
 */
export function vorbisSamples(previous: number, current: number): number {
  return previous === 0 || current === 0 ? 0 : (previous + current) / 4
}

// The first seven bytes are the packet's type and 'vorbis'.
const SETUP_START = 56

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

/**
 * Writes Vorbis comments, as {@link readVorbisComments} reads them: without a packet's magic before, and without the framing bit that Vorbis itself
 * wants behind.
 * @param vendor the program that wrote the stream
 * @param comments values by name; names go in upper case, and what may not stand in a name is left out of it
 */
export function writeVorbisComments(vendor: string, comments: Readonly<Record<string, string>>): Buffer {
  const texts = Object.entries(comments).map(([name, value]) => `${name.toUpperCase().replaceAll(/[^ -<>-}]/g, '')}=${value}`)
  const sized = (text: string): Buffer[] => {
    const bytes = Buffer.from(text)
    return [uint32(bytes.length), bytes]
  }
  return Buffer.concat([...sized(vendor), uint32(texts.length), ...texts.flatMap(sized)])
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

// Titles are short; what is longer is a picture or an attack.
const MAX_COMMENT_SIZE = 8192
const MAX_COMMENTS = 100
