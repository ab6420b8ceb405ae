/** A format that goes out. */
export type OutputFormat = 'ts' | 'fmp4' | 'webm' | 'matroska' | 'ogg' | 'mp3' | 'adts' | 'flac'

/** A codec of pictures that goes out. */
export type VideoCodec = 'h264' | 'hevc' | 'vp8' | 'vp9' | 'av1'

/** A codec of sound that goes out. */
export type AudioCodec = 'aac' | 'opus' | 'mp3' | 'flac' | 'vorbis'

/** What a format holds, the usual first. */
interface FormatFacts {
  /** Without its codecs. */
  readonly contentType: string
  /** None for formats of sound alone. */
  readonly video: readonly VideoCodec[]
  readonly audio: readonly AudioCodec[]
}

/** The formats, and what they hold. MPEG-TS is the usual one: every player of HLS takes its codecs, and its parameters may change on the way. */
export const FORMATS: Readonly<Record<OutputFormat, FormatFacts>> = {
  ts: { contentType: 'video/mp2t', video: ['h264', 'hevc'], audio: ['aac', 'mp3', 'opus'] },
  fmp4: { contentType: 'video/mp4', video: ['h264', 'hevc', 'av1', 'vp9'], audio: ['aac', 'opus', 'flac', 'mp3'] },
  webm: { contentType: 'video/webm', video: ['vp9', 'vp8', 'av1'], audio: ['opus', 'vorbis'] },
  matroska: {
    contentType: 'video/x-matroska',
    video: ['h264', 'hevc', 'av1', 'vp9', 'vp8'],
    audio: ['aac', 'opus', 'mp3', 'flac', 'vorbis'],
  },
  ogg: { contentType: 'application/ogg', video: [], audio: ['opus', 'vorbis', 'flac'] },
  mp3: { contentType: 'audio/mpeg', video: [], audio: ['mp3'] },
  adts: { contentType: 'audio/aac', video: [], audio: ['aac'] },
  flac: { contentType: 'audio/flac', video: [], audio: ['flac'] },
}

/** The formats that hold something, for sentences. */
export function formatsWith(codec: VideoCodec | AudioCodec): string {
  const names = Object.entries(FORMATS).flatMap(([name, { video, audio }]) =>
    [...video, ...audio].some((held) => held === codec) ? name : [],
  )
  return listOf(names)
}

/** `a, b or c`. */
export function listOf(words: readonly string[]): string {
  return words.length < 2 ? words.join() : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`
}

/** The encoders of software of a codec, the best first. */
export const ENCODERS: Readonly<Record<VideoCodec | AudioCodec, readonly string[]>> = {
  h264: ['libx264', 'libopenh264'],
  hevc: ['libx265', 'libkvazaar'],
  vp8: ['libvpx'],
  vp9: ['libvpx-vp9'],
  av1: ['libsvtav1', 'libaom-av1'],
  aac: ['aac'],
  opus: ['libopus'],
  mp3: ['libmp3lame', 'libshine'],
  flac: ['flac'],
  vorbis: ['libvorbis'],
}
