import type { Socket } from 'node:net'
import type { Clock } from '../clock.js'
import type { Credentials } from '../icy/basic.js'
import type { Logger } from '../log.js'
import type { Mounts } from '../mount/mounts.js'
import type { ServerSettings } from '../options/index.js'
import type { AccessEntry } from './access-log.js'
import type { LogTail } from './log-tail.js'
import type { Identity } from './identity.js'
import type { Edits } from './edits.js'
import type { News } from './news.js'
import type { Sessions } from './sessions.js'
import type { Ports } from './sockets.js'
import type { State } from './state.js'
import type { Media } from './media.js'
import type { ListenerAttempt, ListenerTicket } from './listener-attempt.js'
import type { MountAuth } from './mount-auth.js'
import type { MediaContext } from './media-request.js'
import type { Via } from './via.js'

/** What credentials are asked for: to send to a mount, or to run the server. */
export type Role = 'source' | 'admin'

/** What the parts of a server share. The server itself is one; tests make their own. */
export interface ServerContext extends MediaContext {
  /** The settings in force; they may be others after a reload. */
  readonly settings: ServerSettings
  /** All mounts. */
  readonly mounts: Mounts
  /** Answers for what browsers play. */
  readonly media: Media
  /**
   * The last entries of the log.
   * @internal
   */
  readonly tail: LogTail
  /**
   * Names the server to others that relay.
   * @internal
   */
  readonly via: Via
  /** Connections of all kinds that are open. */
  readonly connections: number
  /** Where time comes from. */
  readonly clock: Clock
  /** When the server was made, in milliseconds. */
  readonly started: number
  /** Where the server writes what happens. */
  readonly logger: Logger
  /**
   * What outlives the server.
   * @internal
   */
  readonly state: State
  /**
   * Those who want to know what happens.
   * @internal
   */
  readonly news: News
  /**
   * Who has signed in on pages.
   * @internal
   */
  readonly sessions: Sessions
  /**
   * Changes settings while the server runs.
   * @internal
   */
  readonly edits: Edits
  /**
   * Cuts all connections of addresses that are not let in, whatever they are used for. Those of trusted proxies stay, as others come by them, too.
   * @param isOut looks at an address, as `clientAddress` gives it
   * @internal
   */
  cut(isOut: (address: string) => boolean): void
  /**
   * The ports that it has opened; `undefined` while it has none, as where it is handed connections.
   * @internal
   */
  readonly ports: Ports | undefined
  /**
   * Wraps a connection in TLS; `undefined` without a certificate.
   * @internal
   */
  readonly secure: ((socket: Socket) => Socket) | undefined
  /** Hears of every request that has been answered: a line of the access log. */
  access(entry: AccessEntry): void
  /**
   * Lets a peer in, or throws.
   * @param roles any one of these is enough
   * @param credentials what the peer has brought; of several readings of the same words, one must be right
   * @param mount the mount it is about, if any
   * @returns the user name
   * @throws FloecastError AUTHENTICATION_REQUIRED without credentials (never counted), WRONG_PASSWORD (counted per address), NOT_ALLOWED when the
   * password is right but not enough, TOO_MANY_ATTEMPTS
   */
  admit(roles: readonly Role[], credentials: readonly Credentials[], mount: string | undefined, address: string): Promise<string>
  /**
   * Lets somebody listen, or throws. Every way out asks this.
   * @throws FloecastError AUTHENTICATION_REQUIRED, WRONG_PASSWORD, TOO_MANY_ATTEMPTS, LINK_REFUSED, LISTENER_REFUSED, AUTHENTICATION_FAILED
   * @internal
   */
  admitListener(attempt: ListenerAttempt): Promise<ListenerTicket>
  /**
   * Who may listen to mounts, as their settings say.
   * @internal
   */
  readonly mountAuth: MountAuth
  /**
   * Tells who knows a name and a password: the administrator, or one of the people.
   * @param credentials one of them must be right
   * @throws FloecastError as {@link ServerContext.admit}
   * @internal
   */
  identify(credentials: readonly Credentials[], address: string): Promise<Identity>
}
