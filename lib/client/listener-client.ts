import { Readable } from 'node:stream'
import { FloecastError } from '../errors.js'
import { formatBasic } from '../icy/basic.js'
import { ChunkedDecoder } from '../icy/chunked.js'
import { IcyDecoder } from '../icy/decoder.js'
import type { Headers } from '../icy/headers.js'
import type { ResponseHead } from '../icy/response.js'
import { cleanText, percentDecode } from '../icy/text.js'
import { VERSION } from '../version.js'
import { type ConnectOptions, Exchange } from './exchange.js'
import { isHls, isPlaylist, readPlaylist } from './playlist-text.js'
import { listenerRefusal } from './refusal.js'

/** Options of a {@link ListenerClient}. */
export interface ListenerClientOptions extends ConnectOptions {
  /** Whether to ask for titles; they come as `metadata` events and never among the bytes. Default true. */
  readonly metadata?: boolean
  /** Further header lines of the request, by name. */
  readonly headers?: Readonly<Record<string, string>>
  /** Ends the client when it is aborted. */
  readonly signal?: AbortSignal | undefined
}

/** What a server says about the stream that it begins to send: the argument of a {@link ListenerClient}'s `response` event. */
export interface StreamResponse {
  /** Where the stream comes from at last, after redirects and playlists. */
  readonly url: URL
  /** Such as `HTTP/1.1`, `HTTP/1.0` or `ICY`. */
  readonly version: string
  /** The header lines, such as `content-type` and `icy-name`. */
  readonly headers: Headers
}

/**
 * Listens to a stream of Icecast, SHOUTcast, floecast or any web server: the bytes are the media. It follows redirects, and
 * playlists (M3U, PLS, XSPF) to their first entry.
 *
 * It emits `response` with a {@link StreamResponse} before the first byte, and `metadata` with a `Metadata` whenever another title
 * begins; by then, up to `readableHighWaterMark` bytes from before it may still wait to be read. Whatever goes wrong is an `error`
 * event with a {@link FloecastError}, one sentence that says what to do; `end` comes when the server ends the stream in order.
 *
 * @example
 * ```ts
 * const stream = new ListenerClient('http://localhost:8000/live.mp3')
 * stream.on('metadata', ({ display }) => console.log(display))
 * await pipeline(stream, createWriteStream('live.mp3'))
 * ```
 */
export class ListenerClient extends Readable {
  readonly #address: URL
  readonly #options: ListenerClientOptions
  #exchange: Exchange | undefined
  #chunked: ChunkedDecoder | undefined
  #icy: IcyDecoder | undefined
  // Bytes of the body that are still to come.
  #left = Infinity

  /**
   * @param address of the stream, or of a playlist; with user name and password where listeners need them
   * @throws TypeError when it is no http: or https: address
   */
  constructor(address: string | URL, options: ListenerClientOptions = {}) {
    // A stream that has been made is constructed, so what is wrong must be found before.
    if (!URL.canParse(String(address))) throw new TypeError('Cannot listen: the address must be like http://host:8000/live')
    const url = new URL(address)
    if (url.protocol !== 'http:' && url.protocol !== 'https:') throw new TypeError(`Cannot listen by ${url.protocol} use http: or https:`)
    super({ ...(options.signal !== undefined && { signal: options.signal }) })
    this.#address = url
    this.#options = options
  }

  /** @internal */
  override _construct(callback: (error?: Error | null) => void): void {
    this.#open().then(
      () => callback(),
      // When it has been given up, that is the reason, and not what came of it.
      (error: Error) => callback(this.destroyed ? null : error),
    )
  }

  /** @internal */
  override _read(): void {
    this.#exchange?.socket.resume()
  }

  /** @internal */
  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
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
    let url = this.#address
    let playlists = 0
    for (let hops = 0; !this.destroyed; hops++) {
      const doing = `listen to ${url.pathname} on ${url.host}`
      if (hops > MAX_REDIRECTS)
        throw new FloecastError('TOO_MANY_REDIRECTS', {
          doing: `listen to ${this.#address.pathname} on ${this.#address.host}`,
          last: url.href,
        })
      const head = await this.#request(url, doing)
      const exchange = this.#exchange!
      const { status, headers } = head
      const location = headers.get('location')
      const type = headers.get('content-type') ?? ''
      if (status >= 300 && status < 400 && location !== undefined) url = follow(location, url, doing)
      else if (status !== 200) throw listenerRefusal(doing, head, await exchange.text(head), url)
      else if (isPlaylist(type) || isUnnamedList(type, url)) {
        const text = await exchange.text(head, 65_536)
        const entry = isHls(text) ? undefined : firstStream(text, url)
        if (entry === undefined || ++playlists > 1) {
          const reason = isHls(text) ? 'it is an HLS playlist; open it in a player' : 'it is a playlist that leads to no stream'
          throw new FloecastError('REQUEST_REFUSED', { doing, reason })
        }
        url = carry(entry, url)
      } else return this.#begin(exchange, head, url)
      exchange.close()
    }
  }

  async #request(url: URL, doing: string): Promise<ResponseHead> {
    const exchange = new Exchange(url, doing, this.#options)
    this.#exchange = exchange
    exchange.socket.write(formatRequest(url, this.#options.metadata !== false, this.#options.headers))
    for (;;) {
      const answer = await exchange.answer()
      if (answer.kind === 'login') throw new FloecastError('ANSWER_UNREADABLE', { reason: NOT_FOR_LISTENERS })
      if (answer.status >= 200) return answer
    }
  }

  #begin(exchange: Exchange, { version, headers }: ResponseHead, url: URL): void {
    exchange.settle()
    const metaint = Number(headers.get('icy-metaint') ?? 0)
    if (this.#options.metadata !== false && Number.isSafeInteger(metaint) && metaint > 0) this.#icy = new IcyDecoder(metaint)
    if (headers.lists('transfer-encoding', 'chunked')) this.#chunked = new ChunkedDecoder()
    // Some SHOUTcast servers give their endless streams a length that is none.
    else if (version !== 'ICY' && metaint === 0 && /^\d{1,15}$/.test(headers.get('content-length') ?? ''))
      this.#left = Number(headers.get('content-length'))
    const { socket } = exchange
    const first = exchange.rest
    socket.on('data', (chunk) => this.#take(chunk))
    socket.on('close', () => this.#finish())
    const response: StreamResponse = { url, version, headers }
    process.nextTick(() => {
      if (this.destroyed) return
      this.emit('response', response)
      this.#take(first)
      if (socket.destroyed) this.#finish()
    })
  }

  #take(chunk: Buffer): void {
    if (this.destroyed || this.readableEnded || this.#left === 0) return
    try {
      let more = true
      for (const bytes of this.#chunked?.push(chunk) ?? [chunk.subarray(0, this.#left)]) {
        this.#left -= bytes.length
        for (const item of this.#icy?.push(bytes) ?? [bytes]) {
          if (Buffer.isBuffer(item)) more = (item.length === 0 || this.push(item)) && more
          else this.emit('metadata', item)
        }
      }
      if (this.#chunked?.done) this.#left = 0
      if (this.#left === 0) this.push(null)
      else if (!more) this.#exchange!.socket.pause()
    } catch (error) {
      if (!(error instanceof FloecastError)) throw error
      this.destroy(error)
    }
  }

  #finish(): void {
    if (this.destroyed || this.#left === 0) return
    const { failure } = this.#exchange!
    const whole = this.#chunked === undefined && this.#left === Infinity && failure === undefined
    this.#left = 0
    const doing = `listen to ${this.#address.pathname} on ${this.#address.host}`
    if (whole) this.push(null)
    else this.destroy(new FloecastError('CONNECTION_LOST', { doing, reason: 'the connection broke in the midst of the stream' }))
  }
}

const MAX_REDIRECTS = 5
const NOT_FOR_LISTENERS = 'it is a SHOUTcast port for sources; take 1 from the port'

function formatRequest(url: URL, icy: boolean, more: Readonly<Record<string, string>> = {}): Buffer {
  const credentials =
    url.username === '' && url.password === ''
      ? undefined
      : { user: String(percentDecode(url.username)), password: String(percentDecode(url.password)) }
  const further = Object.entries(more).map(([name, value]) => `${name}: ${cleanText(value)}\r\n`)
  return Buffer.from(
    `GET ${url.pathname}${url.search} HTTP/1.1\r\nHost: ${url.host}\r\nUser-Agent: floecast/${VERSION}\r\nAccept: */*\r\nAccept-Encoding: identity\r\n` +
      `${icy ? 'Icy-MetaData: 1\r\n' : ''}${further.join('')}${credentials === undefined ? '' : `Authorization: ${formatBasic(credentials)}\r\n`}Connection: close\r\n\r\n`,
  )
}

function follow(location: string, from: URL, doing: string): URL {
  const url = URL.canParse(location, from.href) ? new URL(location, from) : undefined
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw new FloecastError('REQUEST_REFUSED', { doing, reason: 'the server sends on to an address that is none' })
  return carry(url, from)
}

// Servers that do not know playlists give them out as any text, or as any bytes.
function isUnnamedList(type: string, { pathname }: URL): boolean {
  return /\.(m3u8?|pls|xspf)$/i.test(pathname) && /^($|text\/|application\/(octet-stream|xml)\b)/i.test(type)
}

function firstStream(text: string, base: URL): URL | undefined {
  const found = readPlaylist(text, base).find(({ source }) => /^https?:/i.test(source) && URL.canParse(source))
  return found && new URL(found.source)
}

// Credentials go on to the very server that they were given for, and to no other.
function carry(to: URL, from: URL): URL {
  if (to.origin !== from.origin || to.username !== '' || to.password !== '') return to
  const url = new URL(to)
  url.username = from.username
  url.password = from.password
  return url
}
