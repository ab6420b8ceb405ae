import type { Clock } from '../clock.js'
import type { Frame } from '../formats/frame.js'
import type { Packet } from '../formats/packet.js'
import type { Item } from './item.js'
import { Lane } from './lane.js'
import type { OutputFormat } from './output-formats.js'
import type { PacketStream } from './packet-stream.js'

/** What a {@link Playout} is made of. */
export interface PlayoutOptions {
  /** How many rungs there are. */
  readonly rungs: number
  /** How each is packed. */
  readonly container: OutputFormat
  /** Where time comes from. */
  readonly clock: Clock
  /** Takes what a rung sends, when it is due. */
  readonly send: (rung: number, frames: readonly Frame[]) => void
}

/**
 * Plays items one after the other, each as fast as its own clock runs, as one stream for each rung whose times go on over the borders: an item begins
 * where all that came before ends. A little is sent ahead of time, so that nobody who listens feels it when the next packets are late.
 */
export class Playout {
  readonly #clock: Clock
  readonly #lanes: readonly Lane[]
  readonly #send: PlayoutOptions['send']
  // When the stream's clock stands at 0, in milliseconds.
  #origin: number | undefined
  // Of what plays: when it began on the stream's clock, and how far it has been sent, in seconds.
  #start = START
  #reached = START

  constructor({ rungs, container, clock, send }: PlayoutOptions) {
    this.#clock = clock
    this.#send = send
    this.#lanes = Array.from({ length: rungs }, () => new Lane(container, START))
  }

  /** Seconds of what plays, or has played last, that have gone out. */
  get position(): number {
    return Math.max(0, this.#reached - this.#start)
  }

  /** Pictures that have gone out, on the highest rung. */
  get frames(): number {
    return this.#lanes[0]!.frames
  }

  /** What goes out, for each rung. */
  get lanes(): readonly Lane[] {
    return this.#lanes
  }

  /**
   * Plays an item to its end.
   * @param signal cuts it
   * @param begun is called when its first packet goes out
   * @throws what reading it throws
   */
  async play(item: Item, signal: AbortSignal, begun: () => void): Promise<void> {
    const { rungs } = item
    const start = Math.max(...this.#lanes.map(({ end }) => end))
    const shift = start - (item.start ?? Math.min(...rungs.map((rung) => rung.start)))
    this.#start = this.#reached = start
    this.#origin ??= this.#clock.now() - start * 1000
    let isFirst = true
    const send = (rung: number, packets: readonly Packet[]): void => {
      this.#send(rung, this.#lanes[rung]!.write(packets))
      if (isFirst) begun()
      isFirst = false
    }
    const runs = rungs.map(async (rung, i) => {
      this.#lanes[i]!.begin(rung.tracks, shift)
      await this.#run(rung, shift, signal, (packets) => send(i, packets))
    })
    // All of them must have let go before somebody else writes to the lanes.
    const results = await Promise.allSettled(runs)
    const failed = results.find((result) => result.status === 'rejected')
    if (signal.aborted) return
    for (const [i, lane] of this.#lanes.entries()) this.#send(i, lane.finish())
    if (failed !== undefined) throw failed.reason
  }

  async #run(rung: PacketStream, shift: number, signal: AbortSignal, send: (packets: readonly Packet[]) => void): Promise<void> {
    const cut = new Cut(signal)
    try {
      for (;;) {
        const packets = await cut.or(rung.read())
        if (packets === undefined || signal.aborted) return
        let due: Packet[] = []
        for (const packet of packets) {
          const time = packet.dts / packet.track.timescale + shift
          const wait = this.#due(time) - this.#clock.now()
          if (wait > 0) {
            if (due.length > 0) send(due)
            due = []
            await this.#sleep(Math.max(wait, TICK), cut)
            if (signal.aborted) return
          }
          const late = this.#clock.now() - this.#due(time)
          // The machine has slept, or the item has paused: nobody wants to have all of it at once.
          if (late > ASLEEP) this.#origin! += late
          if (time > this.#reached) this.#reached = time
          due.push(packet)
        }
        if (due.length > 0) send(due)
      }
    } finally {
      cut.forget()
    }
  }

  /** When something is to be sent, on the wall. */
  #due(time: number): number {
    return this.#origin! + time * 1000 - LEAD
  }

  #sleep(delay: number, cut: Cut): Promise<void | undefined> {
    let cancel: (() => void) | undefined
    const slept = new Promise<void>((resolve) => (cancel = this.#clock.after(delay, resolve)))
    return cut.or(slept).finally(() => cancel?.())
  }
}

/** Waits for one thing after the other, or for a signal. A promise that all of them raced against would remember them all. */
class Cut {
  readonly #signal: AbortSignal
  #wake: () => void = () => {}

  constructor(signal: AbortSignal) {
    this.#signal = signal
    signal.addEventListener('abort', this.#abort)
  }

  /** Waits for something, but no longer than for the signal, which makes it `undefined`. */
  or<T>(promise: Promise<T>): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      this.#wake = () => resolve(undefined)
      if (this.#signal.aborted) resolve(undefined)
      promise.then(resolve, reject)
    })
  }

  /** Forgets the signal. */
  forget(): void {
    this.#signal.removeEventListener('abort', this.#abort)
  }

  readonly #abort = (): void => this.#wake()
}

/** Seconds on the stream's clock where it begins, so that nothing lies before 0. */
const START = 2
/** Milliseconds that are sent ahead. */
const LEAD = 600
/** Milliseconds between two writes, at least. */
const TICK = 40
/** Milliseconds behind its time above which a stream is not sent faster to make up for it. */
const ASLEEP = 5_000
