import { Reader } from '../bytes/reader.js'
import { ID3_HEADER_SIZE, id3Size, readId3 } from '../codecs/id3.js'
import { MAX_FRAME_SIZE, NO_HEADER, type Frame } from './frame.js'
import { isContainer } from './magic.js'

/** What {@link FrameSync} must know of a format whose frames each begin with a short header that tells their size. */
export interface FrameRules<H extends { readonly frameSize: number }> {
  /** Bytes of a header, at most 10. */
  readonly headerSize: number
  /** The header at an offset, or `undefined` where none is. */
  readonly read: (bytes: Buffer, at: number) => H | undefined
  /** Whether two headers can belong to one stream. */
  readonly agree: (a: H, b: H) => boolean
}

/**
 * Cuts a stream of frames that follow each other without a gap, each behind its own header, with ID3 tags between them.
 * In sync a frame is given as soon as its bytes are there; to get into sync, several headers in a row must agree, because
 * a header's bits also come up by chance. Every decision waits for the same bytes, so chunks make no difference.
 */
export class FrameSync<H extends { readonly frameSize: number }> {
  readonly #rules: FrameRules<H>
  readonly #onFrame: (bytes: Buffer, header: H) => boolean
  readonly #reader = new Reader()
  #ended = false
  // The header of the newest frame; undefined out of sync.
  #current: H | undefined
  // How many headers must agree to get into sync.
  #needed = AT_START
  #skipped = 0
  #tagLeft = 0
  #tagBegins = false
  #comments: Readonly<Record<string, string>> = {}

  /** @param onFrame called with every frame before it is given; says whether a listener may start there */
  constructor(rules: FrameRules<H>, onFrame: (bytes: Buffer, header: H) => boolean) {
    this.#rules = rules
    this.#onFrame = onFrame
  }

  /** Bytes left out so far. */
  get skipped(): number {
    return this.#skipped
  }

  /** The texts of the newest ID3 tag. */
  get comments(): Readonly<Record<string, string>> {
    return this.#comments
  }

  /** Takes bytes and gives the frames that they complete. */
  push(chunk: Buffer): Frame[] {
    this.#reader.push(chunk)
    return this.#run()
  }

  /** Gives what is whole, and counts the rest as skipped. */
  end(): Frame[] {
    this.#ended = true
    const frames = this.#run()
    this.#skip(this.#reader.length)
    return frames
  }

  #run(): Frame[] {
    const frames: Frame[] = []
    while (this.#tagLeft > 0 ? this.#passTag(frames) : this.#current === undefined ? this.#hunt() : this.#cut(this.#current, frames));
    return frames
  }

  // Each of these three returns whether there may be more to do with the bytes that are there.

  #passTag(frames: Frame[]): boolean {
    const bytes = this.#reader.take(Math.min(this.#tagLeft, MAX_FRAME_SIZE))
    if (bytes === undefined) return false
    this.#tagLeft -= bytes.length
    frames.push({ bytes, sync: false, header: NO_HEADER })
    if (this.#tagBegins) {
      this.#tagBegins = false
      const texts = readId3(bytes)
      if (Object.keys(texts).length > 0) this.#comments = texts
    }
    return true
  }

  #cut(current: H, frames: Frame[]): boolean {
    // All headers, tags and magic words fit into these; no frame is shorter, save the last.
    const head = this.#look(ID3_HEADER_SIZE)
    if (head === undefined) return false
    const header = this.#rules.read(head, 0)
    if (header === undefined) {
      if (this.#beginTag(head, 0)) return true
      return this.#lose()
    }
    if (!this.#rules.agree(current, header)) {
      // Another rate or mode: true when the header after it says the same.
      const bytes = this.#look(header.frameSize + this.#rules.headerSize)
      if (bytes === undefined) return false
      const verdict = judge(this.#rules, bytes, 0, 2, this.#ended)
      if (verdict !== true) return this.#lose()
    }
    const bytes = this.#reader.take(header.frameSize)
    // Cut off by the end of the stream, or a damaged size: whole frames may still stand behind the header.
    if (bytes === undefined) return this.#ended && this.#lose()
    this.#current = header
    frames.push({ bytes, sync: this.#onFrame(bytes, header), header: NO_HEADER })
    return true
  }

  #hunt(): boolean {
    const bytes = this.#reader.peekAll()
    for (let at = 0; at < bytes.length; at++) {
      if (bytes[at] === 0xff) {
        const verdict = judge(this.#rules, bytes, at, this.#needed, this.#ended)
        if (verdict !== false) {
          this.#skip(at)
          if (verdict === undefined) return false
          this.#current = this.#rules.read(bytes, at)
          this.#needed = AFTER_LOSS
          return true
        }
      } else if (bytes[at] === 0x49 && couldBeTag(bytes, at)) {
        if (at + ID3_HEADER_SIZE > bytes.length && !this.#ended) {
          this.#skip(at)
          return false
        }
        if (this.#beginTag(bytes, at)) return true
      }
      // What is skipped is no longer the start.
      this.#needed = AFTER_LOSS
    }
    this.#skip(bytes.length)
    return false
  }

  #beginTag(bytes: Buffer, at: number): boolean {
    const size = tagSize(bytes, at)
    if (size === undefined) return false
    this.#skip(at)
    this.#tagLeft = size
    this.#tagBegins = true
    if (this.#current === undefined) this.#needed = AT_START
    return true
  }

  #lose(): true {
    this.#current = undefined
    this.#needed = AFTER_LOSS
    return true
  }

  #skip(size: number): void {
    this.#reader.skip(size)
    this.#skipped += size
  }

  // So many bytes, or at the end of the stream those that are left.
  #look(size: number): Buffer | undefined {
    return this.#reader.peek(this.#ended ? Math.min(size, this.#reader.length) : size)
  }
}

/**
 * Says whether bytes surely are such a stream, for telling formats apart: at the start, or behind an ID3 tag, two headers must agree; further on
 * three, and the start must be no other format's, as MP4, Matroska and FLV hold the very same frames.
 * @param head the first bytes of the stream
 * @param window in how many bytes a first frame must begin
 * @returns `undefined` when more bytes are needed
 */
export function probeFrames<H extends { readonly frameSize: number }>(
  rules: FrameRules<H>,
  head: Buffer,
  window: number,
): boolean | undefined {
  const start = id3Size(head) ?? 0
  if (start >= head.length) return undefined
  const first = judge(rules, head, start, AT_START, false)
  if (first !== false) return first
  if (isContainer(head)) return false
  const end = start + window
  for (let at = head.indexOf(0xff, start + 1); at !== -1 && at < end; at = head.indexOf(0xff, at + 1)) {
    const verdict = judge(rules, head, at, AFTER_LOSS, false)
    if (verdict !== false) return verdict
  }
  return head.length >= end ? false : undefined
}

/** The most bytes of a stream that telling its format looks at, a few aside for the headers behind a tag. */
export const PROBE_SIZE = 60_000

const AT_START = 2
const AFTER_LOSS = 3
// Pictures make tags large; what is larger than this is damage.
const MAX_TAG_SIZE = 4 * MAX_FRAME_SIZE
const ID3V1_SIZE = 128

/** Whether as many headers as are needed follow each other from an offset on; `undefined` while too few bytes are there to tell. */
function judge<H extends { readonly frameSize: number }>(
  { headerSize, read, agree }: FrameRules<H>,
  bytes: Buffer,
  at: number,
  needed: number,
  ended: boolean,
): boolean | undefined {
  let before: H | undefined
  for (let found = 0; found < needed; found++) {
    if (at + headerSize > bytes.length) {
      if (!ended) return undefined
      // At the end of the stream, a frame that ends just there is as good as one with a header behind it.
      return found >= 2 || (found === 1 && at === bytes.length)
    }
    const header = read(bytes, at)
    if (header === undefined || (before !== undefined && !agree(before, header))) return false
    before = header
    at += header.frameSize
  }
  return true
}

function couldBeTag(bytes: Buffer, at: number): boolean {
  return (bytes[at + 1] ?? 0x44) === 0x44 && (bytes[at + 2] ?? 0x33) === 0x33
}

// An ID3v2 tag, or the 128 bytes of ID3v1 that stand at a file's end.
function tagSize(bytes: Buffer, at: number): number | undefined {
  if (bytes[at] === 0x54 && bytes[at + 1] === 0x41 && bytes[at + 2] === 0x47) return ID3V1_SIZE
  const size = id3Size(bytes, at)
  return size === undefined || size > MAX_TAG_SIZE ? undefined : size
}
