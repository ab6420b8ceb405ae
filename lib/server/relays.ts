import { audienceOf } from './audience.js'
import type { Viewers } from './viewers.js'
import { Relay, type RelayContext } from './relay.js'

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
  #sweep: (() => void) | undefined

  constructor(context: RelaysContext) {
    this.#context = context
  }

  /** Applies the settings in force. */
  configure(): void {
    const { settings, mounts } = this.#context
    for (const [name, relay] of this.#relays) {
      if (mounts.settingsOf(name).relay !== undefined) continue
      relay.stop('it is relayed no more')
      relay.settle()
      this.#relays.delete(name)
    }
    for (const [name, { relay: from }] of Object.entries(settings.mounts)) {
      if (from === undefined || name.endsWith('*')) continue
      const relay = this.#relays.get(name) ?? new Relay(name, this.#context)
      this.#relays.set(name, relay)
      relay.configure()
    }
    this.#watch()
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
    for (const relay of this.#relays.values()) {
      relay.stop('the server shuts down')
      relay.settle()
    }
    this.#relays.clear()
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
