import { connect as connectPlain, isIP, type Socket } from 'node:net'
import { connect as connectSecure } from 'node:tls'
import { FloecastError } from '../errors.js'
import { ChunkedDecoder } from '../icy/chunked.js'
import { type Answer, type ResponseHead, ResponseReader } from '../icy/response.js'
import { guardedLookup } from './guarded-lookup.js'

/** How a client connects. */
export interface ConnectOptions {
  /** Milliseconds within which the server must have answered. Default 10000. */
  readonly timeout?: number
  /** Certificates (PEM) to trust in place of those that Node knows, for a server that has signed its own. */
  readonly ca?: string | Buffer | undefined
  /** Says which IP addresses may be connected to, those of a name and of a redirect among them; all when left out. */
  readonly allow?: ((address: string) => boolean) | undefined
}

/**
 * One connection to a server: what is asked, and the heads of the answers. Node's own HTTP client is not in the way, for it can
 * neither send a body that just ends with the connection nor read `ICY 200 OK`.
 */
export class Exchange {
  /** The connection itself; paused except while an answer is waited for. */
  readonly socket: Socket
  readonly #doing: string
  readonly #reader = new ResponseReader()
  readonly #timer: NodeJS.Timeout
  #failure: Error | undefined

  /**
   * Connects.
   * @param doing what the connection is for, to follow the word "Cannot" in errors
   */
  constructor(url: URL, doing: string, { timeout = 10_000, ca, allow = () => true }: ConnectOptions = {}) {
    const host = url.hostname.replace(/^\[|\]$/g, '')
    const secure = url.protocol === 'https:'
    const where = {
      host,
      port: Number(url.port) || (secure ? 443 : 80),
      noDelay: true,
      keepAlive: true,
      lookup: guardedLookup(allow, notAllowed),
    }
    this.#doing = doing
    this.socket = secure
      ? connectSecure({ ...where, ...(isIP(host) === 0 && { servername: host }), ...(ca !== undefined && { ca }) })
      : connectPlain(where)
    this.socket.on('error', (error) => {
      this.#failure ??= error instanceof FloecastError ? error : unreachable(doing, error, host)
    })
    // Nobody looks up what is an address already.
    if (isIP(host) !== 0 && !allow(host)) this.socket.destroy(notAllowed(host))
    this.#timer = setTimeout(() => {
      this.socket.destroy(new FloecastError('SERVER_SILENT', { doing, seconds: timeout / 1000 }))
    }, timeout)
  }

  /** The bytes after the head that was read last. */
  get rest(): Buffer {
    return this.#reader.rest
  }

  /** Why the connection has failed, if it has. */
  get failure(): Error | undefined {
    return this.#failure
  }

  /**
   * Waits for the head of the next answer.
   * @throws FloecastError `SERVER_UNREACHABLE`, `SERVER_SILENT`, `ANSWER_UNREADABLE`
   */
  answer(): Promise<Answer> {
    const { socket } = this
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void): void => {
        socket.off('data', read)
        socket.off('end', gone)
        socket.off('close', gone)
        socket.pause()
        settle()
      }
      const read = (chunk: Buffer): void => {
        try {
          const answer = this.#reader.push(chunk)
          if (answer !== undefined) finish(() => resolve(answer))
        } catch (error) {
          finish(() => reject(error))
        }
      }
      const gone = (): void => {
        // The end of a connection that fails comes before its error has been told.
        if (socket.errored !== null && this.#failure === undefined) return void socket.once('error', gone)
        const reason = 'the server closed the connection without an answer'
        finish(() => reject(this.#failure ?? new FloecastError('SERVER_UNREACHABLE', { doing: this.#doing, reason })))
      }
      socket.on('data', read)
      socket.on('end', gone)
      socket.on('close', gone)
      if (socket.destroyed) gone()
      else if (this.rest.length > 0) read(this.rest)
      else socket.resume()
    })
  }

  /** Ends the wait for an answer: from here on the connection may be silent as long as it likes. */
  settle(): void {
    clearTimeout(this.#timer)
  }

  /** Reads the short body of an answer as text, up to its end or `limit` bytes. It never throws: what is missing is missing. */
  text({ headers }: ResponseHead, limit = 16_384): Promise<string> {
    const { socket } = this
    const chunked = headers.lists('transfer-encoding', 'chunked') ? new ChunkedDecoder() : undefined
    const length = headers.get('content-length') ?? ''
    const most = Math.min(limit, /^\d{1,15}$/.test(length) && chunked === undefined ? Number(length) : Infinity)
    return new Promise((resolve) => {
      const chunks: Buffer[] = []
      let size = 0
      const finish = (): void => {
        socket.off('data', read)
        socket.off('close', finish)
        socket.off('end', finish)
        clearTimeout(timer)
        resolve(Buffer.concat(chunks).toString('utf8', 0, Math.min(size, most)))
      }
      const read = (chunk: Buffer): void => {
        try {
          for (const bytes of chunked?.push(chunk) ?? [chunk]) size += chunks[chunks.push(bytes) - 1]!.length
        } catch {
          return finish()
        }
        if (size >= most || chunked?.done) finish()
      }
      // A server that leaves its refusal open has said what it wants to say.
      const timer = setTimeout(finish, PATIENCE)
      socket.on('close', finish)
      socket.on('end', finish)
      socket.on('data', read)
      read(this.rest)
      if (socket.destroyed) finish()
      else socket.resume()
    })
  }

  /** Cuts the connection; harmless when it has ended. */
  close(): void {
    clearTimeout(this.#timer)
    this.socket.destroy()
  }
}

// How long the rest of a refusal is waited for, in milliseconds.
const PATIENCE = 1_000

const notAllowed = (host: string): Error => new Error(`${host} is an address that may not be connected to from here`)

function unreachable(doing: string, error: Error, host: string): FloecastError {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  return new FloecastError('SERVER_UNREACHABLE', { doing, reason: reasonOf(code, host, error) })
}

function reasonOf(code: string, host: string, error: Error): string {
  switch (code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `no host is called ${host}; check the address`
    case 'ECONNREFUSED':
      return 'nothing answers at that port; check the port, and that the server runs'
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return 'the host cannot be reached; check the address and the network'
    case 'ECONNRESET':
    case 'EPIPE':
      return 'the server closed the connection'
    case 'EPROTO':
    case 'ERR_SSL_WRONG_VERSION_NUMBER':
    case 'ERR_SSL_PACKET_LENGTH_TOO_LONG':
      return 'that port does not speak TLS; use http:// in place of https://'
    default:
      return /CERT|SIGNATURE|ISSUER/.test(code) ? `its certificate is not to be trusted (${error.message})` : error.message
  }
}
