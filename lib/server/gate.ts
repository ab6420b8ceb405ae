import { FloecastError } from '../errors.js'
import type { Credentials } from '../icy/basic.js'
import type { Attempt, AttemptLimiter, Auth } from './auth.js'
import type { Role } from './context.js'
import { type Identity, owns } from './identity.js'
import type { People } from './people.js'

/** The one place where a peer is let in or not: it asks whoever knows the passwords, and keeps guessers out. */
export class Gate {
  readonly #limiter: AttemptLimiter
  readonly #people: People
  #auth: Auth
  #mark: unknown
  /** Another one for each password that the administrator has had, so that whoever signed in before has to do so again. */
  #stamp = Symbol('administrator')

  /**
   * @param auth who knows the passwords
   * @param mark another one whenever the administrator's name or password is
   * @param limiter counts wrong passwords per address
   * @param people who can sign in besides
   */
  constructor(auth: Auth, mark: unknown, limiter: AttemptLimiter, people: People) {
    this.#auth = auth
    this.#mark = mark
    this.#limiter = limiter
    this.#people = people
  }

  /** Asks somebody else from now on, as after a reload. Administrators stay signed in while the mark is the same. */
  use(auth: Auth, mark: unknown): void {
    this.#auth = auth
    if (mark === this.#mark) return
    this.#mark = mark
    this.#stamp = Symbol('administrator')
  }

  /** As `ServerContext.open`. */
  get open(): boolean {
    return this.#auth.listener === undefined
  }

  /** As `ServerContext.admit`; of several credentials, as a SHOUTcast password can be read in two ways, one must be right. */
  async admit(roles: readonly Role[], credentials: readonly Credentials[], mount: string | undefined, address: string): Promise<string> {
    if (roles.includes('listener') && this.open) return credentials[0]?.user ?? ''
    const { user, isEnough } = await this.#try(credentials, address, 'the source', async (one) => {
      for (const role of roles) if (await this.#knows(role, { ...one, mount, address })) return { user: one.user, isEnough: true }
      const identity = roles.some((role) => role !== 'listener') ? await this.#people.check(one.user, one.password) : undefined
      identity?.seen()
      return identity && { user: identity.principal.name, isEnough: roles.some((role) => suffices(identity, role, mount)) }
    })
    // The password was right, so nobody has guessed.
    if (!isEnough) throw new FloecastError('NOT_ALLOWED', { user })
    return user
  }

  /** As `ServerContext.identify`. */
  async identify(credentials: readonly Credentials[], address: string): Promise<Identity> {
    return this.#try(credentials, address, 'you', async (one) => {
      const stamp = this.#stamp
      if (await this.#auth.admin({ ...one, mount: undefined, address }))
        return {
          principal: { name: one.user, role: 'admin', mounts: [], via: 'password' },
          stands: () => this.#stamp === stamp,
          seen: () => {},
        }
      return this.#people.check(one.user, one.password)
    })
  }

  async #try<T>(
    credentials: readonly Credentials[],
    address: string,
    nobody: string,
    look: (one: Credentials) => Promise<T | undefined>,
  ): Promise<T> {
    // A request without credentials is how libshout and browsers begin: it is told to bring some, and never counted.
    if (credentials.length === 0) throw new FloecastError('AUTHENTICATION_REQUIRED')
    let found: T | undefined
    await this.#limiter.guard(address, async () => {
      for (const one of credentials) {
        found = await look(one)
        if (found !== undefined) return true
      }
      return false
    })
    if (found === undefined) throw new FloecastError('WRONG_PASSWORD', { user: credentials[0]!.user || nobody })
    return found
  }

  async #knows(role: Role, attempt: Attempt): Promise<boolean> {
    if (role === 'listener') return (await this.#auth.listener?.(attempt)) ?? true
    return role === 'admin' ? this.#auth.admin(attempt) : this.#auth.source(attempt)
  }
}

// Administrators may do everything, owners publish to what is theirs.
function suffices({ principal }: Identity, role: Role, mount: string | undefined): boolean {
  if (role === 'listener') return false
  if (principal.role === 'admin') return true
  return role === 'source' && principal.role === 'owner' && mount !== undefined && owns(principal, mount)
}
