import { html, LitElement, nothing, type TemplateResult } from 'lit'
import { customElement, property, query, state } from 'lit/decorators.js'
import { keyed } from 'lit/directives/keyed.js'
import { Broadcast, type BroadcastState } from './broadcast.js'
import { Capture, type Device, listDevices } from './capture.js'
import { renderChoices, titleField } from './choices.js'
import { hindrance } from './hindrance.js'
import type { Destination } from './leg.js'
import { LevelMeter } from './level-meter.js'
import { captureProblem, LiveProblem, type SourceKind } from './problem.js'
import { type Quality, USUAL } from './qualities.js'
import { badge, GONE, veil } from './stage.js'
import { STYLES } from './styles.js'
import { WakeLock } from './wake-lock.js'

/**
 * Sends what a camera, a screen, a microphone or a file gives to a server, over a WebSocket of the subprotocol `webcast`:
 * `<floecast-live address="wss://radio.example/live"></floecast-live>`.
 *
 * Attributes: `address`, with the path of the mount (empty while there is none: then nothing can be started); `user` and `password`, where the page's own session is not
 * enough; `still` while something else forbids a start; `label`, what stands on the button that starts. Whenever anything of it changes it sends the event `change`; what there is to know stands in {@link FloecastLive.state},
 * {@link FloecastLive.since} and {@link FloecastLive.bitRate}.
 */
@customElement('floecast-live')
export class FloecastLive extends LitElement {
  static override readonly styles = STYLES
  /** Where to: `ws://` or `wss://`. A change holds from the next start on. */
  @property() accessor address = ''
  @property() accessor user = ''
  @property() accessor password = ''
  @property({ type: Boolean }) accessor still = false
  @property() accessor label = 'Go live'
  @state() accessor #kind: SourceKind = 'camera'
  @state() accessor #quality: Quality = USUAL
  @state() accessor #camera = ''
  @state() accessor #microphone = ''
  @state() accessor #devices: { cameras: Device[]; microphones: Device[] } = { cameras: [], microphones: [] }
  @state() accessor #file: string | undefined
  @state() accessor #capture: Capture | undefined
  @state() accessor #isOpening = false
  @state() accessor #problem = ''
  @state() accessor #clock = 0
  @query('video') accessor #video!: HTMLVideoElement
  @query('.level') accessor #bar!: HTMLElement
  #title = ''
  #told = ''
  #broadcast: Broadcast | undefined
  #meter: LevelMeter | undefined
  #timer: ReturnType<typeof setInterval> | undefined
  /** Of several openings that overtake each other, the last one counts. */
  #turn = 0
  /** Another one for each file: what has captured an element to its end captures nothing more of it. */
  #take = 0
  readonly #wakeLock = new WakeLock()

  /** Where the broadcast stands; `off` before the first and after the last. */
  get state(): BroadcastState | 'off' {
    return this.#broadcast?.state ?? 'off'
  }
  /** When it went live, in milliseconds. */
  get since(): number | undefined {
    return this.#broadcast?.since
  }
  /** Bits that are sent a second. */
  get bitRate(): number {
    return this.#broadcast?.bitRate ?? 0
  }

  override connectedCallback(): void {
    super.connectedCallback()
    addEventListener('beforeunload', this.#leaving)
    if (hindrance() !== undefined) return
    navigator.mediaDevices.addEventListener('devicechange', this.#look)
    void this.#look()
  }
  override disconnectedCallback(): void {
    super.disconnectedCallback()
    removeEventListener('beforeunload', this.#leaving)
    this.stop()
    this.#close()
    if (this.#file !== undefined) URL.revokeObjectURL(this.#file)
    if (hindrance() === undefined) navigator.mediaDevices.removeEventListener('devicechange', this.#look)
  }

  /** Goes live: asks for the camera or whatever is chosen, if that is not open yet. What goes wrong is shown. */
  async start(): Promise<void> {
    if (this.#isOnAir) return
    this.#problem = ''
    const capture = this.#capture ?? (await this.#open())
    if (capture === undefined) return
    if (capture.kind === 'file') await this.#video.play().catch(() => {})
    const { address, user, password } = this
    const destination: Destination = { address, ...(password !== '' && { user: user || 'source', password }) }
    try {
      const broadcast = new Broadcast(destination, capture.stream, this.#quality, this.#title)
      this.#told = this.#title
      this.#broadcast = broadcast
      broadcast.addEventListener('change', () => broadcast === this.#broadcast && this.#changed())
      this.#timer = setInterval(() => this.#changed(), 1000)
    } catch (error) {
      this.#problem = captureProblem(capture.kind, error).message
    }
    this.#changed()
    // A phone that goes to sleep sends nothing more.
    this.#wakeLock.hold()
  }

  /** Ends the broadcast in order; the picture stays to be seen here. */
  stop(): void {
    this.#broadcast?.stop()
    this.#broadcast = undefined
    if (this.#capture?.kind === 'file') this.#video.pause()
    this.#rest()
    this.#changed()
  }

  #rest(): void {
    clearInterval(this.#timer)
    this.#wakeLock.release()
  }

  get #isOnAir(): boolean {
    return this.#broadcast !== undefined && this.#broadcast.state !== 'over'
  }

  readonly #changed = (): void => {
    const broadcast = this.#broadcast
    if (broadcast?.state === 'over') {
      this.#rest()
      this.#problem = broadcast.problem
      this.#broadcast = undefined
    }
    this.#clock = Date.now()
    this.dispatchEvent(new Event('change'))
  }

  readonly #leaving = (event: BeforeUnloadEvent): void => {
    if (this.#isOnAir) event.preventDefault()
  }

  readonly #look = async (): Promise<void> => {
    this.#devices = await listDevices()
  }

  async #open(): Promise<Capture | undefined> {
    const turn = ++this.#turn
    this.#isOpening = true
    this.#problem = ''
    let capture: Capture | undefined
    try {
      capture = await Capture.open({
        kind: this.#kind,
        quality: this.#quality,
        camera: this.#camera,
        microphone: this.#microphone,
        player: this.#video,
      })
    } catch (error) {
      if (turn === this.#turn) this.#problem = error instanceof LiveProblem ? error.message : String(error)
    }
    if (turn !== this.#turn) {
      capture?.close()
      return undefined
    }
    this.#isOpening = false
    if (capture === undefined) return undefined
    this.#close()
    this.#capture = capture
    this.#problem = capture.note
    for (const track of capture.stream.getTracks()) track.addEventListener('ended', () => this.#ended(capture))
    if (capture.kind !== 'file') this.#video.srcObject = capture.stream
    if (capture.stream.getAudioTracks().length > 0) this.#meter = new LevelMeter(capture.stream, this.#bar)
    if (this.#isOnAir) this.#broadcast!.change(capture.stream, this.#quality)
    void this.#look()
    return capture
  }

  #close(): void {
    this.#meter?.close()
    this.#meter = undefined
    this.#capture?.close()
    this.#capture = undefined
  }

  // A camera that is pulled out, a screen that is no longer shared, a file that is over.
  #ended(capture: Capture): void {
    if (capture !== this.#capture) return
    const wasOnAir = this.#isOnAir
    this.stop()
    this.#close()
    if (capture.kind === 'file') this.#take++
    else this.#video.srcObject = null
    this.#problem = `${GONE[capture.kind]}${wasOnAir ? ', so the broadcast has ended' : ''}.`
  }

  // While it is on the air, what is chosen anew is opened at once, and the broadcast goes on with it.
  #again(): void {
    if (this.#kind === 'file') return
    if (this.#isOnAir || this.#capture !== undefined) void this.#open()
  }

  #choose(kind: SourceKind): void {
    this.#kind = kind
    this.#turn++
    this.#isOpening = false
    this.#problem = ''
    if (this.#isOnAir && kind !== 'file') return void this.#open()
    this.#close()
    this.#video.srcObject = null
  }

  readonly #chooseFile = (file: File): void => {
    this.#close()
    if (this.#file !== undefined) URL.revokeObjectURL(this.#file)
    this.#file = URL.createObjectURL(file)
    this.#take++
    this.#title ||= file.name.replace(/\.[^.]+$/, '')
    this.requestUpdate()
  }

  protected override render(): TemplateResult {
    const hindered = hindrance()
    if (hindered !== undefined) return html`<p class="problem" role="alert">${hindered}</p>`
    const problem = this.#problem || (this.#broadcast?.problem ?? '')
    const canStart = !this.still && this.address !== '' && !this.#isOpening && (this.#kind !== 'file' || this.#file !== undefined)
    return html`<div class="all">
      <div class="front">
        <div>
          ${this.#stage()}
          <div class="level" aria-hidden="true"></div>
        </div>
        <p class="problem" role="alert" ?hidden=${problem === ''}>${problem}</p>
        ${
          this.#isOnAir
            ? html`<button class="go stop" @click=${() => this.stop()}>Stop</button>`
            : html`<button class="go" ?disabled=${!canStart} @click=${() => void this.start()}>${this.label}</button>`
        }
      </div>
      <div class="side">
        ${this.#choices()} ${titleField(this.#title, this.#isOnAir, this.#title !== this.#told, this.#write, this.#tell)}
      </div>
    </div>`
  }

  readonly #write = (title: string): void => {
    this.#title = title
    this.requestUpdate()
  }

  readonly #tell = (event: Event): void => {
    event.preventDefault()
    this.#told = this.#title
    this.#broadcast?.tell(this.#title)
    this.requestUpdate()
  }

  #stage(): TemplateResult {
    const kind = this.#kind
    const isFile = kind === 'file'
    const shows = isFile ? this.#file !== undefined : this.#capture !== undefined && this.#capture.kind !== 'microphone'
    return html`<div class="stage">
      ${keyed(
        isFile ? this.#take : 'device',
        html`<video
          ?hidden=${!shows}
          class=${kind === 'camera' ? 'mirror' : ''}
          src=${isFile && this.#file !== undefined ? this.#file : nothing}
          .muted=${!isFile}
          ?controls=${isFile && !this.#isOnAir}
          ?autoplay=${!isFile}
          playsinline
          aria-label="What is sent"
          @ended=${() => this.#capture?.kind === 'file' && this.#ended(this.#capture)}
          @error=${() => isFile && this.#file !== undefined && (this.#problem = 'This browser cannot play that file; choose another one.')}
        ></video>`,
      )}
      ${shows ? nothing : veil(kind, this.#capture !== undefined, this.#isOpening, () => void this.#open())}
      ${badge(this.state, this.since === undefined ? undefined : this.#clock - this.since)}
    </div>`
  }

  #choices(): TemplateResult {
    const again = (set: () => void): void => {
      set()
      this.#again()
    }
    const [kind, isOnAir, camera, microphone, quality] = [this.#kind, this.#isOnAir, this.#camera, this.#microphone, this.#quality]
    return renderChoices(
      { ...this.#devices, kind, isOnAir, camera, microphone, quality },
      {
        kind: (next) => this.#choose(next),
        file: this.#chooseFile,
        camera: (id) => again(() => (this.#camera = id)),
        microphone: (id) => again(() => (this.#microphone = id)),
        quality: (next) => again(() => (this.#quality = next)),
      },
    )
  }
}
