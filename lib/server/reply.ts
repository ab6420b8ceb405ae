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
  /** The value of a header, whatever its case. */
  readonly header: (name: string) => string | undefined
}

const CORS = 'Access-Control-Allow-Origin: *\r\nAccess-Control-Expose-Headers: Date, Age, ETag, Content-Length\r\n'

// Formatting a date for each of thousands of answers would cost more than all the rest of the head.
let dated = { second: 0, text: '' }
function dateHeader(): string {
  const second = Math.floor(Date.now() / 1000)
  if (second !== dated.second) dated = { second, text: `Date: ${new Date().toUTCString()}\r\n` }
  return dated.text
}

/** The parts of a head that do not depend on the time, and the bytes to send, for one way of asking. */
function choose(
  { method, header }: ReplyRequest,
  answer: MediaAnswer,
): { status: number; bytes: readonly Buffer[]; length: number; zipped: boolean } {
  const known = answer.etag !== undefined && header('if-none-match') === answer.etag
  if (known) return { status: 304, bytes: [], length: 0, zipped: false }
  const { gzip } = answer
  const zipped = gzip !== undefined && /\bgzip\b/.test(header('accept-encoding') ?? '')
  const bytes = zipped ? [gzip] : answer.body
  const length = bytes.reduce((sum, part) => sum + part.length, 0)
  return { status: answer.status, bytes: method === 'HEAD' ? [] : bytes, length, zipped }
}

function formatHead(status: number, { contentType, cacheControl, etag, gzip }: Omit<MediaAnswer, 'body' | 'status'>, rest: string): Buffer {
  return Buffer.from(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Unknown'}\r\nServer: ${SERVER}\r\n${dateHeader()}Content-Type: ${contentType}\r\n` +
      `Cache-Control: ${cacheControl}\r\n${etag === undefined ? '' : `ETag: ${etag}\r\n`}${gzip === undefined ? '' : 'Vary: Accept-Encoding\r\n'}${CORS}${rest}\r\n`,
    'latin1',
  )
}

/** Writes answers as HTTP/1.1 text onto a raw connection. */
export class RawReply implements Reply {
  /** Bytes given so far, heads included. */
  bytesSent = 0
  /** The status that went out. */
  status = 0
  readonly #request: ReplyRequest
  readonly #keep: boolean
  readonly #write: (buffers: readonly Buffer[], taken?: () => void) => void
  readonly #done: (whole: boolean) => void
  /** Whether the answer that has begun is in chunks. */
  #chunked = true

  /**
   * @param keep whether the connection stays for another request
   * @param write puts buffers onto the connection, in one piece, and tells when it has taken them
   * @param done told once the answer is out, or is broken off
   */
  constructor(
    request: ReplyRequest,
    keep: boolean,
    write: (buffers: readonly Buffer[], taken?: () => void) => void,
    done: (whole: boolean) => void,
  ) {
    this.#request = request
    this.#keep = keep
    this.#write = write
    this.#done = done
  }

  send(answer: MediaAnswer): void {
    const { status, bytes, length, zipped } = choose(this.#request, answer)
    const connection = this.#keep ? 'keep-alive' : 'close'
    const encoding = zipped ? 'Content-Encoding: gzip\r\n' : ''
    const size = status === 304 ? '' : `Content-Length: ${length}\r\n`
    this.#put(status, [formatHead(status, answer, `Connection: ${connection}\r\n${encoding}${size}`), ...bytes])
    this.#done(true)
  }

  begin(answer: Omit<MediaAnswer, 'body' | 'gzip' | 'etag'>, length?: number): void {
    const connection = this.#keep ? 'keep-alive' : 'close'
    this.#chunked = length === undefined
    const size = length === undefined ? 'Transfer-Encoding: chunked\r\n' : `Content-Length: ${length}\r\n`
    this.#put(answer.status, [formatHead(answer.status, answer, `Connection: ${connection}\r\n${size}`)])
  }

  push(bytes: Buffer, taken?: () => void): void {
    if (bytes.length === 0) return
    const buffers = this.#chunked ? [Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, LINE_END] : [bytes]
    this.#put(this.status, buffers, taken)
  }

  end(): void {
    if (this.#chunked) this.#put(this.status, [LAST_CHUNK])
    this.#done(true)
  }

  abort(): void {
    this.#done(false)
  }

  #put(status: number, buffers: readonly Buffer[], taken?: () => void): void {
    this.status = status
    for (const { length } of buffers) this.bytesSent += length
    this.#write(buffers, taken)
  }
}

/** Writes answers by way of Node's HTTP, where a connection is already in its hands. */
export class HttpReply implements Reply {
  /** Bytes of the body given so far. */
  bytesSent = 0
  readonly #request: ReplyRequest
  readonly #response: ServerResponse

  constructor(request: ReplyRequest, response: ServerResponse) {
    this.#request = request
    this.#response = response
  }

  send(answer: MediaAnswer): void {
    const { status, bytes, length, zipped } = choose(this.#request, answer)
    this.#head(status, answer)
    if (zipped) this.#response.setHeader('Content-Encoding', 'gzip')
    if (status !== 304) this.#response.setHeader('Content-Length', length)
    this.bytesSent += length
    this.#response.cork()
    for (const part of bytes) this.#response.write(part)
    this.#response.end()
    this.#response.uncork()
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
  }

  abort(): void {
    this.#response.destroy()
  }

  #head(status: number, { contentType, cacheControl, etag, gzip }: Omit<MediaAnswer, 'body' | 'status'>): void {
    const response = this.#response
    response.statusCode = status
    response.setHeader('Server', SERVER)
    response.setHeader('Content-Type', contentType)
    response.setHeader('Cache-Control', cacheControl)
    if (etag !== undefined) response.setHeader('ETag', etag)
    if (gzip !== undefined) response.setHeader('Vary', 'Accept-Encoding')
    response.setHeader('Access-Control-Allow-Origin', '*')
    response.setHeader('Access-Control-Expose-Headers', 'Date, Age, ETag, Content-Length')
  }
}

const LINE_END = Buffer.from('\r\n')
const LAST_CHUNK = Buffer.from('0\r\n\r\n')
