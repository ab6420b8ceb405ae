import { readBoxes } from './mp4-boxes.js'
import type { MovieTrack } from './mp4-movie.js'

/** What a movie fragment (`moof`) says of one track. */
export interface Fragment {
  /** How many samples of the track it holds. */
  readonly samples: number
  /** Their duration together, in ticks of the track. */
  readonly duration: number
  /** The duration of the last one. */
  readonly lastDuration: number
  /** Whether its first sample is a sync sample. */
  readonly startsWithKey: boolean
  /** Whether any of its samples is one. */
  readonly hasKey: boolean
}

/** sample_is_non_sync_sample, ISO/IEC 14496-12 clause 8.8.3.1. */
const NON_SYNC = 0x10000

/**
 * Reads what the body of a `moof` says of one track. The flags of a sample are, in this order, those of the `trun` for its first
 * sample, those of the sample itself, the default in `tfhd`, the default in `trex`.
 */
export function readFragment(moof: Buffer, track: Pick<MovieTrack, 'id' | 'defaults'>): Fragment {
  const sum = { samples: 0, duration: 0, lastDuration: 0, startsWithKey: false, hasKey: false }
  for (const { type, body: traf } of readBoxes(moof)) {
    if (type !== 'traf') continue
    let duration = track.defaults.duration
    let flags = track.defaults.flags
    let ours = false
    for (const { type: name, body } of readBoxes(traf)) {
      if (name === 'tfhd' && body.length >= 8) {
        ours = body.readUInt32BE(4) === track.id
        const has = body.readUIntBE(1, 3)
        let at = 8 + (has & 1 ? 8 : 0) + (has & 2 ? 4 : 0)
        if (has & 8) {
          duration = readOr(body, at, duration)
          at += 4
        }
        if (has & 0x10) at += 4
        if (has & 0x20) flags = readOr(body, at, flags)
      } else if (name === 'trun' && ours && body.length >= 8) readRun(body, duration, flags, sum)
    }
  }
  return sum
}

/** Whether a fragment's samples are addressed from the start of the whole stream, which only who was there from the start can follow. */
export function hasAbsoluteOffsets(moof: Buffer): boolean {
  for (const { type, body } of readBoxes(moof)) {
    if (type !== 'traf') continue
    for (const box of readBoxes(body)) if (box.type === 'tfhd' && box.body.length >= 8 && box.body[3]! & 1) return true
  }
  return false
}

function readRun(body: Buffer, duration: number, flags: number, sum: { -readonly [Key in keyof Fragment]: Fragment[Key] }): void {
  const has = body.readUIntBE(1, 3)
  const count = body.readUInt32BE(4)
  let at = 8 + (has & 1 ? 4 : 0)
  const first = has & 4 ? readOr(body, at, flags) : undefined
  if (has & 4) at += 4
  const size = [0x100, 0x200, 0x400, 0x800].filter((bit) => has & bit).length * 4
  const flagsAt = (has & 0x100 ? 4 : 0) + (has & 0x200 ? 4 : 0)
  // Without fields of their own all samples are alike, and a damaged count costs nothing.
  const listed = size === 0 ? Math.min(count, 2) : Math.min(count, Math.floor((body.length - at) / size))
  for (let i = 0; i < listed; i++, at += size) {
    const own = has & 0x400 ? body.readUInt32BE(at + flagsAt) : flags
    const key = ((i === 0 ? (first ?? own) : own) & NON_SYNC) === 0
    if (sum.samples === 0) sum.startsWithKey = key
    if (key) sum.hasKey = true
    sum.samples++
    sum.lastDuration = has & 0x100 ? body.readUInt32BE(at) : duration
    sum.duration += sum.lastDuration
  }
  if (size > 0) return
  sum.samples += count - listed
  sum.duration += (count - listed) * duration
}

function readOr(body: Buffer, at: number, otherwise: number): number {
  return at + 4 <= body.length ? body.readUInt32BE(at) : otherwise
}
