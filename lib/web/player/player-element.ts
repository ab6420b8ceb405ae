import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit'
import { property } from 'lit/decorators.js'
import { mountAddress, mountName, serverAddress } from './address.js'
import { AUDIO_STYLES } from './audio-view.js'
import { CONTROL_STYLES } from './control-styles.js'
import type { BarActions, BarView, MenuName } from './controls.js'
import type { Range } from './engine.js'
import { hasPictures, type MountFacts } from './facts.js'
import { FrameRate } from './frame-rate.js'
import { type KeyActions, pressKey } from './keys.js'
import { SystemSession } from './media-session.js'
import { Playback } from './playback.js'
import { Presence } from './presence.js'
import { castTo, toggleFullScreen, togglePip } from './screens.js'
import { SoundLevel } from './sound-level.js'
import { renderStage } from './stage.js'
import { followStatus } from './status-feed.js'
import { renderStrip } from './strip.js'
import { STYLES } from './styles.js'
import { Volume } from './volume.js'

/** Seconds that must be there to go back to before a bar is drawn for it, and behind their end at which one is no longer live. */
const WORTH_SEEKING = 60
const EDGE = 15

/**
 * Plays a mount: `<floecast-player mount="/live" autoplay muted>`.
 *
 * Attributes: `mount`; `server`, the address of another server than the one that the script came from, or `prefix`, a path on the page's own origin;
 * `query`, what lets in where a mount is not for everybody (`expires=…&signature=…`);
 * `autoplay`; `muted`; `poster`, the URL of a picture; `embed` to fill a frame. A page that knows the mount's status gives it as the property `status` whenever it changes
 * (`null` when there is no such mount); otherwise the player asks by itself.
 */
export class FloecastPlayer extends LitElement {
  static override readonly styles = [STYLES, CONTROL_STYLES, AUDIO_STYLES]

  /** The mount's name. */
  @property() accessor mount = ''
  /** The address of the server. */
  @property() accessor server: string | null = null
  /** What lets in where a mount is not for everybody: `expires=…&signature=…` or `token=…`. */
  @property() accessor query = ''
  /** The path of the server on the page's own origin: the attribute `prefix`. */
  @property({ attribute: 'prefix' }) accessor path: string | null = null
  /** Whether it plays by itself. */
  @property({ type: Boolean }) accessor autoplay = false
  /** Whether it begins without sound. */
  @property({ type: Boolean }) accessor muted = false
  /** Whether it fills its frame. */
  @property({ type: Boolean, reflect: true }) accessor embed = false
  /** The URL of a picture that is shown before it plays. */
  @property() accessor poster = ''
  /** What the page knows of the mount; left out, the player asks by itself. */
  @property({ attribute: false }) accessor status: MountFacts | null | undefined = undefined

  readonly #video = document.createElement('video')
  readonly #sound = new SoundLevel(this.#video)
  readonly #volume = new Volume(this.#video)
  readonly #frames = new FrameRate(this.#video)
  readonly #presence = new Presence(this)
  readonly #actions: BarActions = {
    togglePlay: () => this.#toggle(),
    toggleMute: () => this.#mute(!this.#video.muted),
    setVolume: (volume) => this.#volume.set(volume),
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
    louder: (by) => this.#volume.set(this.#video.volume + by),
    skip: (by) => this.#skip(by),
    close: () => this.#openMenu(undefined),
  }
  readonly #system = new SystemSession({
    play: () => this.#playback?.play(),
    pause: () => this.#playback?.pause(),
    seek: (time) => this.#playback?.engine?.seek(time),
    skip: (by) => this.#skip(by),
  })
  #playback: Playback | undefined
  #unfollow: (() => void) | undefined
  #ticking: ReturnType<typeof setInterval> | undefined
  #menu: MenuName | undefined
  #statistics = false
  #name = ''
  #canCast = false

  constructor() {
    super()
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
    this.#volume.begin(this.muted)
    this.#ticking = setInterval(() => {
      this.#frames.look(performance.now())
      this.requestUpdate()
    }, 500)
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
    const { mount, state } = this.#playback ?? {}
    const { paused, currentTime: position } = this.#video
    if (mount !== undefined && state === 'playing')
      this.#system.tell(mount, { paused, picture: this.poster, window: this.#window(), position })
    else if (mount?.live !== true) this.#system.end()
  }

  protected override render(): TemplateResult {
    const playback = this.#playback
    const mount = playback?.mount
    const isVideo = mount === undefined || mount.tracks.length === 0 || (hasPictures(mount) && playback?.ways.soundOnly !== true)
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
        wantsSilence: this.#volume.wantsSilence,
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
      modes: playback?.ways.modes ?? [],
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
    this.#playback = new Playback(this.#video, { server, mount, query: this.query, changed: () => this.requestUpdate() })
    if (this.autoplay) this.#playback.play()
    if (this.status === undefined) this.#unfollow = followStatus(server, mount, (facts) => this.#hear(facts))
    else this.#hear(this.status ?? undefined)
  }

  #close(): void {
    this.#unfollow?.()
    this.#unfollow = undefined
    this.#system.end()
    this.#playback?.destroy()
    this.#playback = undefined
    this.#name = ''
  }

  #hear(mount: MountFacts | undefined): void {
    this.#name = mount?.name ?? this.#name
    this.#playback?.update(mount)
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
    this.#volume.mute(muted)
    if (muted) return
    this.#sound.listen()
    if (this.#video.paused) this.#playback?.play()
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
    // Whoever chose by the keyboard goes on from the button.
    if (menu === undefined && this.shadowRoot?.activeElement?.closest('.menu'))
      this.renderRoot.querySelector<HTMLElement>('[aria-expanded="true"]')?.focus()
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
