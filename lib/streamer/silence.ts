import { readAacConfig } from '../codecs/aac.js'
import { readMpegAudioHeader, writeMpegAudioHeader } from '../codecs/mpeg-audio.js'
import type { MediaTrack } from '../formats/packet.js'

/** A frame that is silent wherever it stands. */
export interface SilentFrame {
  /** Its bytes, as a packet has them. */
  readonly data: Buffer
  /** Its samples. */
  readonly duration: number
}

/** Makes a silent frame of a track, without an encoder: AAC, Opus and MP3 of one or two channels; `undefined` for all others. */
export function silence(track: MediaTrack): SilentFrame | undefined {
  const { codecId, channels = 0, sampleRate = 0 } = track
  if (channels < 1 || channels > 2) return undefined
  switch (codecId) {
    case 'aac': {
      const config = readAacConfig(track.config)
      return config?.samples === 1024 ? { data: channels === 1 ? AAC_MONO : AAC_STEREO, duration: 1024 } : undefined
    }
    case 'opus':
      return { data: channels === 1 ? OPUS_MONO : OPUS_STEREO, duration: 960 }
    case 'mp3':
      return silentMp3(sampleRate, channels)
    default:
      return undefined
  }
}

// A frame whose side information and main data are all zeros decodes to nothing.
function silentMp3(sampleRate: number, channels: number): SilentFrame | undefined {
  const version = sampleRate >= 32_000 ? 1 : sampleRate >= 16_000 ? 2 : 2.5
  const head = writeMpegAudioHeader({
    version,
    layer: 3,
    bitrate: 64_000,
    sampleRate,
    mode: channels === 1 ? 'mono' : 'stereo',
    modeExtension: 0,
    padding: false,
    protected: false,
    flags: 0,
    private: false,
  })
  const header = readMpegAudioHeader(head)
  if (header === undefined) return undefined
  const data = Buffer.alloc(header.frameSize)
  head.copy(data)
  return { data, duration: header.samples }
}

// ISO/IEC 14496-3 table 4.50 (individual_channel_stream): global_gain 8 | ics_info with no bands: 11 zeros | no pulses, noise shaping or gain control: 3 zeros.
const CHANNEL = `01100100${'0'.repeat(14)}`
// Table 4.4 and on (raw_data_block): a single channel element, or a pair without a common window; then the end.
const AAC_MONO = fromBits(`0000000${CHANNEL}111`)
const AAC_STEREO = fromBits(`00100000${CHANNEL}${CHANNEL}111`)

// RFC 6716 clause 3.1: 20 ms of CELT over the full band, then what the range coder writes for silence.
const OPUS_MONO = Buffer.from([0xf8, 0xff, 0xfe])
const OPUS_STEREO = Buffer.from([0xfc, 0xff, 0xfe])

function fromBits(bits: string): Buffer {
  const padded = bits.padEnd(Math.ceil(bits.length / 8) * 8, '0')
  return Buffer.from(padded.match(/.{8}/g)!.map((byte) => Number.parseInt(byte, 2)))
}
