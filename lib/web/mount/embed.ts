import { html, type TemplateResult } from 'lit'
import { PageElement } from '../parts/page-element.js'
import { prefix } from '../parts/start.js'
import '../entries/player.js'

import { followMount, mountName } from './follow.js'

/** A player and nothing else. What stands behind the `?` of the address says how it begins: `autoplay`, `muted`. */
export class EmbedPage extends PageElement {
  readonly #live = followMount({ changed: () => this.requestUpdate() })
  readonly #wishes = new URLSearchParams(location.search)

  protected override render(): TemplateResult {
    const status = this.#live.report.mounts.find(({ mount }) => mount === mountName) ?? null
    return html`<floecast-player
      embed
      mount=${mountName}
      prefix=${prefix}
      query=${location.search.slice(1)}
      ?autoplay=${this.#wants('autoplay')}
      ?muted=${this.#wants('muted')}
      .status=${status}
    ></floecast-player>`
  }

  #wants(wish: string): boolean {
    const value = this.#wishes.get(wish)
    return value !== null && value !== '0' && value !== 'false'
  }
}
customElements.define('embed-page', EmbedPage)
