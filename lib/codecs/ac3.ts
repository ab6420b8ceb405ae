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
