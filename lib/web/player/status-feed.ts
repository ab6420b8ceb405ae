import type { MountFacts } from './facts.js'

/** What hears of mounts: all that everybody may know of. */
export type StatusListener = (mounts: readonly MountFacts[]) => void

/** Milliseconds between questions where the server cannot tell by itself. */
const PERIOD = 3000
/** Milliseconds before another try, at first and at most. */
const [FIRST_TRY, LAST_TRY] = [1000, 15_000]

const feeds = new Map<string, StatusFeed>()

/**
 * Hears what a server says of its mounts, at once and whenever it changes: one connection for all players of a page.
 * @param server its address, without a slash at the end
 * @returns ends it
 */
export function followStatus(server: string, listener: StatusListener): () => void {
  let feed = feeds.get(server)
  if (feed === undefined) feeds.set(server, (feed = new StatusFeed(server)))
  feed.add(listener)
  const used = feed
  return () => {
    if (used.remove(listener)) feeds.delete(server)
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
  readonly #listeners = new Set<StatusListener>()
  #events: EventSource | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #known: readonly MountFacts[] | undefined
  #wait = FIRST_TRY
  #over = false

  constructor(server: string) {
    this.#server = server
    this.#open()
  }

  add(listener: StatusListener): void {
    this.#listeners.add(listener)
    if (this.#known !== undefined) listener(this.#known)
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
    const events = new EventSource(`${this.#server}/api/v1/events`)
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
    this.#known = mounts
    for (const listener of this.#listeners) listener(mounts)
  }
}
