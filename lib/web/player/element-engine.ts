import type { Engine, EngineFacts, EngineOwner, Option, Range } from './engine.js'

/** Plays an address by the media element alone: sound in formats that only it knows, and HLS where nothing else can. */
export class ElementEngine implements Engine {
  readonly name = 'element'
  readonly qualities: readonly Option[] = []
  readonly captions: readonly Option[] = []
  readonly #video: HTMLMediaElement
  readonly #over = new AbortController()
  #type = ''

  constructor(video: HTMLMediaElement, owner: EngineOwner) {
    this.#video = video
    const { signal } = this.#over
    video.addEventListener('ended', () => owner.ended(), { signal })
    // 2 is the network: the source has gone, perhaps.
    const failed = (): void => (video.error?.code === 2 ? owner.ended() : owner.failed(video.error?.message ?? 'The media element failed'))
    video.addEventListener('error', failed, { signal })
    this.#ready = () => owner.ready()
  }

  readonly #ready: () => void

  get delay(): number | undefined {
    const { buffered, currentTime } = this.#video
    return buffered.length === 0 ? undefined : Math.max(0, buffered.end(buffered.length - 1) - currentTime)
  }

  get seekable(): Range | undefined {
    const { seekable } = this.#video
    if (seekable.length === 0) return undefined
    const [start, end] = [seekable.start(0), seekable.end(seekable.length - 1)]
    // An endless answer pretends that all of it is there.
    return this.#type.includes('mpegurl') && Number.isFinite(end) ? { start, end } : undefined
  }

  get facts(): EngineFacts {
    return { codecs: this.#type }
  }

  async load(url: string, type: string): Promise<void> {
    this.#type = type
    // The same address again is to be asked for again.
    this.#video.src = url
    this.#ready()
  }

  chooseQuality(): void {}
  chooseCaptions(): void {}

  seek(time: number): void {
    this.#video.currentTime = time
  }

  goLive(): void {
    const { buffered, seekable } = this.#video
    if (this.seekable !== undefined) this.#video.currentTime = seekable.end(seekable.length - 1)
    else if (buffered.length > 0)
      this.#video.currentTime = Math.max(buffered.start(buffered.length - 1), buffered.end(buffered.length - 1) - 1)
  }

  stalled(): void {}

  async destroy(): Promise<void> {
    this.#over.abort()
    this.#video.removeAttribute('src')
    this.#video.load()
  }
}
