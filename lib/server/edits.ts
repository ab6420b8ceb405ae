import { randomBytes } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { Clock } from '../clock.js'
import { FloecastError } from '../errors.js'
import { mountOptions, mountSettings, serverOptions, type ServerSettings } from '../options/index.js'
import { effectsOf, type EffectsContext } from './effects.js'
import { hashPassword } from './password.js'
import { type LockedSetting, type OwnSettings, type SettingsChange, type SettingsKeeper, valueAt, withChanges } from './settings-keeper.js'

/** Whose password. */
export type PasswordOwner = 'source' | 'admin'

/** What {@link Edits} needs of the server. */
export interface EditsContext extends EffectsContext {
  /** The settings in force. */
  readonly settings: ServerSettings
  /** Where time comes from. */
  readonly clock: Clock
}

/** What has come of a change, or will. */
export interface Edited {
  /** What it does, a sentence each. */
  readonly effects: readonly string[]
  /** By which it can be undone for a while; `null` where nothing was changed. */
  readonly undo: string | null
}

/** How many changes can be undone, and for how many milliseconds. */
const MOST = 20
const UNDO_TIME = 600_000

/** Changes settings while the server runs: one change after the other, each checked and told of before it is done, and undone if wanted. */
export class Edits {
  readonly #context: EditsContext
  readonly #keeper: SettingsKeeper
  readonly #undos = new Map<string, { readonly until: number; readonly changes: readonly SettingsChange[] }>()
  #last: Promise<unknown> = Promise.resolve()

  constructor(context: EditsContext, keeper: SettingsKeeper) {
    this.#context = context
    this.#keeper = keeper
  }

  /** The file in which settings are kept; `undefined` for none. */
  get file(): string | undefined {
    return this.#keeper.file
  }

  /** What cannot be changed. */
  get locked(): readonly LockedSetting[] {
    return this.#keeper.locked
  }

  /** What is set, without defaults. It holds secrets. */
  get own(): OwnSettings {
    return this.#keeper.own
  }

  /** What sets a setting that cannot be changed, or one below it. */
  lockOf(path: readonly string[]): LockedSetting | undefined {
    const name = path.join('.')
    return this.locked.find((lock) => isWithin(name, lock.path) || isWithin(lock.path, name))
  }

  /**
   * The settings as they would be.
   * @throws FloecastError SETTING_LOCKED, SETTING_REFUSED
   */
  preview(changes: readonly SettingsChange[]): ServerSettings {
    const after = this.#after(changes)
    const before = this.#context.settings
    for (const [name, settings] of Object.entries(after.mounts))
      for (const key of FILE_ONLY)
        if (valueAt(settings, [key]) !== valueAt(mountSettings(before, name), [key]))
          throw new FloecastError('SETTING_LOCKED', { path: `mounts.${name}.${key}`, by: 'the configuration file alone' })
    return after
  }

  #after(changes: readonly SettingsChange[]): ServerSettings {
    for (const { path } of changes) {
      const lock = this.lockOf(path)
      if (lock !== undefined) throw new FloecastError('SETTING_LOCKED', { path: path.join('.'), by: lock.by })
    }
    const result = serverOptions.safeParse(withChanges(this.#context.settings, changes))
    if (result.success) return result.data
    const reasons = result.error.issues.map(({ path, message }) =>
      path.length === 0 ? message : `${path.map(String).join('.')}: ${message}`,
    )
    throw new FloecastError('SETTING_REFUSED', { reason: reasons.join('; ') })
  }

  /**
   * Changes settings.
   * @param changes their number may be 0
   * @param notes what else there is to say of it
   * @throws FloecastError SETTING_LOCKED, SETTING_REFUSED, SETTINGS_UNSAVED
   */
  change(changes: readonly SettingsChange[], notes: readonly string[] = []): Promise<Edited> {
    return this.#next(async () => {
      const effects = this.effects(changes, notes)
      if (changes.length === 0) return { effects, undo: null }
      return { effects, undo: this.#remember(await this.#keeper.change(changes)) }
    })
  }

  /**
   * What a change would do.
   * @throws FloecastError SETTING_LOCKED, SETTING_REFUSED
   */
  effects(changes: readonly SettingsChange[], notes: readonly string[] = []): string[] {
    return this.#effects(this.preview(changes), notes)
  }

  #effects(after: ServerSettings, notes: readonly string[] = []): string[] {
    const { settings } = this.#context
    if (isDeepStrictEqual(settings, after)) return [...notes, 'Nothing changes: it is so already']
    const effects = [...notes, ...effectsOf(this.#context, settings, after)]
    return effects.length > 0 ? effects : ['It holds at once; nobody is dropped']
  }

  /**
   * Sets all back that a change has changed.
   * @param id as {@link Edited.undo}
   * @returns what it has done, a sentence each
   * @throws FloecastError NOTHING_TO_UNDO, and as {@link Edits.change}
   */
  undo(id: string): Promise<readonly string[]> {
    return this.#next(async () => {
      const found = this.#undos.get(id)
      if (found === undefined || found.until < this.#context.clock.now()) throw new FloecastError('NOTHING_TO_UNDO')
      const effects = this.#effects(this.#after(found.changes))
      await this.#keeper.change(found.changes)
      this.#undos.delete(id)
      return effects
    })
  }

  /**
   * Changes a password for good: the old one is refused from then on, and who is connected stays. Whoever has signed in on a page with the old one of the
   * administrator has to sign in again.
   * @throws FloecastError SETTING_LOCKED, SETTINGS_UNSAVED
   */
  async setPassword(whose: PasswordOwner, password: string): Promise<void> {
    const path = ['passwords', whose]
    const lock = this.lockOf(path)
    if (lock !== undefined) throw new FloecastError('SETTING_LOCKED', { path: path.join('.'), by: lock.by })
    const value = await hashPassword(password)
    await this.#next(() => this.#keeper.change([{ path, value }]))
  }

  #next<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work)
    this.#last = done.catch(() => {})
    return done
  }

  #remember(changes: readonly SettingsChange[]): string {
    const id = randomBytes(9).toString('base64url')
    const now = this.#context.clock.now()
    this.#undos.set(id, { until: now + UNDO_TIME, changes })
    for (const [one, { until }] of this.#undos) if (this.#undos.size > MOST || until < now) this.#undos.delete(one)
    return id
  }
}

/** Settings of mounts that no change may touch: what was set by the configuration is taken along, and comes back with what is undone. */
const FILE_ONLY: readonly string[] = Object.entries(mountOptions.shape).flatMap(([key, schema]) =>
  schema.meta()?.['fileOnly'] === true ? [key] : [],
)

const isWithin = (inner: string, outer: string): boolean => inner === outer || inner.startsWith(`${outer}.`)
