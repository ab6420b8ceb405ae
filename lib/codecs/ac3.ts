/** What the header of an AC-3 or E-AC-3 frame tells. */
export interface Ac3Header {
  /** Whether it is E-AC-3. */
  readonly enhanced: boolean
  /** Samples a second. */
  readonly sampleRate: number
  /** Channels, the low-frequency one included. */
  readonly channels: number
}

const SAMPLE_RATES = [48_000, 44_100, 32_000]
/** Full-range channels by `acmod`. */
const CHANNELS = [2, 1, 2, 3, 3, 4, 4, 5]

/**
 * Reads the header of an AC-3 or E-AC-3 frame (ETSI TS 102 366 clauses 4.3 and E.1.2).
 * @param at where it begins; 8 bytes from there are enough
 * @returns `undefined` where none begins, or the bytes are cut
 */
export function readAc3Header(bytes: Buffer, at = 0): Ac3Header | undefined {
  if (at + 8 > bytes.length || bytes[at] !== 0x0b || bytes[at + 1] !== 0x77) return undefined
  const version = bytes[at + 5]! >> 3
  if (version > 16) return undefined
  const rates = bytes[at + 4]!
  if (version > 10) {
    const mode = (rates >> 1) & 7
    const rate = rates >> 6
    const sampleRate = rate === 3 ? (SAMPLE_RATES[(rates >> 4) & 3] ?? 0) / 2 : SAMPLE_RATES[rate]!
    return sampleRate === 0 ? undefined : { enhanced: true, sampleRate, channels: CHANNELS[mode]! + (rates & 1) }
  }
  const sampleRate = SAMPLE_RATES[rates >> 6]
  if (sampleRate === undefined) return undefined
  const mode = bytes[at + 6]! >> 5
  // Mix levels of two bits each stand between the mode and the flag of the low-frequency channel.
  const skipped = (mode & 1 && mode !== 1 ? 2 : 0) + (mode & 4 ? 2 : 0) + (mode === 2 ? 2 : 0)
  const hasLowFrequency = (bytes[at + 6]! >> (4 - skipped)) & 1
  return { enhanced: false, sampleRate, channels: CHANNELS[mode]! + hasLowFrequency }
}

/** A frame of AC-3 or E-AC-3 as its header tells it: what it takes to cut a stream into frames and to describe it to a decoder. */
export interface Ac3Frame extends Ac3Header {
  /** Bytes of the whole frame. */
  readonly frameSize: number
  /** Samples of each channel: 256 for each block, of which AC-3 has six. */
  readonly samples: number
  /** Whether it only adds channels to the frame before it (E-AC-3's dependent substreams), or is of a further program. */
  readonly isExtra: boolean
  /** `bsid`: the version of the bit stream. */
  readonly version: number
  /** `fscod`: the sample rate's code. */
  readonly rateCode: number
  /** `bsmod`: what kind of service it is; 0, complete main, for E-AC-3. */
  readonly service: number
  /** `acmod`: which full-range channels there are. */
  readonly mode: number
  /** Whether there is a low-frequency channel. */
  readonly hasLowFrequency: boolean
  /** AC-3's `bit_rate_code`: half its `frmsizecod`; 0 for E-AC-3. */
  readonly bitrateCode: number
}

// kbit/s by frmsizecod / 2 (ETSI TS 102 366 table 4.13).
const BITRATES = [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640]

/**
 * Reads the header of an AC-3 or E-AC-3 frame with its size (ETSI TS 102 366 clauses 4.4.1 and E.1.3.1).
 * @param at where it begins; 8 bytes from there are enough
 * @returns `undefined` where none begins, the bytes are cut, or it is of a version without known sizes
 */
export function readAc3Frame(bytes: Buffer, at = 0): Ac3Frame | undefined {
  const header = readAc3Header(bytes, at)
  if (header === undefined) return undefined
  const version = bytes[at + 5]! >> 3
  const b4 = bytes[at + 4]!
  const rateCode = b4 >> 6
  if (header.enhanced) {
    // strmtyp 2 | substreamid 3 | frmsiz 11 || fscod 2 | numblkscod 2 (with fscod 3: a halved rate and six blocks) | acmod 3 | lfeon 1
    const head = bytes.readUInt16BE(at + 2)
    const blocks = rateCode === 3 ? 6 : [1, 2, 3, 6][(b4 >> 4) & 3]!
    return {
      ...header,
      frameSize: ((head & 0x7ff) + 1) * 2,
      samples: blocks * 256,
      isExtra: head >> 14 === 1 || ((head >> 11) & 7) !== 0,
      version,
      rateCode,
      service: 0,
      mode: (b4 >> 1) & 7,
      hasLowFrequency: (b4 & 1) !== 0,
      bitrateCode: 0,
    }
  }
  const bitrateCode = (b4 & 63) >> 1
  const kilobits = BITRATES[bitrateCode]
  if (version > 8 || kilobits === undefined) return undefined
  const words = rateCode === 1 ? Math.floor((kilobits * 96_000) / 44_100) + (b4 & 1) : kilobits * (rateCode === 0 ? 2 : 3)
  const mode = bytes[at + 6]! >> 5
  return {
    ...header,
    frameSize: words * 2,
    samples: 1536,
    isExtra: false,
    version,
    rateCode,
    service: bytes[at + 5]! & 7,
    mode,
    hasLowFrequency: header.channels > CHANNELS[mode]!,
    bitrateCode,
  }
}

/** Whether two frames can belong to one stream. */
export function agreeAc3(a: Ac3Frame, b: Ac3Frame): boolean {
  return (
    a.enhanced === b.enhanced &&
    a.sampleRate === b.sampleRate &&
    a.mode === b.mode &&
    a.hasLowFrequency === b.hasLowFrequency &&
    a.service === b.service
  )
}

// fscod 2 | bsid 5 | bsmod 3 | acmod 3 | lfeon 1 | bit_rate_code 5 | 0: 5
/** Writes the body of an AC3SpecificBox, `dac3` (ETSI TS 102 366 clause F.4). */
export function writeDac3(frame: Ac3Frame): Buffer {
  const { rateCode, version, service, mode, hasLowFrequency, bitrateCode } = frame
  const bytes = Buffer.alloc(3)
  const bits = (rateCode << 22) | (version << 17) | (service << 14) | (mode << 11) | (Number(hasLowFrequency) << 10) | (bitrateCode << 5)
  bytes.writeUIntBE(bits, 0, 3)
  return bytes
}

// data_rate 13 | num_ind_sub 3 | fscod 2 | bsid 5 | 0: 1 | asvc 1 | bsmod 3 | acmod 3 | lfeon 1 | 0: 3 | num_dep_sub 4 | 0: 1
/** Writes the body of an EC3SpecificBox, `dec3`, for one independent substream (ETSI TS 102 366 clause F.6). */
export function writeDec3(frame: Ac3Frame): Buffer {
  const { rateCode, version, service, mode, hasLowFrequency, frameSize, samples, sampleRate } = frame
  const kilobits = Math.min(0x1fff, Math.round((frameSize * 8 * sampleRate) / samples / 1000))
  const bytes = Buffer.alloc(5)
  bytes.writeUInt16BE(kilobits << 3, 0)
  bytes.writeUIntBE((rateCode << 22) | (version << 17) | (service << 12) | (mode << 9) | (Number(hasLowFrequency) << 8), 2, 3)
  return bytes
}
