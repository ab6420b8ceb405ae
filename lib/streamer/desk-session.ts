import { EventEmitter } from 'node:events'
import type { Readable } from 'node:stream'
import type { DeskCommand, DeskList, DeskMemo, DeskOrder, DeskQuality, DeskState, DeskTarget } from '../api/desk.js'
import type { StreamerCommand, StreamerState } from '../api/streamer.js'
import { expand } from '../client/playlist-files.js'
import { Playlist } from '../client/playlist.js'
import { FloecastError } from '../errors.js'
import { type Logger, silent } from '../log.js'
import { addressOf, withoutLogin } from './desk-target.js'

/** What the local page needs of a streamer; `Streamer` is one. */
export interface DeskStreamer {
  /** All that can be seen of it now. */
  readonly state: StreamerState
  /** Resolves when it has ended in order, and rejects with one sentence when it could not go on. */
  readonly end: Promise<unknown>
  /** Connects and begins to send. Once. */
  start(): void
  /** Does what it is told. */
  do(command: StreamerCommand): unknown
  /** Shows what is handed in, and holds the list until it ends or is given back. */
  takeOver(bytes: Readable, mime: string, name?: string): void
  /** Tells listeners what plays, until the next item does. */
  setTitle(title: string): void
  /** Hears when its state is another. */
  on(event: 'change', listener: () => void): unknown
}

/** Where to send, as a client of the server needs it. */
export interface DeskDestination {
  /** Of the mount, with user name and password. */
  readonly address: string
  /** How it is sent. */
  readonly protocol: DeskTarget['protocol']
}

/** What a streamer is made of. */
export interface DeskStream extends DeskDestination {
  /** What plays; the list is the streamer's until it ends. */
  readonly playlist: Playlist
  /** How well it looks and sounds. */
  readonly quality: DeskQuality
  /** What the server calls the stream; empty for nothing. */
  readonly name: string
}

/** What was used last, as it is kept. */
export interface DeskMemory extends Omit<DeskMemo, 'hasPassword'> {
  /** Only when somebody has asked for that. */
  readonly password?: string | undefined
}

/** What a {@link DeskSession} is given. */
export interface DeskSessionOptions {
  /** Makes a streamer, which is not started yet; what it throws is shown. */
  readonly open: (stream: DeskStream) => DeskStreamer | Promise<DeskStreamer>
  /** Asks the server whether it would take the stream. @throws FloecastError with the one sentence to show */
  readonly check: (destination: DeskDestination) => Promise<unknown>
  /** What is on the list to begin with. */
  readonly sources?: readonly string[]
  /** Whether the list begins anew after its last entry. Default false. */
  readonly loop?: boolean
  /** Whether the order is drawn by lot. Default false. */
  readonly shuffle?: boolean
  /** What was used last. */
  readonly memory?: DeskMemory | undefined
  /** Whether the password in it was kept because somebody asked for that; given for this time alone, it is not kept unasked. Default false. */
  readonly keepsPassword?: boolean
  /** Keeps what was used last. */
  readonly remember?: (memory: DeskMemory) => Promise<unknown>
  /** Hears what goes wrong behind the scenes. Default: nobody. */
  readonly logger?: Logger
}

/** What a page of a browser sends of its camera. */
interface Camera {
  readonly bytes: Readable
  readonly mime: string
  title: string
}

/** Events of a {@link DeskSession}, and their arguments. */
export interface DeskSessionEvents {
  /** Something that can be seen is different. */
  change: []
}

/**
 * What the local page steers: a list that waits, then a streamer that has it, then the list again. It knows nothing of HTTP, and
 * emits `change` when anything that can be seen is different.
 */
export class DeskSession extends EventEmitter<DeskSessionEvents> {
  readonly #options: DeskSessionOptions
  #playlist: Playlist
  #loop: boolean
  #shuffle: boolean
  #streamer: DeskStreamer | undefined
  #connecting = false
  #outcome: DeskState['outcome'] = null
  #memory: DeskMemory | undefined
  #keepsPassword: boolean
  #camera: Camera | undefined
  #closed = false

  /** @param options its list, and what it begins a stream with */
  constructor(options: DeskSessionOptions) {
    super()
    this.#options = options
    const { sources = [], loop = false, shuffle = false, memory, keepsPassword = false } = options
    this.#loop = loop
    this.#shuffle = shuffle
    this.#memory = memory
    this.#keepsPassword = keepsPassword
    this.#playlist = this.#take(new Playlist(sources))
  }

  /** How things stand, but for the list. */
  get state(): Omit<DeskState, 'room'> {
    const { entries: _, ...streamer } = this.#streamer?.state ?? { entries: [] }
    return {
      streamer: 'status' in streamer ? streamer : null,
      outcome: this.#outcome,
      loop: 'status' in streamer ? streamer.loop : this.#loop,
      shuffle: this.#shuffle,
      camera: this.#camera !== undefined,
    }
  }

  /** The list, in the order in which it plays. */
  get list(): DeskList {
    if (this.#streamer !== undefined) return this.#streamer.state.entries
    return this.#playlist.entries.map(({ id, title, source, duration }) => ({
      id,
      title,
      source: withoutLogin(source),
      duration: duration ?? null,
      state: 'waiting',
      way: null,
      note: null,
    }))
  }

  /** All sources on the list, as they are. */
  get sources(): ReadonlySet<string> {
    return new Set(this.#playlist.entries.map(({ source }) => source))
  }

  /** What was used last. */
  get memo(): DeskMemo | null {
    if (this.#memory === undefined) return null
    const { password, ...memo } = this.#memory
    return { ...memo, hasPassword: password !== undefined }
  }

  /** Whether the password of {@link DeskSession.memo} is kept from one time to the next. */
  get keepsPassword(): boolean {
    return this.#keepsPassword
  }

  /** Asks the server whether it would take the stream. @throws FloecastError with the one sentence to show */
  async check(to: DeskTarget): Promise<void> {
    await this.#options.check({ address: this.#address(to), protocol: to.protocol })
  }

  /**
   * Begins to stream the list, or the camera, if that is there.
   * @throws FloecastError ALREADY_STREAMING, NOTHING_TO_STREAM, or why the server does not take it
   */
  async connect({ to, quality, name, remember }: DeskOrder): Promise<void> {
    if (this.#streamer !== undefined || this.#connecting) throw new FloecastError('ALREADY_STREAMING')
    if (this.#playlist.length === 0 && this.#camera === undefined) throw new FloecastError('NOTHING_TO_STREAM')
    const address = this.#address(to)
    const { protocol } = to
    this.#connecting = true
    try {
      await this.#options.check({ address, protocol })
      await this.#keep(to, quality, name, remember)
      const playlist = this.#take(new Playlist(itemsOf(this.#playlist), { loop: this.#loop, shuffle: this.#shuffle }))
      const streamer = await this.#options.open({ playlist, address, protocol, quality, name })
      if (this.#closed) return
      this.#playlist = playlist
      this.#run(streamer)
    } finally {
      this.#connecting = false
    }
  }

  /**
   * Does what it is told; what is about the list works before, too.
   * @throws FloecastError NOT_STREAMING, and what the command throws
   */
  async do(command: DeskCommand): Promise<void> {
    if (command.do === 'shuffle') {
      this.#shuffle = command.on
      this.emit('change')
      return
    }
    if (this.#streamer !== undefined) {
      if (command.do === 'loop') this.#loop = command.on
      await this.#streamer.do(command)
      return
    }
    const playlist = this.#playlist
    if (command.do === 'add') playlist.add(await expand(command.sources), command.before)
    else if (command.do === 'remove') playlist.remove(command.id)
    else if (command.do === 'move') playlist.move(command.id, command.before)
    else if (command.do === 'loop') {
      this.#loop = command.on
      this.emit('change')
    } else throw new FloecastError('NOT_STREAMING')
  }

  /**
   * Takes what a browser sends of its camera: it goes on the air at once, or when a stream is begun.
   * @param bytes they are read when they are wanted; whoever hands them in ends them
   */
  takeCamera(bytes: Readable, mime: string, title: string = CAMERA): void {
    const camera = { bytes, mime, title }
    this.#camera?.bytes.destroy()
    this.#camera = camera
    bytes.once('close', () => {
      if (this.#camera === camera) this.#camera = undefined
      this.emit('change')
    })
    this.#streamer?.takeOver(bytes, mime, title)
    this.emit('change')
  }

  /** Tells listeners of the camera's stream what it shows, now and when it goes on the air again. */
  titleCamera(title: string): void {
    if (this.#camera === undefined) return
    this.#camera.title = title
    if (this.#streamer?.state.takenOver != null) this.#streamer.setTitle(title)
  }

  /** Ends what is streamed, in order. */
  async close(): Promise<void> {
    this.#closed = true
    this.#camera?.bytes.destroy()
    const streamer = this.#streamer
    if (streamer === undefined) return
    await streamer.do({ do: 'stop' })
    await streamer.end.catch(() => {})
  }

  #run(streamer: DeskStreamer): void {
    this.#streamer = streamer
    this.#outcome = null
    streamer.on('change', () => this.emit('change'))
    if (this.#camera !== undefined) streamer.takeOver(this.#camera.bytes, this.#camera.mime, this.#camera.title)
    streamer.start()
    streamer.end.then(
      () => this.#ended(streamer, undefined),
      (error: unknown) => this.#ended(streamer, error),
    )
    this.emit('change')
  }

  #ended(streamer: DeskStreamer, error: unknown): void {
    const { targets, started } = streamer.state
    const [first] = targets
    this.#outcome =
      error === undefined
        ? { failed: false, sentence: farewell(started, first?.mount ?? '', sum(targets.map(({ bytesSent }) => bytesSent))) }
        : { failed: true, sentence: sentenceOf(error) }
    if (error !== undefined) this.#options.logger?.debug({ err: error }, 'The stream has failed')
    this.#streamer = undefined
    this.#camera?.bytes.destroy()
    this.#playlist = this.#take(new Playlist(itemsOf(this.#playlist)))
    this.emit('change')
  }

  #take(playlist: Playlist): Playlist {
    playlist.on('change', () => {
      if (playlist === this.#playlist) this.emit('change')
    })
    return playlist
  }

  #address(to: DeskTarget): string {
    const known = this.#memory
    // What is remembered for one server goes to no other.
    const same = known !== undefined && known.server === to.server && known.user === to.user
    return addressOf(to, to.password ?? (same ? known.password : undefined) ?? '')
  }

  async #keep(to: DeskTarget, quality: DeskQuality, name: string, remember: boolean): Promise<void> {
    const { server, mount, user, protocol } = to
    const password = decodeURIComponent(new URL(this.#address(to)).password)
    const memory = { server, mount, user, protocol, quality, name }
    this.#memory = { ...memory, password }
    this.#keepsPassword = remember
    try {
      await this.#options.remember?.(remember ? this.#memory : memory)
    } catch (error) {
      // It can be typed once more, and is no reason not to go on the air.
      ;(this.#options.logger ?? silent).warn({ err: error }, 'Cannot remember the server')
    }
  }
}

const CAMERA = 'Camera'

const itemsOf = (playlist: Playlist) => playlist.entries.map(({ source, title, duration }) => ({ source, title, duration }))
const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0)
const sentenceOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

function farewell(started: string, mount: string, bytes: number): string {
  const minutes = Math.round((Date.now() - Date.parse(started)) / 60_000)
  const time = minutes < 1 ? 'less than a minute' : minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
  const size =
    bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : bytes >= 1e6 ? `${(bytes / 1e6).toFixed(1)} MB` : `${Math.round(bytes / 1000)} kB`
  return `The stream has ended: ${size} went to ${mount} in ${time}.`
}
