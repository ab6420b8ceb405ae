import type { ReactiveController, ReactiveControllerHost } from 'lit'
import { api, session } from './session.js'

/** What the server sends by itself. */
export type Topic = 'overview' | 'log' | 'audit' | 'sources'

const TOPICS: readonly Topic[] = ['overview', 'log', 'audit', 'sources']

type Hear = (data: any) => void
const hearers = new Map<Topic, Set<Hear>>()
let source: EventSource | undefined
let lost = false
const watchers = new Set<() => void>()

function hear(topic: Topic, text: string): void {
  const data: unknown = JSON.parse(text)
  for (const one of hearers.get(topic) ?? []) one(data)
}

function open(): void {
  source = new EventSource(api.address('/events/admin'))
  for (const topic of TOPICS) source.addEventListener(topic, ({ data }: MessageEvent<string>) => hear(topic, data))
  source.addEventListener('open', () => mark(false))
  source.addEventListener('error', () => {
    mark(true)
    // Browsers come again by themselves after a break, but not after a refusal: then somebody may have to sign in again.
    if (source?.readyState === EventSource.CLOSED) setTimeout(again, 3000)
  })
}

async function again(): Promise<void> {
  if (source === undefined) return
  try {
    await api.call('getSession')
    open()
  } catch (error) {
    if (error instanceof Error && 'status' in error && error.status === 401) session.end()
    else setTimeout(again, 3000)
  }
}

function mark(isLost: boolean): void {
  if (isLost === lost) return
  lost = isLost
  for (const one of watchers) one()
}

/** Begins and ends with the session: one stream for all of the page. */
session.addEventListener('change', () => {
  source?.close()
  source = undefined
  lost = false
  if (session.who !== undefined) open()
})

/** Whether the server cannot be heard at the moment. */
export const isLost = (): boolean => lost

/** Lets an element hear what the server sends, as long as it is in the page, and draws it again when the server is lost or found. */
export class Live implements ReactiveController {
  readonly #host: ReactiveControllerHost
  readonly #hears: Partial<Record<Topic, Hear>>
  readonly #again = (): void => this.#host.requestUpdate()

  /** @param hears by topic, what takes what comes: anything, for it is the server's own */
  constructor(host: ReactiveControllerHost, hears: Partial<Record<Topic, Hear>> = {}) {
    this.#host = host
    this.#hears = hears
    host.addController(this)
  }

  /** Lit calls this. */
  hostConnected(): void {
    watchers.add(this.#again)
    for (const [topic, one] of this.#pairs()) hearers.set(topic, (hearers.get(topic) ?? new Set()).add(one))
  }
  /** Lit calls this. */
  hostDisconnected(): void {
    watchers.delete(this.#again)
    for (const [topic, one] of this.#pairs()) hearers.get(topic)?.delete(one)
  }

  #pairs(): [Topic, Hear][] {
    return TOPICS.flatMap((topic) => {
      const one = this.#hears[topic]
      return one === undefined ? [] : [[topic, one] as [Topic, Hear]]
    })
  }
}
