import { findBox } from './mp4-boxes.js'
import type { FragmentSample } from './mp4-samples.js'

/** A sample of a plain MP4 file, with the place of its bytes in the file. */
export interface TableSample extends FragmentSample {
  /** Which sample entry, from 1 on. */
  readonly description: number
}

/**
 * The samples of one track as its tables list them (ISO/IEC 14496-12 clause 8.6 and 8.7), from first to last. It reads the tables where they lie
 * and holds nothing else; what makes no sense in them ends the list.
 */
export class SampleTable {
  /** How many samples there are. */
  readonly count: number
  /** How long they last together, in ticks. */
  readonly duration: number
  /** How far decoding must be put forward so that no picture is shown before it, in ticks. */
  readonly lead: number
  readonly #sizes: Buffer
  readonly #fieldSize: number
  readonly #uniform: number
  readonly #chunks: Buffer
  readonly #isLong: boolean
  readonly #keys: Buffer | undefined
  readonly #durations: Runs
  readonly #offsets: Runs
  readonly #places: Buffer
  #index = 0
  #time = 0
  #key = 0
  // The chunk that the next sample lies in, from 0 on; how many samples of it are left; where the next one begins.
  #chunk = -1
  #left = 0
  #at = 0
  #place = 0

  /** @param stbl the body of a track's `stbl` */
  constructor(stbl: Buffer) {
    const table = (type: string): Buffer | undefined => findBox(stbl, [type])
    const plain = table('stsz')
    const compact = plain === undefined ? table('stz2') : undefined
    this.#sizes = plain ?? compact ?? EMPTY
    this.#fieldSize = plain ? 32 : (compact?.[7] ?? 0)
    this.#uniform = plain && plain.length >= 12 ? plain.readUInt32BE(4) : 0
    const stated = this.#sizes.length >= 12 ? this.#sizes.readUInt32BE(8) : 0
    const listed = this.#fieldSize === 0 ? 0 : Math.floor(((this.#sizes.length - 12) * 8) / this.#fieldSize)
    this.count = this.#uniform > 0 ? stated : Math.min(stated, Math.max(0, listed))
    const short = table('stco')
    this.#isLong = short === undefined
    this.#chunks = short ?? table('co64') ?? EMPTY
    this.#keys = table('stss')
    const durations = table('stts') ?? EMPTY
    this.#durations = new Runs(durations)
    let duration = 0
    for (let at = 8; at + 8 <= durations.length; at += 8) duration += durations.readUInt32BE(at) * durations.readUInt32BE(at + 4)
    this.duration = duration
    const offsets = table('ctts') ?? EMPTY
    this.#offsets = new Runs(offsets)
    this.#places = table('stsc') ?? EMPTY
    let lead = 0
    for (let at = 12; at + 4 <= offsets.length; at += 8) lead = Math.max(lead, -offsets.readInt32BE(at))
    this.lead = lead
  }

  /** The next sample; `undefined` after the last one. */
  next(): TableSample | undefined {
    if (this.#index >= this.count) return undefined
    if (this.#left === 0 && !this.#openChunk()) return undefined
    const size = this.#size(this.#index)
    const duration = this.#durations.next()
    if (duration === undefined) return undefined
    const sample: TableSample = {
      time: this.#time,
      // Writers of version 0 mean negative numbers, too.
      offset: (this.#offsets.next() ?? 0) | 0,
      duration,
      key: this.#isKey(this.#index + 1),
      at: this.#at,
      size,
      description: this.#places.readUInt32BE(16 + 12 * this.#place),
    }
    this.#index++
    this.#left--
    this.#time += duration
    this.#at += size
    return sample
  }

  // first chunk 4 | samples in each chunk 4 | sample entry 4, for chunks up to the next entry's first
  #openChunk(): boolean {
    const chunks = this.#chunks
    const places = this.#places
    const chunk = this.#chunk + 1
    const width = this.#isLong ? 8 : 4
    if (8 + width * (chunk + 1) > chunks.length || places.length < 20) return false
    while (8 + 12 * (this.#place + 2) <= places.length && places.readUInt32BE(8 + 12 * (this.#place + 1)) <= chunk + 1) this.#place++
    this.#left = places.readUInt32BE(12 + 12 * this.#place)
    this.#at = this.#isLong ? Number(chunks.readBigUInt64BE(8 + 8 * chunk)) : chunks.readUInt32BE(8 + 4 * chunk)
    this.#chunk = chunk
    return this.#left > 0 && Number.isSafeInteger(this.#at)
  }

  #size(index: number): number {
    if (this.#uniform > 0) return this.#uniform
    const at = 12 + Math.floor((index * this.#fieldSize) / 8)
    if (this.#fieldSize === 32) return this.#sizes.readUInt32BE(at)
    if (this.#fieldSize === 16) return this.#sizes.readUInt16BE(at)
    const pair = this.#sizes[at]!
    return this.#fieldSize === 8 ? pair : index % 2 === 0 ? pair >> 4 : pair & 15
  }

  // Without the table every sample is a sync sample.
  #isKey(number: number): boolean {
    const keys = this.#keys
    if (keys === undefined) return true
    while (this.#keyAt(keys) < number) this.#key++
    return this.#keyAt(keys) === number
  }

  #keyAt(keys: Buffer): number {
    const at = 8 + 4 * this.#key
    return at + 4 <= keys.length ? keys.readUInt32BE(at) : Infinity
  }
}

/** Goes over a table of runs: version 1 | flags 3 | count 4 | count × (samples 4 | value 4). */
class Runs {
  readonly #table: Buffer
  #run = 8
  #used = 0

  constructor(table: Buffer) {
    this.#table = table
  }

  /** The value of the next sample; `undefined` where the table has ended. */
  next(): number | undefined {
    const table = this.#table
    while (this.#run + 8 <= table.length && this.#used >= table.readUInt32BE(this.#run)) {
      this.#run += 8
      this.#used = 0
    }
    if (this.#run + 8 > table.length) return undefined
    this.#used++
    return table.readUInt32BE(this.#run + 4)
  }
}

const EMPTY = Buffer.alloc(0)
