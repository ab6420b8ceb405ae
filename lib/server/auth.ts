import { createHash } from 'node:crypto'
import { equal, verifyPassword } from './password.js'

export { AttemptLimiter, type AttemptLimits } from './attempt-limiter.js'
export { hashPassword, verifyPassword } from './password.js'

/** Credentials that a peer sent, and for what. */
export interface Attempt {
  /** User name; empty where a protocol has none (a SHOUTcast login). */
  readonly user: string
  /** The password as the peer sent it. */
  readonly password: string
  /** The mount that it is about; undefined when it is about the whole server. */
  readonly mount: string | undefined
  /** Address of the peer. */
  readonly address: string
}

/** Decides who may do what. A check that throws or rejects counts as a failure of the server, not as a wrong password. */
export interface Auth {
  /** Whether these credentials may publish to the mount. */
  source(attempt: Attempt): boolean | Promise<boolean>
  /** Whether these credentials may administer the server. */
  admin(attempt: Attempt): boolean | Promise<boolean>
  /** Whether these credentials may listen to the mount; when missing, everyone may. */
  listener?(attempt: Attempt): boolean | Promise<boolean>
  /**
   * Another text whenever the administrator's name or password is: then administrators have to sign in again. Without it, every other
   * {@link Auth} that a reload brings has that effect, and so has a restart.
   */
  readonly version?: string
}

/** Passwords for {@link basic}, each plain or a hash made by {@link hashPassword}. */
export interface BasicOptions {
  /** Password of sources; without one nobody may publish. */
  readonly source?: string
  /** Password of the administrator; without one nobody may administer. */
  readonly admin?: string
  /** User name of sources. Default `source`. */
  readonly sourceUser?: string
  /** User name of the administrator. Default `admin`. */
  readonly adminUser?: string
}

/**
 * One password for sources and one for the administrator, as Icecast has them.
 * @throws TypeError when a password is empty
 */
export function basic({ source, admin, sourceUser = 'source', adminUser = 'admin' }: BasicOptions): Auth {
  if (source === '' || admin === '') throw new TypeError('Cannot use an empty password; leave it out to let nobody in')
  return {
    source: ({ user, password }) => source !== undefined && (user === '' || equal(user, sourceUser)) && verifyPassword(password, source),
    admin: ({ user, password }) => admin !== undefined && (user === '' || equal(user, adminUser)) && verifyPassword(password, admin),
    version: createHash('sha256')
      .update(JSON.stringify([adminUser, admin]))
      .digest('base64'),
  }
}

/**
 * Gives mounts passwords of their own: where a mount has one, sources need that and the general one is refused, as Icecast
 * does; everything else is asked of `auth`.
 * @param auth what decides about all other mounts
 * @param passwordOf the password of a mount (plain or a hash), undefined when it has none of its own
 * @param userOf the name that sources of such a mount use
 */
export function withMountPasswords(
  auth: Auth,
  passwordOf: (mount: string) => string | undefined,
  userOf: (mount: string) => string = () => 'source',
): Auth {
  const own: Auth = {
    source: (attempt) => {
      const { mount, user, password } = attempt
      const stored = mount === undefined ? undefined : passwordOf(mount)
      if (mount === undefined || stored === undefined) return auth.source(attempt)
      return (user === '' || equal(user, userOf(mount))) && verifyPassword(password, stored)
    },
    admin: (attempt) => auth.admin(attempt),
  }
  return auth.listener ? { ...own, listener: (attempt) => auth.listener?.(attempt) ?? true } : own
}
