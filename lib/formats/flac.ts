import { crc16 } from '../bytes/crc.js'
import { Reader } from '../bytes/reader.js'
import {
  FLAC_FRAME_HEADER_MAX_SIZE,
  FLAC_INFO_SIZE,
  flacMaxFrameSize,
  readFlacFrameHeader,
  readFlacInfo,
  writeFlacInfo,
  type FlacFrameHeader,
  type FlacInfo,
} from '../codecs/flac.js'
import { id3Size } from '../codecs/id3.js'
import { readVorbisComments } from '../codecs/vorbis.js'
import { MAX_FRAME_SIZE, NO_HEADER, type Demuxer, type Frame, type Track } from './frame.js'
import { isContainer } from './magic.js'

/**
 * Cuts native FLAC into its frames, each a sync frame. Frames do not tell their size: one ends where the next header stands and its
 * CRC-16 holds, so a frame is given when the header behind it is there. Metadata is passed on, but nobody starts with it; the
 * header for newcomers is `fLaC` with STREAMINFO and the comments. Another `fLaC` may come at any time, or none: then STREAMINFO
 * is made from a frame's header.
 */
export class FlacDemuxer implements Demuxer {
  readonly format = 'flac'
  readonly contentType = 'audio/flac'
  readonly #reader = new Reader()
  #ended = false
  #skipped = 0
  #tracks: readonly Track[] = []
  #comments: Readonly<Record<string, string>> = {}
  #header = NO_HEADER
  // What the header says.
  #info: FlacInfo | undefined
  // Between `fLaC` and the first frame: what is known so far, and bytes to go of the block that is being passed on.
  #metadata: Metadata | undefined
  #blockLeft = 0
  // The places where a frame may begin, oldest first. An honest stream has one; a header's pattern within a frame, or a damaged frame, adds
  // another. Offsets count from the reader's next byte.
  #starts: Start[] = []
  #scanned = 0

  get tracks(): readonly Track[] {
    return this.#tracks
  }

  get skipped(): number {
    return this.#skipped
  }

  get comments(): Readonly<Record<string, string>> {
    return this.#comments
  }

  push(chunk: Buffer): Frame[] {
    this.#reader.push(chunk)
    return this.#run()
  }

  end(): Frame[] {
    this.#ended = true
    const frames = this.#run()
    // The last frame has no header behind it: it ends where the stream does.
    this.#cut(this.#reader.peekAll(), this.#reader.length, frames)
    this.#skip(this.#reader.length)
    return frames
  }

  #run(): Frame[] {
    const frames: Frame[] = []
    while (this.#blockLeft > 0 ? this.#passBlock(frames) : this.#metadata === undefined ? this.#scan(frames) : this.#openBlock());
    return frames
  }

  // Each of these three returns whether there may be more to do with the bytes that are there.

  #openBlock(): boolean {
    const head = this.#reader.peek(4)
    if (head === undefined) return false
    const type = head[0]! & 0x7f
    // No block has such a type, but every frame begins with 0xff: the block before did not say that it was the last.
    if (type > MAX_BLOCK_TYPE) this.#endMetadata()
    else {
      this.#metadata!.type = type
      this.#metadata!.isLast = (head[0]! & 0x80) !== 0
      this.#blockLeft = 4 + head.readUIntBE(1, 3)
    }
    return true
  }

  #passBlock(frames: Frame[]): boolean {
    const bytes = this.#reader.take(Math.min(this.#blockLeft, MAX_FRAME_SIZE))
    if (bytes === undefined) return false
    this.#blockLeft -= bytes.length
    frames.push({ bytes, sync: false, header: NO_HEADER })
    const metadata = this.#metadata!
    if (metadata.type === STREAMINFO && metadata.info === undefined) metadata.info = readFlacInfo(bytes.subarray(-FLAC_INFO_SIZE))
    if (metadata.type === VORBIS_COMMENT && this.#blockLeft === 0 && bytes.length <= MAX_COMMENT_SIZE) metadata.comments = bytes
    if (metadata.isLast && this.#blockLeft === 0) this.#endMetadata()
    return true
  }

  #endMetadata(): void {
    const { info, comments } = this.#metadata!
    this.#metadata = undefined
    this.#comments = comments === undefined ? {} : readVorbisComments(comments.subarray(4))
    this.#setInfo(info, comments)
  }

  #scan(frames: Frame[]): boolean {
    const bytes = this.#reader.peekAll()
    let at = this.#scanned
    for (; at < bytes.length; at++) {
      const byte = bytes[at]
      if (byte !== 0xff && byte !== 0x66) continue
      // A pattern is looked at when as many bytes are there as the longest needs, so that chunks make no difference.
      if (at + FLAC_FRAME_HEADER_MAX_SIZE > bytes.length && !this.#ended) break
      if (byte === 0x66) {
        if (!isMagic(bytes, at)) continue
        if (!this.#cut(bytes, at, frames)) this.#skip(at)
        this.#starts = []
        this.#scanned = 0
        this.#metadata = { type: STREAMINFO, isLast: (bytes[at + 4]! & 0x80) !== 0 }
        // 'fLaC' and STREAMINFO go together.
        this.#blockLeft = 4 + 4 + FLAC_INFO_SIZE
        return true
      }
      const header = readFlacFrameHeader(bytes, at)
      if (header === undefined) continue
      const isEnd = this.#cut(bytes, at, frames)
      if (this.#starts.length === MAX_STARTS) this.#starts.shift()
      this.#starts.push({ at: isEnd ? 0 : at, header, maxSize: flacMaxFrameSize(header), crc: 0, upTo: isEnd ? 0 : at })
      this.#scanned = (isEnd ? 0 : at) + 1
      if (isEnd) return true
    }
    this.#scanned = at
    this.#starts = this.#starts.filter((start) => at - start.at <= start.maxSize)
    this.#skip(this.#starts[0]?.at ?? at)
    return false
  }

  // Gives the frame that ends at an offset, if one does, and takes all bytes to there.
  #cut(bytes: Buffer, end: number, frames: Frame[]): boolean {
    for (const start of this.#starts) {
      if (end - start.at > start.maxSize) continue
      start.crc = crc16(bytes.subarray(start.upTo, end), start.crc)
      start.upTo = end
      if (start.crc !== 0 || end - start.at <= start.header.headerSize) continue
      const size = end - start.at
      this.#skip(start.at)
      this.#starts = []
      this.#scanned = 0
      frames.push(this.#frame(this.#reader.take(size)!, start.header))
      return true
    }
    return false
  }

  #frame(bytes: Buffer, { sampleRate, channels, bitsPerSample, blockSize, variable }: FlacFrameHeader): Frame {
    const info = this.#info
    const fits =
      info !== undefined &&
      channels === info.channels &&
      (sampleRate ?? info.sampleRate) === info.sampleRate &&
      (bitsPerSample ?? info.bitsPerSample) === info.bitsPerSample &&
      blockSize <= info.maxBlockSize
    if (!fits && sampleRate !== undefined && bitsPerSample !== undefined) {
      // With a fixed block size, all blocks but the last have the same.
      const [minBlockSize, maxBlockSize] = variable ? [16, 65_535] : [Math.max(16, blockSize), Math.max(16, blockSize)]
      this.#setInfo({ minBlockSize, maxBlockSize, sampleRate, channels, bitsPerSample })
    }
    return { bytes, sync: this.#info !== undefined, header: this.#header }
  }

  #setInfo(info: FlacInfo | undefined, comments?: Buffer): void {
    this.#info = info
    this.#header = info === undefined ? NO_HEADER : formatHeader(info, comments)
    if (info === undefined) return
    this.#tracks = [{ kind: 'audio', codec: 'FLAC', codecs: 'flac', sampleRate: info.sampleRate, channels: info.channels }]
  }

  #skip(size: number): void {
    this.#reader.skip(size)
    this.#skipped += size
    this.#scanned -= size
    for (const start of this.#starts) {
      start.at -= size
      start.upTo -= size
    }
  }
}

/** Whether a stream that begins with these bytes is native FLAC; `undefined` when more are needed. */
export function probeFlac(head: Buffer): boolean | undefined {
  const start = id3Size(head) ?? 0
  if (isMagic(head, start)) return true
  if (start > 0) return start + 8 <= head.length || start > MAX_COMMENT_SIZE ? false : undefined
  if (isContainer(head)) return false
  // In the midst of a stream: the first frame must begin within the largest usual frame, and be found whole.
  let at = head.indexOf(0xff)
  while (at !== -1 && at < PROBE_SIZE && readFlacFrameHeader(head, at) === undefined) at = head.indexOf(0xff, at + 1)
  if (at === -1 || at >= PROBE_SIZE) return head.length >= PROBE_SIZE ? false : undefined
  if (new FlacDemuxer().push(head).length > 0) return true
  return head.length >= 3 * PROBE_SIZE ? false : undefined
}

interface Start {
  at: number
  readonly header: FlacFrameHeader
  readonly maxSize: number
  // The CRC-16 from the start to the offset `upTo`.
  crc: number
  upTo: number
}

interface Metadata {
  type: number
  isLast: boolean
  info?: FlacInfo | undefined
  comments?: Buffer
}

const STREAMINFO = 0
const VORBIS_COMMENT = 4
const MAX_BLOCK_TYPE = 6
const MAX_COMMENT_SIZE = 65_536
const MAX_STARTS = 16
const PROBE_SIZE = 20_000

// 'fLaC' and the block header of STREAMINFO: last 1 bit, type 7 bits, length 3.
function isMagic(bytes: Buffer, at: number): boolean {
  if (at + 8 > bytes.length || bytes.readUInt32BE(at) !== 0x664c6143) return false
  return (bytes[at + 4]! & 0x7f) === STREAMINFO && bytes.readUIntBE(at + 5, 3) === FLAC_INFO_SIZE
}

function formatHeader(info: FlacInfo, comments: Buffer | undefined): Buffer {
  const magic = Buffer.from([0x66, 0x4c, 0x61, 0x43, comments === undefined ? 0x80 : 0, 0, 0, FLAC_INFO_SIZE])
  if (comments === undefined) return Buffer.concat([magic, writeFlacInfo(info)])
  const header = Buffer.concat([magic, writeFlacInfo(info), comments])
  header[magic.length + FLAC_INFO_SIZE] = 0x80 | VORBIS_COMMENT
  return header
}
