import type { Clock } from '../clock.js'
import { type Frame, NO_HEADER } from '../formats/frame.js'
import type { StreamInfo } from '../icy/stream-info.js'
import type { Presentation } from '../media/presentation.js'
import { tracksOf } from '../media/rendition.js'
import type { Segment } from '../media/segment.js'
import type { MountSettings } from '../options/index.js'
import type { InstantOwner } from './instant.js'
import type { JoinPoint, Listener } from './listener.js'
import { Outlet } from './outlet.js'

/** Bytes that are read from the disk at a time. */
const PIECE = 262_144

/**
 * A mount's fragmented MP4 for one listener, from some time ago on: segment by segment, as fast as the listener takes them, and at the end each when
 * it is whole. No more of it is in memory than the listener is about to be given.
 */
export class Replay extends Outlet {
  readonly contentType: string
  readonly icy = false
  readonly ready = true
  /** Told when its listener has come. */
  onJoin: () => void = () => {}
  /** Told when its listener has gone. */
  onIdle: () => void = () => {}
  readonly #owner: InstantOwner
  readonly #presentation: Presentation
  #sequence: number
  #init: Buffer | undefined
  #busy = false
  #ended = false
  #cancel: (() => void) | undefined

  /** @param from the segment that it begins with, of a presentation whose main rendition is MP4 */
  constructor(presentation: Presentation, from: Segment, owner: InstantOwner, clock: Clock) {
    super(clock)
    this.#owner = owner
    this.#presentation = presentation
    this.#sequence = from.sequence
    const tracks = tracksOf(from.writers.period, 'main')
    const kind = tracks.some((track) => track.kind === 'video') ? 'video' : 'audio'
    this.contentType = `${kind}/mp4; codecs="${tracks.map(({ codecs }) => codecs).join()}"`
  }

  get settings(): MountSettings {
    return this.#owner.settings
  }

  get info(): StreamInfo {
    return this.#owner.info
  }

  get metadataBlock(): Buffer {
    return this.#owner.metadataBlock
  }

  override join(listener: Listener): void {
    super.join(listener)
    this.#start()
  }

  override joinPoint(): JoinPoint | undefined {
    return this.queue.syncs[0]
  }

  joined(listener: Listener): void {
    this.onJoin()
    this.#owner.formJoined(listener)
  }

  left(listener: Listener): void {
    this.onIdle()
    this.#owner.formLeft(listener)
    this.#end()
  }

  override flush(from: number, to: number): boolean {
    const hungry = super.flush(from, to)
    if (!hungry) this.#start()
    return hungry
  }

  // One thing after the other: nothing more is got before all is given.
  #start(): void {
    const [listener] = this.listeners
    if (this.#busy || this.#ended || this.#cancel !== undefined || listener === undefined || listener.lag > 0) return
    this.#busy = true
    this.#next().then(
      () => {
        this.#busy = false
        this.#start()
      },
      // What was to come has left the disk, or the disk has failed.
      () => this.#end(),
    )
  }

  async #next(): Promise<void> {
    const presentation = this.#presentation
    const segment = presentation.segment(this.#sequence)
    if (segment === undefined && this.#sequence < (presentation.segments[0]?.sequence ?? 0)) return this.#end()
    if (segment?.complete !== true) {
      if (presentation.live) this.#wait()
      else this.#end()
      return
    }
    this.#sequence++
    // Nothing to play: the disk has not taken it, or the source sends something else now.
    const writer = segment.writers.get('main')
    if (!segment.isThere || segment.isEmpty('main')) return
    if (writer?.container !== 'mp4') return this.#end()
    const init = writer.init!
    const begins = this.#init === undefined || !init.equals(this.#init)
    const isFirst = this.#init === undefined
    this.#init = init
    const header: Frame[] = isFirst ? [] : begins ? [{ bytes: init, sync: false, header: NO_HEADER }] : []
    if (!segment.released) {
      const [first, ...more] = segment.bytes('main').filter(({ length }) => length > 0)
      return this.#give([...header, { bytes: first!, sync: isFirst, header: init }, ...more.map(piece)])
    }
    const file = await presentation.open(segment)
    try {
      for (let at = 0; at < file.length && !this.#ended;) {
        const bytes = await file.read(at, PIECE)
        const frame = { bytes, sync: isFirst && at === 0, header: init }
        this.#give(at === 0 ? [...header, frame] : [frame])
        at += bytes.length
        await this.#taken()
      }
    } finally {
      file.close()
    }
  }

  #give(frames: readonly Frame[]): void {
    if (this.#ended) return
    this.queue.clear()
    this.queue.limit = frames.reduce((sum, { bytes }) => sum + bytes.length, 0)
    this.queue.push(frames, this.clock.now())
    // At once, for what is given next takes the place of this.
    if (super.flush(0, this.audience)) this.pulse.beat()
  }

  /** Settled when the listener has been given all, or is gone. */
  async #taken(): Promise<void> {
    while (!this.#ended && this.listeners.some(({ lag }) => lag > 0)) await this.#after(CATCH_UP)
  }

  #after(delay: number): Promise<void> {
    return new Promise((call) => this.clock.after(delay, call))
  }

  #wait(): void {
    const sequence = this.#sequence
    const presentation = this.#presentation
    this.#cancel = presentation.wait(
      `replay ${sequence}`,
      () => presentation.segment(sequence)?.complete === true,
      // Not there yet is no reason to give up, unless the source is gone: then there is no more.
      () => {
        this.#cancel = undefined
        this.clock.after(0, () => this.#start())
      },
    )
  }

  /** Ends it: its listener gets what is there. */
  close(): void {
    this.#end()
  }

  #end(): void {
    if (this.#ended) return
    this.#ended = true
    this.#cancel?.()
    this.finish()
  }
}

/** Milliseconds after which it is looked again whether the listener has been given all. */
const CATCH_UP = 20

const piece = (bytes: Buffer): Frame => ({ bytes, sync: false, header: NO_HEADER })
