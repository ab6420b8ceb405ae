/**
 * Whether a stream begins with the magic word of a container, or has the sync bytes of MPEG-TS at whatever point of a packet it begins: then
 * frames of MP3, AAC or FLAC that are found in it are its contents.
 */
export function isContainer(head: Buffer): boolean {
  if (head.length < 8) return false
  if (MAGIC.has(head.readUInt32BE(0)) || MP4_BOXES.has(head.toString('latin1', 4, 8))) return true
  for (let at = 0; at < TS_PACKET_SIZE && at + 3 * TS_PACKET_SIZE < head.length; at++) {
    if ([0, 1, 2, 3].every((packet) => head[at + packet * TS_PACKET_SIZE] === 0x47)) return true
  }
  return false
}

const TS_PACKET_SIZE = 188
// OggS, fLaC, FLV 1, EBML, RIFF
const MAGIC: ReadonlySet<number> = new Set([0x4f676753, 0x664c6143, 0x464c5601, 0x1a45dfa3, 0x52494646])
const MP4_BOXES: ReadonlySet<string> = new Set(['ftyp', 'styp', 'moov', 'moof', 'mdat', 'sidx', 'emsg', 'prft'])
