import type { Credentials } from '../icy/basic.js'
import type { Mounts } from '../mount/mounts.js'
import type { AuthenticationSettings } from '../options/index.js'
import type { Attempt } from './auth.js'
import { Htpasswd } from './htpasswd.js'
import type { ListenerAttempt, ListenerTicket } from './listener-attempt.js'
import { readLink, TokenReader } from './listener-tokens.js'
import { verifyPassword } from './password.js'
import { UrlAuth, type UrlAuthContext } from './url-auth.js'

/** What {@link MountAuth} needs of the server. */
export interface MountAuthContext extends UrlAuthContext {
  /** All mounts. */
  readonly mounts: Mounts
}

/** Who may listen to mounts, and send to them, as the option `authentication` of each says. It counts no wrong passwords: the gate does. */
export class MountAuth {
  readonly #context: MountAuthContext
  readonly #files = new Map<string, Htpasswd>()
  readonly #tokens = new TokenReader()
  readonly #url: UrlAuth

  constructor(context: MountAuthContext) {
    this.#context = context
    this.#url = new UrlAuth(context)
  }

  /** Whether nothing is said of who may listen to a mount. */
  isOpen(mount: string): boolean {
    return closedBy(this.#of(mount)) === undefined
  }

  /**
   * How a mount lets listeners in by names and passwords: not at all, by passwords that are known here, or by asking elsewhere, where those without a name may be let
   * in, too.
   */
  passwords(mount: string): 'none' | 'here' | 'asked' {
    const { users, htpasswd, url } = this.#of(mount) ?? {}
    if (url?.listenerAdd !== undefined) return 'asked'
    return users !== undefined || htpasswd !== undefined ? 'here' : 'none'
  }

  /** Looks whether somebody brings a token or a link that lets them in. */
  async byToken({ mount, query, header }: ListenerAttempt): Promise<ListenerTicket | undefined> {
    const { linkSecret, jwt } = this.#of(mount) ?? {}
    if (linkSecret === undefined && jwt === undefined) return undefined
    const { group } = this.#context.mounts.settingsOf(mount)
    const names = group === undefined ? [mount] : [mount, group]
    const params = new URLSearchParams(query)
    const now = this.#context.clock.now()
    const linked = linkSecret === undefined ? undefined : readLink(linkSecret, names, params, now)
    if (linked !== undefined || jwt === undefined) return linked
    const token = /^bearer +(\S+)$/i.exec(header('authorization') ?? '')?.[1] ?? params.get('token')
    return token == null ? undefined : this.#tokens.read(jwt, names, token, now)
  }

  /**
   * Looks whether a name and a password let somebody in; where elsewhere is asked, also with neither.
   * @throws FloecastError AUTHENTICATION_FAILED when nobody can say now, and LISTENER_REFUSED
   */
  async byPassword(attempt: ListenerAttempt, one: Credentials): Promise<ListenerTicket | undefined> {
    const { users, htpasswd, url } = this.#of(attempt.mount) ?? {}
    const { user, password } = one
    if (user !== '') {
      if (users !== undefined && (await verifyOne(users, user, password))) return { user }
      if (htpasswd !== undefined && (await this.file(htpasswd).verify(user, password))) return { user }
    }
    return url?.listenerAdd === undefined ? undefined : this.#url.listener(url, attempt, one)
  }

  /** Whether sources of a mount are asked about elsewhere. */
  asksSource(mount: string | undefined): boolean {
    return mount !== undefined && this.#of(mount)?.url?.streamAuth !== undefined
  }

  /**
   * Whether credentials may send to a mount; `undefined` where the passwords of sources decide.
   * @throws FloecastError as {@link MountAuth.byPassword}
   */
  source(attempt: Attempt): Promise<boolean> | undefined {
    const url = attempt.mount === undefined ? undefined : this.#of(attempt.mount)?.url
    return url?.streamAuth === undefined ? undefined : this.#url.source(url, attempt)
  }

  /** Hears that a mount has gone on the air, or off it. */
  tellMount(mount: string, isLive: boolean): void {
    const { url } = this.#of(mount) ?? {}
    if (url !== undefined) this.#url.tellMount(url, isLive, mount)
  }

  /** The file of listeners of that path. */
  file(path: string): Htpasswd {
    let file = this.#files.get(path)
    if (file === undefined) this.#files.set(path, (file = new Htpasswd(path)))
    return file
  }

  /** Tells of those who listen that they have gone. */
  close(): void {
    this.#url.close()
  }

  #of(mount: string): AuthenticationSettings | undefined {
    const { mounts } = this.#context
    // Of a mount that is there, its settings are at hand: players ask several times a second.
    return (mounts.get(mount)?.settings ?? mounts.settingsOf(mount)).authentication
  }
}

const closedBy = (settings: AuthenticationSettings | undefined): unknown =>
  settings && (settings.users ?? settings.htpasswd ?? settings.linkSecret ?? settings.jwt ?? settings.url?.listenerAdd)

// For a name that nobody has, another's password is looked at: it takes as long, and nobody learns which names there are.
async function verifyOne(users: Readonly<Record<string, string>>, user: string, password: string): Promise<boolean> {
  const stored = Object.hasOwn(users, user) ? users[user] : undefined
  const isRight = await verifyPassword(password, stored ?? Object.values(users)[0] ?? '')
  return isRight && stored !== undefined
}
