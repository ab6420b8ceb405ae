import { isIP, isIPv4 } from 'node:net'
import ipaddr from 'ipaddr.js'
import { type Address, readRange } from './address.js'

interface Range<T> {
  readonly base: Address
  readonly bits: number
  readonly value: T
}

/** Most addresses whose verdict is remembered, where there are ranges to look through. */
const MAX_VERDICTS = 16_384

/** What is known of addresses and ranges. Looking for single addresses costs the same however many there are. */
export class AddressTable<T> {
  readonly #single = new Map<string, T>()
  readonly #ranges: Range<T>[] = []
  // Players of segments ask many times a second; reading an address takes longer than anything else here.
  readonly #verdicts = new Map<string, T | undefined>()

  /** @param entries by address or range in CIDR notation; what is neither is passed over. Of equal addresses, the last one holds */
  constructor(entries: Iterable<readonly [address: string, value: T]> = []) {
    for (const [address, value] of entries) {
      // Most of a long list is plain.
      if (isIPv4(address)) {
        this.#single.set(address, value)
        continue
      }
      const [base, bits] = readRange(address) ?? []
      if (base === undefined) continue
      if (bits === (base.kind() === 'ipv4' ? 32 : 128)) this.#single.set(base.toString(), value)
      else this.#ranges.push({ base, bits: bits!, value })
    }
  }

  /** How many addresses and ranges there are. */
  get size(): number {
    return this.#single.size + this.#ranges.length
  }

  /**
   * What is known of an address, of several values the one of the address itself, or else the first.
   * @param address as `clientAddress` gives it
   * @param holds whether a value counts at present
   */
  find(address: string, holds: (value: T) => boolean = always): T | undefined {
    if (this.size === 0) return undefined
    const single = this.#single.get(address)
    if (single !== undefined && holds(single)) return single
    if (this.#ranges.length === 0) return undefined
    let value = this.#verdicts.get(address)
    if (value === undefined && !this.#verdicts.has(address)) {
      value = this.#search(address, holds)
      if (this.#verdicts.size >= MAX_VERDICTS) this.#verdicts.clear()
      this.#verdicts.set(address, value)
    }
    // Another range may hold it still when the one that was found does not count any more.
    return value !== undefined && !holds(value) ? this.#search(address, holds) : value
  }

  #search(address: string, holds: (value: T) => boolean): T | undefined {
    if (isIP(address) === 0) return undefined
    const candidate = ipaddr.process(address)
    return this.#ranges.find(({ base, bits, value }) => isInside(base, bits, candidate) && holds(value))?.value
  }
}

const always = (): boolean => true

/** Whether an address is in a range. */
export const isInside = (base: Address, bits: number, candidate: Address): boolean =>
  base.kind() === candidate.kind() && candidate.match(base, bits)
