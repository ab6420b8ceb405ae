import { id3Size } from '../codecs/id3.js'
import {
  MPEG_AUDIO_HEADER_SIZE,
  MPEG_AUDIO_MAX_FRAME_SIZE,
  agreeMpegAudio,
  isInfoFrame,
  mpegAudioCodecs,
  mpegAudioName,
  readMpegAudioHeader,
  type MpegAudioHeader,
} from '../codecs/mpeg-audio.js'
import { FrameSync, PROBE_SIZE, probeFrames, type FrameRules } from './frame-sync.js'
import type { Demuxer, Frame, Track } from './frame.js'

/**
 * Cuts MP3 (MPEG-1, 2 and 2.5 audio, layers I to III) into its frames, each a sync frame. ID3 tags and Xing, Info or VBRI tables
 * are passed on, but nobody starts with them. Free-format streams, whose headers tell no size, are left out.
 */
export class Mp3Demuxer implements Demuxer {
  readonly format = 'mp3'
  readonly contentType = 'audio/mpeg'
  readonly #sync = new FrameSync(RULES, (bytes, header) => this.#see(bytes, header))
  #tracks: readonly Track[] = []
  #header: MpegAudioHeader | undefined

  /** One audio track, once a frame is there; its bit rate is given as long as it is constant. */
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

  #see(bytes: Buffer, header: MpegAudioHeader): boolean {
    if (isInfoFrame(bytes, header)) return false
    const before = this.#header
    this.#header = header
    const same = before !== undefined && agreeMpegAudio(before, header)
    if (same && (before.bitrate === header.bitrate || this.#tracks[0]?.bitrate === undefined)) return true
    const { sampleRate, channels, bitrate } = header
    const track: Track = { kind: 'audio', codec: mpegAudioName(header), codecs: mpegAudioCodecs(header), sampleRate, channels }
    this.#tracks = [same ? track : { ...track, bitrate }]
    return true
  }
}

/** Whether a stream that begins with these bytes is MP3; `undefined` when more are needed. */
export function probeMp3(head: Buffer): boolean | undefined {
  // A tag with a picture may be larger than all that detection sees; it goes before MP3 and hardly anything else.
  if ((id3Size(head) ?? 0) > PROBE_SIZE) return true
  return probeFrames(RULES, head, 3 * MPEG_AUDIO_MAX_FRAME_SIZE + MPEG_AUDIO_HEADER_SIZE)
}

const RULES: FrameRules<MpegAudioHeader> = { headerSize: MPEG_AUDIO_HEADER_SIZE, read: readMpegAudioHeader, agree: agreeMpegAudio }
