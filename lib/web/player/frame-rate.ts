/** Measures how many pictures a video shows a second, over about a second. */
export class FrameRate {
  readonly #video: HTMLVideoElement
  #at = 0
  #count = 0
  #rate = 0

  constructor(video: HTMLVideoElement) {
    this.#video = video
  }

  /** Pictures a second. */
  get rate(): number {
    return this.#rate
  }

  /** Looks at it; to be called a few times a second. */
  look(now: number): void {
    if (now - this.#at <= 1000) return
    const { totalVideoFrames: count } = this.#video.getVideoPlaybackQuality()
    this.#rate = count >= this.#count ? ((count - this.#count) * 1000) / (now - this.#at) : 0
    this.#at = now
    this.#count = count
  }
}
