import type { FormatName, Track } from './frame.js'

/** The names of formats, for people. */
export const FORMATS: Readonly<Record<FormatName, string>> = {
  mp3: 'MP3',
  adts: 'AAC (ADTS)',
  flac: 'FLAC',
  ogg: 'Ogg',
  webm: 'WebM',
  matroska: 'Matroska',
  'mpeg-ts': 'MPEG-TS',
  flv: 'FLV',
  mp4: 'MP4',
  raw: 'an unknown format, passed on as it comes',
}

/** A {@link Track}, or what has become of one in JSON: what is not known may be `null`. */
export type DescribedTrack = { readonly [K in keyof Track]: Track[K] | null }

const CHANNELS: Readonly<Record<number, string>> = { 1: 'mono', 2: 'stereo', 6: '5.1' }

const round = (value: number): number => Math.round(value * 100) / 100

/** A track for people, without its bit rate: `H.264 1280×720 25 fps`, `AAC 48 kHz stereo`. */
export function describeTrack({ codec, width, height, frameRate, sampleRate, channels }: DescribedTrack): string {
  const words = [codec]
  if (width && height) words.push(`${width}×${height}`)
  if (frameRate) words.push(`${round(frameRate)} fps`)
  if (sampleRate) words.push(`${round(sampleRate / 1000)} kHz`)
  if (channels) words.push(CHANNELS[channels] ?? `${channels} channels`)
  return words.join(' ')
}

/** Bits a second for people: `128 kbit/s`, `2.5 Mbit/s`. */
export function describeBitrate(bits: number): string {
  return bits >= 1_000_000 ? `${round(bits / 1_000_000)} Mbit/s` : `${Math.round(bits / 1000)} kbit/s`
}

/** A format and its tracks for people: `MPEG-TS  H.264 1280×720 25 fps + AAC 48 kHz stereo`. */
export function describeMedia(format: FormatName, tracks: readonly Track[]): string {
  const parts = tracks
    .filter(({ kind }) => kind !== 'data')
    .map((track) => [describeTrack(track), ...(track.bitrate ? [describeBitrate(track.bitrate)] : [])].join(' '))
  return [FORMATS[format], ...(parts.length === 0 ? [] : [parts.join(' + ')])].join('  ')
}
