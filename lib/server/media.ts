import { gzipSync } from 'node:zlib'
import { formatMpd } from '../dash/mpd.js'
import { manifestOf } from '../dash/views.js'
import { FloecastError } from '../errors.js'
import { hasReached, parseBlockingRequest } from '../hls/blocking.js'
import { formatMediaPlaylist, formatMultivariantPlaylist } from '../hls/playlist.js'
import type { MediaPlaylist } from '../hls/presentation.js'
import { type GroupMember, hlsRenditions, mediaPlaylist, multivariantPlaylist, playlistName, type Sibling } from '../hls/views.js'
import { type FileName, folderOf, parseName } from '../media/names.js'
import type { Presentation } from '../media/presentation.js'
import { FILES, parseRendition, type RenditionId, tracksOf } from '../media/rendition.js'
import type { PeriodWriters, Segment } from '../media/segment.js'
import type { StoredFile } from '../media/store.js'
import type { Mount } from '../mount/mount.js'
import type { Mounts } from '../mount/mounts.js'
import type { ServerSettings } from '../options.js'
import { clientAddress } from './address.js'
import type { MediaAnswer, Reply } from './reply.js'
import { parseCmcd, type Viewers, type ViewingProtocol } from './viewers.js'

/** A request for a playlist, a manifest, or a file that one of them names. */
export interface MediaRequest {
  /** `GET` or `HEAD`. */
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

const HLS_TYPE = 'application/vnd.apple.mpegurl'
const DASH_TYPE = 'application/dash+xml'
/** Milliseconds for which an MPD is given again. */
const FRESH = 100
const FOREVER = 'public, max-age=31536000, immutable'

/** Finds out what a path asks for; `undefined` where it is none of the files made here, or a mount is really called so. */
export function mediaTarget({ mounts }: Pick<MediaContext, 'mounts'>, path: string): MediaTarget | undefined {
  const match = /^(\/.+?)(?:\.(m3u8|mpd)|\.media\/([^/]+))$/.exec(path)
  if (match === null || mounts.get(path)?.source !== undefined) return undefined
  const [, name = '', ending, file = ''] = match
  const mount = mounts.get(name)
  const members = mounts.group(name)
  const first = mount?.broadcast.presentation === undefined ? members[0] : mount
  if (first === undefined) return undefined
  const kind = ending === 'm3u8' ? 'multivariant' : ending === 'mpd' ? 'mpd' : 'file'
  return { mount: first, members: members.length > 0 ? members : [first], kind, file }
}

/** Answers requests for what browsers play. One for a server. */
export class Media {
  readonly #context: MediaContext
  // What has been written of a presentation in its present version.
  readonly #written = new WeakMap<
    Presentation,
    { version: number; answers: Map<string, MediaAnswer>; playlists: Map<RenditionId, MediaPlaylist> }
  >()

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
      reply.send({ status: 200, contentType: 'text/plain', cacheControl: 'no-store', body: [Buffer.from(new Date().toISOString())] })
      return NOTHING
    }
    const playlist = file.endsWith('.m3u8') ? parseRendition(file.slice(0, -5)) : undefined
    if (playlist !== undefined) return this.#playlist(target, playlist, request, reply)
    const name = parseName(file)
    if (name === undefined || name.run !== presentation.run) throw new FloecastError('FILE_NOT_FOUND', { file })
    return this.#file(mount, presentation, name, request, reply)
  }

  /** Whether a path of a target needs the right to listen: what a playlist names nobody can guess. */
  static isOpen({ kind, file }: MediaTarget): boolean {
    return kind === 'file' && !file.endsWith('.m3u8')
  }

  // Tells who watches, by whatever the request says of that.
  #see(mount: Mount, { remoteAddress, query, header }: MediaRequest, protocol: ViewingProtocol, bytes: number): void {
    const params = query === '' ? undefined : new URLSearchParams(query)
    this.#context.viewers.see({
      mount: mount.name,
      protocol,
      address: clientAddress(remoteAddress, header('x-forwarded-for'), this.#context.settings.trustedProxies),
      agent: header('user-agent') ?? '',
      session:
        parseCmcd(params?.get('CMCD') ?? undefined, header('cmcd-session')) ??
        header('x-playback-session-id') ??
        params?.get('session') ??
        undefined,
      bytes,
      now: Date.now(),
      expiry: mount.settings.hls.segmentDuration * 3000,
    })
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
      const playlist = multivariantPlaylist(listed)
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
      const now = Date.now()
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
    return this.#when(presentation, 'mpd', ready, write, reply)
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
      presentation,
      `begun ${id}`,
      begun,
      () => {
        const wanted = parseBlockingRequest(query, this.#view(mount, members, id))
        if (wanted.kind === 'bad') throw new FloecastError('BAD_REQUEST', { reason: wanted.reason })
        if (wanted.kind === 'now') return send(wanted.skip, query.has('_HLS_msn'))
        const { sequence, part, skip } = wanted
        if (!presentation.live) return unavailable(reply)
        const key = `${id} ${sequence} ${part ?? ''}`
        const reached = (): boolean => hasReached(this.#view(mount, members, id), sequence, part)
        return presentation.wait(key, reached, (ready) => (ready ? send(skip, true) : unavailable(reply)))
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
      const protocol = rendition === 'video' || rendition === 'audio' ? 'dash' : kind === 'part' ? 'll-hls' : 'hls'
      this.#see(
        mount,
        request,
        protocol,
        body.reduce((sum, { length }) => sum + length, 0),
      )
      reply.send({ status: 200, contentType: typeOf(writers, rendition), cacheControl: FOREVER, body })
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
        if (found !== undefined) give([found.part.bytes(rendition)], found.segment.writers)
        return found !== undefined
      }
      if (send()) return NOTHING
      if (number > presentation.nextPart + 1 || number < presentation.nextPart || !presentation.live) return missing()
      // The part that is announced: everyone who asks for it gets it when it is there.
      return presentation.wait(
        `part ${number}`,
        () => presentation.nextPart > number,
        (ready) => (ready && send() ? undefined : unavailable(reply)),
      )
    }
    const find = (): Segment | undefined => (kind === 'segment' ? presentation.segment(number) : presentation.segmentAt(number))
    const found = find()
    // Past the end of a period there is nothing, which is no error: shaka-player gives up after a 404.
    const isPast = (segment: Segment | undefined): boolean =>
      period !== undefined && (segment === undefined ? !presentation.live : segment.writers.period.number !== period)
    const nothing = (): void => reply.send({ status: 200, contentType: 'video/mp4', cacheControl: 'no-store', body: [] })
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
    let cancel = presentation.wait(
      `segment ${number}`,
      () => (presentation.segment(number)?.parts.length ?? 0) > 0,
      (ready) => {
        const segment = ready ? find() : undefined
        if (isPast(segment)) nothing()
        else if (segment === undefined) unavailable(reply)
        else cancel = this.#growing(mount, presentation, segment, rendition, request, reply)
      },
    )
    return () => cancel()
  }

  // A segment that is on disk only: the main rendition comes from there bit by bit, others are made from it.
  #stored(mount: Mount, presentation: Presentation, segment: Segment, id: RenditionId, request: MediaRequest, reply: Reply): () => void {
    const answer = { status: 200, contentType: typeOf(segment.writers, id), cacheControl: FOREVER }
    const see = (bytes: number): void => this.#see(mount, request, id === 'main' ? 'hls' : 'dash', bytes)
    if (id === 'main' && segment.file!.main > 0 && request.method !== 'HEAD')
      return giveFile(presentation.open(segment), answer, see, reply)
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
    let cancel = NOTHING
    reply.begin({ status: 200, contentType: typeOf(segment.writers, id), cacheControl: FOREVER })
    const step = (): void => {
      for (; given < segment.parts.length; given++) {
        const part = segment.parts[given]!.bytes(id)
        bytes += part.length
        reply.push(part)
      }
      if (segment.complete) {
        this.#see(mount, request, 'dash', bytes)
        reply.end()
        return
      }
      const reached = given
      cancel = presentation.wait(
        `growing ${segment.sequence} ${reached}`,
        () => segment.complete || segment.parts.length > reached,
        (ready) => (ready || segment.complete ? step() : reply.abort()),
      )
    }
    step()
    return () => cancel()
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
    return this.#when(presentation, 'begun', () => presentation.segments.some(({ parts }) => parts.length > 0), write, reply)
  }

  #when(presentation: Presentation, key: string, ready: () => boolean, write: () => (() => void) | void, reply: Reply): () => void {
    if (ready()) return write() ?? NOTHING
    if (!presentation.live && presentation.period !== undefined) throw new FloecastError('MOUNT_NOT_FOUND')
    let cancel = presentation.wait(key, ready, (there) => {
      if (!there) return unavailable(reply)
      try {
        cancel = write() ?? NOTHING
      } catch (error) {
        refuse(reply, error)
      }
    })
    return () => cancel()
  }

  #unplayable(mount: Mount, form: string): never {
    throw new FloecastError('NOT_PLAYABLE', { form, mount: mount.name })
  }
}

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
