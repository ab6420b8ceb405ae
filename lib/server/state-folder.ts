import { appendFile, mkdir, open, readFile, rename, stat } from 'node:fs/promises'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { FloecastError } from '../errors.js'
import { replaceFile } from './replace-file.js'

/** Bytes after which a file of lines is put aside, unless something else is said. */
const MAX_LINES = 2 * 1024 * 1024
/** Entries that are kept where there is no folder. */
const MAX_IN_MEMORY = 2000
const NAME = /^[a-z][a-z0-9-]*\.jsonl?$/

/**
 * Where a server keeps what has to outlive it: documents, each a value that is replaced as a whole, and files of lines that only grow.
 * Without a folder all of it is in memory, and gone with the server. A folder belongs to one server at a time.
 */
export class StateFolder {
  /** The folder; `undefined` when everything is in memory. */
  readonly path: string | undefined
  readonly #names = new Set<string>()
  readonly #under: Turns[] = []

  /** @param path an absolute path; made when something is kept for the first time, for its owner alone */
  constructor(path?: string) {
    this.path = path
  }

  /**
   * A document, read at once.
   * @param name such as `people.json`; nobody else can take it
   * @param read makes a value of what is stored, `undefined` when nothing is; what it throws means damage
   * @throws Error with a sentence for the user, when the file cannot be read or is damaged; TypeError when the name is taken or none
   */
  document<T>(name: string, read: (stored: unknown) => T): StateDocument<T> {
    const file = this.#take(name)
    return new StateDocument(file, this.#read(file, read), this.#turns())
  }

  /**
   * A file of lines, each of them JSON.
   * @param name such as `audit.jsonl`; nobody else can take it
   * @param maxBytes of one file; when it is full it is put aside as `NAME.1`, and what was there before goes
   * @throws TypeError when the name is taken or none
   */
  lines(name: string, maxBytes = MAX_LINES): StateLines {
    return new StateLines(this.#take(name), maxBytes, this.#turns())
  }

  /** Waits until all that was to be kept is. */
  async close(): Promise<void> {
    await Promise.all(this.#under.map((turns) => turns.rest()))
  }

  #take(name: string): string | undefined {
    if (!NAME.test(name)) throw new TypeError(`Cannot keep anything as ${name}: use a name such as people.json`)
    if (this.#names.has(name)) throw new TypeError(`Cannot keep two things as ${name}`)
    this.#names.add(name)
    return this.path === undefined ? undefined : join(this.path, name)
  }

  #turns(): Turns {
    const turns = new Turns()
    this.#under.push(turns)
    return turns
  }

  #read<T>(file: string | undefined, read: (stored: unknown) => T): T {
    if (file === undefined) return read(undefined)
    let text: string
    try {
      text = readFileSync(file, 'utf8')
    } catch (error) {
      if (isMissing(error)) return read(undefined)
      throw new Error(`Cannot read ${file}: ${reasonOf(error)}.`, { cause: error })
    }
    try {
      return read(JSON.parse(text))
    } catch (error) {
      throw new Error(`Cannot read ${file}: it is damaged. Put it right, or move it away to begin anew.`, { cause: error })
    }
  }
}

/** A value that is kept: replaced as a whole, so that a crash leaves either the old one or the new one. */
export class StateDocument<T> {
  readonly #file: string | undefined
  readonly #turns: Turns
  #value: T

  /** Made by {@link StateFolder.document}. */
  constructor(file: string | undefined, value: T, turns: Turns) {
    this.#file = file
    this.#value = value
    this.#turns = turns
  }

  /** The value; another one after a change, never changed itself. */
  get value(): T {
    return this.#value
  }

  /**
   * Changes the value, one change after another; it is in force once it is kept.
   * @param make makes the new value of the one in force; what it throws is thrown, and changes nothing. The same value again writes nothing
   * @throws FloecastError STATE_NOT_KEPT; then the old value stays in force
   */
  change(make: (value: T) => T): Promise<T> {
    return this.#turns.take(async () => {
      const next = make(this.#value)
      if (next === this.#value) return next
      if (this.#file !== undefined) await replace(this.#file, `${JSON.stringify(next, null, 2)}\n`)
      this.#value = next
      return next
    })
  }
}

/** A file of lines that only grows, and is bounded nevertheless. */
export class StateLines {
  readonly #file: string | undefined
  readonly #maxBytes: number
  readonly #turns: Turns
  readonly #memory: unknown[] = []
  /** Bytes in the file; unknown until the first line is appended. */
  #size: number | undefined

  /** Made by {@link StateFolder.lines}. */
  constructor(file: string | undefined, maxBytes: number, turns: Turns) {
    this.#file = file
    this.#maxBytes = maxBytes
    this.#turns = turns
  }

  /**
   * Adds an entry.
   * @throws FloecastError STATE_NOT_KEPT
   */
  append(entry: unknown): Promise<void> {
    return this.#turns.take(async () => {
      const file = this.#file
      if (file === undefined) {
        this.#memory.push(entry)
        if (this.#memory.length > MAX_IN_MEMORY) this.#memory.shift()
        return
      }
      const line = Buffer.from(`${JSON.stringify(entry)}\n`)
      try {
        await mkdir(dirname(file), { recursive: true, mode: 0o700 })
        this.#size ??= await sizeOf(file)
        if (this.#size > 0 && this.#size + line.length > this.#maxBytes) {
          await rename(file, `${file}.1`)
          this.#size = 0
        }
        await appendFile(file, line, { mode: 0o600 })
        this.#size += line.length
      } catch (error) {
        this.#size = undefined
        throw notKept(error)
      }
    })
  }

  /**
   * The last entries, newest first. Lines that a crash has left unfinished are passed over.
   * @param limit how many at most
   * @param wanted which ones count
   * @throws Error of Node's file system when the file cannot be read
   */
  last(limit: number, wanted: (entry: unknown) => boolean = () => true): Promise<unknown[]> {
    return this.#turns.take(async () => {
      const found: unknown[] = []
      const file = this.#file
      if (file === undefined) {
        for (let i = this.#memory.length - 1; i >= 0 && found.length < limit; i--) if (wanted(this.#memory[i])) found.push(this.#memory[i])
        return found
      }
      for (const name of [file, `${file}.1`]) {
        if (found.length >= limit) break
        const lines = (await readFile(name, 'utf8').catch(nothingWhereMissing)).split('\n')
        for (let i = lines.length - 1; i >= 0 && found.length < limit; i--) {
          const entry = parse(lines[i]!)
          if (entry !== undefined && wanted(entry)) found.push(entry)
        }
      }
      return found
    })
  }
}

/** Lets one after the other do something, in the order in which they came. */
class Turns {
  #last: Promise<unknown> = Promise.resolve()

  take<T>(act: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(act)
    this.#last = turn.catch(() => {})
    return turn
  }

  async rest(): Promise<void> {
    await this.#last
  }
}

async function replace(file: string, text: string): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 })
    await replaceFile(file, text, { mode: 0o600 })
  } catch (error) {
    throw notKept(error)
  }
}

// A crash may have cut the last line short: what comes next begins on a line of its own.
async function sizeOf(file: string): Promise<number> {
  const found = await stat(file).catch((error: unknown) => {
    if (isMissing(error)) return undefined
    throw error
  })
  if (found === undefined || found.size === 0) return 0
  const handle = await open(file, 'r')
  try {
    const last = Buffer.alloc(1)
    await handle.read(last, 0, 1, found.size - 1)
    if (last[0] === 0x0a) return found.size
  } finally {
    await handle.close()
  }
  await appendFile(file, '\n')
  return found.size + 1
}

function parse(line: string): unknown {
  if (line === '') return undefined
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined

const isMissing = (error: unknown): boolean => codeOf(error) === 'ENOENT'

const nothingWhereMissing = (error: unknown): string => {
  if (isMissing(error)) return ''
  throw error
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'it can only be read',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  ENOTDIR: 'a part of its path is no folder',
  EISDIR: 'a folder stands in the way',
  EEXIST: 'something else has that name',
  EIO: 'the disk fails',
}

const reasonOf = (error: unknown): string => {
  const code = codeOf(error)
  return REASONS[code ?? ''] ?? code ?? String(error)
}

const notKept = (error: unknown): FloecastError => new FloecastError('STATE_NOT_KEPT', { reason: reasonOf(error) })
