import { accessSync, constants, readFileSync } from 'node:fs'
import { basename, delimiter, dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { FloecastError } from '../errors.js'
import { type InputDevice, listDevices } from './ffmpeg-devices.js'
import { FfmpegRun, hear, type RunOptions } from './ffmpeg-run.js'

/** An ffmpeg that is installed: see {@link findFfmpeg}. */
export class Ffmpeg {
  /** Where the program is. */
  readonly path: string
  /** Its version, such as `5.1.9`, or the name of the build where it has no number. */
  readonly version: string
  #encoders: Promise<ReadonlySet<string>> | undefined
  readonly #tried = new Map<string, Promise<boolean>>()

  /** @param version as `ffmpeg -version` tells it */
  constructor(path: string, version: string) {
    this.path = path
    this.version = version
  }

  /** Where the ffprobe that came with it is. */
  get probePath(): string {
    const beside = join(dirname(this.path), basename(this.path).replace('ffmpeg', 'ffprobe'))
    return isProgram(beside) ? beside : 'ffprobe'
  }

  /**
   * The names of its encoders, such as `libx264`; asked once.
   * @throws FloecastError `FFMPEG_FAILED`
   */
  encoders(): Promise<ReadonlySet<string>> {
    this.#encoders ??= hear(this.path, ['-hide_banner', '-encoders'], PATIENCE).then(({ code, out, err }) => {
      if (code !== 0) throw new FloecastError('FFMPEG_FAILED', { reason: `it does not list its encoders (${err.trim().slice(-200)})` })
      return new Set([...out.matchAll(/^ [VA][A-Z.]{5} (\w\S*) /gm)].map(([, name = '']) => name))
    })
    return this.#encoders
  }

  /** Those of the encoders of graphics chips that do work here: each that ffmpeg has is tried with some small pictures, once. */
  async hardwareEncoders(): Promise<readonly string[]> {
    const encoders = await this.encoders()
    const found: string[] = []
    // One after the other: chips have a limit of encoders at a time.
    for (const name of HARDWARE_ENCODERS) if (encoders.has(name) && (await this.#try(name))) found.push(name)
    return found
  }

  /** The cameras, microphones and screens that it can record from. */
  devices(): Promise<readonly InputDevice[]> {
    const ask = async (...args: readonly string[]): Promise<string> => {
      const { out, err } = await hear(this.path, ['-hide_banner', ...args], PATIENCE)
      return `${out}\n${err}`
    }
    return listDevices(ask, process.platform)
  }

  /** Starts it with arguments, after `-nostdin -hide_banner -loglevel warning`. */
  run(args: readonly string[], options?: RunOptions): FfmpegRun {
    return new FfmpegRun(this.path, args, options)
  }

  #try(encoder: string): Promise<boolean> {
    let tried = this.#tried.get(encoder)
    if (tried === undefined) {
      const { before, filter } = hardwareArguments(encoder)
      const args = [
        ...before,
        '-f',
        'lavfi',
        '-i',
        'color=size=640x360:rate=25:duration=0.2',
        '-vf',
        filter,
        '-c:v',
        encoder,
        '-f',
        'null',
        '-',
      ]
      tried = hear(this.path, ['-nostdin', '-hide_banner', '-loglevel', 'error', ...args], PATIENCE).then(({ code }) => code === 0)
      this.#tried.set(encoder, tried)
    }
    return tried
  }
}

/** What an encoder of a graphics chip needs beside its name. */
export interface HardwareArguments {
  /** What stands before the inputs. */
  readonly before: readonly string[]
  /** What ends the filters: how the pictures reach the chip. */
  readonly filter: string
}

/** What an encoder needs beside its name, so that it gets 8-bit pictures with halved colour. */
export function hardwareArguments(encoder: string): HardwareArguments {
  if (encoder.endsWith('_vaapi')) return { before: ['-vaapi_device', '/dev/dri/renderD128'], filter: 'format=nv12,hwupload' }
  return { before: [], filter: encoder.endsWith('_qsv') ? 'format=nv12' : 'format=yuv420p' }
}

/** Where to look for ffmpeg. */
export interface FindOptions {
  /** Where the program is; without it, it is looked for in the folders of `PATH`. */
  readonly path?: string | undefined
}

/**
 * Finds ffmpeg and asks for its version.
 * @throws FloecastError `FFMPEG_MISSING`, with the line that installs it on this system
 */
export async function findFfmpeg({ path }: FindOptions = {}): Promise<Ffmpeg> {
  const found = path ?? findProgram('ffmpeg')
  if (found === undefined) throw missing('ffmpeg')
  const { code, out } = await hear(found, ['-version'], PATIENCE)
  const told = /^ffmpeg version (\S+)/.exec(out)?.[1]
  if (code !== 0 || told === undefined) throw missing('ffmpeg', `: ${found} is not a program that works as it`)
  return new Ffmpeg(found, /^n?(\d+(?:\.\d+)+)/.exec(told)?.[1] ?? told)
}

/** The error that says that a program of ffmpeg's is not there, and how to get it. */
export function missing(program: string, where = ''): FloecastError {
  return new FloecastError('FFMPEG_MISSING', { program, where, line: installLine() })
}

/** Where a program is among the folders of `PATH`. */
export function findProgram(name: string): string | undefined {
  const file = process.platform === 'win32' ? `${name}.exe` : name
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
  return folders.map((folder) => join(folder, file)).find(isProgram)
}

/** The line that installs ffmpeg on a system. */
export function installLine(platform: NodeJS.Platform = process.platform, release = readRelease()): string {
  if (platform === 'darwin') return 'brew install ffmpeg'
  if (platform === 'win32') return 'winget install Gyan.FFmpeg'
  const line = INSTALLERS.find(([system]) => system.test(release))?.[1]
  if (line === undefined) return 'https://ffmpeg.org/download.html'
  return process.getuid?.() === 0 ? line : `sudo ${line}`
}

/** Options of {@link ffmpeg}. */
export interface FfmpegOptions extends FindOptions {
  /** Stops it when it is aborted. */
  readonly signal?: AbortSignal
}

/**
 * Runs ffmpeg and gives what it writes to `pipe:1`. It is held while nobody reads, and ends with the stream; when it fails, the stream's
 * `error` is a {@link FloecastError} with a sentence made of its complaints.
 *
 * @example
 * ```ts
 * const media = ffmpeg(['-re', '-i', 'song.flac', '-c:a', 'libmp3lame', '-f', 'mp3', 'pipe:1'])
 * await pipeline(media, new SourceClient('http://source:hackme@localhost:8000/live.mp3', { contentType: 'audio/mpeg' }))
 * ```
 */
export function ffmpeg(args: readonly string[], options: FfmpegOptions = {}): Readable {
  let run: FfmpegRun | undefined
  const stream = new Readable({
    read: () => void run?.outputs[0]!.resume(),
    construct: (ready) => {
      findFfmpeg(options).then((program) => {
        if (stream.destroyed) return ready()
        run = program.run(args, { signal: options.signal })
        const { end } = run
        const output = run.outputs[0]!.pause()
        output.on('data', (chunk: Buffer) => {
          if (!stream.push(chunk)) output.pause()
        })
        output.once('close', () => {
          void end.then(({ problem }) => {
            if (options.signal?.aborted) stream.destroy(new DOMException('ffmpeg was stopped', 'AbortError'))
            else if (problem === undefined) stream.push(null)
            else stream.destroy(problem)
          })
        })
        ready()
      }, ready)
    },
    destroy: (error, done) => {
      if (run === undefined) done(error)
      else void run.stop().then(() => done(error))
    },
  })
  return stream
}

/** Milliseconds that it may take to tell something. */
const PATIENCE = 10_000

/** In order of preference. */
const HARDWARE_ENCODERS = ['h264', 'hevc', 'av1'].flatMap((codec) =>
  ['videotoolbox', 'nvenc', 'qsv', 'amf', 'vaapi'].map((kind) => `${codec}_${kind}`),
)

/** By what `/etc/os-release` says of the system's kind. */
const INSTALLERS: readonly (readonly [system: RegExp, line: string])[] = [
  [/^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m, 'apt install ffmpeg'],
  [/^ID(_LIKE)?=.*\b(fedora|rhel)\b/m, 'dnf install ffmpeg-free'],
  [/^ID(_LIKE)?=.*\barch\b/m, 'pacman -S ffmpeg'],
  [/^ID(_LIKE)?=.*\bsuse\b/m, 'zypper install ffmpeg'],
  [/^ID(_LIKE)?=.*\balpine\b/m, 'apk add ffmpeg'],
]

function readRelease(): string {
  try {
    return readFileSync('/etc/os-release', 'utf8')
  } catch {
    return ''
  }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
