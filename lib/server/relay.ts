import { ListenerClient, type StreamResponse } from '../client/listener-client.js'
import type { Clock } from '../clock.js'
import { FloecastError } from '../errors.js'
import type { Metadata } from '../icy/metadata.js'
import { streamInfo } from '../icy/stream-info.js'
import type { Logger } from '../log.js'
import type { Mounts } from '../mount/mounts.js'
import type { Source } from '../mount/source.js'
import type { MountSettings, ServerSettings } from '../options.js'
import { isPublicAddress } from './outgoing.js'
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

// Milliseconds until a stream that has ended is asked for again: the first time, and at most.
const RETRY_FIRST = 1_000
const RETRY_MOST = 60_000
// Milliseconds that a stream must have come for before its end is no failure any more.
const STEADY = 30_000
// Milliseconds without listeners after which a relay on demand ends.
const IDLE = 10_000

/** Takes a mount's stream from another server, and sends it to the mount as a source does: at once and for ever, or while somebody listens. */
export class Relay {
  /** The mount. */
  readonly name: string
  readonly #context: RelayContext
  #client: ListenerClient | undefined
  #source: Source | undefined
  #retry: (() => void) | undefined
  #failures = 0
  #began = 0
  #listened = 0
  #upstreams: readonly string[] = []
  #next = 0
  #told = ''

  constructor(name: string, context: RelayContext) {
    this.name = name
    this.#context = context
  }

  /** Whether it waits for somebody to listen. */
  get asleep(): boolean {
    return this.#settings.onDemand && this.#source === undefined
  }

  /** Begins, unless it has begun. */
  start(): void {
    this.#listened = this.#context.clock.now()
    if (this.#client === undefined && this.#retry === undefined) this.#connect()
  }

  /** Ends, until it is started again. */
  stop(reason: string): void {
    this.#retry?.()
    this.#retry = undefined
    this.#failures = 0
    this.#release(reason)
  }

  /** Applies the settings in force: another address is asked at once. */
  configure(): void {
    const { relay = [], onDemand } = this.#settings
    if (relay.join(' ') !== this.#upstreams.join(' ')) {
      this.#upstreams = relay
      this.#next = 0
      this.stop('it is relayed from elsewhere now')
    }
    if (!onDemand) this.start()
  }

  /**
   * Looks after what depends on time; to be called about once a second.
   * @param hasAudience says whether anybody listens
   */
  sweep(hasAudience: () => boolean): void {
    if (!this.#settings.onDemand || this.#client === undefined) return
    const now = this.#context.clock.now()
    if (hasAudience()) this.#listened = now
    else if (now - this.#listened >= IDLE) this.stop('nobody listens')
  }

  get #settings(): MountSettings {
    return this.#context.mounts.settingsOf(this.name)
  }

  #connect(): void {
    const { relayUser: user = 'relay', relayPassword: password } = this.#settings
    const url = new URL(this.#upstreams[this.#next % this.#upstreams.length]!)
    if (password !== undefined) {
      url.username = encodeURIComponent(user)
      url.password = encodeURIComponent(password)
    }
    const allow = (address: string): boolean => this.#context.settings.relays.allowPrivate || isPublicAddress(address)
    const client = new ListenerClient(url, { headers: { Via: this.#context.via.self }, allow })
    this.#client = client
    client.on('response', (response: StreamResponse) => this.#begin(client, response))
    client.on('metadata', (metadata: Metadata) => this.#context.mounts.get(this.name)?.setMetadata(metadata))
    client.on('data', (chunk: Buffer) => this.#source?.push(chunk, this.#context.clock.now()))
    client.on('error', (error) => this.#lost(client, error.message))
    client.on('end', () => this.#lost(client, `${url.host} has ended the stream`))
  }

  #begin(client: ListenerClient, { url, version, headers }: StreamResponse): void {
    const { mounts, clock } = this.#context
    const via = headers.get('via')
    if (this.#context.via.holds(via))
      return this.#lost(client, `${url.host} takes it from this very server; relays must not go round in a circle`)
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
      this.#told = ''
    } catch (error) {
      if (!(error instanceof FloecastError)) throw error
      this.#lost(client, error.message)
    }
  }

  #lost(client: ListenerClient, reason: string): void {
    if (this.#client !== client) return
    const { clock, logger } = this.#context
    const steady = this.#source !== undefined && clock.now() - this.#began >= STEADY
    this.#failures = steady ? 0 : this.#failures + 1
    // The same again is said once.
    if (reason !== this.#told) logger.warn({ mount: this.name }, `relay: ${reason}`)
    this.#told = reason
    this.#release(reason)
    this.#next++
    // All that there are one after the other, and then with growing patience.
    const rounds = Math.floor(Math.max(0, this.#failures - 1) / this.#upstreams.length)
    const delay = Math.min(RETRY_MOST, RETRY_FIRST * 2 ** Math.min(rounds, 16))
    this.#retry = clock.after(delay, () => {
      this.#retry = undefined
      if (!this.#settings.onDemand || clock.now() - this.#listened < IDLE) this.#connect()
    })
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
