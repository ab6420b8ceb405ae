import { type Destination, Leg, type LegOwner } from './leg.js'
import { LiveProblem } from './problem.js'
import type { Quality } from './qualities.js'

/** Where a {@link Broadcast} stands. */
export type BroadcastState = 'connecting' | 'live' | 'lost' | 'over'

/** Milliseconds before each attempt to connect again; the last one holds for all that follow. */
const BACK_OFF = [500, 1000, 2000, 4000, 8000, 15_000]
/** Seconds of media that wait to go out, above which that is told, and above which what waits is given up. */
const BEHIND = 2
const TOO_FAR = 8
/** Milliseconds over which the bit rate is measured. */
const WINDOW = 3000
// RFC 6455 7.4.1: codes after which it makes no sense to come again: ended by somebody, not understood, too large, refused.
const FINAL: ReadonlySet<number> = new Set([1000, 1002, 1009, 1011])

/** Sends a stream until it is told to stop: it connects again by itself. It tells of every change by the event `change`. */
export class Broadcast extends EventTarget implements LegOwner {
  /** Where it stands. */
  state: BroadcastState = 'connecting'
  /** When it went live first, in milliseconds; `undefined` before. */
  since: number | undefined
  /** Bits a second, over the last seconds. */
  bitRate = 0
  /** What there is to know, in one sentence; empty where all is well. */
  problem = ''
  readonly #destination: Destination
  readonly #resume = crypto.randomUUID()
  #stream: MediaStream
  #quality: Quality
  #title = ''
  #leg: Leg | undefined
  /** One that is to follow on the present one. */
  #next: Leg | undefined
  #attempt = 0
  #timer: ReturnType<typeof setTimeout> | undefined
  #sent: { readonly time: number; readonly bytes: number }[] = []

  /** @throws LiveProblem when this browser cannot send such a stream */
  constructor(destination: Destination, stream: MediaStream, quality: Quality, title: string) {
    super()
    this.#destination = destination
    this.#stream = stream
    this.#quality = quality
    this.#title = title
    this.#next = this.#connect()
  }

  /** Says what plays; empty for nothing. */
  tell(title: string): void {
    this.#title = title
    this.#leg?.tell(title)
  }

  /** Goes on with other pictures and sound, without viewers losing the stream. */
  change(stream: MediaStream, quality: Quality): void {
    this.#stream = stream
    this.#quality = quality
    if (this.state === 'live' || this.state === 'connecting') this.#again()
  }

  /** Ends it in order. */
  stop(): void {
    clearTimeout(this.#timer)
    this.#next?.close()
    this.#leg?.close()
    this.#leg = undefined
    this.#next = undefined
    this.#set('over', '')
  }

  ready(leg: Leg): void {
    if (leg !== this.#next) return
    const former = this.#leg
    this.#leg = leg
    this.#next = undefined
    former?.close()
    this.#attempt = 0
    this.since ??= Date.now()
    if (this.#title !== '') leg.tell(this.#title)
    this.#set('live', '')
  }

  sent(leg: Leg, bytes: number, held: number): void {
    if (leg !== this.#leg) return
    const time = Date.now()
    this.#sent = [...this.#sent.filter((one) => time - one.time < WINDOW), { time, bytes }]
    const span = Math.max(1000, time - this.#sent[0]!.time)
    this.bitRate = (this.#sent.reduce((sum, one) => sum + one.bytes, 0) * 8000) / span
    const seconds = (held * 8) / (this.#quality.video + this.#quality.audio)
    // What waits cannot be left out, for the stream would break; but it can be begun anew.
    if (seconds > TOO_FAR && this.#next === undefined) {
      leg.drop()
      this.#leg = undefined
      this.bitRate = 0
      this.#again()
      return this.#set('lost', 'Your connection does not keep up, so it is made anew; choose a lower quality if that happens again.')
    }
    this.#set(this.state, seconds > BEHIND ? 'Your connection is too slow for this quality; choose a lower one.' : '')
  }

  closed(leg: Leg, code: number, reason: string): void {
    // The server ends the former one because the next has come.
    if (leg === this.#leg && this.#next !== undefined) {
      this.#leg = undefined
      return
    }
    if (leg !== this.#leg && leg !== this.#next) return
    this.#leg?.drop()
    this.#leg = undefined
    this.#next = undefined
    this.bitRate = 0
    if (FINAL.has(code)) return this.#set('over', sentence(reason))
    if (this.since === undefined && this.#attempt === 0)
      return this.#set('over', `${this.#place()} does not answer; check that the server runs there.`)
    const wait = BACK_OFF[Math.min(this.#attempt++, BACK_OFF.length - 1)]!
    this.#timer = setTimeout(() => this.#again(), wait)
    this.#set('lost', 'The connection is lost; it is made again by itself.')
  }

  #again(): void {
    this.#next?.drop()
    try {
      this.#next = this.#connect()
    } catch (error) {
      this.stop()
      this.#set('over', error instanceof LiveProblem ? error.message : String(error))
    }
  }

  #connect(): Leg {
    return new Leg(this.#destination, this.#resume, this.#stream, this.#quality, this)
  }

  #place(): string {
    return new URL(this.#destination.address).host
  }

  #set(state: BroadcastState, problem: string): void {
    this.state = state
    this.problem = problem
    this.dispatchEvent(new Event('change'))
  }
}

/** What servers say for those whom a person does not know, in words. */
function sentence(reason: string): string {
  if (reason === 'Mountpoint in use') return 'Somebody else is live on this mount; choose another one, or wait until they have ended.'
  if (reason === 'You need to authenticate') return 'The server does not know you any more; sign in again.'
  return reason === '' ? 'The server has ended the stream.' : reason
}
