import { html, type TemplateResult } from 'lit'
import { LiveStatus } from '../parts/live-status.js'
import { PageElement } from '../parts/page-element.js'
import { pageStart, prefix } from '../parts/start.js'
import './stand-in.js'

/** A player and nothing else. What stands behind the `?` of the address says how it begins: `autoplay`, `muted`. */
export class EmbedPage extends PageElement {
  readonly #live = new LiveStatus(prefix, pageStart.report, { changed: () => this.requestUpdate() })
  readonly #wishes = new URLSearchParams(location.search)

  constructor() {
    super()
    this.#live.start()
  }

  protected override render(): TemplateResult {
    const name = pageStart.mount ?? ''
    const status = this.#live.report.mounts.find(({ mount }) => mount === name) ?? null
    return html`<floecast-player
      embed
      mount=${name}
      prefix=${prefix}
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
