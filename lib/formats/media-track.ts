import { readAacConfig } from '../codecs/aac.js'
import { readFlacInfo } from '../codecs/flac.js'
import { OPUS_SAMPLE_RATE, readOpusHead } from '../codecs/opus.js'
import { readVorbisHead } from '../codecs/vorbis.js'
import { VP8_CODECS } from '../codecs/vp8.js'
import { vp9Codecs, vp9Level } from '../codecs/vp9.js'
import { describeAac, describeAv1, describeAvc, describeHevc, type TrackDetails } from './decoder-config.js'
import type { CodecId, MediaTrack } from './packet.js'

/** What the container or a frame's header says of a track, beside its decoder configuration. */
export interface TrackFacts extends Omit<TrackDetails, 'codecs' | 'codec'> {
  /** See {@link MediaTrack.id}. */
  readonly id: number
  /** Ticks a second for video; audio always counts samples. */
  readonly timescale?: number | undefined
  /** See {@link MediaTrack.language}. */
  readonly language?: string | undefined
}

/**
 * Makes a track of a decoder configuration.
 * @param config in the form of {@link MediaTrack.config}; it is kept
 * @param facts what the configuration says itself counts more, except for the picture's size and rate
 * @returns `undefined` when the configuration makes no sense, or nobody says what a track must have: width, height, sample rate
 */
export function createMediaTrack(codecId: CodecId, config: Buffer, facts: TrackFacts): MediaTrack | undefined {
  const kind = VIDEO.has(codecId) ? 'video' : 'audio'
  const told = read(codecId, config, facts)
  if (told?.codecs === undefined) return undefined
  const { id, language, bitrate } = facts
  const rest = { ...(language !== undefined && { language }), ...(bitrate !== undefined && { bitrate }) }
  const codec = told.codec ?? NAMES[codecId]
  if (kind === 'video') {
    const width = facts.width ?? told.width
    const height = facts.height ?? told.height
    if (width === undefined || height === undefined) return undefined
    const frameRate = facts.frameRate ?? told.frameRate
    const timescale = facts.timescale ?? VIDEO_TIMESCALE
    return {
      kind,
      id,
      codecId,
      codec,
      codecs: told.codecs,
      timescale,
      config,
      width,
      height,
      ...(frameRate !== undefined && { frameRate }),
      ...rest,
    }
  }
  const sampleRate = told.sampleRate ?? facts.sampleRate
  const channels = told.channels ?? facts.channels
  if (sampleRate === undefined || channels === undefined) return undefined
  // The times of AAC count samples of the core, which SBR doubles.
  const timescale = codecId === 'aac' ? readAacConfig(config)!.sampleRate : sampleRate
  return { kind, id, codecId, codec, codecs: told.codecs, timescale, config, sampleRate, channels, ...rest }
}

/** Ticks a second of most video, as in MPEG-TS. */
export const VIDEO_TIMESCALE = 90_000

function read(codecId: CodecId, config: Buffer, { width, height, frameRate }: TrackFacts): TrackDetails | undefined {
  switch (codecId) {
    case 'h264':
      return describeAvc(config)
    case 'hevc':
      return describeHevc(config)
    case 'av1':
      return describeAv1(config)
    case 'vp8':
      return { codecs: VP8_CODECS }
    case 'vp9': {
      // VP Codec ISO Media File Format Binding: profile, level, then four bits of depth.
      if (config.length < 3) return undefined
      const level = config[1]! || (width && height ? vp9Level(width, height, frameRate) : undefined)
      return { codecs: vp9Codecs({ profile: config[0]!, level, bitDepth: config[2]! >> 4 }) }
    }
    case 'aac':
      return describeAac(config)
    case 'opus': {
      const head = readOpusHead(config)
      return head && { codecs: 'opus', sampleRate: OPUS_SAMPLE_RATE, channels: head.channels }
    }
    case 'flac': {
      const info = readFlacInfo(config)
      return info && { codecs: 'flac', sampleRate: info.sampleRate, channels: info.channels }
    }
    case 'vorbis': {
      // Matroska's lacing: a count, two sizes in bytes of 255 and a rest, then the headers.
      let at = 1
      for (let sizes = 0; sizes < 2 && at < config.length; at++) if (config[at]! < 255) sizes++
      const head = readVorbisHead(config.subarray(at))
      return head && { codecs: 'vorbis', sampleRate: head.sampleRate, channels: head.channels }
    }
    case 'mp3':
      return { codecs: 'mp4a.40.34' }
    case 'ac3':
      return { codecs: 'ac-3' }
    default:
      return { codecs: 'ec-3' }
  }
}

const VIDEO: ReadonlySet<CodecId> = new Set(['h264', 'hevc', 'vp8', 'vp9', 'av1'])

const NAMES: Readonly<Record<CodecId, string>> = {
  h264: 'H.264',
  hevc: 'HEVC',
  vp8: 'VP8',
  vp9: 'VP9',
  av1: 'AV1',
  aac: 'AAC',
  opus: 'Opus',
  vorbis: 'Vorbis',
  flac: 'FLAC',
  mp3: 'MP3',
  ac3: 'AC-3',
  eac3: 'E-AC-3',
}
