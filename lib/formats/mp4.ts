import { Reader } from '../bytes/reader.js'
import type { Demuxer, Frame, Track } from './frame.js'
import { MAX_FRAME_SIZE, NO_HEADER } from './frame.js'
import { readBoxHead } from './mp4-boxes.js'
import type { BoxHead } from './mp4-boxes.js'
import { hasAbsoluteOffsets, readFragment } from './mp4-fragment.js'
import type { Fragment } from './mp4-fragment.js'
import { readMovie, withoutSamples } from './mp4-movie.js'
import type { Movie, MovieTrack } from './mp4-movie.js'

/** The most bytes of small boxes that wait for the fragment that they belong to. */
const MAX_PREFIX_SIZE = 1_048_576
/** Seconds of media without a start after which a listener may start at any fragment: better a grey picture for a moment than none for ever. */
const LOCKOUT = 30
/** Key frames in the middle of fragments, with none at a start between them, after which such fragments count as starts. */
const LATE_KEYS = 2
/** What the search for a box looks at: its head, and the head of its first child or its brand. */
const LOOK_AHEAD = 16

const UNSTREAMABLE =
  'Nobody can join this MP4 once it has begun. Send fragmented MP4 (-movflags frag_keyframe+empty_moov+default_base_moof)'

/**
 * Whether a stream begins as MP4 (ISO/IEC 14496-12, QuickTime included).
 * @param head its first bytes, as many as there are, up to 64 KiB
 * @returns true or false once that is certain, `undefined` while more bytes are needed
 */
export function probeMp4(head: Buffer): boolean | undefined {
  for (let at = 0; ;) {
    const box = readBoxHead(head, at)
    if (box === undefined) return head.length - at < 8 || LIMITS.has(head.toString('latin1', at + 4, at + 8)) ? undefined : false
    if (box === null || !fits(box)) return false
    if (!VAGUE.has(box.type)) return true
    at += box.size
  }
}

/**
 * Cuts fragmented MP4 into frames: a fragment (`moof` and `mdat`, with the `styp`, `sidx`, `emsg`, `prft` and the like before them) is
 * one. A listener starts at a fragment that begins with a sync sample of the first video track; without video, at any.
 *
 * The header is `ftyp` and `moov`. An MP4 without fragments goes through as it is, but nobody can join: see {@link Mp4Demuxer.warning}.
 */
export class Mp4Demuxer implements Demuxer {
  /** Always `mp4`. */
  readonly format = 'mp4'
  readonly #reader = new Reader()
  #frames: Frame[] = []
  /** Bytes at the front of the reader that are read but wait for the fragment that they belong to. */
  #at = 0
  /** Whether a `moof` is among them, and then whether a listener may start there. */
  #fragment: { readonly sync: boolean } | undefined
  /** Bytes still to come of a box that is passed on in pieces. */
  #rest = 0
  #lost = false
  #skipped = 0
  /** Bytes passed on so far. */
  #passed = 0
  #warning: string | undefined

  #ftyp = NO_HEADER
  #header = NO_HEADER
  #movie: Movie = { tracks: [], fragmented: false, comments: {} }
  #lateKeys = 0
  /** Seconds of video since a listener could start. */
  #sinceSync = 0

  /** `video/mp4` or `audio/mp4`. */
  get contentType(): string {
    return this.#movie.tracks.length === 0 || this.#video !== undefined ? 'video/mp4' : 'audio/mp4'
  }

  /** The tracks of the `moov`. */
  get tracks(): readonly Track[] {
    return this.#movie.tracks.map((entry) => entry.track)
  }

  /** Bytes left out so far because they were damaged. */
  get skipped(): number {
    return this.#skipped
  }

  /** Title, artist and album of the `moov`. */
  get comments(): Readonly<Record<string, string>> {
    return this.#movie.comments
  }

  /** Says what to send instead when nobody can join this stream: it is not fragmented, or its fragments point to absolute offsets. */
  get warning(): string | undefined {
    return this.#warning
  }

  /** Takes the next bytes and gives the frames that they complete. */
  push(chunk: Buffer): Frame[] {
    this.#reader.push(chunk)
    while (this.#step());
    return this.#flush()
  }

  /** Says that no more bytes come; a box or fragment that is not whole is left out. */
  end(): Frame[] {
    if (this.#rest > 0) this.#emit(Math.min(this.#rest, this.#reader.length))
    this.#settle()
    this.#skip(this.#reader.length)
    return this.#flush()
  }

  #flush(): Frame[] {
    const frames = this.#frames
    this.#frames = []
    return frames
  }

  get #video(): MovieTrack | undefined {
    return this.#movie.tracks.find((entry) => entry.track.kind === 'video')
  }

  /** Reads one box; false when bytes are missing. */
  #step(): boolean {
    if (this.#rest > 0) return this.#passPiece()
    if (this.#lost) return this.#search()
    const view = this.#reader.peek(Math.min(this.#reader.length, this.#at + LOOK_AHEAD))!
    const head = readBoxHead(view, this.#at)
    if (head === undefined) return false
    if (head === null || !fits(head)) return this.#lose()
    switch (head.type) {
      case 'ftyp':
        return this.#whole(head, (bytes) => {
          this.#ftyp = Buffer.from(bytes)
        })
      case 'moov':
        if (head.size > MAX_FRAME_SIZE) this.#warning = UNSTREAMABLE
        else return this.#whole(head, (bytes) => this.#openMovie(bytes))
        break
      case 'moof':
        return this.#openFragment(head)
      case 'mdat':
        return this.#data(head)
    }
    if (!LIMITS.has(head.type)) return this.#unknown(head)
    return BEFORE_FRAGMENT.has(head.type) ? this.#hold(head) : this.#pass(head)
  }

  /** Waits for a whole box, reads it, and passes it on as a frame of its own. */
  #whole(head: BoxHead, read: (bytes: Buffer) => void): boolean {
    const bytes = this.#reader.peek(this.#at + head.size)?.subarray(this.#at)
    if (bytes === undefined) return false
    this.#emit(this.#at)
    read(bytes)
    this.#emit(head.size)
    return true
  }

  #openMovie(moov: Buffer): void {
    const body = moov.subarray(readBoxHead(moov)!.headSize)
    const movie = readMovie(body)
    this.#warning = movie.fragmented ? undefined : UNSTREAMABLE
    const header = movie.fragmented ? Buffer.concat([this.#ftyp, withoutSamples(moov)]) : NO_HEADER
    // Some encoders repeat ftyp and moov: nothing changes.
    if (header.length > 0 && header.equals(this.#header)) return
    this.#movie = movie
    this.#header = header
    this.#lateKeys = 0
    this.#sinceSync = 0
  }

  #openFragment(head: BoxHead): boolean {
    if (this.#fragment !== undefined) this.#emit(this.#at)
    const bytes = this.#reader.peek(this.#at + head.size)?.subarray(this.#at)
    if (bytes === undefined) return false
    const body = bytes.subarray(head.headSize)
    const absolute = hasAbsoluteOffsets(body)
    if (absolute) this.#warning = UNSTREAMABLE
    // Offsets from the start of the stream still hold for who gets the header and then everything that came after it.
    this.#fragment = { sync: this.#mayStart(body) && (!absolute || this.#passed === this.#header.length) }
    this.#at += head.size
    return true
  }

  #mayStart(moof: Buffer): boolean {
    if (this.#header.length === 0) return false
    const video = this.#video
    if (video === undefined) return true
    const fragment = readFragment(moof, video)
    if (fragment.samples === 0) return false
    if (video.track.frameRate === undefined) video.track = { ...video.track, frameRate: frameRate(fragment, video.timescale) }
    this.#sinceSync += video.timescale > 0 ? fragment.duration / video.timescale : 0
    if (fragment.startsWithKey) this.#lateKeys = 0
    else if (fragment.hasKey) this.#lateKeys++
    const sync = fragment.startsWithKey || (fragment.hasKey && this.#lateKeys > LATE_KEYS) || this.#sinceSync > LOCKOUT
    if (sync) this.#sinceSync = 0
    return sync
  }

  #data(head: BoxHead): boolean {
    const fragment = this.#fragment
    if (fragment === undefined) {
      if (this.#header.length === 0) this.#warning = UNSTREAMABLE
      return this.#pass(head)
    }
    if (head.size > MAX_DATA_SIZE) return this.#lose()
    const size = this.#at + head.size
    if (this.#reader.length < Math.min(size, MAX_FRAME_SIZE)) return false
    if (size <= MAX_FRAME_SIZE) this.#emit(size, fragment.sync)
    else {
      this.#rest = size
      this.#passPiece(fragment.sync)
    }
    return true
  }

  /** A box that belongs to the fragment after it. */
  #hold(head: BoxHead): boolean {
    if (this.#header.length === 0 || this.#at + head.size > MAX_PREFIX_SIZE + (this.#fragment ? MAX_FRAME_SIZE : 0)) return this.#pass(head)
    if (this.#reader.length < this.#at + head.size) return false
    this.#at += head.size
    return true
  }

  /** A box that no specification names is taken for one when a known one follows it; otherwise it is damage. */
  #unknown(head: BoxHead): boolean {
    const end = this.#at + head.size
    const next = this.#reader.peek(end + 8)
    if (next === undefined) return false
    return LIMITS.has(next.toString('latin1', end + 4, end + 8)) ? this.#hold(head) : this.#lose()
  }

  /** Passes on a box that needs no reading, in pieces when it is large. */
  #pass(head: BoxHead): boolean {
    this.#emit(this.#at)
    if (head.size > MAX_FRAME_SIZE) this.#rest = head.size
    else if (this.#reader.length < head.size) return false
    else this.#emit(head.size)
    return true
  }

  #passPiece(sync = false): boolean {
    const size = Math.min(this.#rest, MAX_FRAME_SIZE)
    if (this.#reader.length < size) return false
    this.#emit(size, sync)
    this.#rest -= size
    return true
  }

  /** Passes on the next `size` bytes as one frame; none when there are none. */
  #emit(size: number, sync = false): void {
    this.#at = 0
    this.#fragment = undefined
    this.#passed += size
    if (size > 0) this.#frames.push({ bytes: this.#reader.take(size)!, sync, header: this.#header })
  }

  /** Boxes that wait for a fragment that does not come are passed on; a `moof` without its data is worse than none. */
  #settle(): void {
    if (this.#fragment === undefined) this.#emit(this.#at)
    else this.#skip(this.#at)
    this.#at = 0
    this.#fragment = undefined
  }

  #lose(): true {
    this.#settle()
    this.#lost = true
    return true
  }

  /** Looks for the next `moof`, `styp` or `ftyp` whose beginning makes sense; the rest is left out. */
  #search(): boolean {
    const view = this.#reader.peekAll()
    const end = view.length - LOOK_AHEAD
    let at = 0
    for (; at <= end; at++) {
      if (makesSense(view, at)) {
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

function frameRate({ samples, duration, lastDuration }: Fragment, timescale: number): number | undefined {
  // The duration of the last sample of a fragment is often the muxer's guess.
  const rate = samples > 1 ? ((samples - 1) * timescale) / (duration - lastDuration) : timescale / duration
  return Number.isFinite(rate) && rate > 0 ? Math.round(rate * 1000) / 1000 : undefined
}

function fits({ type, size }: BoxHead): boolean {
  return size <= (LIMITS.get(type) ?? (/^[\w .©-]{4}$/.test(type) ? MAX_UNKNOWN_SIZE : 0))
}

function makesSense(bytes: Buffer, at: number): boolean {
  const type = bytes.readUInt32BE(at + 4)
  if (type !== MOOF && type !== STYP && type !== FTYP) return false
  const size = bytes.readUInt32BE(at)
  // The first box of a moof is an mfhd, which has 16 bytes (ISO/IEC 14496-12 clause 8.8.5).
  if (type === MOOF)
    return size >= 24 && size <= MAX_FRAME_SIZE && bytes.readUInt32BE(at + 8) === 16 && bytes.readUInt32BE(at + 12) === MFHD
  return size >= 16 && size <= LIMITS.get('ftyp')! && size % 4 === 0 && /^[\x20-\x7e]{4}$/.test(bytes.toString('latin1', at + 8, at + 12))
}

const MOOF = 0x6d6f6f66
const STYP = 0x73747970
const FTYP = 0x66747970
const MFHD = 0x6d666864

/** The most bytes of one fragment's data; more is taken for damage. */
const MAX_DATA_SIZE = 64 * MAX_FRAME_SIZE
/** The most bytes of a box of unknown type. */
const MAX_UNKNOWN_SIZE = 65_536

// The boxes of the top level and the size above which one is taken for damage.
const LIMITS: ReadonlyMap<string, number> = new Map([
  ['ftyp', 4096],
  ['styp', 4096],
  ['moov', 64 * MAX_FRAME_SIZE],
  ['moof', MAX_FRAME_SIZE],
  ['mdat', Infinity],
  ['sidx', MAX_FRAME_SIZE],
  ['ssix', MAX_FRAME_SIZE],
  ['emsg', MAX_FRAME_SIZE],
  ['prft', 64],
  ['free', 64 * MAX_FRAME_SIZE],
  ['skip', 64 * MAX_FRAME_SIZE],
  ['wide', 64],
  ['uuid', MAX_FRAME_SIZE],
  ['meta', 64 * MAX_FRAME_SIZE],
  ['udta', MAX_FRAME_SIZE],
  ['pdin', MAX_FRAME_SIZE],
  ['mfra', 16 * MAX_FRAME_SIZE],
])

// The boxes that travel with the fragment after them.
const BEFORE_FRAGMENT: ReadonlySet<string> = new Set(['styp', 'sidx', 'ssix', 'emsg', 'prft', 'free', 'skip', 'uuid'])

// The boxes that QuickTime or anything else may begin with: only the next one tells.
const VAGUE: ReadonlySet<string> = new Set(['free', 'skip', 'wide', 'uuid', 'pdin', 'meta', 'udta'])
