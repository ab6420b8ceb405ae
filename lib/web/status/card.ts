import { html, nothing, type TemplateResult } from 'lit'
import type { MountStatus } from '../../api/status.js'
import { liveMark } from '../parts/live-mark.js'
import { icons } from '../parts/marks.js'
import { PageElement } from '../parts/page-element.js'
import '../parts/picture.js'
import { encodeMount, origin, pageOf } from '../parts/start.js'
import { exactFacts, factsOf, formerTitles, hasVideo, momentWords, nameOf, plural } from '../parts/units.js'

/** A mount, as one of many. */
export class MountCard extends PageElement {
  static override properties = { mount: { attribute: false }, skew: { type: Number }, wide: { type: Boolean } }
  /** The mount. */
  declare mount: MountStatus
  /** Milliseconds that the server's clock is ahead. */
  declare skew: number
  /** Whether it has the width of the page for itself, and so tells more. */
  declare wide: boolean

  protected override render(): TemplateResult {
    const { mount, skew, wide } = this
    const { live, genre, description, title, listeners, listenerPeak, picture } = mount
    const page = pageOf(mount.mount)
    const isVideo = hasVideo(mount)
    const former = formerTitles(mount).map(({ display }) => display)
    const about = [genre, description].filter(Boolean).join(' · ')
    const who = isVideo ? 'viewer' : 'listener'
    return html`<a class="stage" href=${page} tabindex="-1" aria-hidden="true">
        <stream-picture
          .src=${live && picture !== null ? `${origin}${encodeMount(`${mount.mount}.media`)}/picture` : ''}
          .name=${mount.mount}
        ></stream-picture>
        ${liveMark(mount, skew)}
      </a>
      <div class="body">
        <h2 class="name" dir="auto" title=${nameOf(mount)}><a href=${page}>${nameOf(mount)}</a></h2>
        <p class="about" dir="auto" title=${about}>${about}</p>
        <p class="now" dir="auto" title=${title?.display ?? ''}>${title?.display ?? ''}</p>
        ${
          wide
            ? nothing
            : html`<p class="before" title=${former.join('\n')}>
                ${former.length === 0 ? nothing : html`<span class="soft">before:</span> <bdi>${former[0]}</bdi>`}
              </p>`
        }
        <p class="facts" title=${exactFacts(mount)}>${factsOf(mount).join(' · ')}</p>
        ${
          wide && former.length > 0
            ? html`<ol class="played" aria-label="Played before">
                ${formerTitles(mount)
                  .slice(0, 6)
                  .map(({ display, time }) => html`<li><time datetime=${time}>${momentWords(time)}</time> <bdi>${display}</bdi></li>`)}
              </ol>`
            : nothing
        }
        <div class="foot">
          ${
            live
              ? html`<a class="button" href=${page}
                    >${icons.play}${isVideo ? 'Watch' : 'Listen'}<span class="visually-hidden">${nameOf(mount)}</span></a
                  >
                  <span class="audience" title="at most ${listenerPeak.toLocaleString('en')} at a time since it is live"
                    >${plural(listeners, who)}<span class="peak">peak ${listenerPeak.toLocaleString('en')}</span></span
                  >`
              : html`<a class="button plain" href=${page}>Wait for it</a><span class="audience"></span>`
          }
          <button
            class="quiet"
            type="button"
            aria-haspopup="dialog"
            aria-label="Addresses of ${nameOf(mount)}"
            title="Addresses, QR code, embed code"
            @click=${this.#more}
          >
            ${icons.more}
          </button>
        </div>
      </div>`
  }

  readonly #more = (): void => {
    this.dispatchEvent(new CustomEvent('more', { bubbles: true, detail: this.mount }))
  }
}
customElements.define('mount-card', MountCard)
