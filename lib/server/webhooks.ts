import { createHmac, randomBytes, randomUUID } from 'node:crypto'
import { isIP } from 'node:net'
import { type StoredWebhook, storedWebhooks, type Webhook, type WebhookEvent } from '../api/webhooks.js'
import type { Lookup } from '../client/guarded-lookup.js'
import type { Clock } from '../clock.js'
import { FloecastError } from '../errors.js'
import type { Logger } from '../log.js'
import type { ServerSettings } from '../options/index.js'
import { VERSION } from '../version.js'
import { hostOf, isPublicAddress, PrivateAddress, send } from './outgoing.js'
import type { State } from './state.js'
import type { StateDocument } from './state-folder.js'

/** What is needed of the server whose webhooks they are. */
export interface WebhooksOwner {
  /** The settings in force. */
  readonly settings: ServerSettings
  /** Where time comes from. */
  readonly clock: Clock
  /** Where it is written what could not be sent. */
  readonly logger: Logger
  /** Where the webhooks are kept. */
  readonly state: Pick<State, 'folder'>
}

/** How a try went. */
export type Outcome = Pick<NonNullable<Webhook['last']>, 'status' | 'error'>

// Milliseconds that an answer may take, and between one try and the next.
const DEADLINE = 5_000
const PAUSES = [1_000, 5_000, 25_000]
// Milliseconds for what is still to be said when the server closes.
const FAREWELL = 2_000
const MAX_HOOKS = 20
const MAX_WAITING = 200

interface News {
  readonly id: string
  readonly event: string
  readonly body: Buffer
}

interface Hook {
  readonly stored: StoredWebhook
  readonly waiting: News[]
  /** What is being sent: the next in the queue, and tests. */
  readonly tries: Set<AbortController>
  /** Ends the pause before the next try, if there is one. */
  wake: (() => void) | undefined
  gone: boolean
  running: Promise<void> | undefined
  dropped: number
  last: Webhook['last']
}

/**
 * Tells other servers what happens, by POST. Each webhook has a queue of its own, which is bounded, and sends one thing after the
 * other; nobody who streams waits for it. What fails is tried three times more, and then given up.
 */
export class Webhooks {
  readonly #owner: WebhooksOwner
  readonly #lookup: Lookup | undefined
  readonly #kept: StateDocument<readonly StoredWebhook[]>
  readonly #hooks = new Map<string, Hook>()
  #closing = false

  /**
   * @param lookup finds addresses; only tests need another than the machine's
   * @throws Error with a sentence for the user when what is kept cannot be read
   */
  constructor(owner: WebhooksOwner, lookup?: Lookup) {
    this.#owner = owner
    this.#lookup = lookup
    this.#kept = owner.state.folder.document('webhooks.json', (stored) => (stored === undefined ? [] : storedWebhooks.parse(stored)))
    for (const stored of this.#kept.value) this.#open(stored)
  }

  /** All webhooks, the oldest first. */
  list(): Webhook[] {
    return [...this.#hooks.values()].map(shown)
  }

  /**
   * Adds a webhook.
   * @returns it, and the secret where one was made
   * @throws FloecastError WEBHOOK_REFUSED, TOO_MANY_WEBHOOKS, STATE_NOT_KEPT
   */
  async add(url: string, events: readonly WebhookEvent[], secret?: string): Promise<Webhook & { secret: string | null }> {
    const to = new URL(url)
    const host = hostOf(to)
    if (!this.#owner.settings.webhooks.allowPrivate && isIP(host) !== 0 && !isPublicAddress(host))
      throw new FloecastError('WEBHOOK_REFUSED', { reason: new PrivateAddress(host).message })
    const stored: StoredWebhook = {
      id: randomBytes(8).toString('hex'),
      url: to.href,
      events: [...new Set(events)],
      created: new Date(this.#owner.clock.now()).toISOString(),
      secret: secret ?? randomBytes(32).toString('base64url'),
    }
    await this.#kept.change((all) => {
      if (all.length >= MAX_HOOKS) throw new FloecastError('TOO_MANY_WEBHOOKS', { limit: MAX_HOOKS })
      return [...all, stored]
    })
    return { ...shown(this.#open(stored)), secret: secret === undefined ? stored.secret : null }
  }

  /**
   * Removes a webhook; what waits is not sent any more.
   * @throws FloecastError WEBHOOK_NOT_FOUND, STATE_NOT_KEPT
   */
  async remove(id: string): Promise<void> {
    const hook = this.#find(id)
    await this.#kept.change((all) => all.filter((one) => one.id !== id))
    this.#hooks.delete(id)
    cut(hook)
  }

  /**
   * Sends an event called `test`, once, past all that waits.
   * @throws FloecastError WEBHOOK_NOT_FOUND
   */
  async test(id: string): Promise<Outcome & { milliseconds: number }> {
    const hook = this.#find(id)
    const began = performance.now()
    const { status, error } = await this.#try(hook, this.#news('test', null, {}))
    return { status, error, milliseconds: Math.round(performance.now() - began) }
  }

  /** Says that something has happened, to those webhooks that want to know. */
  tell(event: WebhookEvent, mount: string, data: object): void {
    let news: News | undefined
    for (const hook of this.#hooks.values()) {
      if (!hook.stored.events.includes(event)) continue
      if (hook.waiting.length >= MAX_WAITING) {
        if (hook.dropped++ === 0) this.#complain(hook, event, `more than ${MAX_WAITING} wait; what comes while that is so is given up`)
        continue
      }
      hook.waiting.push((news ??= this.#news(event, mount, data)))
      hook.running ??= this.#run(hook)
    }
  }

  /** Sends what waits, once, for two seconds at most, and is silent from then on. */
  async close(): Promise<void> {
    // Nobody waits any longer before the next try, which is the last.
    this.#closing = true
    const hooks = [...this.#hooks.values()]
    const stop = this.#owner.clock.after(FAREWELL, () => hooks.forEach(cut))
    for (const { wake } of hooks) wake?.()
    await Promise.all(hooks.map(async ({ running }) => running))
    stop()
    this.#hooks.clear()
  }

  #open(stored: StoredWebhook): Hook {
    const hook: Hook = { stored, waiting: [], tries: new Set(), wake: undefined, gone: false, running: undefined, dropped: 0, last: null }
    this.#hooks.set(stored.id, hook)
    return hook
  }

  #find(id: string): Hook {
    const hook = this.#hooks.get(id)
    if (hook === undefined) throw new FloecastError('WEBHOOK_NOT_FOUND', { id })
    return hook
  }

  #news(event: string, mount: string | null, data: object): News {
    const id = randomUUID()
    const time = new Date(this.#owner.clock.now()).toISOString()
    return { id, event, body: Buffer.from(JSON.stringify({ id, event, time, mount, data })) }
  }

  // One thing after the other: whoever is told hears of all in the order in which it happened.
  async #run(hook: Hook): Promise<void> {
    // Whoever tells stands in the middle of a stream.
    await this.#pause(0, hook)
    while (hook.waiting.length > 0 && !hook.gone) {
      await this.#deliver(hook, hook.waiting[0]!)
      hook.waiting.shift()
    }
    hook.running = undefined
  }

  async #deliver(hook: Hook, news: News): Promise<void> {
    for (let tries = 0; ; tries++) {
      const { error, status } = await this.#try(hook, news)
      if (error === null || hook.gone) return
      const pause = this.#closing || isFinal(status) ? undefined : PAUSES[tries]
      if (pause === undefined) {
        hook.dropped++
        this.#complain(hook, news.event, error)
        return
      }
      await this.#pause(pause, hook)
      if (hook.gone) return
    }
  }

  async #try(hook: Hook, { id, event, body }: News): Promise<Outcome> {
    const { clock, settings } = this.#owner
    const attempt = new AbortController()
    let late = false
    const stop = clock.after(DEADLINE, () => {
      late = true
      attempt.abort()
    })
    hook.tries.add(attempt)
    const timestamp = String(Math.floor(clock.now() / 1000))
    const signature = createHmac('sha256', hook.stored.secret).update(`${timestamp}.`).update(body).digest('hex')
    let outcome: Outcome
    try {
      const { status } = await send(
        {
          url: new URL(hook.stored.url),
          headers: {
            'User-Agent': `floecast/${VERSION}`,
            'X-Floecast-Event': event,
            'X-Floecast-Delivery': id,
            'X-Floecast-Timestamp': timestamp,
            'X-Floecast-Signature': `sha256=${signature}`,
          },
          body,
          allowPrivate: settings.webhooks.allowPrivate,
          signal: attempt.signal,
        },
        this.#lookup,
      )
      outcome = { status, error: status >= 200 && status < 300 ? null : reasonOfStatus(status) }
    } catch (error) {
      outcome = { status: null, error: late ? `no answer within ${DEADLINE / 1000} s` : reasonOf(error) }
    } finally {
      stop()
      hook.tries.delete(attempt)
    }
    hook.last = { time: new Date(clock.now()).toISOString(), event, ...outcome }
    return outcome
  }

  #pause(milliseconds: number, hook: Hook): Promise<void> {
    return new Promise((resolve) => {
      const stop = this.#owner.clock.after(milliseconds, () => hook.wake?.())
      hook.wake = () => {
        hook.wake = undefined
        stop()
        resolve()
      }
      if (this.#closing) hook.wake()
    })
  }

  // Of the address only the host: the rest may be as good as a password.
  #complain({ stored }: Hook, event: string, reason: string): void {
    this.#owner.logger.warn({ webhook: stored.id, host: new URL(stored.url).host, event }, `a webhook has failed: ${reason}`)
  }
}

// Nothing is sent any more.
function cut(hook: Hook): void {
  hook.gone = true
  for (const attempt of hook.tries) attempt.abort()
  hook.wake?.()
}

const shown = ({ stored: { id, url, events, created }, waiting, dropped, last }: Hook): Webhook => ({
  id,
  url,
  events,
  created,
  waiting: waiting.length,
  dropped,
  last,
})

// What would be the same the next time: whoever answers so has understood, and does not want it.
const isFinal = (status: number | null): boolean => status !== null && status < 500 && status !== 408 && status !== 425 && status !== 429

const reasonOfStatus = (status: number): string =>
  status >= 300 && status < 400 ? `it answers ${status}, which leads elsewhere; give the last address itself` : `it answers ${status}`

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'it closed the connection',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'the name cannot be looked up now',
  EHOSTUNREACH: 'it cannot be reached',
  ENETUNREACH: 'it cannot be reached',
  ETIMEDOUT: 'it does not answer',
}

function reasonOf(error: unknown): string {
  if (error instanceof PrivateAddress) return error.message
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
  return REASONS[code ?? ''] ?? code ?? String(error)
}
