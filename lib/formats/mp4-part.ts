import type { Packet } from './packet.js'

/** What a part is written from. */
export interface PartOptions {
  /** `sequence_number` of the `mfhd`: 1, 2, 3, … over the fragments of a stream. */
  readonly sequence: number
  /**
   * At least one packet, in the order of the stream, of one or more tracks. No time is negative. The durations lead from packet to packet of a
   * track, because only the time of the first is written.
   */
  readonly packets: readonly Packet[]
  /** Boxes before the `moof`, such as those of `writeStyp`, `writePrft` and `writeEmsg`. */
  readonly before?: readonly Buffer[] | undefined
}

/** A part: a CMAF chunk, if all its packets are of one track. */
export interface Part {
  /** The boxes before, the `moof` and the `mdat`. */
  readonly bytes: Buffer
  /** The same packets in the same order, with data that are views of {@link Part.bytes}: they hold on to no other memory. */
  readonly packets: readonly Packet[]
}

/**
 * Writes packets as a movie fragment (ISO/IEC 14496-12 clause 8.8) with one `traf` for each track, video first. Offsets count from the
 * `moof`, times have 64 bits, and what is the same for all samples of a track is written once.
 *
 * ```text
 * | before | moof ( mfhd | traf ( tfhd | tfdt | trun ) … ) | mdat ( samples of the first track | of the second … ) |
 * ```
 * @throws RangeError when there are no packets, or a value does not fit its field
 */
export function writePart({ sequence, packets, before = NONE }: PartOptions): Part {
  const runs = splitRuns(packets)
  let start = 0
  for (const box of before) start += box.length
  let moofSize = 8 + MFHD_SIZE
  for (const run of runs) moofSize += run.trafSize
  let dataSize = 0
  for (const run of runs) {
    run.at = start + moofSize + 8 + dataSize
    dataSize += run.dataSize
  }

  const bytes = Buffer.allocUnsafe(start + moofSize + 8 + dataSize)
  let at = 0
  for (const box of before) at += box.copy(bytes, at)
  at = writeHead(bytes, at, moofSize, MOOF)
  at = writeHead(bytes, at, MFHD_SIZE, MFHD)
  at = bytes.writeUInt32BE(0, at)
  at = bytes.writeUInt32BE(sequence >>> 0, at)
  for (const run of runs) at = writeTraf(bytes, at, run, run.at - start)
  writeHead(bytes, at, 8 + dataSize, MDAT)

  const moved: Packet[] = []
  for (const packet of packets) {
    const { track, dts, pts, duration, key, data } = packet
    const run = runs.length === 1 ? runs[0]! : runs.find((each) => each.id === track.id)!
    const end = run.at + data.copy(bytes, run.at)
    moved.push({ track, dts, pts, duration, key, data: bytes.subarray(run.at, end) })
    run.at = end
  }
  return { bytes, packets: moved }
}

/** What becomes of the packets of one track: a `traf`, and a run of samples in the `mdat`. */
interface Run {
  /** track_ID. */
  readonly id: number
  readonly packets: Packet[]
  /** Flags of the `tfhd`: which defaults it has (clause 8.8.7). */
  defaults: number
  /** Flags of the `trun`: which fields it has (clause 8.8.8). */
  fields: number
  trafSize: number
  dataSize: number
  /** Where the next of the samples goes. */
  at: number
}

function splitRuns(packets: readonly Packet[]): readonly Run[] {
  if (packets.length === 0) throw new RangeError('Cannot write a part without packets')
  const runs: Run[] = []
  for (const packet of packets) {
    const { id, kind } = packet.track
    const run = runs.find((each) => each.id === id)
    if (run !== undefined) {
      run.packets.push(packet)
      continue
    }
    const added = { id, packets: [packet], defaults: 0, fields: 0, trafSize: 0, dataSize: 0, at: 0 }
    const firstAudio = kind === 'video' ? runs.findIndex((each) => each.packets[0]!.track.kind === 'audio') : -1
    if (firstAudio < 0) runs.push(added)
    else runs.splice(firstAudio, 0, added)
  }
  for (const run of runs) measureRun(run)
  return runs
}

/** Decides what is a default and what is a field of each sample. */
function measureRun(run: Run): void {
  const { packets } = run
  const first = packets[0]!
  const second = packets[1] ?? first
  let sameDuration = true
  let sameSize = true
  let sameKey = true
  let hasOffsets = false
  for (const { dts, pts, duration, data } of packets) {
    if (duration !== first.duration) sameDuration = false
    if (data.length !== first.data.length) sameSize = false
    if (pts !== dts) hasOffsets = true
    run.dataSize += data.length
  }
  // The first sample has flags of its own place: often it is the only key frame.
  for (let i = 2; i < packets.length; i++) if (packets[i]!.key !== second.key) sameKey = false
  run.defaults = DEFAULT_BASE_IS_MOOF | (sameDuration ? HAS_DURATION : 0) | (sameSize ? HAS_SIZE : 0) | (sameKey ? HAS_FLAGS : 0)
  run.fields =
    DATA_OFFSET |
    (sameDuration ? 0 : SAMPLE_DURATION) |
    (sameSize ? 0 : SAMPLE_SIZE) |
    (sameKey ? (first.key === second.key ? 0 : FIRST_SAMPLE_FLAGS) : SAMPLE_FLAGS) |
    (hasOffsets ? SAMPLE_OFFSET : 0)
  run.trafSize = 8 + tfhdSize(run.defaults) + TFDT_SIZE + trunSize(run.fields, packets.length)
}

function tfhdSize(defaults: number): number {
  return 16 + (defaults & HAS_DURATION ? 4 : 0) + (defaults & HAS_SIZE ? 4 : 0) + (defaults & HAS_FLAGS ? 4 : 0)
}

function trunSize(fields: number, count: number): number {
  const each =
    (fields & SAMPLE_DURATION ? 4 : 0) + (fields & SAMPLE_SIZE ? 4 : 0) + (fields & SAMPLE_FLAGS ? 4 : 0) + (fields & SAMPLE_OFFSET ? 4 : 0)
  return 20 + (fields & FIRST_SAMPLE_FLAGS ? 4 : 0) + count * each
}

/** @param dataOffset from the first byte of the `moof` to the first of the samples */
function writeTraf(bytes: Buffer, start: number, run: Run, dataOffset: number): number {
  const { id, packets, defaults, fields } = run
  const first = packets[0]!
  const second = packets[1] ?? first
  let at = writeHead(bytes, start, run.trafSize, TRAF)

  at = writeHead(bytes, at, tfhdSize(defaults), TFHD)
  at = bytes.writeUInt32BE(defaults, at)
  at = bytes.writeUInt32BE(id, at)
  if (defaults & HAS_DURATION) at = bytes.writeUInt32BE(first.duration, at)
  if (defaults & HAS_SIZE) at = bytes.writeUInt32BE(first.data.length, at)
  if (defaults & HAS_FLAGS) at = bytes.writeUInt32BE(sampleFlags(second), at)

  at = writeHead(bytes, at, TFDT_SIZE, TFDT)
  at = bytes.writeUInt32BE(VERSION_1, at)
  at = writeUInt64(bytes, at, first.dts)

  at = writeHead(bytes, at, trunSize(fields, packets.length), TRUN)
  // Composition offsets of version 1 have a sign.
  at = bytes.writeUInt32BE(VERSION_1 | fields, at)
  at = bytes.writeUInt32BE(packets.length, at)
  at = bytes.writeUInt32BE(dataOffset, at)
  if (fields & FIRST_SAMPLE_FLAGS) at = bytes.writeUInt32BE(sampleFlags(first), at)
  for (const packet of packets) {
    if (fields & SAMPLE_DURATION) at = bytes.writeUInt32BE(packet.duration, at)
    if (fields & SAMPLE_SIZE) at = bytes.writeUInt32BE(packet.data.length, at)
    if (fields & SAMPLE_FLAGS) at = bytes.writeUInt32BE(sampleFlags(packet), at)
    if (fields & SAMPLE_OFFSET) at = bytes.writeInt32BE(packet.pts - packet.dts, at)
  }
  return at
}

/** Clause 8.8.3.1: a key frame depends on no other sample; any other does, and is no sync sample. */
function sampleFlags({ key }: Packet): number {
  return key ? 0x0200_0000 : 0x0101_0000
}

function writeHead(bytes: Buffer, at: number, size: number, type: number): number {
  return bytes.writeUInt32BE(type, bytes.writeUInt32BE(size, at))
}

function writeUInt64(bytes: Buffer, at: number, value: number): number {
  return bytes.writeUInt32BE(value % 2 ** 32, bytes.writeUInt32BE(Math.floor(value / 2 ** 32), at))
}

const NONE: readonly Buffer[] = []

const MFHD_SIZE = 16
const TFDT_SIZE = 20

const MOOF = 0x6d6f6f66
const MFHD = 0x6d666864
const TRAF = 0x74726166
const TFHD = 0x74666864
const TFDT = 0x74666474
const TRUN = 0x7472756e
const MDAT = 0x6d646174

const VERSION_1 = 0x0100_0000

const HAS_DURATION = 0x08
const HAS_SIZE = 0x10
const HAS_FLAGS = 0x20
const DEFAULT_BASE_IS_MOOF = 0x02_0000

const DATA_OFFSET = 0x001
const FIRST_SAMPLE_FLAGS = 0x004
const SAMPLE_DURATION = 0x100
const SAMPLE_SIZE = 0x200
const SAMPLE_FLAGS = 0x400
const SAMPLE_OFFSET = 0x800
