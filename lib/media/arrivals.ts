import { type ArrivalMeasures, type Drift, rounded, roundedOrNull } from './health-measures.js'

/** Seconds whose waits and gusts are kept. */
const SECONDS = 60
/** Milliseconds between what comes at once. */
const TOGETHER = 20
/** Milliseconds of which the earliest arrival is kept, and how many of these: ten minutes. */
const STRETCH = 10_000
const STRETCHES = 60
/** How many are needed before drift is told, and for the speed of the last minute. */
const ENOUGH = 12
const MINUTE = 6

/** Compares when media arrives with its own clock. Media that arrives late says nothing of clocks, so of each ten seconds only what came earliest counts. */
export class Arrivals {
  #arrival = NaN
  #media = NaN
  /** Where what comes at once began. */
  #from = NaN
  #gap = 0
  #gust = 0
  #second = NaN
  readonly #gaps: number[] = []
  readonly #gusts: number[] = []
  /** When the earliest of each stretch came, and how much later than its own time, in milliseconds. */
  readonly #stretches: { at: number; lag: number }[] = []
  #begun = -Infinity

  /**
   * Takes note of media that has come.
   * @param media how far the source's clock is, in seconds
   * @param arrival when it came, in milliseconds
   */
  take(media: number, arrival: number): void {
    const wait = arrival - this.#arrival
    if (wait >= 0) {
      if (wait > this.#gap) this.#gap = wait
      if (wait > TOGETHER) this.#from = this.#media
      if (media - this.#from > this.#gust) this.#gust = media - this.#from
      if (arrival - this.#second >= 1000) this.#close(arrival)
    } else {
      this.#from = media
      this.#second = arrival
    }
    this.#arrival = arrival
    this.#media = media
    const lag = arrival - media * 1000
    if (arrival - this.#begun >= STRETCH) {
      this.#begun = arrival
      if (this.#stretches.push({ at: arrival, lag }) > STRETCHES) this.#stretches.shift()
    } else {
      const last = this.#stretches.at(-1)!
      if (lag < last.lag) {
        last.at = arrival
        last.lag = lag
      }
    }
  }

  /** Says that the source's clock has jumped: what came before tells nothing of what comes. */
  reset(): void {
    this.#from = this.#media = NaN
    this.#stretches.length = 0
    this.#begun = -Infinity
    this.#gust = 0
  }

  /** How evenly media has come until now, in milliseconds. */
  measures(now: number): ArrivalMeasures {
    const idle = (now - this.#arrival) / 1000
    const waits = [...this.#gaps, ...(idle > 1 ? Array.from({ length: Math.min(SECONDS, Math.floor(idle)) }, () => idle) : [])]
    // The stretch that is open may still see an earlier arrival.
    const [first, last] = [this.#stretches.at(-2 - MINUTE), this.#stretches.at(-2)]
    return {
      gap: roundedOrNull(percentile(waits.slice(-SECONDS))),
      gust: roundedOrNull(percentile(this.#gusts)),
      speed: first === undefined || last === undefined ? null : rounded(1 - (last.lag - first.lag) / (last.at - first.at)),
    }
  }

  /** The drift of the source's clock, once two minutes have passed since it last jumped: the slope of a straight line by least squares. */
  drift(): Drift | null {
    const points = this.#stretches.slice(0, -1)
    const n = points.length
    if (n < ENOUGH) return null
    const origin = points[0]!
    const [x, y] = [points.map(({ at }) => at - origin.at), points.map(({ lag }) => lag - origin.lag)]
    const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / n
    const [mx, my] = [mean(x), mean(y)]
    const xx = x.reduce((sum, value) => sum + (value - mx) ** 2, 0)
    const slope = x.reduce((sum, value, i) => sum + (value - mx) * (y[i]! - my), 0) / xx
    const rest = x.reduce((sum, value, i) => sum + (y[i]! - my - slope * (value - mx)) ** 2, 0)
    return { ppm: rounded(-slope * 1e6), error: rounded(Math.sqrt(rest / (n - 2) / xx) * 1e6), seconds: rounded(x.at(-1)! / 1000) }
  }

  // A wait of several seconds is that of each of them.
  #close(arrival: number): void {
    const seconds = Math.min(SECONDS, Math.floor((arrival - this.#second) / 1000))
    for (let i = 0; i < seconds; i++) if (this.#gaps.push(this.#gap / 1000) > SECONDS) this.#gaps.shift()
    if (this.#gusts.push(this.#gust) > SECONDS) this.#gusts.shift()
    this.#gap = this.#gust = 0
    this.#second = arrival
  }
}

function percentile(values: readonly number[]): number | null {
  if (values.length < 5) return null
  return values.toSorted((a, b) => a - b)[Math.ceil(values.length * 0.95) - 1]!
}
