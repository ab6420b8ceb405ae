import { EventEmitter } from 'node:events'
import type { IncomingMessage, RequestListener } from 'node:http'
import { createServer as createNetServer, type Server as NetServer, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import type { SourceChange } from '../api/index.js'
import { type Clock, systemClock } from '../clock.js'
import { FloecastError } from '../errors.js'
import type { Credentials } from '../icy/basic.js'
import { type Logger, silent } from '../log.js'
import { Listener, type ListenerDetails } from '../mount/listener.js'
import { Mount, type MountEvents, type Tell } from '../mount/mount.js'
import { Mounts } from '../mount/mounts.js'
import { Source, type SourceDetails } from '../mount/source.js'
import { type ServerOptions, serverOptions, type ServerSettings } from '../options.js'
import type { AccessEntry } from './access-log.js'
import { clientAddress, isTrusted } from './address.js'
import { formatRefusal } from './answer.js'
import { Arrivals } from './arrivals.js'
import { audienceOf } from './audience.js'
import { Bans, refuseBanned } from './bans.js'
import { createApp, type Middleware, routes } from './app.js'
import { AuditTrail } from './audit-trail.js'
import { AttemptLimiter, type Auth, withMountPasswords } from './auth.js'
import { Certificate, type CertificateFiles } from './certificate.js'
import type { Role } from './context.js'
import { Edits } from './edits.js'
import { Feed } from './feed.js'
import { Front } from './front.js'
import { Gate } from './gate.js'
import { hangUp, ignore } from './hang-up.js'
import { History } from './history.js'
import { Http } from './http.js'
import { Live } from './live.js'
import { LogTail } from './log-tail.js'
import type { Identity } from './identity.js'
import { People } from './people.js'
import { RecordingIndex } from './recording-index.js'
import { Relays } from './relays.js'
import { Sessions } from './sessions.js'
import { StateFolder } from './state-folder.js'
import { Tokens } from './tokens.js'
import { MemoryKeeper, type SettingsKeeper } from './settings-keeper.js'
import { Media } from './media.js'
import { giveMedia } from './media-http.js'
import { Viewers } from './viewers.js'
import { WEBHOOK_NEWS } from './webhook-news.js'
import { Webcast } from './webcast.js'
import { Webhooks } from './webhooks.js'

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

/** An application that answers HTTP requests, such as koa's. */
export interface HttpApp {
  /** Makes the function that answers one request. */
  callback(): RequestListener
}

/** The ports that a server has opened. */
export interface Ports {
  /** The one that takes everything. */
  readonly port: number
  /** The second one, for SHOUTcast sources, where there is one. */
  readonly shoutcastPort: number | undefined
}

/** Options of {@link Server.listen}. */
export interface ListenOptions {
  /** The port; 0 takes a free one. Default 8000. */
  readonly port?: number
  /** The address to listen on; all addresses when left out. */
  readonly host?: string | undefined
  /**
   * A second port for SHOUTcast sources, which add 1 to the port they are told. Default port + 1, or none where the port is left to the
   * system; `false` for none.
   */
  readonly shoutcastPort?: number | false | undefined
  /** What answers HTTP requests: a koa app (with {@link Server.middleware} in it), or its callback. Default: floecast's own pages. */
  readonly app?: HttpApp | RequestListener | undefined
}

/** What a server emits. What a listener throws is an uncaught exception, as everywhere in Node; streams go on. */
export interface ServerEvents extends MountEvents {
  /** A request, a source or a listener has ended: a line for the access log. */
  access: [entry: AccessEntry]
}

// The kernel holds this many connections that have not been taken yet; Icecast's 5 to 64 lose a rush.
const BACKLOG = 4096
const CLOSE_TIMEOUT = 3_000
// Milliseconds between two looks at who has gone of those who have no connection of their own.
const TICK = 1_000
// What those who have signed in are told of sources.
const CHANGES: Readonly<Partial<Record<keyof MountEvents, SourceChange['change']>>> = {
  source: 'connected',
  format: 'format',
  end: 'disconnected',
  metadata: 'title',
  warning: 'warning',
  failure: 'failure',
  forget: 'forgotten',
}
// What whoever looks at a page wants to see at once.
const SOON: ReadonlySet<keyof MountEvents> = new Set(['source', 'format', 'end', 'metadata', 'forget'])

/**
 * A streaming server: sources connect to mounts, listeners hear them. It owns its ports, or is handed sockets.
 *
 * @example
 * ```ts
 * const server = createServer({ auth: basic({ source: 'hackme', admin: 'letmein' }) })
 * server.on('source', (source) => console.log(source.details.agent))
 * await server.listen({ port: 8000 })
 * ```
 */
export class Server extends EventEmitter<ServerEvents> {
  /** All mounts. */
  readonly mounts: Mounts
  /**
   * Where time comes from.
   * @internal
   */
  readonly clock: Clock
  /** When the server was made, in milliseconds. */
  readonly started: number
  /** Where the server writes what happens: through it goes what the pages of administrators show of the log. */
  readonly logger: Logger
  /**
   * Takes what is neither a source nor a listener; used by the front.
   * @internal
   */
  readonly http: Http
  /** Who watches by HLS and DASH. */
  readonly viewers = new Viewers()
  /**
   * Mounts that are taken from other servers.
   * @internal
   */
  readonly relays: Relays = new Relays(this)
  /**
   * Answers for what browsers play; used by the front.
   * @internal
   */
  readonly media: Media = new Media(this)
  /**
   * The pages that follow what is on the air.
   * @internal
   */
  readonly live: Live = new Live(this)
  /**
   * Those who have signed in and follow what happens.
   * @internal
   */
  readonly feed: Feed
  /**
   * How the server does, and did for the last hour.
   * @internal
   */
  readonly history: History
  /**
   * The last entries of the log.
   * @internal
   */
  readonly tail: LogTail
  /**
   * Addresses that are told what happens.
   * @internal
   */
  readonly webhooks: Webhooks
  /**
   * What outlives the server.
   * @internal
   */
  readonly state: StateFolder
  /**
   * Who can sign in besides the administrator.
   * @internal
   */
  readonly people: People
  /**
   * Who has signed in on pages.
   * @internal
   */
  readonly sessions: Sessions
  /**
   * What programs sign in with.
   * @internal
   */
  readonly tokens: Tokens
  /**
   * Who changed what.
   * @internal
   */
  readonly audit: AuditTrail
  /**
   * Changes settings while the server runs.
   * @internal
   */
  readonly edits: Edits
  readonly #memory: MemoryKeeper
  /**
   * Who is not let in; used by the front.
   * @internal
   */
  readonly bans: Bans
  /**
   * Which mounts recordings are of.
   * @internal
   */
  readonly recordings: RecordingIndex
  #settings: ServerSettings
  #certificate: Certificate | undefined
  readonly #gate: Gate
  readonly #front: Front
  readonly #webcast: Webcast = new Webcast(this)
  readonly #ports: NetServer[] = []
  readonly #sockets = new Set<Socket>()
  readonly #arrivals = new Arrivals((socket) => this.#serve(socket))
  #tick: (() => void) | undefined
  #closing = false

  /** @throws z.ZodError when an option is not what it may be; Error when the certificate or what is kept cannot be read */
  constructor({ auth, logger = silent, tls, keeper, clock = systemClock, stateDir, ...options }: CreateServerOptions) {
    super()
    this.clock = clock
    this.tail = new LogTail(logger, clock)
    this.logger = this.tail.logger
    this.started = clock.now()
    this.#settings = serverOptions.parse(options)
    this.state = new StateFolder(stateDir)
    this.bans = new Bans(this.state, clock)
    this.recordings = new RecordingIndex(this.state, this.logger)
    this.mounts = new Mounts(this.#settings, this.#tell, clock)
    this.#memory = new MemoryKeeper(options, (own) => this.#configure(serverOptions.parse(own)))
    this.edits = new Edits(this, keeper ?? this.#memory)
    void this.mounts.folder?.ready.then((found) => {
      for (const file of found) this.logger.info({ file }, 'a recording that a crash has cut short is kept')
    })
    this.people = new People(this.state, clock)
    this.sessions = new Sessions(clock)
    this.tokens = new Tokens(this.state, clock)
    this.audit = new AuditTrail(this.state, clock, this.logger)
    this.history = new History(this)
    this.feed = new Feed(this)
    this.webhooks = new Webhooks(this)
    this.#gate = new Gate(this.#guarded(auth), auth.version ?? auth, new AttemptLimiter(), this.people)
    this.#front = new Front(this)
    this.#certificate = tls && new Certificate(tls, this.logger)
    this.http = new Http(this.#settings)
    this.http.answer(this.#answering(createApp(this)))
    this.http.onUpgrade(this.upgrade)
  }

  /** The settings in force. */
  get settings(): ServerSettings {
    return this.#settings
  }

  /** As `ServerContext.open`. */
  get open(): boolean {
    return this.#gate.open
  }

  /** Connections of all kinds that are open. */
  get connections(): number {
    return this.#sockets.size
  }

  /** Wraps a connection in TLS; `undefined` without a certificate. Used by the front. */
  get secure(): ((socket: Socket) => Socket) | undefined {
    const certificate = this.#certificate
    return (
      certificate &&
      ((socket) => new TLSSocket(socket, { isServer: true, secureContext: certificate.context, ALPNProtocols: ['http/1.1'] }))
    )
  }

  /**
   * A mount, live or configured.
   * @throws FloecastError MOUNT_NOT_FOUND
   */
  mount(name: string): Mount {
    const mount = this.mounts.get(name)
    if (mount === undefined) throw new FloecastError('MOUNT_NOT_FOUND')
    return mount
  }

  /** Takes a connection of which nothing has been read, plain or already in TLS: `tls.createServer(certificate, server.handle)`. */
  readonly handle = (socket: Socket): void => {
    this.#sockets.add(socket)
    // Every socket has this for life: what a broken connection means shows in its close.
    socket.on('error', ignore)
    socket.on('close', () => this.#sockets.delete(socket))
    this.#arrivals.add(socket)
  }

  /**
   * Takes a WebSocket of a source (`webcast`) from an HTTP server of your own: `http.on('upgrade', server.upgrade)`. Below a path, take that off
   * `request.url` before: what is left is the mount. {@link Server.listen} and {@link Server.handle} need no such thing.
   */
  readonly upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => this.#webcast.upgrade(request, socket, head)

  /** Everything that floecast serves over HTTP, as a middleware for your own koa app: listeners, status, playlists, metadata. */
  middleware(): Middleware {
    return routes(this)
  }

  /**
   * Opens the ports.
   * @returns the port, and the second one for SHOUTcast where there is one
   * @throws Error of Node's `net`, such as EADDRINUSE; then no port is open
   */
  async listen({ port = 8000, host, shoutcastPort, app }: ListenOptions = {}): Promise<Ports> {
    if (app !== undefined) this.http.answer(this.#answering(app))
    const first = await this.#open(port, host)
    this.history.start()
    this.relays.configure()
    const second = shoutcastPort ?? (port > 0 && port < 65_535 && port + 1)
    if (second === false) return { port: first, shoutcastPort: undefined }
    try {
      return { port: first, shoutcastPort: await this.#open(second, host) }
    } catch (error) {
      for (const server of this.#ports.splice(0)) server.close()
      this.history.stop()
      throw error
    }
  }

  /**
   * Applies other options to what is running. Only those end, in order, who use a way in or out that is off from now on. Ports, keeper and clock
   * stay as they are.
   * @throws as the constructor; then everything stays as it was
   */
  reload(options: CreateServerOptions): void {
    const { auth, tls, logger: _logger, clock: _clock, keeper: _keeper, stateDir: _stateDir, ...rest } = options
    // All that can fail comes first.
    const settings = serverOptions.parse(rest)
    const certificate = tls && new Certificate(tls, this.logger)
    this.#certificate?.close()
    this.#certificate = certificate
    this.#gate.use(this.#guarded(auth), auth.version ?? auth)
    this.#memory.own = rest
    this.#configure(settings)
  }

  /** Ends everything in order: no new connections, sources and listeners are told, what is left after three seconds is cut. */
  async close(): Promise<void> {
    this.#closing = true
    this.#tick?.()
    this.#certificate?.close()
    const ports = this.#ports.map((server) => new Promise<void>((resolve) => server.close(() => resolve())))
    const sockets = [...this.#sockets].map((socket) => new Promise<void>((resolve) => socket.on('close', () => resolve())))
    this.#webcast.close()
    this.relays.close()
    const written = this.mounts.close()
    this.history.stop()
    this.live.close()
    this.feed.close()
    const farewell = this.webhooks.close()
    this.http.closeIdle()
    // Those who have not said a word: browsers open connections to have them ready.
    for (const socket of this.#sockets) if (socket.bytesRead === 0) socket.destroy()
    const timer = setTimeout(() => {
      for (const socket of this.#sockets) socket.destroy()
    }, CLOSE_TIMEOUT)
    await Promise.all([...ports, ...sockets])
    clearTimeout(timer)
    this.http.close()
    await written
    await farewell
    await this.state.close()
  }

  /** As `ServerContext.admit`. */
  admit(roles: readonly Role[], credentials: readonly Credentials[], mount: string | undefined, address: string): Promise<string> {
    return this.#gate.admit(roles, credentials, mount, address)
  }

  /**
   * As `ServerContext.identify`.
   * @internal
   */
  identify(credentials: readonly Credentials[], address: string): Promise<Identity> {
    return this.#gate.identify(credentials, address)
  }

  /**
   * As `ServerContext.cut`.
   * @internal
   */
  cut(isOut: (address: string) => boolean): void {
    const { trustedProxies } = this.#settings
    for (const socket of this.#sockets) {
      const address = clientAddress(socket.remoteAddress, undefined, trustedProxies)
      if (!isTrusted(address, trustedProxies) && isOut(address)) socket.destroy()
    }
  }

  /** As `ServerContext.access`. */
  access(entry: AccessEntry): void {
    this.#emit('access', entry)
  }

  #configure(settings: ServerSettings): void {
    this.#settings = settings
    this.http.configure(settings)
    this.mounts.configure(settings)
    this.relays.configure()
    this.live.poke()
  }

  readonly #tell: Tell = (event, ...args) => {
    this.#emit(event, ...args)
    const [one] = args
    const last = args.at(-1)
    if (event === 'recorded' && typeof one === 'string' && last instanceof Mount) this.recordings.note(one, last)
    if (event === 'source') this.#watch()
    if (SOON.has(event)) this.live.poke()
    WEBHOOK_NEWS[event]?.((...news) => this.webhooks.tell(...news), this.clock.now(), ...args)
    const change = CHANGES[event]
    if (change !== undefined) for (const mount of args) if (mount instanceof Mount) this.feed.changed(mount.name, change)
    if (event === 'end' && one instanceof Source) this.history.gone(one)
    if (event === 'forget' && one instanceof Mount) this.history.forgotten(one)
    if (event === 'forget' && one instanceof Mount) this.viewers.forget(one.name)
    if (event === 'departure' && one instanceof Listener) this.#ended(one.details, one.bytesSent)
    if (event === 'end' && one instanceof Source) this.#ended(one.details, one.bytesReceived)
  }

  // While anything is on the air or anyone watches: those who have no connection of their own do not say when they go.
  #watch(): void {
    if (this.#tick !== undefined || this.#closing) return
    this.#tick = this.clock.after(TICK, () => {
      this.#tick = undefined
      this.viewers.sweep(this.clock.now())
      for (const mount of this.mounts) audienceOf(this, mount)
      if (this.mounts.sources > 0 || this.viewers.size > 0) this.#watch()
    })
  }

  // Whoever is told stands in the middle of a stream: what is thrown there must not get in its way.
  #emit(event: keyof ServerEvents, ...args: unknown[]): void {
    try {
      EventEmitter.prototype.emit.call(this, event, ...args)
    } catch (error) {
      process.nextTick(() => {
        throw error
      })
    }
  }

  #ended({ request, address, user, agent, connected }: ListenerDetails | SourceDetails, bytes: number): void {
    this.access({
      ...request,
      address,
      user,
      agent,
      time: new Date(connected),
      status: 200,
      bytes,
      seconds: (Date.now() - connected) / 1000,
    })
  }

  #serve(socket: Socket): void {
    const { maxConnections } = this.#settings
    if (socket.destroyed) return
    // Pages that wait for news take nothing from those who listen.
    if (this.#closing || (maxConnections > 0 && this.#sockets.size - this.live.size - this.feed.size > maxConnections)) {
      hangUp(socket, formatRefusal(new FloecastError(this.#closing ? 'SERVER_CLOSING' : 'TOO_MANY_CLIENTS')))
      return
    }
    this.#front.connect(socket, socket instanceof TLSSocket)
  }

  // Media first: what thousands ask for every second has no need of an application.
  #answering(app: HttpApp | RequestListener): RequestListener {
    const answer = callback(app)
    return (message, response) => {
      if (refuseBanned(this, message, response)) return
      if (!giveMedia(this, message, response, message.url?.split('?', 1)[0] ?? '')) answer(message, response)
    }
  }

  #guarded(auth: Auth): Auth {
    return withMountPasswords(auth, (mount) => this.mounts.settingsOf(mount).sourcePassword)
  }

  #open(port: number, host: string | undefined): Promise<number> {
    // Half-open, because Node's HTTP wants it, and a source's answer may follow its end; without Nagle, because a write is a pulse's worth already.
    const server = createNetServer({ allowHalfOpen: true, noDelay: true, keepAlive: true, pauseOnConnect: true }, this.handle)
    return new Promise((resolve, reject) => {
      server.once('error', reject)
      server.listen({ port, host, backlog: BACKLOG }, () => {
        server.off('error', reject)
        server.on('error', (error) => this.logger.error({ err: error }, 'a port failed'))
        this.#ports.push(server)
        const address = server.address()
        resolve(typeof address === 'object' && address !== null ? address.port : port)
      })
    })
  }
}

const callback = (app: HttpApp | RequestListener): RequestListener => (typeof app === 'function' ? app : app.callback())

/** Makes a server. It opens no port until {@link Server.listen}. */
export function createServer(options: CreateServerOptions): Server {
  return new Server(options)
}
