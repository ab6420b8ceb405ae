import type { Clock } from '../clock.js'
import type { Frame } from '../formats/frame.js'
import { FloecastError } from '../errors.js'
import type { StreamInfo } from '../icy/stream-info.js'
import { formatMetadata, type Metadata, NO_METADATA } from '../icy/metadata.js'
import type { MountSettings } from '../options/index.js'
import type { Listener } from './listener.js'
import { Broadcast, type BroadcastOwner } from './broadcast.js'
import { Discovery } from './discovery.js'
import type { MediaFolder } from '../media/folder.js'
import type { Form } from './instant.js'
import { IntroFile } from './intro.js'
import { Recording, type RecordingOwner, type RecordingState } from './dump.js'
import { Outlet } from './outlet.js'
import { type Source, type SourceOwner, takes, WAYS_IN } from './source.js'

/** What happens on mounts, as a server emits it. */
export interface MountEvents {
  /** A source has connected. */
  source: [source: Source, mount: Mount]
  /** The bytes have told what the source sends, or that it now sends something else. */
  format: [source: Source, mount: Mount]
  /** A source has gone; the reason is a sentence's part such as `it closed the connection`. */
  end: [source: Source, mount: Mount, reason: string]
  /** Someone has begun to listen. */
  listener: [listener: Listener, mount: Mount]
  /** A listener has gone. */
  departure: [listener: Listener, mount: Mount]
  /** A mount is no more: its source has gone, and no settings name it. */
  forget: [mount: Mount]
  /** The title has changed. */
  metadata: [mount: Mount]
  /** What a source sent has been written down: a whole file below the folder for media, of so many bytes. */
  recorded: [file: string, bytes: number, mount: Mount]
  /** Something has failed and stays so until the source connects again, in one sentence that says what to do. */
  failure: [sentence: string, mount: Mount]
  /** Something is not as it should be, in one sentence that says what to do. */
  warning: [sentence: string, mount: Mount]
}

/** What a mount has played. */
export interface PastMetadata {
  /** The one line that players show. */
  readonly display: string
  /** When it began, in milliseconds since 1970. */
  readonly time: number
}

/** Who knows the other mounts. */
export interface MountOwner {
  /** Where a listener of a mount goes on when its source ends; `undefined` for nowhere. */
  heirOf(listener: Listener, mount: Mount): Mount | undefined
}

/** How a mount tells what happens. */
export type Tell = <K extends keyof MountEvents>(event: K, ...args: MountEvents[K]) => void

// How long the bytes may leave open what they are before the announced type decides, in milliseconds.
const DETECTION = 2_000
const WARNINGS = 10
const TITLES = 10
// How long the playlists of a source that has gone are kept for when it comes back, in milliseconds.
const KEEP = 30_000

/**
 * A path that one source feeds and any number of listeners hear. What a source sends is framed, kept in one queue, and written
 * to each listener once a pulse.
 */
export class Mount extends Outlet implements SourceOwner, BroadcastOwner, RecordingOwner {
  /** Its path, such as `/live.mp3`. */
  readonly name: string
  /** Its options, with every default filled in; they may be replaced at any time. */
  settings: MountSettings
  /** What the connected source sends under; `undefined` while the mount is off the air. */
  source: Source | undefined
  /** What plays now. */
  metadata: Metadata = NO_METADATA
  /** The ICY block of {@link Mount.metadata}. */
  metadataBlock: Buffer = formatMetadata(NO_METADATA)
  /** What has played since the source connected, newest first and with what plays now: the ten last titles. */
  titles: readonly PastMetadata[] = []
  /** What has been said about the connected source, newest last: the ten last warnings. */
  warnings: string[] = []
  /** The mount as browsers and radios get it. */
  broadcast: Broadcast
  /**
   * Where it keeps media on disk, if there is such a place.
   * @internal
   */
  folder: MediaFolder | undefined
  #recording: Recording | undefined
  readonly #intro: IntroFile
  #broken = false
  /** Bytes that went to others than its own listeners, since the server started. */
  #otherwise = 0
  #left = -Infinity
  readonly #tell: Tell
  readonly #owner: MountOwner | undefined
  #said: StreamInfo = {}
  #discovery: Discovery | undefined

  /**
   * @param tell where its events go
   * @param folder where it may keep media on disk
   * @param owner who knows where listeners go on when the source ends
   */
  constructor(name: string, settings: MountSettings, tell: Tell, clock: Clock, folder?: MediaFolder, owner?: MountOwner) {
    super(clock)
    this.folder = folder
    this.#owner = owner
    this.name = name
    this.settings = settings
    this.#tell = tell
    this.broadcast = new Broadcast(this, clock)
    this.#intro = new IntroFile((sentence) => tell('failure', sentence, this))
    this.#intro.use(settings.intro)
  }

  /** What is said of the stream: by the settings, else by the source that is connected. */
  get info(): StreamInfo {
    const { name, description, genre, url, public: listed } = this.settings
    return {
      ...this.#said,
      ...(name !== undefined && { name }),
      ...(description !== undefined && { description }),
      ...(genre !== undefined && { genre }),
      ...(url !== undefined && { url }),
      ...(listed !== undefined && { public: listed }),
    }
  }

  /** Whether what the source sends has been recognised, so that listeners can be answered. */
  get ready(): boolean {
    return this.source?.demuxer.detected === true
  }

  /** The media type of what the source sends, found from its bytes. */
  get contentType(): string {
    return this.source?.demuxer.contentType ?? 'application/octet-stream'
  }

  /** Whether ICY metadata may be put between the bytes: MPEG audio and ADTS, or unknown bytes that call themselves so. */
  get icy(): boolean {
    const { format, contentType } = this.source?.demuxer ?? { format: 'raw', contentType: '' }
    return format === 'mp3' || format === 'adts' || (format === 'raw' && /^audio\/(mpeg|aacp?)$/.test(contentType))
  }

  override get intro(): Buffer | undefined {
    return this.#intro.before(this.source?.demuxer.format)
  }

  /** Takes a source; one that is there already is closed, and its listeners hear the new one. */
  start(source: Source, info: StreamInfo): void {
    const former = this.source
    this.source = source
    former?.close('another source has taken over')
    this.#stopRecording()
    this.#said = info
    this.reset()
    if (this.broadcast.fits(this.settings)) this.broadcast.restart()
    else {
      this.broadcast.end()
      this.broadcast.close()
      this.broadcast = new Broadcast(this, this.clock)
    }
    this.#discovery = new Discovery(source)
    this.warnings = []
    this.titles = []
    this.#broken = false
    if (this.metadata !== NO_METADATA) this.setMetadata(NO_METADATA)
    this.#tell('source', source, this)
  }

  /** Applies other settings at once: only those end, in order, who use a way in or out that is off from now on. */
  configure(settings: MountSettings): void {
    const { source } = this
    this.settings = settings
    if (source !== undefined && !takes(settings, source.protocol)) source.close(`sources by ${WAYS_IN[source.protocol]} are switched off`)
    if (!settings.progressive) this.dismiss()
    this.#intro.use(settings.intro)
    this.broadcast.configure()
  }

  /**
   * Throws where the mount is not to be had so.
   * @param form `undefined` for the one in which it comes
   * @throws FloecastError FORM_OFF
   */
  offer(form: Form | undefined): void {
    const { progressive, instant } = this.settings
    if (form === undefined && !progressive) throw new FloecastError('FORM_OFF', { form: 'it comes', mount: this.name })
    if (form !== undefined && !instant) throw new FloecastError('FORM_OFF', { form: `.${form}`, mount: this.name })
  }

  /** Says what plays now: to listeners with the next metadata block, to status pages at once. */
  setMetadata(metadata: Metadata): void {
    this.metadata = metadata
    this.metadataBlock = formatMetadata(metadata)
    // What is said again has not begun again.
    if (metadata.display !== '' && metadata.display !== this.titles[0]?.display)
      this.titles = [{ display: metadata.display, time: this.clock.now() }, ...this.titles.slice(0, TITLES - 1)]
    this.broadcast.tell(metadata.display)
    this.#tell('metadata', this)
  }

  push(frames: readonly Frame[]): void {
    // Until the bytes have told, as after a takeover, nobody is dropped for what is not known yet.
    if (this.ready) this.tune(this.source!.demuxer.tracks.some(({ kind }) => kind === 'video'))
    if (frames.length > 0) this.queue.push(frames, this.clock.now())
    this.#learn()
    this.pulse.beat()
    if (!this.ready || frames.length === 0) return
    this.#record(frames)
    this.#package(frames)
  }

  ended(source: Source, reason: string): void {
    if (this.source === source) {
      this.#bequeath()
      this.source = undefined
      this.#said = {}
      this.#stopRecording()
      this.finish()
      this.broadcast.end()
      this.#left = this.clock.now()
    }
    this.#tell('end', source, this, reason)
  }

  // While it is still known what they have heard, listeners go on where the settings say.
  #bequeath(): void {
    for (const listener of this.listeners.slice()) {
      const heir = this.#owner?.heirOf(listener, this)
      if (heir !== undefined) this.pass(listener, heir)
    }
  }

  joined(listener: Listener): void {
    this.#tell('listener', listener, this)
  }

  formJoined(listener: Listener): void {
    this.served++
    this.peak = Math.max(this.peak, this.connected)
    this.joined(listener)
  }

  formLeft(listener: Listener): void {
    this.#otherwise += listener.bytesSent
    if (listener.overtaken) this.slow++
    this.left(listener)
  }

  /** Takes note of bytes that went out by other ways than to listeners: playlists, manifests and segments. */
  given(bytes: number): void {
    this.#otherwise += bytes
  }

  left(listener: Listener): void {
    this.#tell('departure', listener, this)
  }

  /** Looks after what depends on time; to be called about once a second. */
  sweep(now: number): void {
    const { source } = this
    if (source === undefined) return
    if (now - source.lastByte >= this.settings.sourceTimeout) {
      source.close(`it sent nothing for ${this.settings.sourceTimeout / 1000} s`)
      return
    }
    this.#expire(now)
    if (!this.ready && now - source.details.connected >= DETECTION) this.push(source.demuxer.settle())
    if (this.ready) this.#announce(source)
    this.rate = this.#discovery?.rate(now) ?? this.rate
    if (this.ready) this.broadcast.health.lost(source.demuxer.skipped, now)
    const damage = this.#discovery?.damage(now)
    if (damage !== undefined) this.warn(damage)
  }

  #expire(now: number): void {
    const most = this.settings.maxListenerDuration * 1000 || Infinity
    for (const listener of this.everyone) {
      const { connected, until = Infinity } = listener.details
      if (now >= Math.min(until, connected + most)) listener.finish()
    }
  }

  /** Whether nobody needs it any longer: players go on with their playlist when a source comes back soon. */
  get forgettable(): boolean {
    if (this.source !== undefined || this.connected > 0) return false
    const segments = this.broadcast.presentation?.segments.length ?? 0
    // Those who watch what has been an hour ago have not seen the end.
    return segments === 0 || this.clock.now() - this.#left >= Math.max(KEEP, 1000 * (this.broadcast.presentation?.dvr ?? 0))
  }

  /** When the last source went, in milliseconds since 1970; `undefined` while one is there, and where none ever was. */
  get silentSince(): number | undefined {
    return this.source !== undefined || this.#left === -Infinity ? undefined : this.#left
  }

  /** Who listens to the mount, in whatever form. */
  get everyone(): Listener[] {
    const { streams, replays } = this.broadcast
    return [this, ...streams.values(), ...replays].flatMap(({ listeners }) => listeners)
  }

  /** What is written down of what the source sends; `undefined` where nothing is, or not yet. */
  get recording(): RecordingState | undefined {
    return this.#recording?.state
  }

  recorded(file: string, bytes: number): void {
    this.#tell('recorded', file, bytes, this)
  }

  unrecorded(file: string, reason: string): void {
    const sentence = `Recording ${file} has stopped: ${reason}; it goes on when the source connects again`
    this.#note(sentence)
    this.#tell('failure', sentence, this)
  }

  #stopRecording(): void {
    this.#recording?.end()
    this.#recording = undefined
  }

  // The settings may change while a source sends.
  #record(frames: readonly Frame[]): void {
    const { dump } = this.settings
    if (dump !== this.#recording?.pattern) {
      this.#recording?.end()
      this.#recording =
        dump === undefined || this.folder === undefined ? undefined : new Recording(this.folder, dump, this.name, this, this.clock)
    }
    this.#recording?.push(frames, this.source!.demuxer)
  }

  /** How many listen over a connection of their own, in whatever form. */
  get connected(): number {
    let count = this.audience
    const { streams, replays } = this.broadcast
    for (const { audience } of [...streams.values(), ...replays]) count += audience
    return count
  }

  override get bytesSent(): number {
    let sum = super.bytesSent + this.#otherwise
    const { streams, replays } = this.broadcast
    for (const { listeners } of [...streams.values(), ...replays]) for (const { bytesSent } of listeners) sum += bytesSent
    return sum
  }

  // What browsers get must not take from the others what they get.
  #package(frames: readonly Frame[]): void {
    if (this.#broken) return
    try {
      this.broadcast.push(this.source!.demuxer.format, frames, this.video)
    } catch (error) {
      this.#broken = true
      this.warn(`HLS, DASH and instant streams have failed and stop until the source connects again: ${String(error)}`)
    }
  }

  warn(sentence: string): void {
    this.#note(sentence)
    this.#tell('warning', sentence, this)
  }

  #note(sentence: string): void {
    this.warnings = [...this.warnings.slice(1 - WARNINGS), sentence]
  }

  #announce(source: Source): void {
    if (this.#discovery?.changed === true) this.#tell('format', source, this)
  }

  #learn(): void {
    const { source } = this
    if (source === undefined || !this.ready) return
    const { warning, complete, metadata } = this.#discovery!.look()
    if (warning !== undefined) this.warn(warning)
    // What is not complete now may be with the next frames; the sweep tells of what stays incomplete.
    if (complete) this.#announce(source)
    if (metadata !== undefined) this.setMetadata(metadata)
  }
}
