import { Writable } from 'node:stream'
import { FloecastError } from '../errors.js'
import { type Credentials, formatBasic } from '../icy/basic.js'
import { createMetadata } from '../icy/metadata.js'
import { mountPath } from '../icy/path.js'
import { cleanText } from '../icy/text.js'
import { VERSION } from '../version.js'
import { type ConnectOptions, Exchange } from './exchange.js'
import { plainText, sourceRefusal, wrongPassword } from './refusal.js'

/** How a source announces itself. */
export type SourceProtocol = 'put' | 'source' | 'shoutcast'

/** Options of a {@link SourceClient}. */
export interface SourceClientOptions extends ConnectOptions {
  /** The media type of what is written, such as `audio/mpeg`, `application/ogg` or `video/mp2t`. */
  readonly contentType: string
  /** `put` for Icecast 2.4 and newer, and floecast; `source` for older Icecast; `shoutcast` for SHOUTcast 1. Default `put`. */
  readonly protocol?: SourceProtocol
  /** Name of the stream. */
  readonly name?: string
  /** What the stream is about. */
  readonly description?: string
  /** Genres of the stream. */
  readonly genre?: string
  /** The stream's own web site. */
  readonly url?: string
  /** Whether directories may list the stream. */
  readonly public?: boolean
  /** Further header lines, such as `ice-audio-info`. */
  readonly headers?: Readonly<Record<string, string>>
  /** SHOUTcast only: the port that takes titles. Default one less than the address's, as is the rule there. */
  readonly metadataPort?: number
  /** Ends the client when it is aborted. */
  readonly signal?: AbortSignal | undefined
}

/** What plays now, for {@link SourceClient.setMetadata}. */
export interface MetadataFields {
  /** The title; without an artist, the whole line that players show. */
  readonly title?: string
  /** Who plays it. */
  readonly artist?: string
  /** An address that goes with it, such as a cover. */
  readonly url?: string
}

/**
 * Publishes what is written to it on a mount of Icecast, SHOUTcast or floecast. It connects at once and emits `connect` when the
 * server takes the stream; what is written before waits. The server plays as fast as it is fed, so feed it at the pace of the media.
 *
 * Whatever goes wrong is an `error` event with a {@link FloecastError}, one sentence that says what to do; `close` is the end.
 *
 * @example
 * ```ts
 * const source = new SourceClient('http://source:hackme@localhost:8000/live.mp3', { contentType: 'audio/mpeg', name: 'Night radio' })
 * source.on('connect', () => source.setMetadata({ artist: 'Artist', title: 'Title' }).catch(console.error))
 * await pipeline(encoder.stdout, source)
 * ```
 */
export class SourceClient extends Writable {
  readonly #url: URL
  readonly #credentials: Credentials
  readonly #options: SourceClientOptions
  readonly #mount: string
  readonly #doing: string
  readonly #connected: Promise<boolean>
  #settle!: (connected: boolean) => void
  #exchange: Exchange | undefined
  #ended: (() => void) | undefined
  #bytesSent = 0

  /**
   * @param address of the mount, with user name and password: `http://source:PASSWORD@host:8000/live`, or `https:`. For SHOUTcast
   * it is `http://:PASSWORD@host:8001`, with the port for sources, which is one more than the one for listeners.
   * @throws TypeError when the address or an option is not what it may be
   */
  constructor(address: string | URL, options: SourceClientOptions) {
    // A stream that has been made is constructed, so what is wrong must be found before.
    const url = parseAddress(address)
    if (!/^[\w.+-]+\/[\w.+-]+/.test(options.contentType))
      throw new TypeError(`Cannot publish as "${options.contentType}": give a media type such as audio/mpeg in contentType`)
    for (const [name, value] of Object.entries(options.headers ?? {}))
      if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name) || /[\r\n\0]/.test(value)) throw new TypeError(`Cannot send the header "${name}"`)
    const mount = mountPath(url.pathname)
    if (mount === undefined) throw new TypeError(`Cannot publish to "${url.pathname}": a mount is a path such as /live`)
    super({ ...(options.signal !== undefined && { signal: options.signal }) })
    this.#credentials = { user: decodeURIComponent(url.username) || 'source', password: decodeURIComponent(url.password) }
    url.username = url.password = ''
    this.#url = url
    this.#mount = mount
    this.#options = options
    this.#doing = options.protocol === 'shoutcast' ? `publish to ${url.host}` : `publish to ${mount} on ${url.host}`
    this.#connected = new Promise((resolve) => (this.#settle = resolve))
  }

  /** Bytes of media that have been handed to the connection. */
  get bytesSent(): number {
    return this.#bytesSent
  }

  /**
   * Tells the server what plays from now on. It waits for the connection first.
   * @throws FloecastError when the server does not take it
   */
  async setMetadata(fields: MetadataFields): Promise<void> {
    const doing = `set the title of ${this.#mount} on ${this.#url.host}`
    if (!(await this.#connected) || this.destroyed)
      throw new FloecastError('CONNECTION_LOST', { doing, reason: 'the source is not connected' })
    const exchange = new Exchange(this.#metadataUrl(), doing, this.#options)
    try {
      exchange.socket.write(this.#formatUpdate(fields))
      const answer = await exchange.answer()
      if (answer.kind === 'login') throw new FloecastError('REQUEST_REFUSED', { doing, reason: `the server says "${answer.line}"` })
      const text = await exchange.text(answer)
      if (answer.status !== 200) throw sourceRefusal(doing, answer, text, this.#credentials)
      if (/<return>0<\/return>/.test(text))
        throw new FloecastError('REQUEST_REFUSED', { doing, reason: `the server says "${plainText(text)}"` })
    } finally {
      exchange.close()
    }
  }

  /** @internal */
  override _construct(callback: (error?: Error | null) => void): void {
    this.#open().then(
      () => {
        this.#settle(!this.destroyed)
        callback()
        if (!this.destroyed) process.nextTick(() => this.emit('connect'))
      },
      (error: Error) => {
        this.#settle(false)
        // When it has been given up, that is the reason, and not what came of it.
        callback(this.destroyed ? null : error)
      },
    )
  }

  /** @internal */
  override _write(chunk: Buffer, _: BufferEncoding, callback: () => void): void {
    const { socket } = this.#exchange!
    this.#bytesSent += chunk.length
    if (socket.write(chunk)) callback()
    else socket.once('drain', callback)
  }

  /** @internal */
  override _final(callback: () => void): void {
    const { socket } = this.#exchange!
    // The end of the connection is the end of the stream. Waiting for the other side's makes sure that every byte has got there.
    const timer = setTimeout(() => this.#ended?.(), FAREWELL)
    this.#ended = () => {
      clearTimeout(timer)
      this.#ended = undefined
      callback()
    }
    socket.end()
  }

  /** @internal */
  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#settle(false)
    this.#exchange?.close()
    callback(error)
  }

  /** Gives up at once, connected or not. */
  override destroy(error?: Error): this {
    super.destroy(error)
    // Node waits for a stream to be constructed before it destroys it, and a server may take its time.
    this.#exchange?.close()
    return this
  }

  async #open(): Promise<void> {
    if (this.destroyed) return
    const exchange = new Exchange(this.#url, this.#doing, this.#options)
    this.#exchange = exchange
    if (this.#options.protocol === 'shoutcast') await this.#logIn(exchange)
    else await this.#announce(exchange)
    exchange.settle()
    void this.#watch(exchange)
  }

  async #announce(exchange: Exchange): Promise<void> {
    exchange.socket.write(this.#formatHead())
    for (;;) {
      const answer = await exchange.answer()
      if (answer.kind === 'login') throw new FloecastError('REQUEST_REFUSED', { doing: this.#doing, reason: SHOUTCAST_SERVER })
      if (answer.status === 100 || (answer.status >= 200 && answer.status < 300)) return
      if (answer.status >= 200) throw sourceRefusal(this.#doing, answer, await exchange.text(answer), this.#credentials)
    }
  }

  async #logIn(exchange: Exchange): Promise<void> {
    const { user, password } = this.#credentials
    exchange.socket.write(`${user === 'source' ? '' : `${user}:`}${password}\r\n`)
    const answer = await exchange.answer().catch((error: unknown) => {
      if (exchange.failure !== undefined || !(error instanceof FloecastError) || error.code !== 'SERVER_UNREACHABLE') throw error
      throw new FloecastError('PASSWORD_REFUSED', { doing: this.#doing, reason: HUNG_UP })
    })
    if (answer.kind === 'response') throw new FloecastError('REQUEST_REFUSED', { doing: this.#doing, reason: NO_SHOUTCAST_SERVER })
    if (!answer.accepted) {
      if (/invalid password/i.test(answer.line)) throw wrongPassword(this.#doing, this.#credentials)
      throw new FloecastError('REQUEST_REFUSED', { doing: this.#doing, reason: `the server says "${cleanText(answer.line, 200)}"` })
    }
    exchange.socket.write(this.#formatIcyHeaders())
  }

  // While the media goes out, a server may still refuse it, as a proxy does behind its 100; and the connection may end.
  async #watch(exchange: Exchange): Promise<void> {
    const { socket } = exchange
    socket.on('close', () => {
      if (this.#ended !== undefined) this.#ended()
      else if (!this.destroyed) this.destroy(this.#lost('the server closed the connection'))
    })
    try {
      for (;;) {
        const answer = await exchange.answer()
        if (answer.kind === 'login') continue
        if (answer.status < 300) continue
        this.destroy(sourceRefusal(this.#doing, answer, await exchange.text(answer), this.#credentials))
      }
    } catch {
      // Nothing readable comes any more; what matters is when it closes.
      socket.resume()
    }
  }

  #lost(reason: string): FloecastError {
    return new FloecastError('CONNECTION_LOST', { doing: this.#doing, reason })
  }

  #formatHead(): Buffer {
    const put = this.#options.protocol !== 'source'
    const { contentType, name, description, genre, url, public: listed, headers } = this.#options
    return formatLines(`${put ? 'PUT' : 'SOURCE'} ${this.#url.pathname}${this.#url.search} HTTP/1.${put ? 1 : 0}`, [
      ['Host', this.#url.host],
      ...this.#authorization(),
      ['User-Agent', AGENT],
      ['Content-Type', contentType],
      ...(put ? [['Expect', '100-continue'] as const, ['Connection', 'close'] as const] : []),
      ['ice-name', name],
      ['ice-description', description],
      ['ice-genre', genre],
      ['ice-url', url],
      ['ice-public', listed === undefined ? undefined : String(Number(listed))],
      ...Object.entries(headers ?? {}),
    ])
  }

  #formatIcyHeaders(): Buffer {
    const { contentType, name, genre, url, public: listed = false, headers } = this.#options
    return formatLines(undefined, [
      ['content-type', contentType],
      ['icy-name', name],
      ['icy-genre', genre],
      ['icy-url', url],
      ['icy-pub', String(Number(listed))],
      ...Object.entries(headers ?? {}),
    ])
  }

  #authorization(): [name: string, value: string][] {
    return this.#credentials.password === '' ? [] : [['Authorization', formatBasic(this.#credentials)]]
  }

  #metadataUrl(): URL {
    const url = new URL(this.#url)
    if (this.#options.protocol === 'shoutcast') url.port = String(this.#options.metadataPort ?? Number(url.port || 80) - 1)
    return url
  }

  #formatUpdate({ title = '', artist = '', url }: MetadataFields): Buffer {
    const shoutcast = this.#options.protocol === 'shoutcast'
    const { display } = createMetadata({ title, artist })
    const words: [name: string, value: string | undefined][] = shoutcast
      ? [
          ['pass', this.#credentials.password],
          ['song', display],
        ]
      : [
          ['mount', this.#mount],
          ['charset', 'UTF-8'],
          // Icecast 2.4 puts the last artist it was told in front of every title to come, but takes a whole line as it is.
          ['song', display],
          ['artist', artist === '' ? undefined : artist],
          ['title', artist === '' ? undefined : title],
        ]
    const query = [...words, ['url', url] as const].flatMap(([name, value]) =>
      value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`],
    )
    const target = `${shoutcast ? '/admin.cgi' : '/admin/metadata'}?mode=updinfo&${query.join('&')}`
    return formatLines(`GET ${target} HTTP/1.${shoutcast ? 0 : 1}`, [
      ['Host', this.#metadataUrl().host],
      ...(shoutcast ? [] : this.#authorization()),
      // SHOUTcast takes titles from browsers only.
      ['User-Agent', shoutcast ? `${AGENT} (Mozilla compatible)` : AGENT],
      ['Connection', 'close'],
    ])
  }
}

const AGENT = `floecast/${VERSION}`
// How long the server has to close its side, in milliseconds.
const FAREWELL = 2_000
const HUNG_UP = 'the server hung up at the password; give the right one in the address (http://:PASSWORD@…)'
const SHOUTCAST_SERVER = "it is a SHOUTcast server; set protocol to 'shoutcast'"
const NO_SHOUTCAST_SERVER = "that port is not for SHOUTcast sources; add 1 to it, or set protocol to 'put'"

function parseAddress(address: string | URL): URL {
  if (!URL.canParse(String(address))) throw new TypeError('Cannot publish: the address must be like http://source:PASSWORD@host:8000/live')
  const url = new URL(address)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw new TypeError(`Cannot publish by ${url.protocol} use http: or https:`)
  return url
}

/** A head: its first line, if it has one, and those of the given header lines that say something. */
function formatLines(first: string | undefined, headers: readonly (readonly [name: string, value: string | undefined])[]): Buffer {
  const lines = headers.flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${cleanText(value)}`]))
  return Buffer.from([...(first === undefined ? [] : [first]), ...lines, '', ''].join('\r\n'))
}
