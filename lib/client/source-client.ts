import { Writable } from 'node:stream'
import { type Clock, systemClock } from '../clock.js'
import { FloecastError } from '../errors.js'
import { AutoDemuxer } from '../formats/detect.js'
import type { Frame } from '../formats/frame.js'
import { Backoff, type ReconnectAttempt, reconnectOptions, type ReconnectOptions, type StreamGap } from './backoff.js'
import { FrameQueue } from './frame-queue.js'
import { SourceConnection } from './source-connection.js'
import { type MetadataFields, type SourceOptions, SourceTarget } from './source-target.js'
import { updateTitle } from './source-title.js'

/** Options of a {@link SourceClient}. */
export interface SourceClientOptions extends SourceOptions {
  /** Whether to connect anew, for ever, when the connection is lost, and how. Default false: a lost connection is an error. */
  readonly reconnect?: boolean | ReconnectOptions
  /** Ends the client when it is aborted. */
  readonly signal?: AbortSignal | undefined
  /** Where time comes from; only tests need another than the machine's. */
  readonly clock?: Clock
}

/** Events of a {@link SourceClient}, besides those of every `Writable`. */
export interface SourceClientEvents {
  /** The server takes the stream, for the first time or again. */
  connect: []
  /** The connection is lost, or could not be made again, and another attempt is to come. */
  reconnecting: [attempt: ReconnectAttempt]
  /** The stream goes on after a gap. */
  drop: [gap: StreamGap]
}

// Bytes that are handed to the system at a time.
const PIECE_SIZE = 65_536
// How long a stream is looked at, in milliseconds, before it is sent as what it was announced to be.
const DETECTION_TIME = 2_000
// How long a server has, in milliseconds, to know a mount that it has taken.
const SETTLING = 1_000

/**
 * Publishes what is written to it on a mount of Icecast, SHOUTcast or floecast. It connects at once and emits `connect` when the
 * server takes the stream; what is written before waits. The server plays as fast as it is fed, so feed it at the pace of the media.
 *
 * Whatever goes wrong is an `error` event with a {@link FloecastError}, one sentence that says what to do; `close` is the end.
 *
 * With `reconnect` it lives through lost connections, stalls and servers that restart, and never holds back whoever writes: what the
 * network does not take in time is left out, up to the newest key frame. Only the first connection must succeed; afterwards it
 * is made again and again, and `error` comes when the server keeps refusing. A title is told again with every connection.
 *
 * @example
 * ```ts
 * const source = new SourceClient('http://source:hackme@localhost:8000/live.mp3', { contentType: 'audio/mpeg', reconnect: true })
 * source.on('connect', () => source.setMetadata({ artist: 'Artist', title: 'Title' }).catch(console.error))
 * source.on('reconnecting', ({ delay, error }) => console.warn(`${error.message}; again in ${delay} ms`))
 * await pipeline(encoder.stdout, source)
 * ```
 */
export class SourceClient extends Writable {
  readonly #target: SourceTarget
  readonly #clock: Clock
  readonly #limits: Required<ReconnectOptions>
  readonly #backoff: Backoff
  // Both only where it reconnects.
  readonly #demuxer: AutoDemuxer | undefined
  readonly #queue: FrameQueue | undefined
  #connection: SourceConnection | undefined
  #since: number | undefined
  #connections = 0
  #bytesSent = 0
  #dropsTold = 0
  #title: MetadataFields | undefined
  #waiting: ((live: boolean) => void)[] = []
  // Set while the system has not taken the last piece, while an attempt is to come, until the format is known; and from the last frame on.
  #stall: (() => void) | undefined
  #retry: (() => void) | undefined
  #detection: (() => void) | undefined
  #farewell: (() => void) | undefined

  /**
   * @param address of the mount, with user name and password: `http://source:PASSWORD@host:8000/live`, or `https:`. For SHOUTcast
   * it is `http://:PASSWORD@host:8001`, with the port for sources, which is one more than the one for listeners.
   * @throws TypeError when the address or an option is not what it may be
   */
  constructor(address: string | URL, options: SourceClientOptions) {
    // A stream that has been made is constructed, so what is wrong must be found before.
    const target = new SourceTarget(address, options)
    super({ ...(options.signal !== undefined && { signal: options.signal }) })
    const { reconnect = false, clock = systemClock } = options
    this.#target = target
    this.#clock = clock
    this.#limits = reconnectOptions(typeof reconnect === 'object' ? reconnect : {})
    this.#backoff = new Backoff(this.#limits)
    if (reconnect === false) return
    this.#demuxer = new AutoDemuxer(options.contentType)
    this.#queue = new FrameQueue({ size: this.#limits.queueSize, time: this.#limits.queueTime })
  }

  /** Bytes of media that have been handed to the connection. */
  get bytesSent(): number {
    return this.#bytesSent
  }

  /** Bytes of media that have been left out, because the network was away or too slow. */
  get bytesDropped(): number {
    return this.#queue?.dropped ?? 0
  }

  /** Bytes of media that wait for the network. */
  get buffered(): number {
    return this.#queue?.size ?? this.writableLength
  }

  /** How often it has been connected anew. */
  get reconnects(): number {
    return Math.max(0, this.#connections - 1)
  }

  /** Since when the server takes the stream without a break; `undefined` while it does not. */
  get connectedSince(): Date | undefined {
    return this.#since === undefined ? undefined : new Date(this.#since)
  }

  /**
   * Tells the server what plays from now on. It waits for the connection first; when meanwhile another title is set, that one is told instead.
   * @throws FloecastError when the server does not take it
   */
  async setMetadata(fields: MetadataFields): Promise<void> {
    this.#title = fields
    const live = !this.destroyed && (this.#since !== undefined || (await new Promise<boolean>((resolve) => this.#waiting.push(resolve))))
    if (!live || this.destroyed)
      throw new FloecastError('CONNECTION_LOST', { doing: this.#target.telling, reason: 'the source is not connected' })
    if (this.#title === fields) await this.#tell(fields)
  }

  override on<Event extends keyof SourceClientEvents>(event: Event, listener: (...args: SourceClientEvents[Event]) => void): this
  override on(event: string | symbol, listener: Parameters<Writable['on']>[1]): this
  /** Listens to an event: one of {@link SourceClientEvents}, or of every `Writable`. */
  override on(event: string | symbol, listener: Parameters<Writable['on']>[1]): this {
    return super.on(event, listener)
  }

  /** @internal */
  override _construct(callback: (error?: Error | null) => void): void {
    const opening = this.#open()
    if (this.#queue !== undefined) {
      callback()
      opening.catch((error: Error) => this.#lost(error))
    } else
      opening.then(
        () => callback(),
        // When it has been given up, that is the reason, and not what came of it.
        (error: Error) => callback(this.destroyed ? null : error),
      )
  }

  /** @internal */
  override _write(chunk: Buffer, _: BufferEncoding, callback: () => void): void {
    if (this.#demuxer === undefined) {
      this.#bytesSent += chunk.length
      this.#connection!.write([chunk], callback)
      return
    }
    this.#enqueue(this.#demuxer.push(chunk))
    if (!this.#demuxer.detected)
      this.#detection ??= this.#clock.after(DETECTION_TIME, () => this.destroyed || this.#enqueue(this.#demuxer!.settle()))
    callback()
  }

  /** @internal */
  override _final(callback: () => void): void {
    const end = (): void => void this.#connection!.end().then(callback)
    if (this.#demuxer === undefined) return end()
    this.#farewell = () => {
      if (this.#since === undefined) callback()
      else end()
    }
    this.#enqueue(this.#demuxer.end())
    // Nobody may ever come to take the rest, but whoever is just being asked for the first time.
    if (this.#since === undefined && this.#connections > 0) callback()
  }

  /** @internal */
  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#stop()
    callback(error)
  }

  /** Gives up at once, connected or not. */
  override destroy(error?: Error): this {
    super.destroy(error)
    // Node waits for a stream to be constructed before it destroys it, and a server may take its time.
    this.#stop()
    return this
  }

  #stop(): void {
    this.#since = undefined
    this.#stall?.()
    this.#retry?.()
    this.#detection?.()
    this.#connection?.close()
    this.#tellWaiting(false)
  }

  async #open(): Promise<void> {
    if (this.destroyed) return
    const connection = new SourceConnection(this.#target, (error) => this.#lost(error))
    this.#connection = connection
    await connection.open()
    if (this.destroyed) return connection.close()
    this.#since = this.#clock.now()
    this.#connections++
    // Who has set a title and waits tells it; what was told before, this connection has not heard.
    if (this.#waiting.length === 0 && this.#title !== undefined) this.#tell(this.#title).catch(() => {})
    this.#tellWaiting(true)
    this.#queue?.enter()
    process.nextTick(() => {
      if (this.destroyed) return
      this.emit('connect')
      this.#pump()
    })
  }

  // What is lost is a live connection, or one that was not to be had.
  #lost(error: Error): void {
    if (this.destroyed) return
    const lived = this.#since === undefined ? 0 : this.#clock.now() - this.#since
    this.#since = undefined
    this.#stall?.()
    this.#stall = undefined
    if (this.#queue === undefined || this.#connections === 0) return void this.destroy(error)
    this.#queue.leave()
    // Nothing is left that would be worth another attempt.
    if (this.#farewell !== undefined) return this.#farewell()
    const delay = this.#backoff.next(error, lived)
    if (delay === undefined) return void this.destroy(error)
    this.#retry = this.#clock.after(delay, () => void this.#open().catch((reason: Error) => this.#lost(reason)))
    this.emit('reconnecting', { attempt: this.#backoff.attempts, delay, error })
  }

  #enqueue(frames: readonly Frame[]): void {
    const now = this.#clock.now()
    for (const frame of frames) this.#queue!.push(frame, now)
    this.#pump()
  }

  // Hands the next piece to the system when it has taken the one before: then nothing that can still be dropped has been given away.
  #pump(): void {
    if (this.#queue === undefined || this.#since === undefined || this.#stall !== undefined) return
    const pieces = this.#queue.take(PIECE_SIZE)
    if (pieces.length === 0) {
      if (this.#farewell !== undefined) this.#farewell()
      return
    }
    const bytes = this.#queue.dropped - this.#dropsTold
    this.#dropsTold += bytes
    for (const { length } of pieces) this.#bytesSent += length
    const connection = this.#connection!
    const { stallTime } = this.#limits
    const stall = this.#clock.after(stallTime, () => connection.fail(`the network has taken nothing for ${stallTime / 1000} s`))
    this.#stall = stall
    connection.write(pieces, () => {
      if (this.#stall !== stall) return
      stall()
      this.#stall = undefined
      this.#pump()
    })
    if (bytes > 0) this.emit('drop', { bytes })
  }

  async #tell(fields: MetadataFields): Promise<void> {
    try {
      await updateTitle(this.#target, fields)
    } catch (error) {
      // A server may take a source some time before it knows of its mount.
      if (this.#since === undefined || this.#clock.now() - this.#since > SETTLING) throw error
      await new Promise<void>((resolve) => void this.#clock.after(SETTLING, resolve))
      if (this.#title === fields && this.#since !== undefined) await updateTitle(this.#target, fields)
    }
  }

  #tellWaiting(live: boolean): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve(live)
  }
}
