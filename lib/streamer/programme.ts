import type { Playlist } from '../client/playlist.js'
import { type PlaylistEntry, sourceKind } from '../client/playlist-item.js'
import type { Clock } from '../clock.js'
import type { Item } from './item.js'
import type { Playout } from './playout.js'
import { type ProgrammeOwner, reasonOf, sentenceOf, type Turn } from './turn.js'

interface Playing {
  readonly turn: Turn
  readonly item: Item
  readonly abort: AbortController
  readonly done: Promise<void>
  isOver: boolean
}

/**
 * Goes through the list: what the list says is current is what plays, and whoever changes that changes what plays, as soon as it is ready; until
 * then, what was before goes on. What comes next is opened some seconds before its turn; what cannot be opened is skipped.
 */
export class Programme {
  readonly #playlist: Playlist
  readonly #playout: Playout
  readonly #clock: Clock
  readonly #owner: ProgrammeOwner
  #wish: Turn | undefined
  #playing: Playing | undefined
  // Where the list is held while it does not play.
  #hold: { readonly entry: PlaylistEntry; readonly from: number } | undefined
  #next: { readonly id: string; readonly item: Promise<Item> } | undefined
  #window: (() => void) | undefined
  #wake: () => void = () => {}
  #bridge: Promise<void> | undefined
  #failures = 0
  #hasPlayed = false
  #reason: string | undefined

  constructor(playlist: Playlist, playout: Playout, clock: Clock, owner: ProgrammeOwner) {
    this.#playlist = playlist
    this.#playout = playout
    this.#clock = clock
    this.#owner = owner
  }

  /** What plays; what was wished last, until anything does. */
  get turn(): Turn | undefined {
    return this.#playing?.turn ?? this.#wish
  }

  /** Whether anything has ever gone out. */
  get hasPlayed(): boolean {
    return this.#hasPlayed
  }

  /** Why the last entry that was skipped was skipped. */
  get reason(): string | undefined {
    return this.#reason
  }

  /** Seconds of the entry that plays, or is held, that have gone out. */
  get position(): number {
    const playing = this.#playing
    return playing?.turn.kind === 'entry' ? playing.turn.from + this.#playout.position : (this.#hold?.from ?? 0)
  }

  /** Plays until the list has ended, or {@link Programme.stop} is called. */
  async run(): Promise<void> {
    this.#playlist.on('current', this.#follow)
    this.#playlist.on('change', this.#look)
    if (this.#playlist.current === undefined) this.#playlist.next()
    else this.#follow(this.#playlist.current)
    while (this.#wish !== undefined) {
      const wish = this.#wish
      if (wish === this.#playing?.turn) {
        await new Promise<void>((resolve) => (this.#wake = resolve))
        continue
      }
      try {
        const item = await this.#opened(wish)
        await this.#bridge
        if (item === undefined) continue
        await this.#cut()
        this.#begin(wish, item)
      } catch (error) {
        if (wish === this.#wish) await this.#fail(wish, error)
      }
    }
    this.#playlist.off('current', this.#follow)
    this.#playlist.off('change', this.#look)
    await this.#cut()
    await this.#forget()
  }

  /** Ends all. */
  stop(): void {
    this.#want(undefined)
  }

  /** Shows a still in place of the list. */
  pause(): void {
    const turn = this.#wish
    if (turn?.kind === 'entry') this.#want({ kind: 'still', entry: turn.entry, from: this.position })
  }

  /** Goes on with the list where it is held. */
  resume(): void {
    if (this.#wish?.kind !== 'still' && this.#wish?.kind !== 'over') return
    const entry = this.#playlist.current
    const held = this.#hold?.entry.id === entry?.id ? this.#hold?.from : 0
    this.#want(entry && { kind: 'entry', entry, from: held ?? 0 })
  }

  /** Shows something else, and holds the list. */
  takeOver(name: string, open: () => Promise<Item>): void {
    this.#want({ kind: 'over', name, open })
  }

  readonly #follow = (entry: PlaylistEntry | undefined): void => {
    this.#failures = 0
    this.#hold = entry && { entry, from: 0 }
    // What has taken over stays.
    if (this.#wish?.kind !== 'over') this.#want(entry && { kind: 'entry', entry, from: 0 })
  }

  // Another order may have another entry that is next.
  readonly #look = (): void => {
    const id = this.#next?.id
    // Whose turn it is by now is about to be taken.
    if (id !== undefined && id !== this.#playlist.upcoming?.id && id !== this.#playlist.current?.id) this.#prepare()
  }

  #want(turn: Turn | undefined): void {
    this.#wish = turn
    this.#wake()
    this.#owner.changed()
  }

  // Opens what is wished; undefined when something else is by then.
  async #opened(wish: Turn): Promise<Item | undefined> {
    const opening = this.#open(wish)
    const other = new Promise<undefined>((resolve) => {
      this.#wake = () => {
        if (wish !== this.#wish) resolve(undefined)
      }
    })
    let isOpen = false
    const cancel = this.#clock.after(PATIENCE, () => (this.#bridge = this.#wait(() => isOpen || wish !== this.#wish)))
    const item = await Promise.race([opening, other]).finally(() => {
      isOpen = true
      cancel()
    })
    if (item !== undefined && wish === this.#wish) return item
    void letGo(opening)
    return undefined
  }

  // Nothing plays, and what is to play takes its time: whoever listens, and the server, get something meanwhile.
  async #wait(isOpen: () => boolean): Promise<void> {
    if (!this.#hasPlayed || this.#playing?.isOver === false) return
    const item = await this.#owner.freeze().catch(() => undefined)
    if (item === undefined) return
    if (isOpen()) return item.close()
    await this.#cut()
    this.#begin({ kind: 'wait' }, item)
  }

  #open(turn: Turn): Promise<Item> {
    if (turn.kind === 'over') return turn.open()
    if (turn.kind === 'wait') return Promise.reject(new Error('nothing is waited for'))
    const next = this.#next
    if (turn.kind === 'entry' && turn.from === 0 && next?.id === turn.entry.id) {
      this.#next = undefined
      return next.item
    }
    void this.#forget()
    return this.#owner.open(turn)
  }

  #begin(turn: Turn, item: Item): void {
    const abort = new AbortController()
    if (turn.kind === 'over' || turn.kind === 'still') void this.#forget()
    const { duration, title } = item
    if (turn.kind === 'entry') this.#playlist.describe(turn.entry.id, { title, duration })
    const begun = (): void => {
      this.#hasPlayed = true
      if (turn.kind !== 'wait') this.#owner.begun(turn, item)
      if (turn.kind !== 'entry') return
      const left = duration === undefined ? 0 : Math.max(0, duration - turn.from - AHEAD)
      this.#window = this.#clock.after(left * 1000, () => this.#prepare())
    }
    const done = this.#playout.play(item, abort.signal, begun).then(
      () => this.#ended(turn, undefined),
      (error: unknown) => this.#ended(turn, error),
    )
    this.#playing = { turn, item, abort, done, isOver: false }
    this.#owner.changed()
  }

  // It has come to its end by itself, or cannot go on.
  #ended(turn: Turn, error: unknown): void {
    if (this.#playing?.turn === turn) this.#playing.isOver = true
    if (this.#wish !== turn) return
    const { position } = this
    const played = this.#playout.position
    if (turn.kind !== 'entry') {
      if (error !== undefined) this.#owner.warn(sentenceOf(error))
      this.resume()
    } else if (error === undefined && played > 0) {
      this.#failures = 0
      this.#playlist.next()
    } else {
      // What has gone well for a while gets another try from where it was.
      if (played > WELL) this.#failures = 0
      if (++this.#failures > TRIES || error === undefined) this.#skip(turn.entry, error ?? new Error('there is nothing in it'))
      else {
        this.#owner.warn(`${sentenceOf(error)}; it is begun again where it was`)
        this.#want({ kind: 'entry', entry: turn.entry, from: position })
      }
    }
    this.#wake()
  }

  async #fail(turn: Turn, error: unknown): Promise<void> {
    if (turn.kind === 'entry') {
      this.#skip(turn.entry, error)
      // A long list of what cannot be read must not keep the machine busy.
      await new Promise<void>((resolve) => void this.#clock.after(BACK_OFF, resolve))
      return
    }
    this.#owner.warn(sentenceOf(error))
    const playing = this.#playing
    if (playing === undefined || playing.turn.kind === 'wait') return this.resume()
    // What was before goes on, or has ended meanwhile.
    this.#want(playing.isOver ? undefined : playing.turn)
    if (playing.isOver) this.#playlist.next()
  }

  #skip(entry: PlaylistEntry, error: unknown): void {
    this.#reason = sentenceOf(error)
    this.#owner.warn(this.#reason)
    this.#playlist.skip(entry.id, reasonOf(error))
    this.#playlist.next()
  }

  async #cut(): Promise<void> {
    const playing = this.#playing
    if (playing === undefined) return
    if (playing.turn.kind === 'entry') this.#hold = { entry: playing.turn.entry, from: this.position }
    this.#playing = undefined
    this.#window?.()
    playing.abort.abort()
    await playing.done
    await playing.item.close()
  }

  // Opens what comes next, so that it is ready in time.
  #prepare(): void {
    void this.#forget()
    const entry = this.#playlist.upcoming
    // What happens now would be over by its turn.
    if (entry === undefined || sourceKind(entry.source) !== 'file' || this.#playing?.turn.kind !== 'entry') return
    const item = this.#owner.open({ kind: 'entry', entry, from: 0 })
    const next = { id: entry.id, item }
    this.#next = next
    item.catch((error: unknown) => {
      if (this.#next !== next) return
      this.#next = undefined
      this.#reason = sentenceOf(error)
      this.#owner.warn(this.#reason)
      this.#playlist.skip(entry.id, reasonOf(error))
      this.#clock.after(BACK_OFF, () => {
        if (this.#next === undefined) this.#prepare()
      })
    })
  }

  async #forget(): Promise<void> {
    const next = this.#next
    this.#next = undefined
    if (next !== undefined) await letGo(next.item)
  }
}

function letGo(opening: Promise<Item>): Promise<void> {
  return opening.then(
    (item) => item.close(),
    () => {},
  )
}

/** Seconds before its turn at which an entry is opened. */
const AHEAD = 12
/** Milliseconds without anything after which a still goes out. */
const PATIENCE = 1_000
/** How often an entry that breaks off is begun again, unless it has played for some seconds in between. */
const TRIES = 3
const WELL = 5
/** Milliseconds between two entries that cannot be opened. */
const BACK_OFF = 200
