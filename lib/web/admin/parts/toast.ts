import { html, nothing, type TemplateResult } from 'lit'
import { customElement, state } from 'lit/decorators.js'
import { PageElement } from './element.js'
import { icon } from './icon.js'
import { sentenceOf } from './resource.js'

/** A short word on what has just happened. */
export interface Toast {
  readonly words: string
  /** Whether something went wrong. */
  readonly bad?: boolean
  /** Takes it back; offered for ten seconds. */
  readonly undo?: (() => Promise<void>) | undefined
}

/** Milliseconds that a change can be undone, and its toast be seen. */
const OFFERED = 10_000
const BRIEF = 5000

/** Shows a toast. */
export const tell = (toast: Toast): void => document.querySelector<FloeToasts>('floe-toasts')?.add(toast)
/** Shows what went wrong. */
export const tellProblem = (problem: unknown): void => tell({ words: sentenceOf(problem), bad: true })

interface Shown extends Toast {
  readonly id: number
}

/** Where toasts appear: one in a page. Screen readers read them as they come; Ctrl+Z or ⌘Z undoes the last one. */
@customElement('floe-toasts')
export class FloeToasts extends PageElement {
  @state() accessor #shown: readonly Shown[] = []
  #last = 0

  override connectedCallback(): void {
    super.connectedCallback()
    document.addEventListener('keydown', this.#onKey)
  }
  override disconnectedCallback(): void {
    super.disconnectedCallback()
    document.removeEventListener('keydown', this.#onKey)
  }

  /** Shows one more, above all else, dialogs too. */
  add(toast: Toast): void {
    const id = ++this.#last
    this.#shown = [...this.#shown.filter(({ undo }) => undo === undefined || toast.undo === undefined), { ...toast, id }].slice(-3)
    setTimeout(() => this.#drop(id), toast.undo === undefined && toast.bad !== true ? BRIEF : OFFERED)
  }

  protected override updated(): void {
    // Whatever came last to the top layer stands above the rest: a dialog must not hide what happens.
    const region = this.querySelector<HTMLElement>('.toasts')
    if (region === null) return
    if (region.matches(':popover-open')) region.hidePopover()
    if (this.#shown.length > 0) region.showPopover()
  }

  protected override render(): TemplateResult {
    return html`<div class="toasts" popover="manual" role="status" aria-live="polite">
      ${this.#shown.map(
        (toast) =>
          html`<div class="toast ${toast.bad === true ? 'bad' : ''}">
            ${icon(toast.bad === true ? 'warn' : 'check')}<span>${toast.words}</span>
            ${
              toast.undo === undefined
                ? nothing
                : html`<button class="quiet" title="Ctrl+Z" @click=${() => void this.#undo(toast)}>Undo</button>`
            }
            <button class="quiet round" aria-label="Dismiss" @click=${() => this.#drop(toast.id)}>${icon('close')}</button>
          </div>`,
      )}
    </div>`
  }

  #drop(id: number): void {
    this.#shown = this.#shown.filter((toast) => toast.id !== id)
  }

  async #undo({ id, undo }: Shown): Promise<void> {
    this.#drop(id)
    try {
      await undo?.()
      tell({ words: 'Undone: everything is as it was before.' })
    } catch (problem) {
      tellProblem(problem)
    }
  }

  readonly #onKey = (event: KeyboardEvent): void => {
    const last = this.#shown.findLast(({ undo }) => undo !== undefined)
    const writes = event.target instanceof HTMLElement && event.target.matches('input:not([type=checkbox]), textarea')
    if (last === undefined || writes || event.shiftKey || event.key !== 'z' || !(event.ctrlKey || event.metaKey)) return
    event.preventDefault()
    void this.#undo(last)
  }
}
