/** What the player reads of a mount's status: the answer of `/api/v1/status` has all of it, and more. */
export interface MountFacts {
  /** Its path, decoded, such as `/live`. */
  readonly mount: string
  /** Whether a source is connected. */
  readonly live: boolean
  /** The group of qualities that it is one of, whose HLS playlist and MPD offer all of them. */
  readonly group: string | null
  /** The stream's name. */
  readonly name: string | null
  /** What the stream is about. */
  readonly description: string | null
  /** Its wire format, once the bytes have told. */
  readonly format: string | null
  /** Its elementary streams, as far as the bytes have told. */
  readonly tracks: readonly TrackFacts[]
  /** When the source connected, as ISO 8601. */
  readonly connected: string | null
  /** What plays now. */
  readonly title: TitleFacts | null
  /** What has played, newest first, with what plays. */
  readonly titles: readonly Pick<TitleFacts, 'display'>[]
  /** The forms in which it can be had now. */
  readonly forms: FormFacts
}

/** An elementary stream. */
export interface TrackFacts {
  /** `video`, `audio` or anything else. */
  readonly kind: string
  /** The codec by its usual name. */
  readonly codec: string
  /** The codec as RFC 6381 writes it. */
  readonly codecs: string | null
}

/** What plays. */
export interface TitleFacts {
  /** The one line that players show. */
  readonly display: string
  /** Who plays it. */
  readonly artist: string | null
  /** The title alone. */
  readonly title: string | null
}

/** A form of a mount that is cut into segments. */
export interface SegmentedFacts {
  /** Media types with codecs: all of them must be playable. */
  readonly media: readonly string[]
  /** Whether segments are told of while they grow. */
  readonly lowLatency: boolean
  /** Seconds of a segment. */
  readonly segmentDuration: number
  /** Seconds that players may go back. */
  readonly rewind: number
}

/** A form of a mount that is one endless stream. */
export interface InstantFacts {
  /** What its path ends in. */
  readonly form: string
  /** Its media type. */
  readonly type: string
  /** Media types with codecs. */
  readonly media: readonly string[]
}

/** All forms. */
export interface FormFacts {
  /** HLS. */
  readonly hls: SegmentedFacts | null
  /** MPEG-DASH. */
  readonly dash: SegmentedFacts | null
  /** Endless streams, best first. */
  readonly instant: readonly InstantFacts[]
}

/** Whether a mount shows pictures, as far as the bytes have told. */
export const hasPictures = ({ tracks }: Pick<MountFacts, 'tracks'>): boolean => tracks.some(({ kind }) => kind === 'video')
