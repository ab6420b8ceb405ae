import type { StreamerTarget } from '../api/streamer.js'
import { SourceClient, type SourceClientOptions } from '../client/source-client.js'
import type { Clock } from '../clock.js'
import { FloecastError } from '../errors.js'
import type { Frame } from '../formats/frame.js'
import { Rate } from './rate.js'
import { viewersOf } from './viewers.js'

/** What a {@link Target} needs of the streamer that it is of. */
export interface TargetOwner {
  /** Its state is another. */
  changed(): void
  /** Something is not as it should be, but it goes on. */
  warn(sentence: string): void
  /** It cannot send any more. */
  failed(error: Error): void
}

/** A mount that one rung is sent to. */
export class Target {
  readonly #client: SourceClient
  readonly #address: URL
  readonly #protocol: StreamerTarget['protocol']
  readonly #clock: Clock
  readonly #owner: TargetOwner
  readonly #rate: Rate
  #status: StreamerTarget['status'] = 'connecting'
  #problem: string | undefined
  #viewers: number | undefined
  #hasWarned = false
  #cancel: () => void = () => {}

  /** Connects at once. */
  constructor(address: URL, options: SourceClientOptions, clock: Clock, owner: TargetOwner) {
    this.#address = address
    this.#protocol = options.protocol ?? 'put'
    this.#clock = clock
    this.#owner = owner
    this.#rate = new Rate(clock)
    this.#client = new SourceClient(address, { ...options, reconnect: options.reconnect ?? true, clock })
    this.#client.on('connect', () => this.#connected())
    this.#client.on('reconnecting', ({ error }) => this.#state('reconnecting', error.message))
    this.#client.on('error', (error: Error) => {
      this.#state('failed', error.message)
      owner.failed(error)
    })
  }

  /** What can be seen of it. */
  get state(): StreamerTarget {
    return {
      server: this.#address.host,
      mount: decodeURIComponent(this.#address.pathname),
      protocol: this.#protocol,
      status: this.#status,
      since: this.#client.connectedSince?.toISOString() ?? null,
      bitrate: this.#rate.perSecond * 8,
      bytesSent: this.#client.bytesSent,
      buffered: this.#client.buffered,
      dropped: this.#client.bytesDropped,
      reconnects: this.#client.reconnects,
      viewers: this.#viewers ?? null,
      problem: this.#problem ?? null,
    }
  }

  /** Sends frames. */
  send(frames: readonly Frame[]): void {
    if (frames.length === 0 || this.#client.destroyed || this.#client.writableEnded) return
    const bytes = frames.length === 1 ? frames[0]!.bytes : Buffer.concat(frames.map((frame) => frame.bytes))
    this.#rate.count(bytes.length)
    this.#client.write(bytes)
  }

  /** Tells listeners what plays now. */
  setTitle(title: string): void {
    void this.#tell(title)
  }

  /** Ends in order, after the last frame. */
  async end(): Promise<void> {
    this.#cancel()
    if (this.#client.destroyed) return
    await new Promise<void>((resolve) => {
      this.#client.once('close', resolve)
      this.#client.end()
    })
    this.#status = 'ended'
  }

  /** Gives up at once. */
  close(): void {
    this.#cancel()
    this.#client.destroy()
  }

  #connected(): void {
    this.#state('live', undefined)
    this.#cancel()
    this.#ask()
  }

  #state(status: StreamerTarget['status'], problem: string | undefined): void {
    this.#status = status
    this.#problem = problem
    this.#owner.changed()
  }

  async #tell(title: string): Promise<void> {
    try {
      await this.#client.setMetadata({ title })
    } catch (error) {
      // Icecast takes no titles for WebM; the stream goes on without. A lost connection tells of itself.
      if (this.#hasWarned || !(error instanceof FloecastError) || error.code !== 'REQUEST_REFUSED') return
      this.#hasWarned = true
      this.#owner.warn(error.message)
    }
  }

  #ask(): void {
    this.#cancel = this.#clock.after(ASKING, () => this.#ask())
    void viewersOf(this.#address).then((viewers) => {
      if (viewers === this.#viewers) return
      this.#viewers = viewers
      this.#owner.changed()
    })
  }
}

/** Milliseconds between two questions for the viewers. */
const ASKING = 5_000
