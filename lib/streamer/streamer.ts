import { EventEmitter } from 'node:events'
import type { StreamerCommand, StreamerState } from '../api/streamer.js'
import { expand } from '../client/playlist-files.js'
import type { Ffmpeg } from '../client/ffmpeg.js'
import type { Playlist } from '../client/playlist.js'
import type { SourceClientOptions } from '../client/source-client.js'
import { type Clock, systemClock } from '../clock.js'
import { FloecastError } from '../errors.js'
import type { Frame } from '../formats/frame.js'
import { type Logger, silent } from '../log.js'
import { freeze } from './frozen.js'
import type { Item } from './item.js'
import { Opener } from './open-item.js'
import type { Output } from './output.js'
import { Playout } from './playout.js'
import { Programme } from './programme.js'
import { Rate } from './rate.js'
import { Target, type TargetOwner } from './target.js'
import type { Turn } from './turn.js'

/** Options of a {@link Streamer}. */
export interface StreamerOptions {
  /** What plays, in which order. */
  readonly playlist: Playlist
  /** What goes out: see {@link createOutput}. */
  readonly output: Output
  /** What converts what does not fit as it is: see `findFfmpeg`. Without it, that is skipped. */
  readonly ffmpeg?: Ffmpeg | undefined
  /**
   * The mount, with user name and password: `http://source:PASSWORD@host:8000/live`. Of a ladder, each rung has a mount of its own, with its
   * height in its name: `/live-1080`, `/live-720`; the server shows them as one where their setting `group` is the same.
   */
  readonly to: string | URL
  /** How the source announces itself: protocol, name, genre and so on. */
  readonly source?: Omit<SourceClientOptions, 'contentType'>
  /** What is to be told with the warnings from the beginning, in sentences. */
  readonly warnings?: readonly string[]
  /** Hears what happens. Default: nobody. */
  readonly logger?: Logger
  /** Where time comes from; only tests need another than the machine's. */
  readonly clock?: Clock
}

/** Events of a {@link Streamer}, and their arguments. */
export interface StreamerEvents {
  /** Its state is another: at most four times a second while it merely goes on. */
  change: []
}

/**
 * Sends a list of files, addresses and devices to a mount, as one stream without an end: connections, times and codecs go on over the borders of what
 * is in the list. It sends at the pace of the media.
 *
 * @example
 * ```ts
 * const playlist = new Playlist(await expand(['music/']), { loop: true })
 * const output = createOutput({ format: 'mp3' })
 * const streamer = new Streamer({ playlist, output, ffmpeg: await findFfmpeg(), to: 'http://source:hackme@localhost:8000/live.mp3' })
 * streamer.start()
 * await streamer.end
 * ```
 */
export class Streamer extends EventEmitter<StreamerEvents> {
  /** Resolves when it has ended in order, and rejects with one sentence when it could not go on. */
  readonly end: Promise<void>
  readonly #options: StreamerOptions
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #playlist: Playlist
  readonly #opener: Opener
  readonly #programme: Programme
  readonly #playout: Playout
  readonly #frames: Rate
  readonly #found = new Map<string, { readonly way: Item['way']; readonly note: string | undefined }>()
  readonly #warnings: string[]
  #targets: readonly Target[] = []
  #started: number | undefined
  #hasEnded = false
  #counted = 0
  #quiet: (() => void) | undefined
  #settle!: (error: Error | undefined) => void

  /** Makes it; nothing happens before {@link Streamer.start}. */
  constructor(options: StreamerOptions) {
    super()
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#logger = options.logger ?? silent
    this.#playlist = options.playlist
    this.#warnings = [...(options.warnings ?? [])]
    this.#opener = new Opener(options.output, options.ffmpeg)
    this.#frames = new Rate(this.#clock)
    this.#playout = new Playout({
      rungs: Math.max(1, options.output.rungs.length),
      container: options.output.format,
      clock: this.#clock,
      send: (rung, frames) => this.#send(rung, frames),
    })
    this.#programme = new Programme(this.#playlist, this.#playout, this.#clock, {
      open: (turn) => this.#open(turn),
      freeze: () => freeze(this.#playout.lanes),
      begun: (turn, item) => this.#begun(turn, item),
      warn: (sentence) => this.#warn(sentence),
      changed: () => this.#changed(),
    })
    this.end = new Promise((resolve, reject) => {
      this.#settle = (error) => (error === undefined ? resolve() : reject(error))
    })
    // Who does not wait for the end need not hear of it.
    this.end.catch(() => {})
  }

  /** All that can be seen of it now. */
  get state(): StreamerState {
    const { turn } = this.#programme
    const targets = this.#targets.map((target) => target.state)
    const isLive = targets.some(({ status }) => status === 'live' || status === 'reconnecting') && this.#programme.hasPlayed
    const { output, ffmpeg } = this.#options
    return {
      status: this.#hasEnded ? 'ended' : !isLive ? 'starting' : turn?.kind === 'still' ? 'paused' : 'live',
      started: new Date(this.#started ?? this.#clock.now()).toISOString(),
      targets,
      position: this.#programme.position,
      current: this.#playlist.current?.id ?? null,
      takenOver: turn?.kind === 'over' ? turn.name : null,
      entries: this.#playlist.entries.map(({ id, title, source, duration, state, reason }) => {
        const found = this.#found.get(id)
        return {
          id,
          title,
          source,
          duration: duration ?? null,
          state,
          way: found?.way ?? null,
          note: reason === undefined ? (found?.note ?? null) : `skipped: ${reason}`,
        }
      }),
      loop: this.#playlist.loop,
      frameRate: output.video === undefined ? null : this.#frames.perSecond,
      frames: this.#playout.frames,
      encoder: ffmpeg === undefined ? null : `ffmpeg ${ffmpeg.version}, ${(output.video ?? output.audio).encoder}`,
      warnings: [...this.#warnings],
    }
  }

  /** Connects and begins to send. Once. */
  start(): void {
    if (this.#started !== undefined) return
    this.#started = this.#clock.now()
    const { output, to, source } = this.#options
    const { contentType, rungs } = output
    const owner: TargetOwner = {
      changed: () => this.#changed(),
      warn: (sentence) => this.#warn(sentence),
      failed: (error) => void this.#finish(error),
    }
    const addresses = rungs.length < 2 ? [new URL(to)] : rungs.map(({ height }) => rungAddress(to, height))
    this.#targets = addresses.map((address) => new Target(address, { ...source, contentType }, this.#clock, owner))
    this.#playlist.on('change', this.#changed)
    this.#programme.run().then(
      () => void this.#finish(this.#programme.hasPlayed || this.#hasEnded ? undefined : this.#nothing()),
      (error: Error) => void this.#finish(error),
    )
  }

  /**
   * Does what it is told.
   * @throws FloecastError when something is to be added that is not there
   */
  async do(command: StreamerCommand): Promise<void> {
    const playlist = this.#playlist
    switch (command.do) {
      case 'next':
        return void playlist.next()
      case 'previous':
        return void playlist.previous()
      case 'jump':
        return void playlist.jump(command.id)
      case 'pause':
        return this.#programme.pause()
      case 'resume':
      case 'giveBack':
        return this.#programme.resume()
      case 'add':
        return void playlist.add(await expand(command.sources), command.before)
      case 'remove':
        return void playlist.remove(command.id)
      case 'move':
        return void playlist.move(command.id, command.before)
      case 'loop':
        playlist.loop = command.on
        return
      case 'takeOver': {
        const { source } = command
        return this.#programme.takeOver(source, () => this.#opener.open(source))
      }
      case 'stop':
        return this.#programme.stop()
    }
  }

  /**
   * Shows what is handed in, such as what a browser records, and holds the list until it ends or is given back.
   * @param bytes at their own pace, of any format that can be read
   * @param mime what they are said to be, such as `video/webm`
   * @param name for people
   */
  takeOver(bytes: AsyncIterable<Buffer>, mime: string, name = 'the browser'): void {
    this.#programme.takeOver(name, () => this.#opener.openBytes(name, bytes, mime))
  }

  /** Tells listeners what plays, in place of the item's own title; the next item tells its own again. */
  setTitle(title: string): void {
    // Ogg carries titles itself, and Icecast takes them for it in no other way.
    if (this.#options.output.format === 'ogg') for (const lane of this.#playout.lanes) lane.setTitle(title)
    else for (const target of this.#targets) target.setTitle(title)
  }

  async #open(turn: Extract<Turn, { kind: 'entry' | 'still' }>): Promise<Item> {
    if (turn.kind === 'still') {
      const made = await this.#opener.openStill(turn.entry.source, turn.from).catch(() => undefined)
      const still = made ?? (await freeze(this.#playout.lanes))
      if (still === undefined) throw new FloecastError('ITEM_UNREADABLE', { source: turn.entry.title, reason: NO_STILL })
      return still
    }
    const item = await this.#opener.open(turn.entry.source, turn.from)
    this.#found.set(turn.entry.id, { way: item.way, note: item.note })
    this.#changed()
    return item
  }

  #send(rung: number, frames: readonly Frame[]): void {
    this.#targets[rung]!.send(frames)
    if (rung > 0) return
    this.#frames.count(this.#playout.frames - this.#counted)
    this.#counted = this.#playout.frames
    this.#changed()
  }

  #begun(turn: Exclude<Turn, { kind: 'wait' }>, item: Item): void {
    const title = turn.kind === 'over' ? turn.name : (this.#playlist.get(turn.entry.id)?.title ?? turn.entry.title)
    this.setTitle(title)
    this.#logger.info({ title, way: item.way, note: item.note }, 'plays')
    this.#changed()
  }

  #warn(sentence: string): void {
    this.#logger.warn({}, sentence)
    this.#warnings.push(sentence)
    if (this.#warnings.length > MAX_WARNINGS) this.#warnings.shift()
    this.#changed()
  }

  #nothing(): Error {
    const reason = this.#programme.reason ?? 'it is empty; add files to it'
    return new FloecastError('LIST_UNREADABLE', { reason })
  }

  async #finish(error: Error | undefined): Promise<void> {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.#programme.stop()
    this.#playlist.off('change', this.#changed)
    if (error === undefined) await Promise.all(this.#targets.map((target) => target.end()))
    else for (const target of this.#targets) target.close()
    this.#quiet?.()
    this.emit('change')
    this.#settle(error)
  }

  // Several changes that come together are told of once.
  readonly #changed = (): void => {
    if (this.#hasEnded) return
    this.#quiet ??= this.#clock.after(QUIET, () => {
      this.#quiet = undefined
      this.emit('change')
    })
  }
}

function rungAddress(to: string | URL, height: number): URL {
  const address = new URL(to)
  address.pathname = `${address.pathname}-${height}`
  return address
}

const NO_STILL = 'its sound cannot be made silent here; choose AAC, Opus or MP3 to be able to pause'
/** Milliseconds between two `change` events. */
const QUIET = 250
const MAX_WARNINGS = 20
