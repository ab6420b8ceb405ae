import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { loopMp4, SourceClient } from '../lib/client/index.js'
import type { Logger, ServerOptions } from '../lib/index.js'
import { nearHost } from './address.js'
import { reasonOf } from './reason.js'

const MOUNT = '/demo'
const TITLES = ['Pack ice', 'Open water', 'First light', 'A lead opens', 'Drift']
// In milliseconds: how long a title stays, and how long to wait before the mount is tried again.
const TITLE_TIME = 23_040
const RETRY = 2_000

/** The sample lies in examples/, seen from bin/ as well as from dist/bin/. */
function readSample(folder = import.meta.dirname): Buffer {
  try {
    return readFileSync(join(folder, 'examples', 'demo.mp4'))
  } catch (error) {
    if (dirname(folder) !== folder) return readSample(dirname(folder))
    throw new Error('Cannot show the demo: examples/demo.mp4 is missing; it comes with the sources of floecast.', { cause: error })
  }
}

/** Something to watch before anyone goes live: a small film, published over and over to this very server, as any source would. */
export class Demo {
  readonly #logger: Logger
  readonly #sample: Buffer
  // The demo needs no password that anyone knows: its mount has one of its own, for as long as the program runs.
  readonly #password = randomBytes(24).toString('base64url')
  readonly #stopped = new AbortController()

  /** @throws Error with a sentence for the user, when there is no sample */
  constructor(logger: Logger) {
    this.#logger = logger
    this.#sample = readSample()
  }

  /** Adds the mount of the demo to the options of the server. */
  extend(options: ServerOptions): ServerOptions {
    const { mounts = {} } = options
    return { ...options, mounts: { ...mounts, [MOUNT]: { ...mounts[MOUNT], sourcePassword: this.#password } } }
  }

  /**
   * Begins to publish.
   * @param host the address that the server is bound to; undefined for all
   */
  start(host: string | undefined, port: number): void {
    void this.#run(`http://source:${this.#password}@${nearHost(host)}:${port}${MOUNT}`)
  }

  /** Ends for good. */
  stop(): void {
    this.#stopped.abort()
  }

  async #run(address: string): Promise<void> {
    const { signal } = this.#stopped
    while (!signal.aborted) {
      try {
        await this.#publish(address, signal)
      } catch (error) {
        if (signal.aborted) return
        this.#logger.warn({ mount: MOUNT }, `demo: ${reasonOf(error)}`)
        await sleep(RETRY, undefined, { signal }).catch(() => {})
      }
    }
  }

  async #publish(address: string, signal: AbortSignal): Promise<void> {
    const source = new SourceClient(address, {
      contentType: 'video/mp4',
      name: 'floecast demo',
      description: 'Ice and open water, drawn by arithmetic',
      genre: 'Test',
      public: false,
    })
    let turn = 0
    const change = (): void => {
      source.setMetadata({ artist: 'floecast', title: TITLES[turn++ % TITLES.length]! }).catch((error: unknown) => {
        if (!signal.aborted) this.#logger.debug({ mount: MOUNT }, `demo: ${reasonOf(error)}`)
      })
    }
    source.on('connect', change)
    const timer = setInterval(change, TITLE_TIME)
    try {
      await pipeline(loopMp4(this.#sample, { signal }), source, { signal })
    } finally {
      clearInterval(timer)
    }
  }
}
