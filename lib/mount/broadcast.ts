import type { Clock } from '../clock.js'
import type { FormatName, Frame } from '../formats/frame.js'
import type { MediaTrack } from '../formats/packet.js'
import { Feed } from '../media/feed.js'
import { Presentation } from '../media/presentation.js'
import type { MountSettings } from '../options.js'
import { type Form, FORMS, formTracks, type InstantOwner, InstantStream } from './instant.js'

/** What a {@link Broadcast} needs of its mount. */
export interface BroadcastOwner extends InstantOwner {
  /** Hears that something is not as it should be, in one sentence that says what to do. */
  warn(sentence: string): void
}

/** Milliseconds that a form is kept ready after its last listener has gone. */
const LINGER = 10_000

/** A mount as browsers and radios get it: its packets cut into segments, and as endless streams of other forms. */
export class Broadcast {
  /** Its segments; `undefined` where neither HLS nor DASH is wanted. */
  readonly presentation: Presentation | undefined
  readonly #feed: Feed
  readonly #owner: BroadcastOwner
  readonly #clock: Clock
  readonly #streams = new Map<Form, InstantStream>()
  /** What ends the streams that nobody listens to. */
  readonly #lingers = new Map<InstantStream, () => void>()
  #format: FormatName | undefined
  #warned = false
  /** The settings that it was made for. */
  readonly #made: string

  constructor(owner: BroadcastOwner, clock: Clock) {
    this.#owner = owner
    this.#clock = clock
    this.#feed = new Feed(clock.now())
    const { hls, dash } = owner.settings
    this.#made = JSON.stringify({ hls, dash })
    if (!hls.enabled && !dash) return
    const settings = {
      segmentDuration: hls.segmentDuration,
      partDuration: hls.lowLatency ? hls.partDuration : undefined,
      segmentCount: hls.segmentCount,
      maxSize: hls.maxSize,
    }
    this.presentation = new Presentation({ keyless: (seconds) => this.#keyless(seconds) }, settings, this.#feed.timeline.origin, clock)
    this.#feed.attach(this.presentation)
  }

  /** The streams that are being made, by form. */
  get streams(): ReadonlyMap<Form, InstantStream> {
    return this.#streams
  }

  /** The forms in which it can be had now, each with the tracks that it carries. */
  get forms(): ReadonlyMap<Form, readonly MediaTrack[]> {
    const { period } = this.#feed.timeline
    if (!this.#owner.settings.instant || this.#format === undefined || period === undefined) return new Map()
    const forms = FORMS.map((form) => [form, formTracks(form, period)] as const)
    return new Map(forms.filter(([, tracks]) => tracks.length > 0))
  }

  /** Whether it is what these settings ask for. */
  fits({ hls, dash }: MountSettings): boolean {
    return JSON.stringify({ hls, dash }) === this.#made
  }

  /** Takes the next frames of the source, once their format is known. */
  push(format: FormatName, frames: readonly Frame[], video: boolean): void {
    const now = this.#clock.now()
    if (format !== this.#format) {
      this.#format = format
      this.#feed.start(format)
    }
    this.#feed.push(frames, now, video)
  }

  /** Says what plays from now on. */
  tell(title: string): void {
    this.presentation?.tell(title, this.#feed.timeline.end)
  }

  /** Says that another source has taken over: its stream begins anew, for the same listeners. */
  restart(): void {
    this.#format = undefined
    this.#warned = false
  }

  /** Says that the source has gone; another may come. */
  end(): void {
    this.restart()
    this.#feed.end(this.#clock.now())
    this.presentation?.end()
    for (const stream of this.#streams.values()) this.#drop(stream)
  }

  /** The stream in a form, which is made for the first who asks; `undefined` where the source's tracks have no such form. */
  stream(form: Form): InstantStream | undefined {
    const found = this.#streams.get(form)
    if (found !== undefined) return found
    if (!this.forms.has(form)) return undefined
    const stream = new InstantStream(form, this.#owner, this.#clock)
    this.#streams.set(form, stream)
    this.#feed.attach(stream)
    stream.onIdle = () => this.#linger(stream)
    stream.onEnd = () => this.#drop(stream)
    // Whoever has asked may not come.
    this.#linger(stream)
    return stream
  }

  // Only the last time that someone goes counts.
  #linger(stream: InstantStream): void {
    this.#lingers.get(stream)?.()
    this.#lingers.set(
      stream,
      this.#clock.after(LINGER, () => {
        if (stream.audience === 0) this.#drop(stream)
      }),
    )
  }

  #drop(stream: InstantStream): void {
    if (this.#streams.get(stream.form) !== stream) return
    this.#lingers.get(stream)?.()
    this.#lingers.delete(stream)
    this.#streams.delete(stream.form)
    this.#feed.detach(stream)
    stream.close()
  }

  #keyless(seconds: number): void {
    if (this.#warned) return
    this.#warned = true
    const { segmentDuration } = this.#owner.settings.hls
    const apart = Number.isFinite(seconds) ? `come ${Math.round(seconds * 10) / 10} s apart` : 'do not come'
    this.#owner.warn(
      `The source's key frames ${apart}, but segments are ${segmentDuration} s long: set the encoder's keyframe interval to ${segmentDuration} s, or players start slowly`,
    )
  }
}
