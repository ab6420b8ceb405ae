import type { AuditEntry, LogEntry, LogLevel, SourceChange } from '../api/index.js'
import type { Clock } from '../clock.js'
import type { AuditTrail } from './audit-trail.js'
import { BEAT, type EventSink, formatEvent, GREETING, HEARTBEAT } from '../pages/event-stream.js'
import type { History } from './history.js'
import { type LogTail, matters } from './log-tail.js'

/** What a {@link Feed} tells of. */
export interface FeedSources {
  /** Where time comes from. */
  readonly clock: Clock
  /** How the server does. */
  readonly history: History
  /** What stands in the log. */
  readonly tail: LogTail
  /** Who changed what. */
  readonly audit: AuditTrail
}

/** Somebody who follows what happens. */
export interface FeedReader {
  /** Where it goes. */
  readonly sink: EventSink
  /** Whether they may read the log and the audit trail. */
  readonly isAdmin: boolean
  /** How much an entry of the log must matter. */
  readonly level: LogLevel
  /** Whether they may still read: asked every two seconds. */
  readonly stands: () => boolean
}

// Milliseconds between two looks at how the server does.
const LOOK = 2_000
// Bytes that a reader may have before it; whoever has more does not keep up.
const MAX_WAITING = 1_048_576
const MAX_READERS = 100

/** Tells those who have signed in how the server does and what happens, by server-sent events. While nobody reads, nothing is done. */
export class Feed {
  readonly #from: FeedSources
  readonly #readers = new Set<FeedReader>()
  #stop: (() => void) | undefined
  #beaten = 0
  #closed = false

  constructor(from: FeedSources) {
    this.#from = from
  }

  /** How many read. */
  get size(): number {
    return this.#readers.size
  }

  /**
   * Takes a reader, whose stream ends when it may not read any longer. Of more than a hundred the one that came first has to go.
   * @returns to be called when the reader is gone
   */
  join(reader: FeedReader): () => void {
    if (this.#closed) {
      reader.sink.end()
      return () => {}
    }
    const [first] = this.#readers
    if (first !== undefined && this.#readers.size >= MAX_READERS) this.#end(first)
    this.#readers.add(reader)
    if (this.#readers.size === 1) {
      this.#from.tail.on('entry', this.#logged)
      this.#from.audit.on('entry', this.#recorded)
      this.#beaten = this.#from.clock.now()
      this.#watch()
    }
    reader.sink.write(GREETING)
    this.#give(reader, formatEvent('overview', JSON.stringify(this.#from.history.now())))
    return () => this.#leave(reader)
  }

  /** Says that something about a source has changed. */
  changed(mount: string, change: SourceChange['change']): void {
    if (this.#readers.size === 0) return
    const event: SourceChange = { mount, change, time: new Date(this.#from.clock.now()).toISOString() }
    this.#tell('sources', event, () => true)
  }

  /** Ends all streams, and takes no more. */
  close(): void {
    this.#closed = true
    for (const reader of this.#readers) this.#end(reader)
  }

  readonly #logged = (entry: LogEntry): void => this.#tell('log', entry, ({ isAdmin, level }) => isAdmin && matters(entry.level, level))

  readonly #recorded = (entry: AuditEntry): void => this.#tell('audit', entry, ({ isAdmin }) => isAdmin)

  #watch(): void {
    this.#stop = this.#from.clock.after(LOOK, () => {
      this.#watch()
      for (const reader of this.#readers) if (!reader.stands()) this.#end(reader)
      if (this.#readers.size === 0) return
      this.#tell('overview', this.#from.history.now(), () => true)
      // Something comes every two seconds; this is for those who expect a comment.
      if (this.#from.clock.now() - this.#beaten < HEARTBEAT) return
      this.#beaten = this.#from.clock.now()
      for (const reader of this.#readers) this.#give(reader, BEAT)
    })
  }

  #tell(name: string, data: unknown, wanted: (reader: FeedReader) => boolean): void {
    let event: Buffer | undefined
    for (const reader of this.#readers) if (wanted(reader)) this.#give(reader, (event ??= formatEvent(name, JSON.stringify(data))))
  }

  #give(reader: FeedReader, event: Buffer): void {
    if (reader.sink.writableLength + event.length <= MAX_WAITING) {
      reader.sink.write(event)
      return
    }
    this.#leave(reader)
    reader.sink.destroy()
  }

  #end(reader: FeedReader): void {
    this.#leave(reader)
    reader.sink.end()
  }

  #leave(reader: FeedReader): void {
    if (!this.#readers.delete(reader) || this.#readers.size > 0) return
    this.#stop?.()
    this.#stop = undefined
    this.#from.tail.off('entry', this.#logged)
    this.#from.audit.off('entry', this.#recorded)
  }
}
