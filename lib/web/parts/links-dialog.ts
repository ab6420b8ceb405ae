import { html, nothing, type TemplateResult } from 'lit'
import type { MountStatus } from '../../api/status.js'
import { linkList, sharing } from './links.js'
import { icons } from './marks.js'
import { PageElement } from './page-element.js'
import { nameOf } from './units.js'

/** Where else a mount can be had: one for a page, opened for one mount at a time. */
export class LinksDialog extends PageElement {
  static override properties = { mount: { attribute: false } }
  /** The mount. */
  declare mount: MountStatus | undefined

  /** Shows the addresses of a mount. */
  async show(mount: MountStatus): Promise<void> {
    this.mount = mount
    await this.updateComplete
    this.querySelector('dialog')?.showModal()
  }

  protected override render(): TemplateResult {
    const { mount } = this
    return html`<dialog aria-labelledby="links-title" @click=${this.#leave}>
      ${
        mount === undefined
          ? nothing
          : html`<div class="sheet">
              <div class="sheet-head">
                <h2 id="links-title" dir="auto">${nameOf(mount)}</h2>
                <button class="quiet" type="button" aria-label="Close" title="Close" @click=${this.#close}>${icons.close}</button>
              </div>
              <h3>Open in</h3>
              ${linkList(mount)} ${sharing(mount)}
            </div>`
      }
    </dialog>`
  }

  readonly #close = (): void => this.querySelector('dialog')?.close()

  // A click beside it is one on the dialog itself.
  readonly #leave = (event: Event): void => {
    if (event.target === this.querySelector('dialog')) this.#close()
  }
}
customElements.define('links-dialog', LinksDialog)
