import type { FormatName, Frame } from '../formats/frame.js'
import type { Packet, PacketReader } from '../formats/packet.js'
import { createPacketReader } from '../formats/packets.js'
import { Health } from './health.js'
import type { Period } from './period.js'
import { Timeline, type TimelineOwner } from './timeline.js'

/** Milliseconds that tracks which the container names but whose parameters have not come are waited for, and the most packets held meanwhile. */
const PATIENCE = 3_000
const MAX_HELD = 2_000
/** Seconds of sound, and bytes of everything, that are kept for whoever comes in the middle. */
const RECENT_SOUND = 2
const MAX_RECENT = 16_777_216
const MAX_RECENT_PACKETS = 10_000

/** Whatever takes a mount's packets: the segments of playlists, instant streams. */
export type Sink = TimelineOwner

/** Reads the packets out of the frames of a mount, puts them on one timeline, and gives them to all who want them. */
export class Feed {
  /** Where it puts them. */
  readonly timeline: Timeline
  /** What is measured of them on their way. */
  readonly health = new Health()
  readonly #sinks = new Set<Sink>()
  /** Those who take packets from the next period on. */
  readonly #joining = new Set<Sink>()
  #reader: PacketReader | undefined
  #begun = false
  /** What waits for tracks that are still to tell their parameters. */
  #held: Packet[] = []
  #pendingSince: number | undefined
  /** What came since the last key frame. */
  #recent: Packet[] = []
  #recentSize = 0

  /** @param now milliseconds since 1970 */
  constructor(now: number) {
    this.timeline = new Timeline(
      {
        begin: (period) => this.#begin(period),
        write: (packet) => this.#write(packet),
      },
      now,
    )
  }

  /** Says that another source begins, whose format is known. */
  start(format: FormatName): void {
    this.timeline.cut()
    this.health.start()
    this.#reader = createPacketReader(format)
    this.#begun = false
    this.#held = []
    this.#pendingSince = undefined
  }

  /**
   * Takes the next frames of the source.
   * @param now milliseconds since 1970
   * @param video whether the source has pictures, be they such as cannot be read here
   */
  push(frames: readonly Frame[], now: number, video = false): void {
    const reader = this.#reader
    if (reader === undefined) return
    // A reader begins with a sync frame.
    let from = 0
    if (!this.#begun) {
      from = frames.findIndex(({ sync }) => sync)
      if (from < 0) return
      this.#begun = true
    }
    const packets = reader.read(from === 0 ? frames : frames.slice(from))
    this.health.take(packets, now)
    if (reader.pending && this.#held.length < MAX_HELD) {
      this.#pendingSince ??= now
      if (now - this.#pendingSince < PATIENCE) {
        this.#held.push(...packets)
        return
      }
    }
    this.timeline.partial = video && !reader.tracks.some(({ kind }) => kind === 'video')
    if (this.#held.length > 0) {
      const held = this.#held
      this.#held = []
      for (const packet of held) this.timeline.push(packet, reader.tracks, now)
    }
    for (const packet of packets) this.timeline.push(packet, reader.tracks, now)
  }

  /** Says that the source has gone: what is held back is given. */
  end(now: number): void {
    const reader = this.#reader
    if (reader === undefined) return
    for (const packet of [...this.#held, ...reader.end()]) this.timeline.push(packet, reader.tracks, now)
    this.timeline.cut()
    this.#reader = undefined
    this.#held = []
    this.#forget()
  }

  /** Gives the packets to one more, from the last key frame on. */
  attach(sink: Sink): void {
    this.#sinks.add(sink)
    const { period } = this.timeline
    if (this.#reader === undefined || period === undefined) return
    sink.begin(period)
    for (const packet of this.#recent) sink.write(packet)
  }

  /**
   * Gives the packets to one more from the next key frame on, with which another period begins for all.
   * @param now milliseconds since 1970
   */
  join(sink: Sink, now: number): void {
    if (this.#reader === undefined || this.timeline.period === undefined) this.#sinks.add(sink)
    else {
      this.#joining.add(sink)
      this.timeline.renew(now)
    }
  }

  /** Gives no more packets to one who has taken them. */
  detach(sink: Sink): void {
    this.#joining.delete(sink)
    this.#sinks.delete(sink)
  }

  #begin(period: Period): void {
    this.#forget()
    for (const sink of this.#joining) this.#sinks.add(sink)
    this.#joining.clear()
    this.health.period()
    for (const sink of this.#sinks) sink.begin(period)
  }

  #write(packet: Packet): void {
    this.#remember(packet)
    for (const sink of this.#sinks) sink.write(packet)
  }

  #remember(packet: Packet): void {
    const { track, key, data } = packet
    if (track === this.timeline.period!.primary && key) {
      if (track.kind === 'video') this.#forget()
      else while (this.#recent.length > 0 && timeOf(packet) - timeOf(this.#recent[0]!) > RECENT_SOUND) this.#drop()
    }
    this.#recent.push(packet)
    this.#recentSize += data.length
    // Without its key frame, the rest is of no use.
    if (this.#recentSize > MAX_RECENT || this.#recent.length > MAX_RECENT_PACKETS) this.#forget()
  }

  #drop(): void {
    this.#recentSize -= this.#recent.shift()!.data.length
  }

  #forget(): void {
    this.#recent = []
    this.#recentSize = 0
  }
}

const timeOf = ({ dts, track }: Packet): number => dts / track.timescale
