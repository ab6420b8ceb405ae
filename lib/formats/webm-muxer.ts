import { readOpusHead } from '../codecs/opus.js'
import { ID, writeElement, writeElementHead, writeFloat, writeString, writeUnsigned } from './ebml.js'
import type { Frame } from './frame.js'
import type { CodecId, MediaTrack, Muxer, Packet } from './packet.js'

/** What is written: WebM holds VP8, VP9, AV1, Opus and Vorbis alone, and every browser plays it; Matroska holds all. */
export type EbmlType = 'webm' | 'matroska'

/**
 * Writes WebM or Matroska that plays while it arrives: every packet is a block, and each is a frame. A cluster of unknown size begins with every key frame of the
 * first video track, where a listener may start, and every second between them; without video, every half second, where a listener may start, too.
 */
export class WebmMuxer implements Muxer {
  /** `video/webm`, `audio/webm`, `video/x-matroska` or `audio/x-matroska`, with the codecs. */
  readonly contentType: string
  /** EBML head, Segment of unknown size, its information and tracks: the header of every frame. */
  readonly header: Buffer
  readonly #tracks: readonly MediaTrack[]
  readonly #video: MediaTrack | undefined
  /** The Timestamp of the cluster in force. */
  #cluster: number | undefined

  /**
   * @param tracks what is to be written; packets of any other track are left out
   * @throws RangeError when WebM does not hold a track's codec, or there are more than 126 tracks
   */
  constructor(tracks: readonly MediaTrack[], type: EbmlType = 'webm') {
    this.header = writeWebmInit(tracks, type)
    this.#tracks = tracks
    this.#video = tracks.find((track) => track.kind === 'video')
    this.contentType = `${this.#video ? 'video' : 'audio'}/${type === 'webm' ? 'webm' : 'x-matroska'}; codecs="${tracks.map((track) => track.codecs).join()}"`
  }

  /**
   * Takes the next packets and gives a frame for each; nothing is held back.
   * @throws RangeError when a time is below -32 seconds
   */
  write(packets: readonly Packet[]): Frame[] {
    const frames: Frame[] = []
    for (const packet of packets) {
      const number = this.#tracks.indexOf(packet.track) + 1
      if (number === 0) continue
      const time = blockTime(packet)
      const isStart = this.#video === undefined || (packet.track === this.#video && packet.key)
      const distance = this.#cluster === undefined ? Infinity : time - this.#cluster
      const limit = this.#video === undefined ? AUDIO_CLUSTER : VIDEO_CLUSTER
      const opens = (isStart && this.#video !== undefined) || distance >= limit || distance < -MAX_BACKWARDS
      const parts: Buffer[] = []
      if (opens) {
        this.#cluster = Math.max(0, time)
        parts.push(writeElementHead(ID.Cluster, Infinity), writeUnsigned(ID.Timestamp, this.#cluster))
      }
      parts.push(...writeBlock(number, time - this.#cluster!, packet))
      frames.push({ bytes: Buffer.concat(parts), sync: opens && isStart, header: this.header })
    }
    return frames
  }
}

/**
 * Writes packets as whole clusters, such as a DASH segment is: a new one begins with each key frame of the first video track, and where the times
 * of one do not reach.
 * @param tracks those of the initialization section; packets of any other track are left out
 * @throws RangeError when a time is below -32 seconds
 */
export function writeWebmSegment(tracks: readonly MediaTrack[], packets: readonly Packet[]): Buffer {
  const video = tracks.find((track) => track.kind === 'video')
  const clusters: Buffer[] = []
  let body: Buffer[] = []
  let begin = 0
  const close = (): void => {
    if (body.length === 0) return
    const size = body.reduce((sum, { length }) => sum + length, 0)
    clusters.push(writeElementHead(ID.Cluster, size), ...body)
    body = []
  }
  for (const packet of packets) {
    const number = tracks.indexOf(packet.track) + 1
    if (number === 0) continue
    const time = blockTime(packet)
    const isOut = time - begin > MAX_RELATIVE || time - begin < -MAX_RELATIVE
    if (isOut || (packet.track === video && packet.key)) close()
    if (body.length === 0) {
      begin = Math.max(0, time)
      body.push(writeUnsigned(ID.Timestamp, begin))
    }
    body.push(...writeBlock(number, time - begin, packet))
  }
  close()
  return Buffer.concat(clusters)
}

/**
 * Writes what precedes the clusters: EBML head, the head of a Segment of unknown size, its information and tracks. A track's number is its place
 * among them, from 1 on.
 * @throws RangeError when WebM does not hold a track's codec, or there are more than 126 tracks
 */
export function writeWebmInit(tracks: readonly MediaTrack[], type: EbmlType = 'webm'): Buffer {
  // The number of a block's track is to take one byte.
  if (tracks.length > 126) throw new RangeError(`Cannot write ${tracks.length} tracks as ${TYPES[type]}`)
  const alien = type === 'webm' ? tracks.find(({ codecId }) => !WEBM.has(codecId)) : undefined
  if (alien !== undefined) throw new RangeError(`Cannot write ${alien.codec} as WebM`)
  return Buffer.concat([
    writeMaster(
      ID.EBML,
      writeUnsigned(ID.EbmlVersion, 1),
      writeUnsigned(ID.EbmlReadVersion, 1),
      writeUnsigned(ID.EbmlMaxIdLength, 4),
      writeUnsigned(ID.EbmlMaxSizeLength, 8),
      writeString(ID.DocType, type),
      writeUnsigned(ID.DocTypeVersion, 4),
      writeUnsigned(ID.DocTypeReadVersion, 2),
    ),
    writeElementHead(ID.Segment, Infinity),
    writeMaster(
      ID.Info,
      writeUnsigned(ID.TimestampScale, NANOSECONDS / TICKS),
      writeString(ID.MuxingApp, APPLICATION),
      writeString(ID.WritingApp, APPLICATION),
    ),
    writeMaster(ID.Tracks, ...tracks.map((track, i) => writeTrackEntry(track, i + 1))),
  ])
}

function writeTrackEntry(track: MediaTrack, number: number): Buffer {
  const { kind, codecId, language, width = 0, height = 0, sampleRate = 0, channels = 0 } = track
  const config = writePrivate(track)
  return writeMaster(
    ID.TrackEntry,
    writeUnsigned(ID.TrackNumber, number),
    writeUnsigned(ID.TrackUid, number),
    writeUnsigned(ID.TrackType, kind === 'video' ? 1 : 2),
    writeUnsigned(ID.FlagLacing, 0),
    writeString(ID.Language, language ?? 'und'),
    writeString(ID.CodecId, NAMES[codecId]),
    ...(config ? [writeElement(ID.CodecPrivate, config)] : []),
    // RFC 7845 clause 4.6 and the Matroska codec mapping of Opus: 80 ms let a decoder settle.
    ...(codecId === 'opus' ? [writeUnsigned(ID.CodecDelay, codecDelay(track)), writeUnsigned(ID.SeekPreRoll, 80_000_000)] : []),
    kind === 'video'
      ? writeMaster(ID.Video, writeUnsigned(ID.PixelWidth, width), writeUnsigned(ID.PixelHeight, height))
      : writeMaster(ID.Audio, writeFloat(ID.SamplingFrequency, sampleRate), writeUnsigned(ID.Channels, channels)),
  )
}

function writePrivate({ codecId, config }: MediaTrack): Buffer | undefined {
  if (WITHOUT_PRIVATE.has(codecId)) return undefined
  if (codecId === 'flac') return Buffer.concat([FLAC_START, config])
  if (codecId !== 'vp9') return config
  // Records of an id, a length and a value: profile, level, bit depth, chroma subsampling.
  const third = config[2] ?? 0x80
  const features = [config[0] ?? 0, config[1] ?? 0, third >> 4, (third >> 1) & 7]
  // An unknown level is better not told.
  return Buffer.from(features.flatMap((value, i) => (i === 1 && value === 0 ? [] : [i + 1, 1, value])))
}

// track number: like an element's size | time: int16 | key 1, 0… | frame
function writeBlock(number: number, time: number, { key, data }: Packet): Buffer[] {
  const head = Buffer.alloc(4)
  head[0] = 0x80 | number
  head.writeInt16BE(time, 1)
  head[3] = key ? 0x80 : 0
  return [writeElementHead(ID.SimpleBlock, head.length + data.length), head, data]
}

/** When a block is shown, in ticks of the Segment: the decoder's delay, which readers take off, is put on it. */
function blockTime({ track, pts }: Packet): number {
  const delay = track.codecId === 'opus' ? codecDelay(track) / NANOSECONDS : 0
  return Math.round((pts / track.timescale + delay) * TICKS)
}

/** The pre-skip of Opus, in nanoseconds. */
function codecDelay({ config, timescale }: MediaTrack): number {
  return Math.round(((readOpusHead(config)?.preSkip ?? 0) * NANOSECONDS) / timescale)
}

function writeMaster(id: number, ...children: readonly Buffer[]): Buffer {
  return writeElement(id, Buffer.concat(children))
}

const APPLICATION = 'floecast'
const NANOSECONDS = 1_000_000_000
/** Ticks a second of the Segment: WebM's guidelines ask for milliseconds. */
const TICKS = 1000
/** Ticks after which a cluster is closed. */
const VIDEO_CLUSTER = 1000
const AUDIO_CLUSTER = 500
/** Ticks that a block may lie before its cluster: audio that comes after a key frame and belongs before it. */
const MAX_BACKWARDS = 5000
/** Ticks that the time of a block can be from that of its cluster. */
const MAX_RELATIVE = 32_767

const TYPES: Readonly<Record<EbmlType, string>> = { webm: 'WebM', matroska: 'Matroska' }
const WEBM: ReadonlySet<CodecId> = new Set(['vp8', 'vp9', 'av1', 'opus', 'vorbis'])
/** Codecs whose frames tell all, so that CodecPrivate is left out. */
const WITHOUT_PRIVATE: ReadonlySet<CodecId> = new Set(['vp8', 'mp3', 'ac3', 'eac3'])
/** The mark of FLAC and the head of its last metadata block, which STREAMINFO of 34 bytes follows. */
const FLAC_START = Buffer.from([0x66, 0x4c, 0x61, 0x43, 0x80, 0, 0, 34])

const NAMES: Readonly<Record<CodecId, string>> = {
  h264: 'V_MPEG4/ISO/AVC',
  hevc: 'V_MPEGH/ISO/HEVC',
  vp8: 'V_VP8',
  vp9: 'V_VP9',
  av1: 'V_AV1',
  opus: 'A_OPUS',
  vorbis: 'A_VORBIS',
  aac: 'A_AAC',
  flac: 'A_FLAC',
  mp3: 'A_MPEG/L3',
  ac3: 'A_AC3',
  eac3: 'A_EAC3',
}
