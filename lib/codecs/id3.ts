// 'ID3' | version 2 | flags 1 | size 4 × 7 bits (without these ten bytes and without the footer)
/** Bytes that the header of an ID3v2 tag has. */
export const ID3_HEADER_SIZE = 10

/** The bytes of a whole ID3v2 tag, from the ten bytes of its header; `undefined` where no such tag begins. */
export function id3Size(bytes: Buffer, at = 0): number | undefined {
  if (at + ID3_HEADER_SIZE > bytes.length || bytes[at] !== 0x49 || bytes[at + 1] !== 0x44 || bytes[at + 2] !== 0x33) return undefined
  const [major, revision, flags] = [bytes[at + 3]!, bytes[at + 4]!, bytes[at + 5]!]
  if (major < 2 || major > 4 || revision === 0xff || (flags & 0x0f) !== 0) return undefined
  const size = syncSafe(bytes, at + 6)
  if (size === undefined) return undefined
  return ID3_HEADER_SIZE + size + (major === 4 && flags & 0x10 ? ID3_HEADER_SIZE : 0)
}

/**
 * Reads the text frames of an ID3v2.2, 2.3 or 2.4 tag.
 * @param tag the tag with its header; what is cut off is not there
 * @returns values by the names that Vorbis comments use where there is one (`title`, `artist`, `album`, `date`, `genre`, …)
 */
export function readId3(tag: Buffer): Record<string, string> {
  const texts: Record<string, string> = {}
  const size = id3Size(tag)
  if (size === undefined) return texts
  const major = tag[3]!
  const flags = tag[5]!
  let body = tag.subarray(ID3_HEADER_SIZE, size)
  // Before 2.4 the whole tag is unsynchronised at once, later each frame by itself.
  if (flags & 0x80 && major < 4) body = resynchronise(body)
  let at = 0
  if (flags & 0x40 && major > 2 && body.length >= 4) at = major === 4 ? (syncSafe(body, 0) ?? 0) : 4 + body.readUInt32BE(0)
  const [idSize, headSize] = major === 2 ? [3, 6] : [4, 10]
  while (at + headSize <= body.length && body[at] !== 0) {
    const id = body.toString('latin1', at, at + idSize)
    const length =
      major === 2 ? body.readUIntBE(at + 3, 3) : major === 3 ? body.readUInt32BE(at + 4) : (syncSafe(body, at + 4) ?? body.length)
    const format = major === 2 ? 0 : body[at + 9]!
    at += headSize
    if (at + length > body.length) break
    let content = body.subarray(at, at + length)
    at += length
    const name = NAMES[id]
    // Compressed and encrypted frames are left alone.
    if (name === undefined || format & (major === 4 ? 0x0c : 0xc0)) continue
    if (major === 4 && format & 0x01) content = content.subarray(4)
    if (major === 4 && (format & 0x02 || flags & 0x80)) content = resynchronise(content)
    const text = decodeText(content)
    if (text !== '') texts[name] = text
  }
  return texts
}

/** A frame of an ID3v2.4 tag: a text, a text of the writer's own kind, or bytes for a program that knows their owner. */
export type Id3Frame =
  | { readonly id: 'TIT2' | 'TPE1' | 'TALB' | 'TCON' | 'TDRC'; readonly text: string }
  | { readonly id: 'TXXX'; readonly description: string; readonly text: string }
  | { readonly id: 'PRIV'; readonly owner: string; readonly data: Buffer }

// frame: id 4 | size 4 × 7 bits | flags 2 | content; text: encoding 1 (3 = UTF-8) | text; TXXX: encoding | description | 0 | text; PRIV: owner | 0 | data
/**
 * Writes an ID3v2.4 tag, texts in UTF-8, without padding.
 * @throws RangeError when it gets larger than the 256 MiB that a tag can say
 */
export function writeId3(frames: readonly Id3Frame[]): Buffer {
  const parts = frames.flatMap((frame) => {
    const content = writeContent(frame)
    const head = Buffer.alloc(10)
    head.write(frame.id, 'latin1')
    writeSyncSafe(head, 4, content.length)
    return [head, content]
  })
  const body = Buffer.concat(parts)
  const head = Buffer.from('ID3\x04\0\0\0\0\0\0', 'latin1')
  writeSyncSafe(head, 6, body.length)
  return Buffer.concat([head, body])
}

const UTF_8 = 3

function writeContent(frame: Id3Frame): Buffer {
  if (frame.id === 'PRIV') return Buffer.concat([Buffer.from(`${withoutZeros(frame.owner)}\0`, 'latin1'), frame.data])
  const text = frame.id === 'TXXX' ? `${withoutZeros(frame.description)}\0${frame.text}` : frame.text
  return Buffer.concat([Buffer.from([UTF_8]), Buffer.from(text)])
}

// A zero ends a name; within a text it parts one value from the next.
function withoutZeros(name: string): string {
  return name.replaceAll('\0', '')
}

function writeSyncSafe(bytes: Buffer, at: number, size: number): void {
  if (size >= 1 << 28) throw new RangeError(`Cannot write ${size} bytes into an ID3 tag: 28 bits tell its size`)
  for (let i = 0; i < 4; i++) bytes[at + i] = (size >> (21 - 7 * i)) & 0x7f
}

const NAMES: Readonly<Record<string, string>> = {
  TIT2: 'title',
  TPE1: 'artist',
  TALB: 'album',
  TCON: 'genre',
  TDRC: 'date',
  TYER: 'date',
  TRCK: 'tracknumber',
  TCOM: 'composer',
  TCOP: 'copyright',
  TT2: 'title',
  TP1: 'artist',
  TAL: 'album',
  TCO: 'genre',
  TYE: 'date',
  TRK: 'tracknumber',
  TCM: 'composer',
  TCR: 'copyright',
}

function syncSafe(bytes: Buffer, at: number): number | undefined {
  const [a, b, c, d] = [bytes[at]!, bytes[at + 1]!, bytes[at + 2]!, bytes[at + 3]!]
  return (a | b | c | d) & 0x80 ? undefined : (a << 21) | (b << 14) | (c << 7) | d
}

// The encoder puts a zero after each 0xff, so that no decoder sees a sync word.
function resynchronise(bytes: Buffer): Buffer {
  return Buffer.from(bytes.filter((byte, i) => byte !== 0 || i === 0 || bytes[i - 1] !== 0xff))
}

// The first byte names the encoding; several values of 2.4 are parted by zeros.
function decodeText(content: Buffer): string {
  const text = content.subarray(1)
  let decoded: string
  if (content[0] === 3) decoded = text.toString('utf8')
  else if (content[0] === 0) decoded = text.toString('latin1')
  else {
    const even = Buffer.from(text.subarray(0, text.length & ~1))
    const big = content[0] === 2 || (even[0] === 0xfe && even[1] === 0xff)
    if (big) even.swap16()
    decoded = even.toString('utf16le').replaceAll('\ufeff', '')
  }
  return decoded
    .split('\0')
    .map((value) => value.trim())
    .filter((value) => value !== '')
    .join(', ')
    .slice(0, 8192)
}
