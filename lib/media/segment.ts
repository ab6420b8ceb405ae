import type { MediaTrack, Packet } from '../formats/packet.js'
import type { Period } from './period.js'
import { createWriter, type RenditionId, tracksOf, type Writer } from './rendition.js'
import type { EventMessage } from '../formats/mp4-prefix.js'

/** Where the segments of a period begin, if each is as long as its first. */
export interface Grid {
  /** The sequence number of the first. */
  readonly sequence: number
  /** Seconds from one to the next. */
  readonly duration: number
}

/** The renditions of one period, each made when it is first asked for. */
export class PeriodWriters {
  /** The period. */
  readonly period: Period
  /** Where the segments lie that begin with the source's regular key frames; `undefined` where they do not, or before the first is whole. */
  grid: Grid | undefined
  /** Most seconds of its parts; `undefined` where each segment is one part, and none is told of before it is whole. */
  readonly partDuration: number | undefined
  readonly #writers = new Map<RenditionId, Writer | undefined>()

  constructor(period: Period, partDuration?: number) {
    this.period = period
    this.partDuration = partDuration
  }

  /** What writes a rendition; `undefined` where it does not exist, or nothing that browsers play can hold it. */
  get(id: RenditionId): Writer | undefined {
    if (!this.#writers.has(id)) this.#writers.set(id, createWriter(tracksOf(this.period, id)))
    return this.#writers.get(id)
  }
}

/** A piece of a segment, as long as the part target allows. */
export class Part {
  /** Counts up over the life of the mount: names are made of it. */
  readonly number: number
  /** When it begins, in seconds of the mount's timeline. */
  readonly start: number
  /** In seconds. */
  readonly duration: number
  /** Whether its first picture is a key frame. */
  readonly independent: boolean
  /** Whether it is the first of its segment. */
  readonly first: boolean
  /** Bytes of its packets, and a little for each. */
  readonly size: number
  /** Bytes that it takes in memory, with all forms in which it has been asked for. */
  memory: number
  /** What is in it, in the order of the source. */
  readonly packets: readonly Packet[]
  readonly #writers: PeriodWriters
  readonly #forms = new Map<RenditionId, Buffer>()

  constructor(
    facts: { number: number; start: number; duration: number; independent: boolean; first: boolean },
    packets: Packet[],
    writers: PeriodWriters,
    events: readonly EventMessage[],
  ) {
    this.number = facts.number
    this.start = facts.start
    this.duration = facts.duration
    this.independent = facts.independent
    this.first = facts.first
    this.#writers = writers
    align(packets)
    this.size = packets.reduce((sum, packet) => sum + sizeOf(packet), 0)
    // The main rendition is written at once: it is what most ask for, its writer may count on being asked in order, and the source's
    // memory is free when the packets lie in what was written.
    const ids = tracksOf(writers.period, 'main').map(({ id }) => id)
    const writer = writers.get('main')
    const main = packets.filter(({ track }) => ids.includes(track.id))
    this.memory = this.size
    this.packets = packets
    if (writer === undefined || main.length === 0) return
    const written = writer.write(main, { number: this.number, first: this.first, events })
    this.#forms.set('main', written.bytes)
    // What moved into it takes nothing more.
    this.memory = written.bytes.length + (written.packets[0]?.data.buffer === written.bytes.buffer ? 0 : this.size)
    this.packets =
      main.length === packets.length ? written.packets : [...written.packets, ...packets.filter(({ track }) => !ids.includes(track.id))]
  }

  /** Its bytes in a rendition; empty where the rendition has nothing in it. */
  bytes(id: RenditionId): Buffer {
    let bytes = this.#forms.get(id)
    if (bytes === undefined) {
      const ids = tracksOf(this.#writers.period, id).map((track) => track.id)
      const packets = this.packets.filter(({ track }) => ids.includes(track.id))
      const facts = { number: this.number, first: this.first, events: [] }
      bytes = packets.length === 0 ? NOTHING : (this.#writers.get(id)?.write(packets, facts).bytes ?? NOTHING)
      this.#forms.set(id, bytes)
      this.memory += bytes.length
    }
    return bytes
  }
}

/** A segment on disk: the main rendition as it is, and then what it leaves out. */
export interface StoredSegment {
  /** Bytes of the main rendition, with which the file begins; 0 where others are made from what follows, and so is this. */
  readonly main: number
  /** Bytes of the file. */
  readonly size: number
}

/** A media segment: its parts, one after the other. */
export class Segment {
  /** Its media sequence number. */
  readonly sequence: number
  /** Where it belongs. */
  readonly writers: PeriodWriters
  /** When it begins, in seconds of the mount's timeline. */
  readonly start: number
  /** Whether its first picture is a key frame; certain once it has a part. */
  independent = false
  /** What it has so far; nothing once it is {@link Segment.released}. */
  readonly parts: Part[] = []
  /** In seconds, so far. */
  duration = 0
  /** Bytes of its packets, so far. */
  size = 0
  /** Bytes of the main rendition, so far. */
  mainSize = 0
  /** Whether nothing more comes. */
  complete = false
  /** Where it is on disk, once it is there. */
  file: StoredSegment | undefined
  /** Whether the disk has not taken it. */
  lost = false
  #released = false
  /** Bytes by track, in the order of the period. */
  readonly #sizes: number[]

  constructor(sequence: number, writers: PeriodWriters, start: number) {
    this.sequence = sequence
    this.writers = writers
    this.start = start
    this.#sizes = writers.period.tracks.map(() => 0)
  }

  /** Whether its media have left memory. */
  get released(): boolean {
    return this.#released
  }

  /** Whether it can be had, from memory or from disk. */
  get isThere(): boolean {
    return !this.#released || this.file !== undefined
  }

  /** Bytes that it takes in memory. */
  get memory(): number {
    return this.parts.reduce((sum, { memory }) => sum + memory, 0)
  }

  /** Takes the next part. */
  add(part: Part): void {
    this.parts.push(part)
    this.duration = part.start + part.duration - this.start
    this.size += part.size
    this.mainSize += part.bytes('main').length
    const { tracks } = this.writers.period
    for (const { track, data } of part.packets) {
      const index = tracks.findIndex(({ id }) => id === track.id)
      this.#sizes[index] = this.#sizes[index]! + data.length
    }
  }

  /** Lets go of its media. */
  release(): void {
    this.#released = true
    this.parts.length = 0
  }

  /** Bytes of a track of its period. */
  sizeOf(track: MediaTrack): number {
    return this.#sizes[this.writers.period.tracks.indexOf(track)] ?? 0
  }

  /** Whether there is nothing in a rendition, or no such rendition. */
  isEmpty(id: RenditionId): boolean {
    return this.writers.get(id) === undefined || tracksOf(this.writers.period, id).every((track) => this.sizeOf(track) === 0)
  }

  /** Its bytes in a rendition, part by part. */
  bytes(id: RenditionId): Buffer[] {
    return this.parts.map((part) => part.bytes(id))
  }
}

// Only the time of a track's first packet is written into a part, so each must lead to the next: where sound is missing, the packet before lasts longer.
function align(packets: Packet[]): void {
  const last = new Map<number, number>()
  for (const [i, { track, dts }] of packets.entries()) {
    const before = last.get(track.id)
    last.set(track.id, i)
    if (before === undefined) continue
    const packet = packets[before]!
    if (packet.dts + packet.duration !== dts) packets[before] = { ...packet, duration: Math.max(0, dts - packet.dts) }
  }
}

/** What a packet takes beside its bytes: thousands of empty ones must not cost nothing. */
const PACKET_COST = 200

/** How much of a segment's share of memory a packet takes, in bytes. */
export function sizeOf({ data }: Packet): number {
  return data.length + PACKET_COST
}

const NOTHING = Buffer.alloc(0)
