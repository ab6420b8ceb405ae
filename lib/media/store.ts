import { join } from 'node:path'
import { writePart } from '../formats/mp4-part.js'
import { readParts } from './stored-parts.js'
import { type MediaFolder, type OpenFile, reasonOf, writeFully } from './folder.js'
import { type RenditionId, tracksOf } from './rendition.js'
import type { Segment } from './segment.js'

/** Most bytes of segments that wait for the disk. */
const MAX_WAITING = 67_108_864
/** Most bytes of renditions made from what is on disk that are kept for the next who asks. */
const MAX_CACHE = 33_554_432

/** A segment on disk that is being read. */
export interface StoredFile {
  /** Bytes. */
  readonly length: number
  /** Reads from a position on; fewer bytes than are wanted only at the end. */
  read(position: number, most: number): Promise<Buffer>
  /** To be called once. */
  close(): void
}

/**
 * The segments of one run of a mount on disk, a file for each: the main rendition as players get it, where that is MP4 or MPEG-TS, and the packets of
 * all tracks that cannot be read from it as fragments of MP4. One is written after the other; when the disk is too slow or full, segments are lost.
 */
export class SegmentStore {
  readonly #folder: MediaFolder
  readonly #path: string
  readonly #lost: (reason: string) => void
  #waiting: Segment[] = []
  #size = 0
  #doomed: Segment[] = []
  #busy = false
  #isThere = false
  #closed = false
  readonly #cache = new Map<string, { bytes: Promise<Buffer>; size: number }>()
  #cached = 0

  /**
   * @param run names its folder
   * @param lost told why a segment is not on disk: a part of a sentence
   */
  constructor(folder: MediaFolder, run: string, lost: (reason: string) => void) {
    this.#folder = folder
    this.#path = folder.segments(run)
    this.#lost = lost
  }

  /** Writes a whole segment when its turn comes; then it has a {@link Segment.file}, or is {@link Segment.lost}. */
  add(segment: Segment): void {
    if (this.#closed || (this.#waiting.length > 0 && this.#size + segment.size > MAX_WAITING)) {
      segment.lost = true
      if (!this.#closed) this.#lost('the disk is too slow')
      return
    }
    this.#waiting.push(segment)
    this.#size += segment.size
    this.#start()
  }

  /** Removes a segment from the disk when its turn comes. */
  remove(segment: Segment): void {
    this.#doomed.push(segment)
    this.#start()
  }

  /** Removes all, and takes no more. */
  close(): void {
    this.#closed = true
    for (const segment of this.#waiting) segment.lost = true
    this.#waiting = []
    this.#doomed = []
    this.#cache.clear()
    this.#cached = 0
    this.#start()
  }

  /** Opens the main rendition of a segment that has a file with it. */
  async open(segment: Segment): Promise<StoredFile> {
    const file = await this.#folder.files.open(this.#pathOf(segment), 'r')
    return {
      length: segment.file!.main,
      read: (position, most) => readFully(file, position, Math.min(most, segment.file!.main - position)),
      close: () => void file.close().catch(() => {}),
    }
  }

  /** A rendition of a segment that has a file. */
  load(segment: Segment, id: RenditionId): Promise<Buffer> {
    const key = `${segment.sequence} ${id}`
    const known = this.#cache.get(key)
    if (known !== undefined) {
      // The one that was used last goes last.
      this.#cache.delete(key)
      this.#cache.set(key, known)
      return known.bytes
    }
    const entry = { bytes: this.#make(segment, id), size: 0 }
    this.#cache.set(key, entry)
    entry.bytes.then(
      ({ length }) => {
        if (this.#cache.get(key) !== entry) return
        entry.size = length
        this.#cached += length
        this.#shrink()
      },
      () => this.#cache.get(key) === entry && this.#cache.delete(key),
    )
    return entry.bytes
  }

  #shrink(): void {
    for (const [key, { size }] of this.#cache) {
      if (this.#cached <= MAX_CACHE) return
      if (size === 0) continue
      this.#cache.delete(key)
      this.#cached -= size
    }
  }

  async #make(segment: Segment, id: RenditionId): Promise<Buffer> {
    const { main, size } = segment.file!
    const file = await this.#folder.files.open(this.#pathOf(segment), 'r')
    let bytes: Buffer
    try {
      bytes = await readFully(file, 0, size)
    } finally {
      await file.close()
    }
    if (id === 'main' && main > 0) return bytes.subarray(0, main)
    const { writers } = segment
    const writer = writers.get(id)
    const ids = tracksOf(writers.period, id).map((track) => track.id)
    const isReadable = writers.get('main')?.container === 'mp4'
    const parts = readParts(isReadable ? bytes : bytes.subarray(main), writers.period.tracks)
    const pieces = parts.flatMap(({ number, packets }, i) => {
      const own = packets.filter(({ track }) => ids.includes(track.id))
      return own.length === 0 ? [] : (writer?.write(own, { number, first: i === 0, events: [] }).bytes ?? [])
    })
    return Buffer.concat(pieces)
  }

  #pathOf({ sequence }: Segment): string {
    return join(this.#path, `${sequence}.m4s`)
  }

  #start(): void {
    if (this.#busy) return
    this.#busy = true
    const done = (): void => void (this.#busy = false)
    this.#folder.track(this.#run().then(done, done))
  }

  async #run(): Promise<void> {
    await this.#folder.ready
    const { files } = this.#folder
    while (!this.#closed) {
      const old = this.#doomed.shift()
      if (old !== undefined) {
        await files.unlink(this.#pathOf(old)).catch(() => {})
        continue
      }
      const segment = this.#waiting[0]
      if (segment === undefined) return
      const reason = segment.lost ? undefined : await this.#write(segment)
      this.#waiting.shift()
      this.#size -= segment.size
      // Given up while the disk was at it.
      if (segment.lost && segment.file !== undefined) this.#doomed.push(segment)
      if (reason !== undefined && !this.#closed) {
        segment.lost = true
        this.#lost(reason)
      }
    }
    await files.rm(this.#path, { recursive: true, force: true }).catch(() => {})
  }

  /** Gives the reason when it fails. */
  async #write(segment: Segment): Promise<string | undefined> {
    const { files } = this.#folder
    const path = this.#pathOf(segment)
    let file: OpenFile | undefined
    try {
      if (!this.#isThere) await files.mkdir(this.#path, { recursive: true })
      this.#isThere = true
      const { main, rest } = contentOf(segment)
      file = await files.open(path, 'wx')
      await writeFully(file, [...main, ...rest])
      await file.close()
      segment.file = { main: sizeOf(main), size: sizeOf(main) + sizeOf(rest) }
      return undefined
    } catch (error) {
      this.#isThere = false
      await file?.close().catch(() => {})
      if (file !== undefined) await files.unlink(path).catch(() => {})
      return reasonOf(error)
    }
  }
}

const sizeOf = (buffers: readonly Buffer[]): number => buffers.reduce((sum, { length }) => sum + length, 0)

/** What is written of a segment. */
function contentOf(segment: Segment): { main: readonly Buffer[]; rest: readonly Buffer[] } {
  const { writers, parts } = segment
  const container = writers.get('main')?.container
  const main = container === 'mp4' || container === 'ts' ? segment.bytes('main') : []
  // Of MPEG-TS, times cannot be read as exactly as they were.
  const read = container === 'mp4' ? tracksOf(writers.period, 'main').map(({ id }) => id) : []
  const rest = parts.flatMap(({ number, packets }) => {
    const others = packets.filter(({ track }) => !read.includes(track.id))
    return others.length === 0 ? [] : writePart({ sequence: number + 1, packets: others }).bytes
  })
  return { main, rest }
}

async function readFully(file: OpenFile, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(Math.max(0, length))
  let at = 0
  while (at < bytes.length) {
    const { bytesRead } = await file.read(bytes, at, bytes.length - at, position + at)
    if (bytesRead === 0) throw new Error('the file is shorter than it was')
    at += bytesRead
  }
  return bytes
}
