import type { StatusReport } from '../../api/status.js'

/** Milliseconds between two questions where the server has no stream of events, and before the first after an error. */
const POLL = 1_000
const RETRY = 2_000
/** Milliseconds of silence after which the page says that it has lost the server. */
const PATIENCE = 4_000

/** What hears a {@link LiveStatus}. */
export interface LiveStatusOwner {
  /** There is news, or the connection was lost or is there again. */
  changed(): void
}

/**
 * What is on the air, kept up to date: by one stream of events for the page. While nobody looks at the page, nothing is asked; a connection
 * that is lost is made again, and {@link LiveStatus.lost} says so meanwhile.
 */
export class LiveStatus {
  /** The last that is known. */
  report: StatusReport
  /** Whether the server has not been heard for some seconds. */
  lost = false
  readonly #url: string
  readonly #owner: LiveStatusOwner
  #stop: (() => void) | undefined
  #losing: ReturnType<typeof setTimeout> | undefined

  /**
   * @param prefix the path below which the server is found
   * @param report what is known to begin with
   */
  constructor(prefix: string, report: StatusReport, owner: LiveStatusOwner) {
    this.#url = `${prefix}/api/v1`
    this.report = report
    this.#owner = owner
  }

  /** Milliseconds that the server's clock is ahead of this one's, where that is more than a little. */
  get skew(): number {
    return this.#skew
  }
  #skew = 0

  /** Begins to follow, until the page goes. */
  start(): void {
    this.#measure(this.report)
    document.addEventListener('visibilitychange', this.#turn)
    // Of a page that is kept for "back", nothing may stay open.
    addEventListener('pagehide', this.#close)
    addEventListener('pageshow', this.#turn)
    this.#turn()
  }

  readonly #turn = (): void => {
    if (document.hidden) this.#close()
    else this.#stop ??= this.#poll()
  }

  readonly #close = (): void => {
    this.#stop?.()
    this.#stop = undefined
    clearTimeout(this.#losing)
    this.#losing = undefined
  }

  #poll(): () => void {
    const ended = new AbortController()
    const { signal } = ended
    const ask = async (): Promise<void> => {
      try {
        const response = await fetch(`${this.#url}/status`, { signal, cache: 'no-store' })
        if (!response.ok) throw new Error(response.statusText)
        const report: StatusReport = await response.json()
        if (signal.aborted) return
        this.#take(report)
        timer = setTimeout(() => void ask(), POLL)
      } catch {
        if (signal.aborted) return
        this.#lose()
        timer = setTimeout(() => void ask(), RETRY)
      }
    }
    let timer = setTimeout(() => void ask(), POLL)
    return () => {
      ended.abort()
      clearTimeout(timer)
    }
  }

  #take(report: StatusReport): void {
    clearTimeout(this.#losing)
    this.#losing = undefined
    this.lost = false
    this.report = report
    this.#measure(report)
    this.#owner.changed()
  }

  #lose(): void {
    this.#losing ??= setTimeout(() => {
      this.lost = true
      this.#owner.changed()
    }, PATIENCE)
  }

  // Uptime is told in whole seconds, so less than a few of them say nothing.
  #measure({ server }: StatusReport): void {
    const ahead = Date.parse(server.started) + server.uptime * 1000 - Date.now()
    this.#skew = Math.abs(ahead) > 5000 ? ahead : 0
  }
}
