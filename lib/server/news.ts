import type { SourceChange } from '../api/index.js'
import { Mount, type MountEvents, type Tell } from '../mount/mount.js'
import { Source } from '../mount/source.js'
import { Feed } from './feed.js'
import { History, type HistoryOwner } from './history.js'
import { Hooks, type HooksOwner } from './hooks.js'
import { IcecastNews } from './icecast-news.js'
import { Live } from './live.js'
import type { LogTail } from './log-tail.js'
import type { ReportContext } from './routes/status-report.js'
import type { State } from './state.js'
import { WEBHOOK_NEWS } from './webhook-news.js'
import { Webhooks } from './webhooks.js'

/** What is needed of the server whose news they are. */
export interface NewsOwner extends ReportContext, HistoryOwner, HooksOwner {
  /** Who changed what, and where webhooks are kept. */
  readonly state: State
  /** The last entries of the log. */
  readonly tail: LogTail
}

// What those who have signed in are told of sources.
const CHANGES: Readonly<Partial<Record<keyof MountEvents, SourceChange['change']>>> = {
  source: 'connected',
  format: 'format',
  end: 'disconnected',
  metadata: 'title',
  warning: 'warning',
  failure: 'failure',
  forget: 'forgotten',
}
// What whoever looks at a page wants to see at once.
const SOON: ReadonlySet<keyof MountEvents> = new Set(['source', 'format', 'end', 'metadata', 'forget'])

/** Those who want to know what happens, and what happened in the last hour. None of them keeps a stream waiting. */
export class News {
  /** The pages that follow what is on the air. */
  readonly live: Live
  /** Those who have signed in and follow what happens. */
  readonly feed: Feed
  /** Addresses that are told what happens. */
  readonly webhooks: Webhooks
  /** Those who follow it as they would Icecast. */
  readonly icecast: IcecastNews
  /** Programs that are run when sources come and go. */
  readonly hooks: Hooks
  /** How the server does, and did for the last hour. */
  readonly history: History
  readonly #owner: NewsOwner

  /** @throws Error with a sentence for the user when the webhooks that are kept cannot be read */
  constructor(owner: NewsOwner) {
    this.#owner = owner
    this.live = new Live(owner)
    this.icecast = new IcecastNews(owner)
    this.history = new History(owner)
    this.feed = new Feed({ clock: owner.clock, history: this.history, tail: owner.tail, audit: owner.state.audit })
    this.webhooks = new Webhooks(owner)
    this.hooks = new Hooks(owner)
  }

  /** How many follow what happens on a connection of their own. */
  get size(): number {
    return this.live.size + this.feed.size + this.icecast.size
  }

  /** Begins to look how the server does. */
  start(): void {
    this.history.start()
  }

  /** Looks no more. */
  stop(): void {
    this.history.stop()
  }

  /** Tells of something that happened to a mount. */
  readonly tell: Tell = (event, ...args) => {
    if (SOON.has(event)) this.live.poke()
    this.icecast.tell(event, ...args)
    WEBHOOK_NEWS[event]?.((...news) => this.webhooks.tell(...news), this.#owner.clock.now(), ...args)
    const change = CHANGES[event]
    if (change !== undefined) for (const mount of args) if (mount instanceof Mount) this.feed.changed(mount.name, change)
    const [one, other] = args
    if (event === 'source' && one instanceof Source && other instanceof Mount) this.hooks.connected(one, other)
    if (event === 'end' && one instanceof Source) {
      this.history.gone(one)
      if (other instanceof Mount) this.hooks.disconnected(one, other)
    }
    if (event === 'forget' && one instanceof Mount) this.history.forgotten(one)
  }

  /**
   * Ends all streams of news.
   * @returns when webhooks have said what was still to be said and hooks have ended, or have had their time
   */
  async close(): Promise<void> {
    this.stop()
    this.live.close()
    this.feed.close()
    this.icecast.close()
    await Promise.all([this.webhooks.close(), this.hooks.close()])
  }
}
