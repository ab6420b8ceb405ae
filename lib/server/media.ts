import { FloecastError } from '../errors.js'
import { parseName } from '../media/names.js'
import { parseRendition } from '../media/rendition.js'
import type { Mount } from '../mount/mount.js'
import { clientAddress } from './address.js'
import { offerFile } from './forms.js'
import { MediaFiles } from './media-files.js'
import { MediaPlaylists } from './media-playlists.js'
import { type MediaContext, type MediaRequest, NOTHING, type See } from './media-request.js'
import type { MediaTarget } from './media-target.js'
import { givePicture } from './picture.js'
import type { Reply } from './reply.js'
import { parseCmcd } from './viewer-ids.js'
import type { ViewingProtocol, Whose } from './viewership.js'

/** The most beacons from one address within so many milliseconds: those of a thousand viewers behind it, and as many again. */
const BEACONS = 5_000
const BEACON_WINDOW = 10_000
const MAX_ADDRESSES = 10_000

/** Answers requests for what browsers play. One for a server. */
export class Media {
  readonly #context: MediaContext
  readonly #playlists: MediaPlaylists
  readonly #files: MediaFiles
  // Beacons of late, by address.
  readonly #beacons = new Map<string, number>()
  #beaconsSince = 0

  constructor(context: MediaContext) {
    this.#context = context
    // Later, as thousands may have waited for the same: all of them are written to before any is counted.
    const see: See = (...sighting) => queueMicrotask(() => this.#see(...sighting))
    this.#playlists = new MediaPlaylists(context, see)
    this.#files = new MediaFiles(context, see)
  }

  /**
   * Answers a request, now or when what it asks for is there.
   * @returns ends the wait, for a client that has gone
   * @throws FloecastError when it is refused
   */
  answer(target: MediaTarget, request: MediaRequest, reply: Reply): () => void {
    const { mount, kind, file } = target
    this.#admit(mount, request)
    const { presentation } = mount.broadcast
    if (presentation === undefined) throw new FloecastError('FORM_OFF', { form: kind === 'mpd' ? 'DASH' : 'HLS', mount: mount.name })
    if (kind === 'multivariant') return this.#playlists.multivariant(target, request, reply)
    if (kind === 'mpd') return this.#playlists.mpd(target, request, reply)
    if (file === 'time') {
      reply.send({
        status: 200,
        contentType: 'text/plain',
        cacheControl: 'no-store',
        body: [Buffer.from(new Date(this.#context.clock.now()).toISOString())],
      })
      return NOTHING
    }
    if (file === 'picture') return (givePicture(presentation, this.#context.clock.now(), reply), NOTHING)
    const playlist = file.endsWith('.m3u8') ? parseRendition(file.slice(0, -5)) : undefined
    if (playlist !== undefined) return this.#playlists.media(target, playlist, request, reply)
    const name = parseName(file)
    if (name === undefined || name.run !== presentation.run) throw new FloecastError('FILE_NOT_FOUND', { file })
    offerFile(mount, name)
    return this.#files.file(mount, presentation, name, request, reply)
  }

  /** Whether a target is where players say that they are still there: by POST, and with nothing to answer. */
  static isBeacon({ kind, file }: MediaTarget): boolean {
    return kind === 'file' && file === 'beacon'
  }

  /**
   * Takes note of a viewer whose requests do not all come here, because caches answer them.
   * @throws FloecastError TOO_MANY_REQUESTS
   */
  beacon({ mount }: MediaTarget, request: MediaRequest): void {
    const now = this.#context.clock.now()
    const address = this.#addressOf(request)
    if (now - this.#beaconsSince >= BEACON_WINDOW || this.#beacons.size > MAX_ADDRESSES) {
      this.#beacons.clear()
      this.#beaconsSince = now
    }
    const count = (this.#beacons.get(address) ?? 0) + 1
    if (count > BEACONS)
      throw new FloecastError('TOO_MANY_REQUESTS', { seconds: Math.ceil((this.#beaconsSince + BEACON_WINDOW - now) / 1000) })
    this.#beacons.set(address, count)
    this.#admit(mount, request)
    const told = new URLSearchParams(request.query)
    mount.broadcast.health.viewing.take(told, now)
    const protocol = told.get('protocol')
    // Who takes one endless stream is counted by the connection.
    if (protocol === 'instant') return
    this.#see(
      mount,
      request,
      PROTOCOLS.find((one) => one === protocol),
      0,
    )
  }

  /** Whether a path of a target needs the right to listen: what a playlist names nobody can guess. */
  static isOpen({ kind, file }: MediaTarget): boolean {
    return kind === 'file' && !file.endsWith('.m3u8') && file !== 'picture'
  }

  // Tells who watches, by whatever the request says of that.
  #see(mount: Mount, request: MediaRequest, protocol: ViewingProtocol | undefined, bytes: number): void {
    this.#context.viewers.see({ ...this.#whose(mount, request), protocol, bytes, expiry: mount.settings.hls.segmentDuration * 3000 })
  }

  #admit(mount: Mount, request: MediaRequest): void {
    const { admission, viewers } = this.#context
    admission.listener(mount.settings, () => ({ address: this.#addressOf(request), agent: request.header('user-agent') ?? '' }))
    if (viewers.banished > 0 && viewers.refuses(this.#whose(mount, request))) throw new FloecastError('KICKED')
  }

  #whose({ name }: Mount, request: MediaRequest): Whose {
    const { query, header } = request
    // Most queries only say which part is wanted.
    const params = /CMCD|session/.test(query) ? new URLSearchParams(query) : undefined
    return {
      mount: name,
      address: this.#addressOf(request),
      agent: header('user-agent') ?? '',
      sid: parseCmcd(params?.get('CMCD') ?? undefined, header('cmcd-session')),
      playback: header('x-playback-session-id'),
      session: params?.get('session') ?? undefined,
      now: this.#context.clock.now(),
    }
  }

  #addressOf({ remoteAddress, header }: MediaRequest): string {
    return clientAddress(remoteAddress, header('x-forwarded-for'), this.#context.settings.trustedProxies)
  }
}

const PROTOCOLS: readonly ViewingProtocol[] = ['hls', 'll-hls', 'dash']
