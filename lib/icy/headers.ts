import { isAscii } from 'node:buffer'
import { FloecastError } from '../errors.js'
import { decodeText } from './text.js'

/** The header lines of one head: names whatever their case, order and repetition kept. */
export class Headers implements Iterable<readonly [name: string, value: string]> {
  readonly #entries: (readonly [name: string, value: string])[] = []
  readonly #names: string[] = []

  /** How many lines there are. */
  get size(): number {
    return this.#entries.length
  }

  /** Adds a line at the end. */
  add(name: string, value: string): void {
    this.#entries.push([name, value])
    this.#names.push(name.toLowerCase())
  }

  /**
   * The value of a header, empty when the peer sent an empty one, `undefined` when it sent none. Of repeated headers the
   * first counts, but of those that describe the stream (`ice-*`, `icy-*`, `x-audiocast-*`) the last, as in Icecast.
   */
  get(name: string): string | undefined {
    const wanted = name.toLowerCase()
    const first = this.#names.indexOf(wanted)
    if (first < 0) return undefined
    return this.#entries[OF_STREAM.test(wanted) ? this.#names.lastIndexOf(wanted) : first]![1]
  }

  /** All values of a header, in order. */
  all(name: string): string[] {
    const wanted = name.toLowerCase()
    return this.#entries.filter((_, i) => this.#names[i] === wanted).map(([, value]) => value)
  }

  /** Whether the header was sent, be it empty. */
  has(name: string): boolean {
    return this.#names.includes(name.toLowerCase())
  }

  /**
   * Whether a list header such as `Connection`, `Expect` or `Transfer-Encoding` names a token, whatever its case; parameters
   * after `;` are left out.
   */
  lists(name: string, token: string): boolean {
    const wanted = token.toLowerCase()
    return this.all(name).some((value) => value.split(',').some((item) => item.split(';', 1)[0]!.trim().toLowerCase() === wanted))
  }

  /** The lines as they were sent, name and value. */
  [Symbol.iterator](): Iterator<readonly [name: string, value: string]> {
    return this.#entries[Symbol.iterator]()
  }
}

// Those that describe the stream.
const OF_STREAM = /^(ic[ey]-|x-audiocast-)/
// RFC 9110 5.6.2.
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

/**
 * Reads header lines, ended by LF or CRLF, each in UTF-8 or ISO-8859-1. A line that is no header is left out, as
 * Icecast does; control characters in a value become spaces.
 * @throws FloecastError `BAD_REQUEST` for white space before a name or its colon, by which requests are smuggled
 */
export function parseHeaders(bytes: Buffer): Headers {
  const headers = new Headers()
  // A character of it is a byte, whatever they mean.
  const text = bytes.toString('latin1')
  const isPlain = isAscii(bytes)
  for (let at = 0; at < bytes.length;) {
    let end = text.indexOf('\n', at)
    if (end < 0) end = bytes.length
    const begin = at
    at = end + 1
    const found = text.indexOf(':', begin)
    const colon = found < 0 || found >= end ? begin : found
    const name = text.slice(begin, colon)
    // RFC 9112 5.1, 5.2: other servers on the way may read these lines in another way than we do.
    if (isBlank(text[begin]) || isBlank(name.at(-1)))
      throw new FloecastError('BAD_REQUEST', { reason: 'a header line has white space before its name or its colon' })
    if (!TOKEN.test(name)) continue
    const value = isPlain ? text.slice(colon + 1, end) : decodeText(bytes.subarray(colon + 1, end))
    headers.add(name, value.trim().replaceAll(CONTROL, ' ').trim())
  }
  return headers
}

const CONTROL = /\p{Cc}/gu
const isBlank = (character: string | undefined): boolean => character === ' ' || character === '\t'
