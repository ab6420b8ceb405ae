import { type ChildProcess, spawn } from 'node:child_process'
import type { Readable } from 'node:stream'
import type { Clock } from '../clock.js'
import type { Logger } from '../log.js'
import type { Mount } from '../mount/mount.js'
import type { Source } from '../mount/source.js'
import type { ServerSettings } from '../options/index.js'
import { VERSION } from '../version.js'

/** What is needed of the server whose hooks they are. */
export interface HooksOwner {
  /** The settings in force. */
  readonly settings: ServerSettings
  /** Where time comes from. */
  readonly clock: Clock
  /** Where it is written what the programs say. */
  readonly logger: Logger
}

/** What has happened, in the words of Icecast 2.5. */
export type HookEvent = 'source-connect' | 'source-disconnect'

interface Job {
  readonly program: string
  readonly event: HookEvent
  readonly mount: string
  readonly env: Readonly<Record<string, string>>
}

/** How many programs run at a time, and how many more may wait for their turn. */
const MOST = 32
const MOST_WAITING = 1_000
/** Milliseconds between asking a program to end and ending it, and what programs have left when the server closes. */
const GRACE = 5_000
const FAREWELL = 2_000
/** What of a program's output reaches the log: characters in all, and of one line. */
const MOST_OUTPUT = 8_192
const MOST_LINE = 500
/** Characters of a value that a peer has chosen. */
const MOST_VALUE = 1_024

/**
 * Runs the programs that the settings name when a source connects and when it goes. Each is started without a shell, in a group of its own, with an environment of
 * a few variables and none of the server's files or sockets; its output goes to the log. No stream waits for it.
 */
export class Hooks {
  readonly #owner: HooksOwner
  readonly #waiting: Job[] = []
  readonly #running = new Set<ChildProcess>()
  #closing = false
  #idle: (() => void) | undefined

  constructor(owner: HooksOwner) {
    this.#owner = owner
  }

  /** Programs that run at the moment. */
  get size(): number {
    return this.#running.size
  }

  /** A source has connected to a mount. */
  connected(source: Source, mount: Mount): void {
    this.#add(mount.settings.onConnect, 'source-connect', source, mount)
  }

  /** A source has gone. */
  disconnected(source: Source, mount: Mount): void {
    this.#add(mount.settings.onDisconnect, 'source-disconnect', source, mount)
  }

  /** Lets programs end for two seconds, and then ends those that are left. */
  async close(): Promise<void> {
    if (this.size > 0) {
      await new Promise<void>((resolve) => {
        const cancel = this.#owner.clock.after(FAREWELL, resolve)
        this.#idle = () => {
          cancel()
          resolve()
        }
      })
    }
    this.#closing = true
    if (this.#waiting.length > 0) this.#owner.logger.warn({}, `the server closes: ${this.#waiting.length} hooks are not run any more`)
    for (const child of this.#running) kill(child, 'SIGTERM')
  }

  #add(program: string | undefined, event: HookEvent, source: Source, mount: Mount): void {
    if (program === undefined || this.#closing) return
    const { name } = mount
    if (this.#waiting.length >= MOST_WAITING) {
      this.#owner.logger.warn({ mount: name }, `${program} is not run: ${MOST_WAITING} hooks wait already`)
      return
    }
    this.#waiting.push({ program, event, mount: name, env: this.#environment(event, source, mount) })
    this.#next()
  }

  #environment(
    event: HookEvent,
    { details: { address, agent, user, contentType } }: Source,
    { name, info }: Mount,
  ): Record<string, string> {
    const said = {
      PATH: process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin',
      ICECAST_VERSION: VERSION,
      ICECAST_HOSTNAME: this.#owner.settings.hostname,
      EVENT_TRIGGER: event,
      EVENT_URI: name,
      SOURCE_MEDIA_TYPE: contentType,
      CLIENT_IP: address,
      CLIENT_USERNAME: user,
      CLIENT_USERAGENT: agent,
      MOUNT_NAME: info.name,
      MOUNT_DESCRIPTION: info.description,
      MOUNT_GENRE: info.genre,
      MOUNT_URL: info.url,
    }
    return Object.fromEntries(
      Object.entries(said).flatMap(([key, value]) => {
        const text = key === 'PATH' ? value : value?.replaceAll(/\p{Cc}+/gu, ' ').slice(0, MOST_VALUE)
        return text === undefined || text === '' ? [] : [[key, text]]
      }),
    )
  }

  #next(): void {
    while (!this.#closing && this.size < MOST && this.#waiting.length > 0) this.#run(this.#waiting.shift()!)
    if (this.size === 0) this.#idle?.()
  }

  #run({ program, event, mount, env }: Job): void {
    const { logger, clock, settings } = this.#owner
    const about = { mount, hook: event }
    // Detached: a group of its own, so that what the program starts ends with it.
    const child = spawn(program, [mount], {
      env,
      cwd: '/',
      detached: true,
      shell: false,
      stdio: ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
    })
    this.#running.add(child)
    logger.debug(about, `${program} is run`)
    const output = new Output((line) => logger.info(about, `${program}: ${line}`))
    for (const stream of [child.stdout, child.stderr]) output.read(stream)
    let isLate = false
    let cancel: (() => void) | undefined
    const after = (delay: number, signal: NodeJS.Signals): void => {
      cancel = clock.after(delay, () => {
        isLate = true
        kill(child, signal)
        if (signal === 'SIGTERM') after(GRACE, 'SIGKILL')
      })
    }
    if (settings.hookTimeout > 0) after(settings.hookTimeout, 'SIGTERM')
    const gone = (problem: string | undefined): void => {
      if (!this.#running.delete(child)) return
      cancel?.()
      output.end()
      if (isLate) logger.warn(about, `${program} has been ended: it ran for longer than hookTimeout (${settings.hookTimeout} ms)`)
      else if (problem !== undefined && !this.#closing) logger.warn(about, `${program} ${problem}`)
      this.#next()
    }
    child.once('error', (error) => gone(`cannot be run: ${error.message}`))
    // Not `close`: what it has left running in the background may hold its output for ever.
    child.once('exit', (code, signal) => {
      const problem = code === 0 ? undefined : code === null ? `was ended by ${signal}` : `ended with ${code}`
      setImmediate(() => gone(problem))
    })
  }
}

/** Lines of what a program writes, as much of it as anybody reads; the rest is read, too, so that the program does not wait. */
class Output {
  readonly #tell: (line: string) => void
  readonly #streams: Readable[] = []
  readonly #starts: string[] = []
  #left = MOST_OUTPUT

  /** @param tell takes a line */
  constructor(tell: (line: string) => void) {
    this.#tell = tell
  }

  read(stream: Readable | null): void {
    if (stream === null) return
    const index = this.#streams.push(stream) - 1
    this.#starts[index] = ''
    stream.setEncoding('utf8')
    stream.on('error', () => {})
    stream.on('data', (text: string) => {
      const lines = (this.#starts[index] + text.slice(0, this.#left)).split('\n')
      this.#left -= Math.min(this.#left, text.length)
      this.#starts[index] = lines.pop() ?? ''
      for (const line of lines) this.#line(line)
    })
  }

  end(): void {
    for (const start of this.#starts) this.#line(start)
    for (const stream of this.#streams) stream.destroy()
  }

  #line(text: string): void {
    const line = text.replaceAll(/\p{Cc}+/gu, ' ').trim()
    if (line !== '') this.#tell(line.slice(0, MOST_LINE))
  }
}

/** Signals a program and all that it has started. */
function kill(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (child.pid !== undefined && process.platform !== 'win32') process.kill(-child.pid, signal)
    else child.kill(signal)
  } catch {
    // It has ended in between.
  }
}
