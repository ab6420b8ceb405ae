import type { MediaFacts, MediaStream } from '../client/probe-facts.js'
import type { Output } from './output.js'
import { FORMATS } from './output-formats.js'
import { isRate, mainStream } from './output-list.js'

/** Seconds between key frames above which joining takes too long. */
const MAX_KEY_INTERVAL = 10
/** How many times the bit rate that an encoder would be given may go out. */
const MAX_BITRATE = 2

/**
 * Whether an item is safe to copy by itself: what goes out is then the same as if it had been encoded, but better and for nothing. It is when
 *
 * 1. it has the kinds of streams that the output has, in the output's codecs;
 * 2. its pictures have the output's size and rate, square pixels, upright, no fields, 8 bits and halved colour (`yuv420p`), a profile that every
 *    player takes, a key frame at least every ten seconds, and at most twice the bit rate that they would be given;
 * 3. its sound has the output's rate and channels, and is plain AAC (LC) where it is AAC;
 * 4. parameters of the decoder may change from item to item, which they may everywhere but for Vorbis in WebM and Matroska;
 * 5. there is no ladder.
 *
 * @returns what speaks against it, for people; `undefined` when nothing does
 */
export function whyNotCopy(facts: MediaFacts, { video, audio, rungs, format }: Output): string | undefined {
  const picture = mainStream(facts, 'video')
  const sound = mainStream(facts, 'audio')
  if (facts.isPicture) return 'a still'
  if (sound === undefined) return 'no sound'
  if (rungs.length > 1) return 'a ladder'
  if ((format === 'webm' || format === 'matroska') && audio.codec === 'vorbis') return 'Vorbis'
  if (sound.codec !== audio.codec) return `${sound.codec} → ${audio.codec}`
  if (sound.codec === 'aac' && sound.profile !== 'LC') return `AAC ${sound.profile ?? ''}`
  if (sound.sampleRate !== audio.sampleRate) return `${sound.sampleRate} → ${audio.sampleRate} Hz`
  if (sound.channels !== audio.channels) return `${sound.channels} → ${audio.channels} channels`
  const [rung] = rungs
  if (video === undefined || rung === undefined) return undefined
  if (picture === undefined) return 'no pictures'
  if (picture.codec !== video.codec) return `${picture.codec} → ${video.codec}`
  if (picture.width !== rung.width || picture.height !== rung.height)
    return `${picture.width}×${picture.height} → ${rung.width}×${rung.height}`
  if (!isRate(picture.frameRate, video.frameRate)) return `${picture.frameRate} → ${video.frameRate} fps`
  if (!isPlain(picture)) return 'unusual pictures'
  if (picture.keyInterval !== undefined && picture.keyInterval > MAX_KEY_INTERVAL) return 'key frames are too far apart'
  const bitrate = picture.bitrate ?? (facts.bitrate === undefined ? undefined : facts.bitrate - (sound.bitrate ?? 0))
  if (bitrate === undefined || bitrate > rung.videoBitrate * MAX_BITRATE) return 'the bit rate is too high'
  return undefined
}

/** What of an item the format cannot hold as it is, for people; `undefined` when it can be sent without a change. */
export function whyNotHeld(facts: MediaFacts, { format }: Output): string | undefined {
  if (facts.isPicture) return 'a still has to be encoded'
  const { video, audio } = FORMATS[format]
  const picture = mainStream(facts, 'video')
  const sound = mainStream(facts, 'audio')
  if (sound === undefined && (picture === undefined || video.length === 0)) return 'it has no sound'
  const refused = [
    ...(picture !== undefined && video.length > 0 && !video.some((codec) => codec === picture.codec) ? [picture.codec] : []),
    ...(sound !== undefined && !audio.some((codec) => codec === sound.codec) ? [sound.codec] : []),
  ]
  return refused.length > 0 ? `${format} does not hold its ${refused.join(' and ')}` : undefined
}

function isPlain({ codec, profile = '', pixelFormat, pixelAspect, rotation = 0, isInterlaced }: MediaStream): boolean {
  const known = PROFILES[codec]
  return (
    pixelFormat === 'yuv420p' &&
    (pixelAspect ?? 1) === 1 &&
    rotation === 0 &&
    isInterlaced !== true &&
    (known === undefined || known.includes(profile))
  )
}

const PROFILES: Readonly<Partial<Record<string, readonly string[]>>> = {
  h264: ['Constrained Baseline', 'Main', 'High', 'Constrained High', 'Progressive High'],
  hevc: ['Main'],
  vp9: ['Profile 0'],
  av1: ['Main'],
}
