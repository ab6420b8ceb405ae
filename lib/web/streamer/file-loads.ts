import { html, nothing, type TemplateResult } from 'lit'
import { PageElement } from '../parts/page-element.js'
import { DeskError, upload } from './desk-client.js'

interface Load {
  readonly file: File
  share: number
  problem: string
  readonly abort: AbortController
}

/** Files on their way from the browser to the program, one after the other. */
export class FileLoads extends PageElement {
  #loads: Load[] = []
  #isBusy = false

  /** Takes files along; they are put on the list as they arrive. */
  add(files: Iterable<File>): void {
    for (const file of files) this.#loads.push({ file, share: 0, problem: '', abort: new AbortController() })
    this.requestUpdate()
    void this.#work()
  }

  /** Whether any is on its way. */
  get isBusy(): boolean {
    return this.#isBusy
  }

  protected override render(): unknown {
    if (this.#loads.length === 0) return nothing
    return html`<ul class="loads" aria-label="Files on their way">
      ${this.#loads.map((load) => this.#row(load))}
    </ul>`
  }

  #row(load: Load): TemplateResult {
    const { file, share, problem } = load
    const drop = (): void => {
      load.abort.abort()
      this.#loads = this.#loads.filter((one) => one !== load)
      this.requestUpdate()
    }
    return html`<li>
      <span class="title" dir="auto">${file.name}</span>
      ${
        problem === ''
          ? html`<progress aria-label="How much of ${file.name} is there" max="1" .value=${share}></progress>`
          : html`<span class="problem" role="alert">${problem}</span>`
      }
      <button type="button" class="text" @click=${drop}>${problem === '' ? 'Cancel' : 'Close'}</button>
    </li>`
  }

  async #work(): Promise<void> {
    if (this.#isBusy) return
    this.#isBusy = true
    for (;;) {
      const load = this.#loads.find(({ problem }) => problem === '')
      if (load === undefined) break
      const progress = (share: number): void => {
        load.share = share
        this.requestUpdate()
      }
      try {
        await upload(load.file, progress, load.abort.signal)
        this.#loads = this.#loads.filter((one) => one !== load)
      } catch (error) {
        load.problem = error instanceof DeskError ? error.message : String(error)
        if (load.abort.signal.aborted) this.#loads = this.#loads.filter((one) => one !== load)
      }
      this.requestUpdate()
    }
    this.#isBusy = false
  }
}
customElements.define('file-loads', FileLoads)
