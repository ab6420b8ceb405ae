import { EventEmitter } from 'node:events'
import type { IncomingMessage, RequestListener } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import { type Clock, systemClock } from '../clock.js'
import { FloecastError } from '../errors.js'
import type { Credentials } from '../icy/basic.js'
import { type Logger, silent } from '../log.js'
import { Listener } from '../mount/listener.js'
import { Mount, type Tell } from '../mount/mount.js'
import { Mounts } from '../mount/mounts.js'
import { Source } from '../mount/source.js'
import { serverOptions, type ServerSettings } from '../options/index.js'
import { type AccessEntry, endOf } from './access-log.js'
import { formatRefusal } from './answer.js'
import { Admission } from './admission.js'
import { createApp, type Middleware, routes } from './app.js'
import { AttemptLimiter, type Auth, withMountPasswords } from './auth.js'
import { Census } from './census.js'
import { Certificate } from './certificate.js'
import type { Role } from './context.js'
import { Directories } from './directories.js'
import { Edits } from './edits.js'
import { FileSources } from './file-sources.js'
import { Front } from './front.js'
import { Gate } from './gate.js'
import { hangUp } from './hang-up.js'
import { Http, type HttpApp } from './http.js'
import { LogTail } from './log-tail.js'
import type { Identity } from './identity.js'
import { News } from './news.js'
import { unwrap } from './proxy-header.js'
import { Relays } from './relays.js'
import type { CreateServerOptions, ListenOptions, ServerEvents } from './server-options.js'
import { Sessions } from './sessions.js'
import { type Ports, Sockets } from './sockets.js'
import { State } from './state.js'
import type { ListenerTicket, ListenerAttempt } from './listener-attempt.js'
import { MountAuth } from './mount-auth.js'
import { MemoryKeeper } from './settings-keeper.js'
import { Media } from './media.js'
import { giveMedia } from './media-http.js'
import { Via } from './via.js'
import { Viewers } from './viewers.js'
import { Webcast } from './webcast.js'

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
   * Who may listen to mounts, as their settings say.
   * @internal
   */
  readonly mountAuth = new MountAuth(this)
  /**
   * Names the server to others that relay.
   * @internal
   */
  readonly via = new Via()
  /**
   * Mounts that are taken from other servers.
   * @internal
   */
  readonly relays: Relays = new Relays(this)
  readonly #files: FileSources = new FileSources(this)
  readonly #directories: Directories = new Directories(this)
  /**
   * Answers for what browsers play; used by the front.
   * @internal
   */
  readonly media: Media = new Media(this)
  /**
   * The last entries of the log.
   * @internal
   */
  readonly tail: LogTail
  /**
   * What outlives the server.
   * @internal
   */
  readonly state: State
  /**
   * Who may come in.
   * @internal
   */
  readonly admission: Admission
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
  #settings: ServerSettings
  #certificate: Certificate | undefined
  readonly #gate: Gate
  readonly #front: Front
  readonly #webcast: Webcast = new Webcast(this)
  readonly #census: Census
  readonly #sockets: Sockets
  readonly #memory: MemoryKeeper
  #ports: Ports | undefined
  #closing = false

  /** @throws z.ZodError when an option is not what it may be; Error when the certificate or what is kept cannot be read */
  constructor({ auth, logger = silent, tls, keeper, clock = systemClock, stateDir, ...options }: CreateServerOptions) {
    super()
    this.clock = clock
    this.tail = new LogTail(logger, clock)
    this.logger = this.tail.logger
    this.started = clock.now()
    this.#settings = serverOptions.parse(options)
    this.state = new State(stateDir, clock, this.logger)
    this.admission = new Admission(this.state.bans, this.#settings, this.logger)
    this.mounts = new Mounts(this.#settings, this.#tell, clock)
    this.#memory = new MemoryKeeper(options, (own) => this.#configure(serverOptions.parse(own)))
    this.edits = new Edits(this, keeper ?? this.#memory)
    void this.mounts.folder?.ready.then((found) => {
      for (const file of found) this.logger.info({ file }, 'a recording that a crash has cut short is kept')
    })
    this.#census = new Census(this)
    this.sessions = new Sessions(clock, this.state.folder, (name) => this.#gate.named(name))
    this.#sockets = new Sockets(this.logger, (socket) => this.#serve(socket))
    this.news = new News(this)
    this.#gate = new Gate(this.#guarded(auth), auth.version ?? auth, new AttemptLimiter(), this.state.people, this.mountAuth)
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

  /** As `ServerContext.isOpen`. */
  isOpen(mount: string): boolean {
    return this.#gate.isOpen(mount)
  }

  /** Connections of all kinds that are open. */
  get connections(): number {
    return this.#sockets.size
  }

  /**
   * As `ServerContext.ports`.
   * @internal
   */
  get ports(): Ports | undefined {
    return this.#ports
  }

  /**
   * As `ServerContext.secure`.
   * @internal
   */
  get secure(): ((socket: Socket) => Socket) | undefined {
    return this.#certificate?.secure
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
  readonly handle = (socket: Socket): void => this.#sockets.add(socket)

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
  async listen({ app, ...where }: ListenOptions = {}): Promise<Ports> {
    if (app !== undefined) this.http.answer(this.#answering(app))
    const ports = await this.#sockets.listen(where)
    // What people are told is the port that was opened first.
    this.#ports ??= ports
    this.news.start()
    this.relays.configure()
    this.#files.configure()
    return ports
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
    this.#census.close()
    this.#certificate?.close()
    this.admission.close()
    this.#webcast.close()
    this.relays.close()
    this.#files.close()
    this.mountAuth.close()
    const unlisted = this.#directories.close()
    const written = this.mounts.close()
    const told = this.news.close()
    this.http.closeIdle()
    await this.#sockets.close()
    this.http.close()
    await written
    await told
    await unlisted
    await this.state.close()
  }

  /** As `ServerContext.admit`. */
  admit(roles: readonly Role[], credentials: readonly Credentials[], mount: string | undefined, address: string): Promise<string> {
    return this.#gate.admit(roles, credentials, mount, address)
  }

  /**
   * As `ServerContext.admitListener`.
   * @internal
   */
  admitListener(attempt: ListenerAttempt): Promise<ListenerTicket> {
    return this.#gate.listen(attempt)
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
    this.#sockets.cut(isOut, this.#settings)
  }

  /** As `ServerContext.access`. */
  access(entry: AccessEntry): void {
    this.news.icecast.totals.requests++
    this.#emit('access', entry)
  }

  #configure(settings: ServerSettings): void {
    this.#settings = settings
    this.http.configure(settings)
    this.admission.configure(settings)
    this.mounts.configure(settings)
    this.relays.configure()
    this.#files.configure()
    this.#directories.look()
    this.news.live.poke()
  }

  readonly #tell: Tell = (event, ...args) => {
    this.#emit(event, ...args)
    const [one] = args
    const last = args.at(-1)
    if (event === 'recorded' && typeof one === 'string' && last instanceof Mount) this.state.recordings.note(one, last)
    if (event === 'source') this.#census.start()
    const about = args[1]
    if ((event === 'source' || event === 'end') && about instanceof Mount) this.mountAuth.tellMount(about.name, event === 'source')
    this.news.tell(event, ...args)
    if (event === 'format' && last instanceof Mount) this.relays.known(last.name)
    if (event === 'format' || event === 'end') this.#directories.look()
    if (event === 'forget' && one instanceof Mount) this.viewers.forget(one.name)
    if (event === 'departure' && one instanceof Listener) this.access(endOf(one.details, one.bytesSent))
    if (event === 'end' && one instanceof Source) this.access(endOf(one.details, one.bytesReceived))
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

  #serve(socket: Socket): void {
    const { maxConnections } = this.#settings
    this.news.icecast.totals.connections++
    if (socket.destroyed) return
    // Pages that wait for news take nothing from those who listen.
    if (this.#closing || (maxConnections > 0 && this.#sockets.size - this.news.size > maxConnections)) {
      hangUp(socket, formatRefusal(new FloecastError(this.#closing ? 'SERVER_CLOSING' : 'TOO_MANY_CLIENTS')))
      return
    }
    const secured = socket instanceof TLSSocket
    // Whoever has opened TLS has read what comes before it.
    if (secured) this.#front.connect(socket, secured)
    else unwrap(socket, this.#settings, this.logger, () => this.#front.connect(socket))
  }

  // Media first: what thousands ask for every second has no need of an application.
  #answering(app: HttpApp | RequestListener): RequestListener {
    const answer = typeof app === 'function' ? app : app.callback()
    return (message, response) => {
      if (this.admission.refuses(message, response)) return
      if (!giveMedia(this, message, response, message.url?.split('?', 1)[0] ?? '')) answer(message, response)
    }
  }

  #guarded(auth: Auth): Auth {
    return withMountPasswords(
      auth,
      (mount) => this.mounts.settingsOf(mount).sourcePassword,
      (mount) => this.mounts.settingsOf(mount).sourceUser ?? 'source',
    )
  }
}

/** Makes a server. It opens no port until {@link Server.listen}. */
export function createServer(options: CreateServerOptions): Server {
  return new Server(options)
}
