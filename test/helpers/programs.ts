import { type ChildProcess, spawn } from 'node:child_process'
import { accessSync, chmodSync, constants, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import type { Test } from 'tap'
import { sleep } from './wait.js'

/** Which Debian package brings a program. */
const PACKAGES: Readonly<Record<string, string>> = {
  ffmpeg: 'ffmpeg',
  ffprobe: 'ffmpeg',
  cvlc: 'vlc-bin vlc-plugin-base',
  mpv: 'mpv',
  curl: 'curl',
  ezstream: 'ezstream',
  liquidsoap: 'liquidsoap',
  icecast2: 'icecast2',
  chromium: 'chromium',
  'firefox-esr': 'firefox-esr',
  oggfwd: 'oggfwd',
  shout: 'libshout-tools',
  ices2: 'ices2',
  darkice: 'darkice',
  butt: 'butt',
  mpd: 'mpd',
  mpc: 'mpc',
  'gst-launch-1.0': 'gstreamer1.0-tools gstreamer1.0-plugins-good',
  obs: 'obs-studio',
  mplayer: 'mplayer',
  ffplay: 'ffmpeg',
  streamripper: 'streamripper',
  Xvfb: 'xvfb',
  pulseaudio: 'pulseaudio libasound2-plugins',
  openssl: 'openssl',
  cc: 'gcc libc6-dev',
}

/** Where a program stands, or undefined. */
export function which(name: string): string | undefined {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, name)
    try {
      accessSync(path, constants.X_OK)
      return path
    } catch {
      continue
    }
  }
  return undefined
}

/**
 * Whether all the programs are installed. If one is not, the test is skipped with a sentence that says how to get it; in CI,
 * where all of them must be there, it fails.
 */
export function needs(t: Test, ...names: readonly string[]): boolean {
  const missing = names.filter((name) => which(name) === undefined)
  if (missing.length === 0) return true
  const packages = [...new Set(missing.map((name) => PACKAGES[name] ?? name))].join(' ')
  const sentence = `This test needs ${missing.join(', ')}: apt-get install --no-install-recommends ${packages}`
  if (process.env['CI'] === undefined || process.env['CI'] === '') t.pass(sentence, { skip: sentence })
  else t.fail(sentence)
  return false
}

/** The environment of programs under test: ours, without what tap puts there to watch its own processes. */
export function cleanEnvironment(more: Readonly<Record<string, string>> = {}): Record<string, string> {
  const environment: Record<string, string> = {}
  for (const [name, value] of Object.entries(process.env))
    if (value !== undefined && !/^(_?TAP|NODE_OPTIONS$|NODE_V8_COVERAGE$|FLOECAST_|npm_)/.test(name)) environment[name] = value
  return { ...environment, ...more }
}

// tap's loader puts itself into the environment of every process that is spawned, whatever environment that is given.
const UNWATCHED = process.platform === 'win32' ? [] : ['/usr/bin/env', '-u', 'NODE_OPTIONS']

const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** How a program is started. */
export interface ProgramOptions {
  /** Variables on top of the environment. */
  readonly env?: Readonly<Record<string, string>>
  /** What its standard input gets, at once. */
  readonly input?: string | Buffer
  /** Run it as `nobody` when we are root: some programs refuse root. */
  readonly unprivileged?: boolean
  /** The folder it runs in. */
  readonly cwd?: string
}

/** A program that runs beside the test. */
export class Program {
  /** The process. */
  readonly child: ChildProcess
  /** Settles with the exit code, or with the name of the signal that ended it. */
  readonly ended: Promise<number | string>
  #out: Buffer[] = []
  #err = ''
  #name: string

  constructor(command: string, args: readonly string[], { env = {}, input, unprivileged = false, cwd }: ProgramOptions = {}) {
    this.#name = command
    const isRoot = process.getuid?.() === 0
    const drop = unprivileged && isRoot
    const prefix = drop ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] : command === process.execPath ? UNWATCHED : []
    const line = [...prefix, command, ...args]
    const home = drop ? { HOME: nobodysHome() } : {}
    this.child = spawn(line[0] ?? '', line.slice(1), {
      env: cleanEnvironment({ ...home, ...env }),
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(cwd === undefined ? {} : { cwd }),
    })
    running.add(this.child)
    this.child.stdout?.on('data', (chunk: Buffer) => this.#out.push(chunk))
    this.child.stderr?.on('data', (chunk: Buffer) => (this.#err += chunk.toString()))
    // A program that ends early breaks the pipe; its exit code says why.
    this.child.stdin?.on('error', () => {})
    if (input !== undefined) this.child.stdin?.end(input)
    this.ended = new Promise((resolve) => {
      this.child.once('error', (error) => {
        running.delete(this.child)
        this.#err += String(error)
        resolve(127)
      })
      this.child.once('close', (code, signal) => {
        running.delete(this.child)
        resolve(code ?? signal ?? 'unknown')
      })
    })
  }

  /** The process id. */
  get pid(): number {
    if (this.child.pid === undefined) throw new Error(`Cannot start ${this.#name}: ${this.#err}`)
    return this.child.pid
  }
  /** Whether it still runs. */
  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null && this.child.pid !== undefined
  }
  /** What it has written to standard output so far. */
  get stdout(): string {
    return this.stdoutBytes.toString()
  }
  /** The same as bytes. */
  get stdoutBytes(): Buffer {
    return Buffer.concat(this.#out)
  }
  /** What it has written to standard error so far. */
  get stderr(): string {
    return this.#err
  }
  /** Both, for messages. */
  get output(): string {
    return `${this.stdout}\n${this.stderr}`.trim()
  }

  /** Ends it: with SIGTERM, and with SIGKILL if it stays for longer than `patience` milliseconds. */
  async stop(signal: NodeJS.Signals = 'SIGTERM', patience = 3000): Promise<number | string> {
    if (this.isRunning) this.child.kill(signal)
    const kill = setTimeout(() => this.child.kill('SIGKILL'), patience)
    const code = await this.ended
    clearTimeout(kill)
    return code
  }
}

/** Whatever ends what was opened for it: a test, or a benchmark. */
export interface Scope {
  teardown(end: () => unknown): void
}

/** Starts a program that ends with the test at the latest. */
export function start(t: Scope, command: string, args: readonly string[], options?: ProgramOptions): Program {
  const program = new Program(command, args, options)
  t.teardown(() => program.stop())
  return program
}

/** Runs a program to its end, or for `timeout` milliseconds at most; then its code is the signal that ended it. */
export async function run(
  command: string,
  args: readonly string[],
  { timeout = 30_000, ...options }: ProgramOptions & { readonly timeout?: number } = {},
): Promise<{ code: number | string; program: Program }> {
  const program = new Program(command, args, { input: '', ...options })
  const limit = new AbortController()
  void sleep(timeout, undefined, { signal: limit.signal }).then(
    () => program.stop(),
    () => {},
  )
  const code = await program.ended
  limit.abort()
  return { code, program }
}

let home: string | undefined
/** A home that `nobody` may write to; it goes when we go. */
function nobodysHome(): string {
  if (home === undefined) {
    const made = mkdtempSync(join(tmpdir(), 'floecast-nobody-'))
    home = made
    chmodSync(made, 0o777)
    process.on('exit', () => rmSync(made, { recursive: true, force: true }))
  }
  return home
}
