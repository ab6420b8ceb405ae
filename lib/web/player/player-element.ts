import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit'
import { mountAddress, mountName, serverAddress } from './address.js'
import { AUDIO_STYLES } from './audio-view.js'
import { CONTROL_STYLES } from './control-styles.js'
import type { BarActions, BarView, MenuName } from './controls.js'
import type { Range } from './engine.js'
import { hasPictures, type MountFacts } from './facts.js'
import { type KeyActions, pressKey } from './keys.js'
import { tellSystem } from './media-session.js'
import { Playback } from './playback.js'
import { chosenVolume, keepVolume } from './preferences.js'
import { Presence } from './presence.js'
import { castTo, toggleFullScreen, togglePip } from './screens.js'
import { SoundLevel } from './sound-level.js'
import { renderStage } from './stage.js'
import { followStatus } from './status-feed.js'
import { renderStrip } from './strip.js'
import { STYLES } from './styles.js'

/** Seconds that must be there to go back to before a bar is drawn for it, and behind their end at which one is no longer live. */
const WORTH_SEEKING = 60
const EDGE = 15

/**
 * Plays a mount: `<floecast-player mount="/live" autoplay muted>`.
 *
 * Attributes: `mount`; `server`, the address of another server than the one that the script came from, or `prefix`, a path on the page's own origin;
 * `autoplay`; `muted`; `poster`, the URL of a picture; `embed` to fill a frame. A page that knows the mount's status gives it as the property `status` whenever it changes
 * (`null` when there is no such mount); otherwise the player asks by itself.
 */
export class FloecastPlayer extends LitElement {
  static override readonly styles = [STYLES, CONTROL_STYLES, AUDIO_STYLES]
  static override readonly properties = {
    mount: {},
    server: {},
    path: { attribute: 'prefix' },
    autoplay: { type: Boolean },
    muted: { type: Boolean },
    embed: { type: Boolean, reflect: true },
    poster: {},
    status: { attribute: false },
  }

  /** The mount's name. */
  declare mount: string
  /** The address of the server. */
  declare server: string | null
  /** The path of the server on the page's own origin: the attribute `prefix`. */
  declare path: string | null
  /** Whether it plays by itself. */
  declare autoplay: boolean
  /** Whether it begins without sound. */
  declare muted: boolean
  /** Whether it fills its frame. */
  declare embed: boolean
  /** The URL of a picture that is shown before it plays. */
  declare poster: string
  /** What the page knows of the mount; left out, the player asks by itself. */
  declare status: MountFacts | null | undefined

  readonly #video = document.createElement('video')
  readonly #sound = new SoundLevel(this.#video)
  readonly #presence = new Presence(this)
  readonly #actions: BarActions = {
    togglePlay: () => this.#toggle(),
    toggleMute: () => this.#mute(!this.#video.muted),
    setVolume: (volume) => this.#setVolume(volume),
    seek: (time) => this.#playback?.engine?.seek(time),
    goLive: () => this.#goLive(),
    openMenu: (menu) => this.#openMenu(menu),
    choose: (menu, id) => this.#choose(menu, id),
    toggleStatistics: () => {
      this.#statistics = !this.#statistics
      this.requestUpdate()
    },
    togglePip: () => void togglePip(this.#video),
    cast: () => void castTo(this.#video),
    toggleFullScreen: () => void this.#toggleFullScreen(),
  }
  readonly #keys: KeyActions = {
    ...this.#actions,
    louder: (by) => this.#setVolume(this.#video.volume + by),
    skip: (by) => this.#skip(by),
    close: () => this.#openMenu(undefined),
  }
  #playback: Playback | undefined
  #unfollow: (() => void) | undefined
  #ticking: ReturnType<typeof setInterval> | undefined
  #menu: MenuName | undefined
  #statistics = false
  #name = ''
  #wantsSilence = false
  #canCast = false
  #frames = { at: 0, count: 0, rate: 0 }

  constructor() {
    super()
    this.mount = ''
    this.server = null
    this.path = null
    this.autoplay = false
    this.muted = false
    this.embed = false
    this.poster = ''
    this.status = undefined
    this.#video.playsInline = true
    for (const name of ['play', 'pause', 'volumechange', 'seeked', 'resize', 'playing', 'waiting', 'loadeddata'])
      this.#video.addEventListener(name, () => this.requestUpdate())
    this.addEventListener('keydown', (event) => pressKey(event, this.#window(), this.#keys))
    this.addEventListener('fullscreenchange', () => this.requestUpdate())
  }

  /** The media element, for pages that look at what plays. */
  get video(): HTMLVideoElement {
    return this.#video
  }
  /** What plays it; `undefined` before it is in a page. */
  get playback(): Playback | undefined {
    return this.#playback
  }

  override connectedCallback(): void {
    super.connectedCallback()
    // It may have been in a page before.
    this.requestUpdate()
    this.#video.muted = this.muted
    this.#video.volume = chosenVolume()
    this.#ticking = setInterval(() => this.#tick(), 500)
    this.#video.remote
      ?.watchAvailability((there) => {
        this.#canCast = there
        this.requestUpdate()
      })
      .catch(() => {})
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    clearInterval(this.#ticking)
    this.#close()
    this.#sound.destroy()
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('mount') || changed.has('server') || changed.has('path') || this.#playback === undefined) this.#open()
    if (changed.has('poster')) this.#video.poster = this.poster
    if (changed.has('status') && this.status !== undefined) {
      this.#unfollow?.()
      this.#unfollow = undefined
      this.#hear(this.status ?? undefined)
    }
  }

  protected override updated(): void {
    this.#sound.draw(this.renderRoot.querySelector<HTMLCanvasElement>('canvas.waves') ?? undefined)
    const mount = this.#playback?.mount
    if (mount !== undefined && this.#playback?.state === 'playing')
      tellSystem(mount, this.#video.paused, {
        play: () => this.#playback?.play(),
        pause: () => this.#playback?.pause(),
        goLive: () => this.#goLive(),
      })
  }

  protected override render(): TemplateResult {
    const playback = this.#playback
    const mount = playback?.mount
    const isVideo = mount === undefined || mount.tracks.length === 0 || (hasPictures(mount) && playback?.soundOnly !== true)
    const strip = this.#strip()
    const stage = renderStage(
      {
        playback,
        video: this.#video,
        mount: this.mount,
        name: this.#name || mountName(this.mount).slice(1),
        url: mountAddress(this.#address(), this.mount),
        isVideo,
        isAlone: !this.#presence.isThere,
        hasPoster: this.poster !== '',
        wantsSilence: this.#wantsSilence,
        rate: this.#frames.rate,
        bar: this.#view(isVideo),
        inside: this.embed ? strip : nothing,
      },
      {
        ...this.#actions,
        clicked: (event) => this.#clicked(event),
        play: () => playback?.play(),
        playSound: () => playback?.playSound(),
      },
    )
    return html`${stage}${this.embed ? nothing : strip}`
  }

  #strip(): TemplateResult {
    const playback = this.#playback
    return renderStrip({
      modes: playback?.modes ?? [],
      mode: playback?.mode,
      delay: playback?.state === 'playing' ? playback.engine?.delay : undefined,
      notice: playback?.notice ?? '',
      choose: (mode) => playback?.choose(mode),
    })
  }

  #view(isVideo: boolean): BarView {
    const { paused, muted, volume, currentTime } = this.#video
    const playback = this.#playback
    const engine = playback?.engine
    const range = this.#window()
    return {
      paused,
      muted,
      volume,
      live: playback?.mount?.live === true,
      atEdge: !paused && (range === undefined || range.end - currentTime < EDGE),
      window: range,
      position: currentTime,
      qualities: engine?.qualities ?? [],
      captions: engine?.captions ?? [],
      menu: this.#menu,
      statistics: this.#statistics,
      fullScreen: this.shadowRoot?.fullscreenElement !== null && this.shadowRoot?.fullscreenElement !== undefined,
      isVideo,
      canPip: isVideo && document.pictureInPictureEnabled,
      canCast: this.#canCast,
      canFullScreen: isVideo && document.fullscreenEnabled,
    }
  }

  #window(): Range | undefined {
    const range = this.#playback?.engine?.seekable
    return range !== undefined && range.end - range.start >= WORTH_SEEKING ? range : undefined
  }

  #address(): string {
    return serverAddress({ server: this.server, prefix: this.path, page: document.baseURI, script: import.meta.url })
  }

  #open(): void {
    this.#close()
    const mount = mountName(this.mount)
    const server = this.#address()
    this.#playback = new Playback(this.#video, { server, mount, changed: () => this.requestUpdate() })
    if (this.autoplay) this.#playback.play()
    if (this.status === undefined) this.#unfollow = followStatus(server, mount, (facts) => this.#hear(facts))
    else this.#hear(this.status ?? undefined)
  }

  #close(): void {
    this.#unfollow?.()
    this.#unfollow = undefined
    this.#playback?.destroy()
    this.#playback = undefined
    this.#name = ''
  }

  #hear(mount: MountFacts | undefined): void {
    this.#name = mount?.name ?? this.#name
    this.#playback?.update(mount)
  }

  #tick(): void {
    const now = performance.now()
    const { totalVideoFrames: count } = this.#video.getVideoPlaybackQuality()
    if (now - this.#frames.at > 1000) {
      const rate = count >= this.#frames.count ? ((count - this.#frames.count) * 1000) / (now - this.#frames.at) : 0
      this.#frames = { at: now, count, rate }
    }
    this.requestUpdate()
  }

  #clicked(event: Event): void {
    if (event.target === this.#video && this.#playback?.state === 'playing') this.#toggle()
    else if (this.#menu !== undefined && event.target instanceof Element && event.target.closest('.menu, .bar') === null)
      this.#openMenu(undefined)
  }

  #toggle(): void {
    this.#sound.listen()
    if (this.#video.paused) this.#playback?.play()
    else this.#playback?.pause()
  }

  #mute(muted: boolean): void {
    this.#video.muted = muted
    this.#wantsSilence = muted
    if (muted) return
    this.#sound.listen()
    if (this.#video.volume === 0) this.#setVolume(0.5)
    if (this.#video.paused) this.#playback?.play()
  }

  #setVolume(volume: number): void {
    this.#video.volume = Math.min(1, Math.max(0, volume))
    this.#video.muted = this.#video.volume === 0
    this.#wantsSilence = this.#video.muted
    keepVolume(this.#video.volume)
  }

  #goLive(): void {
    this.#playback?.engine?.goLive()
    this.#playback?.play()
  }

  #skip(by: number): void {
    const window = this.#window()
    if (window !== undefined) this.#playback?.engine?.seek(Math.min(window.end, Math.max(window.start, this.#video.currentTime + by)))
  }

  async #toggleFullScreen(): Promise<void> {
    await toggleFullScreen(this.renderRoot.querySelector('.stage'), this.#video)
    this.requestUpdate()
  }

  #openMenu(menu: MenuName | undefined): void {
    this.#menu = menu
    this.requestUpdate()
    if (menu !== undefined) void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>('.menu button')?.focus())
  }

  #choose(menu: MenuName, id: string): void {
    const engine = this.#playback?.engine
    const chosen = id === '' ? undefined : id
    if (menu === 'quality') engine?.chooseQuality(chosen)
    else engine?.chooseCaptions(chosen)
    this.#openMenu(undefined)
  }
}
