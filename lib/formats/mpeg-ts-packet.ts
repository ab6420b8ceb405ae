/** Bytes of a transport packet (ISO/IEC 13818-1 2.4.3.2). */
export const PACKET_SIZE = 188
/** The first byte of every packet. */
export const SYNC_BYTE = 0x47

/** How packets stand in a stream. */
export interface PacketLayout {
  /** Bytes from one to the next. */
  readonly size: number
  /** Bytes before each packet's sync byte. */
  readonly prefix: number
}

/** The layouts in use, the usual one first. */
export const LAYOUTS: readonly [PacketLayout, ...PacketLayout[]] = [
  { size: PACKET_SIZE, prefix: 0 },
  // Blu-ray and camcorders: 4 bytes of arrival time.
  { size: 192, prefix: 4 },
  // 16 bytes of Reed-Solomon code follow.
  { size: 204, prefix: 0 },
]

/** Sync bytes in a row that make a stream. */
const SYNC_COUNT = 4
/** The most bytes that {@link isInSync} looks at. */
export const SYNC_REACH = 4 + (SYNC_COUNT - 1) * 204 + 1

/**
 * Whether bytes are the beginning of an MPEG transport stream, which may begin within a packet.
 * @returns `undefined` when more bytes are needed to tell
 */
export function probeMpegTs(head: Buffer): boolean | undefined {
  if (LAYOUTS.some((layout) => countSyncs(head, 0, layout) >= SYNC_COUNT)) return true
  for (let at = 1; at < 204; at++) if (LAYOUTS.some((layout) => countSyncs(head, at, layout) >= 2 * SYNC_COUNT)) return true
  return head.length < 204 + 4 + (2 * SYNC_COUNT - 1) * 204 ? undefined : false
}

function countSyncs(bytes: Buffer, at: number, { size, prefix }: PacketLayout): number {
  let count = 0
  while (bytes[at + prefix + count * size] === SYNC_BYTE) count++
  return count
}

/**
 * Whether a packet begins at `at` and others follow it. Where the bytes end before {@link SYNC_REACH}, which must be the end of the stream,
 * one other will do, or that the packet is the last.
 */
export function isInSync(bytes: Buffer, at: number, { size, prefix }: PacketLayout): boolean {
  if (at + size > bytes.length) return false
  for (let count = 0; count < SYNC_COUNT; count++) {
    const next = at + prefix + count * size
    if (next >= bytes.length) return count > 1 || at + size === bytes.length
    if (bytes[next] !== SYNC_BYTE) return false
  }
  return true
}

/** The PID of the packet whose sync byte stands at `head`. */
export function readPid(bytes: Buffer, head: number): number {
  return ((bytes[head + 1]! & 31) << 8) | bytes[head + 2]!
}
