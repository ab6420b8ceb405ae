import { FloecastError } from '../errors.js'
import { Headers, parseHeaders } from './headers.js'
import { mountPath, parseQuery, rawQuery } from './path.js'
import { decodeText } from './text.js'

/** The most header lines that a head may have. */
export const MAX_HEADERS = 200

/** A request of HTTP or of its old dialect ICE: `GET /a HTTP/1.1`, `SOURCE /a ICE/1.0`. */
export interface RequestHead {
  /** Tells the kinds of {@link Head} apart. */
  readonly kind: 'request'
  /** The method as sent: `GET`, `PUT`, `SOURCE`, `STATS` … */
  readonly method: string
  /** The target as sent, but with bytes beyond ASCII, and spaces, percent-encoded: nothing is lost, and every URL parser takes it. */
  readonly target: string
  /** The target's path, decoded (see {@link mountPath}); `undefined` when it is of no use, as in `OPTIONS *`. */
  readonly path: string | undefined
  /** The target's query before decoding, for {@link metadataFromQuery}. */
  readonly rawQuery: string
  /** The target's query, decoded. */
  readonly query: URLSearchParams
  /** Such as `HTTP/1.1`, `HTTP/1.0` or `ICE/1.0`. */
  readonly version: string
  /** The header lines. */
  readonly headers: Headers
  /** The head as it came, blank line included. For another HTTP parser, take {@link formatHead} instead. */
  readonly raw: Buffer
}

/** The first line of a SHOUTcast v1 source. Its headers follow, often only after `OK2`: see {@link HeadReader.headers}. */
export interface ShoutcastHead {
  /** Tells the kinds of {@link Head} apart. */
  readonly kind: 'shoutcast'
  /** The whole line: `hackme`, `user:hackme`, `/mount:hackme`, or `!POKE`, by which libshout asks whether anyone is there. */
  readonly password: string
}

/** The request of an Icecast 1 source: `SOURCE password /mount`, with `x-audiocast-*` headers. */
export interface XaudiocastHead {
  /** Tells the kinds of {@link Head} apart. */
  readonly kind: 'xaudiocast'
  /** The password. */
  readonly password: string
  /** The mount, decoded (see {@link mountPath}); `undefined` when it is of no use. */
  readonly mount: string | undefined
  /** The header lines. */
  readonly headers: Headers
}

/** A TLS handshake begins where plain text was expected. All its bytes are in {@link HeadReader.rest}. */
export interface TlsHead {
  /** Tells the kinds of {@link Head} apart. */
  readonly kind: 'tls'
}

/** Everything that a client can open with. */
export type Head = RequestHead | ShoutcastHead | XaudiocastHead | TlsHead

type FirstLine =
  Pick<RequestHead, 'kind' | 'method' | 'target' | 'version'> | ShoutcastHead | Pick<XaudiocastHead, 'kind' | 'password' | 'mount'>

const EMPTY = Buffer.alloc(0)
const CR = 0x0d
const LF = 0x0a
// RFC 8446 5.1: the first record of a connection is of type handshake.
const TLS_HANDSHAKE = 0x16

/**
 * Reads what a client opens a connection with, in chunks of any size, in time linear in their bytes. After a head it is ready for
 * the next one on the same connection, which begins in {@link HeadReader.rest}.
 *
 * @example
 * ```ts
 * const reader = new HeadReader()
 * const head = reader.push(chunk)
 * if (head?.kind === 'shoutcast' && (await allowed(head.password))) {
 *   socket.write('OK2\r\nicy-caps:11\r\n\r\n')   // liquidsoap sends no header before it has seen this
 *   let headers = reader.headers()               // butt has sent them already
 *   while (headers === undefined) headers = reader.headers(await nextChunk())
 * }
 * ```
 */
export class HeadReader {
  readonly #limit: number
  #rest: Buffer = EMPTY
  #first: FirstLine | undefined
  // The head so far, without blank lines before it, and its size with them.
  #bytes = EMPTY
  #length = 0
  #size = 0
  #line = 0
  #lines = 0

  /** @param limit most bytes in a head */
  constructor(limit = 16_384) {
    this.#limit = limit
  }

  /** The bytes after the head that was completed last: media, a body, the next request. Empty while a head is incomplete. */
  get rest(): Buffer {
    return this.#rest
  }

  /**
   * Takes the next bytes.
   * @returns the head once it is complete; a SHOUTcast login is complete with its first line
   * @throws FloecastError `HEAD_TOO_LARGE`, or `BAD_REQUEST` as soon as the first line cannot be text; the reader is of no use afterwards
   */
  push(chunk: Buffer): Head | undefined {
    this.#rest = EMPTY
    if (this.#size === 0 && chunk[0] === TLS_HANDSHAKE) {
      this.#rest = chunk
      return { kind: 'tls' }
    }
    const whole = this.#size === 0 ? this.#readWhole(chunk) : undefined
    if (whole !== undefined) return whole
    let at = 0
    if (this.#first === undefined) {
      at = this.#readLine(chunk)
      if (at < 0) return undefined
      this.#first = parseFirstLine(trimLine(this.#bytes.subarray(0, this.#length)))
      this.#line = this.#length
    }
    const first = this.#first
    if (first.kind !== 'shoutcast') at = this.#readHeaders(chunk, at)
    if (at < 0) return undefined

    this.#rest = chunk.subarray(at)
    const raw = this.#finish()
    if (first.kind === 'shoutcast') return first
    return makeHead(first, raw)
  }

  // Nearly every request comes in one piece, with nothing before it: then nothing of it is copied. Whatever else comes goes the long way.
  #readWhole(chunk: Buffer): Head | undefined {
    const line = chunk.indexOf(LF) + 1
    if (line === 0 || !isLetter(chunk[0]!)) return undefined
    let end = line
    for (let lines = 0; ; lines++) {
      const at = end
      end = chunk.indexOf(LF, at) + 1
      if (end === 0 || end > this.#limit || lines > MAX_HEADERS) return undefined
      if (end - at === 1 || (end - at === 2 && chunk[at] === CR)) break
    }
    const first = trimLine(chunk.subarray(0, line))
    if (BINARY.test(first.toString('latin1'))) return undefined
    const parsed = parseFirstLine(first)
    if (parsed.kind === 'shoutcast') return undefined
    this.#rest = chunk.subarray(end)
    return makeHead(parsed, chunk.subarray(0, end))
  }

  /**
   * Reads the header lines that follow a SHOUTcast login, up to a blank line: first from {@link HeadReader.rest}, then from the
   * chunks given.
   * @returns the headers once they are complete, with what follows in {@link HeadReader.rest}
   * @throws FloecastError `HEAD_TOO_LARGE`
   */
  headers(chunk: Buffer = EMPTY): Headers | undefined {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    this.#rest = EMPTY
    const at = this.#readHeaders(bytes, 0)
    if (at < 0) return undefined
    this.#rest = bytes.subarray(at)
    return parseHeaders(this.#finish())
  }

  // Takes bytes up to the first LF that ends more than a blank line, and tells where they end, or -1.
  #readLine(chunk: Buffer): number {
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at]!
      if (this.#length === 0 && (byte === CR || byte === LF)) this.#count()
      else {
        // What is binary has no line to wait for.
        if ((byte < 0x20 && byte !== CR && byte !== LF && byte !== 0x09) || byte === 0x7f) throw bad('its first line is not text')
        this.#take(byte)
        if (byte === LF) return at + 1
      }
    }
    return -1
  }

  // Takes bytes up to and with a blank line, and tells where they end, or -1.
  #readHeaders(chunk: Buffer, from: number): number {
    for (let at = from; at < chunk.length;) {
      const end = chunk.indexOf(LF, at) + 1
      this.#takeAll(chunk, at, end || chunk.length)
      if (end === 0) return -1
      at = end
      const length = this.#length - this.#line
      if (length === 1 || (length === 2 && this.#bytes[this.#line] === CR)) return at
      if (++this.#lines > MAX_HEADERS) throw new FloecastError('HEAD_TOO_LARGE', { limit: this.#limit })
      this.#line = this.#length
    }
    return -1
  }

  #count(): void {
    if (++this.#size > this.#limit) throw new FloecastError('HEAD_TOO_LARGE', { limit: this.#limit })
  }

  #take(byte: number): void {
    this.#count()
    this.#grow(1)
    this.#bytes[this.#length++] = byte
  }

  #takeAll(chunk: Buffer, from: number, to: number): void {
    this.#size += to - from
    if (this.#size > this.#limit) throw new FloecastError('HEAD_TOO_LARGE', { limit: this.#limit })
    this.#grow(to - from)
    this.#length += chunk.copy(this.#bytes, this.#length, from, to)
  }

  #grow(by: number): void {
    const needed = this.#length + by
    if (needed <= this.#bytes.length) return
    const larger = Buffer.alloc(Math.max(512, this.#length * 2, needed))
    this.#bytes.copy(larger)
    this.#bytes = larger
  }

  #finish(): Buffer {
    const raw = this.#bytes.subarray(0, this.#length)
    this.#bytes = EMPTY
    this.#length = this.#size = this.#line = this.#lines = 0
    this.#first = undefined
    return raw
  }
}

/** A head, and what follows it. */
export interface ParsedHead {
  /** What the peer has opened with. */
  readonly head: Head
  /** The bytes after it. */
  readonly rest: Buffer
}

/**
 * Reads one head from the start of some bytes: {@link HeadReader} for those who have them all.
 * @returns the head and what follows it, or `undefined` when it is incomplete
 * @throws FloecastError `BAD_REQUEST`, `HEAD_TOO_LARGE`
 */
export function parseHead(bytes: Buffer, limit?: number): ParsedHead | undefined {
  const reader = new HeadReader(limit)
  const head = reader.push(bytes)
  return head && { head, rest: reader.rest }
}

/**
 * Formats a request as strict HTTP parsers want it, such as Node's, which refuses the bare LF of darkice and the UTF-8
 * that butt puts into its URLs.
 */
export function formatHead({ method, target, version, headers }: Pick<RequestHead, 'method' | 'target' | 'version' | 'headers'>): Buffer {
  const lines = [...headers].map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.from(`${method} ${target} ${version}\r\n${lines.join('')}\r\n`)
}

function makeHead(first: Exclude<FirstLine, ShoutcastHead>, raw: Buffer): Head {
  const headers = parseHeaders(raw.subarray(raw.indexOf(LF) + 1))
  if (first.kind === 'xaudiocast') return { ...first, headers }
  const { kind, method, target, version } = first
  const query = rawQuery(target)
  let parsed: URLSearchParams | undefined
  return {
    kind,
    method,
    target,
    version,
    path: mountPath(target),
    rawQuery: query,
    // Most who ask are asked nothing about it.
    get query() {
      return (parsed ??= parseQuery(query))
    },
    headers,
    raw,
  }
}

// What no first line has in it.
// oxlint-disable-next-line no-control-regex
const BINARY = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/
const isLetter = (byte: number): boolean => byte >= 0x41 && byte <= 0x5a

// Anyone who begins like this means HTTP, so the line is no password.
const METHODS = /^(GET|HEAD|POST|PUT|DELETE|OPTIONS|SOURCE|STATS|PATCH|CONNECT|TRACE)( |$)/
const PLAIN = /^([A-Z]+) ([\x21-\x7e]+) (HTTP\/1\.[01])$/
const VERSION = / (?:HTTP|ICE)\/\d{1,2}\.\d{1,2}$/

function parseFirstLine(line: Buffer): FirstLine {
  // Nearly everyone writes it by the book.
  const plain = PLAIN.exec(line.toString('latin1'))
  if (plain !== null) return { kind: 'request', method: plain[1]!, target: plain[2]!, version: plain[3]! }
  // Latin-1 here means: a character is a byte.
  const text = line.toString('latin1').replace(/[ \t]{1,64}$/, '')
  if (text.includes('\r')) throw bad('its first line has a CR in it')
  const version = VERSION.exec(text)
  if (version !== null) {
    const space = text.indexOf(' ')
    const method = text.slice(0, space)
    // Not trim(), for 0xA0 may be part of a character.
    const target = text.slice(space, version.index).replace(/^ +/, '')
    if (target === '' || !/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(method)) throw bad('its first line is no request line')
    const ascii = target.replace(/[^\x21-\x7e]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`)
    return { kind: 'request', method, target: ascii, version: version[0].slice(1) }
  }
  const mount = text.lastIndexOf(' /')
  if (text.startsWith('SOURCE ') && mount > 7)
    return {
      kind: 'xaudiocast',
      password: decodeText(line.subarray(7, mount)),
      mount: mountPath(decodeText(line.subarray(mount + 1)).trim()),
    }
  // HTTP/0.9 had `GET /` and nothing more; nobody who streams speaks it.
  if (METHODS.test(text)) throw bad('it names no HTTP version')
  return { kind: 'shoutcast', password: decodeText(line) }
}

const trimLine = (line: Buffer): Buffer => line.subarray(0, line.at(-2) === CR ? -2 : -1)

const bad = (reason: string): FloecastError => new FloecastError('BAD_REQUEST', { reason })
