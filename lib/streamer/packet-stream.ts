import { AutoDemuxer } from '../formats/detect.js'
import type { MediaTrack, Packet, PacketReader } from '../formats/packet.js'
import { createPacketReader } from '../formats/packets.js'

/** What has packets to give, a few at a time, as fast as they are asked for. */
export type Packets = AsyncIterable<readonly Packet[]>

/** The kinds of tracks that are waited for. */
export interface Wanted {
  /** Whether pictures are. */
  readonly video: boolean
  /** Whether sound is. */
  readonly audio: boolean
}

/**
 * The packets of one track of pictures and one of sound. It is opened by reading until it is clear which tracks there are; what has been read
 * until then is given first.
 */
export class PacketStream {
  /** What there is, pictures first. */
  readonly tracks: readonly MediaTrack[]
  /** When the first packet of all is shown, in seconds of the stream's own clock. */
  readonly start: number
  readonly #packets: AsyncIterator<readonly Packet[]>
  readonly #ids: ReadonlySet<number>
  #held: Packet[]

  private constructor(packets: AsyncIterator<readonly Packet[]>, held: Packet[], tracks: readonly MediaTrack[]) {
    this.#packets = packets
    this.tracks = tracks
    this.#ids = new Set(tracks.map(({ id }) => id))
    this.#held = held.filter(({ track }) => this.#ids.has(track.id))
    const starts = tracks.map(({ id }) =>
      Math.min(...this.#held.map(({ pts, track }) => (track.id === id ? pts / track.timescale : Infinity))),
    )
    const [first = 0, other = first] = starts
    // Sound that begins a little before the pictures is what its decoder needs to settle.
    this.start = other < first && other > first - SETTLING ? first : Math.min(first, other)
  }

  /**
   * Reads until each wanted kind of track has shown itself, or there is none within some seconds of media.
   * @returns `undefined` when nothing that is wanted can be read
   */
  static async open(source: Packets, wanted: Wanted): Promise<PacketStream | undefined> {
    const packets = source[Symbol.asyncIterator]()
    const held: Packet[] = []
    let size = 0
    let [first, last] = [Infinity, -Infinity]
    const found = (kind: 'video' | 'audio'): MediaTrack | undefined => held.find(({ track }) => track.kind === kind)?.track
    const isWhole = (): boolean => (!wanted.video || found('video') !== undefined) && (!wanted.audio || found('audio') !== undefined)
    while (!isWhole() && last - first < PATIENCE && size < MAX_HELD) {
      const next = await packets.next()
      if (next.done === true) break
      for (const packet of next.value) {
        if (!wanted[packet.track.kind]) continue
        // What comes before the first key frame cannot be shown.
        if (!packet.key && found('video') === undefined) continue
        held.push(packet)
        size += packet.data.length
        const time = packet.dts / packet.track.timescale
        first = Math.min(first, time)
        last = Math.max(last, time)
      }
    }
    const tracks = [found('video'), found('audio')].filter((track) => track !== undefined)
    if (tracks.length > 0) return new PacketStream(packets, held, tracks)
    await packets.return?.()
    return undefined
  }

  /** The next packets; `undefined` after the last. */
  async read(): Promise<readonly Packet[] | undefined> {
    if (this.#held.length > 0) {
      const held = this.#held
      this.#held = []
      return held
    }
    const next = await this.#packets.next()
    return next.done === true ? undefined : next.value.filter(({ track }) => this.#ids.has(track.id))
  }

  /** Lets go of what it reads from. */
  async close(): Promise<void> {
    await this.#packets.return?.()
  }
}

/**
 * Reads the packets of a stream of bytes, whatever its format is.
 * @param contentType what it is said to be; the bytes decide
 */
export async function* readPackets(bytes: AsyncIterable<Buffer>, contentType?: string): AsyncGenerator<readonly Packet[], void, undefined> {
  const demuxer = new AutoDemuxer(contentType)
  let reader: PacketReader | undefined
  for await (const chunk of bytes) {
    const frames = demuxer.push(chunk)
    if (!demuxer.detected) continue
    reader ??= createPacketReader(demuxer.format)
    if (reader === undefined) return
    const packets = reader.read(frames)
    if (packets.length > 0) yield packets
  }
  const frames = demuxer.end()
  reader ??= createPacketReader(demuxer.format)
  if (reader !== undefined) yield [...reader.read(frames), ...reader.end()]
}

/** Seconds by which sound may begin before the pictures without being heard. */
const SETTLING = 0.1
/** Seconds of media within which a track must show itself, and the bytes that are held until then. */
const PATIENCE = 5
const MAX_HELD = 33_554_432
