import { AnnexBVideo } from './annex-b-video.js'
import type { Frame } from './frame.js'
import { AC3_SYNTAX, type AudioFacts, type AudioPackets, FramedAudio, MPEG_AUDIO_SYNTAX, aacSyntax } from './framed-audio.js'
import { LAYOUTS, PACKET_SIZE, type PacketLayout, SYNC_BYTE, readPid } from './mpeg-ts-packet.js'
import { PesAssembler, type Pes, readPes } from './mpeg-ts-pes.js'
import { PsiReader, type TsProgram, type TsStream, readPat, readPmt } from './mpeg-ts-psi.js'
import { OpusTs } from './opus-ts.js'
import type { MediaTrack, Packet, PacketReader } from './packet.js'
import { WrappedClock } from './wrapped-clock.js'

/** Ticks a second of MPEG-TS. */
const TIMESCALE = 90_000
/** The most programs, and the most streams of one, that are looked at. */
const MAX_PROGRAMS = 32
const MAX_STREAMS = 32

/** An elementary stream that can be repackaged. */
interface Elementary {
  readonly pid: number
  readonly codec: string
  readonly pes: PesAssembler
  /** Whether the PES packet under way begins where decoding can start, as its first transport packet says. */
  isRandomAccess: boolean
  readonly media: AnnexBVideo | AudioPackets
  /** The last dts of video and how long it was after the one before: for pictures without a time. */
  dts: number | undefined
  step: number
}

/**
 * Reads packets from MPEG-TS: H.264, HEVC, AAC in ADTS and LATM, MP3, AC-3, E-AC-3 and Opus of the first program that has media. Times of video
 * count 90 kHz; the times of all tracks go on over the wrap of the 33 bits together. A PES packet of which something is missing is left out.
 * A PES packet of video is one packet, given when its length says that it is whole, else when the next one begins.
 */
export class MpegTsPacketReader implements PacketReader {
  #hasStarted = false
  readonly #sections = new Map<number, PsiReader>([[0, new PsiReader()]])
  readonly #streams: (Elementary | undefined)[] = Array.from<undefined>({ length: 8192 })
  #elementary: readonly Elementary[] = []
  #pat: Buffer = NOTHING
  /** The PID of each program's map, by program number. */
  #mapPids: ReadonlyMap<number, number> = new Map()
  readonly #maps = new Map<number, { readonly section: Buffer; readonly program: TsProgram }>()
  readonly #ids = new Map<number, number>()
  readonly #clock = new WrappedClock(33)

  get tracks(): readonly MediaTrack[] {
    return this.#elementary.flatMap(({ media }) => media.track ?? [])
  }

  get pending(): boolean {
    return this.#elementary.some(({ media }) => media.track === undefined && (media instanceof AnnexBVideo || !media.isUnsupported))
  }

  read(frames: readonly Frame[]): Packet[] {
    const packets: Packet[] = []
    for (const { bytes, sync, header } of frames) {
      if (!this.#hasStarted) {
        if (!sync) continue
        this.#hasStarted = true
        this.#take(header, packets)
      }
      this.#take(bytes, packets)
    }
    return packets
  }

  end(): Packet[] {
    const packets: Packet[] = []
    for (const stream of this.#elementary) this.#finish(stream, packets)
    return packets
  }

  // Takes whole transport packets.
  #take(bytes: Buffer, packets: Packet[]): void {
    const layout = layoutOf(bytes)
    if (layout === undefined) return
    for (let head = layout.prefix; head + PACKET_SIZE <= bytes.length; head += layout.size) {
      const pid = readPid(bytes, head)
      const stream = this.#streams[pid]
      if (stream === undefined && !this.#sections.has(pid)) continue
      const flags = bytes[head + 1]!
      const control = bytes[head + 3]!
      // 2.4.3.3: what is damaged or scrambled tells nothing, and without a payload the counter stands still.
      if (flags & 0x80 || control & 0xc0 || (control & 0x10) === 0) continue
      const end = head + PACKET_SIZE
      const field = control & 0x20 ? bytes[head + 4]! : -1
      const from = head + 5 + field
      if (from > end) continue
      const isStart = (flags & 0x40) !== 0
      if (stream === undefined) {
        const packet = bytes.subarray(head - layout.prefix, head - layout.prefix + layout.size)
        for (const { bytes: section } of this.#sections.get(pid)!.push(packet, bytes.subarray(from, end), isStart, control & 15))
          this.#takeSection(pid, section)
        continue
      }
      const indicators = field > 0 ? bytes[head + 5]! : 0
      const { pes } = stream
      if (!pes.follows(control & 15, (indicators & 0x80) !== 0)) continue
      if (isStart) {
        this.#finish(stream, packets)
        pes.begin()
        stream.isRandomAccess = (indicators & 0x40) !== 0
      }
      if (pes.push(bytes, from, end)) this.#finish(stream, packets)
    }
  }

  #finish(stream: Elementary, packets: Packet[]): void {
    const { pes, media } = stream
    const bytes = pes.finish()
    if (pes.isDamaged) {
      pes.isDamaged = false
      if (!(media instanceof AnnexBVideo)) media.reset()
    }
    const read = bytes && readPes(bytes)
    if (read === undefined) return
    if (media instanceof AnnexBVideo) return this.#takePicture(stream, media, read, packets)
    const time = read.pts === undefined ? undefined : this.#clock.take(read.pts)
    for (const packet of media.push(Buffer.from(read.data), time)) packets.push(packet)
  }

  #takePicture(stream: Elementary, media: AnnexBVideo, { pts, dts, data }: Pes, packets: Packet[]): void {
    const unit = media.push(data, stream.isRandomAccess)
    const before = stream.dts
    let time: number
    if (dts !== undefined) time = this.#clock.take(dts)
    else if (before !== undefined) time = before + stream.step
    else return
    if (before !== undefined && time > before) stream.step = time - before
    stream.dts = time
    if (unit === undefined) return
    const { track, key } = unit
    packets.push({
      track,
      dts: time,
      pts: pts === undefined ? time : Math.max(time, this.#clock.near(pts, time)),
      duration: 0,
      key,
      data: unit.data,
    })
  }

  #takeSection(pid: number, section: Buffer): void {
    if (pid === 0) {
      const mapPids = section.equals(this.#pat) ? undefined : readPat(section)
      if (mapPids === undefined) return
      this.#pat = section
      this.#mapPids = new Map([...mapPids].slice(0, MAX_PROGRAMS))
      for (const number of this.#maps.keys()) if (!this.#mapPids.has(number)) this.#maps.delete(number)
      const pids = new Set([0, ...this.#mapPids.values()])
      for (const old of this.#sections.keys()) if (!pids.has(old)) this.#sections.delete(old)
      for (const next of pids) if (!this.#sections.has(next)) this.#sections.set(next, new PsiReader())
    } else {
      const program = readPmt(section)
      if (program === undefined || this.#mapPids.get(program.number) !== pid) return
      if (this.#maps.get(program.number)?.section.equals(section) === true) return
      this.#maps.set(program.number, { section, program })
    }
    this.#assign()
  }

  // Chooses the program, and keeps what goes on of the one before.
  #assign(): void {
    const programs = Array.from(this.#mapPids.keys(), (number) => this.#maps.get(number)?.program.streams ?? [])
    const streams = programs.find((program) => program.some(({ track }) => track.kind !== 'data')) ?? []
    const old = this.#elementary
    const next: Elementary[] = []
    for (const stream of streams.slice(0, MAX_STREAMS)) {
      const { pid, track } = stream
      const same = old.find((other) => other.pid === pid && other.codec === track.codec)
      const media = same?.media ?? this.#open(stream)
      if (media === undefined || next.some((other) => other.pid === pid)) continue
      next.push(same ?? { pid, codec: track.codec, pes: new PesAssembler(), isRandomAccess: false, media, dts: undefined, step: 0 })
    }
    for (const { pid } of old) this.#streams[pid] = undefined
    for (const stream of next) this.#streams[stream.pid] = stream
    this.#elementary = next
  }

  #open({ pid, track, language }: TsStream): AnnexBVideo | AudioPackets | undefined {
    if (!CODECS.has(track.codec)) return undefined
    const id = this.#ids.get(pid) ?? this.#ids.size + 1
    this.#ids.set(pid, id)
    const facts: AudioFacts = { id, language }
    switch (track.codec) {
      case 'H.264':
        return new AnnexBVideo('h264', facts)
      case 'HEVC':
        return new AnnexBVideo('hevc', facts)
      case 'AAC':
      case 'AAC LATM':
        return new FramedAudio(aacSyntax(), facts, TIMESCALE)
      case 'MPEG audio':
        return new FramedAudio(MPEG_AUDIO_SYNTAX, facts, TIMESCALE)
      case 'Opus':
        return new OpusTs(track.channels, facts)
      default:
        return new FramedAudio(AC3_SYNTAX, facts, TIMESCALE)
    }
  }
}

/** The codecs that can be repackaged, by the names that the program map's tracks have. */
const CODECS: ReadonlySet<string> = new Set(['H.264', 'HEVC', 'AAC', 'AAC LATM', 'MPEG audio', 'AC-3', 'E-AC-3', 'Opus'])
const NOTHING: Buffer = Buffer.alloc(0)

// How packets stand in a frame, which is nothing but whole packets.
function layoutOf(bytes: Buffer): PacketLayout | undefined {
  if (bytes.length === PACKET_SIZE) return LAYOUTS[0]
  return LAYOUTS.find(({ size, prefix }) => {
    if (bytes.length % size !== 0) return false
    for (let at = prefix; at < bytes.length; at += size) if (bytes[at] !== SYNC_BYTE) return false
    return true
  })
}
