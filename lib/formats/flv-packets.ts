import { type AmfObject, type AmfValue, readAmf } from './amf.js'
import { FlvStream } from './flv-stream.js'
import { FLV_TAG, FLV_TAG_HEAD, flvDataSize, readFlvMedia } from './flv-tag.js'
import type { Frame } from './frame.js'
import type { MediaTrack, Packet, PacketReader } from './packet.js'
import { WrappedClock } from './wrapped-clock.js'

/** The most tracks that are looked at. */
const MAX_STREAMS = 32
/** Numbers of codecs in metadata that can be repackaged; what is larger is a FourCC. */
const KNOWN = { audio: new Set([2, 10, 13, 14]), video: new Set([7, 12, 13]) } as const

interface Slot {
  readonly id: number
  stream: FlvStream
  /** Whether it has been heard of since the last file header. */
  isActive: boolean
}

/**
 * Reads packets from FLV: H.264, HEVC, AV1, VP9, VP8, AAC, MP3, Opus, FLAC, AC-3 and E-AC-3, by the older numbers and by the FourCCs of enhanced
 * RTMP. Times go on over the wrap of the 32 bits of milliseconds; those of audio count samples.
 */
export class FlvPacketReader implements PacketReader {
  #hasStarted = false
  /** Bytes that are still to come of a tag that was cut into several frames. */
  #rest = 0
  readonly #slots = new Map<string, Slot>()
  readonly #clock = new WrappedClock(32)
  /** What the file header or the metadata say that comes. */
  #expects = { audio: false, video: false }

  get tracks(): readonly MediaTrack[] {
    return [...this.#slots.values()].flatMap(({ stream, isActive }) => (isActive ? (stream.track ?? []) : []))
  }

  get pending(): boolean {
    const active = [...this.#slots].filter(([, { isActive }]) => isActive)
    const isMissing = (kind: 'audio' | 'video'): boolean => this.#expects[kind] && !active.some(([name]) => name.startsWith(kind))
    return isMissing('audio') || isMissing('video') || active.some(([, { stream }]) => stream.isPending)
  }

  read(frames: readonly Frame[]): Packet[] {
    const packets: Packet[] = []
    for (const { bytes, sync, header } of frames) {
      if (!this.#hasStarted) {
        if (!sync) continue
        this.#hasStarted = true
        this.#takeHeader(header, packets)
      }
      this.#take(bytes, packets)
    }
    return packets
  }

  end(): Packet[] {
    return []
  }

  #takeHeader(header: Buffer, packets: Packet[]): void {
    let at = 0
    while (at + FLV_TAG_HEAD <= header.length) {
      const size = isFileHead(header, at) ? header.readUInt32BE(at + 5) + 4 : FLV_TAG_HEAD + flvDataSize(header, at) + 4
      this.#take(header.subarray(at, at + size), packets)
      at += size
    }
  }

  // Takes a tag, a piece of one, or a file header.
  #take(bytes: Buffer, packets: Packet[]): void {
    if (this.#rest > 0) {
      this.#rest = Math.max(0, this.#rest - bytes.length)
      return
    }
    if (bytes.length < FLV_TAG_HEAD) return
    if (isFileHead(bytes, 0)) return this.#takeFileHead(bytes)
    const size = FLV_TAG_HEAD + flvDataSize(bytes, 0)
    if (size > bytes.length) {
      this.#rest = size + 4 - bytes.length
      return
    }
    if (bytes[0] === FLV_TAG.script) return this.#takeScript(bytes.subarray(FLV_TAG_HEAD, size))
    const media = readFlvMedia(bytes)
    if (media === undefined || media.setup === 'state') return
    const slot = this.#slot(media.kind, media.track, media.codec)
    if (slot === undefined) return
    if (media.setup === 'sequence') return slot.stream.setUp(media.payload)
    if (!media.coded) return
    // 3 bytes, and the highest one behind them.
    const time = this.#clock.take(bytes[7]! * 0x100_0000 + bytes.readUIntBE(4, 3))
    for (const packet of slot.stream.take(media, time)) packets.push(packet)
  }

  #slot(kind: string, track: number, codec: string): Slot | undefined {
    const name = `${kind} ${track}`
    let slot = this.#slots.get(name)
    if (slot === undefined) {
      if (this.#slots.size === MAX_STREAMS) return undefined
      const id = this.#slots.size + 1
      slot = { id, stream: new FlvStream(codec, id), isActive: true }
      this.#slots.set(name, slot)
    } else if (slot.stream.codec !== codec) slot.stream = new FlvStream(codec, slot.id)
    slot.isActive = true
    return slot
  }

  #takeFileHead(bytes: Buffer): void {
    for (const slot of this.#slots.values()) slot.isActive = false
    this.#expects = { audio: (bytes[4]! & 4) !== 0, video: (bytes[4]! & 1) !== 0 }
  }

  // The metadata know better than the file header's flags, which many writers always set.
  #takeScript(data: Buffer): void {
    const values = readAmf(data)
    if (values[0] === '@setDataFrame') values.shift()
    if (values[0] !== 'onMetaData' || !(values[1] instanceof Map)) return
    const metadata: AmfObject = values[1]
    const [audio, video] = [metadata.get('audiocodecid'), metadata.get('videocodecid')]
    if (audio !== undefined || video !== undefined) this.#expects = { audio: isKnown(audio, 'audio'), video: isKnown(video, 'video') }
  }
}

function isKnown(codec: AmfValue, kind: 'audio' | 'video'): boolean {
  return typeof codec === 'number' ? codec > 15 || KNOWN[kind].has(codec) : typeof codec === 'string'
}

function isFileHead(bytes: Buffer, at: number): boolean {
  return bytes[at] === 0x46 && bytes[at + 1] === 0x4c && bytes[at + 2] === 0x56
}
