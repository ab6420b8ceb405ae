import { crc32Ogg } from '../bytes/crc.js'

/** One page of an Ogg stream (RFC 3533 section 6). */
export interface Page {
  /** Whether the page goes on with the packet at the end of the page before it. */
  readonly continued: boolean
  /** Whether this is the first page of its logical stream. */
  readonly bos: boolean
  /** Whether this is the last page of its logical stream. */
  readonly eos: boolean
  /** Where the last packet that ends on the page ends, in the codec's own units; -1 when none does. */
  readonly granule: bigint
  /** The number of the logical stream. */
  readonly serial: number
  /** The number of the page within its logical stream. */
  readonly sequence: number
  /** The sizes of the segments, 0 to 255 of them; a packet ends with the first that is less than 255. */
  readonly lacing: Uint8Array
  /** The segments: as many bytes as the lacing adds up to. */
  readonly body: Buffer
}

/** Bytes of a page header without its segment table. */
export const PAGE_HEADER_SIZE = 27

// 'OggS' | version 1 | flags 1: continued, bos, eos | granule 8 | serial 4 | sequence 4 | CRC-32 4 | segments 1 | lacing | body; little-endian
/**
 * The bytes of the whole page that begins here.
 * @param head at least {@link PAGE_HEADER_SIZE} bytes
 * @returns `undefined` when it does not begin a page; a number that covers header and segment table when the table is not all there
 */
export function pageSize(head: Buffer): number | undefined {
  if (head.length < PAGE_HEADER_SIZE || head.readUInt32BE(0) !== CAPTURE_PATTERN || head[4] !== 0) return undefined
  const end = PAGE_HEADER_SIZE + head[26]!
  if (head.length < end) return end
  let size = end
  for (let i = PAGE_HEADER_SIZE; i < end; i++) size += head[i]!
  return size
}

/**
 * Reads one page; lacing and body are views of the bytes.
 * @param bytes exactly the page
 * @returns `undefined` when it is none or its CRC does not hold
 */
export function readPage(bytes: Buffer): Page | undefined {
  if (pageSize(bytes) !== bytes.length || pageCrc(bytes) !== bytes.readUInt32LE(22)) return undefined
  const flags = bytes[5]!
  const body = PAGE_HEADER_SIZE + bytes[26]!
  return {
    continued: (flags & 1) !== 0,
    bos: (flags & 2) !== 0,
    eos: (flags & 4) !== 0,
    granule: bytes.readBigInt64LE(6),
    serial: bytes.readUInt32LE(14),
    sequence: bytes.readUInt32LE(18),
    lacing: bytes.subarray(PAGE_HEADER_SIZE, body),
    body: bytes.subarray(body),
  }
}

/**
 * Writes one page with its CRC.
 * @throws RangeError when there are more than 255 segments, or the body is not what the lacing adds up to
 */
export function writePage(page: Page): Buffer {
  const size = page.lacing.reduce((sum, length) => sum + length, 0)
  if (page.lacing.length > 255 || size !== page.body.length) {
    throw new RangeError(
      `Cannot write an Ogg page of ${page.lacing.length} segments and ${page.body.length} bytes because the lacing adds up to ${size}`,
    )
  }
  const head = Buffer.alloc(PAGE_HEADER_SIZE)
  head.writeUInt32BE(CAPTURE_PATTERN, 0)
  head[5] = Number(page.continued) | (Number(page.bos) << 1) | (Number(page.eos) << 2)
  head.writeBigInt64LE(page.granule, 6)
  head.writeUInt32LE(page.serial, 14)
  head.writeUInt32LE(page.sequence, 18)
  head[26] = page.lacing.length
  const bytes = Buffer.concat([head, page.lacing, page.body])
  bytes.writeUInt32LE(pageCrc(bytes), 22)
  return bytes
}

/** A packet, or what a page holds of it. */
export interface PagePacket {
  /** A view of the page's body. */
  readonly bytes: Buffer
  /** Whether it begins on this page. */
  readonly begins: boolean
  /** Whether it ends on this page. */
  readonly ends: boolean
  /** How many segments of the page are used up with it. */
  readonly segments: number
}

/** The packets of a page, in order; the first may be the rest of one, the last the beginning of one. */
export function* pagePackets({ lacing, body, continued }: Page): Generator<PagePacket> {
  let [from, to, begins] = [0, 0, !continued]
  for (let i = 0; i < lacing.length; i++) {
    to += lacing[i]!
    const ends = lacing[i]! < 255
    if (!ends && i < lacing.length - 1) continue
    yield { bytes: body.subarray(from, to), begins, ends, segments: i + 1 }
    from = to
    begins = true
  }
}

// 'OggS'
const CAPTURE_PATTERN = 0x4f676753
const NO_CRC = Buffer.alloc(4)

// The checksum counts as zeros.
function pageCrc(bytes: Buffer): number {
  return crc32Ogg(bytes.subarray(26), crc32Ogg(NO_CRC, crc32Ogg(bytes.subarray(0, 22))))
}
