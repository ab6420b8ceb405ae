import { html, svg, type SVGTemplateResult, type TemplateResult } from 'lit'

const icon = (body: SVGTemplateResult): TemplateResult => html`<svg viewBox="0 0 24 24" aria-hidden="true" focusable="false">${body}</svg>`

/** The pictures on the player's buttons, each on a field of 24 × 24. */
export const ICONS = {
  play: icon(svg`<path d="M8 5.5v13a.8.8 0 0 0 1.2.7l10.4-6.5a.8.8 0 0 0 0-1.4L9.2 4.8A.8.8 0 0 0 8 5.5Z"/>`),
  pause: icon(svg`<rect x="6" y="5" width="4" height="14" rx="1"/><rect x="14" y="5" width="4" height="14" rx="1"/>`),
  sound: icon(
    svg`<path d="M4 9.5v5c0 .6.4 1 1 1h3l4.3 3.7c.5.4 1.2.1 1.2-.6V5.4c0-.7-.7-1-1.2-.6L8 8.5H5c-.6 0-1 .4-1 1Z"/><path class="stroke" d="M16.5 8.8a4.5 4.5 0 0 1 0 6.4M18.8 6.2a8.2 8.2 0 0 1 0 11.6"/>`,
  ),
  muted: icon(
    svg`<path d="M4 9.5v5c0 .6.4 1 1 1h3l4.3 3.7c.5.4 1.2.1 1.2-.6V5.4c0-.7-.7-1-1.2-.6L8 8.5H5c-.6 0-1 .4-1 1Z"/><path class="stroke" d="m16.5 9.5 5 5M21.5 9.5l-5 5"/>`,
  ),
  fullScreen: icon(
    svg`<path class="stroke" d="M4.5 9V5.5c0-.6.4-1 1-1H9M15 4.5h3.5c.6 0 1 .4 1 1V9M19.5 15v3.5c0 .6-.4 1-1 1H15M9 19.5H5.5c-.6 0-1-.4-1-1V15"/>`,
  ),
  smallScreen: icon(
    svg`<path class="stroke" d="M9 4.5V8c0 .6-.4 1-1 1H4.5M19.5 9H16c-.6 0-1-.4-1-1V4.5M15 19.5V16c0-.6.4-1 1-1h3.5M4.5 15H8c.6 0 1 .4 1 1v3.5"/>`,
  ),
  pip: icon(
    svg`<rect class="stroke" x="3.5" y="5.5" width="17" height="13" rx="1.5"/><rect x="12" y="12" width="6.5" height="4.5" rx=".8"/>`,
  ),
  captions: icon(
    svg`<rect class="stroke" x="3.5" y="5.5" width="17" height="13" rx="2"/><path class="stroke" d="M10.5 10.3a2 2 0 1 0 0 3.4M17 10.3a2 2 0 1 0 0 3.4"/>`,
  ),
  quality: icon(
    svg`<path class="stroke" d="M4 8h8M18 8h2M4 16h2M12 16h8"/><circle class="stroke" cx="15" cy="8" r="2.5"/><circle class="stroke" cx="9" cy="16" r="2.5"/>`,
  ),
  statistics: icon(svg`<path class="stroke" d="M5 19V11M10 19V5M15 19v-6M20 19V8"/>`),
  cast: icon(
    svg`<path class="stroke" d="M4 8V6.5c0-.6.4-1 1-1h14c.6 0 1 .4 1 1v11c0 .6-.4 1-1 1h-5M4 12a6.5 6.5 0 0 1 6.5 6.5M4 15.5a3 3 0 0 1 3 3"/>`,
  ),
  close: icon(svg`<path class="stroke" d="m6.5 6.5 11 11M17.5 6.5l-11 11"/>`),
  floe: html`<svg viewBox="0 0 32 32" aria-hidden="true" focusable="false">
    <rect x="8" y="5" width="18" height="6" rx="3" />
    <rect x="2" y="13" width="22" height="6" rx="3" opacity=".75" />
    <rect x="7" y="21" width="20" height="6" rx="3" opacity=".5" />
  </svg>`,
} as const
