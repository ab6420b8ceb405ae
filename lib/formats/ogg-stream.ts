import { FLAC_INFO_SIZE, readFlacInfo } from '../codecs/flac.js'
import { OPUS_SAMPLE_RATE, readOpusHead } from '../codecs/opus.js'
import { isTheoraHeader, isTheoraKeyFrame, readTheoraHead } from '../codecs/theora.js'
import { isVorbisHeader, readVorbisComments, readVorbisHead } from '../codecs/vorbis.js'
import type { Track } from './frame.js'
import { pagePackets, type Page } from './ogg-page.js'

/** One logical stream of an Ogg stream: which codec it is, and where its header packets end. */
export class OggStream {
  /** What it carries, as far as the header packets have told; `undefined` for streams about the others, such as Skeleton. */
  readonly track: Track | undefined
  /** Whether a packet of a video stream is a key frame; `undefined` for all other streams. */
  readonly isKeyFrame: ((packet: Buffer) => boolean) | undefined
  /** Whether the end of its header packets shows only when something else follows them. */
  readonly isOpenEnded: boolean
  #mapping: Mapping
  #comments: Readonly<Record<string, string>> = {}
  #state: 'open' | 'done' | 'damaged' = 'open'
  #packets = 0
  #partial: Buffer[] = []
  #sequence: number

  /** @param bos its first page */
  constructor(bos: Page) {
    const [first] = pagePackets(bos)
    const head = first?.bytes ?? bos.body
    this.#mapping = identify(head)
    this.track = this.#mapping.track
    this.isKeyFrame = this.#mapping.isKeyFrame
    this.isOpenEnded = this.#mapping.isHeader === undefined
    // The page before the first one, as it were.
    this.#sequence = bos.sequence - 1
  }

  /** Whether all header packets are there, or one of them never will be. */
  get state(): 'open' | 'done' | 'damaged' {
    return this.#state
  }

  /** The comments of the header packets, by lower-case name. */
  get comments(): Readonly<Record<string, string>> {
    return this.#comments
  }

  /**
   * Takes the next page of the stream.
   * @returns how many of its segments belong to header packets: 0 for a page of data, all for a page of headers
   */
  readHeaders(page: Page): number {
    if (this.#state !== 'open') return 0
    const isGap = ((page.sequence - this.#sequence) | 0) !== 1
    this.#sequence = page.sequence
    if (isGap || page.continued !== this.#partial.length > 0) return this.#fail()
    const { isHeader, isLast, readComments } = this.#mapping
    if (isHeader === undefined) return this.#readOpenEnded(page)
    let segments = 0
    for (const packet of pagePackets(page)) {
      if (packet.begins) {
        const verdict = isHeader(packet.bytes, this.#packets)
        if (verdict === 'damaged') return this.#fail()
        if (verdict === 'data') {
          this.#state = 'done'
          break
        }
      }
      this.#partial.push(packet.bytes)
      segments = packet.segments
      if (!packet.ends) break
      const bytes = this.#partial.length === 1 ? packet.bytes : Buffer.concat(this.#partial)
      this.#partial = []
      if (this.#packets === 1) this.#comments = readComments(bytes)
      this.#packets++
      if (isLast(bytes, this.#packets)) {
        this.#state = 'done'
        break
      }
    }
    return segments
  }

  // Of a codec that is not known: headers stand at time 0, in every mapping that there is.
  #readOpenEnded(page: Page): number {
    const isHeader = page.bos || page.granule === 0n || (page.granule === -1n && page.continued)
    if (!isHeader) this.#state = 'done'
    else if (page.eos) this.#state = 'done'
    const last = page.lacing.at(-1)
    this.#partial = isHeader && last === 255 ? [page.body] : []
    return isHeader ? page.lacing.length : 0
  }

  #fail(): 0 {
    this.#state = 'damaged'
    this.#partial = []
    return 0
  }
}

// How a codec lies in Ogg.
interface Mapping {
  readonly track?: Track
  readonly isKeyFrame?: (packet: Buffer) => boolean
  // Judges the first bytes of the packet with an index, from 1 on; absent where nobody can tell.
  readonly isHeader?: (packet: Buffer, index: number) => 'header' | 'data' | 'damaged'
  // Whether the headers end with a packet, the `count`th.
  readonly isLast: (packet: Buffer, count: number) => boolean
  readonly readComments: (packet: Buffer) => Record<string, string>
}

const expect = (is: boolean): 'header' | 'damaged' => (is ? 'header' : 'damaged')
const commentsAt =
  (at: number) =>
  (packet: Buffer): Record<string, string> =>
    readVorbisComments(packet.subarray(at))
const fixed =
  (headers: number) =>
  (_: Buffer, count: number): boolean =>
    count >= headers

function identify(head: Buffer): Mapping {
  const opus = readOpusHead(head)
  if (opus !== undefined) {
    return {
      track: { kind: 'audio', codec: 'Opus', codecs: 'opus', sampleRate: OPUS_SAMPLE_RATE, channels: opus.channels },
      isHeader: (packet, index) => expect(index === 0 || packet.toString('latin1', 0, 8) === 'OpusTags'),
      isLast: fixed(2),
      readComments: commentsAt(8),
    }
  }
  const vorbis = readVorbisHead(head)
  if (vorbis !== undefined) {
    const { sampleRate, channels, bitrate } = vorbis
    const track: Track = { kind: 'audio', codec: 'Vorbis', codecs: 'vorbis', sampleRate, channels }
    return {
      track: bitrate > 0 ? { ...track, bitrate } : track,
      isHeader: (packet, index) => expect(isVorbisHeader(packet, index === 0 ? 1 : index === 1 ? 3 : 5)),
      isLast: fixed(3),
      readComments: commentsAt(7),
    }
  }
  const theora = readTheoraHead(head)
  if (theora !== undefined) {
    const { width, height, frameRate, bitrate } = theora
    const track: Track = { kind: 'video', codec: 'Theora', codecs: 'theora', width, height, frameRate }
    return {
      track: bitrate > 0 ? { ...track, bitrate } : track,
      isKeyFrame: isTheoraKeyFrame,
      isHeader: (packet, index) => expect(isTheoraHeader(packet, index === 0 ? 0x80 : index === 1 ? 0x81 : 0x82)),
      isLast: fixed(3),
      readComments: commentsAt(7),
    }
  }
  return identifyFlac(head) ?? identifyVp8(head) ?? identifySpeex(head) ?? UNKNOWN
}

// 0x7f | 'FLAC' | version 1 + 1 | header packets to follow 2, 0 when unknown | 'fLaC' | block header 4 | STREAMINFO 34
function identifyFlac(head: Buffer): Mapping | undefined {
  if (head[0] !== 0x7f || head.toString('latin1', 1, 5) !== 'FLAC' || head.toString('latin1', 9, 13) !== 'fLaC') return undefined
  const info = readFlacInfo(head.subarray(17, 17 + FLAC_INFO_SIZE))
  if (info === undefined) return undefined
  const headers = head.readUInt16BE(7)
  return {
    track: { kind: 'audio', codec: 'FLAC', codecs: 'flac', sampleRate: info.sampleRate, channels: info.channels },
    // RFC 9639 clause 10.1: each packet is one metadata block, or one frame, which begins with 0xff.
    isHeader: (packet, index) => (index > 0 && packet[0] === 0xff ? 'data' : 'header'),
    isLast: (packet, count) => (headers > 0 ? count > headers : count > 1 && (packet[0]! & 0x80) !== 0),
    readComments: (packet) => ((packet[0]! & 0x7f) === 4 ? readVorbisComments(packet.subarray(4)) : {}),
  }
}

// 'OVP80' | 1 | version 1 + 1 | width 2 | height 2 | aspect 3 + 3 | rate 4 / 4; big-endian. Comments begin with 'OVP80' 2 ' '.
function identifyVp8(head: Buffer): Mapping | undefined {
  if (head.length < 26 || head.toString('latin1', 0, 6) !== 'OVP80\x01') return undefined
  const frameRate = head.readUInt32BE(18) / Math.max(1, head.readUInt32BE(22))
  return {
    track: { kind: 'video', codec: 'VP8', codecs: 'vp8', width: head.readUInt16BE(8), height: head.readUInt16BE(10), frameRate },
    // The first bit of a VP8 frame says that it is none (RFC 6386 clause 9.1).
    isKeyFrame: (packet) => packet.length > 0 && (packet[0]! & 1) === 0,
    isHeader: (packet, index) => (index === 0 || packet.toString('latin1', 0, 5) === 'OVP80' ? 'header' : 'data'),
    isLast: fixed(2),
    readComments: commentsAt(7),
  }
}

// 'Speex   ' | version 20 | id 4 | header size 4 | rate 4 | mode 4 | … | channels 4 | bit rate 4 | … | extra headers 4; little-endian
function identifySpeex(head: Buffer): Mapping | undefined {
  if (head.length < 80 || head.toString('latin1', 0, 8) !== 'Speex   ') return undefined
  const extra = Math.min(head.readUInt32LE(68), 16)
  return {
    track: { kind: 'audio', codec: 'Speex', codecs: 'speex', sampleRate: head.readUInt32LE(36), channels: head.readUInt32LE(48) },
    isHeader: () => 'header',
    isLast: fixed(2 + extra),
    readComments: commentsAt(0),
  }
}

// Skeleton, Kate, and whatever comes.
const UNKNOWN: Mapping = { isLast: () => false, readComments: () => ({}) }
