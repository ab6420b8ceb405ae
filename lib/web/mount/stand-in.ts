import { html, nothing, type TemplateResult } from 'lit'
import type { MountStatus } from '../../api/status.js'
import { PageElement } from '../parts/page-element.js'
import { encodeMount, prefix } from '../parts/start.js'
import { hasVideo, nameOf } from '../parts/units.js'

/** A plain player: what the browser has by itself, on the instant form. */
export class StandIn extends PageElement {
  static override properties = { mount: {}, status: { attribute: false } }
  declare mount: string
  declare status: MountStatus | null | undefined

  protected override render(): TemplateResult {
    const { status } = this
    if (!status?.live)
      return html`<div class="stage"><p>${status ? nameOf(status) : this.mount}: not on the air yet. This starts by itself.</p></div>`
    const form = status.forms.instant[0]?.form
    const src = `${prefix}${encodeMount(this.mount)}${form === undefined ? '' : `.${form}`}`
    return html`<div class="stage">
      ${hasVideo(status) ? html`<video controls autoplay .muted=${true} playsinline src=${src}></video>` : html`<audio controls src=${src}></audio>`}${nothing}
    </div>`
  }
}
customElements.define('floecast-player', StandIn)
