/** Decibels at which the bar is empty. */
const FLOOR = -60

/** Shows how loud a stream is, by the custom property `--level` (0 to 1) of an element. */
export class LevelMeter {
  readonly #element: HTMLElement
  readonly #context: AudioContext
  readonly #samples: Float32Array<ArrayBuffer>
  readonly #analyser: AnalyserNode
  #frame = 0
  #level = 0

  /** @param stream with a sound track */
  constructor(stream: MediaStream, element: HTMLElement) {
    this.#element = element
    this.#context = new AudioContext()
    this.#analyser = this.#context.createAnalyser()
    this.#analyser.fftSize = 2048
    this.#samples = new Float32Array(this.#analyser.fftSize)
    this.#context.createMediaStreamSource(new MediaStream(stream.getAudioTracks())).connect(this.#analyser)
    this.#draw()
  }

  /** Lets go of the sound. */
  close(): void {
    cancelAnimationFrame(this.#frame)
    this.#element.style.setProperty('--level', '0')
    void this.#context.close()
  }

  #draw(): void {
    this.#frame = requestAnimationFrame(() => this.#draw())
    this.#analyser.getFloatTimeDomainData(this.#samples)
    let peak = 0
    for (const sample of this.#samples) peak = Math.max(peak, Math.abs(sample))
    const now = Math.min(1, Math.max(0, 1 - (20 * Math.log10(peak || 1e-9)) / FLOOR))
    // Up at once, down slowly, as the eye wants it.
    this.#level = Math.max(now, this.#level - 0.02)
    this.#element.style.setProperty('--level', this.#level.toFixed(3))
  }
}
