import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { parseFramemd5 } from './framemd5.js'
import { Program, run, start } from './programs.js'
import { sleep } from './wait.js'

/** One row of the table of formats: what ffmpeg sends, and who can play it. */
export interface Format {
  readonly name: string
  /** The content type that the source states. */
  readonly type: string
  /** The muxer and its options, as they stand on ffmpeg's command line. */
  readonly mux: readonly string[]
  /** How the media is encoded, and the file's extension that it is kept under until it is sent. */
  readonly encode: readonly string[]
  readonly file: string
  /** What ffprobe must find: the codecs, video first. */
  readonly codecs: readonly string[]
  /** Which element of a page plays it in Chromium, if any does. */
  readonly page?: 'audio' | 'video'
}

const MP3 = '-c:a libmp3lame -b:a 128k'.split(' ')
const AAC = '-c:a aac -b:a 96k'.split(' ')
const OPUS = '-c:a libopus -b:a 96k'.split(' ')
const VORBIS = '-c:a libvorbis -q:a 3'.split(' ')
const FLAC = '-c:a flac'.split(' ')
// A key frame a second, so that a listener that joins late need not wait.
const X264 = '-c:v libx264 -preset veryfast -g 15 -keyint_min 15 -sc_threshold 0 -b:v 200k -pix_fmt yuv420p'.split(' ')
const X265 = '-c:v libx265 -preset ultrafast -x265-params keyint=15:min-keyint=15:log-level=error -b:v 200k -pix_fmt yuv420p'.split(' ')
const VP8 = '-c:v libvpx -deadline realtime -cpu-used 8 -g 15 -b:v 200k'.split(' ')
const VP9 = '-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -g 15 -b:v 200k -pix_fmt yuv420p'.split(' ')
const AV1 = '-c:v libsvtav1 -preset 12 -g 15 -b:v 200k -pix_fmt yuv420p'.split(' ')
const THEORA = '-c:v libtheora -g 15 -b:v 300k'.split(' ')
const FRAGMENTS = '-movflags frag_keyframe+empty_moov+default_base_moof -f mp4'.split(' ')

/** All formats that a source may send. */
export const FORMATS: readonly Format[] = [
  { name: 'MP3', type: 'audio/mpeg', mux: ['-f', 'mp3'], encode: MP3, file: 'mp3', codecs: ['mp3'], page: 'audio' },
  { name: 'AAC (ADTS)', type: 'audio/aac', mux: ['-f', 'adts'], encode: AAC, file: 'aac', codecs: ['aac'], page: 'audio' },
  {
    name: 'Ogg Vorbis',
    type: 'application/ogg',
    mux: ['-f', 'ogg'],
    encode: VORBIS,
    file: 'ogg',
    codecs: ['vorbis'],
    page: 'audio',
  },
  { name: 'Ogg Opus', type: 'audio/ogg', mux: ['-f', 'ogg'], encode: OPUS, file: 'opus', codecs: ['opus'], page: 'audio' },
  { name: 'Ogg FLAC', type: 'audio/ogg', mux: ['-f', 'ogg'], encode: FLAC, file: 'oga', codecs: ['flac'], page: 'audio' },
  {
    name: 'Ogg Theora and Vorbis',
    type: 'video/ogg',
    mux: ['-f', 'ogg'],
    encode: [...THEORA, ...VORBIS],
    file: 'ogv',
    codecs: ['theora', 'vorbis'],
  },
  { name: 'FLAC', type: 'audio/flac', mux: ['-f', 'flac'], encode: FLAC, file: 'flac', codecs: ['flac'], page: 'audio' },
  {
    name: 'WebM VP8 and Vorbis',
    type: 'video/webm',
    mux: ['-cluster_time_limit', '1000', '-f', 'webm'],
    encode: [...VP8, ...VORBIS],
    file: 'vp8.webm',
    codecs: ['vp8', 'vorbis'],
    page: 'video',
  },
  {
    name: 'WebM VP9 and Opus',
    type: 'video/webm',
    mux: ['-f', 'webm'],
    encode: [...VP9, ...OPUS],
    file: 'vp9.webm',
    codecs: ['vp9', 'opus'],
    page: 'video',
  },
  {
    name: 'WebM AV1 and Opus',
    type: 'video/webm',
    mux: ['-f', 'webm'],
    encode: [...AV1, ...OPUS],
    file: 'av1.webm',
    codecs: ['av1', 'opus'],
    page: 'video',
  },
  {
    name: 'Matroska H.264 and AAC',
    type: 'video/x-matroska',
    mux: ['-f', 'matroska'],
    encode: [...X264, ...AAC],
    file: 'mkv',
    codecs: ['h264', 'aac'],
    page: 'video',
  },
  {
    name: 'MPEG-TS H.264 and AAC',
    type: 'video/mp2t',
    mux: ['-f', 'mpegts'],
    encode: [...X264, ...AAC],
    file: 'h264.ts',
    codecs: ['h264', 'aac'],
  },
  {
    name: 'MPEG-TS HEVC and AAC',
    type: 'video/mp2t',
    mux: ['-f', 'mpegts'],
    encode: [...X265, ...AAC],
    file: 'hevc.ts',
    codecs: ['hevc', 'aac'],
  },
  {
    name: 'FLV H.264 and AAC',
    type: 'video/x-flv',
    mux: ['-flvflags', 'no_duration_filesize', '-f', 'flv'],
    encode: [...X264, ...AAC],
    file: 'flv',
    codecs: ['h264', 'aac'],
  },
  {
    name: 'fragmented MP4 H.264 and AAC',
    type: 'video/mp4',
    mux: FRAGMENTS,
    encode: [...X264, ...AAC],
    file: 'mp4',
    codecs: ['h264', 'aac'],
    page: 'video',
  },
]

/** The format of that name. */
export function formatNamed(name: string): Format {
  const found = FORMATS.find((one) => one.name === name)
  if (found === undefined) throw new TypeError(`No format is named ${name}`)
  return found
}

const QUIET = ['-hide_banner', '-nostdin', '-nostats', '-v', 'error', '-threads', '1'] as const

/**
 * A file of moving, numbered pictures and of sound, encoded once for a format and kept for the next run. What it holds is
 * named by its content's recipe, so a change of the recipe makes a new one.
 */
export async function media(format: Format, seconds = 60): Promise<string> {
  const hasVideo = format.codecs.length > 1
  const inputs = [
    ...(hasVideo ? ['-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=15'] : []),
    // Noise under the tone: pure tones let every codec shrink its frames to nothing.
    '-f',
    'lavfi',
    '-i',
    'sine=frequency=440:sample_rate=48000,volume=0.4[a];anoisesrc=color=pink:seed=1:amplitude=0.1:sample_rate=48000[b];[a][b]amix=2,aformat=channel_layouts=stereo',
  ]
  const recipe = [...inputs, '-t', String(seconds), ...format.encode, '-flags', '+bitexact']
  const folder = join('.tap', 'media')
  const path = join(folder, `${createHash('sha256').update(recipe.join('\n')).digest('hex').slice(0, 12)}.${format.file}`)
  if (existsSync(path)) return path
  // Two who want the same at the same time wait for the same encoder.
  let file = underWay.get(path)
  if (file === undefined) underWay.set(path, (file = encode(format, recipe, folder, path)))
  return file
}

const underWay = new Map<string, Promise<string>>()

async function encode(format: Format, recipe: readonly string[], folder: string, path: string): Promise<string> {
  mkdirSync(folder, { recursive: true })
  const unfinished = join(folder, `${process.pid}-${format.file.replace('.', '-')}.${format.file}`)
  const { code, program } = await run('ffmpeg', [...QUIET, '-y', ...recipe, ...(format.file === 'mp4' ? FRAGMENTS : []), unfinished], {
    timeout: 180_000,
  })
  if (code !== 0) throw new Error(`Cannot encode ${format.name}: ${program.output}`)
  renameSync(unfinished, path)
  return path
}

/** Sends a file in real time, as it is, to an address such as `icecast://source:password@host/mount`. */
export function send(t: Test, format: Format, path: string, to: string, options: readonly string[] = []): Program {
  return start(t, 'ffmpeg', [...QUIET, '-re', '-i', path, '-c', 'copy', '-content_type', format.type, ...options, ...format.mux, to])
}

/** What ffprobe says of a stream's codecs, video first. */
export async function codecs(url: string): Promise<{ codecs: string[]; output: string }> {
  const { program } = await run('ffprobe', ['-v', 'error', '-show_entries', 'stream=codec_name,codec_type', '-of', 'json', url], {
    timeout: 25_000,
  })
  const found: { streams?: { codec_name: string; codec_type: string }[] } = JSON.parse(program.stdout || '{}')
  const streams = (found.streams ?? []).toSorted((a, b) => (a.codec_type < b.codec_type ? 1 : -1))
  return { codecs: streams.map((stream) => stream.codec_name), output: program.stderr.trim() }
}

/**
 * What a strict ffmpeg makes of a stream in some seconds: the hashes of its packets as they came, and every complaint. It gets
 * more time when it has not seen enough packets of each stream by then: some formats take it seconds to look into.
 */
export async function listen(url: string, seconds: number, patience = 15): Promise<{ framemd5: string; complaints: string }> {
  const copy = ['-map', '0', '-c', 'copy', '-f', 'framemd5', '-flush_packets', '1', '-']
  const program = new Program('ffmpeg', [...QUIET, '-xerror', '-i', url, ...copy, '-map', '0', '-f', 'null', '-'])
  const has = (): boolean => {
    const { packets } = parseFramemd5(program.stdout)
    return packets.length > 0 && packets.every((list) => list.length >= 25)
  }
  // Not by `-t`: the clock of a stream that is joined late may jump.
  await Promise.race([sleep(seconds * 1000), program.ended])
  for (const end = Date.now() + patience * 1000; program.isRunning && !has() && Date.now() < end;) await sleep(200)
  const early = program.isRunning ? '' : `ended early with code ${String(await program.ended)}`
  await program.stop('SIGINT', 5000)
  return { framemd5: program.stdout, complaints: `${program.stderr.trim()} ${early}`.trim() }
}

/** The same hashes of a recording, whose end may be cut anywhere. */
export async function framemd5(path: string): Promise<string> {
  const { program } = await run('ffmpeg', [...QUIET, '-v', 'quiet', '-i', path, '-map', '0', '-c', 'copy', '-f', 'framemd5', '-'])
  return program.stdout
}

/** The hashes of the packets of a recording that ffprobe calls key frames, of its video. */
export async function keyFrames(path: string): Promise<Set<string>> {
  const entries = '-v quiet -select_streams v -show_packets -show_data_hash md5 -show_entries packet=flags,data_hash -of json'
  const { program } = await run('ffprobe', [...entries.split(' '), path])
  const { packets = [] }: { packets?: { flags: string; data_hash: string }[] } = JSON.parse(program.stdout || '{}')
  return new Set(packets.filter(({ flags }) => flags.includes('K')).map(({ data_hash: hash }) => hash.replace('MD5:', '')))
}
