import { writeId3 } from '../codecs/id3.js'
import { adtsConfig, writeAdtsFrame } from './adts-muxer.js'
import type { CodecId, MediaTrack, Packet } from './packet.js'

/** Whether a track can be written as packed audio. */
export function isPackable(track: MediaTrack): boolean {
  return WHOLE_FRAMES.has(track.codecId) || adtsConfig(track) !== undefined
}

/**
 * Writes one segment, or part of one, of packed audio for HLS (RFC 8216 clause 3.4): an ID3 tag that tells the time of the first packet, then
 * MP3, AC-3 or E-AC-3 frames as they are, or AAC as ADTS.
 * @param packets of this track, whose times must share their zero with the other renditions; at least one
 * @throws RangeError when there is no packet, or the track is none that {@link isPackable} takes
 */
export function writePackedAudio(track: MediaTrack, packets: readonly Packet[]): Buffer {
  const first = packets[0]
  if (first === undefined) throw new RangeError('Cannot write packed audio of no packets: its tag tells the time of the first')
  const config = adtsConfig(track)
  if (config === undefined && !WHOLE_FRAMES.has(track.codecId)) throw new RangeError(`Cannot write ${track.codec} as packed audio`)
  const frames = packets.flatMap(({ data }) => (config === undefined ? data : (writeAdtsFrame(config, data) ?? [])))
  return Buffer.concat([writeTimestamp(first.pts, track.timescale), ...frames])
}

const WHOLE_FRAMES: ReadonlySet<CodecId> = new Set(['mp3', 'ac3', 'eac3'])

// 31 bits of zero, then 33 bits of 90 kHz, as an MPEG-TS timestamp.
function writeTimestamp(pts: number, timescale: number): Buffer {
  const rate = BigInt(timescale)
  const data = Buffer.alloc(8)
  data.writeBigUInt64BE(BigInt.asUintN(33, (BigInt(pts) * 90_000n + rate / 2n) / rate))
  return writeId3([{ id: 'PRIV', owner: 'com.apple.streaming.transportStreamTimestamp', data }])
}
