import { FloecastError } from '../errors.js'
import type { Credentials } from '../icy/basic.js'
import { type Attempt, AttemptLimiter, type Auth } from './auth.js'
import type { Role } from './context.js'
import { type Identity, owns } from './identity.js'
import type { ListenerAttempt, ListenerTicket } from './listener-attempt.js'
import type { MountAuth } from './mount-auth.js'
import type { People } from './people.js'

/** Wrong passwords of listeners at one address, under whatever names, within ten minutes. */
const CROWD = 300

/** The one place where a peer is let in or not: it asks whoever knows the passwords, and keeps guessers out. */
export class Gate {
  readonly #limiter: AttemptLimiter
  /**
   * Listeners are counted apart from sources and administrators, whom their wrong passwords must not keep out, and each by name: many listen from one address, and a
   * player that has kept an old password asks for ever.
   */
  readonly #listeners = new AttemptLimiter()
  /** Those who try many names, of one address. A right password does not clear this: it may be their own. */
  readonly #crowds = new AttemptLimiter({ refuseAfter: CROWD })
  readonly #people: People
  readonly #mounts: MountAuth
  #auth: Auth
  #mark: unknown
  /** Another one for each password that the administrator has had, so that whoever signed in before has to do so again. */
  #stamp = Symbol('administrator')

  /**
   * @param auth who knows the passwords
   * @param mark another one whenever the administrator's name or password is; a text when the next run of the server has the same one
   * @param limiter counts wrong passwords per address
   * @param people who can sign in besides
   * @param mounts what mounts say of who may listen and send
   */
  constructor(auth: Auth, mark: unknown, limiter: AttemptLimiter, people: People, mounts: MountAuth) {
    this.#auth = auth
    this.#mark = mark
    this.#limiter = limiter
    this.#people = people
    this.#mounts = mounts
  }

  /** Asks somebody else from now on, as after a reload. Administrators stay signed in while the mark is the same. */
  use(auth: Auth, mark: unknown): void {
    this.#auth = auth
    if (mark === this.#mark) return
    this.#mark = mark
    this.#stamp = Symbol('administrator')
  }

  /** As `ServerContext.isOpen`. */
  isOpen(mount: string): boolean {
    return this.#auth.listener === undefined && this.#mounts.isOpen(mount)
  }

  /** As `ServerContext.admitListener`. */
  async listen(attempt: ListenerAttempt): Promise<ListenerTicket> {
    const { mount, credentials, address } = attempt
    const [one] = credentials
    if (this.isOpen(mount)) return { user: one?.user ?? '' }
    // What is set for the mount goes before the hook for all of them, as with passwords of sources.
    const isHook = this.#mounts.isOpen(mount)
    const passwords = isHook ? 'here' : this.#mounts.passwords(mount)
    const admitted = isHook ? undefined : await this.#mounts.byToken(attempt)
    if (admitted !== undefined) return admitted
    if (passwords === 'none') throw new FloecastError('LINK_REFUSED')
    if (one === undefined) {
      // As in `admit`: it is told to bring some, and never counted.
      const stranger = passwords === 'asked' ? await this.#mounts.byPassword(attempt, { user: '', password: '' }) : undefined
      if (stranger === undefined) throw new FloecastError('AUTHENTICATION_REQUIRED')
      return stranger
    }
    let found: ListenerTicket | undefined
    let refusal = new FloecastError('WRONG_PASSWORD', { user: one.user || 'you' })
    const look = async (): Promise<boolean> => {
      try {
        if (!isHook) found = await this.#mounts.byPassword(attempt, one)
        else if (await this.#auth.listener?.({ ...one, mount, address })) found = { user: one.user }
      } catch (error) {
        // With a reason or without, it is a wrong password.
        if (!(error instanceof FloecastError) || error.code !== 'LISTENER_REFUSED') throw error
        refusal = error
      }
      return found !== undefined
    }
    await this.#crowds.check(address)
    await this.#listeners.guard(address, look, one.user)
    if (found !== undefined) return found
    await this.#crowds.failed(address)
    throw refusal
  }

  /** As `ServerContext.admit`; of several credentials, as a SHOUTcast password can be read in two ways, one must be right. */
  async admit(roles: readonly Role[], credentials: readonly Credentials[], mount: string | undefined, address: string): Promise<string> {
    // Where sources are asked about elsewhere, the administrator's password stays here.
    const order = this.#mounts.asksSource(mount) ? roles.toReversed() : roles
    const { user, isEnough } = await this.#try(credentials, address, 'the source', async (one) => {
      for (const role of order) if (await this.#knows(role, { ...one, mount, address })) return { user: one.user, isEnough: true }
      const identity = await this.#people.check(one.user, one.password)
      identity?.seen()
      return identity && { user: identity.principal.name, isEnough: roles.some((role) => suffices(identity, role, mount)) }
    })
    // The password was right, so nobody has guessed.
    if (!isEnough) throw new FloecastError('NOT_ALLOWED', { user })
    return user
  }

  /** Whoever may be meant by a name that has signed in before: the administrator, or one of the people. */
  named(name: string): Identity[] {
    const person = this.#people.find(name)
    return [this.#administrator(name), ...(person === undefined ? [] : [person])]
  }

  /** As `ServerContext.identify`. */
  async identify(credentials: readonly Credentials[], address: string): Promise<Identity> {
    return this.#try(credentials, address, 'you', async (one) => {
      // As it is now: while it is asked, the password may become another one.
      const administrator = this.#administrator(one.user)
      if (await this.#auth.admin({ ...one, mount: undefined, address })) return administrator
      return this.#people.check(one.user, one.password)
    })
  }

  #administrator(name: string): Identity {
    const stamp = this.#stamp
    const mark = this.#mark
    return {
      principal: { name, role: 'admin', mounts: [], via: 'password' },
      stands: () => this.#stamp === stamp,
      ...(typeof mark === 'string' && { version: mark }),
      seen: () => {},
    }
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
    return role === 'admin' ? this.#auth.admin(attempt) : (this.#mounts.source(attempt) ?? this.#auth.source(attempt))
  }
}

// Administrators may do everything, owners publish to what is theirs.
function suffices({ principal }: Identity, role: Role, mount: string | undefined): boolean {
  if (principal.role === 'admin') return true
  return role === 'source' && principal.role === 'owner' && mount !== undefined && owns(principal, mount)
}
