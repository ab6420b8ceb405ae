import { FloecastError } from '../errors.js'
import type { Credentials } from '../icy/basic.js'
import type { Attempt, AttemptLimiter, Auth } from './auth.js'
import type { Role } from './context.js'

/** The one place where a peer is let in or not: it asks whoever knows the passwords, and keeps guessers out. */
export class Gate {
  /** Who knows the passwords; another one after a reload. */
  auth: Auth
  readonly #limiter: AttemptLimiter

  /** @param limiter counts wrong passwords per address */
  constructor(auth: Auth, limiter: AttemptLimiter) {
    this.auth = auth
    this.#limiter = limiter
  }

  /** As `ServerContext.open`. */
  get open(): boolean {
    return this.auth.listener === undefined
  }

  /** As `ServerContext.admit`; of several credentials, as a SHOUTcast password can be read in two ways, one must be right. */
  async admit(roles: readonly Role[], credentials: readonly Credentials[], mount: string | undefined, address: string): Promise<string> {
    if (roles.includes('listener') && this.open) return credentials[0]?.user ?? ''
    // A request without credentials is how libshout and browsers begin: it is told to bring some, and never counted.
    if (credentials.length === 0) throw new FloecastError('AUTHENTICATION_REQUIRED')
    let user: string | undefined
    const right = await this.#limiter.guard(address, async () => {
      for (const one of credentials) {
        for (const role of roles) {
          if (await this.#knows(role, { ...one, mount, address })) {
            user = one.user
            return true
          }
        }
      }
      return false
    })
    if (!right) throw new FloecastError('WRONG_PASSWORD', { user: credentials[0]!.user || 'the source' })
    return user ?? ''
  }

  async #knows(role: Role, attempt: Attempt): Promise<boolean> {
    if (role === 'listener') return (await this.auth.listener?.(attempt)) ?? true
    return role === 'admin' ? this.auth.admin(attempt) : this.auth.source(attempt)
  }
}
