import { STATUS_CODES, type ServerResponse } from 'node:http'
import { SERVER } from '../version.js'

/** A whole answer about media. It may be kept and given to many. */
export interface MediaAnswer {
  /** Such as 200. */
  readonly status: number
  /** Of what it brings. */
  readonly contentType: string
  /** What caches may do with it. */
  readonly cacheControl: string
  /** What it brings. */
  readonly body: readonly Buffer[]
  /** The same, compressed by gzip; only for text. */
  readonly gzip?: Buffer | undefined
  /** Tells this answer from all others at the same place, in quotes. */
  readonly etag?: string | undefined
  /** Whether a part of it may be asked for: it is whole, and never changes. */
  readonly ranges?: boolean | undefined
}

/** Where an answer goes: a connection that waits for one. Exactly one of `send`, `begin` and `abort` is called first. */
export interface Reply {
  /** Gives a whole answer. */
  send(answer: MediaAnswer): void
  /**
   * Begins an answer that comes bit by bit.
   * @param length of it all, where that is known
   */
  begin(answer: Omit<MediaAnswer, 'body' | 'gzip' | 'etag'>, length?: number): void
  /**
   * Gives more of an answer that has begun.
   * @param taken told when the connection has taken it; never, when that has ended
   */
  push(bytes: Buffer, taken?: () => void): void
  /** Ends an answer that has begun. */
  end(): void
  /** Breaks off an answer that has begun: what is missing will never come. */
  abort(): void
}

/** What of a request decides how an answer is written. */
export interface ReplyRequest {
  /** `GET` or `HEAD`. */
  readonly method: string
  /** Such as `HTTP/1.1`; older clients know nothing of chunks. */
  readonly version?: string
  /** The value of a header, whatever its case. */
  readonly header: (name: string) => string | undefined
}

const EXPOSED = 'Date, Age, ETag, Content-Length, Content-Range'
const CORS = `Access-Control-Allow-Origin: *\r\nAccess-Control-Expose-Headers: ${EXPOSED}\r\n`

// Formatting a date for each of thousands of answers would cost more than all the rest of the head.
let dated = { second: 0, text: '' }
function dateHeader(): string {
  const second = Math.floor(Date.now() / 1000)
  if (second !== dated.second) dated = { second, text: `Date: ${new Date().toUTCString()}\r\n` }
  return dated.text
}

/** What is sent of an answer, for one way of asking. */
interface Choice {
  readonly status: number
  readonly bytes: readonly Buffer[]
  readonly length: number
  readonly zipped: boolean
  /** The value of `Content-Range`. */
  readonly range?: string
}

function choose({ method, header }: ReplyRequest, answer: MediaAnswer): Choice {
  const { gzip, body, status, etag, ranges } = answer
  if (etag !== undefined && isListed(etag, header('if-none-match'))) return { status: 304, bytes: [], length: 0, zipped: false }
  const zipped = gzip !== undefined && /\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))/i.test(header('accept-encoding') ?? '')
  const bytes = zipped ? [gzip] : body
  const size = bytes.reduce((sum, part) => sum + part.length, 0)
  const isHead = method === 'HEAD'
  const asked = ranges === true && !isHead && header('if-range') === undefined ? parseRange(header('range'), size) : undefined
  if (asked === 'none') return { status: 416, bytes: [], length: 0, zipped, range: `bytes */${size}` }
  if (asked === undefined) return { status, bytes: isHead ? [] : bytes, length: size, zipped }
  const { from, to } = asked
  return { status: 206, bytes: cut(bytes, from, to), length: to - from, zipped, range: `bytes ${from}-${to - 1}/${size}` }
}

// Weakly, RFC 9110 13.1.2: the compressed form has the same tag.
function isListed(etag: string, header: string | undefined): boolean {
  return header !== undefined && (header.trim() === '*' || header.split(',').some((one) => one.trim().replace(/^W\//, '') === etag))
}

/** Reads one range of RFC 9110 14.1.2; of several, as of other units, nothing is made: then all of it is sent. */
export function parseRange(header: string | undefined, size: number): { from: number; to: number } | 'none' | undefined {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.replaceAll(/\s/g, '') ?? '')
  if (match === null) return undefined
  const [, first = '', last = ''] = match
  if (first === '') return last === '' ? undefined : Number(last) === 0 ? 'none' : { from: Math.max(0, size - Number(last)), to: size }
  const from = Number(first)
  const to = last === '' ? size : Math.min(size, Number(last) + 1)
  if (last !== '' && Number(last) < from) return undefined
  return from >= size ? 'none' : { from, to }
}

function cut(buffers: readonly Buffer[], from: number, to: number): Buffer[] {
  let at = 0
  return buffers.flatMap((buffer) => {
    const start = at
    at += buffer.length
    return at <= from || start >= to ? [] : [buffer.subarray(Math.max(0, from - start), to - start)]
  })
}

function formatHead(status: number, answer: Omit<MediaAnswer, 'body' | 'status'>, rest: string): Buffer {
  const { contentType, cacheControl, etag, gzip, ranges } = answer
  return Buffer.from(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Unknown'}\r\nServer: ${SERVER}\r\n${dateHeader()}Content-Type: ${contentType}\r\n` +
      `Cache-Control: ${cacheControl}\r\n${etag === undefined ? '' : `ETag: ${etag}\r\n`}${gzip === undefined ? '' : 'Vary: Accept-Encoding\r\n'}${ranges === true ? 'Accept-Ranges: bytes\r\n' : ''}${CORS}${rest}\r\n`,
    'latin1',
  )
}

/** The most bytes of an answer that are kept together with its head. */
const SHARED = 262_144
const wholes = new WeakMap<MediaAnswer, Map<string, { second: number; bytes: Buffer }>>()

function shared(answer: MediaAnswer, status: number, rest: string, body: readonly Buffer[]): Buffer {
  const second = Math.floor(Date.now() / 1000)
  const forms = wholes.get(answer) ?? new Map<string, { second: number; bytes: Buffer }>()
  if (forms.size === 0) wholes.set(answer, forms)
  const key = `${status} ${rest}`
  const known = forms.get(key)
  if (known?.second === second) return known.bytes
  const bytes = Buffer.concat([formatHead(status, answer, rest), ...body])
  forms.set(key, { second, bytes })
  return bytes
}

/** What becomes of a connection after an answer: another request may come, it ends, or it breaks because the answer could not be ended. */
export type Outcome = 'keep' | 'end' | 'break'

/** What {@link RawReply} needs of a connection. */
export interface ReplyOutbox {
  /**
   * Writes buffers.
   * @param taken told when the connection has taken them
   */
  write(buffers: readonly Buffer[], taken?: () => void): void
}

/** Writes answers as HTTP/1.1 text onto a raw connection. */
export class RawReply implements Reply {
  /** Bytes of bodies given so far. */
  bytesSent = 0
  /** The status that went out; 0 before. */
  status = 0
  readonly #request: ReplyRequest
  #keep: boolean
  #chunked = false
  #over = false
  readonly #outbox: ReplyOutbox
  readonly #done: (outcome: Outcome) => void

  /**
   * @param keep whether the connection stays for another request
   * @param outbox puts buffers onto the connection, in one piece, and tells when it has taken them
   * @param done told once the answer is out, or is broken off
   */
  constructor(request: ReplyRequest, keep: boolean, outbox: ReplyOutbox, done: (outcome: Outcome) => void) {
    this.#request = request
    this.#keep = keep
    this.#outbox = outbox
    this.#done = done
  }

  send(answer: MediaAnswer): void {
    const { status, bytes, length, zipped, range } = choose(this.#request, answer)
    const encoding = zipped ? 'Content-Encoding: gzip\r\n' : ''
    const place = range === undefined ? '' : `Content-Range: ${range}\r\n`
    const size = status === 304 ? '' : `Content-Length: ${length}\r\n`
    this.status = status
    for (const part of bytes) this.bytesSent += part.length
    const rest = `${this.#connection()}${encoding}${place}${size}`
    // What many get at the same time is put together once.
    const together = bytes.length > 0 && length <= SHARED && range === undefined
    this.#outbox.write(together ? [shared(answer, status, rest, bytes)] : [formatHead(status, answer, rest), ...bytes])
    this.#finish()
  }

  begin(answer: Omit<MediaAnswer, 'body' | 'gzip' | 'etag'>, length?: number): void {
    const { method, version } = this.#request
    this.#chunked = length === undefined && version !== 'HTTP/1.0'
    // Without chunks or a length, only the end of the connection is an end.
    if (length === undefined && !this.#chunked) this.#keep = false
    const size = length === undefined ? '' : `Content-Length: ${length}\r\n`
    this.status = answer.status
    this.#outbox.write([
      formatHead(answer.status, answer, `${this.#connection()}${this.#chunked ? 'Transfer-Encoding: chunked\r\n' : size}`),
    ])
    if (method === 'HEAD') this.#finish()
  }

  push(bytes: Buffer, taken?: () => void): void {
    if (bytes.length === 0 || this.#over) return
    this.bytesSent += bytes.length
    this.#outbox.write(this.#chunked ? [Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, LINE_END] : [bytes], taken)
  }

  end(): void {
    if (this.#over) return
    if (this.#chunked) this.#outbox.write([LAST_CHUNK])
    this.#finish()
  }

  abort(): void {
    if (this.#over) return
    this.#over = true
    this.#done('break')
  }

  #connection(): string {
    return `Connection: ${this.#keep ? 'keep-alive' : 'close'}\r\n`
  }

  #finish(): void {
    this.#over = true
    this.#done(this.#keep ? 'keep' : 'end')
  }
}

/** Writes answers by way of Node's HTTP, where a connection is already in its hands. */
export class HttpReply implements Reply {
  /** Bytes of the body given so far. */
  bytesSent = 0
  readonly #request: ReplyRequest
  readonly #response: ServerResponse
  readonly #done: () => void

  /** @param done told once all of the answer has been given, to whoever reads it or not */
  constructor(request: ReplyRequest, response: ServerResponse, done: () => void) {
    this.#request = request
    this.#response = response
    this.#done = done
  }

  send(answer: MediaAnswer): void {
    const { status, bytes, length, zipped, range } = choose(this.#request, answer)
    this.#head(status, answer)
    if (zipped) this.#response.setHeader('Content-Encoding', 'gzip')
    if (range !== undefined) this.#response.setHeader('Content-Range', range)
    if (status !== 304) this.#response.setHeader('Content-Length', length)
    for (const part of bytes) this.bytesSent += part.length
    this.#response.cork()
    for (const part of bytes) this.#response.write(part)
    this.#response.end()
    this.#response.uncork()
    this.#done()
  }

  begin(answer: Omit<MediaAnswer, 'body' | 'gzip' | 'etag'>, length?: number): void {
    this.#head(answer.status, answer)
    if (length !== undefined) this.#response.setHeader('Content-Length', length)
    this.#response.flushHeaders()
  }

  push(bytes: Buffer, taken?: () => void): void {
    this.bytesSent += bytes.length
    if (bytes.length > 0) this.#response.write(bytes, (error) => void (error || taken?.()))
  }

  end(): void {
    this.#response.end()
    this.#done()
  }

  abort(): void {
    this.#response.destroy()
  }

  #head(status: number, { contentType, cacheControl, etag, gzip, ranges }: Omit<MediaAnswer, 'body' | 'status'>): void {
    const response = this.#response
    response.statusCode = status
    response.setHeader('Server', SERVER)
    response.setHeader('Content-Type', contentType)
    response.setHeader('Cache-Control', cacheControl)
    if (etag !== undefined) response.setHeader('ETag', etag)
    if (gzip !== undefined) response.setHeader('Vary', 'Accept-Encoding')
    response.setHeader('Access-Control-Allow-Origin', '*')
    response.setHeader('Access-Control-Expose-Headers', EXPOSED)
    if (ranges === true) response.setHeader('Accept-Ranges', 'bytes')
  }
}

const LINE_END = Buffer.from('\r\n')
const LAST_CHUNK = Buffer.from('0\r\n\r\n')
