import { extname } from 'node:path'
import { FloecastError } from '../../lib/errors.js'
import { type Ffmpeg, findFfmpeg, type Playlist, probe, sourceKind } from '../../lib/client/index.js'
import { createOutput, type Output, type OutputOptions, outputOptions } from '../../lib/streamer/index.js'
import type { OptionValues } from './arguments.js'

// How many entries are looked at before it begins, how many at a time, and after how many milliseconds no further one is, once something is known: enough to
// find out whether a list is of one kind.
const LOOKED_AT = 40
const AT_ONCE = 3
const PATIENCE = 2_500

/** What goes out, and with what it is made. */
export interface Making {
  /** What goes out. */
  readonly output: Output
  /** What converts; undefined where ffmpeg is not there, and not needed. */
  readonly ffmpeg: Ffmpeg | undefined
  /** What is not as it was asked for, in one sentence. */
  readonly notice?: string
}

/**
 * Decides what goes out: what the options say, and for the rest what the list has in common.
 * @throws FloecastError with one sentence when ffmpeg is needed and not there, when it lacks an encoder, when options do not go together
 */
export async function decideOutput(playlist: Playlist, values: OptionValues): Promise<Making> {
  const sources = playlist.entries.map(({ source }) => source)
  const options = optionsOf(values, sources)
  let ffmpeg: Ffmpeg
  try {
    ffmpeg = await findFfmpeg(typeof values.ffmpeg === 'string' ? { path: values.ffmpeg } : {})
  } catch (error) {
    if (!(error instanceof FloecastError) || values.ffmpeg !== undefined || needsFfmpeg(options, sources)) throw error
    // Files go out as they are, and those that cannot are skipped with a sentence that says why.
    const format = options.format ?? FORMATS[extname(sources[0] ?? '').toLowerCase()]
    return { output: createOutput({ ...options, ...(format !== undefined && { format }), copy: 'always' }), ffmpeg: undefined }
  }
  const [encoders, hardware, facts] = await Promise.all([
    ffmpeg.encoders(),
    options.hardware === true ? ffmpeg.hardwareEncoders() : [],
    look(sources, ffmpeg),
  ])
  const output = createOutput(options, { encoders, hardware }, facts)
  const { encoder = '' } = output.video ?? {}
  if (options.hardware !== true || output.video === undefined || hardware.some((name) => name === encoder)) return { output, ffmpeg }
  // ffmpeg lists what it was built with, not what this computer has.
  const notice = `--hardware: no graphics card here encodes ${output.video.codec}, so ${encoder} does it; that takes more of the processor`
  return { output, ffmpeg, notice }
}

/** Options of the command line as the library has them. */
function optionsOf(values: OptionValues, sources: readonly string[]): OutputOptions {
  const text = (name: keyof OptionValues): string | undefined => {
    const value = values[name]
    return typeof value === 'string' ? value : undefined
  }
  const [width, height] = (text('size') ?? '').split(/[x×]/i).map(Number)
  const onlySound = sources.length > 0 && sources.every((source) => source.startsWith('microphone:'))
  const asked = {
    quality: text('quality'),
    format: text('format') ?? (onlySound && values['audio-codec'] === undefined ? 'mp3' : undefined),
    videoCodec: text('video-codec'),
    audioCodec: text('audio-codec'),
    size: width !== undefined && height !== undefined ? { width, height } : undefined,
    frameRate: text('frame-rate') === undefined ? undefined : Number(text('frame-rate')),
    videoBitrate: bitsOf(text('video-bitrate')),
    audioBitrate: bitsOf(text('audio-bitrate')),
    ladder: text('ladder')?.split(',').map(Number),
    hardware: values.hardware === true,
    lowLatency: values['low-latency'] === true,
    copy: values.copy === true ? 'always' : undefined,
  }
  const said = Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined))
  const read = outputOptions.safeParse(said)
  if (read.success) return read.data
  const [issue] = read.error.issues
  const name = String(issue?.path[0] ?? '').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
  throw new FloecastError('OUTPUT_REFUSED', { reason: `--${name}: ${issue?.message.toLowerCase() ?? 'it is not as it should be'}` })
}

/** Bits a second of what people write: `2500k`, `2.5M`. */
function bitsOf(text: string | undefined): number | undefined {
  const [, count, unit = ''] = /^([\d.]+)([kM]?)$/i.exec(text ?? '') ?? []
  if (count === undefined) return undefined
  return Math.round(Number(count) * ({ k: 1000, m: 1_000_000 }[unit.toLowerCase()] ?? 1))
}

const FORMATS: Readonly<Record<string, NonNullable<OutputOptions['format']>>> = {
  '.mp3': 'mp3',
  '.aac': 'adts',
  '.flac': 'flac',
  '.ogg': 'ogg',
  '.oga': 'ogg',
  '.opus': 'ogg',
  '.webm': 'webm',
  '.mkv': 'matroska',
}

// Wishes that only an encoder grants.
const WISHES = ['videoCodec', 'audioCodec', 'size', 'frameRate', 'videoBitrate', 'audioBitrate', 'ladder'] as const
// What is read without another program.
const isPlain = (source: string): boolean => sourceKind(source) === 'file' || source === '-' || /^https?:/i.test(source)

/** Whether nothing can be done without ffmpeg: there is a device, an address that it alone can read, or a wish that it alone can grant. */
function needsFfmpeg(options: OutputOptions, sources: readonly string[]): boolean {
  const { quality = 'copy', copy } = options
  const converts = copy !== 'always' && (quality !== 'copy' || WISHES.some((wish) => options[wish] !== undefined))
  return converts || !sources.every(isPlain)
}

/** What is known of the first entries; what cannot be read is left to its turn. */
async function look(sources: readonly string[], ffmpeg: Ffmpeg): Promise<Awaited<ReturnType<typeof probe>>[]> {
  const files = sources.filter((source) => sourceKind(source) === 'file' || sourceKind(source) === 'address').slice(0, LOOKED_AT)
  const end = Date.now() + PATIENCE
  const found = new Map<string, Awaited<ReturnType<typeof probe>>>()
  const rest = files.values()
  const work = async (): Promise<void> => {
    for (const source of rest) {
      if (Date.now() > end && found.size > 0) return
      const facts = await probe(source, { path: ffmpeg.probePath }).catch(() => undefined)
      if (facts !== undefined) found.set(source, facts)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return files.flatMap((source) => found.get(source) ?? [])
}
