import { EventEmitter } from 'node:events'
import { type AuditEntry, auditEntry } from '../api/index.js'
import type { Clock } from '../clock.js'
import type { Logger } from '../log.js'
import type { StateFolder, StateLines } from './state-folder.js'

/** What an {@link AuditTrail} emits. */
export interface AuditEvents {
  /** Something has been changed. */
  entry: [entry: AuditEntry]
}

/** Who changed what: entries that are only ever added. The oldest go when there are some megabytes of them. */
export class AuditTrail extends EventEmitter<AuditEvents> {
  readonly #lines: StateLines
  readonly #clock: Clock
  readonly #logger: Logger
  #lastId = 0

  /** Keeps entries in `audit.jsonl` of a folder. */
  constructor(folder: StateFolder, clock: Clock, logger: Logger) {
    super()
    this.#lines = folder.lines('audit.jsonl')
    this.#clock = clock
    this.#logger = logger
  }

  /** Adds an entry. What cannot be kept is in the log: it has happened all the same. */
  async record(entry: Omit<AuditEntry, 'id' | 'time'>): Promise<void> {
    const now = this.#clock.now()
    // Numbers grow over restarts, because they begin with the time.
    this.#lastId = Math.max(this.#lastId + 1, now)
    const whole: AuditEntry = { id: this.#lastId, time: new Date(now).toISOString(), ...entry }
    try {
      await this.#lines.append(whole)
    } catch (error) {
      this.#logger.error({ err: error, entry: whole }, 'Cannot keep the audit trail')
    }
    try {
      this.emit('entry', whole)
    } catch (error) {
      this.#logger.error({ err: error }, 'Cannot tell of the audit trail')
    }
  }

  /**
   * The last entries, newest first.
   * @param limit how many at most
   * @param before only those with a smaller id
   */
  async last(limit: number, before = Number.POSITIVE_INFINITY): Promise<AuditEntry[]> {
    const entries: AuditEntry[] = []
    await this.#lines.last(limit, (line) => {
      const { success, data } = auditEntry.safeParse(line)
      if (!success || data.id >= before) return false
      entries.push(data)
      return true
    })
    return entries
  }
}
