import type { MountStatus } from '../../api/status.js'
import { nameOf } from '../parts/units.js'

/** In which order mounts stand. */
export type Order = 'name' | 'viewers' | 'newest'

/** Milliseconds for which an order by what changes stays as it is, so that nothing jumps under a finger. */
const CALM = 10_000

const compare: Readonly<Record<Order, (a: MountStatus, b: MountStatus) => number>> = {
  name: (a, b) => nameOf(a).localeCompare(nameOf(b), undefined, { numeric: true, sensitivity: 'base' }),
  viewers: (a, b) => b.listeners - a.listeners,
  newest: (a, b) => (b.connected ?? b.ended ?? '').localeCompare(a.connected ?? a.ended ?? ''),
}

/** Puts mounts in order: live ones first, then as the reader wants; places are kept while only numbers change. */
export class Ordering {
  #places: ReadonlyMap<string, number> = new Map()
  #key = ''
  #time = -Infinity

  /** The mounts in order. */
  sort(mounts: readonly MountStatus[], order: Order, now = performance.now()): MountStatus[] {
    const key = `${order} ${mounts.map(({ mount, live }) => `${mount}${live ? '+' : '-'}`).join()}`
    if (key !== this.#key || now - this.#time >= CALM) {
      const sorted = mounts.toSorted(
        (a, b) => Number(b.live) - Number(a.live) || compare[order](a, b) || compare.name(a, b) || (a.mount < b.mount ? -1 : 1),
      )
      this.#places = new Map(sorted.map(({ mount }, i) => [mount, i]))
      this.#key = key
      this.#time = now
    }
    return mounts.toSorted((a, b) => (this.#places.get(a.mount) ?? 0) - (this.#places.get(b.mount) ?? 0))
  }
}

/** Whether a mount is among what somebody looks for: all words must stand somewhere in what is said of it. */
export function isWanted({ mount, name, description, genre, title }: MountStatus, words: string): boolean {
  const said = [mount, name, description, genre, title?.display].join(' ').toLocaleLowerCase()
  return words
    .toLocaleLowerCase()
    .split(/\s+/)
    .every((word) => said.includes(word))
}
