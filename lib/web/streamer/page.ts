import { html, nothing, type TemplateResult } from 'lit'
import type { DeskCommand, DeskQuality } from '../../api/desk.js'
import { ThemeSwitch } from '../parts/header.js'
import { lostNotice } from '../parts/lost-notice.js'
import { floe } from '../parts/marks.js'
import { PageElement } from '../parts/page-element.js'
import './programme-list.js'
import './file-loads.js'
import './folder-dialog.js'
import './target-form.js'
import { command, connect, DeskError, DeskFeed, start } from './desk-client.js'
import type { FileLoads } from './file-loads.js'
import type { FolderDialog } from './folder-dialog.js'
import { icons } from './icons.js'
import { drawPlaying, drawTargets } from './on-air.js'
import type { ListWish } from './programme-list.js'
import type { TargetForm } from './target-form.js'
import { clockWords, plural } from '../parts/units.js'

const QUALITIES: readonly (readonly [DeskQuality, string, string])[] = [
  ['low', 'Low', 'for slow lines: 480p, about 1 Mbit/s'],
  ['medium', 'Medium', 'looks good, runs everywhere: 720p, about 2.5 Mbit/s'],
  ['high', 'High', 'for good lines: 1080p, about 5 Mbit/s'],
  ['copy', 'As it is', 'nothing is converted; what does not fit is left out'],
]

/** The page of a streamer: what to stream where to, and then how it goes. */
export class StreamerPage extends PageElement {
  static override properties = {
    quality: { state: true },
    isConnecting: { state: true },
    isDropping: { state: true },
    address: { state: true },
    problem: { state: true },
    listProblem: { state: true },
  }
  declare private quality: DeskQuality
  declare private isConnecting: boolean
  declare private isDropping: boolean
  declare private address: string | undefined
  declare private problem: string
  declare private listProblem: string
  readonly #feed = new DeskFeed(this)

  constructor() {
    super()
    this.quality = start.memo?.quality ?? 'medium'
    this.isConnecting = false
    this.isDropping = false
    this.problem = ''
    this.listProblem = ''
    void ThemeSwitch
  }

  protected override firstUpdated(): void {
    if (start.memo !== null) this.#form?.fill(start.memo)
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
          ${streamer === null ? nothing : drawPlaying(streamer, this.#feed.list, (what) => void this.#tell({ do: what }))} ${this.#what()}
          ${this.#warnings()}
        </div>
      </main>
      ${lostNotice(lost)}
      <folder-dialog @choose=${(event: CustomEvent<string[]>) => void this.#add(event.detail)}></folder-dialog>`
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
          : html`<button type="button" class="button big stop" @click=${() => void this.#tell({ do: 'stop' })}>Stop</button>`
      }
      <p class="problem" role="alert">${this.problem}</p>
    </div>`
  }

  #what(): TemplateResult {
    const { list, state } = this.#feed
    const total = list.reduce((sum, { duration }) => sum + (duration ?? 0), 0)
    return html`<section
      class="box list ${this.isDropping ? 'dropping' : ''}"
      aria-labelledby="what-title"
      @dragover=${this.#dragOver}
      @dragleave=${this.#dragLeave}
      @drop=${this.#drop}
    >
      <div class="list-head">
        <h2 id="what-title">What to stream</h2>
        <span class="soft small">${list.length === 0 ? '' : plural(list.length, 'item')}${total > 0 ? `, ${clockWords(total)}` : ''}</span>
        <div class="modes">
          <label class="tick"
            ><input
              type="checkbox"
              .checked=${state.loop}
              @change=${(event: Event) => void this.#tell({ do: 'loop', on: isTicked(event) })}
            />
            Loop</label
          >
          ${
            state.streamer === null
              ? html`<label class="tick"
                  ><input
                    type="checkbox"
                    .checked=${state.shuffle}
                    @change=${(event: Event) => void this.#tell({ do: 'shuffle', on: isTicked(event) })}
                  />
                  Shuffle</label
                >`
              : nothing
          }
        </div>
      </div>
      ${list.length === 0 ? this.#empty() : html`<programme-list .list=${list} .running=${state.streamer !== null} @wish=${this.#wish}></programme-list>`}
      <file-loads></file-loads>
      <p class="problem" role="alert">${this.listProblem}</p>
      ${this.#adders()}
    </section>`
  }

  #empty(): TemplateResult {
    return html`<div class="empty">
      ${icons.drop}
      <h3>Drop video or music here</h3>
      <p class="soft">Or choose it below. It plays in this order, one after the other, without a gap.</p>
    </div>`
  }

  #adders(): TemplateResult {
    const isOpen = this.address !== undefined
    return html`<div class="adders">
        <label class="button plain file">
          ${icons.drop} Add files
          <input
            type="file"
            multiple
            class="visually-hidden"
            accept="video/*,audio/*,.mkv,.ts,.flv,.m4a,.flac,.opus,.m3u,.m3u8,.pls,.xspf"
            @change=${this.#pick}
          />
        </label>
        <button type="button" class="button plain" @click=${() => void this.querySelector<FolderDialog>('folder-dialog')?.show()}>
          ${icons.folder} From this computer
        </button>
        <button type="button" class="button plain" aria-expanded=${isOpen} @click=${this.#openAddress}>${icons.link} An address</button>
      </div>
      ${
        isOpen
          ? html`<form class="joined address" novalidate @submit=${this.#addAddress}>
              <input
                aria-label="Address of a stream, a file or a playlist"
                placeholder="https://example.org/film.mp4"
                autocomplete="off"
                spellcheck="false"
                .value=${this.address ?? ''}
                @input=${(event: Event) => event.target instanceof HTMLInputElement && (this.address = event.target.value)}
              />
              <button class="button">Add</button>
            </form>`
          : nothing
      }
      <p class="soft small">Dropped files are copied for as long as this program runs; those from this computer are not.</p>`
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

  async #connect(): Promise<void> {
    const form = this.#form
    if (form === null || this.isConnecting) return
    this.problem = ''
    const to = form.read()
    if (to === undefined) return
    this.isConnecting = true
    try {
      await connect({ to, quality: this.quality, name: form.name.trim(), remember: form.remember })
      form.clear()
    } catch (error) {
      if (!(error instanceof DeskError)) throw error
      if (error.field === null) this.problem = error.message
      else form.show(error)
    } finally {
      this.isConnecting = false
    }
  }

  async #tell(body: DeskCommand): Promise<boolean> {
    this.listProblem = ''
    try {
      await command(body)
      return true
    } catch (error) {
      this.listProblem = error instanceof DeskError ? error.message : String(error)
      return false
    }
  }

  readonly #wish = (event: CustomEvent<ListWish>): void => void this.#tell(event.detail)

  async #add(sources: string[]): Promise<boolean> {
    return this.#tell({ do: 'add', sources })
  }

  readonly #openAddress = (): void => {
    this.address = this.address === undefined ? '' : undefined
    if (this.address !== undefined) void this.updateComplete.then(() => this.querySelector<HTMLElement>('.address input')?.focus())
  }

  readonly #addAddress = async (event: Event): Promise<void> => {
    event.preventDefault()
    const address = this.address?.trim() ?? ''
    if (address !== '' && (await this.#add([address]))) this.address = undefined
  }

  readonly #pick = ({ target }: Event): void => {
    if (!(target instanceof HTMLInputElement)) return
    this.#load(target.files ?? [])
    target.value = ''
  }

  #load(files: Iterable<File>): void {
    this.querySelector<FileLoads>('file-loads')?.add(files)
  }

  readonly #dragOver = (event: DragEvent): void => {
    if (event.dataTransfer?.types.includes('Files') !== true) return
    event.preventDefault()
    event.dataTransfer.dropEffect = 'copy'
    this.isDropping = true
  }

  readonly #dragLeave = (event: DragEvent): void => {
    const { currentTarget, relatedTarget } = event
    if (!(currentTarget instanceof Node) || !(relatedTarget instanceof Node) || !currentTarget.contains(relatedTarget))
      this.isDropping = false
  }

  readonly #drop = (event: DragEvent): void => {
    this.isDropping = false
    const files = event.dataTransfer?.files ?? []
    if (files.length === 0) return
    event.preventDefault()
    this.#load(files)
  }
}
customElements.define('streamer-page', StreamerPage)

const isTicked = (event: Event): boolean => event.target instanceof HTMLInputElement && event.target.checked
