import { Backoff, reconnectOptions } from '../client/backoff.js'
import { cleanText } from '../icy/text.js'
import type { Mount } from '../mount/mount.js'
import { VERSION } from '../version.js'
import { publicUrl } from './address.js'
import { audienceOf } from './audience.js'
import { Complaint } from './complaint.js'
import type { ServerContext } from './context.js'
import { send } from './outgoing.js'

/** What a {@link Listing} needs of the server. */
export type ListingContext = Pick<ServerContext, 'settings' | 'mounts' | 'viewers' | 'clock' | 'logger' | 'ports'>

/** A directory, as the settings name it. */
export type Directory = ListingContext['settings']['directories'][number]

// Milliseconds until a mount is first told of, as it may be gone again at once, and within which a directory has to answer.
const FIRST = 5_000
const DEADLINE = 10_000
// The same for farewells: nobody waits long for these.
const FAREWELL = 2_000
const RETRY = reconnectOptions({ delay: 30_000, maxDelay: 1_200_000 })
// What a directory may ask for, in seconds between two signs of life.
const OFTEN = 30
const SELDOM = 3_600

/** One mount in one directory, by the protocol of Icecast's: it is added, says now and then that it is still there, and is removed. */
export class Listing {
  readonly #directory: Directory
  readonly #mount: Mount
  readonly #context: ListingContext
  #id: string | undefined
  #pause: number
  #backoff = new Backoff(RETRY)
  #timer: () => void
  #sending: AbortController | undefined
  #running: Promise<void> | undefined
  #closed = false
  readonly #complaint: Complaint

  constructor(directory: Directory, mount: Mount, context: ListingContext) {
    this.#directory = directory
    this.#mount = mount
    this.#context = context
    this.#complaint = new Complaint((sentence) =>
      context.logger.warn({ mount: mount.name, directory: directory.url }, `directory: ${sentence}`),
    )
    this.#pause = Math.max(OFTEN, directory.interval) * 1000
    this.#timer = context.clock.after(FIRST, this.#step)
  }

  /**
   * Has the mount removed from the directory.
   * @returns settled once that is done, or given up after two seconds
   */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#timer()
    this.#sending?.abort()
    await this.#running
    // What does not hear of it forgets the mount by itself.
    if (this.#id !== undefined) await this.#ask({ action: 'remove', sid: this.#id }, FAREWELL).catch(() => {})
  }

  readonly #step = (): void => {
    this.#running = this.#tell()
  }

  async #tell(): Promise<void> {
    const { clock } = this.#context
    let delay: number
    try {
      await (this.#id === undefined ? this.#add() : this.#touch(this.#id))
      this.#complaint.settle()
      this.#backoff = new Backoff(RETRY)
      delay = this.#pause
    } catch (error) {
      if (this.#closed) return
      // A directory that has lost a mount is told of it anew.
      this.#id = undefined
      const failure = error instanceof Error ? error : new Error(String(error))
      this.#complaint.say(failure.message)
      delay = this.#backoff.next(failure, 0) ?? RETRY.maxDelay
    }
    if (!this.#closed) this.#timer = clock.after(delay, this.#step)
  }

  async #add(): Promise<void> {
    const { settings, ports } = this.#context
    const { name, info, contentType } = this.#mount
    const here = { header: () => undefined, remoteAddress: undefined, localPort: ports?.port, secured: false, prefix: '' }
    const { sid, touchfreq } = await this.#ask({
      action: 'add',
      sn: info.name ?? name,
      genre: info.genre ?? '',
      cpswd: '',
      desc: info.description ?? '',
      url: info.url ?? '',
      listenurl: publicUrl(here, settings, name),
      type: contentType,
      stype: this.#codecs,
      b: String(info.bitrate ?? Math.round((8 * this.#mount.rate) / 1000)),
    })
    if (sid === undefined || sid === '')
      throw new Error(`${new URL(this.#directory.url).host} lists the mount, but says not by what number`)
    this.#id = sid
    const seconds = /^\d{1,5}$/.test(touchfreq ?? '') ? Number(touchfreq) : this.#directory.interval
    this.#pause = Math.min(SELDOM, Math.max(OFTEN, seconds)) * 1000
  }

  async #touch(sid: string): Promise<void> {
    const { settings, metadata } = this.#mount
    await this.#ask({
      action: 'touch',
      sid,
      st: metadata.display,
      listeners: String(audienceOf(this.#context, this.#mount).total),
      max_listeners: settings.maxListeners === undefined ? 'unlimited' : String(settings.maxListeners),
      stype: this.#codecs,
    })
  }

  get #codecs(): string {
    return this.#mount.source?.demuxer.tracks.map(({ codec }) => codec).join('/') ?? ''
  }

  async #ask(
    form: Readonly<Record<string, string>>,
    deadline = DEADLINE,
  ): Promise<{ sid: string | undefined; touchfreq: string | undefined }> {
    const { clock, settings } = this.#context
    const url = new URL(this.#directory.url)
    const sending = (this.#sending = new AbortController())
    const cancel = clock.after(deadline, () => sending.abort(new Error(`${url.host} does not answer within ${deadline / 1000} s`)))
    try {
      const { status, headers } = await send({
        url,
        headers: { 'User-Agent': `floecast/${VERSION}` },
        contentType: 'application/x-www-form-urlencoded',
        body: Buffer.from(String(new URLSearchParams(form))),
        allowPrivate: settings.webhooks.allowPrivate,
        signal: sending.signal,
      })
      const header = (name: string): string | undefined => [headers[name]].flat().map((value = '') => cleanText(value, 256))[0]
      if (header('ypresponse') !== '1')
        throw new Error(`${url.host} refuses ${form['action']}: ${header('ypmessage') ?? `it answers with status ${status}`}`)
      return { sid: header('sid'), touchfreq: header('touchfreq') }
    } catch (error) {
      throw sending.signal.aborted ? sending.signal.reason : error
    } finally {
      cancel()
    }
  }
}
