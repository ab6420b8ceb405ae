import { randomBytes } from 'node:crypto'
import { posix } from 'node:path'
import { formatMpd } from '../dash/mpd.js'
import { manifestOf } from '../dash/views.js'
import { FloecastError } from '../errors.js'
import { hasReached, parseBlockingRequest } from '../hls/blocking.js'
import { formatMediaPlaylist, formatMultivariantPlaylist } from '../hls/playlist.js'
import type { MediaPlaylist } from '../hls/entries.js'
import {
  type GroupMember,
  hlsContainer,
  hlsRenditions,
  mediaPlaylist,
  multivariantPlaylist,
  playlistName,
  type Sibling,
} from '../hls/views.js'
import { folderOf } from '../media/names.js'
import type { Presentation } from '../media/presentation.js'
import { type RenditionId, tracksOf } from '../media/rendition.js'
import type { Mount } from '../mount/mount.js'
import { DASH_TYPE, HLS_TYPE } from './forms.js'
import { type MediaContext, type MediaRequest, type See, textAnswer, unavailable, unplayable, waitFor, whenReady } from './media-request.js'
import type { MediaTarget } from './media-target.js'
import { ownQuery } from './listener-attempt.js'
import type { MediaAnswer, Reply } from './reply.js'

/** Milliseconds for which an MPD is given again. */
const FRESH = 100

/** What has been written of a presentation in its present version. */
interface Written {
  readonly version: number
  readonly answers: Map<string, MediaAnswer>
  readonly playlists: Map<RenditionId, MediaPlaylist>
}

/** Answers requests for playlists and manifests. Each is written once for a version of its presentation and a way of asking. */
export class MediaPlaylists {
  readonly #context: MediaContext
  readonly #see: See
  readonly #written = new WeakMap<Presentation, Written>()

  /** @param see takes note of who watches */
  constructor(context: MediaContext, see: See) {
    this.#context = context
    this.#see = see
  }

  /** Answers with the multivariant playlist of a mount or a group. */
  multivariant(target: MediaTarget, request: MediaRequest, reply: Reply): () => void {
    const { mount, members } = target
    if (!members().some(({ settings }) => settings.hls.enabled)) throw new FloecastError('FORM_OFF', { form: 'HLS', mount: mount.name })
    const base = request.path.slice(0, request.path.lastIndexOf('/') + 1)
    const listed = members().flatMap((member): GroupMember[] => {
      const { presentation } = member.broadcast
      return presentation === undefined || !member.settings.hls.enabled
        ? []
        : [{ presentation, folder: `${relative(base, folderOf(member.name))}/`, name: member.info.name }]
    })
    const write = (): void => {
      // An id for a beacon, if the player knows how to send one; it stands in no URI, so that caches serve all with the same.
      // What lets a listener in goes along, for players know the playlists that this one names by their addresses alone.
      const query = this.#context.isOpen(mount.name) ? '' : ownQuery(request.query)
      const playlist = multivariantPlaylist(listed, randomBytes(9).toString('base64url'), query)
      if (playlist.variants.length === 0) return unplayable(mount, 'HLS')
      this.#see(mount, request, 'hls', 0)
      reply.send(textAnswer(formatMultivariantPlaylist(playlist), HLS_TYPE, 'no-cache'))
    }
    return whenReady(this.#context.logger, mount, 'begun', () => hasParts(mount.broadcast.presentation!), write, reply)
  }

  /** Answers with the MPD of a mount. */
  mpd({ mount }: MediaTarget, request: MediaRequest, reply: Reply): () => void {
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
        return manifest === undefined ? unplayable(mount, 'DASH') : textAnswer(formatMpd(manifest), DASH_TYPE, 'no-cache')
      })
      this.#see(mount, request, 'dash', 0)
      reply.send(answer)
    }
    // A manifest needs a whole segment.
    const ready = (): boolean => presentation.segments.some(({ complete }) => complete)
    return whenReady(this.#context.logger, mount, 'mpd', ready, write, reply)
  }

  /** Answers with a media playlist, now or when it has what is asked for. */
  media(target: MediaTarget, id: RenditionId, request: MediaRequest, reply: Reply): () => void {
    const { mount } = target
    const presentation = mount.broadcast.presentation!
    if (!mount.settings.hls.enabled) throw new FloecastError('FORM_OFF', { form: 'HLS', mount: mount.name })
    const query = new URLSearchParams(request.query)
    const send = (skip: boolean | 'v2', blocked: boolean): void => {
      // Who has to prove themselves is not to be stood for by a cache.
      const open = this.#context.isOpen(mount.name)
      const answer = this.#write(presentation, `${id} ${String(skip)} ${blocked} ${open}`, () =>
        textAnswer(
          formatMediaPlaylist(this.#view(target, id), { skip }),
          HLS_TYPE,
          blocked ? `${open ? 'public' : 'private'}, max-age=${6 * presentation.settings.segmentDuration}` : 'no-cache',
          `"${presentation.run}-${presentation.version}-${id}${skip === false ? '' : `-${String(skip)}`}"`,
        ),
      )
      this.#see(mount, request, query.has('_HLS_part') ? 'll-hls' : 'hls', answer.body[0]!.length)
      reply.send(answer)
    }
    const begun = (): boolean => presentation.period !== undefined && this.#view(target, id).segments.length > 0
    return whenReady(
      this.#context.logger,
      mount,
      `begun ${id}`,
      begun,
      () => {
        if (presentation.period !== undefined && hlsContainer(presentation, id) === undefined) {
          if (tracksOf(presentation.period, id).length === 0) throw new FloecastError('FILE_NOT_FOUND', { file: target.file })
          return unplayable(mount, 'HLS')
        }
        const wanted = parseBlockingRequest(query, this.#view(target, id))
        if (wanted.kind === 'bad') throw new FloecastError('BAD_REQUEST', { reason: wanted.reason })
        if (wanted.kind === 'now') return send(wanted.skip, query.has('_HLS_msn'))
        const { sequence, part, skip } = wanted
        if (!presentation.live) return unavailable(reply)
        const key = `${id} ${sequence} ${part ?? ''}`
        const reached = (): boolean => hasReached(this.#view(target, id), sequence, part)
        return waitFor(this.#context.logger, presentation, key, reached, reply, (ready) => (ready ? send(skip, true) : unavailable(reply)))
      },
      reply,
    )
  }

  // What a playlist of a rendition says now; written from many times.
  #view({ mount, members }: MediaTarget, id: RenditionId): MediaPlaylist {
    const presentation = mount.broadcast.presentation!
    const { playlists } = this.#now(presentation)
    let view = playlists.get(id)
    if (view === undefined) {
      view = mediaPlaylist(presentation, id, siblingsOf(mount, members(), id))
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

  #now(presentation: Presentation): Written {
    const { version } = presentation
    let now = this.#written.get(presentation)
    if (now?.version !== version) {
      now = { version, answers: new Map(), playlists: new Map() }
      this.#written.set(presentation, now)
    }
    return now
  }
}

const hasParts = ({ segments }: Presentation): boolean => segments.some(({ parts }) => parts.length > 0)

// Others from whose media playlists a player may change to this one, or from this one to them.
function siblingsOf(mount: Mount, members: readonly Mount[], id: RenditionId): Sibling[] {
  return members.flatMap((member) => {
    const { presentation } = member.broadcast
    if (presentation === undefined || !member.settings.hls.enabled) return []
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

// The relative URI of a path, as seen from a folder.
const relative = (from: string, to: string): string => posix.relative(from, to).split('/').map(encodeURIComponent).join('/')
