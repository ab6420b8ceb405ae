import { Reader } from '../bytes/reader.js'
import { type Demuxer, type Frame, NO_HEADER, type Track } from './frame.js'
import { PsiReader, type PsiSection, type TsProgram, readPat, readPmt } from './mpeg-ts-psi.js'
import { findAudio, isVague, readVideo } from './mpeg-ts-track.js'
import { LAYOUTS, PACKET_SIZE, type PacketLayout, SYNC_BYTE, SYNC_REACH, isInSync, readPid } from './mpeg-ts-packet.js'
import { PesStart, pesDataStart } from './pes-start.js'

export { probeMpegTs } from './mpeg-ts-packet.js'

/** What the packets of a PID are to the framing. */
const ROLE = { none: 0, psi: 1, video: 2, audio: 3 } as const

/** The most packets that wait for the decision whether a key frame begins. */
const MAX_HELD = 128
/** After so many bytes without a key frame, a picture behind parameter sets will do; after twice as many, any. */
const MAX_BYTES_WITHOUT_SYNC = 8_388_608
/** After so many audio packets without a video packet, a listener may start at audio. */
const AUDIO_RUN = 256
/** The most programs whose maps are kept. */
const MAX_PROGRAMS = 32

interface Table {
  readonly section: Buffer
  readonly packets: Buffer
}

/**
 * Cuts an MPEG transport stream into packets of 188, 192 or 204 bytes, each a frame. Only where a video PES packet does not tell at once
 * whether it begins with a key frame, its first packets (and what lies between them) make one frame. The header is the newest PAT and PMT.
 */
export class MpegTsDemuxer implements Demuxer {
  readonly format = 'mpeg-ts'
  readonly contentType = 'video/mp2t'
  readonly comments: Readonly<Record<string, string>> = {}
  #skipped = 0
  readonly #reader = new Reader()
  #layout: PacketLayout = LAYOUTS[0]
  #lost = true
  /** Bytes at the reader's front that wait for {@link #start} to tell what begins with them. */
  #held = 0

  readonly #roles = new Uint8Array(8192)
  readonly #sections = new Map<number, PsiReader>()
  #pat: Table = { section: NO_HEADER, packets: NO_HEADER }
  /** The PID of each program's map, by program number. */
  #mapPids: ReadonlyMap<number, number> = new Map()
  readonly #maps = new Map<number, Table & { readonly program: TsProgram }>()
  #header: Buffer | undefined

  #videoPid = -1
  #audioPid = -1
  #videoCodec = ''
  readonly #tracks = new Map<number, Track>()
  /** The audio PIDs whose bytes have not been looked into, and what was found there once. */
  readonly #vague = new Map<number, string>()
  readonly #start = new PesStart()
  #isWaiting = false
  #parameters: Buffer = NO_HEADER
  #bytesWithoutSync = 0
  #audioRun = 0

  /** Begins a new stream. */
  constructor() {
    this.#roles[0] = ROLE.psi
    this.#sections.set(0, new PsiReader())
  }

  get tracks(): readonly Track[] {
    return [...this.#tracks.values()]
  }

  get skipped(): number {
    return this.#skipped
  }

  push(chunk: Buffer): Frame[] {
    this.#reader.push(chunk)
    return this.#read(false)
  }

  end(): Frame[] {
    const frames = this.#read(true)
    if (this.#held > 0) this.#release(frames, this.#reader.take(this.#held)!)
    this.#held = 0
    this.#skipped += this.#reader.length
    this.#reader.skip(this.#reader.length)
    return frames
  }

  #read(ended: boolean): Frame[] {
    const frames: Frame[] = []
    const needed = this.#lost && !ended ? SYNC_REACH : this.#held + this.#layout.size
    if (this.#reader.length < needed) return frames
    const bytes = this.#reader.peekAll()
    // What lies before `from` has come out or was skipped; from there to `at` packets are held.
    let from = 0
    let at = this.#held
    for (;;) {
      if (this.#lost) {
        const found = this.#search(bytes, at, ended)
        this.#skipped += found - at
        from = at = found
        if (this.#lost) break
      }
      const end = at + this.#layout.size
      if (end > bytes.length) break
      const head = at + this.#layout.prefix
      const isPacket = bytes[head] === SYNC_BYTE
      if (from < at && (!isPacket || this.#isVideoStart(bytes, head))) {
        this.#release(frames, bytes.subarray(from, at))
        from = at
      }
      if (!isPacket) {
        this.#lost = true
        continue
      }
      const sync = this.#takePacket(bytes, at, head)
      at = end
      if (this.#isWaiting && end - from < MAX_HELD * this.#layout.size) continue
      if (this.#isWaiting) this.#release(frames, bytes.subarray(from, at))
      else this.#emit(frames, bytes.subarray(from, at), sync)
      from = at
    }
    this.#held = at - from
    this.#reader.skip(from)
    return frames
  }

  // Where packets go on, after which the stream is no longer lost; or how far there are none.
  #search(bytes: Buffer, from: number, ended: boolean): number {
    const last = bytes.length - (ended ? PACKET_SIZE : SYNC_REACH)
    for (let at = from; at <= last; at++) {
      if (bytes[at] !== SYNC_BYTE && bytes[at + 4] !== SYNC_BYTE) continue
      const layout = isInSync(bytes, at, this.#layout) ? this.#layout : LAYOUTS.find((other) => isInSync(bytes, at, other))
      if (layout === undefined) continue
      this.#layout = layout
      this.#lost = false
      return at
    }
    return Math.max(from, last + 1)
  }

  #emit(frames: Frame[], bytes: Buffer, sync: boolean): void {
    if (!sync) {
      this.#bytesWithoutSync += bytes.length
      frames.push({ bytes, sync, header: NO_HEADER })
      return
    }
    this.#bytesWithoutSync = 0
    this.#header ??= Buffer.concat([
      this.#pat.packets,
      ...Array.from(this.#mapPids.keys(), (number) => this.#maps.get(number)?.packets ?? NO_HEADER),
    ])
    frames.push({ bytes, sync, header: this.#header })
  }

  // Gives the held packets with what is known about them.
  #release(frames: Frame[], bytes: Buffer): void {
    this.#start.finish()
    this.#isWaiting = false
    this.#emit(frames, bytes, this.#start.key === true)
  }

  #isVideoStart(bytes: Buffer, head: number): boolean {
    // transport_error_indicator off, payload_unit_start_indicator on.
    return (bytes[head + 1]! & 0xc0) === 0x40 && readPid(bytes, head) === this.#videoPid
  }

  // Takes a packet of which `head` is the sync byte, and tells whether a listener may start with it, or, when this ends the waiting, with
  // the packets that are held.
  #takePacket(bytes: Buffer, at: number, head: number): boolean {
    const pid = readPid(bytes, head)
    const role = this.#roles[pid]!
    const flags = bytes[head + 1]!
    if (role === ROLE.none || flags & 0x80) return false
    const isStart = (flags & 0x40) !== 0
    const control = bytes[head + 3]!
    const end = head + PACKET_SIZE
    // 2.4.3.3: adaptation_field_control says whether there is a payload, and a field before it.
    let from = control & 0x20 ? head + 5 + bytes[head + 4]! : head + 4
    // What is scrambled tells nothing.
    if ((control & 0x10) === 0 || control & 0xc0 || from > end) from = end
    if (role === ROLE.psi) {
      const packet = bytes.subarray(at, at + this.#layout.size)
      for (const section of this.#sections.get(pid)!.push(packet, bytes.subarray(from, end), isStart, control & 15))
        this.#takeSection(pid, section)
      return false
    }
    if (role === ROLE.video) {
      this.#audioRun = 0
      if (isStart) return this.#beginVideo(bytes, head, from, end)
      if (this.#start.done) return false
      const wasWaiting = this.#isWaiting
      this.#lookIntoVideo(bytes, from, end)
      return wasWaiting && this.#start.key === true
    }
    if (!isStart) return false
    if (this.#vague.size > 0 && this.#vague.has(pid)) this.#lookIntoAudio(pid, bytes, from, end)
    if (pid !== this.#audioPid) return false
    this.#audioRun++
    return this.#videoPid < 0 || this.#audioRun > AUDIO_RUN
  }

  #beginVideo(bytes: Buffer, head: number, from: number, end: number): boolean {
    this.#start.begin(this.#videoCodec, this.#bytesWithoutSync >= MAX_BYTES_WITHOUT_SYNC)
    // random_access_indicator, in the flags of an adaptation field that has any.
    const isRandomAccess = (bytes[head + 3]! & 0x20) !== 0 && bytes[head + 4]! > 0 && (bytes[head + 5]! & 0x40) !== 0
    if (isRandomAccess || this.#bytesWithoutSync >= 2 * MAX_BYTES_WITHOUT_SYNC) this.#start.key = true
    this.#lookIntoVideo(bytes, from, end)
    return this.#start.key === true
  }

  #lookIntoVideo(bytes: Buffer, from: number, end: number): void {
    if (from < end) this.#start.push(bytes, from, end)
    this.#isWaiting = this.#start.key === undefined
    const { parameters, done } = this.#start
    if (!done || parameters === undefined || parameters.equals(this.#parameters)) return
    this.#parameters = Buffer.from(parameters)
    this.#tracks.set(this.#videoPid, readVideo(this.#tracks.get(this.#videoPid)!, parameters))
  }

  #lookIntoAudio(pid: number, bytes: Buffer, from: number, end: number): void {
    const at = pesDataStart(bytes, from, end)
    if (at === undefined || at < 0 || at >= end) return
    const found = findAudio(this.#tracks.get(pid)!, bytes.subarray(at, end))
    if (found === undefined) return
    const text = JSON.stringify(found.track)
    if (!found.isSure && this.#vague.get(pid) !== text) {
      this.#vague.set(pid, text)
      return
    }
    this.#tracks.set(pid, found.track)
    this.#vague.delete(pid)
  }

  // A repeated section replaces the old packets too: their continuity counters are the ones that the next packets go on from.
  #takeSection(pid: number, { bytes, packets }: PsiSection): void {
    if (pid === 0) {
      const mapPids = readPat(bytes)
      if (mapPids === undefined) return
      const isNew = !bytes.equals(this.#pat.section)
      this.#pat = { section: bytes, packets }
      this.#header = undefined
      if (!isNew) return
      this.#mapPids = new Map([...mapPids].slice(0, MAX_PROGRAMS))
      for (const number of this.#maps.keys()) if (!this.#mapPids.has(number)) this.#maps.delete(number)
    } else {
      const read = readPmt(bytes)
      if (read === undefined || this.#mapPids.get(read.number) !== pid) return
      const old = this.#maps.get(read.number)
      const isNew = old === undefined || !bytes.equals(old.section)
      this.#maps.set(read.number, { section: bytes, packets, program: isNew ? read : old.program })
      this.#header = undefined
      if (!isNew) return
    }
    this.#assign()
  }

  // Gives every PID its role, by the tables as they are now.
  #assign(): void {
    const roles = this.#roles.fill(ROLE.none)
    const programs = Array.from(this.#mapPids.keys(), (number) => this.#maps.get(number)?.program).filter(
      (program) => program !== undefined,
    )
    // Of several programs, the first that can be seen or heard decides where a listener may start.
    const streams = (programs.find((program) => program.streams.some(({ track }) => track.kind !== 'data')) ?? programs[0])?.streams ?? []
    const old = new Map(this.#tracks)
    this.#tracks.clear()
    for (const { pid, track } of streams) {
      const before = old.get(pid)
      const isSame = before !== undefined && (before.codec === track.codec || (track.codec === 'MPEG audio' && before.kind === 'audio'))
      this.#tracks.set(pid, isSame ? before : track)
      roles[pid] = ROLE.audio
      if (isSame) continue
      this.#vague.delete(pid)
      if (isVague(track)) this.#vague.set(pid, '')
    }
    const video = streams.find(({ track }) => track.kind === 'video')
    this.#audioPid = (streams.find(({ track }) => track.kind === 'audio') ?? streams[0])?.pid ?? -1
    if (video?.pid !== this.#videoPid || video.track.codec !== this.#videoCodec) {
      this.#videoPid = video?.pid ?? -1
      this.#videoCodec = video?.track.codec ?? ''
      this.#parameters = NO_HEADER
      this.#start.finish()
      this.#isWaiting = false
    }
    if (video !== undefined) roles[video.pid] = ROLE.video
    for (const pid of [0, ...this.#mapPids.values()]) {
      roles[pid] = ROLE.psi
      if (!this.#sections.has(pid)) this.#sections.set(pid, new PsiReader())
    }
    for (const pid of this.#sections.keys()) if (roles[pid] !== ROLE.psi) this.#sections.delete(pid)
  }
}
