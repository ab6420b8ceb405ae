import { FloecastError } from '../errors.js'
import { hexValue } from './text.js'

const MAX_LINE = 1024
const MAX_TRAILER = 8192
const EMPTY = Buffer.alloc(0)

// What the next byte belongs to. `end` is the line break after a chunk's bytes.
type State = 'size' | 'extension' | 'data' | 'end' | 'trailer' | 'done'

/**
 * Takes the body out of the chunked transfer coding (RFC 9112 7.1): sizes in either case, extensions and trailers read over,
 * lines ended by CRLF or LF. It copies nothing and holds nothing back.
 */
export class ChunkedDecoder {
  #state: State = 'size'
  // What is read of the chunk's size, then what is missing of its bytes.
  #size = 0
  #digits = 0
  // Bytes of the present line, and of all trailer lines.
  #line = 0
  #trailer = 0
  #last = 0
  #rest: Buffer = EMPTY

  /** Whether the last chunk and its trailers have been read. A body that ends before that was cut short. */
  get done(): boolean {
    return this.#state === 'done'
  }

  /** The bytes after the body, of the chunk in which it ended. */
  get rest(): Buffer {
    return this.#rest
  }

  /**
   * Takes the next bytes and gives the runs of the body in them, as views. After the end it takes nothing and gives nothing.
   * @throws FloecastError `BAD_REQUEST` when the coding is damaged; the decoder is of no use afterwards
   */
  push(chunk: Buffer): Buffer[] {
    const body: Buffer[] = []
    for (let at = 0; at < chunk.length && this.#state !== 'done';) {
      if (this.#state === 'data') {
        const run = chunk.subarray(at, at + this.#size)
        body.push(run)
        at += run.length
        this.#size -= run.length
        if (this.#size === 0) this.#enter('end')
        continue
      }
      this.#read(chunk[at++]!)
      if (this.done) this.#rest = chunk.subarray(at)
    }
    return body
  }

  // One byte of a line. A CR is read over, and nothing but LF may follow it.
  #read(byte: number): void {
    if (this.#last === 0x0d && byte !== 0x0a) throw damaged('a CR without LF')
    this.#last = byte
    if (byte === 0x0a) return this.#endLine()
    if (byte === 0x0d) return
    if (++this.#line > MAX_LINE) throw damaged('a line that is too long')
    switch (this.#state) {
      case 'size': {
        const digit = hexValue(byte)
        if (digit >= 0) {
          this.#size = this.#size * 16 + digit
          this.#digits++
          if (this.#size > Number.MAX_SAFE_INTEGER) throw damaged('a chunk that is too large')
        } else if (this.#digits > 0 && (byte === 0x3b || byte === 0x20 || byte === 0x09)) this.#state = 'extension'
        else throw damaged('a chunk without a size')
        return
      }
      case 'end':
        throw damaged('a chunk that is longer than its size')
      case 'trailer':
        if (++this.#trailer > MAX_TRAILER) throw damaged('too many trailers')
    }
  }

  #endLine(): void {
    if (this.#state === 'end') this.#enter('size')
    else if (this.#state === 'trailer') this.#enter(this.#line === 0 ? 'done' : 'trailer')
    else if (this.#digits === 0) throw damaged('a chunk without a size')
    else this.#enter(this.#size === 0 ? 'trailer' : 'data')
  }

  #enter(state: State): void {
    this.#state = state
    this.#line = 0
    this.#last = 0
    this.#digits = 0
    if (state === 'size') this.#size = 0
  }
}

const damaged = (what: string): FloecastError => new FloecastError('BAD_REQUEST', { reason: `the chunked body has ${what}` })
