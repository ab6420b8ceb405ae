import type { InputDevice } from '../client/ffmpeg-devices.js'
import { hardwareArguments } from '../client/ffmpeg.js'
import { nameSource } from '../client/ffmpeg-complaint.js'
import { sourceKind } from '../client/playlist-item.js'
import type { MediaFacts } from '../client/probe-facts.js'
import { FloecastError } from '../errors.js'
import { whyNotCopy, whyNotHeld } from './conversion-copy.js'
import { audioArguments, type Carrier, carrierArguments, carrierOf, codecsOf, pipeOf, videoArguments } from './conversion-encode.js'
import { conversionFilter, silenceGraph } from './conversion-filter.js'
import { type ConversionInput, deviceInput, isDevice, mediaInput } from './conversion-input.js'
import type { Output } from './output.js'
import { mainStream } from './output-list.js'

/** How an item is planned. */
export interface PlanOptions {
  /** Seconds of the item that are left out at its beginning. Default 0. */
  readonly at?: number
  /** Whether the picture at that point is to be held without end, in silence, as when a streamer is paused. Default false. */
  readonly hold?: boolean
  /** The devices that there are, for an item that is one. */
  readonly devices?: readonly InputDevice[]
}

/** How an item becomes what goes out: a run of ffmpeg. */
export interface ConversionPlan {
  /** Whether its packets go out as they are, or are encoded anew. */
  readonly way: 'copy' | 'convert'
  /** What is done to it, such as `1920×1080 → 1280×720, silence added`; `undefined` when nothing is. */
  readonly note: string | undefined
  /** The arguments of ffmpeg. */
  readonly args: readonly string[]
  /** How many byte streams come out: one for each rung of the output, the highest first. */
  readonly outputs: number
  /** The container that comes out. */
  readonly carrier: Carrier
  /** Seconds that will come out; `undefined` for what does not end by itself, or is not known to. */
  readonly duration: number | undefined
}

/**
 * Plans how an item becomes what goes out. Everything that is converted comes out alike: the same decoder configuration, times that begin with 0 and, where
 * the duration is known, pictures and sound that end with it to the frame. Sound may begin up to two of its frames before 0, which is what its decoder
 * needs to settle, and is not to be heard. What is copied has 0 at `at`, but begins with the key frame before it.
 *
 * Copied is what {@link whyNotCopy} has nothing against.
 * @param source as in `PlaylistItem.source`, where `-` is what is written to the input of ffmpeg; or `still:`, a dark picture
 * @param facts what `probe` says of it; `undefined` for devices
 * @throws FloecastError `MEDIA_UNREADABLE`, when it lacks what the output needs; `OUTPUT_REFUSED`, when it should go out as it is and cannot; `DEVICE_MISSING`
 */
export function planItem(source: string, facts: MediaFacts | undefined, output: Output, options: PlanOptions = {}): ConversionPlan {
  const { at = 0, hold = false, devices = [] } = options
  if (facts === undefined && !isDevice(source)) throw new TypeError(`Cannot plan ${nameSource(source)} before it is probed`)
  if (facts !== undefined && !hold && output.copy !== 'never') {
    const against = output.copy === 'always' ? whyNotHeld(facts, output) : whyNotCopy(facts, output)
    if (against === undefined) return planCopy(source, facts, output, at)
    if (output.copy === 'always')
      throw new FloecastError('OUTPUT_REFUSED', { reason: `${nameSource(source)} cannot go out as it is: ${against}; let it be converted` })
  }
  const isLive = facts !== undefined && sourceKind(source) !== 'file' && facts.duration === undefined
  const input = facts === undefined ? deviceInput(source, devices, output) : mediaInput(source, facts, at, isLive)
  if (output.video === undefined && input.audio === undefined && !hold && source !== 'still:')
    throw new FloecastError('MEDIA_UNREADABLE', { source: nameSource(source), reason: 'it has no sound, and sound alone goes out' })
  return planConversion(input, facts, output, at, hold)
}

function planConversion(input: ConversionInput, facts: MediaFacts | undefined, output: Output, at: number, hold: boolean): ConversionPlan {
  const { video, audio, rungs, lowLatency } = output
  const duration = hold ? undefined : lengthOf(facts, output, at)
  const picture = facts && mainStream(facts, 'video')
  // Silence that filters make would go on when pictures end; that of an input is cut off by -shortest.
  const isOpen = duration === undefined && facts !== undefined && !hold && input.audio === undefined
  const silence = isOpen ? `${input.args.filter((arg) => arg === '-i').length}:a` : undefined
  const inputs = isOpen ? [...input.args, '-f', 'lavfi', '-i', silenceGraph(audio)] : input.args
  const filter = conversionFilter(input, output, { picture, duration, hold, isPicture: facts?.isPicture === true, silence })
  const carrier = carrierOf(codecsOf(output))
  const outputs = filter.audio.map((sound, i) => {
    const pictures = filter.video[i]
    return [
      ...(pictures === undefined || video === undefined ? [] : ['-map', pictures, ...videoArguments(video, rungs[i]!, lowLatency)]),
      '-map',
      sound,
      ...audioArguments(audio),
      ...(duration === undefined ? [] : ['-t', duration.toFixed(6)]),
      ...(isOpen ? ['-shortest'] : []),
      ...carrierArguments(carrier, lowLatency || input.isLive, pipeOf(i)),
    ]
  })
  const before = video === undefined ? [] : hardwareArguments(video.encoder).before
  const args = [...before, ...inputs, '-filter_complex', filter.graph, ...outputs.flat()]
  return { way: 'convert', note: describe(input, facts, output, hold), args, outputs: outputs.length, carrier, duration }
}

function planCopy(source: string, facts: MediaFacts, output: Output, at: number): ConversionPlan {
  const picture = output.video === undefined ? undefined : mainStream(facts, 'video')
  const sound = mainStream(facts, 'audio')
  const streams = [picture, sound].filter((stream) => stream !== undefined)
  const isLive = sourceKind(source) !== 'file' && facts.duration === undefined
  const input = mediaInput(source, facts, at, isLive)
  const carrier = carrierOf(streams.map(({ codec }) => codec))
  const args = [
    // From the key frame on, all tracks together.
    ...(at > 0 ? ['-noaccurate_seek'] : []),
    ...input.args,
    ...streams.flatMap(({ index }) => ['-map', `0:${index}`]),
    '-c',
    'copy',
    ...(picture?.codec === 'hevc' ? ['-tag:v', 'hvc1'] : []),
    ...carrierArguments(carrier, output.lowLatency || isLive, pipeOf(0)),
  ]
  const duration = facts.duration === undefined ? undefined : Math.max(0, facts.duration - at)
  return { way: 'copy', note: undefined, args, outputs: 1, carrier, duration }
}

/** Seconds that come out: whole pictures, as long as there are any. */
function lengthOf(facts: MediaFacts | undefined, { video }: Output, at: number): number | undefined {
  if (facts === undefined) return undefined
  if (facts.isPicture) return PICTURE_TIME
  const own = video === undefined ? undefined : mainStream(facts, 'video')?.duration
  const whole = own ?? facts.duration
  if (whole === undefined) return undefined
  const rest = Math.max(whole - at, 0)
  return video === undefined ? rest : Math.max(1, Math.round(rest * video.frameRate)) / video.frameRate
}

function describe(
  input: ConversionInput,
  facts: MediaFacts | undefined,
  { video, audio, rungs }: Output,
  hold: boolean,
): string | undefined {
  const picture = facts && mainStream(facts, 'video')
  const sound = facts && mainStream(facts, 'audio')
  const words: string[] = []
  if (video !== undefined && !hold) {
    const [rung] = rungs
    const turned = (picture?.rotation ?? 0) % 180 !== 0
    const [width, height] = turned ? [picture?.height, picture?.width] : [picture?.width, picture?.height]
    if (picture !== undefined && rung !== undefined && (width !== rung.width || height !== rung.height))
      words.push(`${width}×${height} → ${rung.width}×${rung.height}`)
    if (rungs.length > 1) words.push(`${rungs.length} sizes`)
    const rate = picture?.frameRate
    if (!facts?.isPicture && rate !== undefined && Math.abs(rate - video.frameRate) > 0.01)
      words.push(`${round(rate)} → ${round(video.frameRate)} fps`)
    if (picture !== undefined && picture.codec !== video.codec) words.push(`${picture.codec} → ${video.codec}`)
    if (input.video === undefined)
      words.push(input.cover !== undefined ? 'its cover is shown' : input.audio !== undefined ? 'waves are shown' : 'a dark picture')
  }
  if (sound !== undefined && !hold) {
    if (sound.codec !== audio.codec) words.push(`${sound.codec} → ${audio.codec}`)
    if (sound.sampleRate !== undefined && sound.sampleRate !== audio.sampleRate) words.push(`${sound.sampleRate} → ${audio.sampleRate} Hz`)
    if (sound.channels !== undefined && sound.channels !== audio.channels) words.push(`${sound.channels} → ${audio.channels} channels`)
  }
  if (input.audio === undefined || hold) words.push('silence added')
  return words.length === 0 ? undefined : words.join(', ')
}

function round(rate: number): number {
  return Math.round(rate * 100) / 100
}

/** Seconds that an item is shown that is a picture. */
const PICTURE_TIME = 10
