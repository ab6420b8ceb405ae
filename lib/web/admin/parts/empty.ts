import { html, type TemplateResult } from 'lit'
import { icon, type IconName } from './icon.js'
import type { Resource } from './resource.js'

/** What stands where there is nothing yet, and what to do about it. */
export const empty = (drawing: IconName, heading: string, words: unknown = ''): TemplateResult =>
  html`<div class="empty">
    ${icon(drawing)}
    <h3>${heading}</h3>
    <p class="soft">${words}</p>
  </div>`

/** Draws what a resource holds; until then bars that take its room, or why it does not come. */
export function loaded<T>(resource: Resource<T>, draw: (value: T) => unknown, bars = 4): unknown {
  const { value, error } = resource
  if (value !== undefined)
    return error === ''
      ? draw(value)
      : html`<p class="problem" role="alert">${error} What you see may be old.</p>
          ${draw(value)}`
  if (error !== '')
    return html`<div class="empty">
      ${icon('warn')}
      <h3>This cannot be shown</h3>
      <p class="soft" role="alert">${error}</p>
      <button @click=${() => void resource.reload()}>Try again</button>
    </div>`
  return html`<div class="skeleton" aria-busy="true" aria-label="Loading">${Array.from({ length: bars }, () => html`<span></span>`)}</div>`
}
