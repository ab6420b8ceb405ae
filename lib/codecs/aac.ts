import { BitReader } from '../bytes/bits.js'

/** What the 7 or 9 bytes before an AAC frame in ADTS say (ISO/IEC 14496-3 clause 1.A.3). */
export interface AdtsHeader {
  /** The MPEG-4 audio object type, 1 to 4; 2 is AAC LC, as which HE-AAC goes too. */
  readonly objectType: number
  /** Samples a second of the core; HE-AAC plays twice as many. */
  readonly sampleRate: number
  /** Which of `AAC_SAMPLE_RATES` that is. */
  readonly sampleRateIndex: number
  /** The channel configuration, 0 to 7; 0 leaves it to the frame's payload, 7 is eight channels. */
  readonly channelConfig: number
  /** Bytes of the header: 7, or 9 with a checksum. */
  readonly headerSize: number
  /** Bytes of the whole frame with its header. */
  readonly frameSize: number
  /** Samples of each channel that the core decodes to: 1024 for each raw data block. */
  readonly samples: number
}

/** Samples a second by sampling frequency index (ISO/IEC 14496-3 table 1.18). */
export const AAC_SAMPLE_RATES: readonly number[] = [
  96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8000, 7350,
]

/** Bytes of an ADTS header that tell all that {@link AdtsHeader} holds. */
export const ADTS_HEADER_SIZE = 7

// syncword 12 | ID 1 | layer 2 (00) | no CRC 1 || profile 2 | rate 4 | private 1 | channels 3 | original, home, two copyright bits 4
// | frame length 13 | buffer fullness 11 | blocks - 1: 2
/**
 * Reads an ADTS header.
 * @param at where in the bytes it begins
 * @returns `undefined` where no valid header is or fewer than seven bytes are
 */
export function readAdtsHeader(bytes: Buffer, at = 0): AdtsHeader | undefined {
  if (at + ADTS_HEADER_SIZE > bytes.length || bytes[at] !== 0xff || (bytes[at + 1]! & 0xf6) !== 0xf0) return undefined
  const b2 = bytes[at + 2]!
  const b3 = bytes[at + 3]!
  const sampleRateIndex = (b2 >> 2) & 15
  const sampleRate = AAC_SAMPLE_RATES[sampleRateIndex]
  const headerSize = bytes[at + 1]! & 1 ? 7 : 9
  const frameSize = ((b3 & 3) << 11) | (bytes[at + 4]! << 3) | (bytes[at + 5]! >> 5)
  if (sampleRate === undefined || frameSize <= headerSize) return undefined
  return {
    objectType: (b2 >> 6) + 1,
    sampleRate,
    sampleRateIndex,
    channelConfig: ((b2 & 1) << 2) | (b3 >> 6),
    headerSize,
    frameSize,
    samples: 1024 * ((bytes[at + 6]! & 3) + 1),
  }
}

/**
 * Writes the seven bytes that go before one raw AAC frame in ADTS.
 * @param payload bytes of the raw frame
 * @throws RangeError when the frame or the object type is larger than ADTS can say
 */
export function writeAdtsHeader(config: Pick<AacConfig, 'objectType' | 'sampleRateIndex' | 'channelConfig'>, payload: number): Buffer {
  const size = payload + ADTS_HEADER_SIZE
  const { objectType, sampleRateIndex, channelConfig } = config
  if (size > 8191 || objectType < 1 || objectType > 4 || sampleRateIndex > 12) {
    throw new RangeError(`Cannot put ${payload} bytes of AAC object type ${objectType} into an ADTS frame`)
  }
  return Buffer.from([
    0xff,
    0xf1,
    ((objectType - 1) << 6) | (sampleRateIndex << 2) | (channelConfig >> 2),
    ((channelConfig & 3) << 6) | (size >> 11),
    (size >> 3) & 255,
    ((size & 7) << 5) | 0x1f,
    0xfc,
  ])
}

/** Whether two headers can belong to one stream. */
export function agreeAdts(a: AdtsHeader, b: AdtsHeader): boolean {
  return a.objectType === b.objectType && a.sampleRateIndex === b.sampleRateIndex && a.channelConfig === b.channelConfig
}

/**
 * The codec of an ADTS stream as RFC 6381 writes it. AAC LC at 24 kHz and less is announced as HE-AAC, `mp4a.40.5`: ADTS cannot say it, at these
 * rates it nearly always is, and a decoder that expects it plays plain LC just as well.
 */
export function adtsCodecs(header: AdtsHeader): string {
  return `mp4a.40.${header.objectType === 2 && header.sampleRate <= 24_000 ? 5 : header.objectType}`
}

/** What an AudioSpecificConfig says (ISO/IEC 14496-3 clause 1.6.2.1). */
export interface AacConfig {
  /** The audio object type of the core: 2 is AAC LC; what HE-AAC adds stands in {@link AacConfig.sbr} and {@link AacConfig.ps}. */
  readonly objectType: number
  /** Samples a second of the core. */
  readonly sampleRate: number
  /** Which of `AAC_SAMPLE_RATES` that is, or 15 when it is none of them. */
  readonly sampleRateIndex: number
  /** The channel configuration; 0 means that a program config element lists the channels. */
  readonly channelConfig: number
  /** Channels of the core; parametric stereo makes two of one. */
  readonly channels: number
  /** Spectral band replication (HE-AAC): yes, no, or `undefined` when only the payload would tell. */
  readonly sbr: boolean | undefined
  /** Parametric stereo (HE-AAC v2): yes, no, or `undefined` when only the payload would tell. */
  readonly ps: boolean | undefined
  /** Samples a second that come out of the decoder, as far as the config tells. */
  readonly outputSampleRate: number
  /** Samples of each channel in a frame of the core: 1024 or 960 (512 or 480 for the low-delay types). */
  readonly samples: number
}

/** Reads an AudioSpecificConfig with explicit, hierarchical or backward-compatible HE-AAC signalling; `undefined` when it is cut off or not AAC's. */
export function readAacConfig(bytes: Buffer): AacConfig | undefined {
  const bits = new BitReader(bytes)
  let objectType = readObjectType(bits)
  const core = readRate(bits)
  const channelConfig = bits.read(4)
  let sbr: boolean | undefined
  let ps: boolean | undefined
  let outputSampleRate = core.rate
  if (objectType === 5 || objectType === 29) {
    // Explicit signalling: the first type names the extension, the core's own follows.
    sbr = true
    ps = objectType === 29 ? true : undefined
    outputSampleRate = readRate(bits).rate
    objectType = readObjectType(bits)
  }
  if (!GENERAL_AUDIO.has(objectType)) return undefined
  const short = bits.flag()
  if (bits.flag()) bits.skip(14)
  const extended = bits.flag()
  let channels = CHANNELS[channelConfig] ?? 0
  if (channelConfig === 0) channels = readProgramConfig(bits)
  if (bits.overrun || core.rate === 0 || channels === 0) return undefined
  if (objectType === 6 || objectType === 20) bits.skip(3)
  if (extended) {
    if (objectType === 22) bits.skip(16)
    if (objectType === 17 || objectType === 19 || objectType === 20 || objectType === 23) bits.skip(3)
    bits.skip(1)
  }
  if (objectType >= 17) bits.skip(2)
  // Backward-compatible signalling: a sync word after all that an old decoder reads.
  if (sbr === undefined && bits.left >= 16 && bits.read(11) === 0x2b7 && readObjectType(bits) === 5) {
    sbr = bits.flag()
    if (sbr) {
      outputSampleRate = readRate(bits).rate
      if (bits.left >= 12 && bits.read(11) === 0x548) ps = bits.flag()
    } else ps = false
  }
  const samples = objectType === 23 ? (short ? 480 : 512) : short ? 960 : 1024
  return {
    objectType,
    sampleRate: core.rate,
    sampleRateIndex: core.index,
    channelConfig,
    channels,
    sbr,
    ps,
    outputSampleRate: outputSampleRate === 0 ? core.rate : outputSampleRate,
    samples,
  }
}

/**
 * Writes the two bytes of an AudioSpecificConfig for the core of a stream, such as one that came as ADTS. A decoder finds HE-AAC in the payload.
 * @throws RangeError when object type, rate or channels have no short form
 */
export function writeAacConfig(config: Pick<AacConfig, 'objectType' | 'sampleRateIndex' | 'channelConfig'>): Buffer {
  const { objectType, sampleRateIndex, channelConfig } = config
  if (objectType < 1 || objectType > 30 || sampleRateIndex > 12 || channelConfig < 1 || channelConfig > 7) {
    throw new RangeError(
      `Cannot write an AudioSpecificConfig for object type ${objectType}, rate ${sampleRateIndex}, channels ${channelConfig}`,
    )
  }
  return Buffer.from([(objectType << 3) | (sampleRateIndex >> 1), ((sampleRateIndex & 1) << 7) | (channelConfig << 3)])
}

/** The codec as RFC 6381 writes it: `mp4a.40.29` with parametric stereo, `mp4a.40.5` with SBR, else the core's, `mp4a.40.2` for LC. */
export function aacCodecs(config: AacConfig): string {
  return `mp4a.40.${config.ps === true ? 29 : config.sbr === true ? 5 : config.objectType}`
}

/** The codec's usual name: `HE-AAC` where the config says so, else `AAC`. */
export function aacName(config: AacConfig): string {
  return config.ps === true ? 'HE-AAC v2' : config.sbr === true ? 'HE-AAC' : 'AAC'
}

/** Channels of a channel configuration (ISO/IEC 14496-3 table 1.19); `undefined` where the payload or a later edition says. */
export function aacChannels(channelConfig: number): number | undefined {
  return CHANNELS[channelConfig]
}

const CHANNELS: readonly (number | undefined)[] = [undefined, 1, 2, 3, 4, 5, 6, 8, undefined, undefined, undefined, 7, 8, undefined, 8]
// The object types whose config goes on with a GASpecificConfig.
const GENERAL_AUDIO: ReadonlySet<number> = new Set([1, 2, 3, 4, 6, 7, 17, 19, 20, 21, 22, 23])

function readObjectType(bits: BitReader): number {
  const type = bits.read(5)
  return type === 31 ? 32 + bits.read(6) : type
}

function readRate(bits: BitReader): { index: number; rate: number } {
  const index = bits.read(4)
  return { index, rate: index === 15 ? bits.read(24) : (AAC_SAMPLE_RATES[index] ?? 0) }
}

// ISO/IEC 14496-3 clause 4.4.1.1: counts the channels that a program config element lists, and reads to its end.
function readProgramConfig(bits: BitReader): number {
  bits.skip(10)
  const [front, side, back, lfe] = [bits.read(4), bits.read(4), bits.read(4), bits.read(2)]
  const data = bits.read(3)
  const coupling = bits.read(4)
  if (bits.flag()) bits.skip(4)
  if (bits.flag()) bits.skip(4)
  if (bits.flag()) bits.skip(3)
  let channels = lfe
  for (let i = front + side + back; i > 0; i--) {
    channels += bits.flag() ? 2 : 1
    bits.skip(4)
  }
  bits.skip(4 * lfe + 4 * data + 5 * coupling)
  bits.skip(bits.left % 8)
  bits.skip(8 * bits.read(8))
  return channels
}
