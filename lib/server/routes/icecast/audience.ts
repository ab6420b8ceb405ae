import { type XmlOutput, xmlText } from '../../../icy/xml.js'
import type { Mount } from '../../../mount/mount.js'
import { audienceOf } from '../../audience.js'
import type { ServerContext } from '../../context.js'

// Icecast's tools know one kind of id. Those of viewers of segments, who have no connection, begin here, and fit into 32 bits.
const VIEWERS = 1_000_000_000

/** One who listens or watches, as tools of Icecast and SHOUTcast know them. */
export interface Present {
  /** By which they can be sent away. */
  readonly id: number
  /** Where they are. */
  readonly address: string
  /** Their `User-Agent`. */
  readonly agent: string
  /** The name that they have authenticated with. */
  readonly user: string | undefined
  /** The page that led them here. */
  readonly referer: string | undefined
  /** For how many seconds. */
  readonly seconds: number
  /** Bytes that they are behind, where that is known. */
  readonly lag: number | undefined
}

/** Everyone who listens to or watches a mount, by whatever protocol. */
export function presentAt({ viewers, clock }: Pick<ServerContext, 'viewers' | 'clock'>, mount: Mount): Present[] {
  const now = clock.now()
  const seconds = (since: number): number => Math.max(0, Math.floor((now - since) / 1000))
  return [
    ...mount.everyone.map(({ id, lag, details: { address, agent, user, connected, request } }) => {
      return { id, address, agent, user: user || undefined, referer: request.referer, seconds: seconds(connected), lag }
    }),
    ...viewers.list(mount.name, now).map(({ id, address, agent, since }) => {
      return { id: VIEWERS + id, address, agent, user: undefined, referer: undefined, seconds: seconds(since), lag: undefined }
    }),
  ]
}

/**
 * Sends someone away.
 * @returns whether they were there
 */
export function sendAway({ viewers }: Pick<ServerContext, 'viewers'>, mount: Mount, id: number): boolean {
  const listener = mount.everyone.find((one) => one.id === id)
  if (listener !== undefined) {
    listener.close()
    return true
  }
  if (viewers.mountOf(id - VIEWERS) !== mount.name) return false
  viewers.banish(id - VIEWERS)
  return true
}

/** How many listen, under both names that tools look for. */
export function countElements(context: Pick<ServerContext, 'viewers' | 'clock'>, mount: Mount): XmlOutput[] {
  const { total } = audienceOf(context, mount)
  return [xmlText('listeners', total), xmlText('Listeners', total)]
}

/** One who listens: in the names of Icecast 2.4, and in those of 2.5. */
export function listenerElement({ id, address, agent, user, referer, seconds, lag }: Present): XmlOutput {
  return {
    name: 'listener',
    attributes: { id: String(id) },
    children: [
      xmlText('IP', address),
      xmlText('UserAgent', agent),
      ...optional('Referer', referer),
      xmlText('Connected', seconds),
      xmlText('ID', id),
      ...optional('username', user),
      ...optional('lag', lag),
      xmlText('id', id),
      xmlText('ip', address),
      xmlText('useragent', agent),
      ...optional('referer', referer),
      xmlText('connected', seconds),
    ],
  }
}

const optional = (name: string, value: string | number | undefined): XmlOutput[] => (value === undefined ? [] : [xmlText(name, value)])
