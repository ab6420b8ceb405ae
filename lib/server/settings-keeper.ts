/** One change of a setting. */
export interface SettingsChange {
  /** Where it stands, by the names of `ServerOptions`: `['mounts', '/live', 'hls', 'enabled']`; or `['passwords', 'source' | 'admin']`. */
  readonly path: readonly string[]
  /** As a caller of `createServer` would write it; `undefined` for the default again. */
  readonly value: unknown
}

/** A setting that cannot be changed where the others are kept. */
export interface LockedSetting {
  /** Its keys, joined by dots, as in `passwords.source`; all below it is locked, too. */
  readonly path: string
  /** What sets it, as its reader knows it: `FLOECAST_SOURCE_PASSWORD`. */
  readonly by: string
}

/** Settings as somebody has written them: by the names of `ServerOptions`, without defaults. */
export type OwnSettings = Readonly<Record<string, unknown>>

/** Where the settings of a server are kept, so that a change survives its end. */
export interface SettingsKeeper {
  /** The file, as people know it; `undefined` where there is none, and changes are for this run only. */
  readonly file: string | undefined
  /** What cannot be changed here. */
  readonly locked: readonly LockedSetting[]
  /** What is set, of the settings in force. */
  readonly own: OwnSettings
  /**
   * Keeps changes and makes them hold, all of them or none; then they are in force.
   * @returns what undoes them
   * @throws FloecastError SETTINGS_UNSAVED, SETTING_REFUSED
   */
  change(changes: readonly SettingsChange[]): Promise<readonly SettingsChange[]>
}

/** Keeps settings for as long as the server runs: for programs that make a server without a keeper of their own. */
export class MemoryKeeper implements SettingsKeeper {
  readonly file = undefined
  readonly locked: readonly LockedSetting[] = [
    { path: 'passwords', by: 'the program that runs this server' },
    { path: 'mediaDir', by: 'the program that runs this server' },
  ]
  own: OwnSettings
  readonly #apply: (own: OwnSettings) => void

  /**
   * @param own what the program has set; to be replaced when it sets something else
   * @param apply makes other settings hold, or throws
   */
  constructor(own: OwnSettings, apply: (own: OwnSettings) => void) {
    this.own = own
    this.#apply = apply
  }

  async change(changes: readonly SettingsChange[]): Promise<readonly SettingsChange[]> {
    const undoing = undoOf(this.own, changes)
    const next = withChanges(this.own, changes)
    this.#apply(next)
    this.own = next
    return undoing
  }
}

const isGroup = (value: unknown): value is OwnSettings => typeof value === 'object' && value !== null && !Array.isArray(value)

/** What stands at a path; `undefined` where nothing does. */
export function valueAt(settings: OwnSettings, path: readonly string[]): unknown {
  let at: unknown = settings
  for (const key of path) at = isGroup(at) && Object.hasOwn(at, key) ? at[key] : undefined
  return at ?? undefined
}

/** What sets all back that these changes are about. */
export const undoOf = (settings: OwnSettings, changes: readonly SettingsChange[]): SettingsChange[] =>
  changes.map(({ path }) => ({ path, value: valueAt(settings, path) })).toReversed()

/** The same settings with changes; what is given stays as it is. */
export function withChanges(settings: OwnSettings, changes: readonly SettingsChange[]): OwnSettings {
  return changes.reduce((all, { path, value }) => withChange(all, path, value), settings)
}

function withChange(settings: OwnSettings, [key = '', ...rest]: readonly string[], value: unknown): OwnSettings {
  const { [key]: former, ...others } = settings
  if (rest.length > 0) {
    const group = isGroup(former) ? former : {}
    // What is not there needs no place to be taken from.
    if (value === undefined && former === undefined) return settings
    return { ...settings, [key]: withChange(group, rest, value) }
  }
  return value === undefined ? others : { ...settings, [key]: value }
}
