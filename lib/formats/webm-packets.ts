import { DecodeClock } from './decode-clock.js'
import { ID, readElementHead, readElements, readUnsigned } from './ebml.js'
import { MAX_FRAME_SIZE, type Frame } from './frame.js'
import { readBlock, readGroup, splitBlock, type Block } from './matroska-block.js'
import { readMatroskaMedia, type MatroskaMedia } from './matroska-media.js'
import type { MediaTrack, Packet, PacketReader } from './packet.js'

/** The most bytes of one block. */
const MAX_BLOCK_SIZE = 64 * 1_048_576
const USUAL_SCALE = 1_000_000

interface State {
  readonly media: MatroskaMedia
  readonly clock: DecodeClock
  /** The last time of audio. */
  last: number
}

/**
 * Reads packets from WebM and Matroska: H.264, HEVC, VP8, VP9, AV1, AAC, Opus, Vorbis, FLAC, MP3, AC-3 and E-AC-3. Video counts 90 kHz; its decoding times,
 * which Matroska does not store, come from the presentation times and how far the codec says that it reorders pictures: see `DecodeClock`.
 * CodecDelay is taken off the times, so the first times of a stream may be negative.
 */
export class WebmPacketReader implements PacketReader {
  #hasStarted = false
  #states: readonly State[] = []
  /** Nanoseconds of a tick. */
  #scale = USUAL_SCALE
  #timestamp: number | undefined
  /** An element that arrives in pieces: bytes to come, and those that came, if it is a block. */
  #rest = 0
  #pieces: Buffer[] | undefined

  get tracks(): readonly MediaTrack[] {
    return this.#states.flatMap(({ media }) => media.reader.track ?? [])
  }

  get pending(): boolean {
    return this.#states.some(({ media }) => media.reader.track === undefined)
  }

  read(frames: readonly Frame[]): Packet[] {
    const packets: Packet[] = []
    for (const { bytes, sync, header } of frames) {
      if (!this.#hasStarted) {
        if (!sync) continue
        this.#hasStarted = true
        this.#walk(header, packets)
      }
      this.#take(bytes, sync, packets)
    }
    return packets
  }

  end(): Packet[] {
    return this.#states.flatMap(({ clock }) => clock.reset())
  }

  #take(bytes: Buffer, sync: boolean, packets: Packet[]): void {
    if (this.#rest > 0 && !sync && bytes.length <= Math.min(this.#rest, MAX_FRAME_SIZE)) {
      this.#rest -= bytes.length
      this.#pieces?.push(bytes)
      if (this.#rest > 0 || this.#pieces === undefined) return
      const whole = Buffer.concat(this.#pieces)
      this.#pieces = undefined
      this.#walk(whole, packets)
      return
    }
    this.#rest = 0
    this.#pieces = undefined
    this.#walk(bytes, packets)
  }

  /** Goes over elements, and into Segments and Clusters, whose ends do not matter: what follows a cluster says so itself. */
  #walk(bytes: Buffer, packets: Packet[]): void {
    for (let at = 0; at < bytes.length;) {
      const head = readElementHead(bytes, at)
      if (!head) return
      const start = at + head.headSize
      if (head.id === ID.Segment) this.#reset(packets)
      if (head.id === ID.Cluster) this.#timestamp = undefined
      at = start
      if (head.id === ID.Segment || head.id === ID.Cluster) continue
      at = start + head.size
      const isBlock = head.id === ID.SimpleBlock || head.id === ID.BlockGroup
      if (at > bytes.length) {
        this.#rest = at - bytes.length
        this.#pieces = isBlock && head.size <= MAX_BLOCK_SIZE ? [bytes.subarray(start - head.headSize)] : undefined
        return
      }
      const body = bytes.subarray(start, at)
      if (head.id === ID.Timestamp) {
        const time = readUnsigned(body)
        this.#timestamp = Number.isNaN(time) ? undefined : time
      } else if (head.id === ID.Info) this.#readInfo(body)
      else if (head.id === ID.Tracks) this.#openTracks(body)
      else if (head.id === ID.SimpleBlock) this.#readBlock(readBlock(body), undefined, packets)
      else if (head.id === ID.BlockGroup) this.#readBlock(readGroup(body, true), readDuration(body), packets)
    }
  }

  #reset(packets: Packet[]): void {
    this.#scale = USUAL_SCALE
    this.#timestamp = undefined
    for (const state of this.#states) {
      packets.push(...state.clock.reset())
      state.media.reader.reset()
      state.last = -Infinity
    }
  }

  #readInfo(body: Buffer): void {
    for (const { id, body: value } of readElements(body)) if (id === ID.TimestampScale) this.#scale = readUnsigned(value) || USUAL_SCALE
  }

  #openTracks(body: Buffer): void {
    this.#states = readMatroskaMedia(body).map((media) => {
      // The same encoder again: nothing changes.
      const same = this.#states.find((state) => state.media.number === media.number && state.media.source.equals(media.source))
      return same ?? { media, clock: new DecodeClock(), last: -Infinity }
    })
  }

  #readBlock(block: Block | undefined, duration: number | undefined, packets: Packet[]): void {
    const state = this.#states.find(({ media }) => media.number === block?.number)
    if (block === undefined || state === undefined || this.#timestamp === undefined) return
    const { media } = state
    const frames = splitBlock(block)
    const ticks = this.#timestamp + block.time
    const own = duration === undefined ? media.duration : (duration * this.#scale) / frames.length
    // Ticks of a track that frames of this block have taken so far.
    let offset = 0
    for (const frame of frames) {
      const data = media.prefix.length === 0 ? frame : Buffer.concat([media.prefix, frame])
      const sample = media.reader.read(data, block.key)
      if (sample === undefined) continue
      const { track, key } = sample
      const { timescale } = track
      const time = Math.round((ticks * this.#scale * timescale) / 1e9 - (media.delay * timescale) / 1e9) + offset
      const length = sample.samples ?? Math.round((own * timescale) / 1e9)
      offset += length
      if (!Number.isSafeInteger(time)) continue
      const packet = { track, pts: time, duration: length, key, data: sample.data }
      if (track.kind === 'video') {
        for (const dated of state.clock.push(packet, media.reader.reorder)) packets.push(dated)
        continue
      }
      // Frames can be shorter than the container's ticks.
      const dts = time <= state.last && time > state.last - timescale / 2 ? state.last + 1 : time
      state.last = dts
      packets.push({ ...packet, dts, pts: dts })
    }
  }
}

function readDuration(body: Buffer): number | undefined {
  for (const { id, body: value } of readElements(body)) if (id === ID.BlockDuration) return readUnsigned(value) || undefined
  return undefined
}
