import type { IncomingMessage, ServerResponse } from 'node:http'
import { isDeepStrictEqual } from 'node:util'
import { FloecastError } from '../errors.js'
import type { Logger } from '../log.js'
import type { AccessSettings, MountSettings, ServerSettings } from '../options/index.js'
import { SERVER } from '../version.js'
import { AccessList } from './access-list.js'
import { clientAddress } from './address.js'
import type { Bans } from './bans.js'

/** Who may come in, by address and by what their program calls itself: bans of administrators, and the settings. Where nothing is set, asking costs next to nothing. */
export class Admission {
  readonly #bans: Bans
  readonly #logger: Logger
  readonly #lists = new Map<AccessSettings, AccessList>()
  #settings: ServerSettings
  #general: AccessList | undefined

  /** @param bans what administrators have added while the server runs */
  constructor(bans: Bans, settings: ServerSettings, logger: Logger) {
    this.#bans = bans
    this.#logger = logger
    this.#settings = settings
    this.configure(settings)
  }

  /** Applies other settings to who comes from now on, and reads the files that they name. */
  configure(settings: ServerSettings): void {
    const before = [...this.#lists]
    this.#lists.clear()
    for (const { access } of [settings, ...Object.values(settings.mounts)]) {
      if (!AccessList.isNeeded(access)) continue
      // A list that cannot be read just now goes on as it was.
      const at = before.findIndex(([former]) => isDeepStrictEqual(former, access))
      const [, kept] = (at < 0 ? undefined : before.splice(at, 1)[0]) ?? []
      kept?.read()
      this.#lists.set(access, kept ?? new AccessList(access, this.#logger))
    }
    for (const [, list] of before) list.close()
    this.#general = this.#lists.get(settings.access)
    this.#settings = settings
  }

  /** Whether an address, as `clientAddress` gives it, may have anything of the server. */
  takes(address: string): boolean {
    return this.#bans.find(address) === undefined && this.#general?.takesAddress(address) !== false
  }

  /**
   * Lets somebody listen or watch, or throws. That their address may come to the server at all is for {@link Admission.takes} to say.
   * @param settings of the mount that they have asked for
   * @param who tells the address, as `clientAddress` gives it, and the `User-Agent`; asked only where it matters
   * @throws FloecastError BANNED, AGENT_DENIED
   */
  listener({ access }: MountSettings, who: () => { readonly address: string; readonly agent: string }): void {
    if (this.#lists.size === 0) return
    const own = this.#lists.get(access)
    if (own === undefined && this.#general === undefined) return
    const { address, agent } = who()
    if (own?.takesAddress(address) === false) throw new FloecastError('BANNED')
    if (own?.takesAgent(agent) === false || this.#general?.takesAgent(agent) === false) throw new FloecastError('AGENT_DENIED')
  }

  /**
   * Refuses a request of somebody who is not let in, on a connection that was opened before, or by a proxy.
   * @returns whether it did
   */
  refuses(message: IncomingMessage, response: ServerResponse): boolean {
    if (this.#bans.size === 0 && this.#general === undefined) return false
    const forwarded = message.headers['x-forwarded-for']
    const address = clientAddress(
      message.socket.remoteAddress,
      Array.isArray(forwarded) ? forwarded.join() : forwarded,
      this.#settings.trustedProxies,
    )
    if (this.takes(address)) return false
    const { status, message: sentence } = new FloecastError('BANNED')
    // A proxy goes on with its connection for others.
    message.resume()
    response
      .writeHead(status, { Server: SERVER, 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-store' })
      .end(`${sentence}\r\n`)
    return true
  }

  /** Stops watching the files. */
  close(): void {
    for (const list of this.#lists.values()) list.close()
    this.#lists.clear()
  }
}
