import { html, nothing, type TemplateResult } from 'lit'
import { live } from 'lit/directives/live.js'
import type { DeskCommand, DeskList, DeskState } from '../../api/desk.js'
import { PageElement } from '../parts/page-element.js'
import { clockWords, plural } from '../parts/units.js'
import { command, DeskError } from './desk-client.js'
import './file-loads.js'
import type { FileLoads } from './file-loads.js'
import './folder-dialog.js'
import type { FolderDialog } from './folder-dialog.js'
import { icons } from './icons.js'
import './programme-list.js'
import type { ListWish } from './programme-list.js'

/** What is streamed: the list, and all the ways to add to it. */
export class StreamList extends PageElement {
  static override properties = {
    list: { attribute: false },
    state: { attribute: false },
    isDropping: { state: true },
    address: { state: true },
    problem: { state: true },
  }
  /** The list. */
  declare list: DeskList
  /** How things stand. */
  declare state: DeskState
  declare private isDropping: boolean
  declare private address: string | undefined
  declare private problem: string

  constructor() {
    super()
    this.list = []
    this.isDropping = false
    this.problem = ''
  }

  protected override render(): TemplateResult {
    const { list, state } = this
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
          <span class="soft small"
            >${list.length === 0 ? '' : plural(list.length, 'item')}${total > 0 ? `, ${clockWords(total)}` : ''}</span
          >
          <div class="modes">
            <label class="tick"
              ><input
                type="checkbox"
                .checked=${live(state.loop)}
                @change=${(event: Event) => void this.#tell({ do: 'loop', on: isTicked(event) })}
              />
              Loop</label
            >
            ${
              state.streamer === null
                ? html`<label class="tick"
                    ><input
                      type="checkbox"
                      .checked=${live(state.shuffle)}
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
        <p class="problem" role="alert">${this.problem}</p>
        ${this.#adders()}
      </section>
      <folder-dialog @choose=${(event: CustomEvent<string[]>) => void this.#add(event.detail)}></folder-dialog>`
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

  async #tell(body: DeskCommand): Promise<boolean> {
    this.problem = ''
    try {
      await command(body)
      return true
    } catch (error) {
      this.problem = error instanceof DeskError ? error.message : String(error)
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
customElements.define('stream-list', StreamList)

const isTicked = (event: Event): boolean => event.target instanceof HTMLInputElement && event.target.checked
