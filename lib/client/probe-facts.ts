/** One stream of a file or an address. */
export interface MediaStream {
  /** Its number there, from 0 on. */
  readonly index: number
  /** What it carries. */
  readonly kind: 'video' | 'audio' | 'subtitle' | 'data'
  /** Its codec, as ffmpeg calls it: `h264`, `aac`; `unknown` where nobody knows. */
  readonly codec: string
  /** The codec's profile, as ffmpeg calls it: `High`, `LC`. */
  readonly profile?: string | undefined
  /** The codec's level, as its bitstream has it: 31 is 3.1 for H.264. */
  readonly level?: number | undefined
  /** Seconds, where it is told. */
  readonly duration?: number | undefined
  /** Bits a second, where it is told. */
  readonly bitrate?: number | undefined
  /** ISO 639-2, such as `eng`. */
  readonly language?: string | undefined
  /** Whether it is the one to be played where there are others. */
  readonly isDefault: boolean
  /** Whether it is a single picture that belongs to the file, such as a cover. */
  readonly isCover: boolean

  /** Width in pixels as they are stored, before {@link MediaStream.rotation}. */
  readonly width?: number | undefined
  /** Height in pixels as they are stored. */
  readonly height?: number | undefined
  /** How wide a pixel is for its height; 1 for square ones. */
  readonly pixelAspect?: number | undefined
  /** Degrees by which the pictures are to be turned clockwise: 0, 90, 180, 270. */
  readonly rotation?: number | undefined
  /** Pictures a second, on average. */
  readonly frameRate?: number | undefined
  /** As ffmpeg calls it, such as `yuv420p`. */
  readonly pixelFormat?: string | undefined
  /** Whether pictures are made of two fields. */
  readonly isInterlaced?: boolean | undefined
  /** Most seconds between two key frames, as far as the beginning shows; infinite when there is only one. */
  readonly keyInterval?: number | undefined

  /** Samples a second. */
  readonly sampleRate?: number | undefined
  /** Audio channels. */
  readonly channels?: number | undefined
}

/** What a file or an address holds. */
export interface MediaFacts {
  /** The path or address. */
  readonly source: string
  /** The names that ffmpeg has for its container, such as `mov,mp4,m4a,3gp,3g2,mj2`. */
  readonly format: string
  /** Seconds; `undefined` when that is not known, as for what is live. */
  readonly duration: number | undefined
  /** Bits a second, all together. */
  readonly bitrate?: number | undefined
  /** Its title. */
  readonly title?: string | undefined
  /** Who made it. */
  readonly artist?: string | undefined
  /** Whether it is one picture that does not move. */
  readonly isPicture: boolean
  /** Its streams, in their order. */
  readonly streams: readonly MediaStream[]
}

/** What ffprobe writes of a stream, as far as it is read here. */
interface Stream {
  readonly index: number
  readonly codec_type?: string
  readonly codec_name?: string
  readonly profile?: string
  readonly level?: number
  readonly duration?: string
  readonly bit_rate?: string
  readonly width?: number
  readonly height?: number
  readonly sample_aspect_ratio?: string
  readonly avg_frame_rate?: string
  readonly r_frame_rate?: string
  readonly pix_fmt?: string
  readonly field_order?: string
  readonly sample_rate?: string
  readonly channels?: number
  readonly nb_frames?: string
  readonly tags?: Readonly<Record<string, string>>
  readonly disposition?: Readonly<Record<string, number>>
  readonly side_data_list?: readonly { readonly rotation?: number }[]
}

/** What ffprobe writes, as far as it is read here. */
interface Told {
  readonly streams?: readonly Stream[]
  readonly format?: {
    readonly format_name?: string
    readonly duration?: string
    readonly bit_rate?: string
    readonly tags?: Readonly<Record<string, string>>
  }
  readonly packets?: readonly { readonly stream_index: number; readonly pts_time?: string; readonly flags?: string }[]
}

/**
 * Reads what `ffprobe -of json` writes.
 * @returns `undefined` when there is neither video nor audio, or it is text, which ffmpeg would draw as on a terminal
 */
export function readFacts(source: string, text: string): MediaFacts | undefined {
  const told: Told = JSON.parse(text)
  const { streams = [], format = {}, packets = [] } = told
  const name = format.format_name ?? ''
  const found = streams.map((stream) => readStream(stream, packets))
  if (name === 'tty' || !found.some(({ kind, codec }) => (kind === 'video' || kind === 'audio') && codec !== 'unknown')) return undefined
  const isPicture = /^(image2|\w+_pipe)$/.test(name)
  const tags = lowerCase([format, ...streams].map(({ tags: own }) => own ?? {}))
  const duration = isPicture ? undefined : positive(format.duration)
  return {
    source,
    format: name,
    duration: duration ?? longest(found),
    isPicture,
    bitrate: positive(format.bit_rate),
    title: tags['title'],
    artist: tags['artist'] ?? tags['album_artist'],
    streams: found,
  }
}

function readStream(stream: Stream, packets: Told['packets'] & {}): MediaStream {
  const { index, codec_type: type, disposition = {}, tags = {}, level } = stream
  const kind = type === 'video' || type === 'audio' || type === 'subtitle' ? type : 'data'
  const isCover = disposition['attached_pic'] === 1
  const common = {
    index,
    kind,
    codec: stream.codec_name ?? 'unknown',
    profile: stream.profile,
    level: level !== undefined && level > 0 ? level : undefined,
    duration: positive(stream.duration) ?? readClock(lowerCase([tags])['duration']),
    bitrate: positive(stream.bit_rate),
    language: tags['language'] === 'und' ? undefined : tags['language'],
    isDefault: disposition['default'] === 1,
    isCover,
  } as const
  if (kind === 'audio') return { ...common, sampleRate: positive(stream.sample_rate), channels: stream.channels }
  if (kind !== 'video') return common
  const turned = stream.side_data_list?.find(({ rotation }) => rotation !== undefined)?.rotation ?? -Number(tags['rotate'] ?? 0)
  return {
    ...common,
    width: stream.width,
    height: stream.height,
    pixelAspect: readRatio(stream.sample_aspect_ratio, ':') ?? 1,
    rotation: (((Math.round(-turned / 90) * 90) % 360) + 360) % 360,
    frameRate: isCover ? undefined : (readRatio(stream.avg_frame_rate, '/') ?? readRatio(stream.r_frame_rate, '/')),
    pixelFormat: stream.pix_fmt,
    isInterlaced: stream.field_order !== undefined && !['progressive', 'unknown'].includes(stream.field_order),
    keyInterval: isCover ? undefined : keyInterval(index, packets),
  }
}

function keyInterval(index: number, packets: Told['packets'] & {}): number | undefined {
  const own = packets.filter((packet) => packet.stream_index === index && packet.pts_time !== undefined)
  const keys = own.filter(({ flags }) => flags?.startsWith('K')).map((packet) => Number(packet.pts_time))
  if (own.length === 0) return undefined
  const times = own.map((packet) => Number(packet.pts_time))
  // What comes after the last one counts: a key frame may never follow.
  const end = times.reduce((last, time) => Math.max(last, time), -Infinity)
  if (keys.length < 2) return end - (keys[0] ?? end) < SOON ? undefined : Infinity
  return keys.slice(1).reduce((most, key, i) => Math.max(most, key - keys[i]!), 0)
}

/** Seconds in which one key frame is enough. */
const SOON = 5

function longest(streams: readonly MediaStream[]): number | undefined {
  const most = streams.reduce((so, { duration = 0, isCover }) => Math.max(so, isCover ? 0 : duration), 0)
  return most > 0 ? most : undefined
}

function positive(text: string | undefined): number | undefined {
  const value = Number(text)
  return Number.isFinite(value) && value > 0 ? value : undefined
}

function readRatio(text: string | undefined, between: string): number | undefined {
  const [over = NaN, under = NaN] = (text ?? '').split(between).map(Number)
  return over > 0 && under > 0 ? over / under : undefined
}

/** Matroska tells streams' durations as `00:01:02.500000000`. */
function readClock(text: string | undefined): number | undefined {
  const [, hours, minutes, seconds] = /^(\d+):(\d\d):(\d\d(?:\.\d+)?)$/.exec(text ?? '') ?? []
  return seconds === undefined ? undefined : Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)
}

/** All names in lower case; of equal ones the first counts. */
function lowerCase(tags: readonly Readonly<Record<string, string>>[]): Partial<Record<string, string>> {
  const all = tags.toReversed().flatMap((own) => Object.entries(own))
  return Object.fromEntries(all.map(([name, value]) => [name.toLowerCase(), value]))
}
