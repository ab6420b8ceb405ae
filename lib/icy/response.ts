import { FloecastError } from '../errors.js'
import { MAX_HEADERS } from './head.js'
import { Headers, parseHeaders } from './headers.js'
import { decodeText } from './text.js'

/** The head of an answer of HTTP or of its old dialects: `HTTP/1.1 200 OK`, `ICY 200 OK`. */
export interface ResponseHead {
  /** Tells the kinds of {@link Answer} apart. */
  readonly kind: 'response'
  /** Such as `HTTP/1.1`, `HTTP/1.0` or `ICY`. */
  readonly version: string
  /** The status code, 100 to 999. */
  readonly status: number
  /** The words behind it; empty when there are none. */
  readonly reason: string
  /** The header lines. */
  readonly headers: Headers
}

/** What a SHOUTcast server says to a password: a line, such as `OK2` or `invalid password`. Header lines may follow. */
export interface LoginAnswer {
  /** Tells the kinds of {@link Answer} apart. */
  readonly kind: 'login'
  /** Whether the source may go on. */
  readonly accepted: boolean
  /** The line. */
  readonly line: string
}

/** Everything that a server can answer with. */
export type Answer = ResponseHead | LoginAnswer

const EMPTY = Buffer.alloc(0)
const CR = 0x0d
const LF = 0x0a
const STATUS_LINE = /^(HTTP\/\d\.\d|ICY|ICE\/\d\.\d) +([1-9]\d\d)(?: +(.*))?$/

/**
 * Reads the heads of a server's answers, in chunks of any size, in time linear in their bytes. After a head it is ready for the
 * next one, such as the `200` behind a `100 Continue`, which begins in {@link ResponseReader.rest}.
 *
 * @example
 * ```ts
 * const reader = new ResponseReader()
 * let answer = reader.push(await nextChunk())
 * while (answer === undefined) answer = reader.push(await nextChunk())
 * if (answer.kind === 'response' && answer.status === 200) play(reader.rest)
 * ```
 */
export class ResponseReader {
  readonly #limit: number
  #rest: Buffer = EMPTY
  #chunks: Buffer[] = []
  #size = 0
  // Bytes of the present line without its end, and how many lines there are before it.
  #line = 0
  #lines = 0

  /** @param limit most bytes in a head */
  constructor(limit = 16_384) {
    this.#limit = limit
  }

  /** The bytes after the head that was completed last: media, a body, the next head. Empty while a head is incomplete. */
  get rest(): Buffer {
    return this.#rest
  }

  /**
   * Takes the next bytes.
   * @returns the head once it is complete; a {@link LoginAnswer} is complete with its line
   * @throws FloecastError `ANSWER_UNREADABLE`, as soon as the first line cannot be text; the reader is of no use afterwards
   */
  push(chunk: Buffer): Answer | undefined {
    this.#rest = EMPTY
    let from = 0
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at]!
      if (++this.#size > this.#limit || this.#lines > MAX_HEADERS) throw unreadable('its head is too large')
      if (byte === CR) continue
      if (byte !== LF) {
        if (this.#lines === 0 && ((byte < 0x20 && byte !== 0x09) || byte === 0x7f)) throw unreadable(STRANGE)
        this.#line++
        continue
      }
      const blank = this.#line === 0
      this.#line = 0
      // Lines before the first, as some servers have them behind the head of a `100 Continue`.
      if (blank && this.#lines === 0) {
        from = at + 1
        this.#chunks = []
        continue
      }
      this.#lines++
      if (this.#lines > 1 && !blank) continue
      const answer = parse(Buffer.concat([...this.#chunks, chunk.subarray(from, at + 1)]), blank)
      if (answer === undefined) continue
      this.#rest = chunk.subarray(at + 1)
      this.#chunks = []
      this.#size = this.#lines = 0
      return answer
    }
    this.#chunks.push(chunk.subarray(from))
    return undefined
  }
}

// The whole head, or its first line alone, which is enough for what is no HTTP.
function parse(bytes: Buffer, whole: boolean): Answer | undefined {
  const end = bytes.indexOf(LF)
  const line = decodeText(bytes.subarray(0, end)).trim()
  const [, version, status, reason = ''] = STATUS_LINE.exec(line) ?? []
  if (version === undefined) {
    if (/^(HTTP|ICY|ICE)\b/.test(line) || line.length > 256) throw unreadable(STRANGE)
    return { kind: 'login', accepted: /^OK\d?$/i.test(line), line }
  }
  if (!whole) return undefined
  let headers: Headers
  try {
    headers = parseHeaders(bytes.subarray(end + 1))
  } catch {
    throw unreadable('a header line has white space before its name or its colon')
  }
  return { kind: 'response', version, status: Number(status), reason: reason.trim(), headers }
}

const STRANGE = 'it is neither HTTP nor ICY; is this the address of a streaming server?'
const unreadable = (reason: string): FloecastError => new FloecastError('ANSWER_UNREADABLE', { reason })
