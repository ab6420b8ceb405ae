/*
 * The waves of an audio player. They follow the sound where the browser lets a page listen to what it plays without standing in its way; otherwise they
 * move slowly by themselves while it plays.
 */

/** How many bars there are. */
export const LEVELS = 56

type Captured = HTMLMediaElement & { captureStream?: () => MediaStream; mozCaptureStream?: () => MediaStream }

/** Draws waves on a canvas as long as it lives. */
export class SoundLevel {
  readonly #media: Captured
  readonly #levels = new Float32Array(LEVELS)
  readonly #calm = matchMedia('(prefers-reduced-motion: reduce)')
  #context: AudioContext | undefined
  #analyser: AnalyserNode | undefined
  #tracks = ''
  #frame = 0
  #canvas: HTMLCanvasElement | undefined

  constructor(media: HTMLMediaElement) {
    this.#media = media
  }

  /** Draws on this canvas from now on; `undefined` ends it. */
  draw(canvas: HTMLCanvasElement | undefined): void {
    if (this.#canvas === canvas) return
    this.#canvas = canvas
    cancelAnimationFrame(this.#frame)
    if (canvas !== undefined) this.#step()
  }

  /** Lets it follow the sound: to be called when the viewer has pressed something, for before that browsers let nobody listen. */
  listen(): void {
    try {
      this.#context ??= new AudioContext()
      if (this.#context.state === 'suspended') void this.#context.resume()
    } catch {
      // Then they move by themselves.
    }
  }

  /** Lets go of all. */
  destroy(): void {
    this.draw(undefined)
    void this.#context?.close()
    this.#context = undefined
  }

  #step(): void {
    const canvas = this.#canvas
    if (canvas === undefined) return
    this.#frame = requestAnimationFrame(() => this.#step())
    this.#attach()
    this.#measure()
    paint(canvas, this.#levels)
  }

  // The tracks are others whenever the engine is.
  #attach(): void {
    if (this.#context?.state !== 'running' || this.#media.readyState < 3) return
    const stream = (this.#media.captureStream ?? this.#media.mozCaptureStream)?.call(this.#media)
    const tracks = stream?.getAudioTracks() ?? []
    const ids = tracks.map(({ id }) => id).join()
    if (stream === undefined || ids === '' || ids === this.#tracks) return
    this.#tracks = ids
    this.#analyser?.disconnect()
    this.#analyser = this.#context.createAnalyser()
    this.#analyser.fftSize = 512
    this.#analyser.smoothingTimeConstant = 0.85
    this.#context.createMediaStreamSource(stream).connect(this.#analyser)
  }

  #measure(): void {
    const plays = !this.#media.paused && this.#media.readyState >= 3
    const spectrum = new Uint8Array(this.#analyser?.frequencyBinCount ?? 0)
    this.#analyser?.getByteFrequencyData(spectrum)
    const isHeard = spectrum.some((value) => value > 0)
    const now = this.#calm.matches ? 0 : performance.now() / 1000
    for (let i = 0; i < LEVELS; i++) {
      // Low tones in the middle, high ones at the sides.
      const off = Math.abs(i - (LEVELS - 1) / 2) / (LEVELS / 2)
      const swell = 0.18 + 0.14 * Math.sin(i * 0.37 + now * 0.9) * Math.sin(i * 0.11 - now * 0.5)
      const heard = (spectrum[Math.floor(off ** 1.5 * 150) + 1] ?? 0) / 255
      const wanted = plays ? (isHeard ? 0.06 + 0.9 * heard : swell) : 0.05
      this.#levels[i] = this.#levels[i]! + (wanted - this.#levels[i]!) * 0.18
    }
  }
}

function paint(canvas: HTMLCanvasElement, levels: Float32Array): void {
  const scale = Math.min(2, devicePixelRatio)
  const [width, height] = [Math.round(canvas.clientWidth * scale), Math.round(canvas.clientHeight * scale)]
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width
    canvas.height = height
  }
  const context = canvas.getContext('2d')
  if (context === null || width === 0) return
  context.clearRect(0, 0, width, height)
  context.fillStyle = getComputedStyle(canvas).color
  const step = width / LEVELS
  levels.forEach((level, i) => {
    const bar = Math.max(step * 0.5, level * height)
    context.beginPath()
    context.roundRect(i * step + step * 0.22, (height - bar) / 2, step * 0.56, bar, step * 0.28)
    context.fill()
  })
}
