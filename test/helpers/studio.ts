import { MpegTsMuxer } from '../../lib/formats/mpeg-ts-muxer.js'
import type { MediaTrack } from '../../lib/formats/packet.js'
import { checkChange, checkPlaylist } from '../../lib/hls/audit-playlist.js'
import type { Report, Rule } from '../../lib/hls/audit-rules.js'
import { readM3u8, type ReadMediaPlaylist } from '../../lib/hls/m3u8.js'
import { formatMediaPlaylist } from '../../lib/hls/playlist.js'
import { mediaPlaylist } from '../../lib/hls/views.js'
import type { Presentation } from '../../lib/media/presentation.js'
import type { RenditionId } from '../../lib/media/rendition.js'
import { Broadcast } from '../../lib/mount/broadcast.js'
import type { Listener } from '../../lib/mount/listener.js'
import { mountOptions, type MountOptions, type MountSettings } from '../../lib/options/index.js'
import { FakeClock } from './clock.js'
import { AAC, type Arrival, H264, type Recipe, stream } from './media.js'

/** When time begins in these tests. */
export const NOON = Date.UTC(2026, 5, 1, 12)

/** A source that sends MPEG-TS, of one mount without a server. */
export class Studio {
  readonly clock: FakeClock
  readonly broadcast: Broadcast
  readonly warnings: string[] = []
  readonly settings: MountSettings
  readonly info = {}
  metadataBlock: Buffer = Buffer.alloc(1)
  listeners: Listener[] = []
  /** Told after each packet. */
  watch: () => void = () => {}
  #muxer: MpegTsMuxer | undefined
  #hasPictures = true

  constructor(options: MountOptions = {}, clock = new FakeClock(NOON)) {
    this.clock = clock
    this.settings = mountOptions.parse(options)
    this.broadcast = new Broadcast(this, clock)
  }

  get presentation(): Presentation {
    return this.broadcast.presentation!
  }

  formJoined(listener: Listener): void {
    this.listeners.push(listener)
  }

  formLeft(listener: Listener): void {
    this.listeners = this.listeners.filter((one) => one !== listener)
  }

  warn(sentence: string): void {
    this.warnings.push(sentence)
  }

  /** Sends a stream in real time, after which so many seconds have passed. */
  play(seconds: number, recipe: Recipe = {}): void {
    this.send(stream(seconds, { video: H264, audio: AAC, ...recipe }), seconds)
  }

  /** Sends packets at their times. */
  send(arrivals: Iterable<Arrival>, seconds: number): void {
    const began = this.clock.now()
    for (const { packet, at } of arrivals) {
      const wait = began + at * 1000 - this.clock.now()
      if (wait > 0) this.clock.pass(wait)
      this.#muxer ??= new MpegTsMuxer([H264, AAC])
      this.broadcast.push('mpeg-ts', this.#muxer.write([packet]), this.#hasPictures)
      this.watch()
    }
    const rest = began + seconds * 1000 - this.clock.now()
    if (rest > 0) this.clock.pass(rest)
  }

  /** Hangs up. */
  end(): void {
    this.broadcast.end()
    this.#muxer = undefined
    this.watch()
  }

  /** Begins with tracks of other kinds. */
  mux(tracks: readonly MediaTrack[]): void {
    this.#muxer = new MpegTsMuxer(tracks)
    this.#hasPictures = tracks.some(({ kind }) => kind === 'video')
  }
}

/** Reads the playlist of a rendition each time that it changes, and throws when it is not as it should be, by itself or after the one before. */
export class Reader {
  readonly #id: RenditionId
  readonly #excused: ReadonlySet<Rule>
  #version = -1
  last: ReadMediaPlaylist | undefined
  /** How often it has changed. */
  changes = 0

  constructor(id: RenditionId, excused: readonly Rule[] = []) {
    this.#id = id
    this.#excused = new Set(excused)
  }

  look(presentation: Presentation): void {
    if (presentation.version === this.#version) return
    this.#version = presentation.version
    const text = formatMediaPlaylist(mediaPlaylist(presentation, this.#id))
    const report: Report = (rule, found, expected) => {
      if (!this.#excused.has(rule)) throw new Error(`${rule}: ${found}, not ${expected}\n${text}`)
    }
    const now = readM3u8(text)
    if (now.kind !== 'media') throw new Error('no media playlist')
    checkPlaylist(now, report)
    if (this.last !== undefined) checkChange(this.last, now, report)
    this.last = now
    this.changes++
  }
}
