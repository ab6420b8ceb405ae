import type { Credentials } from '../icy/basic.js'

/** One who wants to listen, by whatever way out. */
export interface ListenerAttempt {
  /** The mount that they have asked for. */
  readonly mount: string
  /** What they bring; of several readings one must be right. */
  readonly credentials: readonly Credentials[]
  /** The address of the listener, behind trusted proxies. */
  readonly address: string
  /** Its `User-Agent`, or the empty string. */
  readonly agent: string
  /** The page that led there. */
  readonly referer: string | undefined
  /** Whether it is a request for a playlist, of which a viewer makes many. */
  readonly isViewer: boolean
  /** What of the query is the listener's own, as {@link ownQuery} gives it. */
  readonly query: string
  /** The value of a header, by its name in small letters. */
  readonly header: (name: string) => string | undefined
}

/** What says that somebody may listen, and for how long. */
export interface ListenerTicket {
  /** The name; empty where none was told. */
  readonly user: string
  /** When the listening ends, in milliseconds since 1970; `undefined` where nothing ends it. */
  readonly until?: number | undefined
  /** To be called when the listener has gone, once; not for viewers of playlists, of whom nobody knows when they go. */
  readonly left?: (() => void) | undefined
}

/**
 * What of a query is the listener's own: what they prove themselves with, and not how a player asks for a playlist. It goes along to playlists that a playlist names.
 */
export function ownQuery(query: string): string {
  return query
    .split('&')
    .filter((pair) => pair !== '' && !/^(?:_HLS_\w+|CMCD|session|format|t)(?:=|$)/.test(pair))
    .join('&')
    .replaceAll('"', '%22')
}
