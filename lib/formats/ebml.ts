/** Element ids of EBML and Matroska (RFC 8794, RFC 9559), marker bits included. */
export const ID = {
  EBML: 0x1a45dfa3,
  EbmlVersion: 0x4286,
  EbmlReadVersion: 0x42f7,
  EbmlMaxIdLength: 0x42f2,
  EbmlMaxSizeLength: 0x42f3,
  DocType: 0x4282,
  DocTypeVersion: 0x4287,
  DocTypeReadVersion: 0x4285,
  Void: 0xec,
  Crc32: 0xbf,
  Segment: 0x18538067,
  SeekHead: 0x114d9b74,
  Info: 0x1549a966,
  TimestampScale: 0x2ad7b1,
  Duration: 0x4489,
  Title: 0x7ba9,
  MuxingApp: 0x4d80,
  WritingApp: 0x5741,
  Tracks: 0x1654ae6b,
  TrackEntry: 0xae,
  TrackNumber: 0xd7,
  TrackUid: 0x73c5,
  TrackType: 0x83,
  FlagLacing: 0x9c,
  Language: 0x22b59c,
  CodecId: 0x86,
  CodecPrivate: 0x63a2,
  CodecDelay: 0x56aa,
  SeekPreRoll: 0x56bb,
  DefaultDuration: 0x23e383,
  ContentEncodings: 0x6d80,
  ContentEncoding: 0x6240,
  ContentEncodingScope: 0x5032,
  ContentEncodingType: 0x5033,
  ContentCompression: 0x5034,
  ContentCompAlgo: 0x4254,
  ContentCompSettings: 0x4255,
  Video: 0xe0,
  PixelWidth: 0xb0,
  PixelHeight: 0xba,
  Audio: 0xe1,
  SamplingFrequency: 0xb5,
  OutputSamplingFrequency: 0x78b5,
  Channels: 0x9f,
  Cluster: 0x1f43b675,
  Timestamp: 0xe7,
  SilentTracks: 0x5854,
  Position: 0xa7,
  PrevSize: 0xab,
  SimpleBlock: 0xa3,
  EncryptedBlock: 0xaf,
  BlockGroup: 0xa0,
  Block: 0xa1,
  BlockDuration: 0x9b,
  ReferenceBlock: 0xfb,
  Cues: 0x1c53bb6b,
  Chapters: 0x1043a770,
  Tags: 0x1254c367,
  Tag: 0x7373,
  Targets: 0x63c0,
  TagTrackUid: 0x63c5,
  SimpleTag: 0x67c8,
  TagName: 0x45a3,
  TagString: 0x4487,
  Attachments: 0x1941a469,
} as const

/** The most bytes that an element's id and size take: EBMLMaxIDLength 4 and EBMLMaxSizeLength 8, as Matroska requires. */
export const MAX_HEAD_SIZE = 12

/** The id and size that every element begins with. */
export interface ElementHead {
  /** With its marker bits, as in {@link ID}. */
  readonly id: number
  /** Bytes of the body; `Infinity` when unknown. */
  readonly size: number
  /** Bytes of id and size themselves. */
  readonly headSize: number
}

/**
 * Reads the id and size of an element.
 *
 * ```text
 * | id: 1–4 bytes, the zeros before its first 1 bit say how many more | size: 1–8 bytes likewise, marker taken off; all ones = unknown | body |
 * ```
 * @returns `undefined` when bytes are missing, `null` when no element can begin like this
 */
export function readElementHead(bytes: Buffer, at = 0): ElementHead | null | undefined {
  const first = bytes[at]
  if (first === undefined) return undefined
  const idSize = Math.clz32(first) - 23
  if (idSize > 4) return null
  const mark = bytes[at + idSize]
  if (mark === undefined) return undefined
  const sizeSize = Math.clz32(mark) - 23
  if (sizeSize > 8) return null
  if (at + idSize + sizeSize > bytes.length) return undefined
  const id = bytes.readUIntBE(at, idSize)
  let size = mark & ((1 << (8 - sizeSize)) - 1)
  let unknown = size === (1 << (8 - sizeSize)) - 1
  for (let i = 1; i < sizeSize; i++) {
    const byte = bytes[at + idSize + i]!
    if (byte !== 255) unknown = false
    size = size * 256 + byte
  }
  if (unknown) size = Infinity
  else if (!Number.isSafeInteger(size)) return null
  return { id, size, headSize: idSize + sizeSize }
}

/**
 * Writes the id and size of an element.
 * @param size bytes of its body; `Infinity` writes an unknown size in eight bytes, which every reader takes
 */
export function writeElementHead(id: number, size: number): Buffer {
  const idSize = id > 0xffffff ? 4 : id > 0xffff ? 3 : id > 0xff ? 2 : 1
  const unknown = size === Infinity
  let sizeSize = unknown ? 8 : 1
  // A size whose bits are all ones means unknown, so 127 takes two bytes.
  if (!unknown) while (size >= 2 ** (7 * sizeSize) - 1) sizeSize++
  const bytes = Buffer.alloc(idSize + sizeSize, 255)
  bytes.writeUIntBE(id, 0, idSize)
  const mark = 0x100 >> sizeSize
  if (unknown) bytes[idSize] = mark | (mark - 1)
  else {
    let left = size
    for (let i = sizeSize - 1; i >= 0; i--, left = Math.floor(left / 256)) bytes[idSize + i] = left % 256
    bytes[idSize] = bytes[idSize]! | mark
  }
  return bytes
}

/** Writes a whole element. */
export function writeElement(id: number, body: Buffer): Buffer {
  return Buffer.concat([writeElementHead(id, body.length), body])
}

/** One child of {@link readElements}. */
export interface Element {
  /** With its marker bits, as in {@link ID}. */
  readonly id: number
  /** Its content; cut short where the parent ends before it. */
  readonly body: Buffer
  /** The whole element, head included. */
  readonly bytes: Buffer
}

/** Goes over the elements in a master element's body; ends at the first that makes no sense. */
export function* readElements(body: Buffer): Generator<Element> {
  for (let at = 0; at < body.length;) {
    const head = readElementHead(body, at)
    if (!head) return
    const start = at
    at = Math.min(body.length, at + head.headSize + head.size)
    yield { id: head.id, body: body.subarray(start + head.headSize, at), bytes: body.subarray(start, at) }
  }
}

/** The value of an unsigned integer element; NaN when it is longer than eight bytes or above 2^53. */
export function readUnsigned(body: Buffer): number {
  let value = 0
  for (const byte of body) value = value * 256 + byte
  return body.length <= 8 && Number.isSafeInteger(value) ? value : NaN
}

/** Writes an unsigned integer element, in as few bytes as it takes. */
export function writeUnsigned(id: number, value: number): Buffer {
  const body = Buffer.alloc(8)
  body.writeBigUInt64BE(BigInt(value))
  let zeros = 0
  while (zeros < 7 && body[zeros] === 0) zeros++
  return writeElement(id, body.subarray(zeros))
}

/** Writes a float element of eight bytes. */
export function writeFloat(id: number, value: number): Buffer {
  const body = Buffer.alloc(8)
  body.writeDoubleBE(value)
  return writeElement(id, body)
}

/** Writes a string element. */
export function writeString(id: number, value: string): Buffer {
  return writeElement(id, Buffer.from(value))
}

/** The value of a float element of four or eight bytes; NaN for any other length. */
export function readFloat(body: Buffer): number {
  return body.length === 4 ? body.readFloatBE(0) : body.length === 8 ? body.readDoubleBE(0) : NaN
}

/** The value of a string element, without the zeros that may pad it. */
export function readString(body: Buffer): string {
  const end = body.indexOf(0)
  return body.toString('utf8', 0, end < 0 ? body.length : end)
}
