import type { Clock } from '../clock.js'
import { CONTENT_TYPES, sniff } from './audit-media.js'
import type { Report } from './audit-rules.js'

/** An answer, whole. */
export interface Reply {
  /** The HTTP status. */
  readonly status: number
  /** Its head. */
  readonly headers: Headers
  /** Without its Content-Encoding. */
  readonly body: Buffer
}

/** Gets a URL; throws when there is no answer. */
export type Fetch = (url: string, signal: AbortSignal) => Promise<Reply>

/** {@link Fetch} by HTTP, as a page of another origin. */
export const httpFetch: Fetch = async (url, signal) => {
  const response = await fetch(url, { signal, headers: { origin: 'http://audit.invalid' } })
  return { status: response.status, headers: response.headers, body: Buffer.from(await response.arrayBuffer()) }
}

/** Gets URLs for an audit: each within a time. */
export class Fetcher {
  readonly #fetch: Fetch
  readonly #clock: Clock
  readonly #signal: AbortSignal

  /**
   * @param fetcher what gets a URL
   * @param clock measures how long it takes
   * @param signal ends all requests
   */
  constructor(fetcher: Fetch, clock: Clock, signal: AbortSignal) {
    this.#fetch = fetcher
    this.#clock = clock
    this.#signal = signal
  }

  /**
   * Gets a URL.
   * @param timeout in milliseconds
   * @returns the answer and how long it took in milliseconds, or why there is none
   */
  async get(url: string, timeout: number): Promise<(Reply & { readonly took: number }) | string> {
    const began = this.#clock.now()
    const abort = new AbortController()
    const cancel = this.#clock.after(timeout, () => abort.abort(new Error(`no answer within ${(timeout / 1000).toFixed(1)} s`)))
    try {
      const reply = await this.#fetch(url, AbortSignal.any([abort.signal, this.#signal]))
      return { ...reply, took: this.#clock.now() - began }
    } catch (error) {
      const reason: unknown = abort.signal.aborted ? abort.signal.reason : error
      return reason instanceof Error ? reason.message : String(reason)
    } finally {
      cancel()
    }
  }
}

/** A year is usual; an hour is long. */
const LONG = 3600

/** Seconds that a playlist may be kept: what a blocking request gives never changes for the same URL. */
function keepable(body: Buffer, url: string): number {
  if (!new URL(url).searchParams.has('_HLS_msn')) return 0
  return 6 * Number(/^#EXT-X-TARGETDURATION:(\d+)/m.exec(body.toString())?.[1] ?? 0)
}

/** What the head of an answer must say; `kind` is what its body is. */
export function checkHeaders({ headers, body }: Reply, kind: 'playlist' | 'mpd' | 'media', url: string, report: Report): void {
  const value = (name: string): string => headers.get(name)?.trim() ?? ''
  const type = value('content-type')
  const is = kind === 'media' ? sniff(body) : kind
  if (is !== 'unknown' && !CONTENT_TYPES[is].test(type)) report('content-type', `Content-Type: ${type || '(none)'}`, is, url)
  if (value('access-control-allow-origin') === '') report('cors', 'no Access-Control-Allow-Origin', '*', url)
  const cache = value('cache-control')
  if (kind === 'media') {
    const age = Number(/\bmax-age=(\d+)/.exec(cache)?.[1] ?? 0)
    if (!/\bimmutable\b/.test(cache) || age < LONG) report('cache-control', cache || '(none)', `immutable, max-age of ${LONG} or more`, url)
    if (headers.has('content-encoding')) report('compression', `Content-Encoding: ${value('content-encoding')}`, 'none', url)
    return
  }
  const most = keepable(body, url)
  const age = Number(/\bmax-age=(\d+)/.exec(cache)?.[1] ?? Infinity)
  if (!/\bno-(?:cache|store)\b/.test(cache) && age > most)
    report('cache-control', cache || '(none)', most > 0 ? `no-cache, or max-age of ${most} or less` : 'no-cache', url)
  const exposed = value('access-control-expose-headers')
    .toLowerCase()
    .split(/\s*,\s*/)
  if (!exposed.includes('*') && !(exposed.includes('date') && exposed.includes('age')))
    report('cors', `Access-Control-Expose-Headers: ${exposed.join(', ') || '(none)'}`, 'Date and Age among them', url)
}
