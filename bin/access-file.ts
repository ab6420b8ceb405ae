import { createWriteStream, type WriteStream } from 'node:fs'
import { formatAccess, type AccessEntry } from '../lib/index.js'

/** The access log: one line per request at the end of a file, which log rotation may move away. */
export class AccessFile {
  readonly #report: (error: Error) => void
  #stream: WriteStream | undefined

  /**
   * @param path of the file; false for none
   * @param report is told when the file cannot be written; entries are lost until it is reopened
   */
  constructor(path: string | false, report: (error: Error) => void) {
    this.#report = report
    this.reopen(path)
  }

  /** Adds a line. */
  write(entry: AccessEntry): void {
    this.#stream?.write(`${formatAccess(entry)}\n`)
  }

  /** Finishes the file and opens it anew, under the same or another path. */
  reopen(path: string | false): void {
    this.#stream?.end()
    this.#stream = undefined
    if (path === false) return
    const stream = createWriteStream(path, { flags: 'a', mode: 0o640 })
    stream.on('error', (error) => {
      if (this.#stream === stream) this.#stream = undefined
      this.#report(error)
    })
    this.#stream = stream
  }

  /** Finishes the file. */
  async close(): Promise<void> {
    const stream = this.#stream
    this.#stream = undefined
    if (stream && !stream.destroyed) await new Promise<void>((done) => stream.end(() => done()))
  }
}
