import { readBoxes } from './mp4-boxes.js'
import type { MovieMedia } from './mp4-media.js'

/** A sample of a movie fragment. */
export interface FragmentSample {
  /** In ticks of its track, from the beginning of the run. */
  readonly time: number
  /** What is to be added to that for the time of presentation; may be negative. */
  readonly offset: number
  /** In ticks of its track. */
  readonly duration: number
  /** Whether it is a sync sample. */
  readonly key: boolean
  /** Where its bytes begin, counted like the offsets that were given. */
  readonly at: number
  /** Bytes. */
  readonly size: number
}

/** What one `traf` of a movie fragment holds. */
export interface TrackFragment {
  /** Whose it is. */
  readonly media: MovieMedia
  /** Which sample entry, from 1 on. */
  readonly description: number
  /** The time of its first sample from `tfdt`; `undefined` when it goes on from the last fragment. */
  readonly start: number | undefined
  /** Its duration, in ticks of its track. */
  readonly duration: number
  /** Whether `trun` is of version 1, whose writer may mean negative offsets. */
  readonly signed: boolean
  /** In order of decoding. */
  readonly samples: readonly FragmentSample[]
}

/** Where things lie in the bytes that hold a fragment. */
export interface FragmentPlace {
  /** Where the `moof` begins. */
  readonly moof: number
  /** Where the content of the first `mdat` begins. */
  readonly data: number
}

/** The most samples of one fragment that are read. */
const MAX_SAMPLES = 65_536
/** sample_is_non_sync_sample, ISO/IEC 14496-12 clause 8.8.3.1. */
const NON_SYNC = 0x10000

interface Head {
  readonly media: MovieMedia
  readonly base: number | undefined
  readonly isMoofBase: boolean
  readonly description: number
  readonly duration: number
  readonly size: number
  readonly flags: number
}

/**
 * Reads the samples that the body of a `moof` lists. What a sample does not say itself, `tfhd` says, and what that does not say, `trex`
 * (ISO/IEC 14496-12 clause 8.8). Offsets from the start of the whole stream are taken as if the first of them led to the first byte of `mdat`.
 */
export function readTrackFragments(moof: Buffer, media: readonly MovieMedia[], place: FragmentPlace): TrackFragment[] {
  const fragments: TrackFragment[] = []
  let left = MAX_SAMPLES
  // Without a base of its own, a traf's data follow those of the traf before; the first one's are counted from the moof.
  let next: number | undefined
  let isAbsolute = false
  for (const { type, body: traf } of readBoxes(moof)) {
    if (type !== 'traf') continue
    let head: Head | undefined
    let start: number | undefined
    let time = 0
    let signed = false
    let at: number | undefined
    const samples: FragmentSample[] = []
    for (const { type: name, body } of readBoxes(traf)) {
      if (name === 'tfhd') head = readHead(body, media)
      else if (name === 'tfdt') start = readStart(body)
      if (name !== 'trun' || head === undefined || body.length < 8) continue
      const { base, isMoofBase, duration, size, flags } = head
      if (base !== undefined) isAbsolute = true
      const origin = base ?? (isMoofBase || next === undefined ? place.moof : next)
      const has = body.readUIntBE(1, 3)
      let field = 8
      if (has & 1 && field + 4 <= body.length) {
        at = origin + body.readInt32BE(field)
        field += 4
      } else at ??= base ?? (isMoofBase || next === undefined ? place.data : next)
      let first: number | undefined
      if (has & 4 && field + 4 <= body.length) {
        first = body.readUInt32BE(field)
        field += 4
      }
      const width = [0x100, 0x200, 0x400, 0x800].filter((bit) => has & bit).length * 4
      let count = Math.min(body.readUInt32BE(4), left)
      if (width > 0) count = Math.min(count, Math.floor((body.length - field) / width))
      left -= count
      signed ||= body[0]! > 0
      for (let i = 0; i < count; i++) {
        const read = (bit: number, otherwise: number): number => {
          if (!(has & bit)) return otherwise
          field += 4
          return body.readUInt32BE(field - 4)
        }
        const ownDuration = read(0x100, duration)
        const ownSize = read(0x200, size)
        const own = read(0x400, flags)
        // Writers of version 0 mean negative numbers, too: none is of more than 2^31 ticks.
        const offset = read(0x800, 0) | 0
        const key = ((i === 0 ? (first ?? own) : own) & NON_SYNC) === 0
        samples.push({ time, offset, duration: ownDuration, key, at, size: ownSize })
        time += ownDuration
        at += ownSize
      }
    }
    if (head === undefined) continue
    if (at !== undefined) next = at
    fragments.push({ media: head.media, description: head.description, start, duration: time, signed, samples })
  }
  return isAbsolute ? fromFirst(fragments, place.data) : fragments
}

function readHead(body: Buffer, media: readonly MovieMedia[]): Head | undefined {
  const id = body.length >= 8 ? body.readUInt32BE(4) : 0
  const found = media.find((entry) => entry.id === id)
  if (found === undefined) return undefined
  const { defaults } = found
  const has = body.readUIntBE(1, 3)
  let at = 8
  let base: number | undefined
  if (has & 1 && at + 8 <= body.length) {
    base = Number(body.readBigUInt64BE(at))
    at += 8
  }
  const read = (bit: number, otherwise: number): number => {
    if (!(has & bit) || at + 4 > body.length) return otherwise
    at += 4
    return body.readUInt32BE(at - 4)
  }
  const description = read(2, defaults.description)
  const duration = read(8, defaults.duration)
  const size = read(0x10, defaults.size)
  const flags = read(0x20, defaults.flags)
  return { media: found, base, isMoofBase: (has & 0x20000) !== 0, description, duration, size, flags }
}

function readStart(body: Buffer): number | undefined {
  if (body[0] === 1) {
    const time = body.length >= 12 ? Number(body.readBigUInt64BE(4)) : NaN
    return Number.isSafeInteger(time) ? time : undefined
  }
  return body.length >= 8 ? body.readUInt32BE(4) : undefined
}

function fromFirst(fragments: readonly TrackFragment[], data: number): TrackFragment[] {
  let first = Infinity
  for (const { samples } of fragments) for (const { at } of samples) first = Math.min(first, at)
  return fragments.map((fragment) => ({
    ...fragment,
    samples: fragment.samples.map((sample) => ({ ...sample, at: sample.at - first + data })),
  }))
}
