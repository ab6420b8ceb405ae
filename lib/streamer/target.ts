import type { StreamerTarget } from '../api/streamer.js'
import { SourceClient, type SourceClientOptions } from '../client/source-client.js'
import type { Clock } from '../clock.js'
import type { Frame } from '../formats/frame.js'
import { Rate } from './rate.js'
import { viewersOf } from './viewers.js'

/** What a {@link Target} needs of the streamer that it is of. */
export interface TargetOwner {
  /** Its state is another. */
  changed(): void
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
  #since: number | undefined
  #problem: string | undefined
  #viewers: number | undefined
  #cancel: () => void = () => {}
  #title: string | undefined

  /** Connects at once. */
  constructor(address: URL, options: SourceClientOptions, clock: Clock, owner: TargetOwner) {
    this.#address = address
    this.#protocol = options.protocol ?? 'put'
    this.#clock = clock
    this.#owner = owner
    this.#rate = new Rate(clock)
    this.#client = new SourceClient(address, options)
    this.#client.on('connect', () => this.#connected())
    this.#client.on('error', (error) => {
      this.#status = 'failed'
      this.#problem = error.message
      this.#since = undefined
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
      since: this.#since === undefined ? null : new Date(this.#since).toISOString(),
      bitrate: this.#rate.perSecond * 8,
      bytesSent: this.#client.bytesSent,
      buffered: this.#client.writableLength,
      dropped: 0,
      reconnects: 0,
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
    this.#title = title
    if (this.#status === 'live') void this.#tell(title)
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
    this.#since = undefined
  }

  /** Gives up at once. */
  close(): void {
    this.#cancel()
    this.#client.destroy()
  }

  #connected(): void {
    this.#status = 'live'
    this.#since = this.#clock.now()
    this.#problem = undefined
    if (this.#title !== undefined) void this.#tell(this.#title)
    this.#ask()
    this.#owner.changed()
  }

  async #tell(title: string): Promise<void> {
    try {
      await this.#client.setMetadata({ title })
    } catch (error) {
      // Icecast takes no titles for WebM and Ogg; the stream goes on without.
      this.#problem = error instanceof Error ? error.message : String(error)
      this.#owner.changed()
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
