import { html, type TemplateResult } from 'lit'
import { PageElement } from './page-element.js'
import { clockWords, exactMoment } from './units.js'

// One timer for all clocks of the page.
const clocks = new Set<RunningClock>()
let timer: ReturnType<typeof setInterval> | undefined

/** How long something has been going on, second by second. */
export class RunningClock extends PageElement {
  static override properties = { since: {}, skew: { type: Number } }
  /** Since when, as ISO 8601. */
  declare since: string
  /** Milliseconds that the clock by which {@link RunningClock.since} was told is ahead of this one. */
  declare skew: number

  constructor() {
    super()
    this.since = ''
    this.skew = 0
  }

  override connectedCallback(): void {
    super.connectedCallback()
    clocks.add(this)
    timer ??= setInterval(() => {
      for (const clock of clocks) clock.requestUpdate()
    }, 1000)
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    clocks.delete(this)
    if (clocks.size > 0) return
    clearInterval(timer)
    timer = undefined
  }

  protected override render(): TemplateResult {
    const seconds = (Date.now() + this.skew - Date.parse(this.since)) / 1000
    return html`<time datetime=${this.since} title="since ${exactMoment(this.since)}">${clockWords(seconds)}</time>`
  }
}
customElements.define('running-clock', RunningClock)
