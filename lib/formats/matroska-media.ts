import { AAC_SAMPLE_RATES, writeAacConfig } from '../codecs/aac.js'
import { FLAC_INFO_SIZE } from '../codecs/flac.js'
import { writeOpusHead } from '../codecs/opus.js'
import { readVp9Private, vp9Level, writeVpConfig } from '../codecs/vp9.js'
import { ID, readElements, readString, readUnsigned } from './ebml.js'
import { frameRateOf, readAudio, readVideo } from './matroska-tracks.js'
import { VIDEO_TIMESCALE, type TrackFacts } from './media-track.js'
import type { CodecId } from './packet.js'
import { SampleReader } from './sample-reader.js'

/** A TrackEntry of Matroska, as what reads its blocks needs it. */
export interface MatroskaMedia {
  /** What blocks call it. */
  readonly number: number
  /** What reads its frames. */
  readonly reader: SampleReader
  /** Nanoseconds to take off its times. */
  readonly delay: number
  /** Nanoseconds of a frame that does not say; 0 when they differ. */
  readonly duration: number
  /** Bytes that begin every frame and are not stored. */
  readonly prefix: Buffer
  /** The bytes that all this was read from: two tracks are the same when theirs are. */
  readonly source: Buffer
}

/** Reads the audio and video tracks that can be repackaged from the body of a Tracks element (RFC 9559 section 5.1.4). */
export function readMatroskaMedia(body: Buffer): MatroskaMedia[] {
  const media: MatroskaMedia[] = []
  for (const element of readElements(body)) {
    const track = element.id === ID.TrackEntry ? readTrackEntry(element.body) : undefined
    if (track !== undefined && !media.some(({ number }) => number === track.number)) media.push(track)
    if (media.length === MAX_TRACKS) break
  }
  return media
}

const MAX_TRACKS = 32

function readTrackEntry(body: Buffer): MatroskaMedia | undefined {
  let number = 0
  let name = ''
  let config: Buffer | undefined
  let delay = 0
  let duration = 0
  let prefix: Buffer | undefined = EMPTY
  let language: string | undefined
  let size: ReturnType<typeof readVideo> = {}
  // The defaults of RFC 9559 section 5.1.4.1.29.
  let sound: ReturnType<typeof readAudio> = { sampleRate: 8000, channels: 1 }
  for (const { id, body: value } of readElements(body)) {
    if (id === ID.TrackNumber) number = readUnsigned(value)
    else if (id === ID.CodecId) name = readString(value)
    else if (id === ID.CodecPrivate) config = Buffer.from(value)
    else if (id === ID.CodecDelay) delay = readUnsigned(value) || 0
    else if (id === ID.DefaultDuration) duration = readUnsigned(value) || 0
    else if (id === ID.Language) language = readString(value)
    else if (id === ID.ContentEncodings) prefix = readPrefix(value)
    else if (id === ID.Video) size = readVideo(value)
    else if (id === ID.Audio) sound = readAudio(value)
  }
  const codecId = CODECS[name] ?? (name.startsWith('A_AAC') ? 'aac' : undefined)
  // Compressed or encrypted frames stay as they are.
  if (codecId === undefined || prefix === undefined || !(number > 0)) return undefined
  const isVideo = name.startsWith('V_')
  const frameRate = frameRateOf(duration)
  const facts: TrackFacts = {
    id: number,
    ...(isVideo ? { timescale: VIDEO_TIMESCALE, ...size, frameRate } : sound),
    ...(language !== undefined && language !== 'und' && /^[a-z]{3}$/.test(language) && { language }),
  }
  const reader = new SampleReader(codecId, readConfig(codecId, name, config, facts), facts)
  return { number, reader, delay, duration, prefix, source: Buffer.from(body) }
}

/** The configuration in the form of {@link MediaTrack.config}; `undefined` where the frames must tell. */
function readConfig(codecId: CodecId, name: string, bytes: Buffer | undefined, facts: TrackFacts): Buffer | undefined {
  const { sampleRate = 0, channels = 0, width, height, frameRate } = facts
  switch (codecId) {
    case 'vp8':
      return width && height ? writeVpConfig({ profile: 0, bitDepth: 8 }) : undefined
    case 'vp9': {
      const config = bytes && readVp9Private(bytes)
      const level = config?.level || (width && height ? vp9Level(width, height, frameRate) : undefined)
      return config && writeVpConfig({ ...config, level })
    }
    case 'flac': {
      // 'fLaC', the header of the block, STREAMINFO; some leave out the first.
      const at = bytes?.toString('latin1', 0, 4) === 'fLaC' ? 8 : bytes?.length === FLAC_INFO_SIZE ? 0 : 4
      return bytes?.subarray(at, at + FLAC_INFO_SIZE)
    }
    case 'opus':
      if (bytes !== undefined || channels < 1 || channels > 2) return bytes
      return writeOpusHead({ channels, preSkip: 0, inputSampleRate: sampleRate, outputGain: 0, mappingFamily: 0, mapping: EMPTY })
    case 'aac': {
      if (bytes !== undefined) return bytes
      // The old ids name the profile: A_AAC/MPEG4/LC/SBR.
      const objectType = ['MAIN', 'LC', 'SSR', 'LTP'].indexOf(name.split('/')[2] ?? 'LC') + 1
      const sampleRateIndex = AAC_SAMPLE_RATES.indexOf(sampleRate)
      const channelConfig = channels === 8 ? 7 : channels
      if (objectType < 1 || sampleRateIndex < 0 || channelConfig < 1 || channelConfig > 7) return undefined
      return writeAacConfig({ objectType, sampleRateIndex, channelConfig })
    }
    case 'ac3':
    case 'eac3':
    case 'mp3':
      return undefined
    default:
      return bytes
  }
}

/** What ContentEncodings say is to be put before each frame; `undefined` for any other encoding (RFC 9559 section 5.1.4.1.31). */
function readPrefix(body: Buffer): Buffer | undefined {
  let prefix = EMPTY
  for (const { id, body: encoding } of readElements(body)) {
    if (id !== ID.ContentEncoding) continue
    let scope = 1
    let algorithm: number | undefined
    let settings = EMPTY
    for (const { id: part, body: value } of readElements(encoding)) {
      if (part === ID.ContentEncodingScope) scope = readUnsigned(value)
      else if (part === ID.ContentEncodingType && readUnsigned(value) !== 0) return undefined
      else if (part === ID.ContentCompression) {
        algorithm = 0
        for (const { id: field, body: content } of readElements(value)) {
          if (field === ID.ContentCompAlgo) algorithm = readUnsigned(content)
          else if (field === ID.ContentCompSettings) settings = Buffer.from(content)
        }
      }
    }
    if (algorithm !== HEADER_STRIPPING || scope !== 1) return undefined
    prefix = Buffer.concat([settings, prefix])
  }
  return prefix
}

const HEADER_STRIPPING = 3

const EMPTY = Buffer.alloc(0)

const CODECS: Readonly<Record<string, CodecId>> = {
  V_VP8: 'vp8',
  V_VP9: 'vp9',
  V_AV1: 'av1',
  'V_MPEG4/ISO/AVC': 'h264',
  'V_MPEGH/ISO/HEVC': 'hevc',
  A_OPUS: 'opus',
  A_VORBIS: 'vorbis',
  A_FLAC: 'flac',
  'A_MPEG/L3': 'mp3',
  A_AC3: 'ac3',
  A_EAC3: 'eac3',
}
