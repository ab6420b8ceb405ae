import { constants } from 'node:fs'
import { access, mkdir, readFile, realpath, rm, stat } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { parseDocument } from 'yaml'
import {
  FloecastError,
  type LockedSetting,
  type OwnSettings,
  serverOptions,
  type SettingsChange,
  type SettingsKeeper,
} from '../lib/index.js'
import { undoOf } from '../lib/server/settings-keeper.js'
import { ConfigError, loadConfig, type Override } from './config.js'
import { reasonOf } from './reason.js'
import { replaceFile } from '../lib/server/replace-file.js'
import { configSchema } from './schema.js'
import { editDocument, formatDocument } from './yaml-edit.js'

/** What {@link ConfigFile} is made of. */
export interface ConfigFileOptions {
  /** The file; it need not be there yet. */
  readonly file: string
  /** What goes before the file. */
  readonly overrides: readonly Override[]
  /** Further settings that the file cannot change. */
  readonly locked?: readonly LockedSetting[]
  /** Reads the file again and makes it hold, or throws. */
  readonly apply: () => Promise<void>
}

const LIMITS: ReadonlySet<string> = new Set(Object.keys(configSchema.shape.limits.unwrap().shape))
const FOLDER = 0o700
// It may hold hashes of passwords.
const NEW = { mode: 0o600 }

/**
 * Keeps settings in the configuration file: comments and order stay, the file before is beside it as `.bak`, and a crash leaves the one or the other. What
 * a person has changed in it meanwhile stays, too.
 */
export class ConfigFile implements SettingsKeeper {
  readonly file: string
  readonly locked: readonly LockedSetting[]
  own: OwnSettings = {}
  readonly #overrides: readonly Override[]
  readonly #apply: () => Promise<void>
  #wasThere = false

  constructor({ file, overrides, locked = [], apply }: ConfigFileOptions) {
    this.file = file
    this.locked = [
      ...overrides.map(({ path, origin }) => ({ path: path.join('.'), by: origin })),
      // It takes effect only at the next start, and whoever signs in by the web is not to choose where files are written.
      { path: 'mediaDir', by: 'the configuration file alone' },
      ...locked,
    ]
    this.#overrides = overrides
    this.#apply = apply
  }

  /** Takes note of what the file says, whenever it is made to hold. */
  loaded(text: string): void {
    this.#wasThere = text !== ''
    this.own = ownSettings(parseDocument(text).toJS({ maxAliasCount: 100 }))
  }

  async change(changes: readonly SettingsChange[]): Promise<readonly SettingsChange[]> {
    const target = await realpath(this.file).catch(() => this.file)
    const before = await this.#read(target)
    const text = before ?? ''
    try {
      loadConfig(this.file, this.#overrides, text)
    } catch (error) {
      throw new FloecastError('SETTINGS_UNSAVED', { reason: `${basename(this.file)} has been changed, and ${sentenceOf(error)}` })
    }
    const document = parseDocument(text)
    const undoing = undoOf(ownSettings(document.toJS({ maxAliasCount: 100 })), changes)
    editDocument(
      document,
      changes.map(({ path, value }) => ({ path: placeOf(path), value })),
    )
    const next = formatDocument(document, text)
    try {
      loadConfig(this.file, this.#overrides, next)
    } catch (error) {
      throw new FloecastError('SETTING_REFUSED', { reason: sentenceOf(error) })
    }
    await this.#write(target, before, next)
    try {
      await this.#apply()
    } catch (error) {
      await this.#restore(target, before)
      throw new FloecastError('SETTING_REFUSED', { reason: sentenceOf(error) })
    }
    return undoing
  }

  // What stands in the file; `undefined` where there is none yet.
  async #read(target: string): Promise<string | undefined> {
    try {
      return await readFile(target, 'utf8')
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT' && !this.#wasThere) return undefined
      throw new FloecastError('SETTINGS_UNSAVED', { reason: `${this.file} cannot be read: ${reasonOf(error)}` })
    }
  }

  async #write(target: string, before: string | undefined, next: string): Promise<void> {
    try {
      if (before === undefined) await mkdir(dirname(target), { recursive: true, mode: FOLDER })
      // A file that may not be written stays, even where its folder lets it be replaced.
      else await access(target, constants.W_OK)
      const owner = before === undefined ? NEW : await ownerOf(target)
      if (before !== undefined) await replaceFile(`${target}.bak`, before, owner)
      await replaceFile(target, next, owner)
    } catch (error) {
      throw new FloecastError('SETTINGS_UNSAVED', { reason: `${this.file} cannot be written: ${reasonOf(error)}` })
    }
  }

  async #restore(target: string, before: string | undefined): Promise<void> {
    if (before === undefined) await rm(target, { force: true }).catch(() => {})
    else await replaceFile(target, before, await ownerOf(target)).catch(() => {})
  }
}

async function ownerOf(file: string): Promise<{ mode: number; uid: number; gid: number }> {
  const { mode, uid, gid } = await stat(file)
  return { mode: mode & 0o777, uid, gid }
}

const sentenceOf = (error: unknown): string => (error instanceof ConfigError ? error.problems.join('; ') : reasonOf(error))

/** Where a setting of the server stands in the file. */
const placeOf = (path: readonly string[]): readonly string[] => (LIMITS.has(path[0] ?? '') ? ['limits', ...path] : path)

const isGroup = (value: unknown): value is OwnSettings => typeof value === 'object' && value !== null && !Array.isArray(value)

/** What a file says of the server, by the server's names; nothing of passwords. */
function ownSettings(raw: unknown): OwnSettings {
  if (!isGroup(raw)) return {}
  const { limits, ...rest } = raw
  const all = Object.entries({ ...rest, ...(isGroup(limits) && limits) })
  return Object.fromEntries(all.filter(([key, value]) => key in serverOptions.shape && value !== null))
}
