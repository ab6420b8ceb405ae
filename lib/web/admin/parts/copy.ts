import { html } from 'lit'
import { customElement, property, state } from 'lit/decorators.js'
import { PageElement } from './element.js'
import { icon } from './icon.js'

/** A text and a button that copies it. */
@customElement('floe-copy')
export class FloeCopy extends PageElement {
  /** What is copied. */
  @property() accessor text = ''
  @state() accessor #done = false

  protected override render(): unknown {
    return html`<div class="copy">
      <input
        readonly
        aria-label="To copy"
        .value=${this.text}
        @focus=${(event: Event) => event.target instanceof HTMLInputElement && event.target.select()}
      />
      <button type="button" @click=${this.#copy}>
        ${icon(this.#done ? 'check' : 'copy')}<span aria-live="polite">${this.#done ? 'Copied' : 'Copy'}</span>
      </button>
    </div>`
  }

  readonly #copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(this.text)
    } catch {
      // Pages without TLS have no clipboard; the old way still works there.
      this.querySelector('input')?.select()
      document.execCommand('copy')
    }
    this.#done = true
    setTimeout(() => (this.#done = false), 2000)
  }
}
