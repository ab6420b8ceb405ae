import { Reader } from '../bytes/reader.js'
import { ID, MAX_HEAD_SIZE, readElementHead, readElements, readString, readUnsigned, writeElement, writeElementHead } from './ebml.js'
import type { ElementHead } from './ebml.js'
import type { Demuxer, FormatName, Frame, Track } from './frame.js'
import { MAX_FRAME_SIZE, NO_HEADER } from './frame.js'
import { readBlock, readGroup } from './matroska-block.js'
import type { Block } from './matroska-block.js'
import { LEVEL_2, LIMITS, LOOK_AHEAD, makesSense } from './matroska-elements.js'
import { readTags } from './matroska-tags.js'
import { readKeyFrame, readTracks } from './matroska-tracks.js'
import type { MatroskaTrack } from './matroska-tracks.js'

/** The most bytes of Segment information, tracks, tags and chapters that go into the header of a stream. */
const MAX_HEADER_SIZE = 1_048_576
/** Tags and chapters above this stay out of the header: nobody needs them to play. */
const MAX_EXTRA_SIZE = 65_536
/** The most bytes of small elements that wait for the first block of a cluster. */
const MAX_PREFIX_SIZE = 65_536
/** Milliseconds of media between two sync frames of a stream without video, inside a cluster. */
const AUDIO_SYNC_INTERVAL = 500
/** Milliseconds of media without a key frame after which a listener may start at any cluster: better a grey picture for a moment than none for ever. */
const LOCKOUT = 30_000
/**
 * Whether a stream begins as WebM or Matroska.
 * @param head its first bytes, as many as there are, up to 64 KiB
 * @returns true or false once that is certain, `undefined` while more bytes are needed
 */
export function probeWebm(head: Buffer): boolean | undefined {
  if (!EBML_MAGIC.subarray(0, head.length).equals(head.subarray(0, 4))) return false
  const element = readElementHead(head)
  if (element === null || (element && element.size > LIMITS.get(ID.EBML)!)) return false
  if (!element || head.length < element.headSize + element.size) return undefined
  return ['webm', 'matroska', ''].includes(docType(head.subarray(element.headSize, element.headSize + element.size)))
}

/**
 * Cuts WebM and Matroska (RFC 9559) into frames: every block is one, together with the head of the cluster that it opens. A listener
 * starts at a key block of the first video track; without video, at a cluster, and inside long clusters every half second.
 *
 * The header is the EBML head, a Segment of unknown size, and what precedes the first cluster, without Duration, SeekHead, Cues,
 * attachments and padding. To start inside a cluster, the head of a cluster of unknown size with the Timestamp in force follows it.
 */
export class WebmDemuxer implements Demuxer {
  readonly #reader = new Reader()
  #frames: Frame[] = []
  /** Bytes at the front of the reader that are read but wait for the block that they belong to. */
  #at = 0
  /** Bytes still to come of an element that is passed on in pieces. */
  #rest = 0
  #lost = false
  #skipped = 0
  #format: FormatName = 'webm'
  #comments: Record<string, string> = {}
  #tracks: readonly MatroskaTrack[] = []

  #ebml = NO_HEADER
  #parts: Buffer[] = []
  #partsSize = 0
  /** The header, from the first cluster on. */
  #header = NO_HEADER
  #lastHeader = NO_HEADER
  #timestampScale = 1_000_000

  #inCluster = false
  #timestamp: number | undefined
  /** The header for a start inside the cluster in force, once one is needed. */
  #joined: Buffer | undefined
  #lastSync: number | undefined

  /** `webm` or `matroska`, by the DocType. */
  get format(): FormatName {
    return this.#format
  }

  /** `video/` or `audio/`, and `webm` or `x-matroska`. */
  get contentType(): string {
    const video = this.#tracks.length === 0 || this.#tracks.some((track) => track.track.kind === 'video')
    return `${video ? 'video' : 'audio'}/${this.#format === 'webm' ? 'webm' : 'x-matroska'}`
  }

  /** The entries of the Tracks element. */
  get tracks(): readonly Track[] {
    return this.#tracks.map((track) => track.track)
  }

  /** Bytes left out so far because they were damaged. */
  get skipped(): number {
    return this.#skipped
  }

  /** The Segment's title and the tags that concern the whole of it. */
  get comments(): Readonly<Record<string, string>> {
    return this.#comments
  }

  /** Takes the next bytes and gives the frames that they complete. */
  push(chunk: Buffer): Frame[] {
    this.#reader.push(chunk)
    while (this.#step());
    return this.#flush()
  }

  /** Says that no more bytes come; an element that is not whole is left out. */
  end(): Frame[] {
    if (this.#rest > 0) this.#emit(Math.min(this.#rest, this.#reader.length))
    this.#emit(this.#at)
    this.#skip(this.#reader.length)
    return this.#flush()
  }

  #flush(): Frame[] {
    const frames = this.#frames
    this.#frames = []
    return frames
  }

  /** Reads one element; false when bytes are missing. */
  #step(): boolean {
    if (this.#rest > 0) return this.#passPiece()
    if (this.#lost) return this.#search()
    const view = this.#reader.peek(Math.min(this.#reader.length, this.#at + 2 * MAX_HEAD_SIZE))!
    const head = readElementHead(view, this.#at)
    if (head === undefined) return false
    if (head === null || !this.#fits(head)) return this.#lose()
    switch (head.id) {
      case ID.EBML:
        return this.#whole(head, (body, bytes) => this.#openStream(body, bytes))
      case ID.Segment:
        return this.#openSegment(head)
      case ID.Cluster:
        return this.#openCluster(head)
      case ID.Info:
      case ID.Tracks:
      case ID.Tags:
      case ID.Chapters:
        if (head.size > MAX_HEADER_SIZE) break
        return this.#whole(head, (body, bytes) => this.#collect(head.id, body, bytes))
      case ID.SimpleBlock:
      case ID.BlockGroup:
        return this.#block(head, view)
    }
    if (LEVEL_2.has(head.id) || head.id === ID.Void || head.id === ID.Crc32) return this.#small(head)
    if (LIMITS.has(head.id)) {
      this.#inCluster = false
      return this.#pass(head)
    }
    return this.#unknown(head)
  }

  #fits({ id, size }: ElementHead): boolean {
    if (id === ID.Segment || id === ID.Cluster) return true
    if (size > (LIMITS.get(id) ?? MAX_PREFIX_SIZE) || (id === ID.SimpleBlock && size < 4)) return false
    return this.#inCluster || !LEVEL_2.has(id)
  }

  /** Waits for a whole element of level 0 or 1, reads it, and passes it on as a frame of its own. */
  #whole(head: ElementHead, read: (body: Buffer, bytes: Buffer) => void): boolean {
    const size = head.headSize + head.size
    const bytes = this.#reader.peek(this.#at + size)?.subarray(this.#at)
    if (bytes === undefined) return false
    this.#inCluster = false
    this.#emit(this.#at)
    read(bytes.subarray(head.headSize), bytes)
    this.#emit(size)
    return true
  }

  #openStream(body: Buffer, bytes: Buffer): void {
    this.#format = docType(body) === 'webm' ? 'webm' : 'matroska'
    this.#ebml = Buffer.from(bytes)
    this.#resetSegment()
    this.#comments = {}
  }

  #resetSegment(): void {
    this.#parts = []
    this.#partsSize = 0
    this.#header = NO_HEADER
    this.#tracks = []
    this.#timestampScale = 1_000_000
    this.#lastSync = undefined
  }

  #openSegment(head: ElementHead): boolean {
    this.#inCluster = false
    this.#emit(this.#at)
    this.#resetSegment()
    this.#emit(head.headSize)
    return true
  }

  #openCluster(head: ElementHead): boolean {
    this.#emit(this.#at)
    if (this.#header.length === 0 && this.#ebml.length > 0 && this.#tracks.length > 0) {
      // A listener gets an excerpt, so the size that the Segment states is not the one that it has.
      const header = Buffer.concat([this.#ebml, writeElementHead(ID.Segment, Infinity), ...this.#parts])
      this.#header = header.equals(this.#lastHeader) ? this.#lastHeader : header
      this.#lastHeader = this.#header
      this.#parts = []
    }
    this.#at = head.headSize
    this.#inCluster = true
    this.#timestamp = undefined
    this.#joined = undefined
    return true
  }

  #collect(id: number, body: Buffer, bytes: Buffer): void {
    let part: Buffer = bytes
    if (id === ID.Tracks && this.#tracks.length === 0) this.#tracks = readTracks(body)
    else if (id === ID.Tags) Object.assign(this.#comments, readTags(body))
    else if (id === ID.Info) part = this.#readInfo(body, bytes)
    const room = id === ID.Info || id === ID.Tracks ? MAX_HEADER_SIZE : MAX_EXTRA_SIZE
    if (this.#header.length > 0 || this.#partsSize + part.length > room) return
    this.#partsSize += part.length
    this.#parts.push(Buffer.from(part))
  }

  /** Reads the Info element and gives it back without Duration: a live stream has none, and a player would show or obey it. */
  #readInfo(body: Buffer, bytes: Buffer): Buffer {
    const kept: Buffer[] = []
    let duration = false
    for (const element of readElements(body)) {
      if (element.id === ID.TimestampScale) this.#timestampScale = readUnsigned(element.body) || 1_000_000
      else if (element.id === ID.Title) this.#comments['title'] = readString(element.body)
      if (element.id === ID.Duration) duration = true
      else if (element.id !== ID.Crc32) kept.push(element.bytes)
    }
    return duration ? writeElement(ID.Info, Buffer.concat(kept)) : bytes
  }

  /** An element that is neither block nor master: it waits for the block that follows when it opens a cluster. */
  #small(head: ElementHead): boolean {
    const size = head.headSize + head.size
    if (this.#at === 0 || this.#at + size > MAX_PREFIX_SIZE) {
      if (head.id !== ID.Timestamp) return this.#pass(head)
      this.#emit(this.#at)
    }
    const bytes = this.#reader.peek(this.#at + size)?.subarray(this.#at)
    if (bytes === undefined) return false
    if (head.id === ID.Timestamp) {
      const time = readUnsigned(bytes.subarray(head.headSize))
      this.#timestamp = Number.isNaN(time) ? undefined : time
      this.#joined = undefined
    }
    if (this.#at > 0) this.#at += size
    else this.#emit(size)
    return true
  }

  /** An element that no specification names is taken for one when a known one follows it; otherwise it is damage. */
  #unknown(head: ElementHead): boolean {
    const end = this.#at + head.headSize + head.size
    const next = this.#reader.peek(end + 4)?.subarray(end)
    if (next === undefined) return false
    const idSize = Math.clz32(next[0]!) - 23
    if (idSize > 4 || !LIMITS.has(next.readUIntBE(0, idSize))) return this.#lose()
    return this.#small(head)
  }

  #block(head: ElementHead, view: Buffer): boolean {
    const size = head.headSize + head.size
    const start = this.#at + head.headSize
    const whole = this.#at + size <= MAX_FRAME_SIZE
    if (head.id === ID.SimpleBlock) {
      const begin = readBlock(view.subarray(start))
      if (begin === undefined && view.length < start + Math.min(head.size, MAX_HEAD_SIZE)) return false
      if (begin === undefined || !this.#knows(begin.number)) return this.#lose()
    }
    const bytes = this.#reader.peek(whole ? this.#at + size : MAX_FRAME_SIZE)
    if (bytes === undefined) return false
    const block = head.id === ID.SimpleBlock ? readBlock(bytes.subarray(start)) : readGroup(bytes.subarray(start), whole)
    if (block === undefined || !this.#knows(block.number)) return this.#lose()
    const track = this.#tracks.find((entry) => entry.number === block.number)
    if (track !== undefined && block.key && !block.laced && whole) readKeyFrame(track, block.payload)

    const opens = this.#at > 0
    const sync = this.#mayStart(block, opens)
    const header = sync && !opens ? this.#joinedHeader() : this.#header
    if (whole) this.#emit(this.#at + size, sync, header)
    else {
      this.#rest = this.#at + size
      this.#passPiece(sync, header)
    }
    return true
  }

  #knows(number: number): boolean {
    return this.#tracks.length === 0 || this.#tracks.some((track) => track.number === number)
  }

  #mayStart(block: Block, opens: boolean): boolean {
    if (this.#header.length === 0 || this.#timestamp === undefined) return false
    const now = ((this.#timestamp + block.time) * this.#timestampScale) / 1e6
    const since = this.#lastSync === undefined || now < this.#lastSync ? Infinity : now - this.#lastSync
    const video = this.#tracks.find((track) => track.track.kind === 'video')
    let sync: boolean
    if (video === undefined) sync = opens || since >= AUDIO_SYNC_INTERVAL
    else {
      // The wait for a key frame counts from the first block.
      if (since === Infinity) this.#lastSync = now
      sync = (block.number === video.number && block.key) || (opens && since !== Infinity && since >= LOCKOUT)
    }
    if (sync) this.#lastSync = now
    return sync
  }

  /** A cluster of unknown size ends where the next begins, so it may stand in for one of which only the rest follows. */
  #joinedHeader(): Buffer {
    if (this.#joined === undefined) {
      const time = Buffer.alloc(8)
      time.writeBigUInt64BE(BigInt(this.#timestamp!))
      this.#joined = Buffer.concat([this.#header, writeElementHead(ID.Cluster, Infinity), writeElement(ID.Timestamp, time)])
    }
    return this.#joined
  }

  /** Passes on an element that needs no reading, in pieces when it is large. */
  #pass(head: ElementHead): boolean {
    this.#emit(this.#at)
    const size = head.headSize + head.size
    if (size <= MAX_FRAME_SIZE) {
      if (this.#reader.length < size) return false
      this.#emit(size)
    } else this.#rest = size
    return true
  }

  #passPiece(sync = false, header = this.#header): boolean {
    const size = Math.min(this.#rest, MAX_FRAME_SIZE)
    if (this.#reader.length < size) return false
    this.#emit(size, sync, header)
    this.#rest -= size
    return true
  }

  /** Passes on the next `size` bytes as one frame; none when there are none. */
  #emit(size: number, sync = false, header = this.#header): void {
    this.#at = 0
    if (size > 0) this.#frames.push({ bytes: this.#reader.take(size)!, sync, header })
  }

  #lose(): true {
    this.#emit(this.#at)
    this.#inCluster = false
    this.#lost = true
    return true
  }

  /** Looks for the next cluster or EBML head whose beginning makes sense; the rest is left out. */
  #search(): boolean {
    const view = this.#reader.peekAll()
    const end = view.length - LOOK_AHEAD
    let at = 0
    for (; at <= end; at++) {
      const first = view[at]
      if ((first === 0x1f || first === 0x1a) && makesSense(view.subarray(at, at + LOOK_AHEAD))) {
        this.#lost = false
        break
      }
    }
    this.#skip(at)
    return !this.#lost
  }

  #skip(size: number): void {
    this.#skipped += size
    this.#reader.skip(size)
  }
}

function docType(body: Buffer): string {
  for (const element of readElements(body)) if (element.id === ID.DocType) return readString(element.body)
  return ''
}

const EBML_MAGIC = Buffer.from('1a45dfa3', 'hex')
