import { randomBytes } from 'node:crypto'
import { AdtsMuxer } from '../formats/adts-muxer.js'
import { FlacMuxer } from '../formats/flac-muxer.js'
import { Mp3Muxer } from '../formats/mp3-muxer.js'
import { Mp4Muxer } from '../formats/mp4-muxer.js'
import { canMuxMpegTs, MpegTsMuxer } from '../formats/mpeg-ts-muxer.js'
import { OggMuxer } from '../formats/ogg-muxer.js'
import type { CodecId, MediaTrack, Muxer } from '../formats/packet.js'
import { WebmMuxer } from '../formats/webm-muxer.js'
import type { OutputFormat } from './output-formats.js'

/** Whether a container can hold a track beside others; those of sound alone hold one. */
export function canHold(container: OutputFormat, track: MediaTrack): boolean {
  return container === 'ts' ? canMuxMpegTs(track) : CODECS[container].has(track.codecId)
}

/**
 * Makes what writes a container.
 * @param tracks pictures first; what can hold one track alone is given one
 * @throws RangeError when the container cannot hold them
 */
export function createMuxer(container: OutputFormat, tracks: readonly MediaTrack[]): Muxer {
  const [track] = tracks
  if (track === undefined) throw new RangeError('Cannot write a stream without a track')
  switch (container) {
    case 'ts':
      return new MpegTsMuxer(tracks)
    case 'fmp4':
      return new Mp4Muxer(tracks)
    case 'webm':
    case 'matroska':
      return new WebmMuxer(tracks, container)
    case 'ogg':
      return new OggMuxer(track, { serial: randomBytes(4).readUInt32LE() })
    case 'mp3':
      return new Mp3Muxer(track)
    case 'adts':
      return new AdtsMuxer(track)
    default:
      return new FlacMuxer(track)
  }
}

/** What a stream of a new muxer begins with, where the muxer gives it only to those who join: the head of MP4, WebM and Matroska. */
export function headOf(muxer: Muxer): Buffer | undefined {
  return muxer instanceof Mp4Muxer || muxer instanceof WebmMuxer ? muxer.header : undefined
}

const CODECS: Readonly<Record<Exclude<OutputFormat, 'ts'>, ReadonlySet<CodecId>>> = {
  fmp4: new Set(['h264', 'hevc', 'vp9', 'av1', 'aac', 'opus', 'flac', 'mp3', 'ac3', 'eac3']),
  webm: new Set(['vp8', 'vp9', 'av1', 'opus', 'vorbis']),
  matroska: new Set(['h264', 'hevc', 'vp8', 'vp9', 'av1', 'aac', 'opus', 'vorbis', 'flac', 'mp3', 'ac3', 'eac3']),
  ogg: new Set(['opus', 'vorbis', 'flac']),
  mp3: new Set(['mp3']),
  adts: new Set(['aac']),
  flac: new Set(['flac']),
}
