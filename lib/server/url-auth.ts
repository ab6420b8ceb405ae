import { hostname } from 'node:os'
import type { Clock } from '../clock.js'
import { FloecastError } from '../errors.js'
import { type Credentials, formatBasic } from '../icy/basic.js'
import { cleanText } from '../icy/text.js'
import type { Logger } from '../log.js'
import type { AuthenticationSettings, ServerSettings } from '../options/index.js'
import { VERSION } from '../version.js'
import type { Attempt } from './auth.js'
import type { ListenerAttempt, ListenerTicket } from './listener-attempt.js'
import { type AnswerHead, send } from './outgoing.js'
import { fingerprint } from './password.js'
import type { Ports } from './sockets.js'
import { Turnstile } from './turnstile.js'

/** Addresses of a mount that are asked and told, and how. */
export type UrlSettings = NonNullable<AuthenticationSettings['url']>

/** What {@link UrlAuth} needs of the server. */
export interface UrlAuthContext {
  /** The settings in force. */
  readonly settings: ServerSettings
  /** The ports that are open. */
  readonly ports: Ports | undefined
  /** Where time comes from. */
  readonly clock: Clock
  /** Where the server writes what happens. */
  readonly logger: Logger
}

/** Requests to one address at a time; more than an answer's time allows are not begun. */
const AT_ONCE = 32
/** Those that wait for one address; what comes then has no answer. */
const MOST_WAITING = 2_000
/** Viewers of playlists whose admission is remembered. */
const MOST_VIEWERS = 50_000
/** Milliseconds without a request after which a viewer has gone. */
const AWAY = 30_000
const SWEEP = 5_000
const MESSAGE = 200
/** Milliseconds between two lines of the log about answers that have not come. */
const COMPLAINTS = 10_000

/** One who loads playlists again and again, but is asked for once. */
interface Viewer {
  readonly admission: Promise<ListenerTicket | undefined>
  seen: number
  /** When it has listened long enough, and is asked for anew. */
  until: number
}

/**
 * Asks a server of the administrator's who may listen or send, and tells it who has gone, by POST as Icecast does. No stream and nobody else waits for it: each address
 * is asked by so many at a time, and what takes too long is given up. Private addresses are allowed, for administrators alone can set them.
 */
export class UrlAuth {
  readonly #context: UrlAuthContext
  readonly #turnstiles = new Map<string, Turnstile>()
  readonly #viewers = new Map<string, Viewer>()
  #sweep: (() => void) | undefined
  #lastId = 0
  #complained = -Infinity

  constructor(context: UrlAuthContext) {
    this.#context = context
  }

  /** How many viewers of playlists are remembered. */
  get viewers(): number {
    return this.#viewers.size
  }

  /**
   * Whether somebody may listen.
   * @param one what they bring; empty texts for nothing
   * @returns `undefined` when they may not
   * @throws FloecastError LISTENER_REFUSED with the reason that was given, AUTHENTICATION_FAILED without an answer in time
   */
  listener(options: UrlSettings, attempt: ListenerAttempt, one: Credentials): Promise<ListenerTicket | undefined> {
    if (!attempt.isViewer) return this.#admit(options, attempt, one)
    const { clock } = this.#context
    const { mount, address, agent } = attempt
    const key = fingerprint(JSON.stringify([options.listenerAdd, mount, one.user, one.password, address, agent]))
    const found = this.#viewers.get(key)
    if (found !== undefined && clock.now() < found.until) {
      found.seen = clock.now()
      return found.admission
    }
    if (found !== undefined) this.#end(key, found)
    const viewer: Viewer = { admission: this.#admit(options, attempt, one), seen: clock.now(), until: Infinity }
    this.#viewers.set(key, viewer)
    // Who is refused may bring something else at once.
    const forget = (): void => void (this.#viewers.get(key) === viewer && this.#viewers.delete(key))
    viewer.admission.then((admission) => {
      if (admission === undefined) forget()
      else viewer.until = admission.until ?? Infinity
    }, forget)
    const [oldest] = this.#viewers
    if (this.#viewers.size > MOST_VIEWERS && oldest !== undefined) this.#end(...oldest)
    this.#sweep ??= clock.after(SWEEP, this.#look)
    return viewer.admission
  }

  /**
   * Whether these credentials may send to a mount.
   * @throws FloecastError as {@link UrlAuth.listener}
   */
  async source(options: UrlSettings, { mount = '', user, password, address }: Attempt): Promise<boolean> {
    const answer = await this.#post(options, options.streamAuth!, { action: 'stream_auth', mount, ip: address, user, pass: password })
    if (answer === undefined) throw new FloecastError('AUTHENTICATION_FAILED')
    return isLetIn(options, answer)
  }

  /** Tells that a mount is on the air, or not any more. */
  tellMount({ mountAdd, mountRemove, ...options }: UrlSettings, isLive: boolean, mount: string): void {
    const url = isLive ? mountAdd : mountRemove
    if (url !== undefined) void this.#post(options, url, { action: isLive ? 'mount_add' : 'mount_remove', mount })
  }

  /** Remembers nobody any more; those who tell of listeners that go are told. */
  close(): void {
    for (const [key, viewer] of this.#viewers) this.#end(key, viewer)
    this.#sweep?.()
    this.#sweep = undefined
  }

  async #admit(options: UrlSettings, attempt: ListenerAttempt, { user, password }: Credentials): Promise<ListenerTicket | undefined> {
    const { clock } = this.#context
    const { mount, address, agent, referer, query } = attempt
    const client = String(++this.#lastId)
    const fields: Record<string, string> = {
      action: 'listener_add',
      client,
      mount: query === '' ? mount : `${mount}?${query}`,
      user,
      pass: password,
      ip: address,
      agent,
      referer: referer ?? '',
    }
    for (const name of options.headers) {
      const value = attempt.header(name.toLowerCase())
      if (value !== undefined) fields[options.headerPrefix + name] = value
    }
    const answer = await this.#post(options, options.listenerAdd!, fields)
    if (answer === undefined && !options.presumeInnocent) throw new FloecastError('AUTHENTICATION_FAILED')
    if (answer !== undefined && !isLetIn(options, answer)) {
      const message = headerOf(answer, 'icecast-auth-message')
      if (message === undefined) return undefined
      throw new FloecastError('LISTENER_REFUSED', { message: cleanText(message).slice(0, MESSAGE) })
    }
    const since = clock.now()
    const limit = answer === undefined ? NaN : Number(headerOf(answer, options.timelimitHeader.replace(/:.*/, '')) ?? NaN)
    const { listenerRemove } = options
    const left = (): void => {
      if (listenerRemove === undefined) return
      const duration = String(Math.max(0, Math.round((clock.now() - since) / 1000)))
      void this.#post(options, listenerRemove, {
        action: 'listener_remove',
        client,
        mount,
        user,
        pass: password,
        ip: address,
        agent,
        duration,
      })
    }
    return { user, until: limit > 0 ? since + limit * 1000 : undefined, left }
  }

  // The head of the answer; `undefined` when none has come in time.
  async #post(
    { username, password, timeout }: UrlSettings,
    url: string,
    fields: Readonly<Record<string, string>>,
  ): Promise<AnswerHead | undefined> {
    const { clock, logger, settings, ports } = this.#context
    let turnstile = this.#turnstiles.get(url)
    if (turnstile === undefined) this.#turnstiles.set(url, (turnstile = new Turnstile(AT_ONCE)))
    if (turnstile.waiting >= MOST_WAITING) return undefined
    const attempt = new AbortController()
    const stop = clock.after(timeout, () => attempt.abort())
    const server = settings.hostname ?? hostname()
    const body = Buffer.from(new URLSearchParams({ ...fields, server, port: String(ports?.port ?? '') }).toString())
    try {
      return await turnstile.pass(() => {
        attempt.signal.throwIfAborted()
        return send({
          url: new URL(url),
          headers: {
            'User-Agent': `floecast/${VERSION}`,
            ...(username !== undefined && { Authorization: formatBasic({ user: username, password: password ?? '' }) }),
          },
          contentType: 'application/x-www-form-urlencoded',
          body,
          allowPrivate: true,
          signal: attempt.signal,
        })
      })
    } catch (error) {
      if (clock.now() - this.#complained >= COMPLAINTS) {
        this.#complained = clock.now()
        const reason = attempt.signal.aborted ? `no answer within ${timeout / 1000} s` : String(error)
        // What stands behind the ? may be a key.
        logger.warn(
          { url: url.replace(/\?.*/, ''), action: fields['action'], reason },
          'the server that is asked who may come in has not answered',
        )
      }
      return undefined
    } finally {
      stop()
      if (turnstile.idle) this.#turnstiles.delete(url)
    }
  }

  readonly #look = (): void => {
    this.#sweep = undefined
    const now = this.#context.clock.now()
    for (const [key, viewer] of this.#viewers) if (now - viewer.seen >= AWAY) this.#end(key, viewer)
    if (this.#viewers.size > 0) this.#sweep = this.#context.clock.after(SWEEP, this.#look)
  }

  #end(key: string, { admission }: Viewer): void {
    this.#viewers.delete(key)
    void admission.then(
      (one) => one?.left?.(),
      () => {},
    )
  }
}

function headerOf({ headers }: AnswerHead, name: string): string | undefined {
  const value = headers[name.trim().toLowerCase()]
  return Array.isArray(value) ? value[0] : value
}

// What lets in is a header line, or the beginning of one, or a status line.
function isLetIn({ authHeader }: UrlSettings, answer: AnswerHead): boolean {
  const status = /^HTTP\/\S+ (\d{3})/i.exec(authHeader)
  if (status !== null) return answer.status === Number(status[1])
  const [name = '', ...rest] = authHeader.split(':')
  const value = headerOf(answer, name)
  return value?.trim().toLowerCase().startsWith(rest.join(':').trim().toLowerCase()) === true
}
