import { html, nothing, type TemplateResult } from 'lit'
import type { DeskFolder } from '../../api/desk.js'
import { PageElement } from '../parts/page-element.js'
import { DeskError, readFolder } from './desk-client.js'
import { icons } from './icons.js'
import { sizeWords } from './words.js'

/** Chooses media of this computer, as far as the program may read it. It sends `choose` with the paths. */
export class FolderDialog extends PageElement {
  static override properties = { folder: { state: true }, chosen: { state: true }, problem: { state: true } }
  declare private folder: DeskFolder | undefined
  declare private chosen: ReadonlySet<string>
  declare private problem: string

  constructor() {
    super()
    this.chosen = new Set()
    this.problem = ''
  }

  /** Opens it, where it was left. */
  async show(): Promise<void> {
    this.chosen = new Set()
    await this.updateComplete
    this.querySelector('dialog')?.showModal()
    await this.#open(this.folder?.path ?? '')
  }

  protected override render(): TemplateResult {
    const { folder, chosen, problem } = this
    const media = folder?.entries.filter(({ kind }) => kind === 'media') ?? []
    return html`<dialog class="chooser" aria-labelledby="folder-title" @click=${this.#leave}>
      <div class="chooser-head">
        <h2 id="folder-title">Choose from this computer</h2>
        <button class="quiet" type="button" aria-label="Close" title="Close" @click=${this.#close}>${icons.close}</button>
        <nav aria-label="Places">
          ${folder?.places.map(
            ({ name, path }) =>
              html`<button
                type="button"
                class="chip"
                aria-current=${path === folder.path ? 'true' : nothing}
                @click=${() => void this.#open(path)}
              >
                ${name}
              </button>`,
          )}
        </nav>
        <p class="path"><bdi>${folder?.path ?? ''}</bdi></p>
        <p class="problem" role="alert">${problem}</p>
      </div>
      <ul class="chooser-list" aria-label="Folders and media">
        ${
          folder?.parent == null
            ? nothing
            : html`<li>
                <button type="button" class="entry" @click=${() => void this.#open(folder.parent ?? '')}>
                  ${icons.up}<span>The folder above</span>
                </button>
              </li>`
        }
        ${folder?.entries.map(({ name, path, kind, size }) =>
          kind === 'folder'
            ? html`<li>
                <button type="button" class="entry" @click=${() => void this.#open(path)}>
                  ${icons.folder}<span dir="auto">${name}</span>
                </button>
              </li>`
            : html`<li>
                <label class="entry">
                  <input type="checkbox" .checked=${chosen.has(path)} @change=${() => this.#toggle(path)} />
                  <span dir="auto">${name}</span><small>${sizeWords(size ?? 0)}</small>
                </label>
              </li>`,
        )}
        ${folder !== undefined && folder.entries.length === 0 ? html`<li class="none soft">No video or audio is here.</li>` : nothing}
        ${folder?.more ? html`<li class="none soft">There is more than can be shown; add the whole folder instead.</li>` : nothing}
      </ul>
      <div class="chooser-foot">
        ${
          media.length === 0
            ? nothing
            : html`<button type="button" class="button plain" @click=${() => this.#done([folder?.path ?? ''])}>
                Add the whole folder
              </button>`
        }
        <button type="button" class="button" ?disabled=${chosen.size === 0} @click=${() => this.#done([...chosen])}>
          ${chosen.size < 2 ? 'Add' : `Add ${chosen.size} files`}
        </button>
      </div>
    </dialog>`
  }

  async #open(path: string): Promise<void> {
    try {
      this.folder = await readFolder(path)
      this.problem = ''
      await this.updateComplete
      this.querySelector('.chooser-list')?.scrollTo(0, 0)
    } catch (error) {
      this.problem = error instanceof DeskError ? error.message : String(error)
    }
  }

  #toggle(path: string): void {
    const chosen = new Set(this.chosen)
    if (!chosen.delete(path)) chosen.add(path)
    this.chosen = chosen
  }

  #done(paths: readonly string[]): void {
    this.#close()
    this.dispatchEvent(new CustomEvent('choose', { detail: paths }))
  }

  readonly #close = (): void => this.querySelector('dialog')?.close()

  // A click beside it is one on the dialog itself.
  readonly #leave = (event: Event): void => {
    if (event.target === this.querySelector('dialog')) this.#close()
  }
}
customElements.define('folder-dialog', FolderDialog)
