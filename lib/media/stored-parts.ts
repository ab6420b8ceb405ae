import { findBox, readBoxes } from '../formats/mp4-boxes.js'
import { readTrackFragments } from '../formats/mp4-samples.js'
import type { MediaTrack, Packet } from '../formats/packet.js'

/** What was written of one part. */
export interface StoredPart {
  /** The number of the part. */
  readonly number: number
  /** In the order of their decoding. */
  readonly packets: readonly Packet[]
}

/**
 * Reads back what `writePart` has written, with the very times that the packets had: what is made of them again is the same, byte for byte.
 * Fragments of the same part, with other tracks, become one.
 * @param tracks of the period; what belongs to none of them is left out
 */
export function readParts(bytes: Buffer, tracks: readonly MediaTrack[]): StoredPart[] {
  const media = tracks.map(({ id, timescale }) => ({ id, timescale, shift: 0, defaults: DEFAULTS, readers: [], source: NOTHING }))
  const parts = new Map<number, Packet[]>()
  let at = 0
  let moof: { readonly at: number; readonly body: Buffer } | undefined
  for (const { type, body, bytes: box } of readBoxes(bytes)) {
    if (type === 'moof') moof = { at, body }
    if (type === 'mdat' && moof !== undefined) {
      const number = (findBox(moof.body, ['mfhd'])?.readUInt32BE(4) ?? 1) - 1
      const packets = parts.get(number) ?? []
      parts.set(number, packets)
      for (const { media: owner, start = 0, samples } of readTrackFragments(moof.body, media, { moof: moof.at, data: at + 8 })) {
        const track = tracks.find(({ id }) => id === owner.id)!
        for (const { time, offset, duration, key, at: from, size } of samples) {
          const dts = start + time
          packets.push({ track, dts, pts: dts + offset, duration, key, data: bytes.subarray(from, from + size) })
        }
      }
      moof = undefined
    }
    at += box.length
  }
  return [...parts]
    .toSorted(([a], [b]) => a - b)
    .map(([number, packets]) => ({ number, packets: packets.toSorted((a, b) => time(a) - time(b)) }))
}

const time = ({ dts, track }: Packet): number => dts / track.timescale
const DEFAULTS = { description: 1, duration: 0, size: 0, flags: 0 }
const NOTHING = Buffer.alloc(0)
