import { z } from 'zod'
import type { MediaFacts } from '../client/probe-facts.js'
import { FloecastError } from '../errors.js'
import { type AudioCodec, ENCODERS, FORMATS, formatsWith, listOf, type OutputFormat, type VideoCodec } from './output-formats.js'
import { type Agreement, agreementOf, mainStream } from './output-list.js'

const length = z.int().min(16).max(8192).multipleOf(2)
const bitrate = z.int().min(8000).max(200_000_000)

/**
 * What a streamer is to send. What is not said is taken from the items, where they agree, or from the quality.
 * @internal
 */
export const outputOptions = z.strictObject({
  quality: z
    .enum(['low', 'medium', 'high', 'copy'])
    .optional()
    .describe('640×360, 1280×720 or 1920×1080, or everything as it is; medium where items differ'),
  format: z
    .enum(['ts', 'fmp4', 'webm', 'matroska', 'ogg', 'mp3', 'adts', 'flac'])
    .optional()
    .describe('What it is packed as; ts, unless a codec asks for another'),
  videoCodec: z.enum(['h264', 'hevc', 'vp8', 'vp9', 'av1']).optional().describe('The codec of pictures'),
  audioCodec: z.enum(['aac', 'opus', 'mp3', 'flac', 'vorbis']).optional().describe('The codec of sound'),
  size: z
    .strictObject({ width: length.describe('Pixels from left to right'), height: length.describe('Pixels from top to bottom') })
    .optional()
    .describe('Width and height in pixels, both even'),
  frameRate: z.number().min(1).max(120).optional().describe('Pictures a second'),
  videoBitrate: bitrate.optional().describe('Bits a second of pictures'),
  audioBitrate: bitrate.optional().describe('Bits a second of sound'),
  sampleRate: z.int().min(8000).max(96_000).optional().describe('Samples a second'),
  channels: z.int().min(1).max(8).optional().describe('Channels of sound'),
  keyInterval: z.number().min(0.2).max(10).default(2).describe('Seconds from one key frame to the next'),
  lowLatency: z.boolean().default(false).describe('Save every frame of delay in the encoder, at some cost in quality'),
  hardware: z.boolean().default(false).describe('Encode on the graphics chip, where that works'),
  copy: z
    .enum(['auto', 'always', 'never'])
    .optional()
    .describe('Whether items go out as they are: where that is safe (auto), where the format holds them, or never'),
  ladder: z.array(length).min(1).max(8).optional().describe('Heights in pixels: the same in several sizes, each to a mount of its own'),
})

/** What a streamer is to send, as it is asked for. */
export type OutputOptions = z.input<typeof outputOptions>

/** One size of what goes out. */
export interface Rung {
  /** Pixels. */
  readonly width: number
  /** Pixels. */
  readonly height: number
  /** Bits a second of pictures. */
  readonly videoBitrate: number
}

/** What a streamer sends, fully decided. */
export interface Output {
  /** What it is packed as. */
  readonly format: OutputFormat
  /** The media type to announce, without codecs. */
  readonly contentType: string
  /** Its pictures; `undefined` for sound alone. */
  readonly video: VideoOutput | undefined
  /** Its sound. */
  readonly audio: AudioOutput
  /** Its sizes, the highest first: one where there is no ladder, none for sound alone. */
  readonly rungs: readonly Rung[]
  /** Whether items go out as they are: where that is safe, where the format holds them, or never. */
  readonly copy: 'auto' | 'always' | 'never'
  /** Whether delay counts more than quality. */
  readonly lowLatency: boolean
}

/** The pictures of an {@link Output}. */
export interface VideoOutput {
  /** The codec. */
  readonly codec: VideoCodec
  /** ffmpeg's name of what encodes it. */
  readonly encoder: string
  /** Pictures a second. */
  readonly frameRate: number
  /** Pictures from one key frame to the next. */
  readonly keyFrames: number
}

/** The sound of an {@link Output}. */
export interface AudioOutput {
  /** The codec. */
  readonly codec: AudioCodec
  /** ffmpeg's name of what encodes it. */
  readonly encoder: string
  /** Samples a second. */
  readonly sampleRate: number
  /** Channels. */
  readonly channels: number
  /** Bits a second; `undefined` where the codec takes what it needs. */
  readonly bitrate: number | undefined
}

/** What there is to encode with. */
export interface Tools {
  /** All encoders of the ffmpeg that will be used. */
  readonly encoders: ReadonlySet<string>
  /** Those that encode on the graphics chip and were tried: see `Ffmpeg.hardwareEncoders`. */
  readonly hardware?: readonly string[]
}

/**
 * Decides what goes out. What the options leave open is taken from the items of the list where all of them agree, so that they can go out as they
 * are; otherwise from the quality. A list of sound alone goes out as sound alone.
 * @param tools without them, nothing is known of encoders, and the usual ones are named
 * @param items what is known of the list
 * @throws FloecastError `OUTPUT_REFUSED`, when options do not go together; `ENCODER_MISSING`
 */
export function createOutput(options: OutputOptions, tools?: Tools, items: readonly MediaFacts[] = []): Output {
  const parsed = outputOptions.safeParse(options)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw refuse(`${issue?.path.join('.') || 'the options'}: ${issue?.message.toLowerCase() ?? 'wrong'}`)
  }
  const wanted = parsed.data
  const copy = wanted.copy ?? (wanted.quality === 'copy' ? 'always' : 'auto')
  const agreed = copy === 'never' || (wanted.quality !== undefined && wanted.quality !== 'copy') ? undefined : agreementOf(items)
  const isSound = items.length > 0 && items.every((item) => mainStream(item, 'video') === undefined && !item.isPicture)
  const format = wanted.format ?? formatFor(wanted, isSound, agreed)
  const { video: pictures, audio: sounds, contentType } = FORMATS[format]
  const hasVideo = pictures.length > 0
  if (!hasVideo) {
    const stated = (['videoCodec', 'size', 'frameRate', 'videoBitrate', 'ladder'] as const).find((name) => wanted[name] !== undefined)
    if (stated !== undefined)
      throw refuse(`${format} holds sound alone, so ${stated} makes no sense; pictures go into ts, fmp4, webm or matroska`)
  }
  const audioCodec = wanted.audioCodec ?? sounds.find((codec) => codec === agreed?.audio.codec) ?? sounds[0]!
  if (!sounds.includes(audioCodec))
    throw refuse(
      `${format} does not hold ${audioCodec}; it holds ${listOf(sounds)}, and ${formatsWith(audioCodec)} would hold ${audioCodec}`,
    )
  const audio = decideAudio(wanted, audioCodec, agreed?.audio, tools)
  const common = { format, contentType, audio, copy, lowLatency: wanted.lowLatency }
  if (!hasVideo) return { ...common, video: undefined, rungs: [] }
  const codec = wanted.videoCodec ?? pictures.find((held) => held === agreed?.video?.codec) ?? pictures[0]!
  if (!pictures.includes(codec))
    throw refuse(`${format} does not hold ${codec}; it holds ${listOf(pictures)}, and ${formatsWith(codec)} would hold ${codec}`)
  const frameRate = wanted.frameRate ?? agreed?.video?.frameRate ?? usualRate(items)
  const keyFrames = Math.max(1, Math.round(wanted.keyInterval * frameRate))
  const encoder = chooseEncoder(codec, tools, wanted.hardware, pictures)
  return { ...common, video: { codec, encoder, frameRate, keyFrames }, rungs: decideRungs(wanted, codec, frameRate, agreed?.video) }
}

type Wanted = z.output<typeof outputOptions>

function formatFor({ videoCodec, audioCodec }: Wanted, isSound: boolean, agreed: Agreement | undefined): OutputFormat {
  const names: readonly OutputFormat[] = ['ts', 'fmp4', 'webm']
  if (isSound && videoCodec === undefined) {
    const codec = audioCodec ?? agreed?.audio.codec
    return codec === 'aac' ? 'adts' : codec === 'opus' || codec === 'vorbis' || codec === 'flac' ? 'ogg' : 'mp3'
  }
  return (
    names.find((name) => holds(name, videoCodec ?? agreed?.video?.codec, audioCodec ?? agreed?.audio.codec)) ??
    // What browsers do not play is for those alone who ask for it.
    [...names, 'matroska' as const].find((name) => holds(name, videoCodec, audioCodec)) ??
    'ts'
  )
}

function holds(format: OutputFormat, video: string | undefined, audio: string | undefined): boolean {
  const facts = FORMATS[format]
  return (
    (video === undefined || facts.video.some((codec) => codec === video)) &&
    (audio === undefined || facts.audio.some((codec) => codec === audio))
  )
}

function decideAudio(wanted: Wanted, codec: AudioCodec, agreed: Agreement['audio'] | undefined, tools: Tools | undefined): AudioOutput {
  const encoder = chooseEncoder(codec, tools, false)
  const own = agreed?.codec === codec ? agreed : undefined
  const channels = wanted.channels ?? own?.channels ?? 2
  if (codec === 'mp3' && channels > 2) throw refuse(`mp3 has 2 channels at most; aac, opus and flac have ${channels}`)
  const sampleRate = codec === 'opus' ? 48_000 : (wanted.sampleRate ?? own?.sampleRate ?? 48_000)
  if (wanted.sampleRate !== undefined && wanted.sampleRate !== sampleRate)
    throw refuse('opus has 48000 samples a second; leave the sample rate out')
  const rates = codec === 'mp3' ? MP3_RATES : codec === 'aac' ? AAC_RATES : undefined
  if (rates?.includes(sampleRate) === false) throw refuse(`${codec} cannot have ${sampleRate} samples a second; 44100 and 48000 are usual`)
  const usual = { low: 96_000, medium: 128_000, high: 192_000, copy: 128_000 }[wanted.quality ?? 'medium']
  const bits = wanted.audioBitrate ?? (usual * Math.max(1, channels)) / 2
  return { codec, encoder, sampleRate, channels, bitrate: codec === 'flac' ? undefined : Math.round(bits) }
}

function decideRungs(wanted: Wanted, codec: VideoCodec, frameRate: number, agreed: Agreement['video']): Rung[] {
  const { size, ladder, videoBitrate } = wanted
  const preset = SIZES[wanted.quality ?? 'medium']
  const { width, height } = size ?? sizeOf(agreed) ?? preset
  const heights = ladder === undefined ? [height] : [...new Set(ladder)].toSorted((a, b) => b - a)
  return heights.map((own) => {
    const wide = own === height ? width : 2 * Math.round((own * width) / height / 2)
    // Sizes grow faster than what an encoder needs for them.
    const usual = 2_500_000 * ((wide * own) / 921_600) ** 0.8 * (frameRate / 25) ** 0.6 * NEED[codec]
    // The bit rate that was asked for is that of the highest.
    const bits = videoBitrate === undefined ? usual : videoBitrate * ((wide * own) / ((heights[0]! * heights[0]! * width) / height)) ** 0.8
    return {
      width: wide,
      height: own,
      videoBitrate: heights.length === 1 && videoBitrate ? videoBitrate : Math.max(50_000, Math.round(bits / 50_000) * 50_000),
    }
  })
}

/** The size of pictures that need nothing done to them. */
function sizeOf(stream: Agreement['video']): { readonly width: number; readonly height: number } | undefined {
  const { width = 0, height = 0, rotation = 0, pixelAspect = 1 } = stream ?? {}
  const isPlain = rotation === 0 && pixelAspect === 1 && width >= 16 && height >= 16 && width % 2 === 0 && height % 2 === 0
  return isPlain ? { width, height } : undefined
}

function chooseEncoder(
  codec: VideoCodec | AudioCodec,
  tools: Tools | undefined,
  hardware: boolean,
  others: readonly VideoCodec[] = [],
): string {
  const software = ENCODERS[codec]
  if (tools === undefined) return software[0]!
  const chips = (tools.hardware ?? []).filter((name) => name.startsWith(`${codec}_`))
  // Without an encoder of software, the chip's is better than none.
  const order = hardware ? [...chips, ...software] : [...software, ...chips]
  const found = order.find((name) => tools.encoders.has(name))
  if (found !== undefined) return found
  const has = others.filter((other) => ENCODERS[other].some((name) => tools.encoders.has(name)))
  const instead = has.length > 0 ? `it can encode ${listOf(has)}` : 'install an ffmpeg that has it'
  throw new FloecastError('ENCODER_MISSING', { encoder: software[0]!, instead })
}

/** The rate of the first item that has pictures, halved where they are very many. */
function usualRate(items: readonly MediaFacts[]): number {
  for (const item of items) {
    const { frameRate } = mainStream(item, 'video') ?? {}
    if (frameRate === undefined || frameRate < 10) continue
    const rate = frameRate > 31 ? frameRate / 2 : frameRate
    // Odd averages are those of recordings whose pictures come as they like.
    const nearest = RATES.toSorted((a, b) => Math.abs(a - rate) - Math.abs(b - rate))[0]!
    return Math.abs(nearest - rate) < rate * 0.01 ? nearest : 25
  }
  return 25
}

function refuse(reason: string): FloecastError {
  return new FloecastError('OUTPUT_REFUSED', { reason })
}

const SIZES = {
  low: { width: 640, height: 360 },
  medium: { width: 1280, height: 720 },
  high: { width: 1920, height: 1080 },
  copy: { width: 1280, height: 720 },
} as const
/** How many bits a codec needs for what H.264 does with one. */
const NEED: Readonly<Record<VideoCodec, number>> = { h264: 1, hevc: 0.65, vp8: 1.1, vp9: 0.75, av1: 0.6 }
const RATES = [24_000 / 1001, 24, 25, 30_000 / 1001, 30, 15, 20, 12.5, 10]
const MP3_RATES = [8000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000]
const AAC_RATES = [...MP3_RATES, 64_000, 88_200, 96_000]
