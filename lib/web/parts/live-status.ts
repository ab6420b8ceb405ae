import type { StatusReport } from '../../api/status.js'

/** Asks for what is known now. */
export type Ask = (signal: AbortSignal) => Promise<StatusReport>

/** Milliseconds between two questions, where the server does not tell by itself. */
const POLL = 2_000
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
  /** Milliseconds that the server's clock is ahead of this one's, where that is more than a little. */
  skew = 0
  readonly #url: string
  readonly #owner: LiveStatusOwner
  readonly #mount: string | undefined
  readonly #ask: Ask | undefined
  #stop: (() => void) | undefined
  #losing: ReturnType<typeof setTimeout> | undefined

  /**
   * @param prefix the path below which the server is found
   * @param report what is known to begin with
   * @param mount the only one that the page wants to know of, if there is one
   * @param ask asks for what the stream of events does not tell; left out, that is followed
   */
  constructor(prefix: string, report: StatusReport, owner: LiveStatusOwner, mount?: string, ask?: Ask) {
    this.#url = `${prefix}/api/v1`
    this.report = report
    this.#owner = owner
    this.#mount = mount
    this.#ask = ask
  }

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
    else if (this.#stop === undefined) this.#open()
  }

  readonly #close = (): void => {
    this.#stop?.()
    this.#stop = undefined
    clearTimeout(this.#losing)
    this.#losing = undefined
  }

  #open(): void {
    if (this.#ask !== undefined) return this.#poll(this.#ask)
    const events = new EventSource(
      `${this.#url}/events${this.#mount === undefined ? '' : `?${new URLSearchParams({ mount: this.#mount })}`}`,
    )
    this.#stop = () => events.close()
    events.addEventListener('status', ({ data }: MessageEvent<string>) => {
      const report: StatusReport = JSON.parse(data)
      this.#take(report)
    })
    events.addEventListener('error', () => {
      this.#lose()
      // While it connects, the browser tries again by itself. Else there is an answer, but no stream: so the page asks, time and again.
      if (events.readyState === EventSource.CLOSED && this.#stop !== undefined) this.#poll(this.#askStatus)
    })
  }

  readonly #askStatus: Ask = async (signal) => {
    const response = await fetch(`${this.#url}/status`, { signal, cache: 'no-store' })
    if (!response.ok) throw new Error(response.statusText)
    const report: StatusReport = await response.json()
    return report
  }

  #poll(ask: Ask): void {
    const ended = new AbortController()
    const next = async (): Promise<void> => {
      try {
        const report = await ask(ended.signal)
        if (!ended.signal.aborted) this.#take(report)
      } catch {
        if (!ended.signal.aborted) this.#lose()
      }
      if (!ended.signal.aborted) timer = setTimeout(() => void next(), POLL)
    }
    let timer = setTimeout(() => void next(), POLL)
    this.#stop = () => {
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
    this.skew = Math.abs(ahead) > 5000 ? ahead : 0
  }
}
