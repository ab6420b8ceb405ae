import { z } from 'zod'
import { Backoff, reconnectOptions } from '../client/backoff.js'
import { ListenerClient } from '../client/listener-client.js'
import { FloecastError } from '../errors.js'
import { isMountPath, mountPath } from '../icy/path.js'
import { encodePath } from './address.js'
import { Complaint } from './complaint.js'
import { addressGuard } from './outgoing.js'
import type { Origin, RelayContext } from './relay.js'

type MasterSettings = NonNullable<RelayContext['settings']['relays']['master']>

// The most bytes of a list of mounts, and the milliseconds within which it is there.
const MOST = 1_048_576
const PATIENCE = 20_000
// When a master that does not answer is asked again, in milliseconds, where its interval is no longer.
const RETRY = reconnectOptions({ delay: 2_000, maxDelay: 60_000 })

/** Asks another server now and then what mounts it has, so that all of them are relayed. One that does not answer keeps those that it had. */
export class Master {
  readonly #context: RelayContext
  readonly #changed: () => void
  #settings: MasterSettings | undefined
  #names: readonly string[] = []
  #backoff = new Backoff(RETRY)
  #asking: AbortController | undefined
  #timer: (() => void) | undefined
  readonly #complaint: Complaint

  /** @param changed called when there are other mounts than before */
  constructor(context: RelayContext, changed: () => void) {
    this.#context = context
    this.#complaint = new Complaint((sentence) => context.logger.warn({ master: this.#settings?.url }, `master: ${sentence}`))
    this.#changed = changed
  }

  /** Its mounts by name, and where each comes from. */
  get origins(): ReadonlyMap<string, Origin> {
    const origins = new Map<string, Origin>()
    if (this.#settings === undefined) return origins
    const { url, user, password, onDemand } = this.#settings
    for (const name of this.#names) origins.set(name, { addresses: [addressOf(url, encodePath(name)).href], user, password, onDemand })
    return origins
  }

  /** Applies the settings in force: another master is asked at once. */
  configure(): void {
    const { master } = this.#context.settings.relays
    if (JSON.stringify(master) === JSON.stringify(this.#settings)) return
    if (master?.url !== this.#settings?.url) this.#names = []
    this.close()
    this.#settings = master
    this.#backoff = new Backoff(RETRY)
    this.#complaint.settle()
    if (master !== undefined) void this.#ask(master)
  }

  /** Asks no more. */
  close(): void {
    this.#asking?.abort()
    this.#asking = undefined
    this.#timer?.()
  }

  async #ask(master: MasterSettings): Promise<void> {
    const { clock, logger } = this.#context
    const asking = (this.#asking = new AbortController())
    const deadline = clock.after(PATIENCE, () => asking.abort())
    let delay = Math.max(1, master.interval) * 1000
    try {
      const names = await this.#list(master, asking.signal)
      if (this.#asking !== asking) return
      this.#backoff = new Backoff(RETRY)
      this.#complaint.settle()
      if (names.join() !== this.#names.join()) {
        logger.info({ master: master.url }, `master: it has ${names.length} mounts`)
        this.#names = names
      }
      this.#changed()
    } catch (error) {
      if (this.#asking !== asking) return
      const late = asking.signal.aborted ? new Error(`${master.url} gives no list of mounts within ${PATIENCE / 1000} s`) : undefined
      const failure = late ?? (error instanceof Error ? error : new Error(String(error)))
      this.#complaint.say(failure.message)
      delay = Math.min(delay, this.#backoff.next(failure, 0) ?? RETRY.maxDelay)
    } finally {
      deadline()
    }
    this.#timer = clock.after(delay, () => void this.#ask(master))
  }

  // As Icecast has it for its slaves, else what everybody may see.
  async #list(master: MasterSettings, signal: AbortSignal): Promise<readonly string[]> {
    const found = master.password === undefined ? undefined : await this.#read(master, '/admin/streamlist.txt', signal).catch(elsewhere)
    const named = found?.split(/\r?\n/) ?? namesIn(await this.#read(master, '/status-json.xsl', signal))
    const names = new Set(named.map((name) => name.trim()).filter(isMountPath))
    return [...names].toSorted().slice(0, this.#context.settings.maxSources)
  }

  async #read({ url: base, user, password }: MasterSettings, path: string, signal: AbortSignal): Promise<string> {
    const url = addressOf(base, path)
    if (password !== undefined) {
      url.username = encodeURIComponent(user)
      url.password = encodeURIComponent(password)
    }
    const allow = addressGuard(this.#context.settings.relays.allowPrivate)
    const client = new ListenerClient(url, { metadata: false, allow, signal })
    const chunks: Buffer[] = []
    let size = 0
    for await (const chunk of client as AsyncIterable<Buffer>) {
      chunks.push(chunk)
      if ((size += chunk.length) > MOST) throw new Error(`the list of mounts of ${url.host} is longer than ${MOST} bytes`)
    }
    return Buffer.concat(chunks).toString()
  }
}

// The path is set, not resolved: no name leads to another host.
function addressOf(base: string, path: string): URL {
  const url = new URL(base)
  url.pathname = `${url.pathname.replace(/\/$/, '')}${path}`
  return url
}

// A server that is there, but does not give this, may give the other.
function elsewhere(error: unknown): undefined {
  if (error instanceof FloecastError && ['STREAM_NOT_FOUND', 'PASSWORD_REFUSED', 'REQUEST_REFUSED'].includes(error.code)) return undefined
  throw error
}

// One source is no list of one.
const SOURCE = z.object({ listenurl: z.string().optional() })
const STATUS = z.object({ icestats: z.object({ source: z.union([SOURCE, z.array(SOURCE)]).optional() }) })

function namesIn(status: string): string[] {
  try {
    const { source = [] } = STATUS.parse(JSON.parse(status)).icestats
    return [source].flat().map(({ listenurl = '' }) => mountPath(listenurl) ?? '')
  } catch {
    throw new Error('its /status-json.xsl is no JSON that can be read; give a password, so that it is asked for /admin/streamlist.txt')
  }
}
