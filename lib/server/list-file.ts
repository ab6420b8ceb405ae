import { constants, closeSync, fstatSync, openSync, readFileSync, unwatchFile, watchFile } from 'node:fs'
import type { Logger } from '../log.js'

/** Lists are replaced by programs and written by hand; looking every few seconds sees both on every file system. */
const INTERVAL = 5_000
/** Most bytes that are read: some 250,000 addresses. */
const MAX_SIZE = 4_194_304
// A FIFO would keep the server waiting for whoever writes into it.
const READ = constants.O_RDONLY | constants.O_NONBLOCK

/** A file with a list, an entry a line, that is read again when it changes. Empty lines, and those that begin with #, say nothing. */
export class ListFile<T> {
  readonly #path: string
  readonly #parse: (lines: readonly string[]) => T
  readonly #logger: Logger
  #value: T

  /**
   * Reads the file, which need not be there yet.
   * @param path of the file
   * @param parse makes a value of the lines
   */
  constructor(path: string, parse: (lines: readonly string[]) => T, logger: Logger) {
    this.#path = path
    this.#parse = parse
    this.#logger = logger
    this.#value = parse([])
    this.read()
    watchFile(path, { interval: INTERVAL, persistent: false }, this.read)
  }

  /** What the file says. */
  get value(): T {
    return this.#value
  }

  /** Reads the file again. While it cannot be read, what it said before holds. */
  readonly read = (): void => {
    try {
      this.#value = this.#parse(linesOf(readText(this.#path)))
    } catch (error) {
      this.#logger.warn(
        { err: error, file: this.#path },
        `Cannot read the list ${this.#path}: what it said before holds until it can be read`,
      )
    }
  }

  /** Stops watching. */
  close(): void {
    unwatchFile(this.#path, this.read)
  }
}

function readText(path: string): string {
  const file = openSync(path, READ)
  try {
    const stats = fstatSync(file)
    if (!stats.isFile()) throw new Error('it is not a file')
    if (stats.size > MAX_SIZE) throw new Error(`it is larger than ${MAX_SIZE} bytes; write ranges such as 10.0.0.0/8`)
    return readFileSync(file, 'utf8')
  } finally {
    closeSync(file)
  }
}

const linesOf = (text: string): string[] =>
  text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
