import { describeTrack } from '../formats/describe.js'
import { BROWSERS, decodes, list, mainTracks, pictureFormat } from './browsers.js'
import { type Check, figure, THRESHOLDS as T } from './doctor-check.js'

/** A track whose codec some browser does not know. */
const codec = (kind: 'video' | 'audio', advice: string): Check => {
  return ({ tracks }) => {
    const track = mainTracks(tracks).find((one) => one.kind === kind)
    if (track === undefined || (kind === 'video' && pictureFormat(track) !== undefined)) return undefined
    const chances = decodes(track)
    const not = BROWSERS.filter((_, i) => chances[i] === 'no')
    if (not.length === BROWSERS.length) return { severity: 'bad', sentence: `No browser plays ${track.codec}.`, advice, figure: null }
    if (not.length > 0) return { severity: 'warn', sentence: `${list(not)} cannot play ${track.codec}.`, advice, figure: null }
    if (chances[0] !== 'perhaps') return undefined
    return {
      severity: 'warn',
      sentence: `${BROWSERS[0]} plays ${track.codec} only where the graphics hardware decodes it.`,
      advice,
      figure: null,
    }
  }
}

/** What the source sends, and who can play that: findings by the name that is a heading of docs/doctor.md, the weightiest first. */
export const CODEC_CHECKS: Readonly<Record<string, Check>> = {
  'unknown-format': ({ format }) =>
    format === 'raw'
      ? {
          severity: 'bad',
          sentence: 'Nobody knows what the source sends: it is passed on as it comes, and players have to guess.',
          advice: 'Set the encoder’s container to MPEG-TS, or to MP3 or Ogg for sound alone.',
          figure: null,
        }
      : undefined,
  'video-codec': codec('video', 'Set the encoder’s video codec to H.264, which plays everywhere.'),
  'audio-codec': codec('audio', 'Set the encoder’s audio codec to AAC, which plays everywhere.'),
  'picture-format': ({ tracks }) => {
    const video = tracks.find(({ kind }) => kind === 'video')
    const format = video && pictureFormat(video)
    if (format === undefined) return undefined
    return {
      severity: 'warn',
      sentence: `Pictures are ${format.name}, which ${format.chances.includes('no') ? 'Safari and most phones do not decode' : 'many devices do not decode'}.`,
      advice: 'Set the encoder’s pixel format to yuv420p (8 bits, 4:2:0).',
      figure: null,
    }
  },
  level: ({ tracks }) => {
    const video = tracks.find(({ kind }) => kind === 'video')
    const level = /^avc[13]\.[\da-f]{4}([\da-f]{2})$/i.exec(video?.codecs ?? '')?.[1]
    const value = level === undefined ? 0 : Number.parseInt(level, 16)
    if (value <= T.level) return undefined
    return {
      severity: 'warn',
      sentence: `The pictures ask for a decoder of H.264 level ${value / 10}, while Apple’s devices are sure of ${T.level / 10}.`,
      advice: 'Set the encoder’s level to 4.2, with at most 1920×1080 at 60 pictures a second.',
      figure: figure('level', value / 10, ''),
    }
  },
  'no-instant': ({ tracks, forms, instant, measures }) => {
    const main = mainTracks(tracks)
    const isPlayable = main.every((track) => decodes(track)[0] !== 'no')
    if (
      !instant ||
      measures.tracks.length === 0 ||
      main.length < 2 ||
      !isPlayable ||
      forms.instant.some(({ form }) => form === 'mp4' || form === 'webm')
    )
      return undefined
    return {
      severity: 'warn',
      sentence: `${list(main.map((track) => track.codec))} fit into no instant stream together, so viewers are some seconds behind.`,
      advice: 'Set the encoder’s audio codec to AAC, or to Opus.',
      figure: null,
    }
  },
  'no-sound': ({ tracks, measures }) =>
    tracks.some(({ kind }) => kind === 'video') && !tracks.some(({ kind }) => kind === 'audio') && measures.seconds >= T.silent
      ? {
          severity: 'warn',
          sentence: 'There are pictures, but no sound.',
          advice: 'If that is not meant, choose an audio source in the encoder.',
          figure: null,
        }
      : undefined,
  'sample-rate': ({ tracks }) => {
    const track = tracks.find(
      ({ kind, codec: name, sampleRate }) => kind === 'audio' && (sampleRate ?? 0) > T.sampleRate && name !== 'FLAC',
    )
    if (track === undefined) return undefined
    return {
      severity: 'warn',
      sentence: `Sound is ${describeTrack(track)}, more samples a second than phones decode.`,
      advice: 'Set the encoder’s sample rate to 48 kHz.',
      figure: figure('sample rate', track.sampleRate!, 'Hz'),
    }
  },
  'mp3-variable': ({ measures }) => {
    const track = measures.tracks.find(({ codec: name, variable }) => name === 'MP3' && variable)
    if (track === undefined) return undefined
    return {
      severity: 'warn',
      sentence: 'The bit rate of the MP3 varies, which hardware radios stumble over and for which players guess times wrongly.',
      advice: 'Set the encoder to a constant bit rate (CBR).',
      figure: null,
    }
  },
}
