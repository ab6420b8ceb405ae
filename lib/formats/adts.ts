import { ADTS_HEADER_SIZE, aacChannels, adtsCodecs, agreeAdts, readAdtsHeader, type AdtsHeader } from '../codecs/aac.js'
import { id3Size } from '../codecs/id3.js'
import { FrameSync, PROBE_SIZE, probeFrames, type FrameRules } from './frame-sync.js'
import type { Demuxer, Frame, Track } from './frame.js'

/** Cuts AAC in ADTS into its frames, each a sync frame. ID3 tags are passed on, but nobody starts with them. */
export class AdtsDemuxer implements Demuxer {
  readonly format = 'adts'
  readonly contentType = 'audio/aac'
  readonly #sync = new FrameSync(RULES, (_, header) => this.#see(header))
  #tracks: readonly Track[] = []
  #header: AdtsHeader | undefined

  /** One audio track, once a frame is there. Its rate and channels are those of the AAC core: HE-AAC plays at twice the rate. */
  get tracks(): readonly Track[] {
    return this.#tracks
  }

  get skipped(): number {
    return this.#sync.skipped
  }

  get comments(): Readonly<Record<string, string>> {
    return this.#sync.comments
  }

  push(chunk: Buffer): Frame[] {
    return this.#sync.push(chunk)
  }

  end(): Frame[] {
    return this.#sync.end()
  }

  #see(header: AdtsHeader): true {
    const before = this.#header
    this.#header = header
    if (before !== undefined && agreeAdts(before, header)) return true
    const track: Track = { kind: 'audio', codec: 'AAC', codecs: adtsCodecs(header), sampleRate: header.sampleRate }
    const channels = aacChannels(header.channelConfig)
    this.#tracks = [channels === undefined ? track : { ...track, channels }]
    return true
  }
}

/** Whether a stream that begins with these bytes is AAC in ADTS; `undefined` when more are needed. */
export function probeAdts(head: Buffer): boolean | undefined {
  if ((id3Size(head) ?? 0) > PROBE_SIZE) return false
  // A frame's size has 13 bits.
  return probeFrames(RULES, head, 3 * 8191 + ADTS_HEADER_SIZE)
}

const RULES: FrameRules<AdtsHeader> = { headerSize: ADTS_HEADER_SIZE, read: readAdtsHeader, agree: agreeAdts }
