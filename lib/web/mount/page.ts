import { html, nothing, type TemplateResult } from 'lit'
import type { MountStatus } from '../../api/status.js'
import { header } from '../parts/header.js'
import { linkList, sharing } from '../parts/links.js'
import { liveMark } from '../parts/live-mark.js'
import { lostNotice } from '../parts/lost-notice.js'
import { PageElement } from '../parts/page-element.js'
import { prefix } from '../parts/start.js'
import { exactFacts, exactMoment, factsOf, formerTitles, hasVideo, momentWords, nameOf, plural } from '../parts/units.js'
import '../entries/player.js'
import { followMount, mountName } from './follow.js'

/** The page of one mount: its player, what plays, and where else it can be had. */
export class MountPage extends PageElement {
  readonly #live = followMount({ changed: () => this.requestUpdate() })

  protected override render(): TemplateResult {
    const { report, lost } = this.#live
    const mount = report.mounts.find(({ mount: name }) => name === mountName)
    const name = mount === undefined ? mountName : nameOf(mount)
    const now = mount?.title?.display ?? ''
    document.title = [now, name, 'floecast'].filter(Boolean).join(' · ')
    // Until the bytes have told, what is called sound gets no room for pictures.
    const isSound = mount !== undefined && mount.live && mount.tracks.length > 0 && !hasVideo(mount)
    return html`${header()}
      <main>
        <div class="screen${isSound ? ' sound' : ''}">
          <floecast-player
            mount=${mountName}
            prefix=${prefix}
            query=${location.search.slice(1)}
            autoplay
            ?muted=${!isSound}
            .status=${mount ?? null}
          ></floecast-player>
        </div>
        <div class="beside">
          <div class="about-mount">${this.#about(mount, name, now)}</div>
          <aside>
            ${mount === undefined ? nothing : this.#titles(mount)}
            ${
              mount === undefined
                ? nothing
                : html`<section class="box">
                    <h2>Open in</h2>
                    ${linkList(mount)}
                  </section>`
            }
          </aside>
          ${mount === undefined ? nothing : html`<section class="box take">${sharing(mount)}</section>`}
        </div>
      </main>
      ${lostNotice(lost)}`
  }

  #about(mount: MountStatus | undefined, name: string, now: string): TemplateResult {
    if (mount === undefined) return html`<h1 dir="auto">${name}</h1>`
    const { live, genre, description, website, listeners, listenerPeak } = mount
    const who = hasVideo(mount) || !live ? 'viewer' : 'listener'
    const site = website !== null && /^https?:\/\//i.test(website) ? website : ''
    return html`<h1 dir="auto">${name}</h1>
      <p class="now" dir="auto" title=${now}>${now}</p>
      <p class="state">
        ${liveMark(mount, this.#live.skew)}
        ${
          live
            ? html`<span title="at most ${listenerPeak.toLocaleString('en')} at a time since it is live">${plural(listeners, who)}</span
                ><span class="soft">peak ${listenerPeak.toLocaleString('en')}</span>`
            : nothing
        }
        <span class="soft" title=${exactFacts(mount)}>${factsOf(mount).join(' · ')}</span>
      </p>
      ${genre || description ? html`<p class="soft about" dir="auto">${[genre, description].filter(Boolean).join(' · ')}</p>` : nothing}
      ${site === '' ? nothing : html`<p><a href=${site} rel="noopener noreferrer nofollow ugc">${new URL(site).host}</a></p>`}`
  }

  #titles(mount: MountStatus): TemplateResult | typeof nothing {
    const former = formerTitles(mount)
    if (former.length === 0) return nothing
    return html`<section class="box">
      <h2>Played before</h2>
      <ol class="titles">
        ${former.map(({ display, time }) => html`<li><time datetime=${time} title=${exactMoment(time)}>${momentWords(time)}</time><span dir="auto">${display}</span></li>`)}
      </ol>
    </section>`
  }
}
customElements.define('mount-page', MountPage)
