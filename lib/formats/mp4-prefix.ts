import { writeBox } from './mp4-boxes.js'

/*
 * The boxes that go before the `moof` of a part.
 */

/** What an event message says. */
export interface EventMessage {
  /** Ticks a second of its time and duration. */
  readonly timescale: number
  /** When it begins, in ticks on the timeline of the media. */
  readonly time: number
  /** How long it lasts, in ticks; unknown where it is left out. */
  readonly duration?: number | undefined
  /** Tells events of the same scheme and value apart: a repetition has the same. */
  readonly id: number
  /** The URI of the scheme that says what value and message mean, such as `https://aomedia.org/emsg/ID3`. */
  readonly scheme: string
  /** Which of the scheme's streams of events it belongs to; often empty. */
  readonly value: string
  /** The message itself. */
  readonly message: Buffer
}

/** When a sample was made, for whoever measures latency. */
export interface ProducerTime {
  /** The track's number. */
  readonly trackId: number
  /** When the sample was made, in milliseconds since 1970. */
  readonly wallclock: number
  /** The sample's decode time, in ticks of the track. */
  readonly mediaTime: number
  /** At which point: 0 it went into the encoder, 1 it came out, 2 the `moof` was done, 4 it was stored, 8 any that stays the same, 24 it was captured. */
  readonly flags?: number | undefined
}

// 1, flags 3 | timescale 4 | presentation time 8 | event duration 4 | id 4 | scheme_id_uri, 0 | value, 0 | message
/**
 * Writes an `emsg` of version 1 (ISO/IEC 23009-1 clause 5.10.3.3).
 * @throws RangeError when a number does not fit its field
 */
export function writeEmsg({ timescale, time, duration = UNKNOWN, id, scheme, value, message }: EventMessage): Buffer {
  const head = Buffer.alloc(24)
  head[0] = 1
  head.writeUInt32BE(timescale, 4)
  head.writeBigUInt64BE(BigInt(time), 8)
  head.writeUInt32BE(duration, 16)
  head.writeUInt32BE(id >>> 0, 20)
  return writeBox('emsg', head, Buffer.from(`${scheme}\0${value}\0`), message)
}

// 1, flags 3 | reference_track_ID 4 | NTP timestamp: seconds since 1900 4, fraction 4 | media time 8
/**
 * Writes a producer reference time, `prft` of version 1 (ISO/IEC 14496-12 clause 8.16.5).
 * @throws RangeError when a number does not fit its field
 */
export function writePrft({ trackId, wallclock, mediaTime, flags = 0 }: ProducerTime): Buffer {
  const body = Buffer.alloc(24)
  body.writeUInt32BE(0x0100_0000 | flags, 0)
  body.writeUInt32BE(trackId, 4)
  const seconds = Math.floor(wallclock / 1000)
  // NTP begins again in 2036 (RFC 5905 clause 6).
  body.writeUInt32BE((seconds + NTP_EPOCH) % 2 ** 32, 8)
  body.writeUInt32BE(Math.floor(((wallclock - seconds * 1000) / 1000) * 2 ** 32), 12)
  body.writeBigUInt64BE(BigInt(mediaTime), 16)
  return writeBox('prft', body)
}

/** Writes a segment type, `styp` (ISO/IEC 14496-12 clause 8.16.2); the first brand is the major one. */
export function writeStyp(brands: readonly string[]): Buffer {
  const [major = 'msdh'] = brands
  return writeBox('styp', Buffer.from(major, 'latin1'), Buffer.alloc(4), ...brands.map((brand) => Buffer.from(brand, 'latin1')))
}

/** Seconds from 1900 to 1970. */
const NTP_EPOCH = 2_208_988_800

/** The duration of an event whose end is not known. */
const UNKNOWN = 0xffff_ffff
