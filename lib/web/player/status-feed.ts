import type { MountFacts } from './facts.js'

/** What hears of a mount: what everybody may know of it, and nothing when it is not there. */
export type StatusListener = (facts: MountFacts | undefined) => void

/** Milliseconds between questions where the server cannot tell by itself. */
const PERIOD = 3000
/** Milliseconds before another try, at first and at most. */
const [FIRST_TRY, LAST_TRY] = [1000, 15_000]

const feeds = new Map<string, StatusFeed>()

/**
 * Hears what a server says of a mount, at once and whenever it changes: one connection for all players of a page that play it.
 * @param server its address, without a slash at the end
 * @returns ends it
 */
export function followStatus(server: string, mount: string, listener: StatusListener): () => void {
  const key = `${server} ${mount}`
  let feed = feeds.get(key)
  if (feed === undefined) feeds.set(key, (feed = new StatusFeed(server, mount)))
  feed.add(listener)
  const used = feed
  return () => {
    if (used.remove(listener)) feeds.delete(key)
  }
}

/** Asks a server for its mounts once; `undefined` while it cannot be reached. */
export async function askStatus(server: string, signal?: AbortSignal): Promise<readonly MountFacts[] | undefined> {
  try {
    const response = await fetch(`${server}/api/v1/status`, { cache: 'no-store', ...(signal === undefined ? {} : { signal }) })
    if (!response.ok) return undefined
    const report: { mounts: readonly MountFacts[] } = await response.json()
    return report.mounts
  } catch {
    return undefined
  }
}

class StatusFeed {
  readonly #server: string
  readonly #mount: string
  readonly #listeners = new Set<StatusListener>()
  #events: EventSource | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  // Empty until the server has said anything.
  #known: readonly [facts: MountFacts | undefined] | readonly [] = []
  #wait = FIRST_TRY
  #over = false

  constructor(server: string, mount: string) {
    this.#server = server
    this.#mount = mount
    this.#open()
  }

  add(listener: StatusListener): void {
    this.#listeners.add(listener)
    if (this.#known.length > 0) listener(this.#known[0])
  }

  // Whether nobody is left.
  remove(listener: StatusListener): boolean {
    this.#listeners.delete(listener)
    if (this.#listeners.size > 0) return false
    this.#over = true
    this.#events?.close()
    clearTimeout(this.#timer)
    return true
  }

  #open(): void {
    const events = new EventSource(`${this.#server}/api/v1/events?${new URLSearchParams({ mount: this.#mount })}`)
    this.#events = events
    events.addEventListener('status', ({ data }: MessageEvent<string>) => {
      this.#wait = FIRST_TRY
      const report: { mounts: readonly MountFacts[] } = JSON.parse(data)
      this.#tell(report.mounts)
    })
    events.addEventListener('error', () => {
      // While it connects, the browser tries again by itself.
      if (events.readyState !== EventSource.CLOSED || this.#over) return
      void this.#poll()
    })
  }

  // The server answers, but not with events: it may be restarting, or its events are switched off by what stands in front of it.
  async #poll(): Promise<void> {
    const mounts = await askStatus(this.#server)
    if (this.#over) return
    if (mounts !== undefined) this.#tell(mounts)
    this.#wait = mounts === undefined ? Math.min(LAST_TRY, this.#wait * 2) : PERIOD
    this.#timer = setTimeout(() => void this.#poll(), this.#wait)
  }

  #tell(mounts: readonly MountFacts[]): void {
    this.#known = [mounts.find(({ mount }) => mount === this.#mount)]
    for (const listener of this.#listeners) listener(this.#known[0])
  }
}
