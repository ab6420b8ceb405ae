import type shaka from 'shaka-player/dist/shaka-player.compiled-es2021.js'
import type { Engine, EngineFacts, EngineOwner, Option, Range } from './engine.js'
import { bits } from './words.js'

/** How Shaka Player is to play. */
export interface ShakaSettings {
  /** As near to live as parts of segments let it come; otherwise some six seconds behind. */
  readonly low: boolean
  /** Seconds of a segment. */
  readonly segmentDuration: number
  /** An id of this playback that requests carry, so that the server can tell viewers apart; none for servers of other sites, which browsers would ask for leave each time. */
  readonly session: string | undefined
  /** Where the server tells its time. */
  readonly time: string
}

/** How many segments behind live it stays where it is not to be near: with segments of two seconds that is a little more than six. */
const SAFE = 2.95
/** Milliseconds between two looks at how far behind it is, and seconds that do not matter, that are hurried over, and that are leapt over. */
const LOOK = 500
const [NEVER_MIND, TOO_FAR] = [0.25, 3]
/** Milliseconds between two looks at the server's clock. */
const CLOCK = 60_000

/** How often what cannot be read yet is loaded again, and after how many milliseconds. */
const [TRIES, AGAIN] = [10, 500]
const NEAR = { enabled: true, targetLatency: 0.3, targetLatencyTolerance: 0.2, maxPlaybackRate: 1.08, minPlaybackRate: 0.95 } as const

/** Plays HLS, Low-Latency HLS and DASH by Shaka Player, which is fetched when it is first needed. */
export class ShakaEngine implements Engine {
  readonly name = 'shaka'
  readonly #video: HTMLMediaElement
  readonly #owner: EngineOwner
  readonly #settings: ShakaSettings
  readonly #over = new AbortController()
  #player: shaka.Player | undefined
  #ahead = 0
  #asked = -Infinity
  #auto = true
  #looking: ReturnType<typeof setInterval> | undefined
  #settled = false
  #isBack = false

  constructor(video: HTMLMediaElement, owner: EngineOwner, settings: ShakaSettings) {
    this.#video = video
    this.#owner = owner
    this.#settings = settings
    video.addEventListener('ended', () => owner.ended(), { signal: this.#over.signal })
    // Low latency is what the library keeps by itself.
    if (!settings.low) this.#looking = setInterval(() => this.#hold(), LOOK)
  }

  async load(url: string): Promise<void> {
    try {
      const player = this.#player ?? (await this.#open())
      if (this.#over.signal.aborted) return
      void this.#lookAtClock()
      await this.#begin(player, url)
      if (!this.#over.signal.aborted) this.#owner.ready()
    } catch (error) {
      if (!this.#over.signal.aborted) this.#owner.failed(nameOf(error))
    }
  }

  get delay(): number | undefined {
    const date = this.#player?.getPlayheadTimeAsDate()
    if (date === null || date === undefined || Number.isNaN(date.getTime())) return undefined
    if (performance.now() - this.#asked > CLOCK) void this.#lookAtClock()
    const delay = (Date.now() + this.#ahead - date.getTime()) / 1000
    return delay < 0 || delay > 1e6 ? undefined : delay
  }

  get seekable(): Range | undefined {
    if (this.#player?.isLive() !== true) return undefined
    const { start, end } = this.#player.seekRange()
    return end > start ? { start, end } : undefined
  }

  get facts(): EngineFacts {
    const track = this.#player?.getVariantTracks().find(({ active }) => active)
    return {
      codecs: track?.codecs ?? '',
      bitrate: this.#player?.getStats().streamBandwidth || undefined,
    }
  }

  get qualities(): readonly Option[] {
    const tracks = this.#player?.getVariantTracks() ?? []
    if (tracks.length < 2) return []
    const named = tracks.map((track) => ({
      id: String(track.id),
      label: labelOf(track, tracks),
      height: track.height ?? 0,
      chosen: !this.#auto && track.active,
    }))
    return [{ id: '', label: 'Auto', chosen: this.#auto }, ...named.toSorted((a, b) => b.height - a.height)]
  }

  get captions(): readonly Option[] {
    const tracks = this.#player?.getTextTracks() ?? []
    return tracks.map(({ id, label, language, active }) => ({ id: String(id), label: label ?? language, chosen: active }))
  }

  chooseQuality(id: string | undefined): void {
    const track = this.#player?.getVariantTracks().find((one) => String(one.id) === id)
    this.#auto = track === undefined
    this.#player?.configure({ abr: { enabled: this.#auto } })
    if (track !== undefined) this.#player?.selectVariantTrack(track, true)
    this.#owner.changed()
  }

  chooseCaptions(id: string | undefined): void {
    const track = this.#player?.getTextTracks().find((one) => String(one.id) === id)
    this.#player?.selectTextTrack(track ?? null)
    this.#owner.changed()
  }

  seek(time: number): void {
    this.#isBack = time < this.#video.currentTime || this.#isBack
    this.#video.playbackRate = 1
    this.#video.currentTime = time
    const { seekable } = this
    if (seekable !== undefined && seekable.end - time < 2 * this.#settings.segmentDuration) this.goLive()
  }

  goLive(): void {
    this.#isBack = false
    this.#settled = false
    this.#player?.goToLive()
  }

  stalled(): void {}

  async destroy(): Promise<void> {
    this.#over.abort()
    clearInterval(this.#looking)
    await this.#player?.destroy()
    this.#player = undefined
  }

  async #open(): Promise<shaka.Player> {
    const { default: library } = await import('shaka-player/dist/shaka-player.compiled-es2021.js')
    library.polyfill.installAll()
    const player: shaka.Player = new library.Player()
    this.#player = player
    const { low, segmentDuration, session } = this.#settings
    await player.attach(this.#video)
    player.configure({
      // The player's own choice would be three segments behind the newest whole one.
      manifest: low ? {} : { defaultPresentationDelay: (SAFE - 1) * segmentDuration, dash: { ignoreSuggestedPresentationDelay: true } },
      streaming: {
        lowLatencyMode: low,
        // Counted from the presentation delay on. Switched off, it would keep to what an MPD says instead; so where it is not wanted, all is well for it.
        liveSync: low ? NEAR : { enabled: true, targetLatency: 0.3, targetLatencyTolerance: 1e6 },
      },
      cmcd:
        session === undefined
          ? { enabled: false }
          : { enabled: true, useHeaders: true, sessionId: session, includeKeys: ['sid'], version: 1 },
    })
    const changed = (): void => this.#owner.changed()
    for (const name of ['trackschanged', 'adaptation', 'variantchanged', 'textchanged']) player.addEventListener(name, changed)
    player.addEventListener('error', (event: Event) => {
      const detail: unknown = Reflect.get(event, 'detail')
      if (Object(detail).severity === 2) this.#owner.failed(nameOf(detail))
    })
    return player
  }

  // While a playlist lists nothing but parts, the library's parser fails with an error that is none of its own: soon there is a whole segment.
  async #begin(player: shaka.Player, url: string): Promise<void> {
    for (let tries = 0; ; tries++) {
      try {
        return void (await player.load(url))
      } catch (error) {
        if (!(error instanceof TypeError) || tries === TRIES || this.#over.signal.aborted) throw error
        await new Promise((resolve) => setTimeout(resolve, AGAIN))
      }
    }
  }

  // Keeps its distance: the library's own depends on when within a segment it began.
  #hold(): void {
    const { delay } = this
    const { readyState, paused, seeking, buffered, currentTime } = this.#video
    if (delay === undefined || readyState < 2 || paused || seeking || buffered.length === 0) return
    const target = SAFE * this.#settings.segmentDuration
    const excess = delay - target
    const end = buffered.end(buffered.length - 1)
    const first = !this.#settled
    this.#settled = true
    // Whoever has gone back wants to be there.
    if (this.#isBack) return
    if (excess > (first ? 0.6 : TOO_FAR)) this.#video.currentTime = Math.min(currentTime + excess, end)
    const wanted =
      Math.abs(excess) < NEVER_MIND || (excess > 0 && end - currentTime < this.#settings.segmentDuration) ? 1 : excess > 0 ? 1.04 : 0.97
    if (this.#video.playbackRate !== wanted) this.#video.playbackRate = wanted
  }

  // By how much the server's clock is ahead of the viewer's, in milliseconds: of its answer's way back and forth one half counts.
  async #lookAtClock(): Promise<void> {
    this.#asked = performance.now()
    try {
      const begin = Date.now()
      const response = await fetch(this.#settings.time, { cache: 'no-store', signal: this.#over.signal })
      const time = Date.parse(await response.text())
      if (Number.isFinite(time)) this.#ahead = time - (begin + Date.now()) / 2
    } catch {
      // The viewer's own clock has to do.
    }
  }
}

// The height tells qualities apart, or else the bit rate does.
function labelOf({ height, bandwidth }: shaka.extern.Track, all: readonly shaka.extern.Track[]): string {
  if (height === null) return bits(bandwidth)
  const isOne = all.filter((track) => track.height === height).length === 1
  return isOne ? `${height}p` : `${height}p, ${bits(bandwidth)}`
}

const nameOf = (error: unknown): string => {
  const code: unknown = Object(error).code
  return typeof code === 'number' ? `Shaka Player's error ${code}` : String(error)
}
