import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats } from 'node:fs'
import { stat } from 'node:fs/promises'
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
  /** Which file has been read: it is another one when it has changed. */
  #read: string | undefined
  readonly #timer: NodeJS.Timeout

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
    this.#timer = setInterval(this.#look, INTERVAL).unref()
  }

  /** What the file says. */
  get value(): T {
    return this.#value
  }

  /** Reads the file again. While it cannot be read, what it said before holds. */
  read(): void {
    this.#read = undefined
    try {
      this.#value = this.#parse(linesOf(this.#text()))
    } catch (error) {
      this.#logger.warn(
        { err: error, file: this.#path },
        `Cannot read the list ${this.#path}: what it said before holds until it can be read`,
      )
    }
  }

  /** Stops watching. */
  close(): void {
    clearInterval(this.#timer)
  }

  // Not by fs.watchFile, which takes the file as it is a moment later for the one that has been read.
  readonly #look = (): void => {
    void stat(this.#path).then(
      (stats) => {
        if (markOf(stats) !== this.#read) this.read()
      },
      () => {},
    )
  }

  #text(): string {
    const file = openSync(this.#path, READ)
    try {
      const stats = fstatSync(file)
      this.#read = markOf(stats)
      if (!stats.isFile()) throw new Error('it is not a file')
      if (stats.size > MAX_SIZE) throw new Error(`it is larger than ${MAX_SIZE} bytes; write ranges such as 10.0.0.0/8`)
      return readFileSync(file, 'utf8')
    } finally {
      closeSync(file)
    }
  }
}

const markOf = ({ dev, ino, size, mtimeMs }: Stats): string => `${dev} ${ino} ${size} ${mtimeMs}`

const linesOf = (text: string): string[] =>
  text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
