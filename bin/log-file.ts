import { createWriteStream, fstatSync, openSync, renameSync, type WriteStream } from 'node:fs'
import { reasonOf } from './reason.js'

/** How large a log file grows, and what becomes of it then. */
export interface LogLimit {
  /** Bytes after which a new file is begun; 0 for no such limit. */
  readonly maxSize: number
  /** Whether full files are all kept, under the time when they were full; otherwise the last one alone, as `.old`. */
  readonly archive: boolean
}

/** Lines at the end of a file, which log rotation may move away. */
export class LogFile {
  readonly #report: (sentence: string) => void
  #path: string | false = false
  #limit: LogLimit = { maxSize: 0, archive: false }
  #stream: WriteStream | undefined
  #size = 0

  /** @param report is told in a sentence when the file cannot be written; lines are lost until it is reopened */
  constructor(report: (sentence: string) => void) {
    this.#report = report
  }

  /** Whether there is a file, and it can be written. */
  get isOpen(): boolean {
    return this.#stream !== undefined
  }

  /** Adds lines, each with its end. */
  write(text: string): void {
    if (this.#stream === undefined) return
    this.#stream.write(text)
    this.#size += Buffer.byteLength(text)
    if (this.#limit.maxSize > 0 && this.#size >= this.#limit.maxSize) this.#turn()
  }

  /**
   * Finishes the file and opens it anew, under the same or another path. It is open when this returns.
   * @param path of the file; false for none
   */
  reopen(path: string | false, limit: LogLimit): void {
    this.#stream?.end()
    this.#stream = undefined
    this.#path = path
    this.#limit = limit
    if (path === false) return
    try {
      const fd = openSync(path, 'a', 0o640)
      this.#size = fstatSync(fd).size
      this.#use(createWriteStream(path, { fd }), path)
    } catch (error) {
      this.#fail(path, error)
    }
  }

  /** Finishes the file. */
  async close(): Promise<void> {
    const stream = this.#stream
    this.#stream = undefined
    if (stream && !stream.destroyed) await new Promise<void>((done) => stream.end(() => done()))
  }

  #use(stream: WriteStream, path: string): void {
    stream.on('error', (error) => {
      if (this.#stream === stream) this.#stream = undefined
      this.#fail(path, error)
    })
    this.#stream = stream
  }

  #turn(): void {
    const path = this.#path
    if (path === false) return
    const time = new Date()
      .toISOString()
      .replaceAll(/[-:]|\.\d+Z/g, '')
      .replace('T', '_')
    try {
      renameSync(path, `${path}.${this.#limit.archive ? time : 'old'}`)
      this.reopen(path, this.#limit)
    } catch (error) {
      // It grows on; the next try comes when it has grown by as much again.
      this.#size = 0
      this.#fail(path, error)
    }
  }

  #fail(path: string, error: unknown): void {
    this.#report(`Cannot write ${path}: ${reasonOf(error)}`)
  }
}
