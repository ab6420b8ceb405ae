import { randomUUID } from 'node:crypto'
import { cleanText } from '../icy/text.js'
import type { ListenerDetails } from '../mount/listener.js'
import type { Mount, MountEvents, Tell } from '../mount/mount.js'
import type { SourceDetails } from '../mount/source.js'
import { publicOrigin } from './address.js'
import { BEAT, type EventSink, HEARTBEAT } from '../pages/event-stream.js'
import type { Fields } from './routes/icecast/icestats.js'
import { liveMounts, mountStatistics, serverStatistics, type StatisticsContext, type Totals } from './routes/icecast/statistics.js'

// Milliseconds between two looks at what has changed.
const LOOK = 1_000
// Bytes that a reader may have before it; whoever has more does not keep up.
const MAX_WAITING = 4_194_304
const MAX_READERS = 100

type State = ReadonlyMap<string, Fields>

/**
 * What Icecast tells those who follow it: `EVENT` lines of statistics, and events as Icecast 2.5 has them. While nobody reads, it only counts what comes.
 */
export class IcecastNews {
  /** What has come since the server was started. */
  readonly totals: Totals = { connections: 0, requests: 0, sources: 0, listeners: 0, readers: 0 }
  readonly #context: StatisticsContext
  readonly #statistics = new Set<EventSink>()
  readonly #events = new Set<EventSink>()
  #state: State = new Map()
  #stop: (() => void) | undefined
  #beaten = 0
  #closed = false

  constructor(context: StatisticsContext) {
    this.#context = context
  }

  /** How many read statistics. */
  get readers(): number {
    return this.#statistics.size
  }

  /** How many follow, whatever they read. */
  get size(): number {
    return this.#statistics.size + this.#events.size
  }

  /**
   * Gives someone all statistics, a line `EVENT global KEY VALUE` or `EVENT MOUNT KEY VALUE` each, and those that change from then on.
   * @returns to be called when they are gone
   */
  joinStatistics(sink: EventSink): () => void {
    this.totals.readers++
    const leave = this.#join(this.#statistics, sink)
    // Whoever is there already hears what has changed for everyone.
    if (this.#statistics.has(sink)) {
      this.#look(sink)
      sink.write(linesOf(new Map(), this.#state))
    }
    return leave
  }

  /**
   * Tells someone what happens, by server-sent events.
   * @returns to be called when they are gone
   */
  joinEvents(sink: EventSink): () => void {
    // The head of the answer goes out with the first bytes.
    sink.write(BEAT)
    return this.#join(this.#events, sink)
  }

  /** Hears of something that happened to a mount. */
  readonly tell: Tell = (event, ...args) => {
    if (event === 'source') this.totals.sources++
    if (event === 'listener') this.totals.listeners++
    if (this.#events.size === 0) return
    const now = this.#context.clock.now()
    for (const crude of EVENTS[event]?.(now, ...args) ?? []) {
      const data = JSON.stringify({ type: 'event', crude })
      this.#give(this.#events, Buffer.from(`id: ${randomUUID()}\r\ndata: ${data}\r\n\r\n`))
    }
  }

  /** Ends all streams, and takes no more. */
  close(): void {
    this.#closed = true
    for (const readers of [this.#statistics, this.#events]) for (const sink of readers) this.#end(readers, sink)
  }

  #join(readers: Set<EventSink>, sink: EventSink): () => void {
    if (this.#closed) {
      sink.end()
      return () => {}
    }
    const [first] = readers
    if (first !== undefined && readers.size >= MAX_READERS) this.#end(readers, first)
    readers.add(sink)
    if (this.#stop === undefined) this.#watch()
    return () => this.#leave(readers, sink)
  }

  #watch(): void {
    this.#stop = this.#context.clock.after(LOOK, () => {
      this.#watch()
      if (this.#statistics.size > 0) this.#look()
      const now = this.#context.clock.now()
      if (now - this.#beaten < HEARTBEAT) return
      this.#beaten = now
      this.#give(this.#events, BEAT)
    })
  }

  // Tells of what has changed since the last look.
  #look(except?: EventSink): void {
    const context = this.#context
    const visit = { header: () => undefined, remoteAddress: undefined, localPort: undefined, secured: false, prefix: '' }
    const origin = publicOrigin(visit, context.settings)
    const mounts = liveMounts(context).map((mount) => [lineName(mount), mountStatistics(context, mount, origin)] as const)
    const state = new Map([['global', serverStatistics(context, this.totals, this.readers)], ...mounts])
    const lines = linesOf(this.#state, state)
    this.#state = state
    if (lines.length > 0) this.#give(this.#statistics, lines, except)
  }

  #give(readers: Set<EventSink>, bytes: Buffer, except?: EventSink): void {
    for (const sink of readers) {
      if (sink === except) continue
      if (sink.writableLength + bytes.length <= MAX_WAITING) sink.write(bytes)
      else {
        this.#leave(readers, sink)
        sink.destroy()
      }
    }
  }

  #end(readers: Set<EventSink>, sink: EventSink): void {
    this.#leave(readers, sink)
    sink.end()
  }

  #leave(readers: Set<EventSink>, sink: EventSink): void {
    if (!readers.delete(sink) || this.size > 0) return
    this.#stop?.()
    this.#stop = undefined
  }
}

// Words are parted by spaces there.
const lineName = ({ name }: Mount): string => name.replaceAll(/\s/g, encodeURIComponent)

function linesOf(before: State, after: State): Buffer {
  const lines = [...after].flatMap(([name, fields]) => {
    const known = before.get(name)
    const changed = Object.entries(fields).filter(([key, value]) => known?.[key] !== value)
    return changed.map(([key, value]) => `EVENT ${name} ${key} ${cleanText(String(value))}\n`)
  })
  const gone = [...before.keys()].filter((name) => !after.has(name)).map((name) => `EVENT ${name} null null\n`)
  return Buffer.from([...gone, ...lines].join(''))
}

/** An event in the names of Icecast 2.5. */
type Crude = Readonly<Record<string, string | number | undefined>>

const EVENTS: { readonly [K in keyof MountEvents]?: (now: number, ...args: MountEvents[K]) => readonly Crude[] } = {
  source: (now, { details }, mount) => [{ trigger: 'source-connect', ...about(mount), ...peer(details, now), 'client-role': 'source' }],
  end: (now, { details }, mount) => [{ trigger: 'source-disconnect', ...about(mount), ...peer(details, now), 'client-role': 'source' }],
  listener: (now, { details, id }, mount) => [
    { trigger: 'source-listener-attach', ...about(mount), ...peer(details, now), 'connection-id': id },
    { trigger: 'source-listeners-changed', ...about(mount) },
  ],
  departure: (now, { details, id }, mount) => [
    { trigger: 'source-listener-detach', ...about(mount), ...peer(details, now), 'connection-id': id },
    { trigger: 'source-listeners-changed', ...about(mount) },
    ...(mount.connected === 0 ? [{ trigger: 'source-listeners-is-zero', ...about(mount) }] : []),
  ],
  metadata: (_, mount) => [{ trigger: 'format-metadata-changed', ...about(mount) }],
  recorded: (_, file, _bytes, mount) => [{ trigger: 'dumpfile-closed', ...about(mount), 'dumpfile-filename': file }],
}

const about = ({ name, source, contentType }: Mount): Crude => ({
  uri: name,
  'source-media-type': source?.demuxer.detected === true ? contentType : undefined,
})

const peer = ({ address, agent, user, connected }: SourceDetails | ListenerDetails, now: number): Crude => ({
  'connection-ip': address,
  'client-username': user || undefined,
  'client-useragent': agent || undefined,
  'connection-time': Math.max(0, Math.floor((now - connected) / 1000)) || undefined,
})
