import { rounded, roundedOrNull, type ViewingMeasures } from './health-measures.js'

/** Milliseconds that are added up, and how many of these are kept: five minutes. */
const STEP = 10_000
const STEPS = 30
/** The most delays that are kept. */
const DELAYS = 256
/** The most that one report may tell: whoever tells more is mistaken, or means harm. */
const MAX_STALLS = 100
const MAX_STALLED = 60_000
const MAX_DELAY = 86_400_000

interface Step {
  readonly at: number
  reports: number
  stalling: number
  stalls: number
  stalled: number
}

/** What players tell of themselves: how often they had to stop since they told last, and how far behind they are. */
export class Viewing {
  readonly #steps: Step[] = []
  readonly #delays: { readonly at: number; readonly delay: number }[] = []

  /**
   * Takes a player's report.
   * @param report `stalls` and `stalled` (milliseconds) since the report before, `delay` behind the live edge (milliseconds); what is left out or makes no sense is not counted
   * @param now milliseconds since 1970
   */
  take(report: URLSearchParams, now: number): void {
    const told = (name: string, most: number): number | undefined => {
      const text = report.get(name) ?? ''
      return /^\d{1,10}(\.\d{1,6})?$/.test(text) ? Math.min(Number(text), most) : undefined
    }
    const stalls = told('stalls', MAX_STALLS)
    const stalled = told('stalled', MAX_STALLED)
    const delay = told('delay', MAX_DELAY)
    if (delay !== undefined && this.#delays.push({ at: now, delay: delay / 1000 }) > DELAYS) this.#delays.shift()
    if (stalls === undefined && stalled === undefined && delay === undefined) return
    let step = this.#steps.at(-1)
    if (step === undefined || now - step.at >= STEP) {
      step = { at: now, reports: 0, stalling: 0, stalls: 0, stalled: 0 }
      if (this.#steps.push(step) > STEPS) this.#steps.shift()
    }
    step.reports++
    if ((stalls ?? 0) > 0 || (stalled ?? 0) > 0) step.stalling++
    step.stalls += Math.round(stalls ?? 0)
    step.stalled += (stalled ?? 0) / 1000
  }

  /** What was told in the last five minutes. */
  measures(now: number): ViewingMeasures {
    const sum = { reports: 0, stalling: 0, stalls: 0, stalled: 0 }
    for (const step of this.#steps) {
      if (now - step.at > STEP * STEPS) continue
      sum.reports += step.reports
      sum.stalling += step.stalling
      sum.stalls += step.stalls
      sum.stalled += step.stalled
    }
    const delays = this.#delays.flatMap(({ at, delay }) => (now - at > STEP * STEPS ? [] : [delay])).toSorted((a, b) => a - b)
    return { ...sum, stalled: rounded(sum.stalled), delay: roundedOrNull(delays[delays.length >> 1]) }
  }
}
