import { randomBytes } from 'node:crypto'
import type { Clock } from '../clock.js'
import type { Packet } from '../formats/packet.js'
import { firstSegment, type Period } from './period.js'
import { NAME_TIMESCALE } from './names.js'
import type { MediaFolder } from './folder.js'
import type { RenditionId } from './rendition.js'
import { SegmentStore, type StoredFile } from './store.js'
import type { Part, PeriodWriters, Segment } from './segment.js'
import { Segmenter, type SegmenterOwner } from './segmenter.js'
import { type Title, titleEvent } from './title.js'
import { Waiting } from './waiting.js'

/** How a {@link Presentation} is cut and kept. */
export interface PresentationSettings {
  /** Seconds of a segment, a whole number: it never changes, for playlists promise it. */
  readonly segmentDuration: number
  /** Most seconds of a part; `undefined` for none. Another holds from the next period on. */
  readonly partDuration: number | undefined
  /** Segments that a playlist lists. */
  readonly segmentCount: number
  /** Most bytes of media that are kept in memory. */
  readonly maxSize: number
  /** Seconds that players may go back, by what is on disk; none when left out, or 0. */
  readonly dvr?: number
  /** Most bytes on disk; unlimited when left out. */
  readonly dvrSize?: number
}

/** A part, and where it is. */
export interface FoundPart {
  /** The part. */
  readonly part: Part
  /** Its segment. */
  readonly segment: Segment
}

/** What hears a {@link Presentation}. */
export interface PresentationOwner {
  /** A segment is whole. */
  complete?(segment: Segment): void
  /** The source's key frames come too rarely, this many seconds apart. */
  keyless?(seconds: number): void
  /** A segment could not be kept on disk; the reason is a part of a sentence. */
  lost?(reason: string): void
}

/** The most titles that are kept: in a short window, and in hours of it. */
const TITLES = 50
const DVR_TITLES = 1000
/**
 * Seconds that a segment stays on disk after it has left the playlist, for those who have an older one; where there is no room for so much, a
 * tenth of what there is.
 */
const MARGIN = 60
/** How much of what is there stays when the disk is full, and milliseconds after which more is tried. */
const SHRINK = 0.9
const CAUTION = 600_000

/** The last segments of a mount, of which playlists and manifests tell, and those who wait for the next. */
export class Presentation {
  /** What names begin with: nobody can guess it, and no two runs of a server have the same. */
  readonly run: string
  /** When its timeline is at 0, in milliseconds since 1970. */
  readonly origin: number
  #settings: PresentationSettings
  readonly #owner: PresentationOwner
  readonly #clock: Clock
  readonly #segmenter: Segmenter
  readonly #store: SegmentStore | undefined
  #segments: Segment[] = []
  /** How many of them have left memory. */
  #released = 0
  /** The most that there may be until some time, because the disk was full. */
  #room = { size: Infinity, until: -Infinity }
  /** Whether what is on disk ends for want of room. */
  #short = false
  #window: { version: number; count: number; segments: readonly Segment[] } | undefined
  #period: Period | undefined
  #partDuration: number | undefined
  #live = false
  #version = 0
  readonly #waiting: Waiting
  #titles: Title[] = []

  /**
   * @param origin when its timeline is at 0, in milliseconds since 1970
   * @param folder where segments are kept on disk, if players may go back
   */
  constructor(owner: PresentationOwner, settings: PresentationSettings, origin: number, clock: Clock, folder?: MediaFolder) {
    this.#owner = owner
    this.#settings = settings
    this.run = randomBytes(9).toString('base64url').replaceAll(/[-_]/g, 'x')
    this.origin = origin
    this.#clock = clock
    this.#waiting = new Waiting(clock, () => 3000 * this.settings.segmentDuration)
    const { segmentDuration, partDuration, maxSize, dvr = 0 } = settings
    if (folder !== undefined && dvr > 0) this.#store = new SegmentStore(folder, this.run, this.#lose)
    this.#segmenter = new Segmenter(
      this.#cutter,
      { segment: segmentDuration, part: partDuration, size: Math.floor(maxSize / 4) },
      { sequence: firstSegment(clock.now()), part: 0 },
    )
  }

  /** How it is cut and kept. */
  get settings(): PresentationSettings {
    return this.#settings
  }

  /** Most seconds of a part in the period in force; `undefined` where parts are not told of. */
  get partDuration(): number | undefined {
    return this.#period === undefined ? this.#settings.partDuration : this.#partDuration
  }

  /**
   * Keeps more or less from now on, and cuts the next period into other parts. The duration of segments stays, and nothing is kept on disk where
   * nothing has been from the start.
   */
  configure(settings: Omit<PresentationSettings, 'segmentDuration'>): void {
    const { segmentDuration } = this.#settings
    this.#settings = { ...settings, segmentDuration }
    this.#segmenter.part = settings.partDuration
    this.#changed()
  }

  /** The segments that are kept, oldest first; the last may be growing. */
  get segments(): readonly Segment[] {
    return this.#segments
  }

  /** The segments that playlists list: the last {@link PresentationSettings.segmentCount}, or those of the time that players may go back, and the one that grows. */
  get window(): readonly Segment[] {
    const known = this.#window
    const count = this.#segments.length
    if (known?.version === this.#version && known.count === count) return known.segments
    const segments = this.#segments.slice(this.#windowStart())
    this.#window = { version: this.#version, count, segments }
    return segments
  }

  /** The last segments of the window that are all there: those behind the last that the disk has not taken. */
  get unbroken(): readonly Segment[] {
    const { window } = this
    return window.slice(window.findLastIndex(({ isThere }) => !isThere) + 1)
  }

  /** How far back players can go, in seconds, where that long has passed. */
  get depth(): number {
    const { segmentCount, segmentDuration } = this.settings
    const least = segmentDuration * segmentCount
    if (this.#store === undefined) return least
    const { unbroken } = this
    const [first] = unbroken
    const isShort = this.#short || first?.sequence !== this.window[0]?.sequence
    return Math.max(least, isShort && first !== undefined ? Math.min(this.dvr, this.#end - first.start) : this.dvr)
  }

  /** Seconds that players may go back, as the settings have it; 0 where nothing is on disk. */
  get dvr(): number {
    return this.#store === undefined ? 0 : (this.settings.dvr ?? 0)
  }

  /** The period in force. */
  get period(): Period | undefined {
    return this.#period
  }

  /** Whether a source feeds it. */
  get live(): boolean {
    return this.#live
  }

  /** The number that the next part gets. */
  get nextPart(): number {
    return this.#segmenter.nextPart
  }

  /** The number that the next segment gets. */
  get nextSequence(): number {
    return this.#segmenter.nextSequence
  }

  /** Another number whenever anything has changed. */
  get version(): number {
    return this.#version
  }

  /** What has played in the window, oldest first. */
  get titles(): readonly Title[] {
    return this.#titles
  }

  /** A segment that is kept, by its sequence number. */
  segment(sequence: number): Segment | undefined {
    const first = this.#segments[0]
    return first && this.#segments[sequence - first.sequence]
  }

  /** A segment that is kept, by when it begins: in ticks of {@link NAME_TIMESCALE}. */
  segmentAt(time: number): Segment | undefined {
    return this.#segments.findLast(({ start }) => Math.round(start * NAME_TIMESCALE) === time)
  }

  /** The writers of a period of which there are segments. */
  writersOf(period: number): PeriodWriters | undefined {
    return this.#segments.findLast(({ writers }) => writers.period.number === period)?.writers
  }

  /** A part that is kept, by its number, and its segment. */
  findPart(number: number): FoundPart | undefined {
    for (let i = this.#segments.length - 1; i >= 0; i--) {
      const segment = this.#segments[i]!
      const first = segment.parts[0]
      if (first === undefined || number < first.number) continue
      const part = segment.parts[number - first.number]
      return part && { part, segment }
    }
    return undefined
  }

  /** Begins a period: what is open ends. */
  begin(period: Period): void {
    this.#period = period
    this.#partDuration = this.#settings.partDuration
    this.#live = true
    this.#segmenter.begin(period)
    this.#changed()
  }

  /** Takes the next packet of the period that has begun last. */
  write(packet: Packet): void {
    this.#segmenter.write(packet)
  }

  /** Ends what is open: the source has gone. Nobody waits any longer. */
  end(): void {
    this.#live = false
    this.#segmenter.end()
    this.#changed()
    this.#waiting.end()
  }

  /**
   * The bytes of a segment that has left memory, in a rendition.
   * @throws Error of the disk
   */
  load(segment: Segment, id: RenditionId): Promise<Buffer> {
    return this.#store!.load(segment, id)
  }

  /**
   * Opens the main rendition of a segment that has left memory, where it is on disk as it is.
   * @throws Error of the disk
   */
  open(segment: Segment): Promise<StoredFile> {
    return this.#store!.open(segment)
  }

  /** Ends it for good: what it has on disk is removed. */
  close(): void {
    this.#store?.close()
  }

  /** Says what plays from now on, `time` in seconds of the mount's timeline. */
  tell(text: string, time: number): void {
    const last = this.#titles.at(-1)
    if (last?.text === text) return
    const title = { id: (last?.id ?? 0) + 1, text, start: time }
    this.#titles = [...this.#titles.slice(1 - (this.#store === undefined ? TITLES : DVR_TITLES)), title]
    this.#segmenter.tell(titleEvent(title))
    this.#changed()
  }

  /**
   * Waits for something to be there. All who give the same key wait together, at most three segments long.
   * @param ready whether it is there; asked whenever anything has changed
   * @param call told once whether it is: false when the wait has been too long, or the source has gone
   * @returns ends the wait, for one who has gone
   */
  wait(key: string, ready: () => boolean, call: (ready: boolean) => void): () => void {
    return this.#waiting.add(key, ready, call)
  }

  #changed(): void {
    this.#version++
    this.#waiting.look()
  }

  /** Where the last segment ends. */
  get #end(): number {
    const last = this.#segments.at(-1)
    return last === undefined ? 0 : last.start + last.duration
  }

  #windowStart(): number {
    const segments = this.#segments
    const growing = segments.at(-1)?.complete === false ? 1 : 0
    const least = Math.max(0, segments.length - this.settings.segmentCount - growing)
    const [first] = segments
    if (this.#store === undefined || first === undefined) return least
    const end = this.#end
    const margin = this.#short ? Math.min(MARGIN, (end - first.start) / 10) : 0
    const from = Math.max(end - this.dvr, first.start + margin)
    const index = segments.findIndex(({ start }) => start >= from - 1e-6)
    return index < 0 ? least : Math.min(index, least)
  }

  #trim(): void {
    const { segmentCount, maxSize } = this.settings
    const segments = this.#segments
    // What has left the playlist can be asked for by those who have an older one.
    let kept = segments.length
    let size = 0
    while (kept > this.#released && segments.length - kept < 2 * segmentCount + 1) {
      size += segments[kept - 1]!.memory
      if (size > maxSize && kept < segments.length) break
      kept--
    }
    for (let i = this.#released; i < kept; i++) {
      const segment = segments[i]!
      // What is still to be written stays.
      if (segment.released || (this.#store !== undefined && segment.file === undefined && !segment.lost)) continue
      segment.release()
    }
    while (segments[this.#released]?.released === true) this.#released++
    this.#forget(kept)
  }

  // What is old makes room for what is new.
  readonly #lose = (reason: string, isFull: boolean): void => {
    if (isFull) this.#room = { size: this.#store!.bytes * SHRINK, until: this.#clock.now() + CAUTION }
    this.#owner.lost?.(reason)
  }

  // Drops what nobody may ask for any more, of so many.
  #forget(count: number): void {
    const segments = this.#segments
    const oldest = this.#end - this.dvr - MARGIN
    const { dvrSize = Infinity } = this.settings
    const most = this.#clock.now() < this.#room.until ? Math.min(dvrSize, this.#room.size) : dvrSize
    let gone = 0
    for (; gone < count; gone++) {
      const segment = segments[gone]!
      const { file, released, lost } = segment
      const isYoung = segment.start + segment.duration > oldest
      const isLarge = this.#store !== undefined && this.#store.bytes > most
      if (this.#store !== undefined && isYoung && !lost && !(released && isLarge)) break
      this.#short = this.#store !== undefined && isYoung
      // The disk has hung all the time.
      if (file === undefined) segment.lost = true
      else this.#store!.remove(segment)
    }
    if (gone === 0) return
    this.#segments = segments.slice(gone)
    this.#released = Math.max(0, this.#released - gone)
    const { start } = this.#segments[0]!
    this.#titles = this.#titles.filter((_, i, all) => (all[i + 1]?.start ?? Infinity) > start)
  }

  readonly #cutter: SegmenterOwner = {
    open: (segment) => {
      this.#segments.push(segment)
    },
    part: () => {
      this.#trim()
      this.#changed()
    },
    complete: (segment) => {
      this.#store?.add(segment)
      this.#owner.complete?.(segment)
      this.#changed()
    },
    keyless: (seconds) => this.#owner.keyless?.(seconds),
  }
}
