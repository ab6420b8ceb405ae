import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type RawData, type WebSocket, WebSocketServer } from 'ws'
import { FloecastError } from '../errors.js'
import { basicCredentials } from '../icy/basic.js'
import { mountPath } from '../icy/path.js'
import type { RequestLine } from '../mount/listener.js'
import type { Source } from '../mount/source.js'
import { clientAddress, type Visit } from './address.js'
import { formatRefusal } from './answer.js'
import type { ServerContext } from './context.js'
import { hangUp, ignore } from './hang-up.js'
import { allow } from './identity.js'
import { PlainBody, pushInto } from './ingest.js'
import { refuseForeign, secretsOf } from './same-site.js'
import { type Hello, infoOf, readHello, readMetadata } from './webcast-messages.js'

/** The subprotocol, as WebSockets name it. */
const PROTOCOL = 'webcast'
/** Most bytes of one message. */
const MAX_MESSAGE = 1_048_576
/** Milliseconds between two pings: proxies cut connections on which the server says nothing. */
const PING = 20_000
/** Milliseconds that a peer has for its part of the farewell. */
const LINGER = 2_000
// RFC 6455 7.4.1, and as Liquidsoap uses them.
const ENDED = 1000
const INVALID = 1002
const REFUSED = 1011
const RESTART = 1012
const LATER = 1013
// RFC 6455 5.5: a control frame holds 125 bytes, two of them the code.
const MAX_REASON = 123

/** What is known of sources that can go on after a break, by mount. */
type Resumable = Map<string, { readonly id: string; readonly source: Source }>

/** Sources that send over a WebSocket of the subprotocol `webcast`, as browsers and Liquidsoap's web clients do. */
export class Webcast {
  readonly #context: ServerContext
  readonly #server = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE,
    perMessageDeflate: false,
    clientTracking: false,
    handleProtocols: (offered) => offered.has(PROTOCOL) && PROTOCOL,
  })
  readonly #open = new Set<Webcaster>()
  readonly #resumable: Resumable = new Map()

  /** @param context of the server that gets the sources */
  constructor(context: ServerContext) {
    this.#context = context
  }

  /** Takes a request for a WebSocket, as Node's HTTP servers tell of it. It is answered in any case. */
  upgrade(message: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { settings } = this.#context
    const visit = visitOf(message)
    const address = clientAddress(visit.remoteAddress, visit.header('x-forwarded-for'), settings.trustedProxies)
    const began = Date.now()
    const { method = 'GET', url: target = '/', httpVersion, headers } = message
    const log = (status: number): void =>
      this.#context.access({
        address,
        time: new Date(began),
        method,
        target,
        version: `HTTP/${httpVersion}`,
        status,
        bytes: 0,
        agent: headers['user-agent'],
        seconds: (Date.now() - began) / 1000,
      })
    const refuse = (error: FloecastError): void => {
      log(error.status)
      hangUp(socket, formatRefusal(error, { version: 'HTTP/1.1' }))
    }
    if (!this.#context.admission.takes(address)) return refuse(new FloecastError('BANNED'))
    const offered = (headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim())
    if (!offered.includes(PROTOCOL))
      return refuse(new FloecastError('BAD_REQUEST', { reason: `a WebSocket here speaks the subprotocol ${PROTOCOL}` }))
    const mount = mountPath(target)
    if (mount === undefined) return refuse(new FloecastError('MOUNT_INVALID', { mount: target }))
    this.#server.handleUpgrade(message, socket, head, (ws) => {
      const request: RequestLine = { method: PROTOCOL, target, version: `HTTP/${httpVersion}`, referer: visit.header('origin') }
      const webcaster = new Webcaster(ws, this.#context, { mount, visit, address, request, refused: log }, this.#resumable)
      this.#open.add(webcaster)
      ws.once('close', () => this.#open.delete(webcaster))
    })
  }

  /** Ends all of them: the server shuts down. */
  close(): void {
    for (const one of this.#open) one.end(RESTART, new FloecastError('SERVER_CLOSING').message)
  }
}

/** Where a source comes from, and what it asked for. */
interface Arrival {
  readonly mount: string
  readonly visit: Visit
  readonly address: string
  readonly request: RequestLine
  /** Hears of the status with which it is refused. */
  readonly refused: (status: number) => void
}

/** One source: a hello, and then media as binary messages, and titles as text. */
class Webcaster {
  readonly #ws: WebSocket
  readonly #context: ServerContext
  readonly #arrival: Arrival
  readonly #resumable: Resumable
  #state: 'new' | 'asking' | 'live' | 'over' = 'new'
  #source: Source | undefined
  readonly #body = new PlainBody()
  /** What came while the password was looked at: no more than what one read of the socket held. */
  #early: [data: Buffer, isBinary: boolean][] = []
  #timer: () => void

  constructor(ws: WebSocket, context: ServerContext, arrival: Arrival, resumable: Resumable) {
    this.#ws = ws
    this.#context = context
    this.#arrival = arrival
    this.#resumable = resumable
    const { headerTimeout } = context.settings
    this.#timer = context.clock.after(headerTimeout, () => {
      if (this.#state === 'new') this.#refuse(new FloecastError('HEAD_TIMEOUT', { seconds: headerTimeout / 1000 }), INVALID)
    })
    // What it means shows in the close.
    ws.on('error', ignore)
    ws.on('message', (data, isBinary) => this.#take(data, isBinary))
    ws.on('close', () => {
      this.#state = 'over'
      this.#timer()
      this.#source?.end('it closed the connection')
    })
  }

  /** Says farewell, and ends it. */
  end(code: number, reason: string): void {
    this.#state = 'over'
    this.#timer()
    this.#source?.end(reason)
    this.#ws.resume()
    this.#ws.close(code, shorten(reason))
    setTimeout(() => this.#ws.terminate(), LINGER).unref()
  }

  #take(data: RawData, isBinary: boolean): void {
    if (!Buffer.isBuffer(data) || this.#state === 'over') return
    if (this.#state === 'asking') {
      this.#early.push([data, isBinary])
      return
    }
    try {
      if (this.#state === 'new') this.#greet(data, isBinary)
      else if (isBinary) pushInto(this.#source!, this.#body, data, this.#context)
      else this.#tell(data)
    } catch (error) {
      this.#refuse(error, INVALID)
    }
  }

  #greet(data: Buffer, isBinary: boolean): void {
    if (isBinary) throw new FloecastError('BAD_REQUEST', { reason: 'media came before the hello' })
    const hello = readHello(data)
    this.#state = 'asking'
    // The peer has to wait, so that no more comes than can be kept.
    this.#ws.pause()
    this.#publish(hello).catch((error: unknown) => this.#refuse(error, REFUSED))
  }

  async #publish(hello: Hello): Promise<void> {
    const { mounts, clock, logger } = this.#context
    const { mount, address, visit, request } = this.#arrival
    const user = await this.#admit(hello)
    if (this.#state !== 'asking') return
    const before = this.#resumable.get(mount)
    const former = hello.resume != null && before?.id === hello.resume ? before.source : undefined
    const source = mounts.publish(
      mount,
      infoOf(hello),
      {
        address,
        agent: visit.header('user-agent') ?? '',
        request,
        user: user || 'source',
        contentType: hello.mime,
        connected: Date.now(),
        disconnect: (reason) => this.#disconnect(reason),
      },
      former,
    )
    // Whoever is told of a source may have sent it away already.
    if (!source.live) return
    this.#source = source
    if (hello.resume != null) this.#resumable.set(mount, { id: hello.resume, source })
    this.#state = 'live'
    this.#ws.once('close', () => this.#resumable.get(mount)?.source === source && this.#resumable.delete(mount))
    // Nothing is said here by the protocol; who waits for it knows that it is on the air, all others pass it over.
    this.#ws.send(JSON.stringify({ type: 'hello', data: { mount } }))
    this.#timer()
    const ping = (): void => {
      this.#ws.ping()
      this.#timer = clock.after(PING, ping)
    }
    this.#timer = clock.after(PING, ping)
    logger.debug({ mount, address }, 'a source sends over a WebSocket')
    for (const [data, isBinary] of this.#early.splice(0)) this.#take(data, isBinary)
    this.#ws.resume()
  }

  // A password, as every source brings one; or the session of whoever has signed in, which only this server's own pages may use.
  async #admit({ user, password }: Hello): Promise<string> {
    const context = this.#context
    const { mount, address, visit } = this.#arrival
    const header = basicCredentials(visit.header('authorization'))
    const credentials = password == null ? header : [{ user: user ?? '', password }]
    if (credentials.length > 0) return context.admit(['source'], credentials, mount, address)
    const secrets = secretsOf(visit)
    if (secrets.length > 0) refuseForeign(visit, context.settings)
    for (const secret of secrets) {
      const identity = context.sessions.find(secret)
      if (identity === undefined) continue
      allow(identity.principal, 'owner', mount)
      identity.seen()
      return identity.principal.name
    }
    throw new FloecastError('AUTHENTICATION_REQUIRED')
  }

  #tell(data: Buffer): void {
    const metadata = readMetadata(data)
    const mount = this.#context.mounts.get(this.#arrival.mount)
    // One who has been taken over from has no say any more.
    if (metadata !== undefined && mount?.source === this.#source) mount?.setMetadata(metadata)
  }

  #refuse(error: unknown, code: number): void {
    if (this.#state === 'over') return
    if (!(error instanceof FloecastError)) {
      this.#context.logger.error({ err: error }, 'a connection failed')
      return this.end(REFUSED, 'The server has failed; its log says why')
    }
    if (this.#source === undefined) this.#arrival.refused(error.status)
    this.#context.logger.debug({ address: this.#arrival.address, code: error.code }, error.message)
    this.end(code, error.message)
  }

  // A silent source may only have slept: it can come again.
  #disconnect(reason: string): void {
    const isSilent =
      this.#context.clock.now() - this.#source!.lastByte >= this.#context.mounts.settingsOf(this.#arrival.mount).sourceTimeout
    this.end(isSilent ? LATER : ENDED, `The server has ended the stream: ${reason}`)
  }
}

function visitOf({ headers, socket }: IncomingMessage): Visit {
  return {
    header: (name) => {
      const value = headers[name]
      return Array.isArray(value) ? value.join(', ') : value
    },
    remoteAddress: socket.remoteAddress,
    localPort: socket.localPort,
    secured: 'encrypted' in socket && socket.encrypted === true,
    prefix: '',
  }
}

function shorten(reason: string): string {
  if (Buffer.byteLength(reason) <= MAX_REASON) return reason
  let text = reason
  while (Buffer.byteLength(text) > MAX_REASON - 3) text = text.slice(0, -1)
  return `${text.trimEnd()}…`
}
