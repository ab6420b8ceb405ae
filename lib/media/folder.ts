import { mkdir, open, readdir, rename, rm, stat, unlink } from 'node:fs/promises'
import { join, relative, resolve, sep } from 'node:path'

/** What is done with files: Node's own functions, or a test's. */
export interface Files {
  /** Makes a folder and those above it. */
  readonly mkdir: (path: string, options: { recursive: true }) => Promise<unknown>
  /** Opens a file. */
  readonly open: (path: string, flags: string) => Promise<OpenFile>
  /** Lists a folder. */
  readonly readdir: (path: string, options: { withFileTypes: true }) => Promise<readonly FolderEntry[]>
  /** Gives a file another name. */
  readonly rename: (from: string, to: string) => Promise<void>
  /** Removes a folder with all that is in it. */
  readonly rm: (path: string, options: { recursive: true; force: true }) => Promise<void>
  /** Fails where there is no such file. */
  readonly stat: (path: string) => Promise<unknown>
  /** Removes a file. */
  readonly unlink: (path: string) => Promise<void>
}

/** How many bytes a disk has taken. */
export interface Wrote {
  /** Bytes, of those that were given. */
  readonly bytesWritten: number
}

/** How many bytes a disk has given. */
export interface Read {
  /** Bytes, of those that were asked for; 0 at the end of the file. */
  readonly bytesRead: number
}

/** What is done with a file that is open: a part of Node's `FileHandle`. */
export interface OpenFile {
  /** Writes buffers at its end, or some of them. */
  readonly writev: (buffers: readonly Buffer[]) => Promise<Wrote>
  /** Reads from a position. */
  readonly read: (buffer: Buffer, offset: number, length: number, position: number) => Promise<Read>
  /** Waits until the disk has it. */
  readonly sync: () => Promise<void>
  /** Closes it. */
  readonly close: () => Promise<void>
}

/** What stands in a folder: a part of Node's `Dirent`. */
export interface FolderEntry {
  /** Its name. */
  readonly name: string
  /** Whether it is a folder itself. */
  isDirectory(): boolean
}

/** What a file is called while it is being written, behind its name. */
export const UNFINISHED = '.part'
/** Where segments are kept that players may go back to; nobody's recordings have a name that begins with a dot. */
const SEGMENTS = '.dvr'
/** Milliseconds that a shutdown waits for a disk that does not answer. */
const PATIENCE = 10_000
/** How deep below the folder unfinished files are looked for. */
const MAX_DEPTH = 8

const NODE: Files = { mkdir, open, readdir, rename, rm, stat, unlink }

/**
 * The folder in which a server keeps media on disk: recordings under the names that people choose, and segments in a folder of their own. It belongs
 * to one server alone, which puts in order what a crash has left there.
 */
export class MediaFolder {
  /** Where it is. */
  readonly path: string
  /** What is done with its files. */
  readonly files: Files
  /**
   * Settled once what an earlier run has left is put in order: its segments are removed, and its unfinished recordings have got their names, which
   * are given. It never fails.
   */
  readonly ready: Promise<readonly string[]>
  readonly #work = new Set<Promise<unknown>>()
  #turn: Promise<unknown> = Promise.resolve()

  /** @param path need not exist yet */
  constructor(path: string, files: Files = NODE) {
    this.path = resolve(path)
    this.files = files
    this.ready = this.#tidy()
  }

  /** The folder of the segments of a run, which are gone when the next run begins. */
  segments(run: string): string {
    return join(this.path, SEGMENTS, run)
  }

  /**
   * The path of a file below the folder.
   * @throws RangeError when the name leads out of it
   */
  pathOf(name: string): string {
    const path = resolve(this.path, name)
    if (!path.startsWith(join(this.path, sep)) || path === this.path)
      throw new RangeError(`Cannot use "${name}" as the name of a file below ${this.path}`)
    return path
  }

  /** The name, as seen from the folder, that a file can have without taking another's place: with `-2`, `-3` … before its ending if need be. */
  async freeName(name: string): Promise<string> {
    const dot = name.lastIndexOf('.')
    const cut = dot > name.lastIndexOf('/') + 1 ? dot : name.length
    for (let i = 1; ; i++) {
      const tried = i === 1 ? name : `${name.slice(0, cut)}-${i}${name.slice(cut)}`
      if (!(await this.#exists(tried)) && !(await this.#exists(tried + UNFINISHED))) return tried
    }
  }

  /** Gives an unfinished file its name, or the next that is free. */
  finish(name: string): Promise<string> {
    return this.exclusively(async () => {
      const free = (await this.#exists(name)) ? await this.freeName(name) : name
      await this.files.rename(this.pathOf(name + UNFINISHED), this.pathOf(free))
      return free
    })
  }

  /** Does what chooses a name and takes it while nobody else does: a file that gets its name replaces whatever has it. */
  exclusively<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work)
    this.#turn = done.catch(() => {})
    return done
  }

  /** Says that something is being done that a shutdown has to wait for. */
  track(work: Promise<unknown>): void {
    this.#work.add(work)
    const done = (): void => void this.#work.delete(work)
    work.then(done, done)
  }

  /** Waits for all that is being done, ten seconds at most. */
  async close(): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((call) => (timer = setTimeout(call, PATIENCE)))
    await Promise.race([this.#idle(), late])
    clearTimeout(timer)
  }

  async #idle(): Promise<void> {
    await this.ready
    while (this.#work.size > 0) await Promise.allSettled(this.#work)
  }

  async #exists(name: string): Promise<boolean> {
    try {
      await this.files.stat(this.pathOf(name))
      return true
    } catch {
      return false
    }
  }

  async #tidy(): Promise<string[]> {
    const found: string[] = []
    await this.files.rm(join(this.path, SEGMENTS), { recursive: true, force: true }).catch(() => {})
    await this.#recover(this.path, 0, found).catch(() => {})
    return found
  }

  async #recover(folder: string, depth: number, found: string[]): Promise<void> {
    for (const entry of await this.files.readdir(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name)
      if (entry.name.startsWith('.')) continue
      if (entry.isDirectory()) {
        if (depth < MAX_DEPTH) await this.#recover(path, depth + 1, found).catch(() => {})
      } else if (entry.name.endsWith(UNFINISHED)) {
        const name = relative(this.path, path).slice(0, -UNFINISHED.length).replaceAll(sep, '/')
        await this.finish(name).then(
          (free) => found.push(free),
          () => {},
        )
      }
    }
  }
}

/**
 * Writes buffers to a file, all of them.
 * @param wrote told how many bytes, as they get there
 */
export async function writeFully(file: OpenFile, buffers: readonly Buffer[], wrote: (count: number) => void = () => {}): Promise<void> {
  let left = buffers.filter(({ length }) => length > 0)
  while (left.length > 0) {
    const { bytesWritten } = await file.writev(left)
    if (bytesWritten === 0) throw new Error('nothing could be written')
    wrote(bytesWritten)
    left = without(left, bytesWritten)
  }
}

/** What is left of buffers without their first bytes. */
function without(buffers: readonly Buffer[], count: number): Buffer[] {
  let i = 0
  let gone = count
  while (i < buffers.length && gone >= buffers[i]!.length) gone -= buffers[i++]!.length
  const rest = buffers.slice(i)
  if (gone > 0) rest[0] = rest[0]!.subarray(gone)
  return rest
}

/** Whether something could not be done because there is no more room. */
export function isFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT')
}

/** Why something could not be done with a file, as a part of a sentence. */
export function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return REASONS[code] ?? (error instanceof Error ? error.message : String(error))
}

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EACCES: 'writing is not permitted there',
  EPERM: 'writing is not permitted there',
  EROFS: 'the disk can only be read',
  EIO: 'the disk has failed',
  ENOTDIR: 'a part of its path is not a folder',
}
