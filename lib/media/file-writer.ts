import { dirname } from 'node:path'
import type { Clock } from '../clock.js'
import { type MediaFolder, type OpenFile, reasonOf, UNFINISHED, writeFully } from './folder.js'

/** Most bytes that wait for a slow disk. */
const MAX_WAITING = 33_554_432
/** Bytes that are worth a write, and milliseconds after which less is written, too. */
const WORTHWHILE = 262_144
const DELAY = 1_000

/** What hears a {@link FileWriter}. */
export interface FileWriterOwner {
  /** The file has got its name: all is in it. */
  finished(writer: FileWriter): void
  /** Nothing more is written, for this reason: a part of a sentence. What is in the file stays. Called once, instead of `finished`. */
  failed(writer: FileWriter, reason: string): void
}

/**
 * A file that grows while media come, and never holds anyone up: what is written waits in memory, and too much of it ends the file. Until it is
 * closed its name ends in {@link UNFINISHED}.
 */
export class FileWriter {
  /** Its name as seen from the folder; once it is open, the name that it really gets. */
  name: string
  /** Bytes that it has on disk. */
  bytes = 0
  readonly #folder: MediaFolder
  readonly #owner: FileWriterOwner
  readonly #clock: Clock
  #file: OpenFile | undefined
  #waiting: Buffer[] = []
  #size = 0
  #state: 'open' | 'closing' | 'over' = 'open'
  #failure: string | undefined
  #wake: (() => void) | undefined
  #cancel: (() => void) | undefined

  /** @param name as seen from the folder; another like it is taken when there is such a file */
  constructor(folder: MediaFolder, name: string, owner: FileWriterOwner, clock: Clock) {
    this.#folder = folder
    this.name = name
    this.#owner = owner
    this.#clock = clock
    folder.track(this.#run())
  }

  /** Takes the next bytes, which must not change any more. */
  write(bytes: Buffer): void {
    if (this.#state !== 'open' || bytes.length === 0) return
    const last = this.#waiting.at(-1)
    // What lies side by side in memory is written as one.
    if (last !== undefined && last.buffer === bytes.buffer && last.byteOffset + last.length === bytes.byteOffset)
      this.#waiting[this.#waiting.length - 1] = Buffer.from(last.buffer, last.byteOffset, last.length + bytes.length)
    else this.#waiting.push(bytes)
    this.#size += bytes.length
    if (this.#size > MAX_WAITING) {
      this.#fail(`the disk is too slow: ${Math.round(MAX_WAITING / 1_048_576)} MiB wait to be written`)
      this.#rouse()
    } else if (this.#size >= WORTHWHILE) this.#rouse()
    else this.#cancel ??= this.#clock.after(DELAY, () => this.#rouse())
  }

  /** Says that nothing more comes. */
  close(): void {
    if (this.#state === 'open') this.#state = 'closing'
    this.#rouse()
  }

  #rouse(): void {
    this.#cancel?.()
    this.#cancel = undefined
    this.#wake?.()
    this.#wake = undefined
  }

  // The owner is told once, at once; the file is then closed as it is.
  #fail(reason: string): void {
    if (this.#failure !== undefined) return
    this.#failure = reason
    this.#state = 'over'
    this.#waiting = []
    this.#size = 0
    this.#owner.failed(this, reason)
  }

  async #run(): Promise<void> {
    try {
      await this.#open()
      while (this.#state === 'open' || this.#size > 0) {
        if (this.#state === 'open' && this.#size < WORTHWHILE) await this.#pause()
        await this.#flush()
      }
    } catch (error) {
      this.#fail(reasonOf(error))
    }
    await this.#finish()
  }

  #pause(): Promise<void> {
    if (this.#size > 0) this.#cancel ??= this.#clock.after(DELAY, () => this.#rouse())
    return new Promise((wake) => (this.#wake = wake))
  }

  async #open(): Promise<void> {
    const { files } = this.#folder
    await this.#folder.ready
    const wanted = this.name
    await files.mkdir(dirname(this.#folder.pathOf(wanted)), { recursive: true })
    await this.#folder.exclusively(async () => {
      this.name = await this.#folder.freeName(wanted)
      this.#file = await files.open(this.#folder.pathOf(this.name + UNFINISHED), 'wx')
    })
  }

  async #flush(): Promise<void> {
    const buffers = this.#waiting
    this.#waiting = []
    await writeFully(this.#file!, buffers, (count) => {
      this.bytes += count
      this.#size = Math.max(0, this.#size - count)
    })
  }

  async #finish(): Promise<void> {
    const file = this.#file
    if (file === undefined) return
    const { files } = this.#folder
    const unfinished = this.#folder.pathOf(this.name + UNFINISHED)
    // What cannot be made sure of is kept all the same.
    await this.#try(() => file.sync())
    await this.#try(() => file.close())
    await this.#try(async () => {
      if (this.bytes === 0) await files.unlink(unfinished)
      else this.name = await this.#folder.finish(this.name)
    })
    if (this.#failure !== undefined) return
    this.#state = 'over'
    this.#owner.finished(this)
  }

  async #try(action: () => Promise<void>): Promise<void> {
    try {
      await action()
    } catch (error) {
      this.#fail(reasonOf(error))
    }
  }
}
