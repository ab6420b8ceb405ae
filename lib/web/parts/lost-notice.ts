import { html, type TemplateResult } from 'lit'

/** Says that the server is not heard any more; above the page, so that nothing moves. */
export function lostNotice(isLost: boolean): TemplateResult {
  return html`<div class="lost" role="status">${isLost ? html`<p>The server does not answer. Trying again…</p>` : ''}</div>`
}
