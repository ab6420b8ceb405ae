import { randomBytes } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import type { Clock } from '../clock.js'
import { formatMpd } from '../dash/mpd.js'
import { manifestOf } from '../dash/views.js'
import { FloecastError } from '../errors.js'
import { hasReached, parseBlockingRequest } from '../hls/blocking.js'
import { formatMediaPlaylist, formatMultivariantPlaylist } from '../hls/playlist.js'
import type { MediaPlaylist } from '../hls/presentation.js'
import {
  type GroupMember,
  hlsContainer,
  hlsRenditions,
  mediaPlaylist,
  multivariantPlaylist,
  playlistName,
  type Sibling,
} from '../hls/views.js'
import type { Logger } from '../log.js'
import { type FileName, folderOf, parseName } from '../media/names.js'
import type { Presentation } from '../media/presentation.js'
import { FILES, parseRendition, type RenditionId, tracksOf } from '../media/rendition.js'
import type { PeriodWriters, Segment } from '../media/segment.js'
import type { StoredFile } from '../media/store.js'
import type { Mount } from '../mount/mount.js'
import type { Mounts } from '../mount/mounts.js'
import type { ServerSettings } from '../options.js'
import { clientAddress } from './address.js'
import { DASH_TYPE, HLS_TYPE } from './forms.js'
import { givePicture } from './picture.js'
import type { MediaAnswer, Reply } from './reply.js'
import { parseCmcd, type Viewers, type ViewingProtocol } from './viewers.js'

/** A request for a playlist, a manifest, or a file that one of them names. */
export interface MediaRequest {
  /** `GET` or `HEAD`, or `POST` for a beacon. */
  readonly method: string
  /** The path, decoded. */
  readonly path: string
  /** What stands behind the `?`. */
  readonly query: string
  /** The other end of the connection. */
  readonly remoteAddress: string | undefined
  /** The value of a header, whatever its case. */
  readonly header: (name: string) => string | undefined
}

/** What {@link Media} needs of the server. */
export interface MediaContext {
  /** The settings in force. */
  readonly settings: ServerSettings
  /** All mounts. */
  readonly mounts: Mounts
  /** Where time comes from. */
  readonly clock: Clock
  /** Where the server writes what happens. */
  readonly logger: Logger
  /** Who watches by HLS and DASH. */
  readonly viewers: Viewers
}

/** What a path asks for, of which mount. */
export interface MediaTarget {
  /** The mount; of a group, the first that is live. */
  readonly mount: Mount
  /** The mounts whose renditions are offered together: more than one in a group. */
  readonly members: readonly Mount[]
  /** What is asked for: the multivariant playlist, the MPD, or what stands in the mount's folder. */
  readonly kind: 'multivariant' | 'mpd' | 'file'
  /** The name in the folder. */
  readonly file: string
}

/** Parts whose answers are kept for all who ask for them at the same time. */
const LATEST = 8
/** Milliseconds for which an MPD is given again. */
const FRESH = 100
const FOREVER = 'public, max-age=31536000, immutable'
/** The most beacons from one address within so many milliseconds: those of a thousand viewers behind it, and as many again. */
const BEACONS = 5_000
const BEACON_WINDOW = 10_000
const MAX_ADDRESSES = 10_000

/** Finds out what a path asks for; `undefined` where it is none of the files made here, or a mount is really called so. */
export function mediaTarget({ mounts }: Pick<MediaContext, 'mounts'>, path: string): MediaTarget | undefined {
  if (mounts.get(path)?.source !== undefined) return undefined
  // A mount may be in what looks like the folder of another.
  for (const pattern of [/^(\/.+)\.media\/([^/]+)$/, /^(\/.+)\.(m3u8|mpd)$/]) {
    const [, name, what = ''] = pattern.exec(path) ?? []
    if (name === undefined) continue
    const mount = mounts.get(name)
    const members = mounts.group(name)
    const first = mount?.broadcast.presentation === undefined ? members[0] : mount
    if (first === undefined) continue
    const kind = pattern.source.includes('media') ? 'file' : what === 'mpd' ? 'mpd' : 'multivariant'
    // Players change from any member of a group to any other.
    const group = kind === 'file' && first.settings.group !== undefined ? mounts.group(first.settings.group) : members
    return { mount: first, members: group.length > 0 ? group : [first], kind, file: kind === 'file' ? what : '' }
  }
  return undefined
}

/** Answers requests for what browsers play. One for a server. */
export class Media {
  readonly #context: MediaContext
  // What has been written of a presentation in its present version.
  readonly #written = new WeakMap<
    Presentation,
    { version: number; answers: Map<string, MediaAnswer>; playlists: Map<RenditionId, MediaPlaylist> }
  >()

  // Beacons of late, by address.
  readonly #beacons = new Map<string, number>()
  #beaconsSince = 0

  #latest: MediaAnswer[] = []

  constructor(context: MediaContext) {
    this.#context = context
  }

  /**
   * Answers a request, now or when what it asks for is there.
   * @returns ends the wait, for a client that has gone
   * @throws FloecastError when it is refused
   */
  answer(target: MediaTarget, request: MediaRequest, reply: Reply): () => void {
    const { mount, kind, file } = target
    const { presentation } = mount.broadcast
    if (presentation === undefined) throw new FloecastError('MOUNT_NOT_FOUND', { mount: mount.name })
    if (kind === 'multivariant') return this.#multivariant(target, request, reply)
    if (kind === 'mpd') return this.#mpd(target, request, reply)
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
    if (playlist !== undefined) return this.#playlist(target, playlist, request, reply)
    const name = parseName(file)
    if (name === undefined || name.run !== presentation.run) throw new FloecastError('FILE_NOT_FOUND', { file })
    return this.#file(mount, presentation, name, request, reply)
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
    const protocol = new URLSearchParams(request.query).get('protocol')
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
    const { query, header } = request
    // Most queries only say which part is wanted.
    const params = /CMCD|session/.test(query) ? new URLSearchParams(query) : undefined
    this.#context.viewers.see({
      mount: mount.name,
      protocol,
      address: this.#addressOf(request),
      agent: header('user-agent') ?? '',
      sid: parseCmcd(params?.get('CMCD') ?? undefined, header('cmcd-session')),
      playback: header('x-playback-session-id'),
      session: params?.get('session') ?? undefined,
      bytes,
      now: this.#context.clock.now(),
      expiry: mount.settings.hls.segmentDuration * 3000,
    })
  }

  #addressOf({ remoteAddress, header }: MediaRequest): string {
    return clientAddress(remoteAddress, header('x-forwarded-for'), this.#context.settings.trustedProxies)
  }

  #multivariant(target: MediaTarget, request: MediaRequest, reply: Reply): () => void {
    const { mount, members } = target
    if (!mount.settings.hls.enabled) throw new FloecastError('FORM_OFF', { form: 'HLS', mount: mount.name })
    const base = request.path.slice(0, request.path.lastIndexOf('/') + 1)
    const listed = members.flatMap((member): GroupMember[] => {
      const { presentation } = member.broadcast
      return presentation === undefined
        ? []
        : [{ presentation, folder: `${relative(base, folderOf(member.name))}/`, name: member.info.name }]
    })
    const write = (): void => {
      // An id for a beacon, if the player knows how to send one; it stands in no URI, so that caches serve all with the same.
      const playlist = multivariantPlaylist(listed, randomBytes(9).toString('base64url'))
      if (playlist.variants.length === 0) return this.#unplayable(mount, 'HLS')
      this.#see(mount, request, 'hls', 0)
      reply.send(text(formatMultivariantPlaylist(playlist), HLS_TYPE, 'no-cache'))
    }
    return this.#whenBegun(mount, write, reply)
  }

  #mpd({ mount }: MediaTarget, request: MediaRequest, reply: Reply): () => void {
    if (!mount.settings.dash) throw new FloecastError('FORM_OFF', { form: 'DASH', mount: mount.name })
    const presentation = mount.broadcast.presentation!
    const base = request.path.slice(0, request.path.lastIndexOf('/') + 1)
    const folder = `${relative(base, folderOf(mount.name))}/`
    const write = (): void => {
      const now = this.#context.clock.now()
      // A window of hours is not written anew for each of a thousand players; what it says of the time is not old yet.
      const key = `mpd ${folder} ${Math.floor(now / FRESH)}`
      const answer = this.#write(presentation, key, () => {
        const manifest = manifestOf(presentation, folder, now)
        return manifest === undefined ? this.#unplayable(mount, 'DASH') : text(formatMpd(manifest), DASH_TYPE, 'no-cache')
      })
      this.#see(mount, request, 'dash', 0)
      reply.send(answer)
    }
    // A manifest needs a whole segment.
    const ready = (): boolean => presentation.segments.some(({ complete }) => complete)
    return this.#when(mount, 'mpd', ready, write, reply)
  }

  #playlist(target: MediaTarget, id: RenditionId, request: MediaRequest, reply: Reply): () => void {
    const { mount, members } = target
    const presentation = mount.broadcast.presentation!
    if (!mount.settings.hls.enabled) throw new FloecastError('FORM_OFF', { form: 'HLS', mount: mount.name })
    const query = new URLSearchParams(request.query)
    const send = (skip: boolean | 'v2', blocked: boolean): void => {
      const answer = this.#write(presentation, `${id} ${String(skip)} ${blocked}`, () =>
        text(
          formatMediaPlaylist(this.#view(mount, members, id), { skip }),
          HLS_TYPE,
          blocked ? `public, max-age=${6 * presentation.settings.segmentDuration}` : 'no-cache',
          `"${presentation.run}-${presentation.version}-${id}${skip === false ? '' : `-${String(skip)}`}"`,
        ),
      )
      this.#see(mount, request, query.has('_HLS_part') ? 'll-hls' : 'hls', answer.body[0]!.length)
      reply.send(answer)
    }
    const begun = (): boolean => presentation.period !== undefined && this.#view(mount, members, id).segments.length > 0
    return this.#when(
      mount,
      `begun ${id}`,
      begun,
      () => {
        if (presentation.period !== undefined && hlsContainer(presentation, id) === undefined) {
          if (tracksOf(presentation.period, id).length === 0) throw new FloecastError('FILE_NOT_FOUND', { file: target.file })
          return this.#unplayable(mount, 'HLS')
        }
        const wanted = parseBlockingRequest(query, this.#view(mount, members, id))
        if (wanted.kind === 'bad') throw new FloecastError('BAD_REQUEST', { reason: wanted.reason })
        if (wanted.kind === 'now') return send(wanted.skip, query.has('_HLS_msn'))
        const { sequence, part, skip } = wanted
        if (!presentation.live) return unavailable(reply)
        const key = `${id} ${sequence} ${part ?? ''}`
        const reached = (): boolean => hasReached(this.#view(mount, members, id), sequence, part)
        return this.#wait(presentation, key, reached, reply, (ready) => (ready ? send(skip, true) : unavailable(reply)))
      },
      reply,
    )
  }

  #file(
    mount: Mount,
    presentation: Presentation,
    { rendition, kind, number, period }: FileName,
    request: MediaRequest,
    reply: Reply,
  ): () => void {
    const give = (body: readonly Buffer[], writers: PeriodWriters): void => {
      const isDash = rendition === 'video' || rendition === 'audio' || kind === 'time' || period !== undefined
      // Further audio tracks belong to both.
      const protocol = isDash ? 'dash' : kind === 'part' ? 'll-hls' : rendition === 'main' ? 'hls' : undefined
      this.#see(
        mount,
        request,
        protocol,
        body.reduce((sum, { length }) => sum + length, 0),
      )
      reply.send(this.#fileAnswer(body, typeOf(writers, rendition)))
    }
    const missing = (): never => {
      throw new FloecastError('FILE_NOT_FOUND', { file: `number ${number}` })
    }
    if (kind === 'init') {
      const writers = presentation.writersOf(number)
      const init = writers?.get(rendition)?.init
      if (writers === undefined || init === undefined) return missing()
      give([init], writers)
      return NOTHING
    }
    if (kind === 'part') {
      const send = (): boolean => {
        const found = presentation.findPart(number)
        if (found !== undefined && found.segment.writers.get(rendition) === undefined) return missing()
        if (found !== undefined) give([found.part.bytes(rendition)], found.segment.writers)
        return found !== undefined
      }
      if (send()) return NOTHING
      if (number > presentation.nextPart + 1 || number < presentation.nextPart || !presentation.live) return missing()
      // The part that is announced: everyone who asks for it gets it when it is there.
      return this.#wait(
        presentation,
        `part ${number}`,
        () => presentation.nextPart > number,
        reply,
        (ready) => (ready && send() ? undefined : unavailable(reply)),
      )
    }
    const find = (): Segment | undefined => (kind === 'segment' ? presentation.segment(number) : presentation.segmentAt(number))
    const found = find()
    // Past the end of a period there is nothing, which is no error: shaka-player gives up after a 404.
    const isPast = (segment: Segment | undefined): boolean =>
      period !== undefined && (segment === undefined ? !presentation.live : segment.writers.period.number !== period)
    const nothing = (): void => reply.send({ status: 200, contentType: 'video/mp4', cacheControl: 'no-store', body: [] })
    if (found !== undefined && found.writers.get(rendition) === undefined && !isPast(found)) return missing()
    if (isPast(found) && number >= (presentation.segments[0]?.sequence ?? 0)) {
      nothing()
      return NOTHING
    }
    if (found?.released) return found.file === undefined ? missing() : this.#stored(mount, presentation, found, rendition, request, reply)
    if (found?.complete) {
      give(found.bytes(rendition), found.writers)
      return NOTHING
    }
    if (found !== undefined) return this.#growing(mount, presentation, found, rendition, request, reply)
    if (kind === 'time' || number < presentation.nextSequence || number > presentation.nextSequence + 1 || !presentation.live)
      return missing()
    return this.#wait(
      presentation,
      `segment ${number}`,
      () => (presentation.segment(number)?.parts.length ?? 0) > 0,
      reply,
      (ready) => {
        const segment = ready ? find() : undefined
        if (isPast(segment)) return nothing()
        if (segment === undefined) return unavailable(reply)
        return this.#growing(mount, presentation, segment, rendition, request, reply)
      },
    )
  }

  // The same answer for all who ask for the same part, for as long as they come together.
  #fileAnswer(body: readonly Buffer[], contentType: string): MediaAnswer {
    const [only] = body
    const known = body.length === 1 && only !== undefined ? this.#latest.find((answer) => answer.body[0] === only) : undefined
    if (known !== undefined) return known
    const answer: MediaAnswer = { status: 200, contentType, cacheControl: FOREVER, body, ranges: true }
    if (body.length === 1) this.#latest = [answer, ...this.#latest.slice(0, LATEST - 1)]
    return answer
  }

  // A segment that is on disk only: the main rendition comes from there bit by bit, others are made from it.
  #stored(mount: Mount, presentation: Presentation, segment: Segment, id: RenditionId, request: MediaRequest, reply: Reply): () => void {
    const answer = { status: 200, contentType: typeOf(segment.writers, id), cacheControl: FOREVER, ranges: true }
    const see = (bytes: number): void => this.#see(mount, request, id === 'main' ? 'hls' : 'dash', bytes)
    const isWhole = request.method !== 'HEAD' && request.header('range') === undefined
    if (id === 'main' && segment.file!.main > 0 && isWhole) return giveFile(presentation.open(segment), answer, see, reply)
    let isGone = false
    presentation.load(segment, id).then(
      (body) => {
        if (isGone) return
        see(body.length)
        reply.send({ ...answer, body: [body] })
      },
      () => {
        if (!isGone) refuse(reply, new FloecastError('FILE_NOT_FOUND', { file: `number ${segment.sequence}` }))
      },
    )
    return () => (isGone = true)
  }

  // A segment that is asked for while it grows: each part goes out when it is there.
  #growing(mount: Mount, presentation: Presentation, segment: Segment, id: RenditionId, request: MediaRequest, reply: Reply): () => void {
    let given = 0
    let bytes = 0
    reply.begin({ status: 200, contentType: typeOf(segment.writers, id), cacheControl: FOREVER })
    const step = (): (() => void) => {
      for (; given < segment.parts.length; given++) {
        const part = segment.parts[given]!.bytes(id)
        bytes += part.length
        reply.push(part)
      }
      if (segment.complete) {
        this.#see(mount, request, 'dash', bytes)
        reply.end()
        return NOTHING
      }
      const reached = given
      const ready = (): boolean => segment.complete || segment.parts.length > reached
      return this.#wait(presentation, `growing ${segment.sequence} ${reached}`, ready, reply, (there) =>
        there || segment.complete ? step() : reply.abort(),
      )
    }
    return step()
  }

  // What a playlist of a rendition says now; written from many times.
  #view(mount: Mount, members: readonly Mount[], id: RenditionId): MediaPlaylist {
    const presentation = mount.broadcast.presentation!
    const { playlists } = this.#now(presentation)
    let view = playlists.get(id)
    if (view === undefined) {
      view = mediaPlaylist(presentation, id, siblingsOf(mount, members, id))
      playlists.set(id, view)
    }
    return view
  }

  #write(presentation: Presentation, key: string, write: () => MediaAnswer): MediaAnswer {
    const { answers } = this.#now(presentation)
    let answer = answers.get(key)
    if (answer === undefined) {
      answer = write()
      answers.set(key, answer)
    }
    return answer
  }

  #now(presentation: Presentation): { answers: Map<string, MediaAnswer>; playlists: Map<RenditionId, MediaPlaylist> } {
    const { version } = presentation
    let now = this.#written.get(presentation)
    if (now?.version !== version) {
      now = { version, answers: new Map(), playlists: new Map() }
      this.#written.set(presentation, now)
    }
    return now
  }

  #whenBegun(mount: Mount, write: () => void, reply: Reply): () => void {
    const presentation = mount.broadcast.presentation!
    return this.#when(mount, 'begun', () => presentation.segments.some(({ parts }) => parts.length > 0), write, reply)
  }

  #when(mount: Mount, key: string, ready: () => boolean, write: () => (() => void) | void, reply: Reply): () => void {
    if (ready()) return write() ?? NOTHING
    if (mount.source === undefined) throw new FloecastError('MOUNT_NOT_FOUND')
    return this.#wait(mount.broadcast.presentation!, key, ready, reply, (there) => (there ? write() : unavailable(reply)))
  }

  // What goes wrong after a wait is the matter of this one request: those who feed the mount must not hear of it.
  #wait(
    presentation: Presentation,
    key: string,
    ready: () => boolean,
    reply: Reply,
    then: (ready: boolean) => (() => void) | void,
  ): () => void {
    let cancel = presentation.wait(key, ready, (there) => {
      try {
        cancel = then(there) ?? NOTHING
      } catch (error) {
        if (error instanceof FloecastError) return refuse(reply, error)
        this.#context.logger.error({ err: error }, 'an answer failed')
        reply.abort()
      }
    })
    return () => cancel()
  }

  #unplayable(mount: Mount, form: string): never {
    throw new FloecastError('NOT_PLAYABLE', { form, mount: mount.name })
  }
}

const PROTOCOLS: readonly ViewingProtocol[] = ['hls', 'll-hls', 'dash']

// Others from whose media playlists a player may change to this one, or from this one to them.
function siblingsOf(mount: Mount, members: readonly Mount[], id: RenditionId): Sibling[] {
  return members.flatMap((member) => {
    const { presentation } = member.broadcast
    if (presentation === undefined) return []
    return hlsRenditions(presentation)
      .filter((other) => member !== mount || other !== id)
      .map((other) => ({
        presentation,
        id: other,
        uri:
          member === mount ? playlistName(other) : `${relative(`${folderOf(mount.name)}/`, folderOf(member.name))}/${playlistName(other)}`,
      }))
  })
}

// Gives a file piece by piece, as fast as the connection takes them.
function giveFile(opening: Promise<StoredFile>, answer: Omit<MediaAnswer, 'body'>, see: (bytes: number) => void, reply: Reply): () => void {
  let isGone = false
  let wake = NOTHING
  const give = async (): Promise<void> => {
    let file: StoredFile
    try {
      file = await opening
    } catch {
      if (!isGone) refuse(reply, new FloecastError('FILE_NOT_FOUND', { file: 'this segment' }))
      return
    }
    let isSlow = false
    try {
      if (isGone) return
      reply.begin(answer, file.length)
      see(file.length)
      for (let at = 0; at < file.length;) {
        const bytes = await file.read(at, PIECE)
        if (isGone) return
        at += bytes.length
        await new Promise<void>((call) => {
          const timer = setTimeout(() => {
            isSlow = true
            call()
          }, SLOW)
          wake = () => {
            clearTimeout(timer)
            call()
          }
          reply.push(bytes, wake)
        })
        if (isGone) return
        if (isSlow) return reply.abort()
      }
      reply.end()
    } catch {
      if (!isGone) reply.abort()
    } finally {
      file.close()
    }
  }
  void give()
  return () => {
    isGone = true
    wake()
  }
}

/** Bytes that are read from the disk at a time, and milliseconds within which a client must have taken them. */
const PIECE = 262_144
const SLOW = 120_000

// The relative URI of a path, as seen from a folder.
function relative(from: string, to: string): string {
  const here = from.split('/').slice(0, -1)
  const there = to.split('/')
  let common = 0
  while (common < here.length && common < there.length - 1 && here[common] === there[common]) common++
  return [...here.slice(common).map(() => '..'), ...there.slice(common).map(encodeURIComponent)].join('/')
}

function typeOf(writers: PeriodWriters, id: RenditionId): string {
  const container = writers.get(id)?.container ?? 'mp4'
  return tracksOf(writers.period, id).some(({ kind }) => kind === 'video') ? FILES[container].video : FILES[container].audio
}

function text(content: string, contentType: string, cacheControl: string, etag?: string): MediaAnswer {
  const body = Buffer.from(content)
  return { status: 200, contentType, cacheControl, body: [body], gzip: gzipSync(body, { level: 1 }), etag }
}

// RFC 8216bis 6.2.5.2: who has waited too long is told so, and never given what has not changed.
function unavailable(reply: Reply): void {
  refuse(reply, new FloecastError('NOT_YET'))
}

/** Answers with a refusal. */
export function refuse(reply: Reply, error: unknown): void {
  if (!(error instanceof FloecastError)) throw error
  reply.send({
    status: error.status,
    contentType: 'text/plain; charset=utf-8',
    cacheControl: error.status === 404 ? 'public, max-age=1' : 'no-store',
    body: [Buffer.from(`${error.message}\r\n`)],
  })
}

const NOTHING = (): void => {}
