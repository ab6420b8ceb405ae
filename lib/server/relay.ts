import { Backoff, reconnectOptions } from '../client/backoff.js'
import { ListenerClient, type StreamResponse } from '../client/listener-client.js'
import type { Clock } from '../clock.js'
import { FloecastError } from '../errors.js'
import type { Metadata } from '../icy/metadata.js'
import { streamInfo } from '../icy/stream-info.js'
import type { Logger } from '../log.js'
import type { Mounts } from '../mount/mounts.js'
import type { Source } from '../mount/source.js'
import type { ServerSettings } from '../options/index.js'
import { Complaint } from './complaint.js'
import { addressGuard } from './outgoing.js'
import type { Via } from './via.js'

/** What a {@link Relay} needs of the server. */
export interface RelayContext {
  /** The settings in force. */
  readonly settings: ServerSettings
  /** Where it sends to, as any source does. */
  readonly mounts: Mounts
  /** Where it says what goes wrong. */
  readonly logger: Logger
  /** Where time comes from. */
  readonly clock: Clock
  /** Names the server to others. */
  readonly via: Via
}

/** Where a {@link Relay} takes its stream from. */
export interface Origin {
  /** The addresses, one or more; the next is tried when one fails. */
  readonly addresses: readonly string[]
  /** The name to sign in with, where a password is given. */
  readonly user: string | undefined
  /** The password to sign in with. */
  readonly password: string | undefined
  /** Whether it is asked only while somebody listens here. */
  readonly onDemand: boolean
}

// When a stream that has ended is asked for again, in milliseconds.
const RETRY = reconnectOptions({ delay: 1_000, maxDelay: 60_000 })
// Milliseconds without listeners after which a relay on demand ends.
const IDLE = 10_000
// Milliseconds that who comes first waits for a relay on demand.
const PATIENCE = 10_000

/** Takes a mount's stream from another server, and sends it to the mount as a source does: at once and for ever, or while somebody listens. */
export class Relay {
  /** The mount. */
  readonly name: string
  readonly #context: RelayContext
  #origin: Origin
  #client: ListenerClient | undefined
  #source: Source | undefined
  #retry: (() => void) | undefined
  readonly #waiting = new Set<() => void>()
  #backoff = new Backoff(RETRY)
  #began = 0
  #longest = 0
  #listened = 0
  #next = 0
  readonly #complaint: Complaint

  /** It begins with {@link Relay.configure} or {@link Relay.start}. */
  constructor(name: string, origin: Origin, context: RelayContext) {
    this.name = name
    this.#origin = origin
    this.#context = context
    this.#complaint = new Complaint((sentence) => context.logger.warn({ mount: name }, `relay: ${sentence}`))
  }

  /** Whether it waits for somebody to listen. */
  get asleep(): boolean {
    return this.#origin.onDemand && this.#context.mounts.get(this.name)?.source === undefined
  }

  /** Begins, unless it has begun. */
  start(): void {
    this.#listened = this.#context.clock.now()
    if (this.#client === undefined && this.#retry === undefined) this.#connect()
  }

  /** Waits until it is known what it sends; ten seconds at most. */
  arrival(): Promise<void> {
    const { mounts, clock } = this.#context
    if (mounts.get(this.name)?.ready === true) return Promise.resolve()
    return new Promise((resolve) => {
      const done = (): void => {
        cancel()
        this.#waiting.delete(done)
        resolve()
      }
      const cancel = clock.after(PATIENCE, done)
      this.#waiting.add(done)
    })
  }

  /** Hears that it is known what the mount sends, or that nothing will come: nobody waits any longer. */
  settle(): void {
    for (const done of this.#waiting) done()
  }

  /** Ends, until it is started again. */
  stop(reason: string): void {
    this.#retry?.()
    this.#retry = undefined
    this.#backoff = new Backoff(RETRY)
    this.#release(reason)
  }

  /** Takes the stream from where it is now said to be; another address is asked at once. */
  configure(origin: Origin): void {
    const former = this.#origin
    this.#origin = origin
    if (origin.addresses.join(' ') !== former.addresses.join(' ')) {
      this.#next = 0
      this.stop('it is relayed from elsewhere now')
    }
    if (!origin.onDemand) this.start()
  }

  /**
   * Looks after what depends on time; to be called about once a second.
   * @param hasAudience says whether anybody listens
   */
  sweep(hasAudience: () => boolean): void {
    if (!this.#origin.onDemand || this.#client === undefined) return
    const now = this.#context.clock.now()
    if (hasAudience()) this.#listened = now
    else if (now - this.#listened >= IDLE) this.stop('nobody listens')
  }

  #connect(): void {
    const { addresses, user = 'relay', password } = this.#origin
    const url = new URL(addresses[this.#next % addresses.length]!)
    if (password !== undefined) {
      url.username = encodeURIComponent(user)
      url.password = encodeURIComponent(password)
    }
    const allow = addressGuard(this.#context.settings.relays.allowPrivate)
    const client = new ListenerClient(url, { headers: { Via: this.#context.via.self }, allow })
    this.#client = client
    client.on('response', (response: StreamResponse) => this.#begin(client, response))
    client.on('metadata', (metadata: Metadata) => this.#context.mounts.get(this.name)?.setMetadata(metadata))
    client.on('data', (chunk: Buffer) => this.#source?.push(chunk, this.#context.clock.now()))
    client.on('error', (error) => this.#lost(client, error))
    client.on('end', () => this.#lost(client, new Error(`${url.host} has ended the stream`)))
  }

  #begin(client: ListenerClient, { url, version, headers }: StreamResponse): void {
    const { mounts, clock } = this.#context
    const via = headers.get('via')
    if (this.#context.via.holds(via))
      return this.#lost(client, new Error(`${url.host} takes it from this very server; relays must not go round in a circle`))
    try {
      this.#source = mounts.publish(this.name, streamInfo(headers), {
        request: { method: 'relay', target: url.pathname, version },
        address: url.hostname,
        agent: headers.get('server') ?? '',
        user: 'relay',
        contentType: headers.get('content-type'),
        connected: clock.now(),
        via,
        disconnect: () => this.stop('it has been ended here'),
      })
      this.#began = clock.now()
      this.#complaint.settle()
    } catch (error) {
      if (!(error instanceof FloecastError)) throw error
      this.#lost(client, error)
    }
  }

  #lost(client: ListenerClient, error: Error): void {
    if (this.#client !== client) return
    const { clock } = this.#context
    if (this.#source !== undefined) this.#longest = Math.max(this.#longest, clock.now() - this.#began)
    this.#complaint.say(error.message)
    this.#release(error.message)
    this.#retry = clock.after(this.#patience(error), () => {
      this.#retry = undefined
      if (!this.#origin.onDemand || clock.now() - this.#listened < IDLE) this.#connect()
    })
  }

  // All that there are one after the other, and then with growing patience, but never for good.
  #patience(error: Error): number {
    if (++this.#next % this.#origin.addresses.length > 0) return RETRY.delay
    const delay = this.#backoff.next(error, this.#longest) ?? RETRY.maxDelay
    this.#longest = 0
    return delay
  }

  #release(reason: string): void {
    const client = this.#client
    this.#client = undefined
    client?.destroy()
    const source = this.#source
    this.#source = undefined
    source?.end(reason)
  }
}
