import { writeInit } from '../formats/mp4-init.js'
import { writePart } from '../formats/mp4-part.js'
import type { CodecId, Packet } from '../formats/packet.js'
import { writeWebmInit, writeWebmSegment } from '../formats/webm-muxer.js'
import type { Presentation } from './presentation.js'

/** A film of one picture. */
export interface Picture {
  /** Its media type. */
  readonly contentType: string
  /** A whole file. */
  readonly bytes: Buffer
}

const MP4: ReadonlySet<CodecId> = new Set(['h264', 'hevc', 'vp9', 'av1'])

/** Whether there is a key frame to make a picture of. */
export function hasPicture({ period, live, segments }: Presentation): boolean {
  const codec = period?.tracks.find(({ kind }) => kind === 'video')?.codecId
  if (!live || codec === undefined || !(MP4.has(codec) || codec === 'vp8')) return false
  return segments.some(({ parts }) => parts.some(({ independent }) => independent))
}

/** Makes a film of the last key frame that is kept in memory; `undefined` where there is none. */
export function lastPicture(presentation: Presentation): Picture | undefined {
  const packet = lastKeyFrame(presentation)
  if (packet === undefined) return undefined
  const { track } = packet
  // It lasts a second, so that every player has time to show it.
  const single = { ...packet, dts: 0, pts: 0, duration: track.timescale }
  if (MP4.has(track.codecId)) {
    const { bytes } = writePart({ sequence: 1, packets: [single] })
    return { contentType: 'video/mp4', bytes: Buffer.concat([writeInit([track]), bytes]) }
  }
  if (track.codecId !== 'vp8') return undefined
  return { contentType: 'video/webm', bytes: Buffer.concat([writeWebmInit([track]), writeWebmSegment([track], [single])]) }
}

function lastKeyFrame({ segments }: Presentation): Packet | undefined {
  for (const { parts } of segments.toReversed())
    for (const { packets } of parts.toReversed()) {
      const found = packets.findLast(({ key, track }) => key && track.kind === 'video')
      if (found !== undefined) return found
    }
  return undefined
}
