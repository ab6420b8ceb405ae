import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { type Token, token } from '../api/index.js'
import type { Clock } from '../clock.js'
import { FloecastError } from '../errors.js'
import { hashSecret, type Identity, makeSecret } from './identity.js'
import type { StateDocument, StateFolder } from './state-folder.js'

const storedToken = z.object({ ...token.shape, hash: z.string().min(1) })
const storedTokens = z.object({ version: z.literal(1), tokens: z.array(storedToken) })

type StoredToken = z.infer<typeof storedToken>
type StoredTokens = z.infer<typeof storedTokens>

/** What a new token is made of. */
export type NewToken = Pick<Token, 'name' | 'role' | 'mounts' | 'expires'>

const PREFIX = 'fc_'
// Milliseconds: what is less exact than this need not be written for every request.
const USED = 5 * 60_000

/** What programs sign in with: secrets that can be told from each other and revoked. Only their hashes are kept. */
export class Tokens {
  readonly #document: StateDocument<StoredTokens>
  readonly #clock: Clock
  readonly #used = new Map<string, number>()

  /**
   * Reads `tokens.json` of a folder.
   * @throws Error as {@link StateFolder.document}
   */
  constructor(folder: StateFolder, clock: Clock) {
    this.#document = folder.document('tokens.json', (stored) =>
      stored === undefined ? { version: 1, tokens: [] } : storedTokens.parse(stored),
    )
    this.#clock = clock
  }

  /** All tokens, the newest first; those that have expired, too, until they are revoked. */
  list(): Token[] {
    return this.#document.value.tokens
      .map(({ hash: _hash, ...told }) => {
        const used = this.#used.get(told.id)
        return { ...told, lastUsed: used === undefined ? told.lastUsed : new Date(used).toISOString() }
      })
      .toReversed()
  }

  /**
   * Makes a token.
   * @returns its id, and the token itself, which nobody can find out again
   * @throws FloecastError BAD_REQUEST when it would have expired already, STATE_NOT_KEPT
   */
  async make({ name, role, mounts, expires }: NewToken): Promise<{ id: string; token: string }> {
    const now = this.#clock.now()
    if (expires !== null && Date.parse(expires) <= now) throw new FloecastError('BAD_REQUEST', { reason: 'expires: that is in the past' })
    const secret = PREFIX + makeSecret()
    const made: StoredToken = {
      id: randomBytes(6).toString('hex'),
      name,
      role,
      mounts: role === 'owner' ? mounts : [],
      created: new Date(now).toISOString(),
      lastUsed: null,
      expires,
      hash: hashSecret(secret),
    }
    await this.#document.change(({ tokens, ...rest }) => ({ ...rest, tokens: [...tokens, made] }))
    return { id: made.id, token: secret }
  }

  /**
   * Ends a token.
   * @throws FloecastError TOKEN_NOT_FOUND, STATE_NOT_KEPT
   */
  async revoke(id: string): Promise<void> {
    await this.#document.change(({ tokens, ...rest }) => {
      const left = tokens.filter((one) => one.id !== id)
      if (left.length === tokens.length) throw new FloecastError('TOKEN_NOT_FOUND', { id })
      return { ...rest, tokens: left }
    })
    this.#used.delete(id)
  }

  /** Who sends a token; `undefined` when it is none, or has ended. */
  find(secret: string): Identity | undefined {
    if (!secret.startsWith(PREFIX)) return undefined
    const hash = hashSecret(secret)
    const find = (): StoredToken | undefined => this.#document.value.tokens.find((one) => one.hash === hash && !this.#hasExpired(one))
    const found = find()
    if (found === undefined) return undefined
    const { id, name, role, mounts } = found
    return { principal: { name, role, mounts, via: 'token' }, stands: () => find() !== undefined, seen: () => this.#saw(id) }
  }

  #hasExpired({ expires }: StoredToken): boolean {
    return expires !== null && Date.parse(expires) <= this.#clock.now()
  }

  #saw(id: string): void {
    const now = this.#clock.now()
    this.#used.set(id, now)
    const written = this.#document.value.tokens.find((one) => one.id === id)?.lastUsed ?? null
    if (written !== null && now - Date.parse(written) < USED) return
    const lastUsed = new Date(now).toISOString()
    const mark = ({ tokens, ...rest }: StoredTokens): StoredTokens => ({
      ...rest,
      tokens: tokens.map((one) => (one.id === id ? { ...one, lastUsed } : one)),
    })
    // No program is kept out because this cannot be kept.
    this.#document.change(mark).catch(() => {})
  }
}
