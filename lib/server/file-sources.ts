import { loopFile } from '../client/loop-file.js'
import { sleep } from '../client/pace.js'
import { readWhole } from '../mount/intro.js'
import type { ServerContext } from './context.js'

type FileSourcesContext = Pick<ServerContext, 'settings' | 'mounts' | 'clock' | 'logger'>

interface Playing {
  readonly file: string
  readonly ending: AbortController
}

// Milliseconds until a mount whose source has gone plays its file again.
const PAUSE = 1_000

/** Mounts that play a file over and over while no source is connected. */
export class FileSources {
  readonly #context: FileSourcesContext
  readonly #playing = new Map<string, Playing>()

  constructor(context: FileSourcesContext) {
    this.#context = context
  }

  /** Applies the settings in force. A file that goes on is not read again. */
  configure(): void {
    const { mounts } = this.#context.settings
    for (const [name, { file, ending }] of this.#playing) {
      if (mounts[name]?.file === file) continue
      ending.abort()
      this.#playing.delete(name)
    }
    for (const [name, { file }] of Object.entries(mounts)) {
      if (file === undefined || name.endsWith('*') || this.#playing.has(name)) continue
      const ending = new AbortController()
      this.#playing.set(name, { file, ending })
      this.#run(name, file, ending.signal).catch((error: unknown) => {
        // Once it is applied again, as by SIGHUP, it is tried again.
        if (this.#playing.get(name)?.ending === ending) this.#playing.delete(name)
        const reason = error instanceof Error ? error.message : String(error)
        this.#context.logger.error({ mount: name }, `Cannot play ${file} on ${name}: ${reason}`)
      })
    }
  }

  /** Ends all of them. */
  close(): void {
    for (const { ending } of this.#playing.values()) ending.abort()
    this.#playing.clear()
  }

  async #run(name: string, file: string, signal: AbortSignal): Promise<void> {
    const { mounts, clock } = this.#context
    const bytes = await readWhole(file)
    while (!signal.aborted) {
      if (mounts.get(name)?.source === undefined) await this.#play(name, bytes, signal)
      await sleep(PAUSE, clock, signal)
    }
  }

  async #play(name: string, bytes: Buffer, signal: AbortSignal): Promise<void> {
    const { mounts, clock } = this.#context
    const over = new AbortController()
    const stream = loopFile(bytes, { clock, signal: AbortSignal.any([signal, over.signal]) })
    const source = mounts.publish(
      name,
      {},
      {
        request: { method: 'file', target: name, version: '' },
        address: '127.0.0.1',
        agent: '',
        user: 'file',
        contentType: undefined,
        connected: clock.now(),
        disconnect: () => over.abort(),
      },
    )
    for await (const chunk of stream) source.push(chunk, clock.now())
    source.end('its file plays no more')
  }
}
