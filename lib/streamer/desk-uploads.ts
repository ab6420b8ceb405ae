import { createWriteStream } from 'node:fs'
import { mkdir, mkdtemp, readdir, rm, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, extname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { FloecastError } from '../errors.js'

/** Bytes of the disk that stay free, whatever is dropped. */
const RESERVE = 1_000_000_000

/** Files that a browser has handed over: it tells no paths, so they are kept in a folder of their own until the program ends. */
export class Uploads {
  readonly #parent: string
  readonly #free: (folder: string) => Promise<number>
  #folder: Promise<string> | undefined
  readonly #kept = new Set<string>()
  // Bytes that have been promised to files on their way.
  #promised = 0
  #count = 0

  /**
   * @param parent the folder in which the own folder is made once there is a file
   * @param free tells how many bytes a folder's disk has left
   */
  constructor(parent: string = tmpdir(), free: (folder: string) => Promise<number> = freeBytes) {
    this.#parent = parent
    this.#free = free
  }

  /** How many bytes can be taken at the moment. */
  async room(): Promise<number> {
    return Math.max(0, (await this.#free(this.#parent)) - RESERVE - this.#promised)
  }

  /**
   * Keeps a file.
   * @param name as the browser tells it
   * @param size in bytes
   * @returns its path
   * @throws FloecastError NO_ROOM, BAD_REQUEST; what the body throws when the browser goes away
   */
  async take(name: string, size: number, body: Readable): Promise<string> {
    const free = await this.room()
    if (size > free) throw new FloecastError('NO_ROOM', { name, size: sizeWords(size), free: sizeWords(free) })
    this.#promised += size
    try {
      // Each lies in a folder of its own, so that its name can stay as it is: the title is made of it.
      this.#folder ??= this.#open()
      const path = join(await this.#folder, String(++this.#count), fileName(name))
      await mkdir(dirname(path))
      try {
        await pipeline(body, atMost(size, name), createWriteStream(path, { flags: 'wx', mode: 0o600 }))
      } catch (error) {
        await rm(dirname(path), { recursive: true, force: true })
        throw error
      }
      this.#kept.add(path)
      return path
    } finally {
      this.#promised -= size
    }
  }

  // What was killed could not delete its files.
  async #open(): Promise<string> {
    for (const name of await readdir(this.#parent).catch(() => [])) {
      const owner = /^floecast-source-(\d+)-\w+$/.exec(name)?.[1]
      if (owner !== undefined && !isRunning(Number(owner)))
        await rm(join(this.#parent, name), { recursive: true, force: true }).catch(() => {})
    }
    return mkdtemp(join(this.#parent, `floecast-source-${process.pid}-`))
  }

  /** Deletes what is on no list any more. */
  async keep(sources: ReadonlySet<string>): Promise<void> {
    for (const path of this.#kept) {
      if (sources.has(path)) continue
      this.#kept.delete(path)
      // What is still open goes with the rest, where a system does not let it go now.
      await rm(dirname(path), { recursive: true, force: true }).catch(() => {})
    }
  }

  /** Deletes everything. */
  async close(): Promise<void> {
    this.#kept.clear()
    const folder = await this.#folder?.catch(() => undefined)
    if (folder !== undefined) await rm(folder, { recursive: true, force: true, maxRetries: 3 })
  }
}

function isRunning(id: number): boolean {
  try {
    return process.kill(id, 0)
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

const freeBytes = async (folder: string): Promise<number> => {
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize
}

// Bytes beyond what was promised may not fill the disk.
const atMost = (size: number, name: string) =>
  async function* (bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    let left = size
    for await (const chunk of bytes) {
      if ((left -= chunk.length) < 0) throw new FloecastError('BAD_REQUEST', { reason: `"${name}" is longer than it was said to be` })
      yield chunk
    }
    if (left > 0) throw new FloecastError('BAD_REQUEST', { reason: `"${name}" broke off; add it once more` })
  }

// The last part of a path, of letters that every file system takes, and short enough for all.
function fileName(name: string): string {
  const last = (name.split(/[\\/]/).at(-1) ?? '').replaceAll(/[\p{Cc}<>:"|?*]/gu, '_').replace(/^\.+/, '')
  const ending = /^\.[\w-]{1,10}$/.test(extname(last)) ? extname(last) : ''
  const stem = Array.from(ending === '' ? last : last.slice(0, -ending.length))
  return `${stem.slice(0, 60).join('').trim() || 'file'}${ending}`
}

const sizeWords = (bytes: number): string => (bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.ceil(bytes / 1e6)} MB`)
