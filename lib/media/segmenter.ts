import type { EventMessage } from '../formats/mp4-prefix.js'
import type { Packet } from '../formats/packet.js'
import type { Period } from './period.js'
import { Part, PeriodWriters, Segment } from './segment.js'

/** What hears a {@link Segmenter}. */
export interface SegmenterOwner {
  /** A segment begins; it has no parts yet. */
  open(segment: Segment): void
  /** A part of the newest segment is whole. */
  part(part: Part, segment: Segment): void
  /** The newest segment is whole. */
  complete(segment: Segment): void
  /** Segments cannot begin with key frames as they should: the source's come this many seconds apart, or not at all. */
  keyless(seconds: number): void
}

/** How long parts and segments are to be. */
export interface Lengths {
  /** Seconds of a segment, a whole number. */
  readonly segment: number
  /** Most seconds of a part; `undefined` makes each segment one part. */
  readonly part: number | undefined
  /** Most bytes of a segment. */
  readonly size: number
}

/** Seconds by which other tracks may be ahead of the primary one before their times are what cuts. */
const SKEW = 1
/** What sums of durations may be off by. */
const EPSILON = 1e-6

/** Cuts a mount's packets into parts and segments, at key frames where they come often enough. */
export class Segmenter {
  readonly #owner: SegmenterOwner
  readonly #lengths: Lengths
  #writers: PeriodWriters | undefined
  #segment: Segment | undefined
  #packets: Packet[] = []
  #size = 0
  #independent = false
  #events: EventMessage[] = []
  // Seconds of the mount's timeline: where the open part begins, where its last packet of the primary track ends, the last key frame.
  #start = 0
  #end = 0
  #key = 0
  #gop = 0
  /** Whether the first segment of the period is still open. */
  #fresh = false
  #nextSequence: number
  #nextPart: number

  /** @param first the numbers that the first segment and the first part get */
  constructor(owner: SegmenterOwner, lengths: Lengths, first: { sequence: number; part: number }) {
    this.#owner = owner
    this.#lengths = lengths
    this.#nextSequence = first.sequence
    this.#nextPart = first.part
  }

  /** The number that the next part gets. */
  get nextPart(): number {
    return this.#nextPart
  }

  /** The sequence number that the next segment gets. */
  get nextSequence(): number {
    return this.#nextSequence
  }

  /** Ends what is open: the next packets belong to another period, or none come. */
  end(): void {
    this.#closePart(this.#end)
    this.#closeSegment()
    this.#writers = undefined
  }

  /** Begins a period. */
  begin(period: Period): void {
    this.end()
    this.#writers = new PeriodWriters(period)
    this.#start = this.#end = this.#key = period.start
    this.#gop = 0
    this.#fresh = true
  }

  /** Tells something with the next part. */
  tell(event: EventMessage): void {
    this.#events.push(event)
  }

  /** Takes the next packet, of the period that has begun last. */
  write(packet: Packet): void {
    const { period } = this.#writers!
    const { timescale, id } = packet.track
    if (id === period.primary.id) {
      const start = Math.max(this.#end, packet.dts / timescale + period.delay)
      const end = (packet.dts + packet.duration) / timescale + period.delay
      this.#cut(packet, start, end)
      this.#end = Math.max(start, end)
    } else {
      const start = packet.dts / timescale
      const { part = this.#lengths.segment } = this.#lengths
      // The primary track has paused: pictures may be rare, but sound is not to wait for them.
      if (start - this.#start > part + SKEW) this.#pass(this.#start + part)
    }
    if (this.#segment === undefined) this.#open(this.#start, packet)
    this.#packets.push(packet)
    this.#size += packet.data.length
  }

  // Ends what is to end before a packet of the primary track.
  #cut(packet: Packet, start: number, end: number): void {
    const segment = this.#segment
    if (segment === undefined) return
    const isVideo = packet.track.kind === 'video'
    const begun = start - segment.start
    const most = this.#lengths.segment + 0.5 - EPSILON
    if (isVideo && packet.key) {
      this.#gop = start - this.#key
      this.#key = start
    }
    const wanted = isVideo && packet.key && (begun >= this.#lengths.segment - 0.5 + EPSILON || begun + this.#gop > most)
    const forced = end - segment.start > most || this.#size + segment.size > this.#lengths.size
    const even = !isVideo && end - segment.start > this.#lengths.segment + EPSILON
    if (wanted || forced || even) {
      if (forced && !wanted && isVideo) this.#owner.keyless(Math.max(this.#gop, start - this.#key))
      this.#closePart(start)
      this.#closeSegment()
      if (this.#fresh && !forced) this.#writers!.grid = { sequence: segment.sequence, duration: segment.duration }
      this.#fresh = false
      this.#open(start, packet)
    } else if (this.#lengths.part !== undefined && end - this.#start > this.#lengths.part + EPSILON) this.#closePart(start)
    if (this.#packets.length === 0) this.#independent = packet.key
  }

  // Time goes on without the primary track.
  #pass(to: number): void {
    const segment = this.#segment
    this.#end = to
    this.#closePart(to)
    if (segment === undefined || to - segment.start >= this.#lengths.segment) {
      this.#fresh = false
      this.#closeSegment()
      this.#start = to
    }
  }

  #open(start: number, packet: Packet): void {
    this.#start = start
    this.#independent = packet.key && packet.track.id === this.#writers!.period.primary.id
    this.#segment = new Segment(this.#nextSequence++, this.#writers!, start, this.#independent)
    this.#owner.open(this.#segment)
  }

  #closePart(end: number): void {
    const segment = this.#segment
    if (segment === undefined || this.#packets.length === 0) return
    const facts = {
      number: this.#nextPart++,
      start: this.#start,
      duration: end - this.#start,
      independent: this.#independent,
      first: segment.parts.length === 0,
    }
    const part = new Part(facts, this.#packets, this.#writers!, this.#events)
    this.#packets = []
    this.#size = 0
    this.#events = []
    this.#start = end
    this.#independent = false
    segment.add(part)
    this.#owner.part(part, segment)
  }

  #closeSegment(): void {
    const segment = this.#segment
    if (segment === undefined) return
    this.#segment = undefined
    segment.complete = true
    this.#owner.complete(segment)
  }
}
