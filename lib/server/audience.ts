import type { Mount } from '../mount/mount.js'
import type { MediaContext } from './media-request.js'
import type { ViewingMethod, ViewingProtocol } from './viewership.js'

/** How someone takes a mount: as its source sends it, as an endless stream of another form, or cut into segments. */
export type ListeningProtocol = 'progressive' | 'instant' | ViewingProtocol

/** By what someone is told from others: the connection that is theirs, an id, or merely address and User-Agent. */
export type CountingMethod = 'connection' | ViewingMethod

/** Everyone who hears or watches a mount. */
export interface Audience {
  /** All of them. */
  readonly total: number
  /** The same by protocol. */
  readonly protocols: Readonly<Record<ListeningProtocol, number>>
  /** The same by method: how far the number can be trusted. */
  readonly methods: Readonly<Record<CountingMethod, number>>
}

/** Counts everyone who hears or watches a mount, in whatever form. */
export function audienceOf({ viewers, clock }: Pick<MediaContext, 'viewers' | 'clock'>, mount: Mount): Audience {
  const { connected, audience } = mount
  const { total, protocols, methods } = viewers.count(mount.name, clock.now())
  const all = { total: total + connected, protocols: { progressive: audience, instant: connected - audience, ...protocols } }
  // Whoever asks knows of a crowd that no tick of a clock has seen.
  mount.peak = Math.max(mount.peak, all.total)
  return { ...all, methods: { connection: connected, ...methods } }
}
