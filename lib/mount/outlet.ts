import type { Clock } from '../clock.js'
import type { StreamInfo } from '../icy/stream-info.js'
import type { MountSettings } from '../options/index.js'
import type { JoinPoint, Listener, ListenerOwner } from './listener.js'
import { Pulse, type Pulsed, pulsePeriod } from './pulse.js'
import { Queue } from './queue.js'

const AUDIO_QUEUE = 524_288
const VIDEO_QUEUE = 16_777_216
// A write may wait this long, in milliseconds: pictures are watched for their delay, radio for its reach.
const AUDIO_PULSE = 300
const VIDEO_PULSE = 100
// A viewer starts with at least this many milliseconds of video, so that the player has what it wants before it begins.
const VIDEO_BURST = 1_000

/** One byte stream and those who hear it: what comes in is kept in one queue, and written to each listener once a pulse. */
export abstract class Outlet implements Pulsed, ListenerOwner {
  /** The last seconds of the stream. */
  readonly queue = new Queue(AUDIO_QUEUE)
  /** Most listeners at a time since the source connected; of a mount, those of its forms and viewers included. */
  peak = 0
  /** Listeners served since the source connected. */
  served = 0
  /** Listeners dropped because they fell behind the queue, since the server started. */
  slow = 0
  /** Bytes a second that came in of late. */
  rate = 0
  /** Whether there are pictures. */
  video = false
  /** When it is written. */
  protected readonly pulse: Pulse
  /** Where time comes from. */
  protected readonly clock: Clock
  /** Bytes written to listeners who have left, since the server started. */
  #sent = 0
  readonly #listeners: Listener[] = []

  constructor(clock: Clock) {
    this.clock = clock
    this.pulse = new Pulse(this, clock)
  }

  /** The options of the mount that it belongs to. */
  abstract readonly settings: MountSettings
  /** What is said of the stream. */
  abstract readonly info: StreamInfo
  /** The ICY block of what plays now. */
  abstract readonly metadataBlock: Buffer
  /** Whether what is sent is known, so that listeners can be answered. */
  abstract readonly ready: boolean
  /** The media type of what is sent. */
  abstract readonly contentType: string
  /** Whether ICY metadata may be put between the bytes. */
  abstract readonly icy: boolean

  /** What a listener hears first, if anything. */
  get intro(): Buffer | undefined {
    return undefined
  }

  /** Hears that someone has begun to listen. */
  abstract joined(listener: Listener): void
  /** Hears that someone has gone. */
  abstract left(listener: Listener): void

  /** Who listens now. */
  get listeners(): readonly Listener[] {
    return this.#listeners
  }

  /** How many listen now. */
  get audience(): number {
    return this.#listeners.length
  }

  /** Milliseconds between two writes to the same listener. */
  get period(): number {
    return pulsePeriod(this.#listeners.length, this.rate, this.video ? VIDEO_PULSE : AUDIO_PULSE)
  }

  /** Bytes written to listeners since the server started. */
  get bytesSent(): number {
    return this.#listeners.reduce((sum, listener) => sum + listener.bytesSent, this.#sent)
  }

  /** Lets someone listen: the answer and the burst go out at once. */
  join(listener: Listener): void {
    listener.index = this.#listeners.length
    this.#listeners.push(listener)
    this.served++
    this.peak = Math.max(this.peak, this.#listeners.length)
    this.joined(listener)
    if (listener.flush()) this.pulse.beat()
  }

  leave(listener: Listener): void {
    if (this.#listeners[listener.index] !== listener) return
    const last = this.#listeners.pop()!
    if (last !== listener) {
      this.#listeners[listener.index] = last
      last.index = listener.index
    }
    listener.index = -1
    this.#sent += listener.bytesSent
    if (listener.overtaken) this.slow++
    this.left(listener)
  }

  /**
   * Hands all listeners over to another outlet of the same format, which they hear from its next sync point on. To whoever counts, they leave
   * here and come there.
   * @param home the mount to which they belong from now on
   * @returns how many there were
   */
  handOver(to: Outlet, home: string): number {
    let count = 0
    // A copy: each that goes leaves the list.
    for (const listener of this.#listeners.slice()) {
      if (!this.pass(listener, to)) continue
      listener.home = home
      count++
    }
    return count
  }

  /**
   * Hands one listener over to another outlet of the same format. It gets what it has not been given of this one first.
   * @returns whether it goes on there; not when its connection has ended
   */
  pass(listener: Listener, to: Outlet): boolean {
    listener.drain()
    this.leave(listener)
    if (!listener.follow(to)) return false
    to.join(listener)
    return true
  }

  flush(from: number, to: number): boolean {
    let hungry = false
    // Downward, because a listener who is dropped leaves the list and the last takes its place.
    for (let i = Math.min(to, this.#listeners.length) - 1; i >= from; i--) {
      if (this.#listeners[i]?.flush()) hungry = true
    }
    return hungry
  }

  joinPoint(): JoinPoint | undefined {
    if (this.video) return this.queue.syncAged(this.clock.now(), VIDEO_BURST)
    const { burstDuration } = this.settings
    if (burstDuration !== undefined) return this.queue.syncAged(this.clock.now(), burstDuration * 1000)
    return this.queue.syncFrom(Math.max(this.queue.start, this.queue.end - this.settings.burstSize))
  }

  /** Counts anew, for another source. */
  protected reset(): void {
    this.queue.cut()
    this.peak = this.#listeners.length
    this.served = this.#listeners.length
    this.rate = 0
    this.video = false
  }

  /** Says whether there are pictures, which decides how much is kept. */
  protected tune(video: boolean): void {
    this.video = video
    this.queue.limit = this.settings.queueSize ?? (video ? VIDEO_QUEUE : AUDIO_QUEUE)
  }

  /** Gives all listeners what is left, and ends their connections in order. */
  protected finish(): void {
    this.pulse.stop()
    this.dismiss()
    this.queue.clear()
  }

  /** Ends the connections of all listeners in order, while the stream goes on. */
  protected dismiss(): void {
    // A copy: each that finishes leaves the list.
    for (const listener of this.#listeners.slice()) listener.finish()
  }
}
