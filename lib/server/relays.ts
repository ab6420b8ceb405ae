import { audienceOf } from './audience.js'
import type { Viewers } from './viewers.js'
import { Master } from './master.js'
import { type Origin, Relay, type RelayContext } from './relay.js'

/** What {@link Relays} needs of the server. */
export interface RelaysContext extends RelayContext {
  /** Who watches by HLS and DASH. */
  readonly viewers: Viewers
}

// Milliseconds between two looks at whether anybody listens.
const SWEEP = 1_000

/** All mounts that are taken from other servers. */
export class Relays {
  readonly #context: RelaysContext
  readonly #relays = new Map<string, Relay>()
  readonly #master: Master
  #sweep: (() => void) | undefined

  constructor(context: RelaysContext) {
    this.#context = context
    this.#master = new Master(context, () => this.#follow())
  }

  /** Applies the settings in force. */
  configure(): void {
    this.#master.configure()
    this.#follow()
  }

  /**
   * The mount that a path asks for, as it comes, in another form or cut into segments, where that waits for somebody to listen.
   * @returns its name; `undefined` for all others
   */
  asleep(path: string): string | undefined {
    for (const relay of this.#relays.values())
      if ((path === relay.name || path.startsWith(`${relay.name}.`)) && relay.asleep) return relay.name
    return undefined
  }

  /** Begins a relay on demand, and waits until it is known what it sends; ten seconds at most. */
  async wake(name: string): Promise<void> {
    const relay = this.#relays.get(name)
    relay?.start()
    await relay?.arrival()
  }

  /** Hears that it is known what a mount sends. */
  known(name: string): void {
    this.#relays.get(name)?.settle()
  }

  /** Ends all of them. */
  close(): void {
    this.#sweep?.()
    this.#master.close()
    for (const relay of this.#relays.values()) {
      relay.stop('the server shuts down')
      relay.settle()
    }
    this.#relays.clear()
  }

  #follow(): void {
    const origins = this.#origins()
    for (const [name, relay] of this.#relays) {
      if (origins.has(name)) continue
      relay.stop('it is relayed no more')
      relay.settle()
      this.#relays.delete(name)
    }
    for (const [name, origin] of origins) {
      const relay = this.#relays.get(name) ?? new Relay(name, origin, this.#context)
      this.#relays.set(name, relay)
      relay.configure(origin)
    }
    this.#watch()
  }

  // All of the master's, but where a mount has a relay of its own.
  #origins(): ReadonlyMap<string, Origin> {
    const origins = new Map(this.#master.origins)
    for (const [name, { relay: addresses, relayUser: user, relayPassword: password, onDemand }] of Object.entries(
      this.#context.settings.mounts,
    ))
      if (addresses !== undefined && !name.endsWith('*')) origins.set(name, { addresses, user, password, onDemand })
    return origins
  }

  #watch(): void {
    if (this.#relays.size === 0) return
    this.#sweep ??= this.#context.clock.after(SWEEP, () => {
      this.#sweep = undefined
      const { mounts } = this.#context
      for (const [name, relay] of this.#relays) {
        const mount = mounts.get(name)
        relay.sweep(() => mount !== undefined && audienceOf(this.#context, mount).total > 0)
      }
      this.#watch()
    })
  }
}
