import { AAC_SAMPLE_RATES, ADTS_HEADER_SIZE, readAacConfig, writeAdtsHeader } from '../codecs/aac.js'
import { readAvcConfig } from '../codecs/h264.js'
import { readHevcConfig } from '../codecs/h265.js'
import { splitLengthPrefixed } from '../codecs/nal.js'
import { type Frame, NO_HEADER } from './frame.js'
import { type TsEntry, TsPidWriter, writePat, writePesHead, writePmt } from './mpeg-ts-write.js'
import type { MediaTrack, Muxer, Packet } from './packet.js'

const PROGRAM = 1
const MAP_PID = 0x1000
const FIRST_PID = 0x100
const TIMESCALE = 90_000
/** How long data is there before it is decoded, in 90 kHz: room for audio that a source sends later than its pictures. */
const LEAD = 45_000
/** Audio frames are put together to PES packets that are no longer than this, in 90 kHz and in bytes: fewer packets are filled up. */
const MAX_GROUP = 9000
const MAX_GROUP_SIZE = 8192
/** The 13 bits of a frame's length count its 7 bytes of header. */
const MAX_ADTS_PAYLOAD = 8191 - ADTS_HEADER_SIZE

const START_CODE = Buffer.from([0, 0, 0, 1])
/** Access unit delimiters for any picture: primary_pic_type 7 (H.264 7.3.2.4), pic_type 2 (H.265 7.3.2.5). */
const DELIMITERS = { h264: Buffer.from([0, 0, 0, 1, 9, 0xf0]), hevc: Buffer.from([0, 0, 0, 1, 0x46, 1, 0x50]) } as const

/** What is written of a track. */
interface Output {
  /** With the parameters that it has now. */
  track: MediaTrack
  readonly writer: TsPidWriter
  readonly streamId: number
  readonly isVideo: boolean
  readonly hasPcr: boolean
  /** Frames of audio that become one PES packet. */
  group: Packet[]
  groupSize: number
}

/** Whether a track can be written to MPEG-TS by {@link MpegTsMuxer}: H.264, HEVC, AAC that ADTS can describe, MP3, AC-3, E-AC-3, Opus. */
export function canMuxMpegTs(track: MediaTrack): boolean {
  if (track.codecId === 'aac') {
    const config = readAacConfig(track.config)
    if (config === undefined || config.samples !== 1024) return false
    const { objectType, sampleRateIndex, channelConfig } = config
    return objectType <= 4 && sampleRateIndex < AAC_SAMPLE_RATES.length && channelConfig >= 1 && channelConfig <= 7
  }
  return Object.hasOwn(ENTRIES, track.codecId) && (track.codecId !== 'opus' || (track.channels ?? 9) <= 8)
}

/**
 * Writes MPEG-TS: one program, its tables before every key frame, the clock on the video's PID (or the first track's), parameter sets and an
 * access unit delimiter where HLS wants them. Continuity counters run on for as long as the muxer lives, so its segments make one stream.
 */
export class MpegTsMuxer implements Muxer {
  readonly contentType = 'video/mp2t'
  readonly #outputs = new Map<number, Output>()
  readonly #hasVideo: boolean
  readonly #pat: Buffer
  readonly #pmt: Buffer
  readonly #patWriter = new TsPidWriter(0)
  readonly #pmtWriter = new TsPidWriter(MAP_PID)
  #header: Buffer = NO_HEADER
  /** When the tables were written, for streams without key frames. */
  #headerTime = -Infinity

  /**
   * Begins a stream.
   * @param tracks whose packets will come; other parameters of theirs may follow
   * @throws RangeError when there is none, or MPEG-TS cannot carry one
   */
  constructor(tracks: readonly MediaTrack[]) {
    const refused = tracks.find((track) => !canMuxMpegTs(track))
    if (tracks.length === 0 || refused !== undefined)
      throw new RangeError(refused ? `Cannot write ${refused.codec} as MPEG-TS` : 'Cannot write MPEG-TS without a track')
    const video = tracks.find(({ kind }) => kind === 'video')
    const clock = video ?? tracks[0]!
    this.#hasVideo = video !== undefined
    const entries: TsEntry[] = []
    for (const [i, track] of tracks.entries()) {
      const pid = FIRST_PID + i
      entries.push({ pid, ...describe(track) })
      this.#outputs.set(track.id, {
        track,
        writer: new TsPidWriter(pid),
        streamId: streamIdOf(track, i),
        isVideo: track.kind === 'video',
        hasPcr: track === clock,
        group: [],
        groupSize: 0,
      })
    }
    this.#pat = writePat(PROGRAM, MAP_PID)
    this.#pmt = writePmt(PROGRAM, FIRST_PID + tracks.indexOf(clock), entries)
  }

  /**
   * Takes the next packets. Sync frames are the key frames of video, each behind a frame of its own with the tables, which are its header
   * as well; without video, every PES packet is one. Audio frames that come together share PES packets.
   */
  write(packets: readonly Packet[]): Frame[] {
    const frames: Frame[] = []
    for (const packet of packets) {
      const output = this.#output(packet)
      if (output === undefined) continue
      if (output.isVideo) {
        if (packet.key) {
          this.#flushAll(frames)
          frames.push({ bytes: this.#writeTables(), sync: false, header: NO_HEADER })
        }
        const header = packet.key ? this.#header : NO_HEADER
        frames.push({ bytes: this.#writePicture(output, packet), sync: packet.key, header })
      } else this.#group(output, packet, frames)
    }
    this.#flushAll(frames)
    return frames
  }

  /** Writes packets as a segment of HLS: it begins with the tables, and its counters go on from what was written before. */
  segment(packets: readonly Packet[]): Buffer {
    const frames: Frame[] = [{ bytes: this.#writeTables(), sync: false, header: NO_HEADER }]
    for (const packet of packets) {
      const output = this.#output(packet)
      if (output === undefined) continue
      if (output.isVideo) frames.push({ bytes: this.#writePicture(output, packet), sync: false, header: NO_HEADER })
      else this.#group(output, packet, frames)
    }
    this.#flushAll(frames)
    return Buffer.concat(frames.map(({ bytes }) => bytes))
  }

  // Where a packet goes; `undefined` when that cannot be: another codec than the tables say, a frame that ADTS cannot hold.
  #output({ track, data }: Packet): Output | undefined {
    const output = this.#outputs.get(track.id)
    if (output === undefined || (track.codecId === 'aac' && data.length > MAX_ADTS_PAYLOAD)) return undefined
    if (track === output.track) return output
    if (track.codecId !== output.track.codecId || !canMuxMpegTs(track)) return undefined
    output.track = track
    return output
  }

  #writeTables(): Buffer {
    this.#header = Buffer.concat([this.#patWriter.section(this.#pat), this.#pmtWriter.section(this.#pmt)])
    return this.#header
  }

  #writePicture(output: Output, packet: Packet): Buffer {
    const { key } = packet
    const parts = annexB(packet)
    let size = 0
    for (const part of parts) size += part.length
    const [pts, dts] = [ticks(packet.pts, packet.track), ticks(packet.dts, packet.track)]
    const head = writePesHead({ streamId: output.streamId, pts, dts, size })
    return output.writer.packets([head, ...parts], { isRandomAccess: key, pcr: output.hasPcr ? dts - LEAD : undefined })
  }

  #group(output: Output, packet: Packet, frames: Frame[]): void {
    const [first] = output.group
    const last = output.group.at(-1)
    if (first !== undefined && last !== undefined) {
      const isNext = packet.track === last.track && packet.dts === last.dts + last.duration
      const length = ticks(packet.dts + packet.duration - first.dts, packet.track)
      const isFull = length > MAX_GROUP || output.groupSize + packet.data.length > MAX_GROUP_SIZE
      if (!isNext || isFull) this.#flush(output, frames)
    }
    output.group.push(packet)
    output.groupSize += packet.data.length
  }

  #flushAll(frames: Frame[]): void {
    for (const output of this.#outputs.values()) this.#flush(output, frames)
  }

  #flush(output: Output, frames: Frame[]): void {
    const [first] = output.group
    if (first === undefined) return
    const parts = output.group.flatMap(audioParts)
    output.group = []
    output.groupSize = 0
    let size = 0
    for (const part of parts) size += part.length
    const pts = ticks(first.pts, first.track)
    const sync = !this.#hasVideo
    if (sync && Math.abs(pts - this.#headerTime) >= TIMESCALE / 2) {
      this.#headerTime = pts
      frames.push({ bytes: this.#writeTables(), sync: false, header: NO_HEADER })
    }
    const head = writePesHead({ streamId: output.streamId, pts, dts: pts, size })
    const flags = { isRandomAccess: sync, pcr: output.hasPcr ? pts - LEAD : undefined }
    frames.push({ bytes: output.writer.packets([head, ...parts], flags), sync, header: sync ? this.#header : NO_HEADER })
  }
}

function ticks(time: number, track: MediaTrack): number {
  return Math.round((time * TIMESCALE) / track.timescale)
}

// Table 2-22: 0xe0 on for video, 0xc0 on for MPEG audio, 0xbd for private streams.
function streamIdOf({ kind, codecId }: MediaTrack, index: number): number {
  if (kind === 'video') return 0xe0 | (index & 15)
  return codecId === 'aac' || codecId === 'mp3' ? 0xc0 | (index & 31) : 0xbd
}

/** stream_type (ISO/IEC 13818-1 table 2-34, ATSC A/52 annex A for AC-3) and format_identifier. */
const ENTRIES: Readonly<Record<string, { readonly type: number; readonly registration?: string }>> = {
  h264: { type: 0x1b },
  hevc: { type: 0x24, registration: 'HEVC' },
  aac: { type: 0x0f },
  mp3: { type: 0x03 },
  ac3: { type: 0x81, registration: 'AC-3' },
  eac3: { type: 0x87, registration: 'EAC3' },
  opus: { type: 0x06, registration: 'Opus' },
}

function describe({ codecId, sampleRate = 0, channels = 2, language }: MediaTrack): Pick<TsEntry, 'type' | 'descriptors'> {
  const { type, registration } = ENTRIES[codecId]!
  const parts: Buffer[] = []
  if (registration !== undefined) parts.push(Buffer.from(`\x05\x04${registration}`, 'latin1'))
  // The extension descriptor of Opus: channel_config_code.
  if (codecId === 'opus') parts.push(Buffer.from([0x7f, 2, 0x80, channels]))
  if (language !== undefined && /^[a-z]{3}$/.test(language)) parts.push(Buffer.from(`\x0a\x04${language}\0`, 'latin1'))
  // Type 4 is MPEG-2's audio, which has the lower sample rates.
  return { type: codecId === 'mp3' && sampleRate < 32_000 ? 4 : type, descriptors: Buffer.concat(parts) }
}

// A sample as an access unit of a byte stream; a key frame with all parameter sets before it.
function annexB({ track, key, data }: Packet): Buffer[] {
  const isAvc = track.codecId === 'h264'
  const parts: Buffer[] = [isAvc ? DELIMITERS.h264 : DELIMITERS.hevc]
  if (key) {
    const avc = isAvc ? readAvcConfig(track.config) : undefined
    const hevc = isAvc ? undefined : readHevcConfig(track.config)
    for (const set of [...(hevc?.vps ?? []), ...(avc ?? hevc)!.sps, ...(avc ?? hevc)!.pps]) parts.push(START_CODE, set)
  }
  for (const unit of splitLengthPrefixed(data, 4)) parts.push(START_CODE, unit)
  return parts
}

function audioParts({ track, data, duration }: Packet): Buffer[] {
  if (track.codecId === 'aac') return [writeAdtsHeader(readAacConfig(track.config)!, data.length), data]
  if (track.codecId !== 'opus' || duration === 0) return [data]
  // The control header of Opus: 0x3ff, no trims, no extension, then the size in bytes of 255 and a last one.
  const size = Buffer.alloc(3 + Math.floor(data.length / 255), 0xff)
  size.writeUInt16BE(0x7fe0)
  size[size.length - 1] = data.length % 255
  return [size, data]
}
