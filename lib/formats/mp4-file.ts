import { type FileHandle, open } from 'node:fs/promises'
import { findBox, readBoxes, readBoxHead } from './mp4-boxes.js'
import { type MovieMedia, readMovieMedia } from './mp4-media.js'
import { readMovie } from './mp4-movie.js'
import { SampleTable, type TableSample } from './mp4-table.js'
import type { Packet } from './packet.js'

/**
 * A plain MP4 or QuickTime file: its `moov`, wherever it stands, lists all samples. Packets are read by their places in the file, so that memory
 * holds the `moov` and a window for each track, whatever the size of the file.
 */
export class Mp4File {
  /** Seconds that its longest track lasts. */
  readonly duration: number
  /** Title, artist and album, by lower-case name. */
  readonly comments: Readonly<Record<string, string>>
  readonly #file: FileHandle
  readonly #moov: Buffer

  private constructor(file: FileHandle, moov: Buffer) {
    this.#file = file
    this.#moov = moov
    this.comments = readMovie(moov).comments
    this.duration = Math.max(0, ...readCourses(moov).map(({ media, table }) => table.duration / media.timescale))
  }

  /**
   * Opens a file; who has it closes it.
   * @returns `undefined` when it is something else, such as fragmented MP4
   * @throws Error of the file system when it cannot be read
   */
  static async open(path: string): Promise<Mp4File | undefined> {
    const file = await open(path)
    let found: Mp4File | undefined
    try {
      const moov = await readMoov(file)
      if (moov !== undefined && findBox(moov, ['mvex']) === undefined) found = new Mp4File(file, moov)
      if (found?.duration === 0) found = undefined
    } finally {
      if (found === undefined) await file.close()
    }
    return found
  }

  /**
   * Reads the packets of the first track of pictures and the first of sound that can be repackaged, mixed in the order of their times. Each time
   * begins anew.
   * @param from seconds from the beginning; it begins with the last key frame that is shown by then
   */
  async *packets(from = 0): AsyncGenerator<Packet, void, undefined> {
    const courses = readCourses(this.#moov)
    const video = courses.find(({ isVideo }) => isVideo)
    const start =
      from <= 0
        ? 0
        : video === undefined
          ? from
          : seek(
              readCourses(this.#moov).find(({ isVideo }) => isVideo)!,
              from,
            )
    for (const course of courses) {
      course.window = new Window(this.#file)
      course.sample = course.table.next()
      while (course.sample !== undefined && timeOf(course, course.sample) < start - NEAR) course.sample = course.table.next()
    }
    for (;;) {
      let next: Course | undefined
      for (const course of courses)
        if (
          course.sample !== undefined &&
          (next?.sample === undefined || decodeTime(course, course.sample) < decodeTime(next, next.sample))
        )
          next = course
      if (next?.sample === undefined) return
      const { sample } = next
      next.sample = next.table.next()
      const data = sample.size > MAX_SAMPLE_SIZE ? undefined : await next.window!.read(sample.at, sample.size)
      const packet = data && makePacket(next, sample, data)
      if (packet !== undefined) yield packet
    }
  }

  /** Closes the file. */
  async close(): Promise<void> {
    await this.#file.close()
  }
}

/** A track, and how far it has been read. */
interface Course {
  readonly media: MovieMedia
  readonly isVideo: boolean
  readonly table: SampleTable
  window: Window | undefined
  /** The sample that is next. */
  sample: TableSample | undefined
}

/** The bytes around what was read last, so that neighbours need no access of their own. */
class Window {
  readonly #file: FileHandle
  #bytes: Buffer = EMPTY
  #at = 0

  constructor(file: FileHandle) {
    this.#file = file
  }

  /** Reads some bytes; `undefined` when the file ends before. */
  async read(at: number, size: number): Promise<Buffer | undefined> {
    if (at < this.#at || at + size > this.#at + this.#bytes.length) {
      // Packets are views of a window, so each gets memory of its own.
      const bytes = Buffer.allocUnsafeSlow(Math.max(size, WINDOW))
      this.#bytes = bytes.subarray(0, await readFully(this.#file, bytes, at))
      this.#at = at
    }
    const start = at - this.#at
    return start + size <= this.#bytes.length ? this.#bytes.subarray(start, start + size) : undefined
  }
}

// The first track of each kind whose codec is known.
function readCourses(moov: Buffer): Course[] {
  const all = readMovieMedia(moov)
  const courses: Course[] = []
  for (const { type, body } of readBoxes(moov)) {
    const tkhd = type === 'trak' ? findBox(body, ['tkhd']) : undefined
    const stbl = findBox(body, ['mdia', 'minf', 'stbl'])
    if (tkhd === undefined || stbl === undefined || tkhd.length < 24) continue
    const id = tkhd.readUInt32BE(tkhd[0] === 1 ? 20 : 12)
    const media = all.find((one) => one.id === id)
    const isVideo = findBox(body, ['mdia', 'hdlr'])?.toString('latin1', 8, 12) === 'vide'
    const table = new SampleTable(stbl)
    if (!media?.readers.some((reader) => reader !== undefined) || table.count === 0) continue
    if (courses.every((course) => course.isVideo !== isVideo)) courses.push({ media, isVideo, table, window: undefined, sample: undefined })
  }
  return courses
}

// When the last key frame by then is shown, in seconds.
function seek(course: Course, from: number): number {
  let found = 0
  for (let sample = course.table.next(); sample !== undefined; sample = course.table.next()) {
    const time = timeOf(course, sample)
    if (time > from + NEAR) break
    if (sample.key) found = time
  }
  return found
}

/** When a sample is shown, in seconds. */
function timeOf({ media }: Course, { time, offset }: TableSample): number {
  return (time + offset + media.shift) / media.timescale
}

function decodeTime({ media, table }: Course, { time }: TableSample): number {
  return (time + media.shift - table.lead) / media.timescale
}

function makePacket({ media, table }: Course, { time, offset, duration, key, description }: TableSample, data: Buffer): Packet | undefined {
  const read = (media.readers[description - 1] ?? media.readers[0])?.read(data, key)
  if (read === undefined) return undefined
  const { track } = read
  const begin = time + media.shift
  if (track.kind === 'audio') {
    const scale = (ticks: number): number => Math.round((ticks * track.timescale) / media.timescale)
    const dts = scale(begin)
    return { track, dts, pts: dts, duration: read.samples ?? scale(duration), key: true, data: read.data }
  }
  const dts = begin - table.lead
  return { track, dts, pts: Math.max(dts, begin + offset), duration, key: read.key, data: read.data }
}

// The boxes of a file are gone over by their heads; the media between them is not read.
async function readMoov(file: FileHandle): Promise<Buffer | undefined> {
  const head = Buffer.alloc(16)
  const { size: end } = await file.stat()
  for (let at = 0, count = 0; at + 8 <= end && count < MAX_BOXES; count++) {
    const there = await readFully(file, head, at)
    const box = readBoxHead(head.subarray(0, there))
    if (!box || (count === 0 && !FIRST.has(box.type))) return undefined
    const size = Math.min(box.size, end - at)
    if (box.type === 'moof') return undefined
    if (box.type === 'moov') {
      if (size > MAX_MOOV_SIZE) return undefined
      const body = Buffer.alloc(size - box.headSize)
      return (await readFully(file, body, at + box.headSize)) === body.length ? body : undefined
    }
    at += size
  }
  return undefined
}

async function readFully(file: FileHandle, bytes: Buffer, at: number): Promise<number> {
  let filled = 0
  while (filled < bytes.length) {
    const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, at + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return filled
}

/** What a file may begin with; QuickTime needs no `ftyp`. */
const FIRST: ReadonlySet<string> = new Set(['ftyp', 'moov', 'mdat', 'free', 'skip', 'wide', 'pnot', 'styp'])
const MAX_BOXES = 1024
/** Some 40 hours of pictures and sound. */
const MAX_MOOV_SIZE = 134_217_728
const MAX_SAMPLE_SIZE = 33_554_432
const WINDOW = 131_072
/** Seconds within which two times are the same. */
const NEAR = 0.001
const EMPTY = Buffer.alloc(0)
