import { crc32Mpeg } from '../bytes/crc.js'
import type { Track } from './frame.js'

/** A section of program specific information, and the transport packets that brought it. */
export interface PsiSection {
  /** The section from its table id to its checksum, which holds. */
  readonly bytes: Buffer
  /** The packets, verbatim. */
  readonly packets: Buffer
}

/** The most packets that one section is spread over before it is given up: 4 KiB take 23. */
const MAX_PACKETS = 64

/** Puts the sections of one PID together (ISO/IEC 13818-1 2.4.4). */
export class PsiReader {
  #parts: Buffer[] = []
  #length = 0
  #packets: Buffer[] = []
  #counter = -1

  /**
   * Takes a packet of the PID.
   * @param packet the whole packet, verbatim
   * @param payload its payload
   * @param isStart its payload_unit_start_indicator
   * @param counter its continuity_counter
   * @returns the sections that it completes and whose checksum holds
   */
  push(packet: Buffer, payload: Buffer, isStart: boolean, counter: number): PsiSection[] {
    const sections: PsiSection[] = []
    // 2.4.3.3: a packet may be sent twice.
    const isRepeated = counter === this.#counter && !isStart
    this.#counter = counter
    if (isRepeated || payload.length === 0) return sections
    if (!isStart) {
      if (this.#length > 0) this.#add(packet, payload, sections)
      return sections
    }
    let at = 1 + payload[0]!
    if (this.#length > 0 && at > 1) this.#add(packet, payload.subarray(1, at), sections)
    this.#clear()
    while (at < payload.length && payload[at] !== 0xff) {
      const rest = payload.subarray(at)
      this.#add(packet, rest, sections)
      if (this.#length > 0) break
      at += sectionSize(rest)
    }
    return sections
  }

  #add(packet: Buffer, part: Buffer, sections: PsiSection[]): void {
    if (this.#packets.length === MAX_PACKETS) return this.#clear()
    this.#parts.push(Buffer.from(part))
    this.#packets.push(Buffer.from(packet))
    this.#length += part.length
    if (this.#length < 3) return
    const all = Buffer.concat(this.#parts, this.#length)
    const size = sectionSize(all)
    if (this.#length < size) return
    const bytes = all.subarray(0, size)
    // The checksum of a section together with its checksum is 0.
    if (size >= 12 && crc32Mpeg(bytes) === 0) sections.push({ bytes, packets: Buffer.concat(this.#packets) })
    this.#clear()
  }

  #clear(): void {
    this.#parts = []
    this.#packets = []
    this.#length = 0
  }
}

function sectionSize(bytes: Buffer): number {
  return 3 + (((bytes[1]! & 15) << 8) | bytes[2]!)
}

// Syntax of a table that is in force: section_syntax_indicator, current_next_indicator, the first section of its table.
function isCurrent(section: Buffer, tableId: number): boolean {
  return section[0] === tableId && (section[1]! & 0x80) !== 0 && (section[5]! & 1) !== 0 && section[6] === 0
}

/**
 * Reads a program association section (2.4.4.3).
 * @returns the PID of each program's map, by program number; `undefined` when it is another table or not yet in force
 */
export function readPat(section: Buffer): ReadonlyMap<number, number> | undefined {
  if (!isCurrent(section, 0)) return undefined
  const programs = new Map<number, number>()
  for (let at = 8; at + 4 <= section.length - 4; at += 4) {
    const number = section.readUInt16BE(at)
    // Program 0 is the network information table.
    if (number !== 0) programs.set(number, section.readUInt16BE(at + 2) & 0x1fff)
  }
  return programs
}

/** An elementary stream, as its program map tells. */
export interface TsStream {
  /** The PID of its packets. */
  readonly pid: number
  /** What is known of it before a byte of it is read. */
  readonly track: Track
  /** Its language as ISO 639-2 writes it, where a descriptor (2.6.18) tells. */
  readonly language?: string | undefined
}

/** A program of a transport stream. */
export interface TsProgram {
  /** Its number in the PAT. */
  readonly number: number
  /** Its elementary streams, in the map's order. */
  readonly streams: readonly TsStream[]
}

/**
 * Reads a program map section (2.4.4.8).
 * @returns `undefined` when it is another table or not yet in force
 */
export function readPmt(section: Buffer): TsProgram | undefined {
  if (!isCurrent(section, 2)) return undefined
  const streams: TsStream[] = []
  const end = section.length - 4
  for (let at = 12 + (section.readUInt16BE(10) & 0xfff); at + 5 <= end;) {
    const descriptorsEnd = Math.min(end, at + 5 + (section.readUInt16BE(at + 3) & 0xfff))
    const pid = section.readUInt16BE(at + 1) & 0x1fff
    const descriptors = readDescriptors(section.subarray(at + 5, descriptorsEnd))
    const language = descriptors.get(10)?.toString('latin1', 0, 3)
    const track = trackOf(section[at]!, descriptors)
    streams.push({ pid, track, ...(language !== undefined && /^[a-z]{3}$/.test(language) && { language }) })
    at = descriptorsEnd
  }
  return { number: section.readUInt16BE(3), streams }
}

function readDescriptors(bytes: Buffer): Map<number, Buffer> {
  const descriptors = new Map<number, Buffer>()
  for (let at = 0; at + 2 <= bytes.length; at += 2 + bytes[at + 1]!) {
    if (!descriptors.has(bytes[at]!)) descriptors.set(bytes[at]!, bytes.subarray(at + 2, at + 2 + bytes[at + 1]!))
  }
  return descriptors
}

const AC3: Track = { kind: 'audio', codec: 'AC-3', codecs: 'ac-3' }
const EAC3: Track = { kind: 'audio', codec: 'E-AC-3', codecs: 'ec-3' }
const HEVC: Track = { kind: 'video', codec: 'HEVC' }

// stream_type: ISO/IEC 13818-1 table 2-34; from 0x80 on as ATSC A/53 part 3 and Blu-ray use them.
const STREAM_TYPES: Readonly<Record<number, Track>> = {
  0x01: { kind: 'video', codec: 'MPEG-1 video' },
  0x02: { kind: 'video', codec: 'MPEG-2 video' },
  0x03: { kind: 'audio', codec: 'MPEG audio' },
  0x04: { kind: 'audio', codec: 'MPEG audio' },
  0x0f: { kind: 'audio', codec: 'AAC' },
  0x10: { kind: 'video', codec: 'MPEG-4 video' },
  0x11: { kind: 'audio', codec: 'AAC LATM' },
  0x15: { kind: 'data', codec: 'ID3' },
  0x1b: { kind: 'video', codec: 'H.264' },
  0x21: { kind: 'video', codec: 'JPEG 2000' },
  0x24: HEVC,
  0x32: { kind: 'video', codec: 'JPEG XS' },
  0x33: { kind: 'video', codec: 'VVC' },
  0x42: { kind: 'video', codec: 'AVS' },
  0x81: AC3,
  0x82: { kind: 'audio', codec: 'DTS' },
  0x84: EAC3,
  0x87: EAC3,
  0xd1: { kind: 'video', codec: 'Dirac' },
  0xd2: { kind: 'video', codec: 'AVS2' },
  0xd4: { kind: 'video', codec: 'AVS3' },
  0xea: { kind: 'video', codec: 'VC-1' },
}

// format_identifier of a registration descriptor (2.6.8), as the SMPTE registration authority lists them.
const REGISTRATIONS: Readonly<Record<string, Track>> = {
  Opus: { kind: 'audio', codec: 'Opus', codecs: 'opus', sampleRate: 48_000 },
  'AC-3': AC3,
  EAC3,
  HEVC,
  AV01: { kind: 'video', codec: 'AV1' },
  VVC: { kind: 'video', codec: 'VVC' },
  'VC-1': { kind: 'video', codec: 'VC-1' },
  drac: { kind: 'video', codec: 'Dirac' },
  BSSD: { kind: 'audio', codec: 'PCM' },
  DTS1: { kind: 'audio', codec: 'DTS' },
  DTS2: { kind: 'audio', codec: 'DTS' },
  DTS3: { kind: 'audio', codec: 'DTS' },
}

// Descriptor tags of DVB (ETSI EN 300 468 table 12), which name what private data (type 6) carries.
const DVB_DESCRIPTORS: Readonly<Record<number, Track>> = {
  0x56: { kind: 'data', codec: 'Teletext' },
  0x59: { kind: 'data', codec: 'DVB subtitles' },
  0x6a: AC3,
  0x7a: EAC3,
  0x7b: { kind: 'audio', codec: 'DTS' },
  0x7c: { kind: 'audio', codec: 'AAC' },
}

function trackOf(type: number, descriptors: ReadonlyMap<number, Buffer>): Track {
  const known = STREAM_TYPES[type]
  if (known !== undefined) return known
  const name = descriptors.get(5)?.toString('latin1', 0, 4).trimEnd() ?? ''
  const registered = Object.hasOwn(REGISTRATIONS, name) ? REGISTRATIONS[name] : undefined
  if (registered?.codec === 'Opus') {
    // ETSI TS 103 491 style extension descriptor 0x80: channel_config_code, which up to 8 is the number of channels (0: dual mono).
    const extension = descriptors.get(0x7f)
    const code = extension?.[0] === 0x80 ? extension[1] : undefined
    return code !== undefined && code <= 8 ? { ...registered, channels: code === 0 ? 2 : code } : registered
  }
  if (registered !== undefined) return registered
  for (const [tag, track] of Object.entries(DVB_DESCRIPTORS)) if (descriptors.has(Number(tag))) return track
  return { kind: 'data', codec: name === '' ? `stream type ${type}` : name }
}
