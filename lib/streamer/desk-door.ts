import { randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { FloecastError } from '../errors.js'

/**
 * Who may use the local page: whoever has opened the address with the token, in the browser in which they did so. Pages of other
 * sites may not, not even when a name of theirs leads to this computer.
 */
export class Door {
  /** What stands in the address; nobody can guess it. */
  readonly token: string = randomBytes(24).toString('base64url')
  readonly #secret = randomBytes(32).toString('base64url')
  readonly #hosts: ReadonlySet<string>
  readonly #cookie: string

  /** @param port on which the page is served */
  constructor(port: number) {
    this.#hosts = new Set(['127.0.0.1', 'localhost', '[::1]'].map((host) => `${host}:${port}`))
    // Cookies do not know ports, and two streamers may run.
    this.#cookie = `floecast_desk_${port}`
  }

  /** The cookie that whoever has the token is given, for as long as the browser runs. */
  get setCookie(): string {
    return `${this.#cookie}=${this.#secret}; Path=/; HttpOnly; SameSite=Strict`
  }

  /** Whether this is the token. */
  isToken(text: string): boolean {
    return isSame(text, this.token)
  }

  /**
   * Lets in what asks for this computer by its own name: a name of another site that leads here is that site's.
   * @throws FloecastError FOREIGN_SITE
   */
  checkHost({ host = '' }: IncomingHttpHeaders): void {
    if (!this.#hosts.has(host.toLowerCase())) throw new FloecastError('FOREIGN_SITE')
  }

  /**
   * Lets in what the page itself asks.
   * @param changes whether something is changed by it, or a WebSocket opened: then the origin must be told
   * @throws FloecastError FOREIGN_SITE, DESK_LOCKED
   */
  check(headers: IncomingHttpHeaders, changes: boolean): void {
    this.checkHost(headers)
    const { origin, host, cookie = '' } = headers
    const site = headers['sec-fetch-site']
    if (site !== undefined && site !== 'same-origin' && site !== 'none') throw new FloecastError('FOREIGN_SITE')
    if (origin === undefined ? changes : origin.toLowerCase() !== `http://${host?.toLowerCase()}`) throw new FloecastError('FOREIGN_SITE')
    const cookies = cookie.split(';').map((pair) => pair.trim())
    if (!cookies.some((pair) => isSame(pair, `${this.#cookie}=${this.#secret}`))) throw new FloecastError('DESK_LOCKED')
  }
}

function isSame(given: string, right: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(right)]
  return one.length === other.length && timingSafeEqual(one, other)
}
