import { ID, MAX_HEAD_SIZE, readElementHead } from './ebml.js'
import { MAX_FRAME_SIZE } from './frame.js'

/** What the search for a cluster or EBML head looks at: id and size, a CRC-32 element, and the head of the element after it. */
export const LOOK_AHEAD = MAX_HEAD_SIZE + 6 + 2

/**
 * Whether a cluster begins here with its Timestamp (after a checksum at most), or an EBML head with an element that belongs there.
 * @param bytes {@link LOOK_AHEAD} of them
 */
export function makesSense(bytes: Buffer): boolean {
  const head = readElementHead(bytes)
  if (!head) return false
  if (head.id === ID.EBML) {
    const child = readElementHead(bytes, head.headSize)
    return head.size <= LIMITS.get(ID.EBML)! && !!child && child.size <= head.size && (child.id >> 8 === 0x42 || child.id === ID.Crc32)
  }
  if (head.id !== ID.Cluster) return false
  let at = head.headSize
  if (bytes[at] === ID.Crc32 && bytes[at + 1] === 0x84) at += 6
  return bytes[at] === ID.Timestamp && bytes[at + 1]! > 0x80 && bytes[at + 1]! <= 0x88
}

/** The elements that live in a cluster. */
export const LEVEL_2: ReadonlySet<number> = new Set([
  ID.Timestamp,
  ID.SilentTracks,
  ID.Position,
  ID.PrevSize,
  ID.SimpleBlock,
  ID.EncryptedBlock,
  ID.BlockGroup,
])

/** The elements of levels 0 to 2 and the size above which one is taken for damage. Only Segment and Cluster may leave theirs open. */
export const LIMITS: ReadonlyMap<number, number> = new Map([
  [ID.EBML, 4096],
  [ID.Segment, Infinity],
  [ID.Cluster, Infinity],
  [ID.Timestamp, 8],
  [ID.Position, 8],
  [ID.PrevSize, 8],
  [ID.SilentTracks, 4096],
  [ID.Crc32, 4],
  [ID.SimpleBlock, 16 * MAX_FRAME_SIZE],
  [ID.BlockGroup, 16 * MAX_FRAME_SIZE],
  [ID.EncryptedBlock, 16 * MAX_FRAME_SIZE],
  [ID.Void, 64 * MAX_FRAME_SIZE],
  [ID.SeekHead, MAX_FRAME_SIZE],
  [ID.Info, MAX_FRAME_SIZE],
  [ID.Tracks, MAX_FRAME_SIZE],
  [ID.Cues, 16 * MAX_FRAME_SIZE],
  [ID.Chapters, 16 * MAX_FRAME_SIZE],
  [ID.Tags, 16 * MAX_FRAME_SIZE],
  [ID.Attachments, 256 * MAX_FRAME_SIZE],
])
