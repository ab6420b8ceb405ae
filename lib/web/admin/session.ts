import type { Principal } from '../../api/index.js'
import { ApiClient, CallError } from '../api-client.js'
import { readStart } from './start.js'

const start = readStart()
/** The path below which the server is found; mostly empty. */
export const { prefix } = start
/** The API of the server that has given this page. */
export const api = new ApiClient(prefix)

/** Who is signed in at this page, and who hears when that changes. */
class Session extends EventTarget {
  #who: Principal | undefined
  #ended = false

  /** Whoever is signed in. */
  get who(): Principal | undefined {
    return this.#who
  }
  /** Whether somebody was, and is not any more without having left. */
  get ended(): boolean {
    return this.#ended
  }
  /** Whether whoever is signed in may do everything. */
  get isAdmin(): boolean {
    return this.#who?.role === 'admin'
  }

  /** Whether whoever is signed in may change a mount. */
  manages(mount: string): boolean {
    if (this.#who === undefined || this.#who.role === 'viewer') return false
    const { role, mounts } = this.#who
    return role === 'admin' || mounts.some((one) => (one.endsWith('*') ? mount.startsWith(one.slice(0, -1)) : one === mount))
  }

  /** Looks whether somebody is signed in already. @throws CallError when the server cannot be asked */
  async resume(): Promise<void> {
    try {
      // Whoever brings no cookie need not be asked about.
      this.#set(start.signedIn ? await api.call('getSession') : undefined)
    } catch (error) {
      if (!(error instanceof CallError) || error.status !== 401) throw error
      this.#set(undefined)
    }
  }

  /** @throws CallError with a sentence about why not */
  async signIn(user: string, password: string): Promise<void> {
    this.#ended = false
    this.#set(await api.call('signIn', { body: { user, password } }))
  }

  /** @throws CallError */
  async signOut(): Promise<void> {
    await api.call('signOut')
    this.#set(undefined)
  }

  /** Tells that the server knows the session no longer. */
  end(): void {
    if (this.#who === undefined) return
    this.#ended = true
    this.#set(undefined)
  }

  #set(who: Principal | undefined): void {
    this.#who = who
    this.dispatchEvent(new Event('change'))
  }
}

/** The session of this page. */
export const session = new Session()
api.onSignedOut = () => session.end()
