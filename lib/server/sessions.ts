import { createHmac } from 'node:crypto'
import { z } from 'zod'
import type { Clock } from '../clock.js'
import { hashSecret, type Identity, makeSecret } from './identity.js'
import type { StateDocument, StateFolder } from './state-folder.js'

/** What bounds {@link Sessions}. */
export interface SessionLimits {
  /** Milliseconds after its last use at which a session ends. Default twelve hours. */
  readonly idle?: number
  /** Sessions at once; the one that was used longest ago goes first. Default 1000. */
  readonly total?: number
  /** Sessions of one person at once, likewise. Default 20. */
  readonly each?: number
}

const storedSession = z.object({
  hash: z.string().length(43).describe('By which it is found'),
  proof: z.string().length(43).describe('Shows, to who has the secret alone, what the session rests on'),
  name: z.string().describe('Whose it is'),
  used: z.number().describe('When it was used last, in milliseconds since 1970, to a few minutes'),
})
const storedSessions = z.object({ version: z.literal(1), sessions: z.array(storedSession) })

interface Session {
  readonly name: string
  /** Undefined when it ends with the server. */
  readonly proof: string | undefined
  used: number
  /** What `used` was when it was written. */
  written: number
  /** Unknown after a restart, until somebody comes with the secret. */
  identity: Identity | undefined
}

// Milliseconds: what is less exact than this need not be written for every request.
const USED = 5 * 60_000

/**
 * Those who have signed in on pages. A session is a secret that the browser keeps; here, and in the state folder, is only its hash. It ends when what it
 * rests on does not stand any longer, even if that has changed while the server was away.
 */
export class Sessions {
  readonly #clock: Clock
  readonly #document: StateDocument<z.infer<typeof storedSessions>>
  readonly #named: (name: string) => readonly Identity[]
  readonly #idle: number
  readonly #total: number
  readonly #each: number
  /** By hash; the one that was used longest ago comes first. */
  readonly #sessions = new Map<string, Session>()

  /**
   * Reads `sessions.json` of a folder. Limits that are left out have the defaults of {@link SessionLimits}.
   * @param named who may be meant by a name, as they are now
   * @throws Error as {@link StateFolder.document}
   */
  constructor(
    clock: Clock,
    folder: StateFolder,
    named: (name: string) => readonly Identity[],
    { idle = 12 * 3600_000, total = 1000, each = 20 }: SessionLimits = {},
  ) {
    this.#clock = clock
    this.#document = folder.document('sessions.json', (stored) =>
      stored === undefined ? { version: 1, sessions: [] } : storedSessions.parse(stored),
    )
    this.#named = named
    this.#idle = idle
    this.#total = total
    this.#each = each
    for (const { hash, used, ...rest } of this.#document.value.sessions.slice(-total)) {
      // A clock that was wrong then must not make it last.
      const at = Math.min(used, clock.now())
      this.#sessions.set(hash, { ...rest, used: at, written: at, identity: undefined })
    }
    this.#sweep()
  }

  /** How many there are. */
  get size(): number {
    return this.#sessions.size
  }

  /**
   * Begins a session.
   * @returns its secret: always a new one, so that nobody can choose it for somebody else
   */
  open(identity: Identity): string {
    const { name } = identity.principal
    const now = this.#clock.now()
    this.#sweep()
    const own = [...this.#sessions].filter(([, one]) => one.name === name)
    for (const [hash] of own.slice(0, Math.max(0, own.length + 1 - this.#each))) this.#sessions.delete(hash)
    for (const hash of this.#sessions.keys()) {
      if (this.#sessions.size < this.#total) break
      this.#sessions.delete(hash)
    }
    const secret = makeSecret()
    const session = { name, proof: proofOf(secret, identity), used: now, written: now, identity: inSession(identity) }
    this.#sessions.set(hashSecret(secret), session)
    this.#keep()
    return secret
  }

  /** Whose session this is; it counts as used. `undefined` when it has ended, or never was. */
  find(secret: string): Identity | undefined {
    const hash = hashSecret(secret)
    const found = this.#sessions.get(hash)
    if (found === undefined) return undefined
    found.identity ??= this.#recognize(secret, found)
    const { identity } = found
    if (identity === undefined || !this.#isAlive(found)) {
      this.#end(hash)
      return undefined
    }
    found.used = this.#clock.now()
    this.#sessions.delete(hash)
    this.#sessions.set(hash, found)
    if (found.used - found.written >= USED) {
      found.written = found.used
      this.#keep()
    }
    const stands = (): boolean => this.#sessions.get(hash) === found && this.#isAlive(found)
    return { ...identity, stands }
  }

  /** Ends a session. */
  close(secret: string): void {
    this.#end(hashSecret(secret))
  }

  #end(hash: string): void {
    if (this.#sessions.delete(hash)) this.#keep()
  }

  // The name alone says little: somebody else may have it by now, or the same one another password.
  #recognize(secret: string, { name, proof }: Session): Identity | undefined {
    const identity = this.#named(name).find((one) => proof !== undefined && proofOf(secret, one) === proof)
    return identity && inSession(identity)
  }

  #isAlive({ identity, used }: Session): boolean {
    return this.#clock.now() - used < this.#idle && identity?.stands() !== false
  }

  #sweep(): void {
    for (const [hash, session] of this.#sessions) if (!this.#isAlive(session)) this.#sessions.delete(hash)
  }

  // Nobody is kept out because this cannot be kept.
  #keep(): void {
    const sessions = (): z.infer<typeof storedSession>[] =>
      [...this.#sessions].flatMap(([hash, { proof, name, used }]) => (proof === undefined ? [] : [{ hash, proof, name, used }]))
    this.#document.change((before) => ({ ...before, sessions: sessions() })).catch(() => {})
  }
}

const inSession = ({ principal, ...rest }: Identity): Identity => ({ ...rest, principal: { ...principal, via: 'session' } })

/** Only who has the secret can tell by it what the session rests on, so it tells nobody the password that may be part of that. */
const proofOf = (secret: string, { principal: { name }, version }: Identity): string | undefined =>
  version === undefined
    ? undefined
    : createHmac('sha256', secret)
        .update(JSON.stringify([name, version]))
        .digest('base64url')
