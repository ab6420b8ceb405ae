import { FLAC_INFO_SIZE } from '../codecs/flac.js'
import { writeVorbisComments } from '../codecs/vorbis.js'
import { readXiphLacing } from '../codecs/xiph.js'
import { NO_HEADER, type Frame } from './frame.js'
import { writePage } from './ogg-page.js'
import type { MediaTrack, Muxer, Packet } from './packet.js'

/** How an {@link OggMuxer} names its stream. */
export interface OggMuxerOptions {
  /** The number of the logical stream, of 32 bits; another than that of the stream which went to the same listeners before. */
  readonly serial: number
  /** Comments by name, such as `title` and `artist`. */
  readonly comments?: Readonly<Record<string, string>> | undefined
}

/**
 * Writes Opus, Vorbis or FLAC as Ogg. Each write ends with a whole page, so nothing is held back; within it a page holds 200 ms at most. Every page
 * that begins a packet is a sync frame. The header pages also go before the first of them, as frames that are no sync frames. Granules count from
 * 0 at the first packet. Packets of other tracks are left out.
 */
export class OggMuxer implements Muxer {
  readonly contentType = 'audio/ogg'
  readonly #track: MediaTrack
  #pages: PageWriter
  #comments: Readonly<Record<string, string>>
  #header = NO_HEADER
  // The time that has granule 0; undefined before the first packet of a chain.
  #zero: number | undefined

  /** @throws RangeError when the track is of another codec, or its configuration makes no sense */
  constructor(track: MediaTrack, { serial, comments = {} }: OggMuxerOptions) {
    if (headerPackets(track, comments) === undefined) throw new RangeError(`Cannot write ${track.codec} as Ogg`)
    this.#track = track
    this.#comments = comments
    this.#pages = new PageWriter(serial)
  }

  write(packets: readonly Packet[]): Frame[] {
    const frames: Frame[] = []
    let begins: number | undefined
    for (const { track, pts, duration, data } of packets) {
      if (track !== this.#track) continue
      if (this.#zero === undefined) {
        this.#open(frames)
        // The first Vorbis packet gives no samples, whatever it is said to last.
        this.#zero = track.codecId === 'vorbis' ? pts + duration : pts
      }
      const end = pts + duration
      begins ??= pts
      if (end - begins > MAX_PAGE_DURATION * track.timescale) {
        this.#give(this.#pages.flush(), frames)
        begins = pts
      }
      this.#give(this.#pages.add(data, end - this.#zero), frames)
    }
    this.#give(this.#pages.flush(), frames)
    return frames
  }

  /**
   * Sets other comments: the next packet begins a new chain with them, under the next serial number. A decoder starts anew there, which for
   * Opus and Vorbis costs some milliseconds of sound.
   */
  comment(comments: Readonly<Record<string, string>>): void {
    this.#comments = comments
    this.#zero = undefined
  }

  #open(frames: Frame[]): void {
    if (this.#header.length > 0) {
      this.#give(this.#pages.flush(), frames)
      this.#give([this.#pages.end()], frames)
      this.#pages = this.#pages.next()
    }
    const [first, ...others] = headerPackets(this.#track, this.#comments)!
    const pages = [...this.#pages.add(first!, 0), ...this.#pages.flush()]
    for (const packet of others) pages.push(...this.#pages.add(packet, 0))
    pages.push(...this.#pages.flush())
    this.#header = Buffer.concat(pages.map(({ bytes }) => bytes))
    for (const { bytes } of pages) frames.push({ bytes, sync: false, header: this.#header })
  }

  #give(pages: readonly WrittenPage[], frames: Frame[]): void {
    for (const { bytes, sync } of pages) frames.push({ bytes, sync, header: this.#header })
  }
}

// In seconds.
const MAX_PAGE_DURATION = 0.2
const VENDOR = 'floecast'

function headerPackets({ codecId, config }: MediaTrack, texts: Readonly<Record<string, string>>): Buffer[] | undefined {
  const comments = writeVorbisComments(VENDOR, texts)
  switch (codecId) {
    case 'opus':
      return [config, Buffer.concat([Buffer.from('OpusTags', 'latin1'), comments])]
    case 'vorbis': {
      const headers = readXiphLacing(config)
      if (headers?.length !== 3) return undefined
      return [headers[0]!, Buffer.concat([Buffer.from('\x03vorbis', 'latin1'), comments, Buffer.from([1])]), headers[2]!]
    }
    case 'flac': {
      // RFC 9639 clause 10.1: version 1.0 of the mapping, one header packet to follow, then the stream's own head; a block header tells type and size.
      const mapping = Buffer.from(`\x7fFLAC\x01\0\0\x01fLaC\0\0\0${String.fromCharCode(FLAC_INFO_SIZE)}`, 'latin1')
      const block = Buffer.from([0x80 | VORBIS_COMMENT, comments.length >> 16, (comments.length >> 8) & 255, comments.length & 255])
      return [Buffer.concat([mapping, config]), Buffer.concat([block, comments])]
    }
    default:
      return undefined
  }
}

const VORBIS_COMMENT = 4

interface WrittenPage {
  readonly bytes: Buffer
  /** Whether it begins with a packet. */
  readonly sync: boolean
}

/** Lays the packets of one logical stream into pages. */
class PageWriter {
  readonly #serial: number
  #sequence = 0
  #continued = false
  #lacing: number[] = []
  #body: Buffer[] = []
  // Where the last packet that ends on the page ends; -1 while none does.
  #granule = -1
  #last = 0

  constructor(serial: number) {
    this.#serial = serial >>> 0
  }

  /** The writer of the chain after this one. */
  next(): PageWriter {
    return new PageWriter(this.#serial + 1)
  }

  /** Takes a packet and the granule at its end; gives the pages that got full. */
  add(packet: Buffer, granule: number): WrittenPage[] {
    const pages: WrittenPage[] = []
    let left = Math.floor(packet.length / 255) + 1
    // A packet begins on a page of its own rather than being torn.
    if (this.#lacing.length + left > MAX_SEGMENTS) pages.push(...this.flush())
    for (let at = 0; left > 0;) {
      const count = Math.min(left, MAX_SEGMENTS)
      left -= count
      const end = left > 0 ? at + 255 * count : packet.length
      for (let i = 1; i < count; i++) this.#lacing.push(255)
      this.#lacing.push(left > 0 ? 255 : packet.length % 255)
      this.#body.push(packet.subarray(at, end))
      at = end
      if (left > 0) {
        pages.push(this.#write(false))
        this.#continued = true
      }
    }
    this.#last = Math.max(0, granule)
    this.#granule = this.#last
    return pages
  }

  /** Ends the page, if there is anything on it. */
  flush(): WrittenPage[] {
    return this.#lacing.length === 0 ? [] : [this.#write(false)]
  }

  /** An empty page that ends the logical stream. */
  end(): WrittenPage {
    this.#granule = this.#last
    return { ...this.#write(true), sync: false }
  }

  #write(eos: boolean): WrittenPage {
    const bytes = writePage({
      continued: this.#continued,
      bos: this.#sequence === 0,
      eos,
      granule: BigInt(this.#granule),
      serial: this.#serial,
      sequence: this.#sequence,
      lacing: Uint8Array.from(this.#lacing),
      body: Buffer.concat(this.#body),
    })
    const sync = !this.#continued
    this.#sequence = (this.#sequence + 1) >>> 0
    this.#continued = false
    this.#lacing = []
    this.#body = []
    this.#granule = -1
    return { bytes, sync }
  }
}

const MAX_SEGMENTS = 255
