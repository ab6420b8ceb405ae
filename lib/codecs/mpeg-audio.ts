/** What the four bytes of an MPEG audio frame header say (ISO/IEC 11172-3 clause 2.4.1.3, ISO/IEC 13818-3, and the common 2.5 extension). */
export interface MpegAudioHeader {
  /** MPEG 1, 2 (half the sample rates) or 2.5 (a quarter of them; layer III only). */
  readonly version: 1 | 2 | 2.5
  /** 1, 2 or 3; MP3 is layer III. */
  readonly layer: 1 | 2 | 3
  /** Bits a second. */
  readonly bitrate: number
  /** Samples a second. */
  readonly sampleRate: number
  /** How the channels are coded; joint stereo may come and go from frame to frame. */
  readonly mode: 'stereo' | 'joint' | 'dual' | 'mono'
  /** What the mode says to joint stereo: two bits, of no meaning in other modes. */
  readonly modeExtension: number
  /** 1 or 2. */
  readonly channels: number
  /** Whether the frame is one slot longer than the bit rate gives. */
  readonly padding: boolean
  /** Whether a CRC-16 follows the header. */
  readonly protected: boolean
  /** The header's last four bits: copyright, original, and two bits of emphasis. */
  readonly flags: number
  /** The application's private bit. */
  readonly private: boolean
  /** Bytes of the whole frame with its header. */
  readonly frameSize: number
  /** Samples of each channel that the frame decodes to. */
  readonly samples: number
}

/** Bytes of a frame header. */
export const MPEG_AUDIO_HEADER_SIZE = 4

/** The largest frame that a header can announce: layer II, 384 kbit/s, 32 kHz, with padding. */
export const MPEG_AUDIO_MAX_FRAME_SIZE = 1729

// 1111 1111 111V VLLP | BBBB RRpx | MMee CCEE: sync, version, layer, no-CRC; bit rate, sample rate, padding, private; mode, extension, flags
/**
 * Reads a frame header.
 * @param at where in the bytes it begins
 * @returns `undefined` where no valid header is, fewer than four bytes are, or the bit rate is «free», which states no frame size
 */
export function readMpegAudioHeader(bytes: Buffer, at = 0): MpegAudioHeader | undefined {
  if (at + MPEG_AUDIO_HEADER_SIZE > bytes.length || bytes[at] !== 0xff) return undefined
  const [b1, b2, b3] = [bytes[at + 1]!, bytes[at + 2]!, bytes[at + 3]!]
  if ((b1 & 0xe0) !== 0xe0) return undefined
  const version = VERSIONS[(b1 >> 3) & 3]
  const layer = LAYERS[(b1 >> 1) & 3]
  if (version === undefined || layer === undefined || (version === 2.5 && layer !== 3)) return undefined
  const bitrate = (bitrates(version, layer)[b2 >> 4] ?? 0) * 1000
  const rate = RATES[(b2 >> 2) & 3]
  // Emphasis 2 is reserved; free format and the sixteenth bit rate have no size.
  if (bitrate === 0 || rate === undefined || (b3 & 3) === 2) return undefined
  const sampleRate = version === 1 ? rate : version === 2 ? rate / 2 : rate / 4
  const mode = MODES[b3 >> 6]!
  const padding = (b2 & 2) !== 0
  const samples = frameSamples(version, layer)
  return {
    version,
    layer,
    bitrate,
    sampleRate,
    mode,
    modeExtension: (b3 >> 4) & 3,
    channels: mode === 'mono' ? 1 : 2,
    padding,
    protected: (b1 & 1) === 0,
    flags: b3 & 15,
    private: (b2 & 1) !== 0,
    frameSize: frameSize(layer, samples, bitrate, sampleRate, padding),
    samples,
  }
}

/**
 * Writes a frame header; size and samples follow from the rest.
 * @throws RangeError for a bit rate or sample rate that the version and layer do not have
 */
export function writeMpegAudioHeader(header: Omit<MpegAudioHeader, 'frameSize' | 'samples' | 'channels'>): Buffer {
  const { version, layer } = header
  const bitrate = bitrates(version, layer).indexOf(header.bitrate / 1000)
  const rate = RATES.indexOf(header.sampleRate * (version === 1 ? 1 : version === 2 ? 2 : 4))
  if (bitrate < 1 || rate < 0 || (version === 2.5 && layer !== 3)) {
    throw new RangeError(
      `Cannot write ${header.bitrate} bit/s at ${header.sampleRate} Hz because MPEG ${version} layer ${layer} has no such header`,
    )
  }
  return Buffer.from([
    0xff,
    0xe0 | (VERSIONS.indexOf(version) << 3) | ((4 - layer) << 1) | Number(!header.protected),
    (bitrate << 4) | (rate << 2) | (Number(header.padding) << 1) | Number(header.private),
    (MODES.indexOf(header.mode) << 6) | (header.modeExtension << 4) | header.flags,
  ])
}

/** Whether two headers can belong to one stream: all that may not change within one is the same. */
export function agreeMpegAudio(a: MpegAudioHeader, b: MpegAudioHeader): boolean {
  return a.version === b.version && a.layer === b.layer && a.sampleRate === b.sampleRate && a.channels === b.channels
}

/** How long a frame plays, in seconds. */
export function mpegAudioDuration(header: MpegAudioHeader): number {
  return header.samples / header.sampleRate
}

/** The codec's usual name: `MP1`, `MP2` or `MP3`. */
export function mpegAudioName(header: MpegAudioHeader): string {
  return `MP${header.layer}`
}

/**
 * The codec as RFC 6381 writes it: `mp4a.40.34` for MP3 (`.33` and `.32` for layers II and I), the audio object types of ISO/IEC 14496-3
 * that HLS packed audio is announced with.
 */
export function mpegAudioCodecs(header: MpegAudioHeader): string {
  return `mp4a.40.${31 + header.layer}`
}

/** Whether a whole layer III frame holds no sound but a Xing, Info or VBRI table about the file that it comes from. */
export function isInfoFrame(frame: Buffer, header: MpegAudioHeader): boolean {
  if (header.layer !== 3) return false
  // The side information, which is all zeros here, comes first: 32 bytes, half of that for mono and again for MPEG 2.
  const sideInfo = header.version === 1 ? (header.channels === 1 ? 17 : 32) : header.channels === 1 ? 9 : 17
  const at = MPEG_AUDIO_HEADER_SIZE + sideInfo
  if (frame.length >= at + 4) {
    const name = frame.readUInt32BE(at)
    if (name === XING || name === INFO) return true
  }
  // A VBRI table stands 32 bytes after the header, whatever the mode.
  return frame.length >= 40 && frame.readUInt32BE(36) === VBRI
}

const [XING, INFO, VBRI] = [0x58696e67, 0x496e666f, 0x56425249]
const VERSIONS = [2.5, undefined, 2, 1] as const
const LAYERS = [undefined, 3, 2, 1] as const
const MODES = ['stereo', 'joint', 'dual', 'mono'] as const
const RATES = [44_100, 48_000, 32_000]

// kbit/s by the header's four bits, from 1 to 14; 0 is «free».
const BITRATES_1 = [
  [0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
  [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
  [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
]
const BITRATES_2 = [
  [0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
  [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
]

function bitrates(version: 1 | 2 | 2.5, layer: 1 | 2 | 3): readonly number[] {
  return version === 1 ? BITRATES_1[layer - 1]! : BITRATES_2[layer === 1 ? 0 : 1]!
}

function frameSamples(version: 1 | 2 | 2.5, layer: 1 | 2 | 3): number {
  return layer === 1 ? 384 : layer === 3 && version !== 1 ? 576 : 1152
}

function frameSize(layer: 1 | 2 | 3, samples: number, bitrate: number, sampleRate: number, padding: boolean): number {
  // Layer I counts in slots of four bytes, the others in single bytes.
  const slot = layer === 1 ? 4 : 1
  return (Math.floor(((samples / 8) * bitrate) / sampleRate / slot) + Number(padding)) * slot
}
