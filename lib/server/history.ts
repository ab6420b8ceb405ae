import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks'
import type { Sample } from '../api/server.js'
import type { Mount } from '../mount/mount.js'
import type { Source } from '../mount/source.js'
import { audienceOf } from './audience.js'
import { Growth } from './growth.js'
import type { MediaContext } from './media-request.js'

/** What is needed of the server whose history it is. */
export interface HistoryOwner extends MediaContext {
  /** Connections of all kinds that are open. */
  readonly connections: number
}

// Milliseconds of a step, and how many there are: an hour.
const STEP = 10_000
const STEPS = 360
// Milliseconds over which the rates of now are taken, at least.
const RECENT = 1_500
// Milliseconds between two looks at the event loop; what it measures contains them.
const RESOLUTION = 20

/** Counters at one moment; times in milliseconds, processor time in microseconds. */
interface Counters {
  readonly time: number
  readonly received: number
  readonly sent: number
  readonly cpu: number
}

/** How a server does: the last hour in steps of ten seconds, and now. Values are read, not counted: nothing is done while media flows. */
export class History {
  readonly #owner: HistoryOwner
  readonly #received = new Growth<Source>()
  readonly #sent = new Growth<Mount>()
  readonly #samples: Sample[] = []
  #step: Counters
  // The last looks, oldest first, so that those who ask now get the rates of the last seconds.
  #looks: Counters[]
  #delay: IntervalHistogram | undefined
  #lastDelay = 0
  #stop: (() => void) | undefined

  constructor(owner: HistoryOwner) {
    this.#owner = owner
    this.#step = this.#count()
    this.#looks = [this.#step]
  }

  /** The last hour, oldest first. */
  get samples(): readonly Sample[] {
    return this.#samples
  }

  /** Begins to look every ten seconds. */
  start(): void {
    if (this.#stop !== undefined) return
    this.#delay = monitorEventLoopDelay({ resolution: RESOLUTION })
    this.#delay.enable()
    this.#step = this.#count()
    this.#looks = [this.#step]
    this.#watch()
  }

  /** Looks no more; what was seen stays. */
  stop(): void {
    this.#stop?.()
    this.#stop = undefined
    this.#delay?.disable()
    this.#delay = undefined
  }

  /** How the server does now: rates are those of the last seconds. */
  now(): Sample {
    const counters = this.#count()
    const before = this.#looks.findLast(({ time }) => counters.time - time >= RECENT) ?? this.#looks[0]!
    if (counters.time - this.#looks.at(-1)!.time >= RECENT / 2) this.#looks = [...this.#looks.slice(-7), counters]
    return this.#sample(before, counters, this.#late())
  }

  /** Takes note of what a source has sent before it goes. */
  gone(source: Source): void {
    this.#received.see(source, source.bytesReceived)
  }

  /** Takes note of what a mount has given before it is forgotten. */
  forgotten(mount: Mount): void {
    this.#sent.see(mount, mount.bytesSent)
  }

  #watch(): void {
    this.#stop = this.#owner.clock.after(STEP, () => {
      this.#watch()
      const counters = this.#count()
      this.#samples.push(this.#sample(this.#step, counters, this.#late()))
      if (this.#samples.length > STEPS) this.#samples.shift()
      this.#step = counters
      this.#looks = [...this.#looks.slice(-7), counters]
      this.#delay?.reset()
    })
  }

  #count(): Counters {
    for (const mount of this.#owner.mounts) {
      this.#sent.see(mount, mount.bytesSent)
      if (mount.source !== undefined) this.#received.see(mount.source, mount.source.bytesReceived)
    }
    const { user, system } = process.cpuUsage()
    return { time: this.#owner.clock.now(), received: this.#received.total, sent: this.#sent.total, cpu: user + system }
  }

  // Of the step that runs; just after it has begun, of the one before.
  #late(): number {
    if (this.#delay !== undefined && this.#delay.count > 0)
      this.#lastDelay = Math.max(0, Math.round(this.#delay.percentile(99) / 100_000 - RESOLUTION * 10) / 10)
    return this.#lastDelay
  }

  #sample(before: Counters, now: Counters, eventLoopDelay: number): Sample {
    const { mounts, connections } = this.#owner
    const seconds = (now.time - before.time) / 1000
    const rate = (grown: number): number => (seconds > 0 ? grown / seconds : 0)
    let viewers = 0
    for (const mount of mounts) viewers += audienceOf(this.#owner, mount).total
    return {
      time: new Date(now.time).toISOString(),
      viewers,
      sources: mounts.sources,
      connections,
      bitsIn: Math.round(rate(now.received - before.received) * 8),
      bitsOut: Math.round(rate(now.sent - before.sent) * 8),
      cpu: Math.round(rate(now.cpu - before.cpu) / 1000) / 1000,
      memory: process.memoryUsage.rss(),
      eventLoopDelay,
    }
  }
}
