import { gzipSync } from 'node:zlib'
import type { Clock } from '../clock.js'
import { FloecastError } from '../errors.js'
import type { Logger } from '../log.js'
import type { Presentation } from '../media/presentation.js'
import type { Mount } from '../mount/mount.js'
import type { Mounts } from '../mount/mounts.js'
import type { ServerSettings } from '../options/index.js'
import type { MediaAnswer, Reply } from './reply.js'
import type { Admission } from './admission.js'
import type { Viewers } from './viewers.js'
import type { ViewingProtocol } from './viewership.js'

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
  /** Whether everybody may listen to a mount, without a word about who they are. */
  isOpen(mount: string): boolean
  /**
   * Who may come in.
   * @internal
   */
  readonly admission: Admission
}

/** Takes note of who watches, by whatever a request says of that. */
export type See = (mount: Mount, request: MediaRequest, protocol: ViewingProtocol | undefined, bytes: number) => void

/**
 * Waits for something of a presentation, and then does something, which may be another wait. What goes wrong in it is the matter of this one request: those
 * who feed the mount must not hear of it.
 * @param then told whether it is there, as by {@link Presentation.wait}
 * @returns ends the wait, for a client that has gone
 */
export function waitFor(
  logger: Logger,
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
      logger.error({ err: error }, 'an answer failed')
      reply.abort()
    }
  })
  return () => cancel()
}

/**
 * Does something now or, where a source is there, when it can be done.
 * @throws FloecastError MOUNT_NOT_FOUND without a source
 */
export function whenReady(
  logger: Logger,
  mount: Mount,
  key: string,
  ready: () => boolean,
  write: () => (() => void) | void,
  reply: Reply,
): () => void {
  if (ready()) return write() ?? NOTHING
  if (mount.source === undefined) throw new FloecastError('MOUNT_NOT_FOUND')
  return waitFor(logger, mount.broadcast.presentation!, key, ready, reply, (there) => (there ? write() : unavailable(reply)))
}

/** An answer of text, compressed too. */
export function textAnswer(content: string, contentType: string, cacheControl: string, etag?: string): MediaAnswer {
  const body = Buffer.from(content)
  return { status: 200, contentType, cacheControl, body: [body], gzip: gzipSync(body, { level: 1 }), etag }
}

/** Says that a mount cannot be given in a form. */
export function unplayable(mount: Mount, form: string): never {
  throw new FloecastError('NOT_PLAYABLE', { form, mount: mount.name })
}

/** RFC 8216bis 6.2.5.2: who has waited too long is told so, and never given what has not changed. */
export function unavailable(reply: Reply): void {
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

/** Ends a wait that is none. */
export const NOTHING = (): void => {}
