import type { Clock } from '../clock.js'
import { FloecastError } from '../errors.js'
import type { FormatName, Frame } from '../formats/frame.js'
import type { MediaTrack } from '../formats/packet.js'
import { Feed } from '../media/feed.js'
import type { MediaFolder } from '../media/folder.js'
import type { Health } from '../media/health.js'
import { Presentation, type PresentationSettings } from '../media/presentation.js'
import type { MountSettings } from '../options/index.js'
import { type Form, FORMS, formTracks, type InstantOwner, InstantStream } from './instant.js'
import { Replay } from './replay.js'

/** What a {@link Broadcast} needs of its mount. */
export interface BroadcastOwner extends InstantOwner {
  /** Hears that something is not as it should be, in one sentence that says what to do. */
  warn(sentence: string): void
  /** Where segments may be kept on disk. */
  readonly folder?: MediaFolder | undefined
}

/** Milliseconds that a form is kept ready after its last listener has gone. */
const LINGER = 10_000
/** Milliseconds that segments are kept when neither HLS nor DASH is wanted any more: a switch may have been touched by mistake. */
const GRACE = 60_000

/** A mount as browsers and radios get it: its packets cut into segments, and as endless streams of other forms. */
export class Broadcast {
  #presentation: Presentation | undefined
  readonly #feed: Feed
  readonly #owner: BroadcastOwner
  readonly #clock: Clock
  readonly #streams = new Map<Form, InstantStream>()
  readonly #replays = new Set<Replay>()
  /** What ends the streams that nobody listens to. */
  readonly #lingers = new Map<InstantStream, () => void>()
  #format: FormatName | undefined
  #warned = false
  #lost = false
  /** Those of its settings that cannot change. */
  readonly #made: string
  #dropping: (() => void) | undefined

  constructor(owner: BroadcastOwner, clock: Clock) {
    this.#owner = owner
    this.#clock = clock
    this.#feed = new Feed(clock.now())
    this.#made = fixed(owner.settings)
    if (isCut(owner.settings)) this.#present()
  }

  /** Its segments; `undefined` where neither HLS nor DASH is wanted. */
  get presentation(): Presentation | undefined {
    return this.#presentation
  }

  /**
   * Does at once what the mount's settings ask for now. How long segments and parts are, and whether what is on disk is kept, is another only
   * from the next source on; see {@link Broadcast.fits}.
   */
  configure(): void {
    const { settings } = this.#owner
    const now = this.#clock.now()
    if (!settings.instant) {
      for (const stream of this.#streams.values()) this.#drop(stream)
      for (const replay of this.#replays) replay.close()
    }
    const presentation = this.#presentation
    if (!isCut(settings)) {
      if (presentation !== undefined) this.#dropping ??= this.#clock.after(GRACE, () => this.#absent())
      return
    }
    this.#dropping?.()
    this.#dropping = undefined
    if (presentation === undefined) return this.#present()
    const { partDuration } = presentation
    // The longest part was promised to players who have seen one.
    const wanted = settings.hls.lowLatency ? (partDuration ?? settings.hls.partDuration) : undefined
    presentation.configure({ ...presentationSettings(settings), partDuration: wanted })
    if (wanted !== partDuration) this.#feed.timeline.renew(now)
  }

  /** What is measured of the packets of its source. */
  get health(): Health {
    return this.#feed.health
  }

  /** The streams that are being made, by form. */
  get streams(): ReadonlyMap<Form, InstantStream> {
    return this.#streams
  }

  /** The streams of those who listen to what has been, one for each. */
  get replays(): ReadonlySet<Replay> {
    return this.#replays
  }

  /** The forms in which it can be had now, each with the tracks that it carries. */
  get forms(): ReadonlyMap<Form, readonly MediaTrack[]> {
    const { period } = this.#feed.timeline
    if (!this.#owner.settings.instant || this.#format === undefined || period === undefined) return new Map()
    const forms = FORMS.map((form) => [form, formTracks(form, period)] as const)
    return new Map(forms.filter(([, tracks]) => tracks.length > 0))
  }

  /** Whether it is what these settings ask for. */
  fits(settings: MountSettings): boolean {
    return fixed(settings) === this.#made && isCut(settings) === (this.#presentation !== undefined)
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
    this.#lost = false
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

  /** Ends it for good: another takes its place, or the mount is gone. */
  close(): void {
    this.#dropping?.()
    this.presentation?.close()
  }

  /**
   * Makes a stream for one who wants to begin some time ago.
   * @param seconds how long ago
   * @throws FloecastError NO_REPLAY, or NOT_YET when there is nothing whole so far
   */
  replay(form: Form | undefined, seconds: number): Replay {
    const { presentation } = this
    const refuse = (reason: string): never => {
      throw new FloecastError('NO_REPLAY', { seconds, reason })
    }
    if (form !== 'mp4') return refuse('only its MP4 can begin in the past, at the path that ends in .mp4')
    if (presentation === undefined || presentation.dvr === 0) return refuse('this mount keeps nothing for that; the option is dvr')
    if (seconds > presentation.dvr) return refuse(`this mount keeps ${presentation.dvr} s`)
    const { period, window } = presentation
    if (period !== undefined && formTracks('mp4', period).length === 0) return refuse('its codecs are not played as MP4')
    const ready = window.filter(({ complete, isThere, independent }) => complete && isThere && independent)
    const last = window.findLast(({ complete }) => complete)
    const from = last && (ready.findLast(({ start }) => start <= last.start + last.duration - seconds) ?? ready[0])
    if (from === undefined) throw new FloecastError('NOT_YET')
    const replay = new Replay(presentation, from, this.#owner, this.#clock)
    replay.onJoin = () => this.#replays.add(replay)
    replay.onIdle = () => this.#replays.delete(replay)
    return replay
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

  #present(): void {
    const hears = { keyless: (seconds: number) => this.#keyless(seconds), lost: (reason: string) => this.#lose(reason) }
    const { settings, folder } = this.#owner
    this.#presentation = new Presentation(hears, presentationSettings(settings), this.#feed.timeline.origin, this.#clock, folder)
    this.#feed.join(this.#presentation, this.#clock.now())
  }

  #absent(): void {
    const presentation = this.#presentation
    this.#dropping = undefined
    if (presentation === undefined) return
    this.#feed.detach(presentation)
    // Those who wait look at it once more.
    presentation.end()
    presentation.close()
    this.#presentation = undefined
  }

  #lose(reason: string): void {
    if (this.#lost) return
    this.#lost = true
    this.#owner.warn(`Segments for dvr cannot be kept on disk: ${reason}; players cannot go back to what is missing`)
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

const isCut = ({ hls, dash }: MountSettings): boolean => hls.enabled || dash

/** What playlists promise, and what is on disk: it stays as it is for as long as there are segments. */
const fixed = ({ hls, dvr }: MountSettings): string => [hls.segmentDuration, hls.partDuration, dvr > 0].join()

const presentationSettings = ({ hls, dvr, dvrSize }: MountSettings): PresentationSettings => ({
  segmentDuration: hls.segmentDuration,
  partDuration: hls.lowLatency ? hls.partDuration : undefined,
  segmentCount: hls.segmentCount,
  maxSize: hls.maxSize,
  dvr,
  dvrSize,
})
