import { findBox, readBoxes } from './mp4-boxes.js'
import { readSampleEntry } from './mp4-sample-entry.js'
import type { SampleReader } from './sample-reader.js'

/** What fragments take from a track's `trex` when they do not say it themselves. */
export interface FragmentDefaults {
  /** Which sample entry, from 1 on. */
  readonly description: number
  /** In ticks of the track's timescale. */
  readonly duration: number
  /** In bytes. */
  readonly size: number
  /** sample_flags of ISO/IEC 14496-12 clause 8.8.3.1. */
  readonly flags: number
}

/** One `trak` of a movie, as what reads its samples needs it. */
export interface MovieMedia {
  /** track_ID: what fragments call it. */
  readonly id: number
  /** Ticks a second of fragments' times. */
  readonly timescale: number
  /** What the edit list adds to fragments' times. */
  readonly shift: number
  /** From `trex`. */
  readonly defaults: FragmentDefaults
  /** By sample entry; `undefined` for what cannot be repackaged. */
  readonly readers: readonly (SampleReader | undefined)[]
  /** The bytes that all this was read from: two tracks are the same when theirs are. */
  readonly source: Buffer
}

/** Reads the audio and video tracks of the body of a `moov`. */
export function readMovieMedia(moov: Buffer): MovieMedia[] {
  const mvhd = findBox(moov, ['mvhd'])
  const movieTimescale = mvhd && mvhd.length >= 24 ? mvhd.readUInt32BE(mvhd[0] === 1 ? 20 : 12) : 0
  const trexes = new Map<number, Buffer>()
  for (const { type, body } of readBoxes(findBox(moov, ['mvex']) ?? EMPTY)) {
    if (type === 'trex' && body.length >= 24) trexes.set(body.readUInt32BE(4), body)
  }
  const media: MovieMedia[] = []
  for (const { type, body } of readBoxes(moov)) {
    const track = type === 'trak' ? readTrak(body, movieTimescale, trexes) : undefined
    if (track !== undefined && !media.some(({ id }) => id === track.id)) media.push(track)
    if (media.length === MAX_TRACKS) break
  }
  return media
}

function readTrak(trak: Buffer, movieTimescale: number, trexes: ReadonlyMap<number, Buffer>): MovieMedia | undefined {
  const tkhd = findBox(trak, ['tkhd'])
  const mdhd = findBox(trak, ['mdia', 'mdhd'])
  const handler = findBox(trak, ['mdia', 'hdlr'])?.toString('latin1', 8, 12)
  const stsd = findBox(trak, ['mdia', 'minf', 'stbl', 'stsd'])
  if (!tkhd || !mdhd || !stsd || tkhd.length < 24 || mdhd.length < 24) return undefined
  const kind = handler === 'vide' ? 'video' : handler === 'soun' ? 'audio' : undefined
  const long = mdhd[0] === 1
  const timescale = mdhd.readUInt32BE(long ? 20 : 12)
  if (kind === undefined || timescale === 0) return undefined
  const id = tkhd.readUInt32BE(tkhd[0] === 1 ? 20 : 12)
  const elst = findBox(trak, ['edts', 'elst']) ?? EMPTY
  const trex = trexes.get(id) ?? EMPTY
  const language = readLanguage(mdhd, long ? 32 : 20)
  const facts = { id, timescale, ...(language !== undefined && { language }) }
  const times = Buffer.alloc(8)
  times.writeUInt32BE(timescale, 0)
  times.writeUInt32BE(movieTimescale, 4)
  return {
    id,
    timescale,
    shift: readShift(elst, timescale, movieTimescale),
    defaults:
      trex.length === 0
        ? { description: 1, duration: 0, size: 0, flags: 0 }
        : {
            description: trex.readUInt32BE(8),
            duration: trex.readUInt32BE(12),
            size: trex.readUInt32BE(16),
            flags: trex.readUInt32BE(20),
          },
    readers: Array.from(readBoxes(stsd.subarray(8)), (entry) => readSampleEntry(kind, entry, facts)).slice(0, MAX_ENTRIES),
    source: Buffer.concat([times, stsd, elst, trex, Buffer.from(`${kind} ${language ?? ''}`)]),
  }
}

// version 1 | flags 3 | count 4 | count × (duration 4 or 8, in the movie's ticks | media time 4 or 8, -1 = nothing is shown | rate 4)
/** ISO/IEC 14496-12 clause 8.6.6: empty edits put the media off, the first other one says with which of its times the presentation begins. */
function readShift(elst: Buffer, timescale: number, movieTimescale: number): number {
  if (elst.length < 8) return 0
  const long = elst[0] === 1
  const size = long ? 20 : 12
  let shift = 0
  const end = Math.min(elst.length, 8 + size * elst.readUInt32BE(4))
  for (let at = 8; at + size <= end; at += size) {
    const time = long ? Number(elst.readBigInt64BE(at + 8)) : elst.readInt32BE(at + 4)
    if (time >= 0) return Number.isSafeInteger(shift - time) ? shift - time : 0
    const duration = long ? Number(elst.readBigUInt64BE(at)) : elst.readUInt32BE(at)
    if (movieTimescale > 0) shift += Math.round((duration * timescale) / movieTimescale)
  }
  return Number.isSafeInteger(shift) ? shift : 0
}

// ISO/IEC 14496-12 clause 8.4.2.3: three letters of five bits, a is 1. QuickTime's own numbers are below 0x400.
function readLanguage(mdhd: Buffer, at: number): string | undefined {
  const packed = at + 2 <= mdhd.length ? mdhd.readUInt16BE(at) : 0
  const letters = [10, 5, 0].map((shift) => (packed >> shift) & 31)
  if (packed < 0x400 || packed > 0x7fff || letters.some((letter) => letter < 1 || letter > 26)) return undefined
  const language = String.fromCharCode(...letters.map((letter) => letter + 0x60))
  return language === 'und' ? undefined : language
}

/** The most tracks, and the most sample entries of one, that are read. */
const MAX_TRACKS = 32
const MAX_ENTRIES = 16
const EMPTY = Buffer.alloc(0)
