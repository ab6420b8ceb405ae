import { FloecastError } from '../errors.js'
import type { FileName } from '../media/names.js'
import type { Presentation } from '../media/presentation.js'
import { FILES, type RenditionId, tracksOf } from '../media/rendition.js'
import type { PeriodWriters, Segment } from '../media/segment.js'
import type { StoredFile } from '../media/store.js'
import type { Mount } from '../mount/mount.js'
import { type MediaContext, type MediaRequest, NOTHING, refuse, type See, unavailable, waitFor } from './media-request.js'
import type { MediaAnswer, Reply } from './reply.js'

/** Parts whose answers are kept for all who ask for them at the same time. */
const LATEST = 8
const FOREVER = 'public, max-age=31536000, immutable'
/** Bytes that are read from the disk at a time, and milliseconds within which a client must have taken them. */
const PIECE = 262_144
const SLOW = 120_000

/** Answers requests for init sections, segments and parts. */
export class MediaFiles {
  readonly #context: MediaContext
  readonly #see: See
  #latest: MediaAnswer[] = []

  /** @param see takes note of who watches */
  constructor(context: MediaContext, see: See) {
    this.#context = context
    this.#see = see
  }

  /** Answers with a file, now or, where it is announced, when it is there. */
  file(
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
      return waitFor(
        this.#context.logger,
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
    return waitFor(
      this.#context.logger,
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
      return waitFor(this.#context.logger, presentation, `growing ${segment.sequence} ${reached}`, ready, reply, (there) =>
        there || segment.complete ? step() : reply.abort(),
      )
    }
    return step()
  }
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

function typeOf(writers: PeriodWriters, id: RenditionId): string {
  const container = writers.get(id)?.container ?? 'mp4'
  return tracksOf(writers.period, id).some(({ kind }) => kind === 'video') ? FILES[container].video : FILES[container].audio
}
