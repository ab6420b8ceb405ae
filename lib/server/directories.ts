import type { Mount } from '../mount/mount.js'
import { Listing, type ListingContext } from './listing.js'

/** Tells directories (YP) of the mounts that want to be found: those that are live, public and not hidden. Off where the settings name none. */
export class Directories {
  readonly #context: ListingContext
  readonly #listings = new Map<string, Listing>()
  readonly #leaving = new Set<Promise<void>>()
  #closed = false

  constructor(context: ListingContext) {
    this.#context = context
  }

  /** Looks again which mounts are to be listed: when one comes or goes, or when settings have changed. */
  look(): void {
    const { settings, mounts } = this.#context
    if (settings.directories.length === 0 && this.#listings.size === 0) return
    const wanted = new Set<string>()
    for (const directory of this.#closed ? [] : settings.directories)
      for (const mount of mounts) {
        if (!isPublic(mount)) continue
        const key = `${JSON.stringify(directory)} ${mount.name}`
        wanted.add(key)
        if (!this.#listings.has(key)) this.#listings.set(key, new Listing(directory, mount, this.#context))
      }
    for (const [key, listing] of this.#listings) {
      if (wanted.has(key)) continue
      this.#listings.delete(key)
      const left = listing.close().finally(() => this.#leaving.delete(left))
      this.#leaving.add(left)
    }
  }

  /**
   * Has all mounts removed from all directories.
   * @returns settled once that is done, or given up after two seconds
   */
  async close(): Promise<void> {
    this.#closed = true
    this.look()
    await Promise.all(this.#leaving)
  }
}

const isPublic = ({ info, ready, settings }: Mount): boolean => ready && info.public === true && !settings.hidden
