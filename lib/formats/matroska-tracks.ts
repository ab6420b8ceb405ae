import { readVp9Private } from '../codecs/vp9.js'
import { describeAac, describeAv1, describeAvc, describeHevc, describeKeyFrame, describeVp9 } from './decoder-config.js'
import type { TrackDetails } from './decoder-config.js'
import { ID, readElements, readFloat, readString, readUnsigned } from './ebml.js'
import type { Track } from './frame.js'

/** A TrackEntry of Matroska. */
export interface MatroskaTrack {
  /** What blocks call it. */
  readonly number: number
  /** What is known of it; a later reading replaces the whole object. */
  track: Track
  /** How many more key frames are read for what CodecPrivate did not tell. */
  tries: number
}

/** Reads the body of a Tracks element (RFC 9559 section 5.1.4); entries without a number are left out. */
export function readTracks(body: Buffer): MatroskaTrack[] {
  const tracks: MatroskaTrack[] = []
  for (const element of readElements(body)) {
    const track = element.id === ID.TrackEntry ? readTrackEntry(element.body) : undefined
    if (track !== undefined) tracks.push(track)
  }
  return tracks
}

/** Takes what the first key frame tells, where CodecPrivate did not tell the codec string. */
export function readKeyFrame(entry: MatroskaTrack, frame: Buffer): void {
  const { track } = entry
  if (track.kind !== 'video' || track.codecs !== undefined || entry.tries === 0) return
  entry.tries--
  entry.track = { ...track, ...fill(track, describeKeyFrame(track.codec, frame, track.frameRate)) }
}

function readTrackEntry(body: Buffer): MatroskaTrack | undefined {
  let number = 0
  let type = 0
  let codecId = ''
  let config: Buffer | undefined
  let known: TrackDetails = {}
  for (const { id, body: value } of readElements(body)) {
    if (id === ID.TrackNumber) number = readUnsigned(value)
    else if (id === ID.TrackType) type = readUnsigned(value)
    else if (id === ID.CodecId) codecId = readString(value)
    else if (id === ID.CodecPrivate) config = value
    else if (id === ID.DefaultDuration) known = { ...known, frameRate: frameRateOf(readUnsigned(value)) }
    else if (id === ID.Video) known = { ...known, ...readVideo(value) }
    else if (id === ID.Audio) known = { ...known, ...readAudio(value) }
  }
  if (!(number > 0)) return undefined
  const kind = type === 1 ? 'video' : type === 2 ? 'audio' : 'data'
  // DefaultDuration of an audio track is the duration of its packets.
  if (kind !== 'video') known = { ...known, frameRate: undefined }
  const codec = NAMES.find(([prefix]) => codecId === prefix || codecId.startsWith(`${prefix}/`))?.[1] ?? codecId
  const track: Track = { kind, codec, ...known }
  return { number, track: { ...track, ...fill(track, describe(codec, config, track)) }, tries: 8 }
}

function describe(codec: string, config: Buffer | undefined, track: Track): TrackDetails {
  switch (codec) {
    case 'H.264':
      return config ? describeAvc(config) : {}
    case 'HEVC':
      return config ? describeHevc(config) : {}
    case 'AV1':
      return config ? describeAv1(config) : {}
    case 'VP8':
      return { codecs: 'vp8' }
    case 'VP9': {
      const vp9 = config && readVp9Private(config)
      return vp9 ? describeVp9(vp9, track.width, track.height, track.frameRate) : {}
    }
    case 'AAC':
      return config ? describeAac(config) : {}
    default:
      return { codecs: AUDIO_CODECS[codec] }
  }
}

/** Details, without those that the container itself states: its picture size and sample rate are what a player obeys. */
function fill(track: Track, details: TrackDetails): TrackDetails {
  const stated: Readonly<Record<string, unknown>> = { ...track }
  return Object.fromEntries(
    Object.entries(details).filter(([key, value]) => value !== undefined && (key === 'codec' || stated[key] === undefined)),
  )
}

/** What the body of a Video element says, where it does (RFC 9559 section 5.1.4.1.28). */
export function readVideo(body: Buffer): { readonly width?: number; readonly height?: number } {
  let width = 0
  let height = 0
  for (const { id, body: value } of readElements(body)) {
    if (id === ID.PixelWidth) width = readUnsigned(value)
    else if (id === ID.PixelHeight) height = readUnsigned(value)
  }
  return { ...(width > 0 && { width }), ...(height > 0 && { height }) }
}

/** What the body of an Audio element says, with the defaults of RFC 9559 section 5.1.4.1.29. */
export function readAudio(body: Buffer): { readonly sampleRate: number; readonly channels: number } {
  let sampleRate = 8000
  let output: number | undefined
  let channels = 1
  for (const { id, body: value } of readElements(body)) {
    if (id === ID.SamplingFrequency) sampleRate = readFloat(value)
    else if (id === ID.OutputSamplingFrequency) output = readFloat(value)
    else if (id === ID.Channels) channels = readUnsigned(value)
  }
  return { sampleRate: output ?? sampleRate, channels }
}

/** Frames a second of so many nanoseconds each: 41666666 ns is 24.000000384, and what is meant is 24. */
export function frameRateOf(duration: number): number | undefined {
  return duration > 0 ? Math.round(1e12 / duration) / 1000 : undefined
}

const AUDIO_CODECS: Readonly<Record<string, string>> = {
  Opus: 'opus',
  Vorbis: 'vorbis',
  FLAC: 'flac',
  MP3: 'mp3',
  'AC-3': 'ac-3',
  'E-AC-3': 'ec-3',
}

const NAMES: readonly (readonly [codecId: string, name: string])[] = [
  ['V_VP8', 'VP8'],
  ['V_VP9', 'VP9'],
  ['V_AV1', 'AV1'],
  ['V_MPEG4/ISO/AVC', 'H.264'],
  ['V_MPEGH/ISO/HEVC', 'HEVC'],
  ['V_MPEG4', 'MPEG-4'],
  ['V_MPEG2', 'MPEG-2'],
  ['V_MPEG1', 'MPEG-1'],
  ['V_THEORA', 'Theora'],
  ['V_MJPEG', 'Motion JPEG'],
  ['V_FFV1', 'FFV1'],
  ['A_OPUS', 'Opus'],
  ['A_VORBIS', 'Vorbis'],
  ['A_FLAC', 'FLAC'],
  ['A_AAC', 'AAC'],
  ['A_MPEG/L3', 'MP3'],
  ['A_MPEG/L2', 'MP2'],
  ['A_AC3', 'AC-3'],
  ['A_EAC3', 'E-AC-3'],
  ['A_DTS', 'DTS'],
  ['A_ALAC', 'ALAC'],
  ['A_PCM', 'PCM'],
]
