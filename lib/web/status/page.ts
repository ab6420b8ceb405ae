import { html, nothing, type TemplateResult } from 'lit'
import { repeat } from 'lit/directives/repeat.js'
import type { MountStatus } from '../../api/status.js'
import { header } from '../parts/header.js'
import type { LinksDialog } from '../parts/links-dialog.js'
import { LiveStatus } from '../parts/live-status.js'
import { lostNotice } from '../parts/lost-notice.js'
import { PageElement } from '../parts/page-element.js'
import { pageStart, prefix } from '../parts/start.js'
import { plural } from '../parts/units.js'
import './card.js'
import { emptyState } from './go-live.js'
import { isWanted, type Order, Ordering } from './order.js'

/** How many mounts can be overlooked without a filter. */
const FEW = 12

/** The status page: all that is on the air. */
export class StatusPage extends PageElement {
  static override properties = { words: { state: true }, order: { state: true } }
  declare private words: string
  declare private order: Order
  readonly #live = new LiveStatus(prefix, pageStart.report, { changed: () => this.requestUpdate() })
  readonly #ordering = new Ordering()

  constructor() {
    super()
    this.words = ''
    this.order = 'name'
    this.#live.start()
  }

  protected override render(): TemplateResult {
    const { report, lost, skew } = this.#live
    const { mounts, server } = report
    const count = mounts.filter(({ live }) => live).length
    document.title = count === 0 ? 'floecast' : `${count} live · floecast`
    const wanted = this.words.trim() === '' ? mounts : mounts.filter((mount) => isWanted(mount, this.words))
    const sorted = this.#ordering.sort(wanted, this.order)
    return html`${header()}
      <main>
        <div class="bar">
          ${
            count === 0
              ? nothing
              : html`<p class="summary">
                  <span class="dot"></span><strong>${count} live</strong><span>${plural(server.listeners, 'viewer')}</span>
                </p>`
          }
          ${mounts.length > FEW ? this.#finder() : nothing}
        </div>
        ${count === 0 ? emptyState() : nothing}
        ${sorted.length === 0 && mounts.length > 0 ? html`<p class="none soft">No stream is called so.</p>` : nothing}
        ${count === 0 && sorted.length > 0 ? html`<h2 class="rest">Off the air</h2>` : nothing}
        ${
          sorted.length === 0
            ? nothing
            : html`<ul class=${gridClass(count, mounts.length)} @more=${this.#more}>
                ${repeat(
                  sorted,
                  ({ mount }) => mount,
                  (mount) =>
                    html`<li class="card${mount.live ? '' : ' off'}">
                      <mount-card .mount=${mount} .skew=${skew} .wide=${mounts.length === 1 && count === 1}></mount-card>
                    </li>`,
                )}
              </ul>`
        }
        ${
          count === 0
            ? nothing
            : html`<details class="too">
                <summary>Go live here, too</summary>
                <go-live></go-live>
              </details>`
        }
      </main>
      ${lostNotice(lost)}
      <links-dialog></links-dialog>`
  }

  #finder(): TemplateResult {
    return html`<div class="finder">
      <input type="search" placeholder="Find a stream" aria-label="Find a stream" .value=${this.words} @input=${this.#find} />
      <select aria-label="Order" @change=${this.#sort}>
        <option value="name">by name</option>
        <option value="viewers">by viewers</option>
        <option value="newest">newest first</option>
      </select>
    </div>`
  }

  readonly #find = (event: Event): void => {
    if (event.target instanceof HTMLInputElement) this.words = event.target.value
  }

  readonly #sort = (event: Event): void => {
    if (!(event.target instanceof HTMLSelectElement)) return
    const { value } = event.target
    this.order = value === 'viewers' || value === 'newest' ? value : 'name'
  }

  readonly #more = (event: CustomEvent<MountStatus>): void => {
    void import('../parts/links-dialog.js').then(() => this.querySelector<LinksDialog>('links-dialog')?.show(event.detail))
  }
}
const gridClass = (live: number, all: number): string => `cards${live > 0 && all < 3 ? ` n${all}` : ''}${all > FEW ? ' many' : ''}`

customElements.define('status-page', StatusPage)
