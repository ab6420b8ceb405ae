import { createHmac, createPublicKey } from 'node:crypto'
import { type JWTPayload, jwtVerify } from 'jose'
import type { AuthenticationSettings } from '../options/index.js'
import { equal } from './password.js'

/** What a token or a link says, once it has been found right. */
export interface TokenClaims {
  /** Whose it is; empty where it does not say. */
  readonly user: string
  /** When listening ends, in milliseconds since 1970; `undefined` for never. */
  readonly until: number | undefined
}

/** Queries by which listeners prove themselves have these keys. */
const LINK_KEYS = ['expires', 'signature'] as const

const MAX_TOKEN = 8192
const REMEMBERED = 4096
const PUBLIC = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']

/**
 * Signs a link to a mount: HMAC-SHA256 of its path, a line end and the time, in base64url.
 * @param mount its path, as `/live`
 * @param expires seconds since 1970
 */
export const signLink = (secret: string, mount: string, expires: number): string =>
  createHmac('sha256', secret).update(`${mount}\n${expires}`).digest('base64url')

/**
 * Reads the signature of a link.
 * @param names the mount, and the group it belongs to: a link to either will do
 * @param now milliseconds since 1970
 * @returns `undefined` where it has none, or one that is wrong or has expired
 */
export function readLink(secret: string, names: readonly string[], query: URLSearchParams, now: number): TokenClaims | undefined {
  const [expires, signature] = LINK_KEYS.map((key) => query.get(key))
  if (expires == null || signature == null || !/^\d{1,12}$/.test(expires) || Number(expires) * 1000 <= now) return undefined
  const isRight = names.some((name) => equal(signature, signLink(secret, name, Number(expires))))
  return isRight ? { user: '', until: Number(expires) * 1000 } : undefined
}

/** Reads JSON web tokens. What was right is remembered: players send the same one several times a second. */
export class TokenReader {
  readonly #right = new Map<string, JWTPayload>()

  /**
   * Reads a token.
   * @param names the mount, and the group it belongs to, one of which the claim `mount` must name; a claim that ends in `*` stands for all that begin so
   * @param now milliseconds since 1970
   * @returns `undefined` where it is wrong, has expired, or is for another mount
   */
  async read(
    options: NonNullable<AuthenticationSettings['jwt']>,
    names: readonly string[],
    token: string,
    now: number,
  ): Promise<TokenClaims | undefined> {
    const payload = await this.#verify(options, token, now)
    if (payload === undefined) return undefined
    const { exp, nbf, sub, mount } = payload
    // One that was right before may have expired.
    if ((exp !== undefined && exp * 1000 <= now) || (nbf !== undefined && nbf * 1000 > now)) return undefined
    if (mount !== undefined && ![mount].flat().some((one) => names.some((name) => fits(one, name)))) return undefined
    return { user: sub ?? '', until: exp === undefined ? undefined : exp * 1000 }
  }

  async #verify(
    { secret, publicKey, issuer, audience }: NonNullable<AuthenticationSettings['jwt']>,
    token: string,
    now: number,
  ): Promise<JWTPayload | undefined> {
    if (token.length > MAX_TOKEN) return undefined
    const key = JSON.stringify([secret, publicKey, issuer, audience, token])
    const known = this.#right.get(key)
    if (known !== undefined) return known
    const wanted = { currentDate: new Date(now), ...(issuer !== undefined && { issuer }), ...(audience !== undefined && { audience }) }
    try {
      // Which kind of signature counts is said by the key and never by the token.
      const { payload } =
        publicKey === undefined
          ? await jwtVerify(token, Buffer.from(secret ?? failed()), { ...wanted, algorithms: ['HS256'] })
          : await jwtVerify(token, createPublicKey(publicKey), { ...wanted, algorithms: PUBLIC })
      this.#right.set(key, payload)
      for (const oldest of this.#right.keys()) {
        if (this.#right.size <= REMEMBERED) break
        this.#right.delete(oldest)
      }
      return payload
    } catch {
      return undefined
    }
  }
}

function failed(): never {
  throw new Error('there is no key to check tokens with')
}

const fits = (claim: unknown, name: string): boolean =>
  typeof claim === 'string' && (claim.endsWith('*') ? name.startsWith(claim.slice(0, -1)) : claim === name)
