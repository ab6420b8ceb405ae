/**
 * The one unit that moves through the server: a run of the source's own bytes that may not be cut.
 *
 * The frames of an undamaged stream, concatenated, are the input, byte for byte; and a stream gives equal frames
 * however it was cut into chunks.
 */
export interface Frame {
  /** A view of the source's bytes: not to be written to. */
  readonly bytes: Buffer
  /** Whether a listener may start with this frame, after {@link Frame.header}: a key frame, an Ogg page that begins a packet, an MP3 frame. */
  readonly sync: boolean
  /**
   * What a listener who starts at this frame gets first: Ogg header pages, an EBML head, `ftyp` and `moov`, PAT and PMT; empty
   * for MP3. Frames that share a header share the very same Buffer. Meaningful only where {@link Frame.sync} is true.
   */
  readonly header: Buffer
}

/** One elementary stream of a source, as far as its bytes have told. */
export interface Track {
  /** What it carries. */
  readonly kind: 'audio' | 'video' | 'data'
  /** The codec by its usual name, such as `H.264`, `AAC` or `Opus`: for people. */
  readonly codec: string
  /** The codec as RFC 6381 writes it, such as `avc1.64001f` or `mp4a.40.2`, once the bytes have told: for browsers. */
  readonly codecs?: string | undefined
  /** Picture width in pixels. */
  readonly width?: number | undefined
  /** Picture height in pixels. */
  readonly height?: number | undefined
  /** Pictures a second. */
  readonly frameRate?: number | undefined
  /** Samples a second. */
  readonly sampleRate?: number | undefined
  /** Audio channels. */
  readonly channels?: number | undefined
  /** Bits a second, where the stream states it. */
  readonly bitrate?: number | undefined
}

/** The name of a wire format that floecast knows. `raw` is anything else, passed on as it came. */
export type FormatName = 'mp3' | 'adts' | 'flac' | 'ogg' | 'webm' | 'matroska' | 'mpeg-ts' | 'flv' | 'mp4' | 'raw'

/** Formats in which a stream may begin anew on the end of another, and players go on. */
export const CHAINABLE: ReadonlySet<FormatName> = new Set(['mp3', 'adts', 'ogg', 'mpeg-ts'])

/**
 * Cuts a byte stream of one format into frames. It never throws on what it is given: bytes that make no sense are left
 * out, counted in {@link Demuxer.skipped}, and the next good frame is found again. What it holds back is bounded.
 */
export interface Demuxer {
  /** The wire format. */
  readonly format: FormatName
  /** The media type that fits the bytes, such as `video/mp2t`. */
  readonly contentType: string
  /** The elementary streams found so far. */
  readonly tracks: readonly Track[]
  /** Bytes left out so far because they were damaged. */
  readonly skipped: number
  /** Titles and other comments that the stream itself carries (Ogg comments, ID3), by lower-case name; the newest win. */
  readonly comments: Readonly<Record<string, string>>
  /** What keeps listeners from joining this stream and what the source should send instead, in one sentence; once that is known. */
  readonly warning?: string | undefined
  /** Takes the next bytes and gives the frames that they complete. The chunk must not be written to afterwards. */
  push(chunk: Buffer): Frame[]
  /** Says that no more bytes come, and gives what is still held back. */
  end(): Frame[]
}

/** The header of formats that need none. */
export const NO_HEADER: Buffer = Buffer.alloc(0)

/**
 * The most bytes that a demuxer holds back for one frame. A larger one is passed on in pieces of this size, of which only
 * the first may be a sync frame: memory stays bounded whatever the source sends.
 */
export const MAX_FRAME_SIZE = 4_194_304
