import type { Demuxer, Frame, Track } from './frame.js'
import { NO_HEADER } from './frame.js'

/**
 * Passes on bytes of an unknown format as they come: every chunk is one frame, and a listener may start at any. It is the one
 * format whose frames depend on how the stream was cut.
 */
export class RawDemuxer implements Demuxer {
  /** Always `raw`. */
  readonly format = 'raw'
  /** What the source announced. */
  readonly contentType: string
  /** None: nothing is known of the bytes. */
  readonly tracks: readonly Track[] = []
  /** Always 0. */
  readonly skipped = 0
  /** None. */
  readonly comments: Readonly<Record<string, string>> = {}

  /** @param contentType the media type that the source announced */
  constructor(contentType = 'application/octet-stream') {
    this.contentType = contentType
  }

  /** Gives the chunk back as a frame; an empty one gives none. */
  push(chunk: Buffer): Frame[] {
    return chunk.length === 0 ? [] : [{ bytes: chunk, sync: true, header: NO_HEADER }]
  }

  /** Gives nothing: nothing is held back. */
  end(): Frame[] {
    return []
  }
}
