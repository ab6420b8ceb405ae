import { html, nothing } from 'lit'
import { customElement, property } from 'lit/decorators.js'
import { ago, moment } from '../units.js'
import { PageElement } from './element.js'

const shown = new Set<FloeMoment>()
// One clock for all of them.
setInterval(() => {
  for (const one of shown) one.requestUpdate()
}, 10_000)

/** A moment as seen from now, with the exact time to hover over. */
@customElement('floe-moment')
export class FloeMoment extends PageElement {
  /** What `Date` reads: ISO 8601, or milliseconds. */
  @property({ attribute: false }) accessor at: string | number | null = null

  override connectedCallback(): void {
    super.connectedCallback()
    shown.add(this)
  }
  override disconnectedCallback(): void {
    super.disconnectedCallback()
    shown.delete(this)
  }
  protected override render(): unknown {
    if (this.at === null) return nothing
    const date = new Date(this.at)
    return html`<time datetime=${date.toISOString()} title=${moment(date)}>${ago(date)}</time>`
  }
}

/** A moment as seen from now; `otherwise` where there is none. */
export const showMoment = (at: string | number | null | undefined, otherwise = 'never'): unknown =>
  at === null || at === undefined ? html`<span class="soft">${otherwise}</span>` : html`<floe-moment .at=${at}></floe-moment>`
