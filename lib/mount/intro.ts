import { open } from 'node:fs/promises'
import { AutoDemuxer } from '../formats/detect.js'
import { CHAINABLE, type FormatName } from '../formats/frame.js'

/** What each listener of a mount hears first: a whole file, kept once for all. */
export interface Intro {
  /** The wire format; only listeners of a stream of the same format hear it. */
  readonly format: FormatName
  /** Its frames, without what is damaged and without what is no media, such as tags. */
  readonly bytes: Buffer
}

/** The most bytes of a file that is kept in memory as a whole, such as an {@link Intro}. */
export const MAX_INTRO = 16_777_216

/** A mount's intro: the file is read once for all who will hear it, and again whenever it is named, for it may be another by then. */
export class IntroFile {
  readonly #failed: (sentence: string) => void
  #path: string | undefined
  #intro: Intro | undefined

  /** @param failed told when a file cannot be used */
  constructor(failed: (sentence: string) => void) {
    this.#failed = failed
  }

  /** Names the file, if there is one. Until it is read, the former one is played. */
  use(path: string | undefined): void {
    this.#path = path
    if (path === undefined) this.#intro = undefined
    else void this.#read(path)
  }

  /** What who hears a stream of a format hears first. */
  before(format: FormatName | undefined): Buffer | undefined {
    return this.#intro?.format === format ? this.#intro?.bytes : undefined
  }

  async #read(path: string): Promise<void> {
    const intro = await readIntro(path).catch((error: Error) => error)
    if (this.#path !== path) return
    this.#intro = intro instanceof Error ? undefined : intro
    if (intro instanceof Error) this.#failed(intro.message)
  }
}

/**
 * Reads what listeners hear first.
 * @param path of the file
 * @throws Error with a sentence that says what is wrong with it
 */
export async function readIntro(path: string): Promise<Intro> {
  const refuse = (reason: string): never => {
    throw new Error(`Cannot play ${path} to listeners first: ${reason}`)
  }
  const bytes = await readWhole(path).catch((error: Error) => refuse(error.message))
  const demuxer = new AutoDemuxer(undefined)
  const frames = [...demuxer.push(bytes), ...demuxer.end()]
  const { format } = demuxer
  if (!CHAINABLE.has(format)) refuse(`its format (${format}) does not let a live stream follow; use MP3, AAC (ADTS), Ogg or MPEG-TS`)
  return { format, bytes: Buffer.concat(frames.map((frame) => frame.bytes)) }
}

/**
 * Reads a file that is kept in memory as a whole.
 * @throws Error with what is wrong with it
 */
export async function readWhole(path: string): Promise<Buffer> {
  const bytes = await readUpTo(path, MAX_INTRO + 1)
  if (bytes.length > MAX_INTRO) throw new Error(`it is larger than ${MAX_INTRO} bytes; make it shorter`)
  return bytes
}

async function readUpTo(path: string, most: number): Promise<Buffer> {
  const file = await open(path)
  try {
    const { size } = await file.stat()
    const buffer = Buffer.alloc(Math.min(size, most))
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}
