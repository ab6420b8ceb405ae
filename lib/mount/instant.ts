import { randomBytes } from 'node:crypto'
import type { Clock } from '../clock.js'
import { AdtsMuxer } from '../formats/adts-muxer.js'
import { Mp3Muxer } from '../formats/mp3-muxer.js'
import { Mp4Muxer } from '../formats/mp4-muxer.js'
import { MpegTsMuxer } from '../formats/mpeg-ts-muxer.js'
import { OggMuxer } from '../formats/ogg-muxer.js'
import type { CodecId, MediaTrack, Muxer, Packet } from '../formats/packet.js'
import { WebmMuxer } from '../formats/webm-muxer.js'
import type { StreamInfo } from '../icy/stream-info.js'
import type { Sink } from '../media/feed.js'
import type { Period } from '../media/period.js'
import { canCarry, containerOf, tracksOf } from '../media/rendition.js'
import type { MountSettings } from '../options/index.js'
import type { JoinPoint, Listener } from './listener.js'
import { Outlet } from './outlet.js'

/** The forms in which a mount can be had as one endless stream, beside that in which it comes: what its path ends in. */
export type Form = 'mp4' | 'webm' | 'ts' | 'aac' | 'mp3' | 'opus' | 'ogg'

/** What is needed of the mount whose stream it is. */
export interface InstantOwner {
  /** Its options. */
  readonly settings: MountSettings
  /** What is said of it. */
  readonly info: StreamInfo
  /** The ICY block of what plays now. */
  readonly metadataBlock: Buffer
  /** Hears that someone has begun to listen to it in another form. */
  formJoined(listener: Listener): void
  /** Hears that someone who did is gone. */
  formLeft(listener: Listener): void
}

/** The form of each ending; `undefined` for all others. */
export function formOf(ending: string): Form | undefined {
  return FORMS.find((form) => form === ending)
}

/** The tracks that a form carries, of those of a period; none where it cannot be had. */
export function formTracks(form: Form, period: Period): readonly MediaTrack[] {
  const main = tracksOf(period, 'main')
  if (form === 'mp4') return containerOf(main) === 'mp4' ? main : []
  if (form === 'webm') return canCarry('webm', main) ? main : []
  if (form === 'ts') return main.some(({ kind }) => kind === 'video') && canCarry('ts', main) ? main : []
  const codecs = AUDIO[form]
  return period.tracks.filter(({ codecId }) => codecs.has(codecId)).slice(0, 1)
}

/** The media type of a form that carries these tracks, without codecs. */
export function formType(form: Form, tracks: readonly MediaTrack[]): string {
  return TYPES[form] ?? `${tracks.some(({ kind }) => kind === 'video') ? 'video' : 'audio'}/${form}`
}

/** A mount's stream in another form, made of the same frames: one for all who listen to that form. */
export class InstantStream extends Outlet implements Sink {
  /** Its form. */
  readonly form: Form
  /** Told when the last listener has gone. */
  onIdle: () => void = () => {}
  /** Told when the source has changed to tracks that have no such form. */
  onEnd: () => void = () => {}
  #closed = false
  readonly #owner: InstantOwner
  #tracks: readonly MediaTrack[] = []
  /** The same tracks, as the source names them now. */
  #named: readonly MediaTrack[] = []
  #muxer: Muxer | undefined
  #begun = false

  constructor(form: Form, owner: InstantOwner, clock: Clock) {
    super(clock)
    this.form = form
    this.#owner = owner
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

  get ready(): boolean {
    return this.#muxer !== undefined
  }

  get contentType(): string {
    return this.#muxer?.contentType ?? 'application/octet-stream'
  }

  get icy(): boolean {
    return this.form === 'aac' || this.form === 'mp3'
  }

  begin(period: Period): void {
    const tracks = formTracks(this.form, period)
    this.#named = tracks
    // The timeline never goes back, so nothing begins anew where the tracks are the same.
    if (tracks.length > 0 && tracks.length === this.#tracks.length && tracks.every((track, i) => isSame(track, this.#tracks[i]!))) return
    this.#tracks = tracks
    if (tracks.length === 0) return this.onEnd()
    this.#muxer = createMuxer(this.form, tracks)
    this.#begun = false
    // The content type is that of these tracks, so nobody begins with the former ones.
    this.queue.cut()
    this.tune(tracks.some(({ kind }) => kind === 'video'))
  }

  write(packet: Packet): void {
    const { key } = packet
    const track = this.#tracks[this.#named.indexOf(packet.track)]
    if (this.#muxer === undefined || track === undefined) return
    const begins = !this.#begun && key && (!this.video || track.kind === 'video')
    if (!this.#begun && !begins) return
    const frames = this.#muxer.write([track === packet.track ? packet : { ...packet, track }])
    if (begins && frames.length > 0) {
      this.#begun = true
      const { header } = frames[0]!
      // Those who listen already need what newcomers get first, for it is not the one that they had.
      if (this.queue.end > 0 && header.length > 0) frames.unshift({ bytes: header, sync: false, header })
    }
    this.queue.push(frames, this.clock.now())
    this.pulse.beat()
  }

  /** Ends it: everyone gets what is left. */
  close(): void {
    this.#closed = true
    this.finish()
  }

  override joinPoint(): JoinPoint | undefined {
    // Who wants pictures in this way wants them at once: the newest key frame is near enough.
    return this.video && this.form !== 'ts' ? this.queue.syncs.at(-1) : super.joinPoint()
  }

  joined(listener: Listener): void {
    this.#owner.formJoined(listener)
  }

  left(listener: Listener): void {
    this.#owner.formLeft(listener)
    if (this.audience === 0 && !this.#closed) this.onIdle()
  }
}

function isSame(a: MediaTrack, b: MediaTrack): boolean {
  return a === b || (factsOf(a) === factsOf(b) && a.config.equals(b.config))
}

const factsOf = ({ codecId, codecs, timescale, width, height, sampleRate, channels }: MediaTrack): string =>
  [codecId, codecs, timescale, width, height, sampleRate, channels].join()

function createMuxer(form: Form, tracks: readonly MediaTrack[]): Muxer {
  const [track] = tracks
  if (form === 'mp4') return new Mp4Muxer(tracks)
  if (form === 'webm') return new WebmMuxer(tracks)
  if (form === 'ts') return new MpegTsMuxer(tracks)
  if (form === 'aac') return new AdtsMuxer(track!)
  if (form === 'mp3') return new Mp3Muxer(track!)
  return new OggMuxer(track!, { serial: randomBytes(4).readUInt32LE() })
}

/** All forms. */
export const FORMS: readonly Form[] = ['mp4', 'webm', 'ts', 'aac', 'mp3', 'opus', 'ogg']
const TYPES: Readonly<Partial<Record<Form, string>>> = {
  ts: 'video/mp2t',
  aac: 'audio/aac',
  mp3: 'audio/mpeg',
  opus: 'audio/ogg',
  ogg: 'audio/ogg',
}
const AUDIO: Readonly<Record<'aac' | 'mp3' | 'opus' | 'ogg', ReadonlySet<CodecId>>> = {
  aac: new Set(['aac']),
  mp3: new Set(['mp3']),
  opus: new Set(['opus']),
  ogg: new Set(['opus', 'vorbis', 'flac']),
}
