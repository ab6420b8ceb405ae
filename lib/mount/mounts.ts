import type { Duplex } from 'node:stream'
import type { Clock } from '../clock.js'
import { FloecastError } from '../errors.js'
import { AutoDemuxer } from '../formats/detect.js'
import type { StreamInfo } from '../icy/stream-info.js'
import { effectiveSettings, type MountSettings, type ServerSettings } from '../options.js'
import { type Form, formOf } from './instant.js'
import { MediaFolder } from '../media/folder.js'
import { Listener, type ListenerDetails } from './listener.js'
import { Mount, type Tell } from './mount.js'
import type { Replay } from './replay.js'
import { Source, type SourceDetails, type SourceProtocol, sourceProtocol, WAYS_IN } from './source.js'

// Paths that belong to the server itself, now or soon: nobody can publish to them or below them.
const RESERVED = new Set([
  'admin',
  'admin.cgi',
  'api',
  'embed',
  'metrics',
  'healthz',
  'stats',
  'currentsong',
  '7.html',
  'status-json.xsl',
  'status.xsl',
  'favicon.ico',
  'robots.txt',
  'assets',
])
const SWEEP = 1_000

/** What a path streams. */
export interface Found {
  /** Which mount. */
  readonly mount: Mount
  /** In which form; `undefined` for the one in which it comes. */
  readonly form: Form | undefined
}

/** All mounts of a server: those that the settings name, and those that sources have made. */
export class Mounts {
  #settings: ServerSettings
  readonly #mounts = new Map<string, Mount>()
  readonly #clock: Clock
  readonly #tell: Tell
  #sweep: (() => void) | undefined
  #listeners = 0
  #lastId = 0
  #closed = false
  #folder: MediaFolder | undefined

  /** @param tell where the events of all mounts go */
  constructor(settings: ServerSettings, tell: Tell, clock: Clock) {
    this.#settings = settings
    this.#clock = clock
    this.#tell = (event, ...args) => {
      if (event === 'listener') this.#listeners++
      if (event === 'departure') this.#listeners--
      tell(event, ...args)
    }
    this.configure(settings)
  }

  /** Where media are kept on disk, if there is such a place. */
  get folder(): MediaFolder | undefined {
    return this.#folder
  }

  /** How many sources are connected. */
  get sources(): number {
    let count = 0
    for (const mount of this) if (mount.source !== undefined) count++
    return count
  }

  /** How many listeners there are, over all mounts. */
  get listeners(): number {
    return this.#listeners
  }

  /** The mounts, live or not, by name. */
  [Symbol.iterator](): IterableIterator<Mount> {
    return this.#mounts.values()
  }

  /** The mount of that exact name, live or not. */
  get(name: string): Mount | undefined {
    return this.#mounts.get(name)
  }

  /** The live mounts that belong to a group, by name. */
  group(name: string): Mount[] {
    return [...this]
      .filter(({ settings, source }) => settings.group === name && source !== undefined)
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
  }

  /**
   * The settings that hold for a mount of that name: its own, else those of the longest prefix that fits, else the defaults; without
   * what is off for the whole server.
   */
  settingsOf(name: string): MountSettings {
    return effectiveSettings(this.#settings, name)
  }

  /**
   * Applies other settings to all that runs. Only those end, in order, who use a way in or out that is off from now on. The folder for
   * media stays, once there is one.
   */
  configure(settings: ServerSettings): void {
    this.#settings = settings
    if (settings.mediaDir !== undefined) this.#folder ??= new MediaFolder(settings.mediaDir)
    for (const name of Object.keys(settings.mounts)) if (!name.endsWith('*') && !this.#mounts.has(name)) this.#create(name)
    for (const mount of this) {
      mount.folder = this.#folder
      mount.configure(this.settingsOf(mount.name))
      this.#forget(mount)
    }
  }

  /**
   * Throws what no mount may be called.
   * @throws FloecastError MOUNT_INVALID, MOUNT_RESERVED
   */
  checkName(name: string): void {
    if (RESERVED.has(name.split('/')[1]!)) throw new FloecastError('MOUNT_RESERVED', { mount: name })
    if (name === '/') throw new FloecastError('MOUNT_INVALID', { mount: name })
  }

  /**
   * Throws what a source that wants this mount would be refused with, and nothing when it may have it.
   * @param protocol by which it comes
   * @param former a source that the same peer has sent by before, and that it may replace
   * @throws FloecastError MOUNT_INVALID, MOUNT_RESERVED, SOURCE_OFF, MOUNT_IN_USE, TOO_MANY_SOURCES or SERVER_CLOSING
   */
  check(name: string, protocol: SourceProtocol, former?: Source): void {
    if (this.#closed) throw new FloecastError('SERVER_CLOSING')
    this.checkName(name)
    const settings = this.settingsOf(name)
    if (!settings[protocol]) throw new FloecastError('SOURCE_OFF', { mount: name, protocol: WAYS_IN[protocol] })
    const source = this.#mounts.get(name)?.source
    if (source !== undefined && source !== former && !settings.takeover) throw new FloecastError('MOUNT_IN_USE', { mount: name })
    if (source === undefined && this.sources >= this.#settings.maxSources) throw new FloecastError('TOO_MANY_SOURCES')
  }

  /**
   * Connects a source to a mount, which is made when there is none.
   * @param former as in {@link Mounts.check}
   * @returns what the source's bytes are to be pushed into
   * @throws FloecastError as {@link Mounts.check}
   */
  publish(name: string, info: StreamInfo, details: SourceDetails, former?: Source): Source {
    this.check(name, sourceProtocol(details), former)
    const mount = this.#mounts.get(name) ?? this.#create(name)
    const source = new Source(mount, new AutoDemuxer(details.contentType), details)
    mount.start(source, info)
    this.#watch()
    return source
  }

  /**
   * Lets someone listen to a live mount, as it comes or in another form. The connection is the listener's from then on.
   * @param replay of that mount, for one who begins in the past
   * @throws FloecastError MOUNT_NOT_FOUND, FORM_OFF, NOT_PLAYABLE or TOO_MANY_LISTENERS
   */
  listen(name: string, socket: Duplex, details: ListenerDetails, form?: Form, replay?: Replay): Listener {
    const mount = this.#mounts.get(name)
    if (mount?.source === undefined) throw new FloecastError('MOUNT_NOT_FOUND', { mount: name })
    mount.offer(form)
    const { maxListeners } = mount.settings
    if ((maxListeners !== undefined && mount.connected >= maxListeners) || this.listeners >= this.#settings.maxListeners)
      throw new FloecastError('TOO_MANY_LISTENERS')
    const outlet = replay ?? (form === undefined ? mount : mount.broadcast.stream(form))
    if (outlet === undefined) throw new FloecastError('NOT_PLAYABLE', { mount: name, form: `.${form}` })
    const listener = new Listener(++this.#lastId, socket, outlet, details)
    outlet.join(listener)
    return listener
  }

  /**
   * What a path streams: a live mount, or one in another form, such as `/live.mp4` of `/live`.
   * @returns `undefined` where no source is
   */
  find(path: string): Found | undefined {
    const mount = this.#mounts.get(path)
    if (mount?.source !== undefined) return { mount, form: undefined }
    const dot = path.lastIndexOf('.')
    const form = formOf(path.slice(dot + 1))
    const other = form && this.#mounts.get(path.slice(0, dot))
    return other?.source === undefined ? undefined : { mount: other, form }
  }

  /**
   * Ends all sources, and so all listeners, in order, and takes no more.
   * @returns settled once all that was to be written to disk is there
   */
  close(): Promise<void> {
    this.#closed = true
    for (const mount of this) {
      mount.source?.close('the server shuts down')
      mount.broadcast.close()
    }
    this.#sweep?.()
    this.#sweep = undefined
    return this.#folder?.close() ?? Promise.resolve()
  }

  #create(name: string): Mount {
    const mount = new Mount(name, this.settingsOf(name), this.#tell, this.#clock, this.#folder)
    this.#mounts.set(name, mount)
    return mount
  }

  #forget(mount: Mount): void {
    if (!mount.forgettable || Object.hasOwn(this.#settings.mounts, mount.name)) return
    this.#mounts.delete(mount.name)
    mount.broadcast.close()
    this.#tell('forget', mount)
  }

  // One timer for all mounts, and none while nothing is on the air or waits to be forgotten.
  #watch(): void {
    this.#sweep ??= this.#clock.after(SWEEP, () => {
      this.#sweep = undefined
      const now = this.#clock.now()
      for (const mount of this) {
        mount.sweep(now)
        this.#forget(mount)
      }
      if (this.sources > 0 || [...this.#mounts.keys()].some((name) => !Object.hasOwn(this.#settings.mounts, name))) this.#watch()
    })
  }
}
