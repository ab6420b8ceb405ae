import { crc8 } from '../bytes/crc.js'

/** What the STREAMINFO block of FLAC says (RFC 9639 clause 8.2). */
export interface FlacInfo {
  /** Samples of the smallest block, the last one aside. */
  readonly minBlockSize: number
  /** Samples of the largest block. */
  readonly maxBlockSize: number
  /** Samples a second. */
  readonly sampleRate: number
  /** Audio channels, 1 to 8. */
  readonly channels: number
  /** Bits of a sample, 4 to 32. */
  readonly bitsPerSample: number
}

/** Bytes of a STREAMINFO block without its block header. */
export const FLAC_INFO_SIZE = 34

// block sizes min, max 2 + 2 | frame sizes min, max 3 + 3 | rate 20 bits, channels - 1: 3, bits - 1: 5, samples 36 | MD5 16
/** Reads the 34 bytes of a STREAMINFO block; `undefined` when they make no sense. */
export function readFlacInfo(bytes: Buffer): FlacInfo | undefined {
  if (bytes.length < FLAC_INFO_SIZE) return undefined
  const info = {
    minBlockSize: bytes.readUInt16BE(0),
    maxBlockSize: bytes.readUInt16BE(2),
    sampleRate: bytes.readUIntBE(10, 3) >> 4,
    channels: ((bytes[12]! >> 1) & 7) + 1,
    bitsPerSample: (((bytes[12]! & 1) << 4) | (bytes[13]! >> 4)) + 1,
  }
  return info.maxBlockSize < 16 || info.minBlockSize > info.maxBlockSize || info.sampleRate === 0 ? undefined : info
}

/** Writes the 34 bytes of a STREAMINFO block; frame sizes, length and checksum are left unknown, as for a stream without end. */
export function writeFlacInfo(info: FlacInfo): Buffer {
  const bytes = Buffer.alloc(FLAC_INFO_SIZE)
  bytes.writeUInt16BE(info.minBlockSize, 0)
  bytes.writeUInt16BE(info.maxBlockSize, 2)
  bytes.writeUInt32BE(((info.sampleRate << 12) | ((info.channels - 1) << 9) | ((info.bitsPerSample - 1) << 4)) >>> 0, 10)
  return bytes
}

/** What the header of a FLAC frame says (RFC 9639 clause 9.1). */
export interface FlacFrameHeader {
  /** Samples of each channel in this frame. */
  readonly blockSize: number
  /** Samples a second; `undefined` when only STREAMINFO says. */
  readonly sampleRate: number | undefined
  /** Audio channels, 1 to 8. */
  readonly channels: number
  /** Bits of a sample; `undefined` when only STREAMINFO says. */
  readonly bitsPerSample: number | undefined
  /** Whether block sizes vary; {@link FlacFrameHeader.number} then counts samples, else frames. */
  readonly variable: boolean
  /** The number of this frame, or of its first sample. */
  readonly number: number
  /** Bytes of the header with its checksum. */
  readonly headerSize: number
}

/** The most bytes that a frame header can have. */
export const FLAC_FRAME_HEADER_MAX_SIZE = 16

// sync 15 | variable 1 || block size 4 | rate 4 || channels 4 | bits 3 | 0 || number 1–7 bytes | block size 0–2 | rate 0–2 | CRC-8
/**
 * Reads a frame header and checks its CRC-8.
 * @param at where in the bytes it begins; {@link FLAC_FRAME_HEADER_MAX_SIZE} bytes from there are always enough
 * @returns `undefined` where no valid header is or it is cut off
 */
export function readFlacFrameHeader(bytes: Buffer, at = 0): FlacFrameHeader | undefined {
  if (bytes[at] !== 0xff || (bytes[at + 1]! & 0xfe) !== 0xf8 || at + 6 > bytes.length) return undefined
  const [sizes, kinds] = [bytes[at + 2]!, bytes[at + 3]!]
  const [sizeCode, rateCode, channelCode] = [sizes >> 4, sizes & 15, kinds >> 4]
  const bitsPerSample = BITS[(kinds >> 1) & 7]
  if (sizeCode === 0 || rateCode === 15 || channelCode > 10 || bitsPerSample === 0 || kinds & 1) return undefined

  // A number in the manner of UTF-8, up to 36 bits.
  const first = bytes[at + 4]!
  const ones = Math.clz32(~(first << 24))
  if (ones === 1 || ones > 7) return undefined
  const more = ones === 0 ? 0 : ones - 1
  let next = at + 5
  let number = ones === 0 ? first : first & (0x3f >> more)
  for (; next < at + 5 + more; next++) {
    const byte = bytes[next]
    if (byte === undefined || (byte & 0xc0) !== 0x80) return undefined
    number = number * 64 + (byte & 0x3f)
  }

  const end = next + (sizeCode === 6 ? 1 : sizeCode === 7 ? 2 : 0) + (rateCode === 12 ? 1 : rateCode > 12 ? 2 : 0)
  if (end >= bytes.length || crc8(bytes.subarray(at, end)) !== bytes[end]) return undefined
  let blockSize = BLOCK_SIZES[sizeCode]!
  if (sizeCode === 6) blockSize = bytes[next++]! + 1
  if (sizeCode === 7) {
    blockSize = bytes.readUInt16BE(next) + 1
    next += 2
  }
  let sampleRate = RATES[rateCode]
  if (rateCode === 12) sampleRate = bytes[next]! * 1000
  if (rateCode === 13) sampleRate = bytes.readUInt16BE(next)
  if (rateCode === 14) sampleRate = bytes.readUInt16BE(next) * 10
  if (sampleRate === 0) return undefined
  const channels = channelCode < 8 ? channelCode + 1 : 2
  return { blockSize, sampleRate, channels, bitsPerSample, variable: (bytes[at + 1]! & 1) === 1, number, headerSize: end + 1 - at }
}

/** The most bytes that a frame with this header can have: all samples as they are, and what goes around them. */
export function flacMaxFrameSize(header: FlacFrameHeader): number {
  // A side channel has one bit more; a subframe's header has a byte and, for wasted bits, at most four.
  const bits = (header.bitsPerSample ?? 32) + 1
  return FLAC_FRAME_HEADER_MAX_SIZE + header.channels * (Math.ceil((header.blockSize * bits) / 8) + 8) + 2
}

const BLOCK_SIZES = [0, 192, 576, 1152, 2304, 4608, 0, 0, 256, 512, 1024, 2048, 4096, 8192, 16_384, 32_768]
const RATES = [undefined, 88_200, 176_400, 192_000, 8000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000]
// By code; 0 for the reserved one.
const BITS = [undefined, 8, 12, 0, 16, 20, 24, 32]
