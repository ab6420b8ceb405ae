import { createServer, type IncomingMessage, type RequestListener, type Server as NodeServer } from 'node:http'
import type { Duplex } from 'node:stream'
import { FloecastError } from '../errors.js'
import type { ServerSettings } from '../options/index.js'
import { formatRefusal } from './answer.js'
import { hangUp } from './hang-up.js'

// How often Node looks for requests that do not get on, in milliseconds.
const WATCH = 5_000

/** An application that answers HTTP requests, such as koa's. */
export interface HttpApp {
  /** Makes the function that answers one request. */
  callback(): RequestListener
}

/** Node's HTTP for all that is neither a source nor a listener. It has no port: connections are handed to it. */
export class Http {
  readonly #server: NodeServer
  // Connections between two requests; a listener never comes back to them.
  readonly #idle = new Set<Duplex>()
  #settings!: ServerSettings
  #app: RequestListener | undefined

  /** @param settings of which the limits of heads are taken */
  constructor(settings: ServerSettings) {
    this.#server = createServer({ connectionsCheckingInterval: WATCH })
    this.configure(settings)
    this.#server.on('request', ({ socket }, response) => {
      this.#idle.delete(socket)
      response.once('close', () => socket.destroyed || this.#idle.add(socket))
    })
    this.#server.on('clientError', (error, socket) => this.#refuse(error, socket))
    // Node watches over requests that do not get on only in a server that listens; this one never does.
    this.#server.emit('listening')
  }

  /** Says who takes those who ask for another protocol on their connection. */
  onUpgrade(take: (request: IncomingMessage, socket: Duplex, head: Buffer) => void): void {
    this.#server.on('upgrade', (request, socket, head) => {
      this.#idle.delete(socket)
      take(request, socket, head)
    })
  }

  /** Says who answers. */
  answer(app: RequestListener): void {
    if (this.#app !== undefined) this.#server.off('request', this.#app)
    this.#app = app
    this.#server.on('request', app)
  }

  /** Applies other limits, to what comes from now on. */
  configure(settings: ServerSettings): void {
    this.#settings = settings
    this.#server.headersTimeout = settings.headerTimeout
    // Node reads this afresh for each connection. Twice, for a head is a little longer when the front has put it into strict form.
    Object.assign(this.#server, { maxHeaderSize: settings.headerSize * 2 })
  }

  /** Takes a connection whose next bytes are a request. */
  take(socket: Duplex): void {
    this.#idle.add(socket)
    socket.once('close', () => this.#idle.delete(socket))
    this.#server.emit('connection', socket)
    socket.resume()
  }

  /** Ends the connections that wait for a request. */
  closeIdle(): void {
    for (const socket of this.#idle) socket.destroy()
  }

  /** Ends the watch over connections, of which there are to be none any more. */
  close(): void {
    this.#server.close()
  }

  // What came was no request, or never became one. An answer goes out where none is under way.
  #refuse(error: Error & { code?: string }, socket: Duplex): void {
    if (!this.#idle.delete(socket) || !socket.writable || error.code === 'ECONNRESET') {
      socket.destroy()
      return
    }
    socket.removeAllListeners('data')
    hangUp(socket, formatRefusal(this.#reason(error.code), { version: 'HTTP/1.1' }))
  }

  #reason(code: string | undefined): FloecastError {
    const { headerSize, headerTimeout } = this.#settings
    if (code === 'HPE_HEADER_OVERFLOW') return new FloecastError('HEAD_TOO_LARGE', { limit: headerSize })
    if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return new FloecastError('HEAD_TIMEOUT', { seconds: headerTimeout / 1000 })
    return new FloecastError('BAD_REQUEST', { reason: 'it is no HTTP request' })
  }
}
