import { randomUUID } from 'node:crypto'
import type { StatusReport } from '../api/status.js'
import { FloecastError } from '../errors.js'
import { BEAT, type EventSink, formatEvent, GREETING, HEARTBEAT } from '../pages/event-stream.js'
import { type ReportContext, reportOn, visibleMounts } from './routes/status-report.js'

// Milliseconds between two looks at what has changed; between news that are told at once; and between counters that merely go on.
const LOOK = 1_000
const SOON = 200
const COUNTERS = 5_000
// Milliseconds after which a page that takes nothing is cut off.
const STUCK = 20_000
const MAX_PAGES = 10_000
// How many pages are written to before other work comes in between.
const SLICE = 250

// Stands for scheme, host and prefix while a report is written for all; nobody can guess it, and so say it in a title.
const ORIGIN = randomUUID()

interface Page {
  readonly sink: EventSink
  readonly origin: string
  readonly edition: Edition
  /** The version of its edition that it has got. */
  has: number
  /** Since when it has not taken all. */
  stuck: number | undefined
}

/**
 * The pages that follow what is on the air by server-sent events. All who follow the same, all mounts or one of them, get the same report, written once
 * a second at most, and one Buffer for all who reach the server by the same name. A page that is slow is left out until it has taken what it got, and then gets the newest: nothing piles up.
 * While no page is there, nothing is done.
 */
export class Live {
  readonly #context: ReportContext
  readonly #pages = new Set<Page>()
  // By mount; that of all mounts by the empty name.
  readonly #editions = new Map<string, Edition>()
  #stopLooking: (() => void) | undefined
  #stopBeating: (() => void) | undefined
  #soon: (() => void) | undefined
  #writing = false
  #closed = false

  constructor(context: ReportContext) {
    this.#context = context
  }

  /** How many pages are there. */
  get size(): number {
    return this.#pages.size
  }

  /**
   * Takes a page, which gets the report at once and whatever changes.
   * @param origin scheme, host and prefix by which it reaches the server
   * @param mount the one that it follows, which may not be there yet; all when left out
   * @returns to be called when the page is gone
   * @throws FloecastError TOO_MANY_PAGES, SERVER_CLOSING
   */
  join(origin: string, sink: EventSink, mount = ''): () => void {
    if (this.#closed) throw new FloecastError('SERVER_CLOSING')
    if (this.#pages.size >= MAX_PAGES) throw new FloecastError('TOO_MANY_PAGES')
    let edition = this.#editions.get(mount)
    if (edition === undefined) this.#editions.set(mount, (edition = new Edition(this.#context, mount)))
    const page: Page = { sink, origin, edition, has: 0, stuck: undefined }
    edition.pages++
    this.#pages.add(page)
    if (this.#pages.size === 1) {
      this.#watch()
      this.#beat()
    }
    edition.look()
    sink.write(GREETING)
    this.#give(page)
    return () => this.#leave(page)
  }

  /** Says that something has happened that pages should tell at once, such as a new title. */
  poke(): void {
    if (this.#pages.size === 0) return
    this.#soon ??= this.#context.clock.after(SOON, () => {
      this.#soon = undefined
      this.#look()
      this.#send()
    })
  }

  /** Ends all streams, and takes no more. */
  close(): void {
    this.#closed = true
    for (const page of this.#pages) {
      page.sink.end()
      this.#leave(page)
    }
  }

  #leave(page: Page): void {
    if (!this.#pages.delete(page)) return
    const { edition } = page
    if (--edition.pages === 0) this.#editions.delete(edition.mount)
    if (this.#pages.size > 0) return
    for (const stop of [this.#stopLooking, this.#stopBeating, this.#soon]) stop?.()
    this.#stopLooking = this.#stopBeating = this.#soon = undefined
  }

  #watch(): void {
    this.#stopLooking = this.#context.clock.after(LOOK, () => {
      this.#watch()
      this.#look()
      this.#send()
    })
  }

  #beat(): void {
    this.#stopBeating = this.#context.clock.after(HEARTBEAT, () => {
      this.#beat()
      for (const page of this.#pages) if (this.#isFree(page)) page.sink.write(BEAT)
    })
  }

  #look(): void {
    for (const edition of this.#editions.values()) edition.write()
  }

  #send(): void {
    if (this.#writing) return
    this.#writing = true
    this.#write([...this.#pages].filter(({ has, edition }) => has !== edition.version))
  }

  #write(pages: readonly Page[]): void {
    for (const page of pages.slice(0, SLICE)) if (this.#pages.has(page)) this.#give(page)
    if (pages.length > SLICE) this.#context.clock.after(0, () => this.#write(pages.slice(SLICE)))
    else this.#writing = false
  }

  // Whether a page has taken what it got; one that has not for long is cut off.
  #isFree(page: Page): boolean {
    if (page.sink.writableLength === 0) {
      page.stuck = undefined
      return true
    }
    page.stuck ??= this.#context.clock.now()
    if (this.#context.clock.now() - page.stuck >= STUCK) {
      this.#leave(page)
      page.sink.destroy()
    }
    return false
  }

  #give(page: Page): void {
    const { sink, origin, edition } = page
    // The greeting is on its way together with the first report.
    if (page.has > 0 && !this.#isFree(page)) return
    page.has = edition.version
    sink.write(edition.eventFor(origin))
  }
}

/** What all pages get that follow the same. */
class Edition {
  readonly mount: string
  pages = 0
  /** Another one for each report that says anything new. */
  version = 0
  readonly #context: ReportContext
  readonly #events = new Map<string, Buffer>()
  #report: readonly string[] = []
  // What the last report says, and what it says but for counters.
  #text = ''
  #news = ''
  #told = -Infinity
  #looked = -Infinity

  constructor(context: ReportContext, mount: string) {
    this.#context = context
    this.mount = mount
  }

  /** Writes a report where the last one is old. */
  look(): void {
    if (this.#context.clock.now() - this.#looked >= LOOK) this.write()
  }

  /** Writes another report where there is anything to tell. */
  write(): void {
    const now = this.#context.clock.now()
    this.#looked = now
    const { mounts } = this.#context
    const one = mounts.get(this.mount)
    const report = reportOn(this.#context, visibleMounts(this.mount === '' ? mounts : one === undefined ? [] : [one]), ORIGIN, now)
    const news = newsOf(report)
    if (news === this.#news && now - this.#told < COUNTERS) return
    const text = JSON.stringify(report)
    if (this.version > 0 && news === this.#news && sameCounters(text, this.#text)) return
    this.#news = news
    this.#text = text
    this.#told = now
    this.version++
    this.#report = text.split(ORIGIN)
    this.#events.clear()
  }

  /** The report for those who reach the server by a name. */
  eventFor(origin: string): Buffer {
    let event = this.#events.get(origin)
    if (event === undefined) {
      event = formatEvent('status', this.#report.join(JSON.stringify(origin).slice(1, -1)))
      this.#events.set(origin, event)
    }
    return event
  }
}

// What only goes on: nobody looks at a page to see it in the very second.
const COUNTING: ReadonlySet<string> = new Set(['uptime', 'bytesReceived', 'bytesSent', 'rate', 'bitrate'])
const newsOf = (report: StatusReport): string => JSON.stringify(report, (key, value: unknown) => (COUNTING.has(key) ? undefined : value))

// Time alone is no news.
const UPTIME = /"uptime":\d+/
const sameCounters = (a: string, b: string): boolean => a.replace(UPTIME, '') === b.replace(UPTIME, '')
