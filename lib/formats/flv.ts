import { Reader } from '../bytes/reader.js'
import { type AmfObject, readAmf } from './amf.js'
import { type Demuxer, type Frame, MAX_FRAME_SIZE, NO_HEADER, type Track } from './frame.js'
import { FLV_TAG, FLV_TAG_HEAD, flvDataSize, isFlvTag, readFlvMedia } from './flv-tag.js'
import { flvTrack } from './flv-track.js'

/** Bytes that tell whether a tag or a file header begins. */
const LOOK = 12
/** A file header of FLV and the size of the tag before the first, which is 0. */
const FILE_HEAD = Buffer.from([0x46, 0x4c, 0x56, 1, 5, 0, 0, 0, 9, 0, 0, 0, 0])
/** The largest tag that is believed while the stream is lost: waiting for the end of a false one would hold the good ones up. */
const MAX_TAG_WHEN_LOST = 1_048_576
/** The largest tag that is kept for {@link Frame.header}, and the most of them. */
const MAX_SETUP_SIZE = 65_536
const MAX_SETUPS = 32
/** After so many audio tags without a video tag, a listener may start at audio. */
const AUDIO_RUN = 256
/** After so many bytes without a key frame, a listener may start at any video tag: some encoders refresh the picture bit by bit. */
const MAX_BYTES_WITHOUT_SYNC = 8_388_608

/**
 * Whether bytes are the beginning of an FLV stream.
 * @returns `undefined` when more bytes are needed to tell
 */
export function probeFlv(head: Buffer): boolean | undefined {
  const known = Math.min(head.length, 4)
  if (!head.subarray(0, known).equals(FILE_HEAD.subarray(0, known))) return false
  return head.length < LOOK ? undefined : fileHeadSize(head) > 0
}

// The size of a file header and the 4 bytes behind it; 0 when there is none.
function fileHeadSize(bytes: Buffer): number {
  if (bytes[0] !== 0x46 || bytes[1] !== 0x4c || bytes[2] !== 0x56 || bytes[3] !== 1) return 0
  const size = bytes.readUInt32BE(5)
  return size >= 9 && size <= 64 ? size + 4 : 0
}

/**
 * Cuts FLV into tags: each frame is a tag and the size that follows it. The header is the file header, the newest metadata and the
 * newest decoder configuration of each track, older and enhanced RTMP alike.
 */
export class FlvDemuxer implements Demuxer {
  readonly format = 'flv'
  readonly contentType = 'video/x-flv'
  #skipped = 0
  #comments: Readonly<Record<string, string>> = {}
  readonly #reader = new Reader()
  /** Bytes without which nothing can be done: spares the look at every chunk of a large tag. */
  #need = LOOK
  #lost = false
  /** What is still to come of a tag that is passed on in pieces. */
  #rest = 0

  #fileHead: Buffer = FILE_HEAD
  #script: Buffer = NO_HEADER
  readonly #setups = new Map<string, Buffer>()
  #header: Buffer | undefined
  #metadata: AmfObject = new Map()
  readonly #tracks = new Map<string, Track>()
  #expectsVideo = false
  #audioRun = 0
  #bytesWithoutSync = 0

  get tracks(): readonly Track[] {
    return [...this.#tracks.values()]
  }

  get skipped(): number {
    return this.#skipped
  }

  get comments(): Readonly<Record<string, string>> {
    return this.#comments
  }

  push(chunk: Buffer): Frame[] {
    const frames: Frame[] = []
    this.#reader.push(chunk)
    while (this.#step(frames, false));
    return frames
  }

  end(): Frame[] {
    const frames: Frame[] = []
    while (this.#step(frames, true));
    this.#skip(this.#reader.length)
    return frames
  }

  // One step: a frame, a piece of one, or some bytes skipped. False when more bytes are needed.
  #step(frames: Frame[], ended: boolean): boolean {
    const { length } = this.#reader
    if (length < this.#need && !ended) return false
    if (this.#rest > 0) return this.#takePiece(frames, false)
    if (length < LOOK) return this.#await(LOOK)
    if (this.#lost) this.#search()
    const head = this.#reader.peek(LOOK)
    if (head === undefined) return this.#await(LOOK)
    const fileHead = fileHeadSize(head)
    if (fileHead > 0) {
      const bytes = this.#reader.peek(fileHead)
      if (bytes === undefined) return ended ? this.#lose() : this.#await(fileHead)
      return bytes.readUInt32BE(fileHead - 4) === 0 ? this.#takeFileHead(frames, fileHead) : this.#lose()
    }
    if (!isFlvTag(head, 0)) return this.#lose()

    const size = FLV_TAG_HEAD + flvDataSize(head, 0)
    if (this.#lost && size + 4 > MAX_TAG_WHEN_LOST) return this.#lose()
    if (size + 4 > MAX_FRAME_SIZE) {
      const bytes = this.#reader.peek(MAX_FRAME_SIZE)
      if (bytes === undefined) return ended ? this.#lose() : this.#await(MAX_FRAME_SIZE)
      // Either the size is damaged, and then good tags stand where its data should be, or the tag is that large.
      if (holdsTag(bytes)) return this.#lose()
      this.#rest = size + 4
      return this.#takePiece(frames, true)
    }
    const bytes = this.#reader.peek(size + 4)
    if (bytes === undefined) return ended ? this.#lose() : this.#await(size + 4)
    if (bytes.readUInt32BE(size) !== size) {
      // Some writers have that number wrong: then the next tag must stand where this one says that it ends.
      const more = this.#reader.peek(size + 4 + LOOK)
      if (more === undefined) return ended ? this.#lose() : this.#await(size + 4 + LOOK)
      const next = more.subarray(size + 4)
      if (!isFlvTag(next, 0) && fileHeadSize(next) === 0) return this.#lose()
    }
    this.#lost = false
    this.#takeTag(frames, this.#take(size + 4))
    return true
  }

  #await(size: number): false {
    this.#need = size
    return false
  }

  #take(size: number): Buffer {
    this.#need = LOOK
    return this.#reader.take(size)!
  }

  #skip(size: number): void {
    this.#need = LOOK
    this.#reader.skip(size)
    this.#skipped += size
  }

  #lose(): true {
    this.#lost = true
    this.#skip(1)
    return true
  }

  // Skips to where a tag or a file header may begin.
  #search(): void {
    const bytes = this.#reader.peekAll()
    const end = bytes.length - LOOK
    let at = 0
    while (at <= end && !isFlvTag(bytes, at) && (bytes[at] !== 0x46 || fileHeadSize(bytes.subarray(at, at + LOOK)) === 0)) at++
    if (at > 0) this.#skip(at)
  }

  #takeFileHead(frames: Frame[], size: number): true {
    const bytes = this.#take(size)
    this.#lost = false
    this.#fileHead = Buffer.from(bytes)
    this.#script = NO_HEADER
    this.#setups.clear()
    this.#tracks.clear()
    this.#header = undefined
    this.#metadata = new Map()
    this.#expectsVideo = (bytes[4]! & 1) !== 0
    this.#audioRun = 0
    frames.push({ bytes, sync: false, header: NO_HEADER })
    return true
  }

  #takePiece(frames: Frame[], isFirst: boolean): boolean {
    const size = Math.min(this.#rest, MAX_FRAME_SIZE)
    if (this.#reader.length < size) return this.#await(size)
    this.#rest -= size
    const bytes = this.#take(size)
    if (isFirst) this.#takeTag(frames, bytes)
    else frames.push({ bytes, sync: false, header: NO_HEADER })
    return true
  }

  // Takes a tag, or the first piece of one.
  #takeTag(frames: Frame[], bytes: Buffer): void {
    const sync = bytes[0] === FLV_TAG.script ? this.#readScript(bytes) : this.#readMedia(bytes)
    this.#bytesWithoutSync = sync ? 0 : this.#bytesWithoutSync + bytes.length
    if (sync) this.#header ??= Buffer.concat([this.#fileHead, this.#script, ...this.#setups.values()])
    frames.push({ bytes, sync, header: sync ? this.#header! : NO_HEADER })
  }

  #readScript(tag: Buffer): false {
    if (tag.length > MAX_SETUP_SIZE) return false
    const values = readAmf(tag.subarray(FLV_TAG_HEAD, -4))
    // Some encoders leave RTMP's own command before it.
    if (values[0] === '@setDataFrame') values.shift()
    if (values[0] !== 'onMetaData') return false
    const [, metadata] = values
    this.#script = Buffer.from(tag)
    this.#header = undefined
    this.#metadata = metadata instanceof Map ? metadata : new Map()
    const title = this.#metadata.get('title')
    if (typeof title === 'string' && title !== '') this.#comments = { title }
    return false
  }

  // Returns whether a listener may start here.
  #readMedia(tag: Buffer): boolean {
    const media = readFlvMedia(tag)
    const isVideo = (tag[0]! & 31) === FLV_TAG.video
    if (isVideo) {
      this.#expectsVideo = true
      this.#audioRun = 0
    } else this.#audioRun++
    if (media === undefined) return false
    const name = `${media.kind} ${media.track}`
    if (media.setup !== undefined) {
      const key = `${name} ${media.setup}`
      if (tag.length <= MAX_SETUP_SIZE && (this.#setups.has(key) || this.#setups.size < MAX_SETUPS)) {
        this.#setups.set(key, Buffer.from(tag))
        this.#header = undefined
      }
    }
    if (media.setup === 'sequence' || (!this.#tracks.has(name) && this.#tracks.size < MAX_SETUPS))
      this.#tracks.set(name, flvTrack(media, tag[FLV_TAG_HEAD]!, this.#metadata))
    if (media.setup !== undefined) return false
    if (isVideo) return media.key || this.#bytesWithoutSync >= MAX_BYTES_WITHOUT_SYNC
    return !this.#expectsVideo || this.#audioRun > AUDIO_RUN
  }
}

// Whether a whole tag that its own size confirms begins somewhere behind the first byte.
function holdsTag(bytes: Buffer): boolean {
  for (let at = 1; at + LOOK <= bytes.length; at++) {
    if (!isFlvTag(bytes, at)) continue
    const size = FLV_TAG_HEAD + flvDataSize(bytes, at)
    if (at + size + 4 <= bytes.length && bytes.readUInt32BE(at + size) === size) return true
  }
  return false
}
