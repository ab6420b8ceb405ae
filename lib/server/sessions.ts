import type { Clock } from '../clock.js'
import { hashSecret, type Identity, makeSecret } from './identity.js'

/** What bounds {@link Sessions}. */
export interface SessionLimits {
  /** Milliseconds after its last use at which a session ends. Default twelve hours. */
  readonly idle?: number
  /** Sessions at once; the one that was used longest ago goes first. Default 1000. */
  readonly total?: number
  /** Sessions of one person at once, likewise. Default 20. */
  readonly each?: number
}

interface Session {
  readonly identity: Identity
  used: number
}

/**
 * Those who have signed in on pages. A session is a secret that the browser keeps; here is only its hash, in memory alone, so sessions end with
 * the server. A session also ends when what it rests on does not stand any longer.
 */
export class Sessions {
  readonly #clock: Clock
  readonly #idle: number
  readonly #total: number
  readonly #each: number
  /** By hash; the one that was used longest ago comes first. */
  readonly #sessions = new Map<string, Session>()

  /** Limits that are left out have the defaults of {@link SessionLimits}. */
  constructor(clock: Clock, { idle = 12 * 3600_000, total = 1000, each = 20 }: SessionLimits = {}) {
    this.#clock = clock
    this.#idle = idle
    this.#total = total
    this.#each = each
  }

  /** How many there are. */
  get size(): number {
    return this.#sessions.size
  }

  /**
   * Begins a session.
   * @returns its secret: always a new one, so that nobody can choose it for somebody else
   */
  open({ principal, stands, seen }: Identity): string {
    this.#sweep()
    const identity: Identity = { principal: { ...principal, via: 'session' }, stands, seen }
    const own = [...this.#sessions].filter(([, one]) => one.identity.principal.name === principal.name)
    for (const [hash] of own.slice(0, Math.max(0, own.length + 1 - this.#each))) this.#sessions.delete(hash)
    for (const hash of this.#sessions.keys()) {
      if (this.#sessions.size < this.#total) break
      this.#sessions.delete(hash)
    }
    const secret = makeSecret()
    this.#sessions.set(hashSecret(secret), { identity, used: this.#clock.now() })
    return secret
  }

  /** Whose session this is; it counts as used. `undefined` when it has ended, or never was. */
  find(secret: string): Identity | undefined {
    const hash = hashSecret(secret)
    const found = this.#sessions.get(hash)
    if (found === undefined) return undefined
    this.#sessions.delete(hash)
    if (!this.#isAlive(found)) return undefined
    found.used = this.#clock.now()
    this.#sessions.set(hash, found)
    const stands = (): boolean => this.#sessions.get(hash) === found && this.#isAlive(found)
    return { ...found.identity, stands }
  }

  /** Ends a session. */
  close(secret: string): void {
    this.#sessions.delete(hashSecret(secret))
  }

  #isAlive({ identity, used }: Session): boolean {
    return this.#clock.now() - used < this.#idle && identity.stands()
  }

  #sweep(): void {
    for (const [hash, session] of this.#sessions) if (!this.#isAlive(session)) this.#sessions.delete(hash)
  }
}
