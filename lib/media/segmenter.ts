import type { EventMessage } from '../formats/mp4-prefix.js'
import type { Packet } from '../formats/packet.js'
import type { Period } from './period.js'
import { Part, PeriodWriters, Segment, sizeOf } from './segment.js'

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
  /** Most seconds of a part; `undefined` makes each segment one part. {@link Segmenter.part} may become another. */
  readonly part: number | undefined
  /** Most bytes of a segment. */
  readonly size: number
}

/** Seconds by which other tracks may be further ahead of the primary one than of late before their times are what cuts, and by how much at first. */
const SKEW = 0.5
const FIRST_LEAD = 2
/** What sums of durations may be off by. */
const EPSILON = 1e-6
/** How much longer a segment may be than it should, in seconds: EXTINF is rounded to compare it with the target duration (RFC 8216 4.3.3.1). */
const ROUNDING = 0.5 - EPSILON
/** Seconds that a part lasts at least, even where all times are the same. */
const SHORTEST = 0.001
/** Seconds after which key frames are not expected any more. */
const HOPELESS = 30
/** The most events that wait for a part. */
const MAX_EVENTS = 16

/** Cuts a mount's packets into parts and segments, at key frames where they come often enough. */
export class Segmenter {
  readonly #owner: SegmenterOwner
  readonly #lengths: Lengths
  /** Most seconds of a part, in the periods that begin from now on; see {@link Lengths.part}. */
  part: number | undefined
  // Seconds of a part, where there is no reason for another length, and the most.
  #partLength = 0
  #longest = 0
  #writers: PeriodWriters | undefined
  #segment: Segment | undefined
  #packets: Packet[] = []
  #size = 0
  // Whether the first picture of the open part is a key frame; `undefined` while it has none.
  #independent: boolean | undefined
  #events: EventMessage[] = []
  // Seconds of the mount's timeline: where the open part begins, where the last packet of the primary track is and ends, the last key frame.
  #start = 0
  #last = 0
  #end = 0
  #key = 0
  // How far the other tracks are, and by how much they are ahead.
  #other = 0
  #lead = 0
  #gop = 0
  // Whether the first segment of the period is still open.
  #fresh = false
  // Whether a segment had to end without a key frame since the last one.
  #late = false
  #nextSequence: number
  #nextPart: number

  /** @param first the numbers that the first segment and the first part get */
  constructor(owner: SegmenterOwner, lengths: Lengths, first: { sequence: number; part: number }) {
    this.#owner = owner
    this.#lengths = lengths
    this.part = lengths.part
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
    while (this.#end - this.#start > this.#longest && this.#packets.length > 1) this.#pass(1)
    this.#closePart(this.#end > this.#start ? this.#end : Math.min(this.#other, this.#start + this.#partLength))
    this.#closeSegment()
    this.#writers = undefined
  }

  /** Begins a period. */
  begin(period: Period): void {
    this.end()
    const { part } = this
    const { segment } = this.#lengths
    this.#partLength = Math.min(part ?? segment, segment)
    this.#longest = part === undefined ? segment + ROUNDING : this.#partLength + EPSILON
    this.#writers = new PeriodWriters(period, part)
    this.#last = this.#end = this.#key = this.#other = period.start
    this.#start = Math.max(this.#start, period.start)
    this.#lead = FIRST_LEAD
    this.#gop = 0
    this.#fresh = true
    this.#late = false
  }

  /** Tells something with the next part. */
  tell(event: EventMessage): void {
    this.#events = [...this.#events.slice(1 - MAX_EVENTS), event]
  }

  /** Takes the next packet, of the period that has begun last. */
  write(packet: Packet): void {
    const { primary, delay } = this.#writers!.period
    const { track, dts, duration, key } = packet
    const isPrimary = track === primary
    const start = dts / track.timescale + (isPrimary ? delay : 0)
    const end = start + duration / track.timescale
    if (isPrimary) {
      // Pictures that are rarer than parts: the sound between them has parts of its own.
      while (start - this.#start > this.#longest && this.#packets.length > 1) this.#pass(1)
      this.#cut(packet, Math.max(start, this.#start), end)
      this.#lead = Math.max(0, this.#other - start, this.#lead - (start - this.#last) / 2)
      this.#last = start
      this.#end = Math.max(this.#start, end)
    } else {
      if (start - this.#start > this.#partLength + SKEW + this.#lead) this.#pass(0)
      if (this.#isLarge(packet)) this.#close(Math.max(this.#end, this.#start))
      this.#other = Math.max(this.#other, end)
    }
    if (this.#segment === undefined) this.#open(this.#start)
    if (isPrimary && this.#independent === undefined) {
      this.#independent = key
      if (this.#segment!.parts.length === 0) this.#segment!.independent = key
    }
    this.#packets.push(packet)
    this.#size += sizeOf(packet)
  }

  // Ends what is to end before a packet of the primary track.
  #cut(packet: Packet, start: number, end: number): void {
    const { track, key } = packet
    const isVideo = track.kind === 'video'
    const isKey = isVideo && key
    if (isKey) {
      this.#gop = start - this.#key
      this.#key = start
    }
    if (this.#late && (isKey || start - this.#key > HOPELESS)) {
      this.#owner.keyless(isKey ? this.#gop : Infinity)
      this.#late = false
    }
    const segment = this.#segment
    // What would have no length waits for more.
    if (segment === undefined || (start - this.#start < EPSILON && this.#packets.length > 0)) return
    const { segment: length } = this.#lengths
    const begun = start - segment.start
    const isLong = end - segment.start > length + (isVideo ? ROUNDING : EPSILON)
    const isNext = isKey && (begun > length - ROUNDING || begun + this.#gop > length + ROUNDING)
    if (isNext || isLong || this.#isLarge(packet)) {
      if (isLong && isVideo && !isKey) this.#late = true
      this.#close(start)
      if (this.#fresh && (isNext || (isLong && !isVideo))) this.#writers!.grid = { sequence: segment.sequence, duration: segment.duration }
      this.#fresh = false
      this.#open(Math.max(start, this.#start))
    } else if (this.#writers!.partDuration !== undefined && end - this.#start > this.#partLength + EPSILON) this.#closePart(start)
  }

  #isLarge(packet: Packet): boolean {
    return sizeOf(packet) + this.#size + (this.#segment?.size ?? 0) > this.#lengths.size
  }

  // Time goes on without the primary track: what comes before the end of a part is one, but for the last packets where they are to fill the next.
  #pass(kept: number): void {
    const segment = this.#segment
    const packets = this.#packets
    if (segment === undefined || packets.length === 0) return
    const to = this.#start + this.#partLength
    const later = packets.findIndex(({ track, dts }, i) => i > 0 && dts / track.timescale >= to)
    const rest = packets.splice(later < 0 ? packets.length - kept : later)
    const keyOf = (some: readonly Packet[]): boolean | undefined => some.find(({ track }) => track === this.#writers!.period.primary)?.key
    this.#independent = keyOf(packets)
    this.#closePart(to)
    if (to + this.#partLength - segment.start > this.#lengths.segment + ROUNDING) {
      this.#fresh = false
      this.#closeSegment()
    }
    this.#packets = rest
    this.#size = rest.reduce((sum, packet) => sum + sizeOf(packet), 0)
    this.#independent = keyOf(rest)
    if (rest.length > 0 && this.#segment === undefined) {
      this.#open(to)
      this.#segment!.independent = this.#independent ?? false
    }
  }

  #open(start: number): void {
    this.#start = start
    this.#segment = new Segment(this.#nextSequence++, this.#writers!, start)
    this.#owner.open(this.#segment)
  }

  #close(end: number): void {
    this.#closePart(end)
    this.#closeSegment()
  }

  #closePart(end: number): void {
    const segment = this.#segment
    if (segment === undefined || this.#packets.length === 0) return
    // A single picture may be shown for longer than a segment: then what comes next is further on.
    const most = segment.start + this.#lengths.segment + ROUNDING
    const duration = Math.max(SHORTEST, Math.min(end, most) - this.#start)
    const facts = {
      number: this.#nextPart++,
      start: this.#start,
      duration,
      independent: this.#independent ?? false,
      first: segment.parts.length === 0,
    }
    const part = new Part(facts, this.#packets, this.#writers!, this.#events)
    this.#packets = []
    this.#size = 0
    this.#events = []
    this.#start += duration
    this.#independent = undefined
    if (part.first) segment.independent = part.independent
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
