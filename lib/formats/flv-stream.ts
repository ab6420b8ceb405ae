import { readAacConfig } from '../codecs/aac.js'
import { isAv1KeyFrame, readAv1C, readAv1Sequence, withoutAv1Delimiter } from '../codecs/av1.js'
import { FLAC_INFO_SIZE, readFlacFrameHeader } from '../codecs/flac.js'
import { H264_NAL, h264NalType, readAvcConfig } from '../codecs/h264.js'
import { H265_NAL, h265NalType, readHevcConfig } from '../codecs/h265.js'
import { joinLengthPrefixed, splitLengthPrefixed } from '../codecs/nal.js'
import { opusSamples } from '../codecs/opus.js'
import { readVp8KeyFrame } from '../codecs/vp8.js'
import { readVp9KeyFrame, readVpcC, vp9Level } from '../codecs/vp9.js'
import { AudioClock } from './audio-clock.js'
import type { FlvMedia } from './flv-tag.js'
import { AC3_SYNTAX, type AudioPackets, FramedAudio, MPEG_AUDIO_SYNTAX } from './framed-audio.js'
import { VIDEO_TIMESCALE, createMediaTrack } from './media-track.js'
import type { CodecId, MediaTrack, Packet } from './packet.js'

const CODECS: Readonly<Record<string, CodecId>> = {
  avc1: 'h264',
  hvc1: 'hevc',
  av01: 'av1',
  vp08: 'vp8',
  vp09: 'vp9',
  mp4a: 'aac',
  '.mp3': 'mp3',
  Opus: 'opus',
  fLaC: 'flac',
  'ac-3': 'ac3',
  'ec-3': 'eac3',
}

/** One audio or video track of an FLV stream, of one codec. */
export class FlvStream {
  /** The codec, as {@link FlvMedia.codec} has it. */
  readonly codec: string
  readonly #codecId: CodecId | undefined
  readonly #id: number
  readonly #framed: AudioPackets | undefined
  readonly #clock = new AudioClock()
  #track: MediaTrack | undefined
  /** The last sequence header's decoder configuration, for {@link MediaTrack.config}. */
  #config: Buffer | undefined
  #lengthSize = 4
  #samples = 0

  /** @param id see {@link MediaTrack.id} */
  constructor(codec: string, id: number) {
    this.codec = codec
    this.#codecId = Object.hasOwn(CODECS, codec) ? CODECS[codec] : undefined
    this.#id = id
    if (this.#codecId === 'mp3') this.#framed = new FramedAudio(MPEG_AUDIO_SYNTAX, { id }, MILLISECONDS)
    if (this.#codecId === 'ac3' || this.#codecId === 'eac3') this.#framed = new FramedAudio(AC3_SYNTAX, { id }, MILLISECONDS)
  }

  /** The track, once its parameters are known. */
  get track(): MediaTrack | undefined {
    return this.#framed === undefined ? this.#track : this.#framed.track
  }

  /** Whether it can be repackaged once its parameters come. */
  get isPending(): boolean {
    return this.track === undefined && this.#codecId !== undefined && this.#framed?.isUnsupported !== true
  }

  /** Takes a sequence header. One that cannot be read changes nothing. */
  setUp(payload: Buffer): void {
    const config = this.#readConfig(payload)
    if (config === undefined || this.#codecId === undefined || this.#config?.equals(config) === true) return
    this.#config = Buffer.from(config)
    // The size of some pictures stands only in key frames: the next one tells whether it is still the same.
    const track = createMediaTrack(this.#codecId, this.#config, this.#facts())
    const { width, height } = this.#track ?? {}
    this.#track = track ?? createMediaTrack(this.#codecId, this.#config, { ...this.#facts(), width, height }) ?? this.#track
    if (this.#codecId === 'aac') this.#samples = readAacConfig(config)!.samples
    this.#clock.reset()
  }

  /**
   * Takes coded media.
   * @param time its time in milliseconds, unwrapped
   */
  take(media: FlvMedia, time: number): Packet[] {
    if (this.#codecId === undefined || media.payload.length === 0) return []
    if (this.#framed !== undefined) return this.#framed.push(media.payload, time)
    return media.kind === 'audio' ? this.#takeAudio(media.payload, time) : this.#takeVideo(media, time)
  }

  #takeAudio(data: Buffer, time: number): Packet[] {
    // The older number for Opus has no tag for its head.
    if (this.#codecId === 'opus' && data.toString('latin1', 0, 8) === 'OpusHead') this.setUp(data)
    const track = this.#track
    if (track === undefined) return []
    let duration = this.#samples
    if (this.#codecId === 'opus') duration = opusSamples(data)
    else if (this.#codecId === 'flac') duration = readFlacFrameHeader(data)?.blockSize ?? 0
    if (duration === 0) return []
    const dts = this.#clock.take((time * track.timescale) / MILLISECONDS, duration, track.timescale)!
    return [{ track, dts, pts: dts, duration, key: true, data }]
  }

  #takeVideo({ key, composition, payload }: FlvMedia, time: number): Packet[] {
    if (key && (this.#codecId === 'vp8' || this.#codecId === 'vp9' || this.#codecId === 'av1')) this.#readKeyFrame(payload)
    const track = this.#track
    const data = this.#sample(payload)
    if (track === undefined || data.length === 0) return []
    const dts = time * TICKS
    return [{ track, dts, pts: dts + Math.max(0, composition) * TICKS, duration: 0, key, data }]
  }

  // Of the codecs whose configuration need not hold the picture's size.
  #readKeyFrame(frame: Buffer): void {
    let size: { readonly width: number; readonly height: number } | undefined
    if (this.#codecId === 'vp8') {
      size = readVp8KeyFrame(frame)
      this.#config ??= Buffer.from([0, 0, 0x82, 2, 2, 2, 0, 0])
    } else if (this.#codecId === 'vp9') {
      const picture = readVp9KeyFrame(frame)
      size = picture
      // Profile, level, depth with 4:2:0 and limited range, colours not stated, no more.
      if (picture && this.#config === undefined) {
        const { profile, bitDepth, width, height } = picture
        this.#config = Buffer.from([profile, vp9Level(width, height), (bitDepth << 4) | 2, 2, 2, 2, 0, 0])
      }
    } else if (isAv1KeyFrame(frame)) size = readAv1Sequence(frame)
    if (size === undefined || this.#config === undefined || this.#codecId === undefined) return
    const { width, height } = size
    if (this.#track?.width === width && this.#track.height === height) return
    this.#track = createMediaTrack(this.#codecId, this.#config, { ...this.#facts(), width, height }) ?? this.#track
  }

  #facts(): { id: number; timescale: number } {
    return { id: this.#id, timescale: VIDEO_TIMESCALE }
  }

  // The decoder configuration of a sequence header, as tracks hold it.
  #readConfig(payload: Buffer): Buffer | undefined {
    switch (this.#codecId) {
      case 'h264': {
        const config = readAvcConfig(payload)
        return config && this.#withLengths(payload, config.lengthSize, 4)
      }
      case 'hevc': {
        const config = readHevcConfig(payload)
        if (config === undefined) return undefined
        const bytes = this.#withLengths(payload, config.lengthSize, 21)
        if (bytes[0] === 1) return bytes
        return Buffer.concat([Buffer.from([1]), bytes.subarray(1)])
      }
      case 'av1':
        return readAv1C(payload) && payload
      case 'vp8':
      case 'vp9': {
        // Version and flags of the box may stand before the record.
        const isBox = payload.length >= 12 && readVpcC(payload) !== undefined && payload.readUInt32BE(0) === 0x0100_0000
        const record = isBox ? payload.subarray(4) : payload
        return record.length >= 8 ? record : undefined
      }
      case 'aac':
        return readAacConfig(payload) && payload
      case 'opus':
        return payload
      case 'flac': {
        const info = payload.toString('latin1', 0, 4) === 'fLaC' ? payload.subarray(8) : payload
        return info.length >= FLAC_INFO_SIZE ? info.subarray(0, FLAC_INFO_SIZE) : undefined
      }
      default:
        return undefined
    }
  }

  // Samples come out with lengths of 4 bytes, which the record must say.
  #withLengths(config: Buffer, lengthSize: number, at: number): Buffer {
    this.#lengthSize = lengthSize
    if (lengthSize === 4) return config
    const bytes = Buffer.from(config)
    bytes[at]! |= 3
    return bytes
  }

  // The sample as ISO BMFF stores it: the very bytes where that is what they are.
  #sample(payload: Buffer): Buffer {
    if (this.#codecId === 'av1') return withoutAv1Delimiter(payload)
    if (this.#codecId !== 'h264' && this.#codecId !== 'hevc') return payload
    const isAvc = this.#codecId === 'h264'
    const units = splitLengthPrefixed(payload, this.#lengthSize).filter((unit) =>
      isAvc ? h264NalType(unit[0]!) !== H264_NAL.delimiter : h265NalType(unit[0]!) !== H265_NAL.delimiter,
    )
    const size = units.reduce((sum, { length }) => sum + 4 + length, 0)
    return this.#lengthSize === 4 && size === payload.length ? payload : joinLengthPrefixed(units)
  }
}

const MILLISECONDS = 1000
const TICKS = VIDEO_TIMESCALE / MILLISECONDS
