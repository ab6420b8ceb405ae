/**
 * Counts the samples of an audio track whose container states times more coarsely than samples, or not for every frame: as long as what
 * is stated is what the count says, give or take the rounding of containers and encoders, the count goes on exactly.
 */
export class AudioClock {
  #next: number | undefined

  /**
   * The time of a frame in samples.
   * @param stated what the container says, in samples; `undefined` when it says nothing
   * @param duration the frame's samples
   * @param timescale samples a second
   * @returns `undefined` when there is nothing to go on from
   */
  take(stated: number | undefined, duration: number, timescale: number): number | undefined {
    // Half a frame tells a missing frame from rounding; two milliseconds are the least that containers of milliseconds need.
    const isGoingOn =
      this.#next !== undefined && (stated === undefined || Math.abs(stated - this.#next) <= Math.max(duration / 2, timescale / 500))
    const time = isGoingOn ? this.#next! : stated === undefined ? undefined : Math.round(stated)
    this.#next = time === undefined ? undefined : time + duration
    return time
  }

  /** Forgets the count: what comes next begins anew. */
  reset(): void {
    this.#next = undefined
  }
}
