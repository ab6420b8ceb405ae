import { html, nothing, type TemplateResult } from 'lit'
import type { DeskQuality } from '../../api/desk.js'
import type { FloecastLive } from '../live/live-element.js'
import { ThemeSwitch } from '../parts/header.js'
import { floe } from '../parts/marks.js'
import { PageElement } from '../parts/page-element.js'
import './stream-list.js'
import './target-form.js'
import { command, connect, DeskError, DeskFeed, start } from './desk-client.js'
import { drawPlaying, drawTargets } from './on-air.js'
import type { TargetForm } from './target-form.js'
import { plural } from '../parts/units.js'

const QUALITIES: readonly (readonly [DeskQuality, string, string])[] = [
  ['low', 'Low', 'for slow lines: 360p, about 1 Mbit/s'],
  ['medium', 'Medium', 'looks good, runs everywhere: 720p, about 2.5 Mbit/s'],
  ['high', 'High', 'for good lines: 1080p, about 5 Mbit/s'],
  ['copy', 'As it is', 'nothing is converted; what does not fit is left out'],
]

/** The page of a streamer: what to stream where to, and then how it goes. */
export class StreamerPage extends PageElement {
  static override properties = {
    quality: { state: true },
    isConnecting: { state: true },
    problem: { state: true },
    hasCamera: { state: true },
  }
  declare private quality: DeskQuality
  declare private isConnecting: boolean
  declare private problem: string
  declare private hasCamera: boolean
  readonly #feed = new DeskFeed(this)
  #hadCamera = false

  constructor() {
    super()
    this.quality = start.memo?.quality ?? 'medium'
    this.isConnecting = false
    this.problem = ''
    this.hasCamera = false
    void ThemeSwitch
  }

  protected override firstUpdated(): void {
    if (start.memo !== null) this.#form?.fill(start.memo, start.keepsPassword)
    // A file that misses the list must not open in place of the page.
    for (const name of ['dragover', 'drop']) addEventListener(name, (event) => event.preventDefault())
  }

  protected override render(): TemplateResult {
    const { state, lost } = this.#feed
    const { streamer } = state
    const isLive = streamer?.targets.some(({ status }) => status === 'live') ?? false
    document.title = `${isLive ? 'Live · ' : ''}floecast-source`
    return html`<header class="top">
        <span class="brand">${floe}<span>floecast-source</span></span>
        <nav><theme-switch></theme-switch></nav>
      </header>
      <main class=${streamer === null ? 'waiting' : 'running'}>
        <h1 class="visually-hidden">${streamer === null ? 'Stream to a server' : 'Streaming'}</h1>
        <div class="side">${this.#outcome()} ${this.#where()} ${streamer === null ? this.#quality() : nothing} ${this.#go()}</div>
        <div class="stage">
          ${start.problem === null ? nothing : html`<p class="notice warn">${start.problem}</p>`}
          ${streamer === null ? nothing : drawPlaying(streamer, this.#feed.list, (what) => void this.#tell(what))}
          <stream-list .list=${this.#feed.list} .state=${state}></stream-list>
          ${this.#camera()} ${this.#warnings()}
        </div>
      </main>
      <div class="lost" role="status">
        ${lost ? html`<p>floecast-source does not answer. If it has ended, start it again, and open its new address.</p>` : nothing}
      </div>`
  }

  #outcome(): unknown {
    const { outcome, streamer } = this.#feed.state
    if (outcome === null || streamer !== null) return nothing
    return html`<p class="notice ${outcome.failed ? 'bad' : 'good'}" role=${outcome.failed ? 'alert' : 'status'}>${outcome.sentence}</p>`
  }

  #where(): TemplateResult {
    const { streamer } = this.#feed.state
    // The fields stay as they are while it streams, so that it can be started once more.
    return html`<section class="box" aria-labelledby="where-title">
      <h2 id="where-title">${streamer === null ? 'Where to' : 'On the air'}</h2>
      ${streamer === null ? nothing : drawTargets(streamer, this.#watch(streamer.targets))}
      <target-form ?hidden=${streamer !== null} @edit=${() => (this.problem = '')}></target-form>
    </section>`
  }

  #quality(): TemplateResult {
    return html`<section class="box" aria-labelledby="quality-title">
      <h2 id="quality-title">Quality</h2>
      <div class="choices" role="radiogroup" aria-labelledby="quality-title">
        ${QUALITIES.map(
          ([value, label, words]) =>
            html`<label class="choice">
              <input type="radio" name="quality" .checked=${value === this.quality} @change=${() => (this.quality = value)} />
              <span><b>${label}</b> <span class="soft">${words}</span></span>
            </label>`,
        )}
      </div>
    </section>`
  }

  #go(): TemplateResult {
    const { streamer } = this.#feed.state
    return html`<div class="go">
      ${
        streamer === null
          ? html`<button type="button" class="button big" aria-disabled=${this.isConnecting} @click=${() => void this.#connect()}>
              ${this.isConnecting ? 'Connecting…' : 'Connect'}
            </button>`
          : html`<button type="button" class="button big stop" @click=${() => void this.#tell('stop')}>Stop</button>`
      }
      <p class="problem" role="alert">${this.problem}</p>
    </div>`
  }

  #camera(): TemplateResult {
    const { streamer } = this.#feed.state
    const words = streamer === null ? 'Go live' : 'Take over'
    return html`<details class="box camera" @toggle=${this.#openCamera}>
      <summary><h2>Camera, screen or microphone</h2></summary>
      ${
        this.hasCamera
          ? html`<p class="soft small">
                ${streamer === null ? 'It is what the stream begins with; the list waits meanwhile.' : 'While it is on the air, the list waits.'}
              </p>
              <floecast-live .address=${`ws://${location.host}/api/camera`} .label=${words}></floecast-live>`
          : nothing
      }
    </details>`
  }

  #warnings(): unknown {
    const warnings = this.#feed.state.streamer?.warnings ?? []
    if (warnings.length === 0) return nothing
    return html`<details class="box warnings">
      <summary>${plural(warnings.length, 'warning')}: <span class="warn" dir="auto">${warnings.at(-1)}</span></summary>
      <ul>
        ${warnings.toReversed().map((one) => html`<li dir="auto">${one}</li>`)}
      </ul>
    </details>`
  }

  get #form(): TargetForm | null {
    return this.querySelector<TargetForm>('target-form')
  }

  // A page on our own servers, and the stream itself on others.
  #watch([target]: readonly { server: string; mount: string; protocol: string }[]): string {
    if (target === undefined || target.protocol === 'shoutcast') return ''
    const path = target.mount.split('/').map(encodeURIComponent).join('/')
    return `http${this.#form?.isSecure === true ? 's' : ''}://${target.server}${path}`
  }

  get #live(): FloecastLive | null {
    return this.querySelector<FloecastLive>('floecast-live')
  }

  // Whoever goes live with a camera need not connect besides.
  protected override updated(): void {
    const { camera, streamer } = this.#feed.state
    const begins = camera && streamer === null && !this.#hadCamera && this.#live?.state === 'live'
    this.#hadCamera = camera
    if (begins) void this.#connect()
  }

  async #connect(): Promise<void> {
    const form = this.#form
    if (form === null || this.isConnecting) return
    this.problem = ''
    const to = form.read()
    if (to === undefined) {
      this.#live?.stop()
      return
    }
    this.isConnecting = true
    try {
      await connect({ to, quality: this.quality, name: form.name.trim(), remember: form.remember })
      form.clear()
    } catch (error) {
      if (!(error instanceof DeskError)) throw error
      if (error.field === null) this.problem = error.message
      else form.show(error)
      this.#live?.stop()
    } finally {
      this.isConnecting = false
    }
  }

  async #tell(what: 'next' | 'previous' | 'pause' | 'resume' | 'giveBack' | 'stop'): Promise<void> {
    if (what === 'giveBack') this.#live?.stop()
    this.problem = ''
    try {
      await command({ do: what })
    } catch (error) {
      this.problem = error instanceof DeskError ? error.message : String(error)
    }
  }

  // Much of it is for whoever has a camera, and loaded only then.
  readonly #openCamera = async (): Promise<void> => {
    if (this.hasCamera) return
    await import('../live/live-element.js')
    this.hasCamera = true
  }
}
customElements.define('streamer-page', StreamerPage)
