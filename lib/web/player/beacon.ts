import { beaconAddress, type BeaconFacts } from './address.js'

/** Milliseconds between two beacons. */
const PERIOD = 10_000

/** Tells the server now and then that somebody is still there, and how the playing goes. */
export class Beacon {
  readonly #timer: ReturnType<typeof setInterval>

  /** @param facts what is to be told now; `undefined` while nothing plays */
  constructor(server: string, mount: string, facts: () => BeaconFacts | undefined) {
    this.#timer = setInterval(() => {
      const now = facts()
      // Nobody waits for the answer: the next one comes soon.
      if (now !== undefined) fetch(beaconAddress(server, mount, now), { method: 'POST', keepalive: true }).catch(() => {})
    }, PERIOD)
  }

  /** Ends it. */
  stop(): void {
    clearInterval(this.#timer)
  }
}
