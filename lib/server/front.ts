import type { Socket } from 'node:net'
import { FloecastError } from '../errors.js'
import { formatHead, type Head, type RequestHead } from '../icy/head.js'
import { Headers } from '../icy/headers.js'
import type { ServerSettings } from '../options/index.js'
import { GONE } from './access-log.js'
import { encodePath } from './address.js'
import { aliased } from './aliases.js'
import { formatAnswer, formatPreflight, formatRefusal } from './answer.js'
import { Connection, type ConnectionOwner } from './connection.js'
import type { ServerContext } from './context.js'
import { hangUp, ignore } from './hang-up.js'
import type { Http } from './http.js'
import { Ingest, type SourceHead } from './ingest.js'
import { Outbox } from './outbox.js'
import type { Relays } from './relays.js'
import { admitListener, admitViewer } from './listening.js'
import { Media } from './media.js'
import { type MediaRequest, NOTHING, refuse } from './media-request.js'
import { type MediaTarget, mediaTarget } from './media-target.js'
import { inherit } from './proxy-header.js'
import { RawReply } from './reply.js'
import { wantsPage } from './wants-page.js'

/** What the front of a server needs of the server. */
export interface FrontOwner extends ServerContext {
  /** Takes what is neither a source nor a listener. */
  readonly http: Http
  /** Mounts that are taken from other servers. */
  readonly relays: Relays
}

const ALLOW = 'Allow: GET, HEAD, OPTIONS, POST, PUT, SOURCE\r\n'
const UPGRADE = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: TLS/1.0, HTTP/1.1\r\n\r\n'

/** One port takes everything: here it is decided, once for each connection, whether it is a source, a listener, or HTTP. */
export class Front implements ConnectionOwner {
  readonly #owner: FrontOwner

  constructor(owner: FrontOwner) {
    this.#owner = owner
  }

  /** Takes a connection of which nothing has been read. */
  connect(socket: Socket, secured = false): void {
    void new Connection(socket, secured, this.#owner.settings, this)
  }

  decide(asked: Head, connection: Connection): void {
    const head = asked.kind === 'request' ? withoutAlias(asked, this.#owner.settings) : asked
    if (head.kind === 'tls') return this.#secure(connection)
    if (!this.#owner.admission.takes(connection.address)) return connection.refuse(new FloecastError('BANNED'))
    if (head.kind !== 'request') return this.#publish(head, connection)
    const { method, path, target } = head
    if (method === 'OPTIONS' && target === '*') return this.#options(head, connection)
    if (method === 'SOURCE' || (method === 'PUT' && !isCall(head)) || (method === 'POST' && isMedia(head)))
      return this.#publish(head, connection)
    if (isWebSocket(head)) return this.#pass(head, connection)
    const asleep = path !== undefined && (method === 'GET' || method === 'HEAD') ? this.#owner.relays.asleep(path) : undefined
    if (asleep !== undefined) return this.#wake(head, asleep, connection)
    this.#route(head, connection)
  }

  // Who asks first for what is relayed on demand waits for it.
  #wake(head: RequestHead, name: string, connection: Connection): void {
    const { socket } = connection
    this.#owner.via.answer(head.headers.get('via'), undefined)
    connection.hold(() => socket.destroy())
    void this.#owner.relays.wake(name).then(() => {
      if (!socket.destroyed) this.#route(head, connection)
    })
  }

  #route(head: RequestHead, connection: Connection): void {
    const { method, path } = head
    const live = path !== undefined && this.#owner.mounts.find(path) !== undefined
    // A browser that opens a mount by its name gets a page, from HTTP; whoever asks for media gets media.
    const isPage = live && this.#owner.mounts.get(path)?.source !== undefined && wantsPage(method, (name) => head.headers.get(name))
    if (live && !isPage && (method === 'GET' || method === 'HEAD')) return void this.#listen(head, path, connection)
    if (live && method === 'OPTIONS') return this.#answer(head, connection, formatPreflight(answerVersion(head)), 204)
    const wanted = path === undefined ? undefined : mediaTarget(this.#owner, path)
    if (wanted !== undefined) {
      if (method === 'GET' || method === 'HEAD') return this.#give(head, wanted, connection)
      if (method === 'OPTIONS') return this.#answer(head, connection, formatPreflight(answerVersion(head)), 204)
      if (method === 'POST' && Media.isBeacon(wanted) && hasNoBody(head)) return this.#beacon(head, wanted, connection)
    }
    this.#pass(withoutUpgrade(head), connection)
  }

  // To Node's HTTP.
  #pass(head: RequestHead, connection: Connection): void {
    const { rest } = connection.release()
    // Node's parser knows no STATS, by which Icecast's followers ask for what is at this place.
    const known = head.method === 'STATS' ? { ...head, method: 'GET', target: '/admin/streams' } : head
    this.#hand(connection.socket, Buffer.concat([formatHead(known), rest]))
    this.#owner.http.take(connection.socket)
  }

  refused(error: FloecastError, connection: Connection): void {
    this.#owner.logger.debug({ address: connection.address, code: error.code }, error.message)
    this.#log(connection, error.status)
  }

  // A line of the access log for what ends here; a source or a listener has one when it goes.
  #log({ address, request, began }: Connection, status: number, bytes = 0, user?: string, agent?: string): void {
    const { method = '-', target = '-', version = '-', referer } = request ?? {}
    const seconds = (Date.now() - began) / 1000
    this.#owner.access({ address, time: new Date(began), method, target, version, referer, status, bytes, user, agent, seconds })
  }

  #secure(connection: Connection, greeting?: Buffer): void {
    const { secure } = this.#owner
    if (secure === undefined || connection.secured)
      return connection.refuse(new FloecastError('BAD_REQUEST', { reason: 'this port does not speak TLS' }))
    const { rest } = connection.release()
    this.#hand(connection.socket, rest)
    const socket = secure(connection.socket)
    inherit(socket, connection.socket)
    socket.on('error', ignore)
    if (greeting !== undefined) socket.write(greeting)
    this.connect(socket, true)
  }

  // libshout asks in this way whether the server speaks TLS (RFC 2817), and wants its answer inside of it.
  #options(head: RequestHead, connection: Connection): void {
    const answer = formatAnswer(200, { version: 'HTTP/1.1', headers: ALLOW, keep: true })
    if (this.#owner.secure === undefined || connection.secured || !/\bTLS\b/i.test(head.headers.get('upgrade') ?? ''))
      return this.#answer(head, connection, answer, 200)
    connection.socket.write(UPGRADE)
    this.#secure(connection, answer)
  }

  #publish(head: SourceHead, connection: Connection): void {
    const reader = connection.release()
    new Ingest(this.#owner, connection).open(head, reader).catch((error: unknown) => {
      if (connection.socket.destroyed) return
      // libshout goes on with its credentials on the connection on which it was asked for them.
      if (
        head.kind === 'request' &&
        error instanceof FloecastError &&
        error.status === 401 &&
        keeps(head) &&
        head.headers.get('content-length') === '0'
      ) {
        this.refused(error, connection)
        connection.answer(formatRefusal(error, { version: answerVersion(head), keep: true }), reader.rest)
      } else if (head.kind === 'shoutcast' && error instanceof FloecastError && error.status === 401) {
        this.refused(error, connection)
        hangUp(connection.socket, 'invalid password\r\n')
      } else this.failed(error, connection, head.kind === 'request' ? answerVersion(head) : undefined)
    })
  }

  async #listen({ method, target, version, headers }: RequestHead, path: string, connection: Connection): Promise<void> {
    connection.release()
    const { socket } = connection
    try {
      const { mount, form, replay, details } = await admitListener(this.#owner, path, {
        method,
        target,
        version,
        socket,
        header: (name) => headers.get(name),
      })
      if (method === 'HEAD') {
        this.#log(connection, 200)
        hangUp(socket, details.answer().head)
      } else if (!socket.destroyed) this.#owner.mounts.listen(mount.name, socket, details, form, replay)
    } catch (error) {
      this.failed(error, connection, answerVersion({ version }))
    }
  }

  // What browsers play: answered here, without a parser or an application in between, on a connection that stays.
  #give(head: RequestHead, target: MediaTarget, connection: Connection): void {
    const { socket } = connection
    const { method, version, headers } = head
    const { media } = this.#owner
    const header = (name: string): string | undefined => headers.get(name)
    const outbox = new Outbox(socket)
    let cancel: (() => void) | undefined
    // Of an answer that is all given, and that the client has not taken yet.
    let deadline: (() => void) | undefined
    let user: string | undefined
    const told = (): void => {
      target.mount.given(reply.bytesSent)
      this.#log(connection, reply.status || GONE, reply.bytesSent, user, header('user-agent'))
    }
    connection.hold(() => {
      // One who says no more still reads what it has asked for.
      if (deadline !== undefined && !socket.destroyed) return
      cancel?.()
      socket.destroy()
      if (deadline === undefined) told()
      else deadline()
    })
    const reply = new RawReply({ method, version, header }, keeps(head), outbox, (outcome) => {
      if (outcome === 'break') {
        told()
        connection.release()
        socket.destroy()
        return
      }
      const next = (): void => {
        deadline?.()
        if (outcome === 'keep') return connection.proceed()
        connection.release()
        hangUp(socket)
      }
      const isTaken = outbox.finish(next)
      deadline = isTaken ? NOTHING : this.#owner.clock.after(SLOW, () => socket.destroy())
      // Later, as thousands may have waited for the same: all of them are written to first.
      queueMicrotask(() => {
        told()
        if (isTaken) next()
      })
    })
    const request = mediaRequest(head, socket)
    const fail = (error: unknown): void => {
      if (error instanceof FloecastError && error.status !== 401) return refuse(reply, error)
      this.failed(error, connection, 'HTTP/1.1')
    }
    const answer = (): void => {
      if (socket.destroyed) return
      try {
        cancel = media.answer(target, request, reply)
      } catch (error) {
        fail(error)
      }
    }
    if (Media.isOpen(target) || (header('authorization') === undefined && this.#owner.isOpen(target.mount.name))) return answer()
    admitViewer(this.#owner, target.mount.name, request).then((name) => {
      user = name
      answer()
    }, fail)
  }

  #beacon(head: RequestHead, target: MediaTarget, connection: Connection): void {
    try {
      this.#owner.media.beacon(target, mediaRequest(head, connection.socket))
      this.#answer(head, connection, formatAnswer(204, { version: answerVersion(head), keep: keeps(head) }), 204)
    } catch (error) {
      this.failed(error, connection, answerVersion(head))
    }
  }

  // A refusal goes to the peer; anything else is our own fault, and ends this one connection.
  failed(error: unknown, connection: Connection, version?: string): void {
    if (error instanceof FloecastError) return connection.refuse(error, version)
    this.#owner.logger.error({ err: error }, 'a connection failed')
    connection.socket.destroy()
  }

  // A short answer, after which the peer may ask again on the same connection.
  #answer(head: RequestHead, connection: Connection, answer: Buffer, status: number): void {
    const { rest } = connection.release()
    this.#log(connection, status)
    if (keeps(head)) connection.answer(answer, rest)
    else hangUp(connection.socket, answer)
  }

  #hand(socket: Socket, bytes: Buffer): void {
    if (bytes.length > 0) socket.unshift(bytes)
  }
}

// Only what carries media comes to a mount by POST; the forms and calls of the web go on to HTTP.
const isMedia = ({ headers, path }: RequestHead): boolean =>
  path !== undefined &&
  !/^\/(admin|api)(\/|\.cgi|$)/.test(path) &&
  /^(audio|video|application\/(ogg|octet-stream))/i.test(headers.get('content-type') ?? '')

// The API has PUTs of its own, and nobody can publish there.
const isCall = ({ target }: RequestHead): boolean => target.startsWith('/api/v1/')

const isWebSocket = ({ method, headers }: RequestHead): boolean => method === 'GET' && headers.lists('upgrade', 'websocket')

// What a path stands for is what is asked for; the log tells the path as it came.
function withoutAlias(head: RequestHead, settings: ServerSettings): RequestHead {
  const path = aliased(settings, head.method, head.path)
  if (path === undefined) return head
  return { ...head, path, target: encodePath(path) + (head.rawQuery === '' ? '' : `?${head.rawQuery}`) }
}

// RFC 9110 7.8: whoever wishes for another protocol (curl for HTTP/2) may be answered in this one; Node would take the connection out of its parser.
function withoutUpgrade(head: RequestHead): RequestHead {
  if (!head.headers.has('upgrade')) return head
  const headers = new Headers()
  for (const [name, value] of head.headers) if (name.toLowerCase() !== 'upgrade') headers.add(name, value)
  return { ...head, headers }
}

const mediaRequest = ({ method, path, rawQuery, headers }: RequestHead, { remoteAddress }: Socket): MediaRequest => ({
  method,
  path: path!,
  query: rawQuery,
  remoteAddress,
  header: (name) => headers.get(name),
})

const hasNoBody = ({ headers }: RequestHead): boolean =>
  (headers.get('content-length') ?? '0') === '0' && headers.get('transfer-encoding') === undefined

const answerVersion = ({ version }: Pick<RequestHead, 'version'>): string => (version === 'HTTP/1.1' ? version : 'HTTP/1.0')

const keeps = ({ version, headers }: RequestHead): boolean =>
  version === 'HTTP/1.1' ? !headers.lists('connection', 'close') : headers.lists('connection', 'keep-alive')

// Milliseconds within which a client must have taken what it has asked for.
const SLOW = 120_000
