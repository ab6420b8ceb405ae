import { FLAC_INFO_SIZE, readFlacFrameHeader, readFlacInfo, writeFlacInfo } from '../codecs/flac.js'
import { opusSamples, readOpusHead } from '../codecs/opus.js'
import { readVorbisHead, readVorbisModes, vorbisBlockSize, vorbisSamples } from '../codecs/vorbis.js'
import { writeXiphLacing } from '../codecs/xiph.js'
import { MAX_FRAME_SIZE, NO_HEADER, type Frame } from './frame.js'
import { createMediaTrack } from './media-track.js'
import { pagePackets, pageSize, readPage, type Page } from './ogg-page.js'
import type { CodecId, MediaTrack, Packet, PacketReader } from './packet.js'

/**
 * Reads packets of Opus, Vorbis and FLAC from the pages of Ogg; other streams are left out.
 *
 * Times count all samples that a decoder gives, those that Opus' pre-skip drops as well (as MP4 with `dOps` counts them): with a muxer that begins
 * at 0, the first packet has time 0. Pages tell where they end; where that is not what the packets add up to, by more than the 20 ms that some
 * muxers are off, the clock jumps. What a last page trims is not: its packets keep their whole durations.
 *
 * Each chain has a clock of its own, so the times run on from the end of the chain before. Its tracks are the same objects if their
 * configurations are the same; Vorbis comments do not count, and stand empty in a configuration.
 */
export class OggPacketReader implements PacketReader {
  readonly pending = false
  #header = NO_HEADER
  #tracks: readonly MediaTrack[] = []
  #streams = new Map<number, LogicalStream>()
  // The newest track of each number.
  readonly #known = new Map<number, MediaTrack>()
  // Seconds to add to the times of this chain; undefined before its first packet.
  #shift: number | undefined
  // When the packet that goes on longest ends, in seconds; undefined before any.
  #end: number | undefined

  get tracks(): readonly MediaTrack[] {
    return this.#tracks
  }

  read(frames: readonly Frame[]): Packet[] {
    const packets: Packet[] = []
    for (const { bytes, sync, header } of frames) {
      if (sync && header !== this.#header) this.#open(header)
      const page = readPage(bytes)
      if (page === undefined) continue
      // Another chain: a new serial or the same; its header comes with its first sync frame.
      if (page.bos) this.#close()
      const stream = this.#streams.get(page.serial)
      if (stream !== undefined) this.#place(stream, stream.read(page), packets)
    }
    return packets
  }

  end(): Packet[] {
    return []
  }

  #close(): void {
    this.#streams.clear()
    this.#header = NO_HEADER
  }

  #open(header: Buffer): void {
    this.#close()
    this.#header = header
    this.#shift = undefined
    let id = 0
    for (const [serial, packets] of readHeaderPackets(header)) {
      const mapping = identify(packets)
      const track = mapping && createMediaTrack(mapping.codecId, mapping.config, { id: id + 1 })
      if (track === undefined) continue
      id++
      const known = this.#known.get(id)
      const same = known?.codecId === track.codecId && known.config.equals(track.config)
      if (!same) this.#known.set(id, track)
      this.#streams.set(serial, new LogicalStream(same ? known : track, mapping!.counter()))
    }
    this.#tracks = [...this.#streams.values()].map(({ track }) => track)
  }

  #place({ track }: LogicalStream, { start, units }: Run, packets: Packet[]): void {
    if (units.length === 0) return
    const { timescale } = track
    if (this.#shift === undefined) {
      // A start before 0 is trimmed from a muxer's point of view, but all is counted here.
      const runsOn = this.#end !== undefined && this.#end < MAX_END
      this.#shift = runsOn ? this.#end! - start / timescale : Math.max(0, -start / timescale)
    }
    let time = start + Math.round(this.#shift * timescale)
    for (const { data, duration } of units) {
      packets.push({ track, dts: time, pts: time, duration, key: true, data })
      time += duration
    }
    this.#end = Math.max(this.#end ?? 0, time / timescale)
  }
}

// Granules above this are nonsense: 186 years of 48 kHz. So that all times stay exact.
const MAX_GRANULE = 2 ** 48
const MAX_END = 2 ** 33
// How far the pages of a stream may be off, as parts of a second.
const TOLERANCE = 1 / 50

interface Unit {
  readonly data: Buffer
  readonly duration: number
}

/** What follows each other: the first unit starts at `start`, in the clock of the chain. */
interface Run {
  readonly start: number
  readonly units: readonly Unit[]
}

const NOTHING: Run = { start: 0, units: [] }

// The samples of a packet; undefined when it is none of sound. Called with undefined where packets are missing.
type Counter = (packet: Buffer | undefined) => number | undefined

class LogicalStream {
  readonly track: MediaTrack
  readonly #count: Counter
  // The last packet so far, whose end is to come.
  #partial: Buffer[] = []
  #partialSize = 0
  #sequence: number | undefined
  // Where the next packet starts; undefined where the clock must be set by a page.
  #time: number | undefined

  constructor(track: MediaTrack, count: Counter) {
    this.track = track
    this.#count = count
  }

  read(page: Page): Run {
    const isGap = this.#sequence !== undefined && ((page.sequence - this.#sequence) | 0) !== 1
    this.#sequence = page.sequence
    if (isGap) {
      this.#partial = []
      this.#time = undefined
      this.#count(undefined)
    }
    const units: Unit[] = []
    for (const data of this.#join(page)) {
      const duration = this.#count(data)
      if (duration !== undefined) units.push({ data, duration })
    }
    return this.#set(page, units)
  }

  // The packets that end on the page. The rest of one whose beginning is missing is left out, as are those that do not end.
  *#join(page: Page): Generator<Buffer> {
    for (const { bytes, begins, ends } of pagePackets(page)) {
      if (begins) this.#drop()
      else if (this.#partial.length === 0) continue
      this.#partial.push(bytes)
      this.#partialSize += bytes.length
      if (this.#partialSize > MAX_FRAME_SIZE) this.#drop()
      else if (ends) {
        yield this.#partial.length === 1 ? bytes : Buffer.concat(this.#partial)
        this.#drop()
      }
    }
  }

  #drop(): void {
    this.#partial = []
    this.#partialSize = 0
  }

  #set(page: Page, units: readonly Unit[]): Run {
    if (units.length === 0) return NOTHING
    const size = units.reduce((sum, { duration }) => sum + duration, 0)
    const granule = page.granule < 0n || page.granule > MAX_GRANULE ? undefined : Number(page.granule)
    let start = this.#time
    if (granule !== undefined) {
      const said = granule - size
      // The granule of a last page may be less than the packets hold: the rest is not to be heard.
      if (start === undefined) start = page.eos ? Math.max(0, said) : said
      else if (said - start > TOLERANCE * this.track.timescale) start = said
      else if (start - said > TOLERANCE * this.track.timescale && !page.eos) start = said
    }
    if (start === undefined) return NOTHING
    this.#time = start + size
    return { start, units }
  }
}

interface Mapping {
  readonly codecId: CodecId
  readonly config: Buffer
  readonly counter: () => Counter
}

// The header packets of all streams, in the order of their first pages.
function readHeaderPackets(header: Buffer): Map<number, Buffer[]> {
  const streams = new Map<number, { whole: Buffer[]; partial: Buffer[] }>()
  for (let at = 0; at + 27 <= header.length;) {
    const size = pageSize(header.subarray(at)) ?? header.length
    const page = readPage(header.subarray(at, at + size))
    at += size
    if (page === undefined) continue
    const stream = streams.get(page.serial) ?? { whole: [], partial: [] }
    streams.set(page.serial, stream)
    for (const { bytes, begins, ends } of pagePackets(page)) {
      if (begins) stream.partial = []
      stream.partial.push(bytes)
      if (ends) stream.whole.push(Buffer.concat(stream.partial))
    }
  }
  return new Map([...streams].map(([serial, { whole }]) => [serial, whole]))
}

function identify(headers: readonly Buffer[]): Mapping | undefined {
  const [first, , setup] = headers
  if (first === undefined) return undefined
  if (readOpusHead(first) !== undefined) return { codecId: 'opus', config: first, counter: () => countOpus }
  // 0x7f | 'FLAC' | version 2 | headers 2 | 'fLaC' | block header 4 | STREAMINFO
  const info =
    first[0] === 0x7f && first.toString('latin1', 1, 5) === 'FLAC' ? readFlacInfo(first.subarray(17, 17 + FLAC_INFO_SIZE)) : undefined
  // A file's length and checksum differ from song to song, and say nothing of a stream.
  if (info !== undefined) return { codecId: 'flac', config: writeFlacInfo(info), counter: () => countFlac }
  const head = readVorbisHead(first)
  const modes = setup && readVorbisModes(setup)
  if (head === undefined || modes === undefined) return undefined
  return {
    codecId: 'vorbis',
    config: writeXiphLacing([first, NO_COMMENTS, setup!]),
    counter: () => {
      let previous = 0
      return (packet) => {
        const size = packet === undefined ? 0 : vorbisBlockSize(packet, head, modes)
        const samples = vorbisSamples(previous, size)
        if (packet === undefined || size > 0) previous = size
        return size > 0 ? samples : undefined
      }
    },
  }
}

// A comment header with no vendor and no comments: 3 | 'vorbis' | 0 (4) | 0 (4) | framing bit.
const NO_COMMENTS = Buffer.from('\x03vorbis\0\0\0\0\0\0\0\0\x01', 'latin1')

function countOpus(packet: Buffer | undefined): number | undefined {
  // A header packet that comes where the beginning of its chain is lost reads as sound.
  if (packet === undefined || /^Opus(?:Head|Tags)/.test(packet.toString('latin1', 0, 8))) return undefined
  return opusSamples(packet) || undefined
}

function countFlac(packet: Buffer | undefined): number | undefined {
  return packet && readFlacFrameHeader(packet)?.blockSize
}
