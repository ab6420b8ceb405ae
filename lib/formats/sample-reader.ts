import { readAacConfig } from '../codecs/aac.js'
import { readAc3Frame, writeDac3, writeDec3 } from '../codecs/ac3.js'
import { withoutAv1Delimiter, writeAv1C } from '../codecs/av1.js'
import { readFlacFrameHeader } from '../codecs/flac.js'
import { readMpegAudioHeader } from '../codecs/mpeg-audio.js'
import { opusSamples } from '../codecs/opus.js'
import { readVorbisHead, readVorbisModes, vorbisBlockSize, vorbisSamples } from '../codecs/vorbis.js'
import { readXiphLacing } from '../codecs/xiph.js'
import { readVp8KeyFrame } from '../codecs/vp8.js'
import { readVp9KeyFrame, vp9Level, writeVpConfig } from '../codecs/vp9.js'
import { createMediaTrack, type TrackFacts } from './media-track.js'
import { NalVideo } from './nal-video.js'
import type { CodecId, MediaTrack } from './packet.js'

/** What becomes of a sample. */
export interface Sample {
  /** Its track. */
  readonly track: MediaTrack
  /** Whether decoding can start here. */
  readonly key: boolean
  /** See {@link Packet.data}. */
  readonly data: Buffer
  /** How many samples of sound it holds, by its own bytes; `undefined` for video, and where they do not tell. */
  readonly samples: number | undefined
}

/** Reads the samples of one track of a container that stores a configuration and whole samples, as MP4 and Matroska do. */
export class SampleReader {
  readonly codecId: CodecId
  readonly #config: Buffer | undefined
  readonly #facts: TrackFacts
  readonly #nals: NalVideo | undefined
  #track: MediaTrack | undefined
  #count: (data: Buffer) => number | undefined = () => undefined

  /** @param config in the form of {@link MediaTrack.config}, though parameter sets and lengths may be others; `undefined` where the container has none */
  constructor(codecId: CodecId, config: Buffer | undefined, facts: TrackFacts) {
    this.codecId = codecId
    this.#config = config
    this.#facts = facts
    if (codecId === 'h264' || codecId === 'hevc') this.#nals = new NalVideo(codecId, config, facts)
    // What these say of themselves is only in their frames.
    else if (config !== undefined && codecId !== 'ac3' && codecId !== 'eac3' && codecId !== 'mp3') this.#open(config, facts)
  }

  /** The track, once its parameters are known. */
  get track(): MediaTrack | undefined {
    return this.#nals ? this.#nals.track : this.#track
  }

  /** See {@link NalVideo.reorder}; 0 for codecs that do not reorder. */
  get reorder(): number | undefined {
    return this.#nals ? this.#nals.reorder : 0
  }

  /**
   * Takes the next sample.
   * @param key whether the container says that decoding can start here
   * @returns `undefined` when it makes no sense, or the track's parameters are not known yet
   */
  read(data: Buffer, key: boolean): Sample | undefined {
    if (data.length === 0) return undefined
    if (this.#nals !== undefined) {
      const unit = this.#nals.read(data, key)
      return unit && { ...unit, samples: undefined }
    }
    if (this.#track === undefined && key) this.#learn(data)
    const track = this.#track
    if (track === undefined) return undefined
    const bytes = this.codecId === 'av1' ? withoutAv1Delimiter(data) : data
    return bytes.length === 0 ? undefined : { track, key: key || track.kind === 'audio', data: bytes, samples: this.#count(data) }
  }

  /** Forgets what came before, as where a stream begins anew. */
  reset(): void {
    if (this.#track !== undefined) this.#count = createCounter(this.#track)
  }

  #open(config: Buffer | undefined, facts: TrackFacts): void {
    this.#track = config && createMediaTrack(this.codecId, config, facts)
    this.reset()
  }

  /** Takes from a sample what the container does not tell. */
  #learn(data: Buffer): void {
    const facts = this.#facts
    switch (this.codecId) {
      case 'vp8': {
        const picture = readVp8KeyFrame(data)
        return picture && this.#open(writeVpConfig({ profile: 0, bitDepth: 8 }), { ...picture, ...facts })
      }
      case 'vp9': {
        const picture = readVp9KeyFrame(data)
        if (picture === undefined) return
        const { width, height } = picture
        return this.#open(writeVpConfig({ ...picture, level: vp9Level(width, height, facts.frameRate) }), { width, height, ...facts })
      }
      case 'av1':
        return this.#open(writeAv1C(data), facts)
      case 'mp3': {
        const head = readMpegAudioHeader(data)
        return head?.layer === 3
          ? this.#open(Buffer.alloc(0), { ...facts, sampleRate: head.sampleRate, channels: head.channels })
          : undefined
      }
      case 'ac3':
      case 'eac3': {
        const head = readAc3Frame(data)
        if (head === undefined || head.enhanced !== (this.codecId === 'eac3')) return
        const config = this.#config ?? (head.enhanced ? writeDec3(head) : writeDac3(head))
        return this.#open(config, { ...facts, sampleRate: head.sampleRate, channels: head.channels })
      }
    }
  }
}

/** Makes what counts the samples of a track's packets, which must come in their order. */
function createCounter({ codecId, config }: MediaTrack): (data: Buffer) => number | undefined {
  switch (codecId) {
    case 'aac': {
      const samples = readAacConfig(config)?.samples
      return () => samples
    }
    case 'opus':
      return (data) => opusSamples(data) || undefined
    case 'mp3':
      return (data) => readMpegAudioHeader(data)?.samples
    case 'flac':
      return (data) => readFlacFrameHeader(data)?.blockSize
    case 'ac3':
    case 'eac3':
      return countAc3
    case 'vorbis': {
      const [first, , setup] = readXiphLacing(config) ?? []
      const head = first && readVorbisHead(first)
      const modes = setup && readVorbisModes(setup)
      if (head === undefined || modes === undefined) return () => undefined
      let previous = 0
      return (data) => {
        const size = vorbisBlockSize(data, head, modes)
        // A decoder gives nothing for its first block, but in the source's clock that block took its time: most are like those before.
        const samples = vorbisSamples(previous || size, size)
        if (size > 0) previous = size
        return samples || undefined
      }
    }
    default:
      return () => undefined
  }
}

// A sample may hold several frames: those of dependent substreams, and short ones up to six blocks.
function countAc3(data: Buffer): number | undefined {
  let samples = 0
  for (let at = 0; at < data.length;) {
    const frame = readAc3Frame(data, at)
    if (frame === undefined) break
    if (!frame.isExtra) samples += frame.samples
    at += frame.frameSize
  }
  return samples || undefined
}
