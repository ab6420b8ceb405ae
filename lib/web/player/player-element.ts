import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit'
import { mountAddress, mountName, serverAddress, vlcAddress } from './address.js'
import { AUDIO_STYLES, renderAudio } from './audio-view.js'
import { CONTROL_STYLES } from './control-styles.js'
import { type BarActions, type BarView, type MenuName, renderBar, renderMenu } from './controls.js'
import type { Range } from './engine.js'
import { hasPictures, type MountFacts } from './facts.js'
import { ICONS } from './icons.js'
import { tellSystem } from './media-session.js'
import { MODES } from './pick.js'
import { NAMES, Playback } from './playback.js'
import { Presence } from './presence.js'
import { SoundLevel } from './sound-level.js'
import { renderStatistics } from './statistics.js'
import { followStatus } from './status-feed.js'
import { STYLES } from './styles.js'
import { renderVeil } from './veils.js'
import { behind, MEANING } from './words.js'

/** Seconds that must be there to go back to before a bar is drawn for it, and behind their end at which one is no longer live. */
const WORTH_SEEKING = 60
const EDGE = 15
/** Seconds that an arrow key goes. */
const STEP = 10
const LOUDNESS = 'floecast.volume'

/**
 * Plays a mount: `<floecast-player mount="/live" autoplay muted>`.
 *
 * Attributes: `mount`; `server`, the address of another server than the one that the script came from, or `prefix`, a path on the page's own origin;
 * `autoplay`; `muted`; `embed` to fill a frame. A page that knows the mount's status gives it as the property `status` whenever it changes
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
  /** What the page knows of the mount; left out, the player asks by itself. */
  declare status: MountFacts | null | undefined

  readonly #video = document.createElement('video')
  readonly #sound = new SoundLevel(this.#video)
  readonly #presence = new Presence(this)
  readonly #actions: BarActions = {
    togglePlay: () => this.#toggle(),
    toggleMute: () => this.#mute(!this.#video.muted),
    setVolume: (volume) => this.#setVolume(volume),
    seek: (time) => (this.#video.currentTime = time),
    goLive: () => this.#goLive(),
    openMenu: (menu) => this.#openMenu(menu),
    choose: (menu, id) => this.#choose(menu, id),
    toggleStatistics: () => {
      this.#statistics = !this.#statistics
      this.requestUpdate()
    },
    togglePip: () => void this.#togglePip(),
    cast: () => void this.#video.remote?.prompt().catch(() => {}),
    toggleFullScreen: () => void this.#toggleFullScreen(),
  }
  #playback: Playback | undefined
  #unfollow: (() => void) | undefined
  #ticking: ReturnType<typeof setInterval> | undefined
  #menu: MenuName | undefined
  #statistics = false
  #titles: string[] = []
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
    this.status = undefined
    this.#video.playsInline = true
    for (const name of ['play', 'pause', 'volumechange', 'seeked', 'resize', 'playing', 'waiting', 'loadeddata'])
      this.#video.addEventListener(name, () => this.requestUpdate())
    this.addEventListener('keydown', (event) => this.#key(event))
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
    this.#video.muted = this.muted
    this.#video.volume = loudness()
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
    const state = playback?.state ?? 'asking'
    const mount = playback?.mount
    const isVideo = mount === undefined || mount.tracks.length === 0 || (hasPictures(mount) && playback?.soundOnly !== true)
    const isLive = mount?.live === true
    const isAudio = !isVideo && isLive
    const name = mount?.name ?? mountName(this.mount).slice(1)
    const url = mountAddress(this.#address(), this.mount)
    const isIdle = state === 'playing' && isVideo && !this.#video.paused && !this.#presence.isThere
    const hasPicture = this.#video.videoWidth > 0
    const bar = this.#view(isVideo)
    const veil = renderVeil(
      { state, name, why: playback?.why ?? '', hasSound: playback?.hasSound ?? false, hasPicture, url, vlc: vlcAddress(url) },
      { play: () => playback?.play(), playSound: () => playback?.playSound() },
    )
    const isSilent = this.#video.muted && (state === 'playing' || state === 'starting') && this.muted
    const spins = state === 'starting' || state === 'asking' || (state === 'playing' && playback?.isStill === true)
    return html`<div
        class="stage ${isAudio ? 'audio' : ''} ${isIdle ? 'idle' : ''}"
        role="region"
        aria-label="Player: ${name}"
        @click=${(event: Event) => this.#clicked(event)}
        @dblclick=${(event: Event) => event.target === this.#video && this.#toggleFullScreen()}
      >
        ${this.#video} ${isAudio ? renderAudio({ name, ...this.#playing(mount), before: this.#titles.slice(1) }) : nothing}
        ${spins ? html`<div class="spinner" role="status"><span class="visually-hidden">Loading</span></div>` : nothing} ${veil}
        ${isSilent ? html`<button class="pill sound-on" @click=${() => this.#mute(false)}>${ICONS.muted} Sound on</button>` : nothing}
        ${
          this.#statistics && playback !== undefined
            ? renderStatistics({
                video: this.#video,
                engine: playback.engine,
                ending: playback.way?.ending ?? '',
                stalls: playback.stalls,
                rate: this.#frames.rate,
              })
            : nothing
        }
        ${isLive && state !== 'unplayable' && state !== 'ready' ? html`${renderBar(bar, this.#actions)}${renderMenu(bar, this.#actions)}` : nothing}
        ${this.embed ? this.#strip() : nothing}
      </div>
      ${this.embed ? nothing : this.#strip()}`
  }

  #strip(): TemplateResult {
    const playback = this.#playback
    const modes = playback?.modes ?? []
    const notice = playback?.notice ?? ''
    return html`<div class="strip">
      ${
        modes.length < 2
          ? nothing
          : html`<div class="modes" role="radiogroup" aria-label="How near to live">
              ${MODES.filter((mode) => modes.includes(mode)).map(
                (mode) =>
                  html`<button
                    role="radio"
                    aria-checked=${playback?.mode === mode}
                    title=${MEANING[mode]}
                    @click=${() => playback?.choose(mode)}
                  >
                    ${NAMES[mode]}
                  </button>`,
              )}
            </div>`
      }
      ${playback?.state === 'playing' ? html`<span class="delay">${behind(this.#delay())}</span>` : nothing}
      <p class="notice" role="status" ?hidden=${notice === ''}>${notice}</p>
    </div>`
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

  #delay(): number | undefined {
    return this.#playback?.engine?.delay
  }

  #playing({ title }: MountFacts): { title: string; artist: string } {
    return title === null
      ? { title: '', artist: '' }
      : { title: title.title ?? title.display, artist: title.title === null ? '' : (title.artist ?? '') }
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
    if (this.status === undefined)
      this.#unfollow = followStatus(server, (mounts) => this.#hear(mounts.find(({ mount: name }) => name === mount)))
    else this.#hear(this.status ?? undefined)
  }

  #close(): void {
    this.#unfollow?.()
    this.#unfollow = undefined
    this.#playback?.destroy()
    this.#playback = undefined
    this.#titles = []
  }

  #hear(mount: MountFacts | undefined): void {
    const title = mount?.title?.display ?? ''
    if (title !== '' && this.#titles[0] !== title) this.#titles = [title, ...this.#titles].slice(0, 20)
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
    if (muted) return
    // It has been asked for once, so the button need not ask again.
    this.muted = false
    this.#sound.listen()
    if (this.#video.volume === 0) this.#setVolume(0.5)
    if (this.#video.paused) this.#playback?.play()
  }

  #setVolume(volume: number): void {
    this.#video.volume = Math.min(1, Math.max(0, volume))
    this.#video.muted = this.#video.volume === 0
    this.muted &&= this.#video.muted
    try {
      localStorage.setItem(LOUDNESS, String(this.#video.volume))
    } catch {
      // Then it is forgotten.
    }
  }

  #goLive(): void {
    this.#playback?.engine?.goLive()
    this.#playback?.play()
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

  async #togglePip(): Promise<void> {
    try {
      if (document.pictureInPictureElement === null) await this.#video.requestPictureInPicture()
      else await document.exitPictureInPicture()
    } catch {
      // The browser will not have it now.
    }
  }

  async #toggleFullScreen(): Promise<void> {
    const stage = this.renderRoot.querySelector('.stage')
    try {
      if (document.fullscreenElement === null) await stage?.requestFullscreen()
      else await document.exitFullscreen()
    } catch {
      // The browser will not have it now.
    }
    this.requestUpdate()
  }

  #key(event: KeyboardEvent): void {
    const target = event.composedPath()[0]
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return
    const isRange = target instanceof HTMLInputElement
    const isButton = target instanceof HTMLButtonElement || target instanceof HTMLAnchorElement
    const window = this.#window()
    const acts: Readonly<Record<string, (() => void) | undefined>> = {
      k: () => this.#toggle(),
      ' ': isButton ? undefined : () => this.#toggle(),
      m: () => this.#mute(!this.#video.muted),
      f: () => void this.#toggleFullScreen(),
      l: () => this.#goLive(),
      Escape: this.#menu === undefined ? undefined : () => this.#openMenu(undefined),
      ArrowUp: isRange ? undefined : () => this.#setVolume(this.#video.volume + 0.1),
      ArrowDown: isRange ? undefined : () => this.#setVolume(this.#video.volume - 0.1),
      ArrowLeft: isRange || window === undefined ? undefined : () => this.#step(-STEP, window),
      ArrowRight: isRange || window === undefined ? undefined : () => this.#step(STEP, window),
    }
    const act = Object.hasOwn(acts, event.key) ? acts[event.key] : undefined
    if (act === undefined) return
    event.preventDefault()
    act()
  }

  #step(by: number, { start, end }: Range): void {
    this.#video.currentTime = Math.min(end, Math.max(start, this.#video.currentTime + by))
  }
}

function loudness(): number {
  try {
    const volume = Number(localStorage.getItem(LOUDNESS) ?? 1)
    return volume >= 0 && volume <= 1 ? volume : 1
  } catch {
    return 1
  }
}
