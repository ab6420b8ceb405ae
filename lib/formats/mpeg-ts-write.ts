import { crc32Mpeg } from '../bytes/crc.js'
import { PACKET_SIZE, SYNC_BYTE } from './mpeg-ts-packet.js'

/** An elementary stream as a program map lists it (ISO/IEC 13818-1 2.4.4.8). */
export interface TsEntry {
  /** Its stream_type (table 2-34). */
  readonly type: number
  /** The PID of its packets. */
  readonly pid: number
  /** Its descriptors, one after the other. */
  readonly descriptors: Buffer
}

/** Writes a program association section with one program (2.4.4.3). */
export function writePat(program: number, mapPid: number): Buffer {
  return writeSection(0, 1, Buffer.from([program >> 8, program & 255, 0xe0 | (mapPid >> 8), mapPid & 255]))
}

/** Writes a program map section (2.4.4.8). */
export function writePmt(program: number, pcrPid: number, streams: readonly TsEntry[]): Buffer {
  const parts: Buffer[] = [Buffer.from([0xe0 | (pcrPid >> 8), pcrPid & 255, 0xf0, 0])]
  for (const { type, pid, descriptors } of streams)
    parts.push(Buffer.from([type, 0xe0 | (pid >> 8), pid & 255, 0xf0 | (descriptors.length >> 8), descriptors.length & 255]), descriptors)
  return writeSection(2, program, Buffer.concat(parts))
}

// table id 8 | 1, 0, 11, length 12 | id 16 | 11, version 5, current 1 | number 8 | last 8 | body | CRC 32
function writeSection(tableId: number, id: number, body: Buffer): Buffer {
  const size = body.length + 9
  const bytes = Buffer.concat([
    Buffer.from([tableId, 0xb0 | (size >> 8), size & 255, id >> 8, id & 255, 0xc1, 0, 0]),
    body,
    Buffer.alloc(4),
  ])
  bytes.writeUInt32BE(crc32Mpeg(bytes.subarray(0, -4)), bytes.length - 4)
  return bytes
}

/** What a PES packet says before its data. */
export interface PesHead {
  /** Its stream_id (table 2-22). */
  readonly streamId: number
  /** When it is shown, in 90 kHz; counted modulo 33 bits here. */
  readonly pts: number
  /** When it is decoded. */
  readonly dts: number
  /** Bytes of data that follow. */
  readonly size: number
}

/** Writes the head of a PES packet (2.4.3.6). A length that its field cannot hold is left unsaid, as only video may. */
export function writePesHead({ streamId, pts, dts, size }: PesHead): Buffer {
  const [shown, decoded] = [wrap(pts), wrap(dts)]
  const hasDts = shown !== decoded
  const bytes = Buffer.alloc(hasDts ? 19 : 14)
  const length = bytes.length - 6 + size
  bytes.set([0, 0, 1, streamId, 0, 0, 0x84, hasDts ? 0xc0 : 0x80, bytes.length - 9])
  if (length <= 0xffff) bytes.writeUInt16BE(length, 4)
  writeStamp(bytes, 9, hasDts ? 3 : 2, shown)
  if (hasDts) writeStamp(bytes, 14, 1, decoded)
  return bytes
}

/** A time of 90 kHz in the 33 bits that MPEG-TS has for it. */
function wrap(time: number): number {
  return ((time % PERIOD) + PERIOD) % PERIOD
}

const PERIOD = 2 ** 33

function writeStamp(bytes: Buffer, at: number, mark: number, time: number): void {
  const low = time % 0x4000_0000
  bytes[at] = (mark << 4) | (Math.floor(time / 0x4000_0000) << 1) | 1
  bytes.writeUInt16BE((((low >> 15) << 1) & 0xffff) | 1, at + 1)
  bytes.writeUInt16BE(((low & 0x7fff) << 1) | 1, at + 3)
}

/** What the adaptation field of the first transport packet of a PES packet or section says. */
export interface TsFlags {
  /** Whether decoding can start here: random_access_indicator. */
  readonly isRandomAccess?: boolean | undefined
  /** The program clock in 90 kHz. */
  readonly pcr?: number | undefined
}

/** Writes the transport packets of one PID (2.4.3.2), whose continuity counter runs on from call to call. */
export class TsPidWriter {
  readonly #pid: number
  #counter = 0

  /** @param pid the PID */
  constructor(pid: number) {
    this.#pid = pid
  }

  /** Writes a program specific section (2.4.4), filled up to whole packets. */
  section(section: Buffer): Buffer {
    const size = Math.ceil((section.length + 1) / 184) * 184
    const payload = Buffer.alloc(size, 0xff)
    payload[0] = 0
    section.copy(payload, 1)
    return this.packets([payload])
  }

  /** Writes a unit that begins with a packet of its own: a PES packet, given in parts. */
  packets(parts: readonly Buffer[], { isRandomAccess = false, pcr }: TsFlags = {}): Buffer {
    let left = 0
    for (const part of parts) left += part.length
    const firstField = pcr !== undefined ? 8 : isRandomAccess ? 2 : 0
    // What does not fill the last packet becomes its adaptation field.
    const out = Buffer.allocUnsafe(Math.ceil((firstField + left) / 184) * PACKET_SIZE)
    let [index, from] = [0, 0]
    for (let at = 0; at < out.length; at += PACKET_SIZE) {
      const isFirst = at === 0
      const field = Math.max(isFirst ? firstField : 0, 184 - left)
      out[at] = SYNC_BYTE
      out[at + 1] = (isFirst ? 0x40 : 0) | (this.#pid >> 8)
      out[at + 2] = this.#pid & 255
      out[at + 3] = (field > 0 ? 0x30 : 0x10) | this.#counter
      this.#counter = (this.#counter + 1) & 15
      if (field > 0) {
        out[at + 4] = field - 1
        if (field > 1) {
          out[at + 5] = isFirst ? (isRandomAccess ? 0x40 : 0) | (pcr !== undefined ? 0x10 : 0) : 0
          const used = isFirst && pcr !== undefined ? 8 : 2
          if (used === 8) writePcr(out, at + 6, pcr!)
          out.fill(0xff, at + 4 + used, at + 4 + field)
        }
      }
      for (let to = at + 4 + field; to < at + PACKET_SIZE;) {
        const part = parts[index]!
        const copied = part.copy(out, to, from, from + at + PACKET_SIZE - to)
        to += copied
        from += copied
        left -= copied
        if (from === part.length) {
          index++
          from = 0
        }
      }
    }
    return out
  }
}

// 33 bits of 90 kHz | 6 | 9 bits of 27 MHz, which are always 0 here (2.4.3.5).
function writePcr(bytes: Buffer, at: number, time: number): void {
  const base = wrap(time)
  bytes.writeUInt32BE(Math.floor(base / 2), at)
  bytes[at + 4] = ((base % 2) << 7) | 0x7e
  bytes[at + 5] = 0
}
