/** Finds the addresses of a server and its mounts from where a page or a script stands. */

/** Where a server may be told of, best first. */
export interface Whereabouts {
  /** The attribute `server`: a whole URL, for players in the pages of other sites. */
  readonly server?: string | null | undefined
  /** The attribute `prefix`: a path below which the server is found, on the page's own origin; may be empty. */
  readonly prefix?: string | null | undefined
  /** The URL of the page. */
  readonly page: string
  /** The URL of the script, which stands in `/assets/` of its server. */
  readonly script: string
}

/** The URL of the server, without a slash at its end. */
export function serverAddress({ server, prefix, page, script }: Whereabouts): string {
  if (server !== null && server !== undefined && server !== '') return bare(new URL(server, page))
  if (prefix !== null && prefix !== undefined) return bare(new URL(`${prefix}/`.replace(/^\/*/, '/'), page))
  return bare(new URL('..', script))
}

const bare = ({ origin, pathname }: URL): string => origin + pathname.replace(/\/+$/, '')

/** The name of a mount with its slash, however it was written. */
export const mountName = (text: string): string => `/${text.trim().replace(/^\/+/, '')}`

/** A mount's path in an address: each part percent-encoded, the slashes kept. */
export const mountPath = (mount: string): string => mountName(mount).split('/').map(encodeURIComponent).join('/')

/** The whole URL of a mount, or of one of its forms: `m3u8`, `mp4` … */
export function mountAddress(server: string, mount: string, ending = ''): string {
  return `${server}${mountPath(mount)}${ending === '' ? '' : `.${ending}`}`
}

/** The address with which VLC opens a stream on computers and phones where it is installed. */
export const vlcAddress = (url: string): string => `vlc://${url}`

/** What a beacon tells. */
export interface BeaconFacts {
  /** By what the stream comes. */
  readonly protocol: 'hls' | 'll-hls' | 'dash' | 'instant'
  /** The id of this playback. */
  readonly session: string
  /** Stalls since the last beacon. */
  readonly stalls: number
  /** Milliseconds that they took. */
  readonly stalled: number
  /** Milliseconds behind live; left out while unknown. */
  readonly delay?: number | undefined
}

/** The URL to which a player posts that it is still there, and how it fares. */
export function beaconAddress(server: string, mount: string, { protocol, session, stalls, stalled, delay }: BeaconFacts): string {
  const query = new URLSearchParams({ protocol, session, stalls: String(stalls), stalled: String(Math.round(stalled)) })
  if (delay !== undefined) query.set('delay', String(Math.round(delay)))
  // The requests for segments bring the same id by CMCD: what comes together is one viewer.
  query.set('CMCD', `sid="${session}"`)
  return `${server}${mountPath(mount)}.media/beacon?${query.toString()}`
}
