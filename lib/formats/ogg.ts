import { Reader } from '../bytes/reader.js'
import { NO_HEADER, type Demuxer, type Frame, type Track } from './frame.js'
import { isContainer } from './magic.js'
import { PAGE_HEADER_SIZE, pagePackets, pageSize, readPage, writePage, type Page } from './ogg-page.js'
import { OggStream } from './ogg-stream.js'

/**
 * Cuts Ogg into its pages, each a frame, and checks their CRC. A listener may start at a page that begins a packet, or, with Theora or VP8, a
 * key frame. The header for newcomers is the pages with the codecs' header packets; a page that holds data behind them goes in without it.
 *
 * In a chained stream every new chain brings its own header, tracks and comments; all are replaced at once, when the new header is complete.
 */
export class OggDemuxer implements Demuxer {
  readonly format = 'ogg'
  readonly #reader = new Reader()
  #ended = false
  #skipped = 0
  #tracks: readonly Track[] = []
  #comments: Readonly<Record<string, string>> = {}

  #streams = new Map<number, OggStream>()
  // BOS pages, then the other header pages, then data. In `lost` there is no header: before the first BOS page, or when a header is damaged.
  #phase: 'lost' | 'bos' | 'headers' | 'data' = 'lost'
  #headerPages: { serial: number; bytes: Buffer }[] = []
  #header = NO_HEADER
  // Pages of data before the last header page: a muxer's fault, or a header that never comes.
  #early = 0
  // Pages at which one could start for want of better, since the last sync frame.
  #passed = 0
  // The streams of which one must give the sync frame: those with video, else those with audio, else all.
  #leading: ReadonlySet<number> = new Set()

  /** `video/ogg` once a video track is there, else `audio/ogg`. */
  get contentType(): string {
    return this.#tracks.some(({ kind }) => kind === 'video') ? 'video/ogg' : 'audio/ogg'
  }

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
    this.#skip(this.#reader.length)
    return frames
  }

  #run(): Frame[] {
    const frames: Frame[] = []
    for (let bytes = this.#nextPage(); bytes !== undefined; bytes = this.#nextPage()) {
      const page = readPage(bytes)
      if (page === undefined) {
        // The CRC does not hold: the next page may begin anywhere behind the first byte.
        this.#skip(1)
        continue
      }
      this.#reader.skip(bytes.length)
      frames.push(this.#take(page, bytes))
    }
    return frames
  }

  // All the bytes of what looks like a page, not yet taken.
  #nextPage(): Buffer | undefined {
    for (;;) {
      const start = this.#reader.peek(4)
      if (start === undefined) return undefined
      if (start.readUInt32BE(0) === CAPTURE_PATTERN) {
        const head = this.#reader.peek(PAGE_HEADER_SIZE)
        const table = head && this.#reader.peek(pageSize(head) === undefined ? PAGE_HEADER_SIZE : PAGE_HEADER_SIZE + head[26]!)
        const size = table && pageSize(table)
        const page = size === undefined ? undefined : this.#reader.peek(size)
        if (page !== undefined) return page
        // Not a page after all, or at the end of the stream one that is cut off; else the rest of it is to come.
        if (!this.#ended && (table === undefined || size !== undefined)) return undefined
      }
      const at = this.#reader.peekAll().indexOf('OggS', 1, 'latin1')
      this.#skip(at === -1 ? this.#reader.length - 3 : at)
    }
  }

  #take(page: Page, bytes: Buffer): Frame {
    if (page.bos) this.#open(page)
    const stream = this.#streams.get(page.serial)
    if (stream === undefined || this.#phase === 'lost') return { bytes, sync: false, header: NO_HEADER }
    if (this.#phase !== 'data' && this.#takeHeaders(stream, page, bytes)) return { bytes, sync: false, header: NO_HEADER }
    const sync = this.#phase === 'data' && this.#isSync(stream, page)
    return { bytes, sync, header: this.#header }
  }

  #open(page: Page): void {
    // RFC 3533 section 4: the BOS pages of grouped streams stand together, so one that stands elsewhere begins a new chain.
    if (this.#phase !== 'bos' || this.#streams.has(page.serial)) {
      this.#streams = new Map()
      this.#headerPages = []
      this.#header = NO_HEADER
      this.#early = 0
      this.#passed = 0
      this.#phase = 'bos'
    }
    this.#streams.set(page.serial, new OggStream(page))
    if (this.#streams.size > MAX_STREAMS) this.#lose()
  }

  // Whether the page belongs to the headers, in whole or in part.
  #takeHeaders(stream: OggStream, page: Page, bytes: Buffer): boolean {
    if (!page.bos) this.#phase = 'headers'
    const segments = stream.readHeaders(page)
    if (stream.state === 'damaged') {
      this.#drop(page.serial)
      this.#finish()
      return true
    }
    if (segments > 0 || page.lacing.length === 0) {
      this.#headerPages.push({ serial: page.serial, bytes: segments === page.lacing.length ? bytes : writeHead(page, segments) })
      if (this.#headerPages.reduce((sum, { bytes: { length } }) => sum + length, 0) > MAX_HEADER_SIZE) this.#lose()
      else this.#finish()
      return true
    }
    this.#early++
    this.#finish()
    return false
  }

  // Makes the header when all header packets are there.
  #finish(): void {
    if (this.#phase !== 'headers') return
    for (const [serial, stream] of this.#streams) {
      if (stream.state === 'done') continue
      // Data shows that open-ended headers are over, and much data that others never come.
      if (this.#early === 0 || (!stream.isOpenEnded && this.#early < MAX_EARLY)) return
      if (!stream.isOpenEnded) this.#drop(serial)
    }
    if (this.#streams.size === 0) return this.#lose()
    this.#phase = 'data'
    this.#header = Buffer.concat(this.#headerPages.map(({ bytes }) => bytes))
    this.#headerPages = []
    const streams = [...this.#streams]
    this.#tracks = streams.flatMap(([, { track }]) => track ?? [])
    this.#comments = Object.fromEntries(streams.flatMap(([, { comments }]) => Object.entries(comments)))
    const kind = (['video', 'audio'] as const).find((one) => this.#tracks.some((track) => track.kind === one))
    this.#leading = new Set(streams.filter(([, { track }]) => track?.kind === kind).map(([serial]) => serial))
  }

  #isSync(stream: OggStream, page: Page): boolean {
    if (!this.#leading.has(page.serial)) return false
    let order = 0
    for (const packet of pagePackets(page)) {
      if (packet.begins && packet.bytes.length > 0 && (stream.isKeyFrame?.(packet.bytes) ?? true)) {
        // A decoder can also start within a page: it leaves out what comes before. Do so where a muxer never begins a page rightly.
        if (order > 0 && ++this.#passed < MAX_PASSED) return false
        this.#passed = 0
        return true
      }
      order++
    }
    return false
  }

  #drop(serial: number): void {
    this.#streams.delete(serial)
    this.#headerPages = this.#headerPages.filter((page) => page.serial !== serial)
  }

  #lose(): void {
    this.#phase = 'lost'
    this.#streams = new Map()
    this.#headerPages = []
  }

  #skip(size: number): void {
    this.#reader.skip(size)
    this.#skipped += size
  }
}

/** Whether a stream that begins with these bytes is Ogg; `undefined` when more are needed. */
export function probeOgg(head: Buffer): boolean | undefined {
  for (let at = head.indexOf('OggS', 0, 'latin1'); at !== -1; at = head.indexOf('OggS', at + 1, 'latin1')) {
    const rest = head.subarray(at)
    if (rest.length < PAGE_HEADER_SIZE) return undefined
    const size = pageSize(rest)
    if (size === undefined) continue
    if (size > rest.length || rest.length < PAGE_HEADER_SIZE + rest[26]!) return undefined
    if (readPage(rest.subarray(0, size)) !== undefined) return true
  }
  if (isContainer(head)) return false
  // In the midst of a stream, the next page is seldom farther than this.
  return head.length < PROBE_SIZE ? undefined : false
}

// 'OggS'
const CAPTURE_PATTERN = 0x4f676753
const MAX_STREAMS = 32
const MAX_HEADER_SIZE = 1_048_576
const MAX_EARLY = 64
const MAX_PASSED = 4
const PROBE_SIZE = 8192

// A page with only its first segments, those of header packets. The stream that a newcomer gets goes on with the next page that begins a packet.
function writeHead(page: Page, segments: number): Buffer {
  const lacing = page.lacing.subarray(0, segments)
  const size = lacing.reduce((sum, length) => sum + length, 0)
  return writePage({ ...page, granule: 0n, eos: false, lacing, body: page.body.subarray(0, size) })
}
