import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import type { Clock } from '../clock.js'
import { readRange } from './address.js'
import { AddressTable, isInside } from './address-table.js'
import type { StateDocument, StateFolder } from './state-folder.js'

/** An address or a range that is not let in. */
export interface Ban {
  /** An address as `clientAddress` writes it, or a range in CIDR notation, with no bit set behind its prefix. */
  readonly address: string
  /** Why, for administrators. */
  readonly reason: string
  /** Who has banned it. */
  readonly by: string
  /** Since when, in milliseconds since 1970. */
  readonly since: number
  /** Until when, in milliseconds since 1970; `null` for ever. */
  readonly until: number | null
}

/** Who is not let in. Where nobody is banned, asking costs nothing. */
export class Bans {
  readonly #kept: StateDocument<readonly Ban[]>
  readonly #clock: Clock
  #table = new AddressTable<Ban>()

  /** @param state where the bans of an earlier run are, and those of this one go */
  constructor(state: StateFolder, clock: Clock) {
    this.#kept = state.document('bans.json', readBans)
    this.#clock = clock
    this.#arrange()
  }

  /** How many bans there are, some of which may have run out. */
  get size(): number {
    return this.#table.size
  }

  /** The bans in force, newest first. */
  get list(): Ban[] {
    const now = this.#clock.now()
    return this.#kept.value.filter((ban) => isInForce(ban, now)).toSorted((a, b) => b.since - a.since)
  }

  /** The ban that keeps an address out, if one does: an address as `clientAddress` gives it. */
  find(address: string): Ban | undefined {
    if (this.size === 0) return undefined
    const now = this.#clock.now()
    return this.#table.find(address, (ban) => isInForce(ban, now))
  }

  /** Adds a ban in place of one of the same address, and forgets those that have run out. In force once it is kept. */
  async add(ban: Ban): Promise<void> {
    const now = this.#clock.now()
    await this.#kept.change((bans) => [...bans.filter((one) => one.address !== ban.address && isInForce(one, now)), ban])
    this.#arrange()
  }

  /**
   * Lifts a ban.
   * @param address as the ban has it
   * @returns whether there was one
   */
  async remove(address: string): Promise<boolean> {
    const isThere = this.list.some((one) => one.address === address)
    if (isThere) await this.#kept.change((bans) => bans.filter((one) => one.address !== address))
    this.#arrange()
    return isThere
  }

  #arrange(): void {
    this.#table = new AddressTable(this.#kept.value.map((ban) => [ban.address, ban]))
  }
}

/**
 * An address or a range as bans have it: `192.0.2.7`, `192.0.2.0/24`, `2001:db8::/64`. A range of one address is that address; IPv4 inside
 * of IPv6 is IPv4.
 * @returns `undefined` for what is neither
 */
export function normalRange(text: string): string | undefined {
  const range = readRange(text)
  // A zone is a matter of one machine.
  if (range === undefined || text.includes('%')) return undefined
  const [address, bits] = range
  const isShort = address.kind() === 'ipv4'
  if (bits === (isShort ? 32 : 128)) return address.toString()
  const base = `${address.toString()}/${bits}`
  return `${(isShort ? ipaddr.IPv4 : ipaddr.IPv6).networkAddressFromCIDR(base).toString()}/${bits}`
}

/** Whether an address, as `clientAddress` gives it, is that of a ban, or in its range. */
export function isWithin(address: string, range: string): boolean {
  const [base, bits] = readRange(range) ?? []
  return base !== undefined && isIP(address) !== 0 && isInside(base, bits!, ipaddr.process(address))
}

/** The bans in a stored value; what makes no sense is left out. */
export function readBans(stored: unknown): readonly Ban[] {
  if (!Array.isArray(stored)) return []
  const values: unknown[] = stored
  return values.flatMap((value): Ban[] => {
    const { address, reason, by, since, until }: Partial<Record<keyof Ban, unknown>> =
      typeof value === 'object' && value !== null ? value : {}
    if (typeof address !== 'string' || normalRange(address) !== address) return []
    if (typeof since !== 'number' || (typeof until !== 'number' && until !== null)) return []
    return [{ address, reason: typeof reason === 'string' ? reason : '', by: typeof by === 'string' ? by : '', since, until }]
  })
}

const isInForce = ({ until }: Ban, now: number): boolean => until === null || until > now
