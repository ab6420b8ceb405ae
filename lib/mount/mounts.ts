import type { Duplex } from 'node:stream'
import type { Clock } from '../clock.js'
import { FloecastError } from '../errors.js'
import { AutoDemuxer } from '../formats/detect.js'
import type { StreamInfo } from '../icy/stream-info.js'
import { effectiveSettings, type MountSettings, type ServerSettings } from '../options/index.js'
import { type Form, formOf } from './instant.js'
import { MediaFolder } from '../media/folder.js'
import { Listener, type ListenerDetails } from './listener.js'
import { Mount, type MountOwner, type Tell } from './mount.js'
import type { Replay } from './replay.js'
import { whyNotFollow } from './succession.js'
import { Source, type SourceDetails, type SourceProtocol, sourceProtocol, takes, WAYS_IN } from './source.js'

// Paths that belong to the server itself, now or soon: nobody can publish to them or below them.
const RESERVED = new Set([
  'admin',
  'admin.cgi',
  'admin.html',
  'api',
  'embed',
  'metrics',
  'healthz',
  'stats',
  'statistics',
  'played',
  'index.html',
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
  /** The name of the mount that was asked for: another one where its fallback stands in. */
  readonly home: string
}

/** All mounts of a server: those that the settings name, and those that sources have made. */
export class Mounts implements MountOwner {
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
      const [, mount] = args
      if (event === 'format' && mount instanceof Mount) this.#takeBack(mount)
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
    for (const mount of this) {
      mount.folder = this.#folder
      mount.configure(this.settingsOf(mount.name))
      this.#forget(mount)
    }
    for (const name of Object.keys(settings.mounts)) if (!name.endsWith('*') && !this.#mounts.has(name)) this.#create(name)
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
    if (!takes(settings, protocol)) throw new FloecastError('SOURCE_OFF', { mount: name, protocol: WAYS_IN[protocol] })
    const source = this.#mounts.get(name)?.source
    // Of what is sent here itself, nothing that is sent elsewhere takes the place.
    if (source !== undefined && source !== former && !(settings.takeover && protocol !== 'relay'))
      throw new FloecastError('MOUNT_IN_USE', { mount: name })
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
    if (isFull(mount) || this.listeners >= this.#settings.maxListeners) throw new FloecastError('TOO_MANY_LISTENERS')
    const outlet = replay ?? (form === undefined ? mount : mount.broadcast.stream(form))
    if (outlet === undefined) throw new FloecastError('NOT_PLAYABLE', { mount: name, form: `.${form}` })
    const listener = new Listener(++this.#lastId, socket, outlet, details)
    outlet.join(listener)
    return listener
  }

  /**
   * What a path streams: a live mount, one in another form, such as `/live.mp4` of `/live`, or what stands in for a mount that is off the air or full.
   * @returns `undefined` where there is nothing to hear
   */
  find(path: string): Found | undefined {
    const dot = path.lastIndexOf('.')
    const form = formOf(path.slice(dot + 1))
    const base = form === undefined ? undefined : path.slice(0, dot)
    // What is there by that very name comes before another form, and both before what stands in.
    if (this.#isLive(path)) return this.#standIn(path, undefined)
    if (base !== undefined && this.#isLive(base)) return this.#standIn(base, form)
    return this.#standIn(path, undefined) ?? (base === undefined ? undefined : this.#standIn(base, form))
  }

  heirOf(listener: Listener, mount: Mount): Mount | undefined {
    for (const heir of this.#line(listener.home ?? mount.name))
      if (heir !== mount && heir.source !== undefined && whyNotFollow(mount, heir) === undefined) return heir
    return undefined
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

  #isLive(name: string): boolean {
    return this.#mounts.get(name)?.source !== undefined
  }

  // A mount, its fallback, the fallback of that, and so on: each once.
  #line(name: string): Mount[] {
    const line = new Set<Mount>()
    for (let mount = this.#mounts.get(name); mount !== undefined && !line.has(mount);) {
      line.add(mount)
      const { fallback } = mount.settings
      mount = fallback === undefined ? undefined : this.#mounts.get(fallback)
    }
    return [...line]
  }

  // Who comes gets the first of the line that is on the air and, where the settings say so, not full.
  #standIn(home: string, form: Form | undefined): Found | undefined {
    const live = this.#line(home).filter(({ source }) => source !== undefined)
    const mount = live.find((one, at) => !(isFull(one) && one.settings.fallbackWhenFull && at < live.length - 1))
    return mount && { mount, form, home }
  }

  // Those who have heard a fallback while a mount was off the air come back.
  #takeBack(mount: Mount): void {
    if (!mount.settings.fallbackOverride) return
    for (const other of this)
      for (const listener of other === mount ? [] : other.listeners.slice())
        if (listener.home === mount.name && whyNotFollow(other, mount) === undefined) other.pass(listener, mount)
  }

  #create(name: string): Mount {
    const mount = new Mount(name, this.settingsOf(name), this.#tell, this.#clock, this.#folder, this)
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

const isFull = ({ settings: { maxListeners }, connected }: Mount): boolean => maxListeners !== undefined && connected >= maxListeners
