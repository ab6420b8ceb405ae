import { type ChildProcess, execFile, type IOType, spawn } from 'node:child_process'
import { once } from 'node:events'
import { Readable, type Writable } from 'node:stream'
import { FloecastError } from '../errors.js'
import { explain } from './ffmpeg-complaint.js'

/** How ffmpeg is run. */
export interface RunOptions {
  /** How many byte streams come out: `pipe:1` is the first, `pipe:3` the second, `pipe:4` the third. Default 1. */
  readonly outputs?: number
  /** Whether something is written to it, as `pipe:0`. Default false: it gets no standard input. */
  readonly input?: boolean
  /** What it reads, for people: errors call it so. */
  readonly source?: string
  /** Stops it when it is aborted. */
  readonly signal?: AbortSignal | undefined
}

/** How a run of ffmpeg has ended. */
export interface RunEnd {
  /** Why it ended before its time, in a sentence for people; `undefined` when it came to its end, or was stopped. */
  readonly problem: FloecastError | undefined
  /** What ffmpeg complained about on the way, newest last; 40 lines at most. */
  readonly complaints: readonly string[]
}

/**
 * A process of ffmpeg that runs until its input ends, it fails, or it is stopped; it never outlives this process. Who does not read its outputs holds it.
 */
export class FfmpegRun {
  /** What comes out of `pipe:1`, `pipe:3`, `pipe:4`… An output that ends says nothing of why: that is in {@link FfmpegRun.end}. */
  readonly outputs: readonly Readable[]
  /** What goes in as `pipe:0`, where that was asked for. */
  readonly input: Writable | undefined
  /** Settles when the process is gone; it never rejects. */
  readonly end: Promise<RunEnd>
  readonly #child: ChildProcess
  readonly #complaints: string[] = []
  #rest = ''
  #stopped = false

  /** Starts ffmpeg at `path` with arguments; errors of starting it are told by {@link FfmpegRun.end}. */
  constructor(path: string, args: readonly string[], { outputs = 1, input = false, source, signal }: RunOptions = {}) {
    const stdio: IOType[] = [input ? 'pipe' : 'ignore', ...Array.from({ length: outputs + 1 }, () => 'pipe' as const)]
    const child: ChildProcess = spawn(path, [...(input ? [] : ['-nostdin']), ...QUIET, ...args], {
      stdio,
      windowsHide: true,
      env: environment(),
    })
    this.#child = child
    running.add(child)
    this.outputs = [1, ...Array.from({ length: outputs - 1 }, (_, i) => i + 3)].map((i) => readable(child, i))
    this.input = child.stdin ?? undefined
    // A process that ends early breaks the pipes; why it did is told at the end.
    this.input?.on('error', () => {})
    for (const output of this.outputs) output.on('error', () => {})
    child.stderr?.on('data', (chunk: Buffer) => this.#listen(chunk.toString()))
    const stop = (): void => void this.stop()
    signal?.addEventListener('abort', stop, { once: true })
    this.end = this.#wait(path, source).finally(() => {
      running.delete(child)
      signal?.removeEventListener('abort', stop)
    })
    if (signal?.aborted) stop()
  }

  /** The number of the process; `undefined` when it could not be started. */
  get pid(): number | undefined {
    return this.#child.pid
  }

  /** Ends the process, with force after two seconds; what its outputs still hold is lost. Harmless when it has ended. */
  stop(): Promise<RunEnd> {
    if (!this.#stopped && this.#isRunning) {
      this.#stopped = true
      // It may be waiting for a reader; a pipe that is gone ends the wait.
      for (const output of this.outputs) output.destroy()
      this.input?.destroy()
      this.#child.kill()
      const force = setTimeout(() => this.#child.kill('SIGKILL'), PATIENCE)
      void this.end.then(() => clearTimeout(force))
    }
    return this.end
  }

  get #isRunning(): boolean {
    return this.#child.pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null
  }

  async #wait(path: string, source: string | undefined): Promise<RunEnd> {
    const child = this.#child
    const heard = child.stderr === null ? undefined : once(child.stderr, 'close')
    const failure = await new Promise<Error | undefined>((resolve) => {
      child.once('error', (error) => (child.pid === undefined ? resolve(error) : undefined))
      child.once('exit', () => resolve(undefined))
    })
    await heard?.catch(() => {})
    this.#listen('\n')
    const complaints = this.#complaints
    if (failure !== undefined)
      return { problem: new FloecastError('FFMPEG_FAILED', { reason: `${path} does not start (${failure.message})` }), complaints }
    if (this.#stopped || child.exitCode === 0) return { problem: undefined, complaints }
    const { signalCode } = child
    const killed =
      signalCode === null ? undefined : new FloecastError('FFMPEG_FAILED', { reason: `it was ended from outside (${signalCode})` })
    return { problem: killed ?? explain(complaints, source), complaints }
  }

  #listen(text: string): void {
    const lines = (this.#rest + text).split(/[\r\n]+/)
    this.#rest = (lines.pop() ?? '').slice(-MAX_LINE)
    for (const line of lines) if (line.trim() !== '') this.#complaints.push(line.trim().slice(0, MAX_LINE))
    this.#complaints.splice(0, this.#complaints.length - MAX_LINES)
  }
}

/** What a program that ends by itself has written. */
export interface Spoken {
  /** Its exit code; `null` when it was ended, as after the time given, or could not be started. */
  readonly code: number | null
  /** Standard output. */
  readonly out: string
  /** Standard error. */
  readonly err: string
}

/** Runs a program to its end, for `timeout` milliseconds at most, and gives what it writes. It never rejects. */
export function hear(path: string, args: readonly string[], timeout: number, signal?: AbortSignal): Promise<Spoken> {
  return new Promise((resolve) => {
    const options = { timeout, killSignal: 'SIGKILL', maxBuffer: MAX_SPOKEN, windowsHide: true, env: environment(), signal } as const
    const child = execFile(path, [...args], options, (error, out, err) => {
      running.delete(child)
      resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : null, out, err })
    })
    running.add(child)
    child.stdin?.end()
  })
}

/** What every run begins with: complaints alone, each with how bad it is. */
const QUIET = ['-hide_banner', '-loglevel', 'level+warning']
/** Milliseconds between asking a process to end and ending it. */
const PATIENCE = 2000
const MAX_LINES = 40
const MAX_LINE = 500
const MAX_SPOKEN = 16 * 1_048_576

const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

// The system's own words for errors come in the user's language, which `explain` could not read.
function environment(): NodeJS.ProcessEnv {
  // One encoder of AV1 has a log of its own.
  return { ...process.env, LC_ALL: 'C.UTF-8', AV_LOG_FORCE_NOCOLOR: '1', SVT_LOG: '1' }
}

function readable(child: ChildProcess, descriptor: number): Readable {
  const stream = child.stdio[descriptor]
  // A process that could not be started has no pipes.
  return stream instanceof Readable ? stream : Readable.from([])
}
