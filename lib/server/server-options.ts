import type { RequestListener } from 'node:http'
import type { Clock } from '../clock.js'
import type { Logger } from '../log.js'
import type { MountEvents } from '../mount/mount.js'
import type { ServerOptions } from '../options/index.js'
import type { AccessEntry } from './access-log.js'
import type { Auth } from './auth.js'
import type { CertificateFiles } from './certificate.js'
import type { HttpApp } from './http.js'
import type { SettingsKeeper } from './settings-keeper.js'
import type { PortOptions } from './sockets.js'

/** Options of {@link createServer}. */
export interface CreateServerOptions extends ServerOptions {
  /** Who may publish, listen and administer: {@link basic}, or your own. */
  readonly auth: Auth
  /** Where to write what happens; pino fits. Nothing is written when it is left out. */
  readonly logger?: Logger
  /** A certificate: then every port speaks TLS as well as plain text. */
  readonly tls?: CertificateFiles | undefined
  /**
   * Folder for what is changed over the API and has to outlive the server: people, tokens, bans, the audit trail. An absolute path; made
   * when needed, for this server alone. In memory when it is left out. It stays the same over a reload.
   */
  readonly stateDir?: string | undefined
  /** Where changes of settings are kept; without one they hold until the server ends. */
  readonly keeper?: SettingsKeeper | undefined
  /** Where time comes from; only tests need another than the machine's. */
  readonly clock?: Clock
}

/** Options of {@link Server.listen}. */
export interface ListenOptions extends PortOptions {
  /** What answers HTTP requests: a koa app (with {@link Server.middleware} in it), or its callback. Default: floecast's own pages. */
  readonly app?: HttpApp | RequestListener | undefined
}

/** What a server emits. What a listener throws is an uncaught exception, as everywhere in Node; streams go on. */
export interface ServerEvents extends MountEvents {
  /** A request, a source or a listener has ended: a line for the access log. */
  access: [entry: AccessEntry]
}
