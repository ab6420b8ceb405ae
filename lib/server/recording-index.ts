import type { Logger } from '../log.js'
import type { Mount } from '../mount/mount.js'
import type { StateDocument, StateFolder } from './state-folder.js'

/** Files by name, each with the name of the mount that is in it. */
export type RecordedMounts = Readonly<Record<string, string>>

/** Keeps of which mount each recording is, which the name of a file need not tell. */
export class RecordingIndex {
  readonly #kept: StateDocument<RecordedMounts>
  readonly #logger: Logger
  /** What is not kept yet. */
  readonly #fresh = new Map<string, string>()
  #busy = false

  constructor(state: StateFolder, logger: Logger) {
    this.#kept = state.document('recordings.json', readRecordedMounts)
    this.#logger = logger
  }

  /** Takes note of a file that is whole. */
  note(file: string, { name }: Mount): void {
    this.#fresh.set(file, name)
    void this.#keep()
  }

  /** The mount that is in a file, where that is known. */
  mountOf(file: string): string | undefined {
    const { value } = this.#kept
    return this.#fresh.get(file) ?? (Object.hasOwn(value, file) ? value[file] : undefined)
  }

  /** Forgets all files but these. */
  async retain(files: ReadonlySet<string>): Promise<void> {
    if (Object.keys(this.#kept.value).every((file) => files.has(file))) return
    await this.#kept.change((value) => Object.fromEntries(Object.entries(value).filter(([file]) => files.has(file))))
  }

  // Ogg makes a file of every song, on every mount: what comes while the disk is busy is kept together.
  async #keep(): Promise<void> {
    if (this.#busy) return
    this.#busy = true
    try {
      while (this.#fresh.size > 0) {
        const fresh = [...this.#fresh]
        await this.#kept.change((value) => ({ ...value, ...Object.fromEntries(fresh) }))
        for (const [file, mount] of fresh) if (this.#fresh.get(file) === mount) this.#fresh.delete(file)
      }
    } catch (error) {
      this.#logger.warn(
        { err: error },
        'Cannot keep which mount a recording is of; until the next one it is known only while the server runs',
      )
    } finally {
      this.#busy = false
    }
  }
}

/** The index in a stored value; what makes no sense is left out. */
export function readRecordedMounts(stored: unknown): RecordedMounts {
  if (typeof stored !== 'object' || stored === null) return {}
  return Object.fromEntries(Object.entries(stored).filter((entry): entry is [string, string] => typeof entry[1] === 'string'))
}
