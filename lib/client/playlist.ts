import { EventEmitter } from 'node:events'
import { Lot } from './lot.js'
import { type PlaylistEntry, type PlaylistItem, titleOf } from './playlist-item.js'

/** Options of a {@link Playlist}. */
export interface PlaylistOptions {
  /** Whether it begins anew after its last entry. Default false. */
  readonly loop?: boolean
  /** Whether each round has an order of its own, drawn by lot. Default false. */
  readonly shuffle?: boolean
  /** What the orders are drawn from: with the same number they come again. Default: another one each time. */
  readonly seed?: number
  /** With which entry it starts, counted from 1; when it is shuffled, the others follow in any order. Default: the first, or any. */
  readonly startAt?: number
}

/** Events of a {@link Playlist}, and their arguments. */
export interface PlaylistEvents {
  /** Another entry plays, or the same one from its beginning; `undefined` when the list has ended. */
  current: [entry: PlaylistEntry | undefined]
  /** An entry is left out, with a reason. */
  skip: [entry: PlaylistEntry]
  /** Anything that can be seen of the list is different, also when one of the other events tells of it. */
  change: []
}

interface Slot {
  readonly id: string
  readonly source: string
  title: string
  duration: number | undefined
  // The rounds in which it was played and skipped last.
  played: number
  skipped: number
  reason: string | undefined
}

/**
 * What to play, in which order: a list through which somebody goes with {@link Playlist.next}, and which others may change
 * meanwhile. It plays nothing itself, and holds no more than its entries, however many rounds it goes.
 *
 * @example
 * ```ts
 * const playlist = new Playlist(await expand(['intro.mp4', 'films/']), { loop: true })
 * playlist.on('current', (entry) => console.log(entry?.title))
 * for (let entry = playlist.next(); entry !== undefined; entry = playlist.next()) await play(entry)
 * ```
 */
export class Playlist extends EventEmitter<PlaylistEvents> {
  readonly #shuffled: boolean
  readonly #lot: Lot
  #slots: Slot[] = []
  #loop: boolean
  #count = 0
  // Where in the list the current entry stands, or stood before the list ended, and whether it plays.
  #position = -1
  #playing = false
  #round = 1
  // The order of the round to come, once somebody has asked for its first entry.
  #coming: Slot[] | undefined

  /** @throws RangeError when `startAt` is no number of an entry */
  constructor(items: Iterable<PlaylistItem | string> = [], options: PlaylistOptions = {}) {
    super()
    const { loop = false, shuffle = false, seed = Math.floor(Math.random() * 2 ** 32), startAt } = options
    this.#loop = loop
    this.#shuffled = shuffle
    this.#lot = new Lot(seed)
    this.#slots = Array.from(items, (item) => this.#slot(item))
    if (startAt !== undefined && (!Number.isInteger(startAt) || startAt < 1 || startAt > this.#slots.length))
      throw new RangeError(`Cannot start at entry ${startAt}: the list has ${this.#slots.length} entries`)
    const first = this.#slots[(startAt ?? 0) - 1]
    if (shuffle) this.#slots = this.#lot.shuffle(this.#slots, first)
    else if (startAt !== undefined) this.#position = startAt - 2
  }

  /** How many entries it has. */
  get length(): number {
    return this.#slots.length
  }

  /** All entries, in the order in which they play; of this round, when it is shuffled. */
  get entries(): readonly PlaylistEntry[] {
    const next = this.#upcoming()
    return this.#slots.map((slot) => this.#describe(slot, next))
  }

  /** The entry that plays; `undefined` before the first {@link Playlist.next} and after the end. */
  get current(): PlaylistEntry | undefined {
    const slot = this.#current()
    return slot && this.#describe(slot)
  }

  /** The entry that {@link Playlist.next} would go on to, as things stand, so that it can be made ready; `undefined` when that is the end. */
  get upcoming(): PlaylistEntry | undefined {
    const slot = this.#upcoming()
    return slot && this.#describe(slot, slot)
  }

  /** Whether it begins anew after its last entry. */
  get loop(): boolean {
    return this.#loop
  }

  /** Takes effect when the last entry has been played. */
  set loop(on: boolean) {
    const changes = on !== this.#loop
    this.#loop = on
    if (changes) this.emit('change')
  }

  /** An entry by its id; `undefined` when it is not in the list. */
  get(id: string): PlaylistEntry | undefined {
    const slot = this.#find(id)
    return slot && this.#describe(slot, this.#upcoming())
  }

  /**
   * Goes on to the next entry that is not skipped, and at the end of a looped list to its next round, where skipped entries get another
   * chance. When nothing at all could be played for a whole round, the list ends.
   * @returns the entry, or `undefined` at the end; entries that are added later can still be gone on to
   */
  next(): PlaylistEntry | undefined {
    const slot = this.#upcoming()
    if (slot === undefined) {
      this.#position = this.#slots.length - 1
      return this.#go(undefined)
    }
    if (this.#ahead() === undefined) {
      if (this.#shuffled) this.#slots = this.#coming ?? this.#slots
      this.#round++
    }
    return this.#go(slot)
  }

  /**
   * Goes back to the entry before that is not skipped; from the first one of a looped list to its last, unless it is shuffled. Where there is none,
   * the current entry begins anew.
   * @returns the entry; `undefined` when the list has none to play
   */
  previous(): PlaylistEntry | undefined {
    const from = this.#playing ? this.#position : this.#position + 1
    const before = this.#slots.slice(0, from).findLast((slot) => !this.#isSkipped(slot))
    const last = this.#loop && !this.#shuffled ? this.#slots.findLast((slot) => !this.#isSkipped(slot)) : undefined
    const slot = before ?? last ?? this.#current()
    return slot && this.#go(slot)
  }

  /**
   * Goes on with an entry, be it skipped or not.
   * @returns the entry; `undefined`, and nothing happens, when it is not in the list
   */
  jump(id: string): PlaylistEntry | undefined {
    const slot = this.#find(id)
    if (slot === undefined) return undefined
    slot.skipped = 0
    slot.reason = undefined
    return this.#go(slot)
  }

  /**
   * Adds entries before another one, or at the end.
   * @param before the id of an entry; when it is not in the list, they come at the end
   * @returns the new entries
   */
  add(items: Iterable<PlaylistItem | string>, before?: string): readonly PlaylistEntry[] {
    const slots = Array.from(items, (item) => this.#slot(item))
    const found = this.#slots.findIndex(({ id }) => id === before)
    this.#arrange(this.#slots.toSpliced(found < 0 ? this.#slots.length : found, 0, ...slots))
    this.emit('change')
    return slots.map((slot) => this.#describe(slot, this.#upcoming()))
  }

  /**
   * Takes an entry out. When it plays, the next one begins.
   * @returns whether it was in the list
   */
  remove(id: string): boolean {
    const slot = this.#find(id)
    if (slot === undefined) return false
    // The only entry of a looped list would be the next one after itself.
    if (slot === this.#current() && this.#upcoming() === slot) this.#go(undefined)
    else if (slot === this.#current()) this.next()
    this.#arrange(this.#slots.filter((one) => one !== slot))
    this.emit('change')
    return true
  }

  /**
   * Puts an entry before another one, or at the end.
   * @returns whether both are in the list; if not, nothing happens
   */
  move(id: string, before: string | null): boolean {
    const slot = this.#find(id)
    const others = this.#slots.filter((one) => one !== slot)
    const at = before === null ? others.length : others.findIndex((one) => one.id === before)
    if (slot === undefined || at < 0) return false
    this.#arrange(others.toSpliced(at, 0, slot))
    this.emit('change')
    return true
  }

  /**
   * Marks an entry as one that cannot be played in this round, or in the next one, when it is the upcoming entry of that. What plays goes on
   * playing: call {@link Playlist.next} to leave it.
   * @param reason for people, such as `no video or audio could be read`
   * @returns whether it is in the list
   */
  skip(id: string, reason: string): boolean {
    const slot = this.#find(id)
    if (slot === undefined) return false
    const later = slot === this.#upcoming() && this.#ahead() === undefined
    slot.skipped = this.#round + (later ? 1 : 0)
    slot.played = 0
    slot.reason = reason
    this.#coming = undefined
    this.emit('skip', this.#describe(slot))
    this.emit('change')
    return true
  }

  /**
   * Adds what has been found out about an entry.
   * @returns whether it is in the list
   */
  describe(id: string, { title, duration }: Omit<PlaylistItem, 'source'>): boolean {
    const slot = this.#find(id)
    if (slot === undefined) return false
    if ((title ?? slot.title) === slot.title && (duration ?? slot.duration) === slot.duration) return true
    slot.title = title ?? slot.title
    slot.duration = duration ?? slot.duration
    this.emit('change')
    return true
  }

  #slot(item: PlaylistItem | string): Slot {
    const { source, title, duration } = typeof item === 'string' ? { source: item } : item
    return { id: String(++this.#count), source, title: title || titleOf(source), duration, played: 0, skipped: 0, reason: undefined }
  }

  #describe(slot: Slot, next?: Slot): PlaylistEntry {
    const { id, source, title, duration } = slot
    const skipped = this.#isSkipped(slot)
    const before = slot.played === this.#round ? 'played' : 'waiting'
    const state = slot === this.#current() ? 'playing' : skipped ? 'skipped' : slot === next ? 'next' : before
    return { id, source, title, duration, state, reason: skipped ? slot.reason : undefined }
  }

  #find(id: string): Slot | undefined {
    return this.#slots.find((one) => one.id === id)
  }

  #isSkipped(slot: Slot): boolean {
    return slot.skipped >= this.#round
  }

  #current(): Slot | undefined {
    return this.#playing ? this.#slots[this.#position] : undefined
  }

  // What is still to come in this round.
  #ahead(): Slot | undefined {
    return this.#slots.find((slot, at) => at > this.#position && !this.#isSkipped(slot))
  }

  #upcoming(): Slot | undefined {
    const ahead = this.#ahead()
    if (ahead !== undefined || !this.#loop) return ahead
    // A round in which nothing could be played is the last one, or it would be tried for ever.
    if (!this.#slots.some(({ played }) => played === this.#round)) return undefined
    const able = (slot: Slot): boolean => slot.skipped <= this.#round
    if (!this.#shuffled) return this.#slots.find(able)
    // What plays last in a round does not begin the next one.
    this.#coming ??= this.#lot.shuffleAgain(this.#slots, this.#slots[this.#position], able)
    return this.#coming.find(able)
  }

  // Puts the list into another order, without losing the place in it.
  #arrange(slots: Slot[]): void {
    const here = this.#slots[this.#position]
    const before = this.#slots.slice(0, this.#position).findLast((slot) => slots.includes(slot))
    this.#slots = slots
    this.#coming = undefined
    if (here !== undefined) this.#position = slots.indexOf(slots.includes(here) ? here : before!)
  }

  #go(slot: Slot | undefined): PlaylistEntry | undefined {
    const told = slot !== undefined || this.#playing
    this.#playing = slot !== undefined
    this.#coming = undefined
    if (slot !== undefined) {
      this.#position = this.#slots.indexOf(slot)
      slot.played = this.#round
    }
    const entry = this.current
    if (told) this.emit('current', entry)
    if (told) this.emit('change')
    return entry
  }
}
