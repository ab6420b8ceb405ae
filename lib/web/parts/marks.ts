import { html, svg, type TemplateResult } from 'lit'

/** The floe: three shifted bars of ice. */
export const floe: TemplateResult = html`<svg class="floe" viewBox="0 0 32 32" fill="currentColor" aria-hidden="true">
  <rect x="8" y="5" width="18" height="6" rx="3" />
  <rect x="2" y="13" width="22" height="6" rx="3" opacity=".75" />
  <rect x="7" y="21" width="20" height="6" rx="3" opacity=".5" />
</svg>`

/** Frames the strokes of a small picture, drawn on 20 by 20. */
export const icon = (inner: TemplateResult): TemplateResult =>
  html`<svg
    class="icon"
    viewBox="0 0 20 20"
    fill="none"
    stroke="currentColor"
    stroke-width="1.7"
    stroke-linecap="round"
    stroke-linejoin="round"
    aria-hidden="true"
  >
    ${inner}
  </svg>`

/** Small pictures on buttons. */
export const icons = {
  play: icon(svg`<path d="M6.5 4.2v11.6l9-5.8z" fill="currentColor"/>`),
  more: icon(
    svg`<g fill="currentColor" stroke="none"><circle cx="4" cy="10" r="1.6"/><circle cx="10" cy="10" r="1.6"/><circle cx="16" cy="10" r="1.6"/></g>`,
  ),
  copy: icon(
    svg`<rect x="7" y="7" width="9.5" height="9.5" rx="2"/><path d="M13 4.8v-.3a1 1 0 0 0-1-1H5a1.5 1.5 0 0 0-1.5 1.5v7a1 1 0 0 0 1 1h.3"/>`,
  ),
  done: icon(svg`<path d="m4 10.5 4 4 8-9"/>`),
  close: icon(svg`<path d="m5 5 10 10M15 5 5 15"/>`),
  system: icon(svg`<circle cx="10" cy="10" r="6.5"/><path d="M10 3.5a6.5 6.5 0 0 1 0 13z" fill="currentColor" stroke="none"/>`),
  light: icon(
    svg`<circle cx="10" cy="10" r="3.3"/><path d="M10 2.5v1.7M10 15.8v1.7M2.5 10h1.7M15.8 10h1.7M4.7 4.7l1.2 1.2M14.1 14.1l1.2 1.2M4.7 15.3l1.2-1.2M14.1 5.9l1.2-1.2"/>`,
  ),
  dark: icon(svg`<path d="M16.5 11.7A6.8 6.8 0 0 1 8.3 3.5a6.8 6.8 0 1 0 8.2 8.2z"/>`),
  people: icon(svg`<circle cx="10" cy="6.7" r="3"/><path d="M4 16.3c.6-3 2.9-4.6 6-4.6s5.4 1.6 6 4.6"/>`),
} as const
