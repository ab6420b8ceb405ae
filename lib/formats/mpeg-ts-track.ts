import { aacChannels, adtsCodecs, readAdtsHeader } from '../codecs/aac.js'
import { readAc3Header } from '../codecs/ac3.js'
import { h264Codecs, readH264Sps } from '../codecs/h264.js'
import { h265Codecs, readH265Sps } from '../codecs/h265.js'
import { mpegAudioCodecs, mpegAudioName, readMpegAudioHeader } from '../codecs/mpeg-audio.js'
import type { Track } from './frame.js'

const AUDIO_READERS: Readonly<Record<string, (bytes: Buffer, at: number) => Track | undefined>> = {
  AAC: readAac,
  'MPEG audio': readMpegAudio,
  'AC-3': readAc3,
  'E-AC-3': readAc3,
}

/** Whether an audio track's bytes tell more than the program map does. */
export function isVague(track: Track): boolean {
  return Object.hasOwn(AUDIO_READERS, track.codec)
}

/**
 * Reads an audio track from the first frame header in its bytes. A header that does not stand at the very start may be chance.
 * @param bytes what one transport packet holds of a PES packet's data, from its start on
 */
export function findAudio(track: Track, bytes: Buffer): { readonly track: Track; readonly isSure: boolean } | undefined {
  const read = AUDIO_READERS[track.codec]
  if (read === undefined) return undefined
  for (let at = 0; at < bytes.length; at++) {
    const found = read(bytes, at)
    if (found !== undefined) return { track: found, isSure: at === 0 }
  }
  return undefined
}

function readAac(bytes: Buffer, at: number): Track | undefined {
  const header = readAdtsHeader(bytes, at)
  if (header === undefined) return undefined
  const channels = aacChannels(header.channelConfig)
  const found: Track = { kind: 'audio', codec: 'AAC', codecs: adtsCodecs(header), sampleRate: header.sampleRate }
  return channels === undefined ? found : { ...found, channels }
}

function readMpegAudio(bytes: Buffer, at: number): Track | undefined {
  const header = readMpegAudioHeader(bytes, at)
  if (header === undefined) return undefined
  const { sampleRate, channels } = header
  return { kind: 'audio', codec: mpegAudioName(header), codecs: mpegAudioCodecs(header), sampleRate, channels }
}

function readAc3(bytes: Buffer, at: number): Track | undefined {
  const header = readAc3Header(bytes, at)
  if (header === undefined) return undefined
  const { enhanced, sampleRate, channels } = header
  return { kind: 'audio', codec: enhanced ? 'E-AC-3' : 'AC-3', codecs: enhanced ? 'ec-3' : 'ac-3', sampleRate, channels }
}

/** Pictures a second by `frame_rate_code` (ISO/IEC 13818-2 table 6-4). */
const FRAME_RATES = [undefined, 24_000 / 1001, 24, 25, 30_000 / 1001, 30, 50, 60_000 / 1001, 60]

/**
 * Reads a video track from its parameters.
 * @param parameters the sequence parameter set (H.264, HEVC) or the sequence header from its code on (MPEG-1, MPEG-2)
 * @returns the track as it is when they make no sense
 */
export function readVideo(track: Track, parameters: Buffer): Track {
  if (track.codec === 'H.264' || track.codec === 'HEVC') {
    const isAvc = track.codec === 'H.264'
    const avc = isAvc ? readH264Sps(parameters) : undefined
    const hevc = isAvc ? undefined : readH265Sps(parameters)
    const sps = avc ?? hevc
    if (sps === undefined) return track
    const codecs = avc === undefined ? h265Codecs(hevc!) : h264Codecs(avc)
    const { width, height, frameRate } = sps
    return { kind: 'video', codec: track.codec, codecs, width, height, ...(frameRate === undefined ? {} : { frameRate }) }
  }
  if (parameters.length < 5) return track
  const size = parameters.readUIntBE(1, 3)
  const frameRate = FRAME_RATES[parameters[4]! & 15]
  return { ...track, width: size >> 12, height: size & 0xfff, ...(frameRate === undefined ? {} : { frameRate }) }
}
