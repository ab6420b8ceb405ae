import { hardwareArguments } from '../client/ffmpeg.js'
import type { MediaStream } from '../client/probe-facts.js'
import { type ConversionInput, formatRate } from './conversion-input.js'
import type { AudioOutput, Output, Rung } from './output.js'

/** Filters that make of an input what an output wants. */
export interface ConversionFilter {
  /** For `-filter_complex`. */
  readonly graph: string
  /** Where the pictures come out, for each rung; empty for sound alone. */
  readonly video: readonly string[]
  /** Where the sound comes out, for each rung. */
  readonly audio: readonly string[]
}

/** What is known of an input beside where it is. */
export interface FilterFacts {
  /** Its pictures, where they are known. */
  readonly picture: MediaStream | undefined
  /** Seconds after which all ends; `undefined` when the input's end is the end. */
  readonly duration: number | undefined
  /** Whether the first picture is to be held, in silence. */
  readonly hold: boolean
  /** Whether there is but one picture. */
  readonly isPicture: boolean
  /** An input that is silence, for what has no sound and ends nobody knows when. */
  readonly silence: string | undefined
}

/**
 * Makes the filters. Pictures fill the output's size without being stretched, come at its rate from 0 on, and are held where they end before the item does; what
 * has sound alone gets its cover, or its waves. Sound is silence where there is none.
 */
export function conversionFilter(input: ConversionInput, { video, audio, rungs }: Output, facts: FilterFacts): ConversionFilter {
  const count = Math.max(1, rungs.length)
  const chains: string[] = []
  const isShown = video !== undefined
  // What lasts a known time is held, and then cut off exactly there.
  const isPadded = facts.duration !== undefined
  // A cover has no end of its own.
  const hasCover = input.cover !== undefined && isPadded
  const hasWaves = isShown && !facts.hold && input.video === undefined && input.audio !== undefined && !hasCover
  const sound = `aformat=sample_rates=${audio.sampleRate}:channel_layouts=${LAYOUTS[audio.channels] ?? 'stereo'}`
  const source =
    input.audio === undefined || facts.hold ? silenceGraph(audio) : `[${input.audio}]aresample=${audio.sampleRate}:async=1000:first_pts=0`
  const pad = isPadded && input.audio !== undefined && !facts.hold ? `,apad=pad_dur=${HOLD}` : ''
  const ends = [...names('a', count), ...(hasWaves ? ['[waves]'] : [])]
  if (facts.silence === undefined) chains.push(`${source},${sound}${pad}${ends.length > 1 ? `,asplit=${ends.length}` : ''}${ends.join('')}`)
  if (!isShown) return { graph: chains.join(';'), video: [], audio: names('a', count) }
  const rate = formatRate(video.frameRate)
  const split = `${count > 1 ? `,split=${count}` : ''}${names('p', count).join('')}`
  chains.push(`${pictures(input, rungs[0]!, rate, facts, isPadded, hasWaves)}${split}`)
  const { filter } = hardwareArguments(video.encoder)
  for (const [i, { width, height }] of rungs.entries()) {
    const fit = `scale=${width}:${height}:force_original_aspect_ratio=decrease:force_divisible_by=2:out_color_matrix=bt709:out_range=tv`
    // The same colour tags everywhere: they are part of what decoders are set up with.
    const tags = 'setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709'
    chains.push(`[p${i}]${fit},pad=${width}:${height}:-1:-1,setsar=1,${tags},${filter}[v${i}]`)
  }
  const { silence } = facts
  return { graph: chains.join(';'), video: names('v', count), audio: names('a', count).map((name) => silence ?? name) }
}

/** The graph of silence in the layout of an output. */
export function silenceGraph({ sampleRate, channels }: AudioOutput): string {
  return `anullsrc=sample_rate=${sampleRate}:channel_layout=${LAYOUTS[channels] ?? 'stereo'}`
}

function pictures(input: ConversionInput, rung: Rung, rate: string, facts: FilterFacts, isPadded: boolean, hasWaves: boolean): string {
  const { width, height } = rung
  if (hasWaves) return `[waves]showwaves=size=${width}x${height}:rate=${rate}:mode=cline:colors=${WAVES}`
  const picture = input.video ?? input.cover
  if (picture === undefined) return `color=color=${GROUND}:size=${width}x${height}:rate=${rate}`
  const still = `trim=end_frame=1,loop=loop=-1:size=1,setpts=N/(${rate})/TB,fps=${rate}`
  const { pixelAspect = 1, isInterlaced = false } = facts.picture ?? {}
  const square = pixelAspect === 1 ? '' : 'scale=trunc(iw*sar/2)*2:ih,setsar=1,'
  const progressive = isInterlaced ? 'yadif,' : ''
  if (facts.hold || facts.isPicture || input.video === undefined) return `[${picture}]${square}${still}`
  const held = isPadded ? `,tpad=stop_mode=clone:stop_duration=${HOLD}` : ''
  return `[${picture}]${progressive}${square}fps=${rate}:start_time=0${held}`
}

function names(letter: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `[${letter}${i}]`)
}

/** Seconds that the last picture is held at most, and silence goes on, when an item ends before its time. */
const HOLD = 5
const GROUND = '0x0b1620'
const WAVES = '0x5cc8ec'
/** ffmpeg's names of the usual layouts, by the number of channels. */
const LAYOUTS: readonly (string | undefined)[] = [undefined, 'mono', 'stereo', '2.1', 'quad', '5.0', '5.1', '6.1', '7.1']
