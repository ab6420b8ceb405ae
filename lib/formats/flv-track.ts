import { aacCodecs, readAacConfig } from '../codecs/aac.js'
import { av1Codecs, readAv1C, readAv1Sequence } from '../codecs/av1.js'
import { readFlacInfo } from '../codecs/flac.js'
import { h264Codecs, readAvcConfig, readH264Sps } from '../codecs/h264.js'
import { h265Codecs, readH265Sps, readHevcConfig } from '../codecs/h265.js'
import { OPUS_SAMPLE_RATE, readOpusHead } from '../codecs/opus.js'
import { readVpcC, vp9Codecs } from '../codecs/vp9.js'
import type { AmfObject } from './amf.js'
import type { FlvMedia } from './flv-tag.js'
import type { Track } from './frame.js'

const NAMES: Readonly<Record<string, string>> = {
  avc1: 'H.264',
  hvc1: 'HEVC',
  av01: 'AV1',
  vp08: 'VP8',
  vp09: 'VP9',
  vvc1: 'VVC',
  mp4a: 'AAC',
  '.mp3': 'MP3',
  fLaC: 'FLAC',
  'ac-3': 'AC-3',
  'ec-3': 'E-AC-3',
}

/** Codecs of which RFC 6381 says no more than the name. */
const AUDIO_CODECS: Readonly<Record<string, string>> = { '.mp3': 'mp4a.40.34', fLaC: 'flac', 'ac-3': 'ac-3', 'ec-3': 'ec-3' }

/**
 * What an FLV track is, from its decoder configuration, and from the stream's metadata where that says nothing.
 * @param first the first byte of the tag's data, which holds the older audio formats' rate and channels
 * @param metadata the object of `onMetaData`
 */
export function flvTrack(media: FlvMedia, first: number, metadata: AmfObject): Track {
  const codec = NAMES[media.codec] ?? media.codec
  const kilobits = numberOf(metadata.get(media.kind === 'video' ? 'videodatarate' : 'audiodatarate'))
  const track: Track = { kind: media.kind, codec, ...(kilobits === undefined ? {} : { bitrate: Math.round(kilobits * 1000) }) }
  if (media.kind === 'audio') return merge(merge(track, audioHints(media.codec, first, metadata)), audioConfig(media))
  const [width, height, frameRate] = ['width', 'height', 'framerate'].map((name) => numberOf(metadata.get(name)))
  return merge(merge(track, { width, height, frameRate }), videoConfig(media))
}

function videoConfig({ codec, setup, payload }: FlvMedia): Partial<Track> {
  if (setup !== 'sequence') return {}
  if (codec === 'avc1') {
    const sps = readAvcConfig(payload)?.sps.map(readH264Sps).find(isDefined)
    return sps === undefined ? {} : { codecs: h264Codecs(sps), width: sps.width, height: sps.height, frameRate: sps.frameRate }
  }
  if (codec === 'hvc1') {
    const config = readHevcConfig(payload)
    if (config === undefined) return {}
    const sps = config.sps.map(readH265Sps).find(isDefined)
    return { codecs: h265Codecs(config), width: sps?.width, height: sps?.height, frameRate: sps?.frameRate }
  }
  if (codec === 'av01') {
    const config = readAv1C(payload)
    const size = readAv1Sequence(payload.subarray(4))
    return config === undefined ? {} : { codecs: av1Codecs(config), width: size?.width, height: size?.height }
  }
  if (codec === 'vp09') {
    const config = readVpcC(payload)
    return config === undefined ? {} : { codecs: vp9Codecs(config) }
  }
  return {}
}

function audioConfig({ codec, setup, payload }: FlvMedia): Partial<Track> {
  if (setup !== 'sequence') return {}
  if (codec === 'mp4a') {
    const config = readAacConfig(payload)
    return config === undefined
      ? {}
      : { codecs: aacCodecs(config), sampleRate: config.outputSampleRate, channels: config.ps === true ? 2 : config.channels }
  }
  if (codec === 'Opus') {
    const head = readOpusHead(payload)
    return head === undefined ? {} : { channels: head.channels }
  }
  if (codec === 'fLaC') {
    // The marker `fLaC` and the block header stand before STREAMINFO.
    const info = readFlacInfo(payload.toString('latin1', 0, 4) === 'fLaC' ? payload.subarray(8) : payload)
    return info === undefined ? {} : { sampleRate: info.sampleRate, channels: info.channels }
  }
  return {}
}

function audioHints(codec: string, first: number, metadata: AmfObject): Partial<Track> {
  if (codec === 'Opus') return { codecs: 'opus', sampleRate: OPUS_SAMPLE_RATE }
  const simple = codec === 'mp4a' ? {} : simpleSound(first)
  const stereo = metadata.get('stereo')
  return {
    codecs: AUDIO_CODECS[codec],
    sampleRate: numberOf(metadata.get('audiosamplerate')) ?? simple.sampleRate,
    channels: simple.channels ?? (typeof stereo === 'boolean' ? Number(stereo) + 1 : undefined),
  }
}

// E.4.2.1: two bits of rate, one of sample size, one of stereo. Enhanced tags have none of them.
function simpleSound(first: number): Partial<Track> {
  const format = first >> 4
  if (format === 9) return {}
  const channels = (first & 1) + 1
  if (format === 14 || format === 7 || format === 8 || format === 5) return { sampleRate: 8000, channels }
  if (format === 4 || format === 11) return { sampleRate: 16_000, channels: 1 }
  return { sampleRate: [5500, 11_025, 22_050, 44_100][(first >> 2) & 3]!, channels }
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : undefined
}

function isDefined<T>(value: T | undefined): value is T {
  return value !== undefined
}

// A track with what more is known, which may leave members undefined.
function merge(track: Track, more: Partial<Track>): Track {
  return { ...track, ...Object.fromEntries(Object.entries(more).filter(([, value]) => value !== undefined)) }
}
