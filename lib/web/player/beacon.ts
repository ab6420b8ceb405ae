import { beaconAddress, type BeaconFacts } from './address.js'

/** The most milliseconds between two beacons. */
const PERIOD = 10_000

/** Tells the server now and then that somebody is still there, and how the playing goes. */
export class Beacon {
  #timer: ReturnType<typeof setTimeout> | undefined
  readonly #send: () => void

  /**
   * @param facts what is to be told now; `undefined` while nothing plays
   * @param expiry milliseconds after which the server takes one who says nothing for gone
   */
  constructor(server: string, mount: string, facts: () => BeaconFacts | undefined, expiry: () => number) {
    this.#send = () => {
      const now = facts()
      // Nobody waits for the answer: the next one comes soon.
      if (now !== undefined) fetch(beaconAddress(server, mount, now), { method: 'POST', keepalive: true }).catch(() => {})
      // Twice within that time, as one may be late.
      this.#timer = setTimeout(this.#send, Math.min(PERIOD, expiry() / 2))
    }
    this.#timer = setTimeout(this.#send, Math.min(PERIOD, expiry() / 2))
  }

  /** Ends it. */
  stop(): void {
    clearTimeout(this.#timer)
  }
}
