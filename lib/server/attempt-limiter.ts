import { setTimeout as sleep } from 'node:timers/promises'
import { isIPv4 } from 'node:net'
import { RateLimiterMemory } from 'rate-limiter-flexible'
import { FloecastError } from '../errors.js'
import { fingerprint } from './password.js'

/** When an {@link AttemptLimiter} slows an address down and when it refuses it. */
export interface AttemptLimits {
  /** Wrong passwords within `slowWindow` that are answered at once. Default 5. */
  readonly slowAfter?: number
  /** Milliseconds. Default a minute. */
  readonly slowWindow?: number
  /** Milliseconds that each wrong password above `slowAfter` adds to the delay. Default 500. */
  readonly delay?: number
  /** Milliseconds that a delay never exceeds. Default 5000. */
  readonly maxDelay?: number
  /** Wrong passwords within `refuseWindow` after which an address is refused until the window ends. Default 30. */
  readonly refuseAfter?: number
  /** Milliseconds. Default ten minutes. */
  readonly refuseWindow?: number
  /** Addresses that are remembered; the one that failed longest ago is forgotten first. Default 10,000. */
  readonly addresses?: number
}

// A name is as long as whoever sends it likes.
const keyOf = (address: string, name: string): string => (name === '' ? networkOf(address) : `${networkOf(address)} ${fingerprint(name)}`)

/** IPv6 hosts own at least a /64, so that is what counts as one address there. */
function networkOf(address: string): string {
  const bare = address.replace(/%.*$/, '').toLowerCase()
  const mapped = bare.replace(/^::ffff:/, '')
  if (isIPv4(mapped)) return mapped
  if (!bare.includes(':')) return bare
  const [head = '', tail] = bare.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const gap = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length)
  const groups = [...left, ...Array<string>(gap).fill('0'), ...right]
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')
}

/**
 * Counts wrong passwords per address (IPv6: per /64): after a few, answers are delayed; after many, the address is refused
 * with `TOO_MANY_ATTEMPTS` for a while. A right password clears the count. Requests without credentials are none of its
 * business: encoders send one before each login.
 */
export class AttemptLimiter {
  readonly #slow: RateLimiterMemory
  readonly #refuse: RateLimiterMemory
  readonly #delay: number
  readonly #maxDelay: number
  readonly #addresses: number
  readonly #keys = new Set<string>()

  /** Limits that are left out have the defaults of {@link AttemptLimits}. */
  constructor(limits: AttemptLimits = {}) {
    const { slowAfter = 5, slowWindow = 60_000, delay = 500, maxDelay = 5000 } = limits
    const { refuseAfter = 30, refuseWindow = 600_000, addresses = 10_000 } = limits
    this.#slow = new RateLimiterMemory({ points: slowAfter, duration: slowWindow / 1000 })
    this.#refuse = new RateLimiterMemory({ points: refuseAfter, duration: refuseWindow / 1000 })
    this.#delay = delay
    this.#maxDelay = maxDelay
    this.#addresses = addresses
  }

  /** How many addresses are remembered. */
  get size(): number {
    return this.#keys.size
  }

  /**
   * Runs a check of credentials under the limits: counts it when wrong, then answers after the delay that is due.
   * @param address of the peer
   * @param verify says whether the credentials are right
   * @param name for which wrong passwords are counted apart, where many share an address
   * @throws {@link FloecastError} TOO_MANY_ATTEMPTS when the address is refused, even if the password is right
   */
  async guard(address: string, verify: () => boolean | Promise<boolean>, name = ''): Promise<boolean> {
    await this.check(address, name)
    const right = await verify()
    // Checks that were under way together must not tell more than checks one after another.
    await this.check(address, name)
    if (right) await this.succeeded(address, name)
    else {
      await this.failed(address, name)
      const delay = await this.delay(address, name)
      if (delay > 0) await sleep(delay)
    }
    return right
  }

  /** Throws TOO_MANY_ATTEMPTS, with the seconds to wait, when the address is refused. */
  async check(address: string, name = ''): Promise<void> {
    const state = await this.#refuse.get(keyOf(address, name))
    if (state === null || state.consumedPoints < this.#refuse.points || state.msBeforeNext <= 0) return
    throw new FloecastError('TOO_MANY_ATTEMPTS', { seconds: Math.ceil(state.msBeforeNext / 1000) })
  }

  /** Milliseconds by which the next answer to this address is to be delayed; 0 for almost everyone. */
  async delay(address: string, name = ''): Promise<number> {
    const state = await this.#slow.get(keyOf(address, name))
    if (state === null || state.msBeforeNext <= 0) return 0
    return Math.min(this.#maxDelay, Math.max(0, state.consumedPoints - this.#slow.points) * this.#delay)
  }

  /** Counts a wrong password. */
  async failed(address: string, name = ''): Promise<void> {
    const key = keyOf(address, name)
    this.#keys.delete(key)
    this.#keys.add(key)
    await Promise.all([this.#slow.penalty(key), this.#refuse.penalty(key)])
    for (const oldest of this.#keys) {
      if (this.#keys.size <= this.#addresses) break
      await this.#forget(oldest)
    }
  }

  /** Clears the count after a right password. */
  async succeeded(address: string, name = ''): Promise<void> {
    await this.#forget(keyOf(address, name))
  }

  async #forget(key: string): Promise<void> {
    if (this.#keys.delete(key)) await Promise.all([this.#slow.delete(key), this.#refuse.delete(key)])
  }
}
