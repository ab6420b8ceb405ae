import { html, svg, type TemplateResult } from 'lit'

// Drawn on a grid of 20 × 20, by lines 1.6 thick.
const SHAPES = {
  overview: svg`<path d="M3 13.5 7 8l3.5 4L17 4.5"/><path d="M3 17h14"/>`,
  mounts: svg`<circle cx="10" cy="10" r="1.6"/><path d="M6.6 6.6a4.8 4.8 0 0 0 0 6.8M13.4 6.6a4.8 4.8 0 0 1 0 6.8M4 4a8.5 8.5 0 0 0 0 12M16 4a8.5 8.5 0 0 1 0 12"/>`,
  camera: svg`<rect x="2.5" y="5.5" width="10.5" height="9" rx="2"/><path d="m13 9 4.5-2.5v7L13 11"/>`,
  listeners: svg`<path d="M3 12v-2a7 7 0 0 1 14 0v2"/><rect x="3" y="11.5" width="3.5" height="5" rx="1.2"/><rect x="13.5" y="11.5" width="3.5" height="5" rx="1.2"/>`,
  recordings: svg`<circle cx="10" cy="10" r="7"/><circle cx="10" cy="10" r="2.6" class="filled"/>`,
  protocols: svg`<path d="M3 6h9M16 6h1M3 14h1M8 14h9"/><circle cx="14" cy="6" r="2"/><circle cx="6" cy="14" r="2"/>`,
  people: svg`<circle cx="7" cy="13" r="3.6"/><path d="m9.6 10.4 7-7M13.5 6.5l2.5 2.5"/>`,
  log: svg`<path d="M4 5h12M4 10h8M4 15h10"/>`,
  more: svg`<circle cx="4.5" cy="10" r="1.3" class="filled"/><circle cx="10" cy="10" r="1.3" class="filled"/><circle cx="15.5" cy="10" r="1.3" class="filled"/>`,
  theme: svg`<circle cx="10" cy="10" r="6.5"/><path class="filled" d="M10 3.5a6.5 6.5 0 0 1 0 13z"/>`,
  out: svg`<path d="M8 3.5H4v13h4M8 10h9M13.5 6.5 17 10l-3.5 3.5"/>`,
  close: svg`<path d="m5 5 10 10M15 5 5 15"/>`,
  add: svg`<path d="M10 4v12M4 10h12"/>`,
  lock: svg`<rect x="4.5" y="9" width="11" height="7.5" rx="1.5"/><path d="M7 9V6.5a3 3 0 0 1 6 0V9"/>`,
  copy: svg`<rect x="7" y="7" width="9.5" height="9.5" rx="1.5"/><path d="M13 7V4.5H5A1.5 1.5 0 0 0 3.5 6v7.5H7"/>`,
  check: svg`<path d="m4 10.5 4 4 8-9"/>`,
  warn: svg`<path d="M10 3 2.5 16.5h15z"/><path d="M10 8.5v3.5M10 14.2v.2"/>`,
  back: svg`<path d="M12.5 4.5 7 10l5.5 5.5"/>`,
  next: svg`<path d="M7.5 4.5 13 10l-5.5 5.5"/>`,
  play: svg`<path class="filled" d="M6.5 4.5v11l9-5.5z"/>`,
  pause: svg`<path d="M7 5v10M13 5v10"/>`,
  download: svg`<path d="M10 3v9.5M6 9l4 4 4-4M4 16.5h12"/>`,
  down: svg`<path d="m5 8 5 5 5-5"/>`,
  up: svg`<path d="m5 12 5-5 5 5"/>`,
  external: svg`<path d="M8 4.5H4.5v11h11V12M11.5 4.5h4v4M15.5 4.5 9.5 10.5"/>`,
}

/** The name of a drawing. */
export type IconName = keyof typeof SHAPES

/** A small drawing in the colour of the text; it says nothing to a screen reader, so words stand beside it. */
export const icon = (name: IconName): TemplateResult =>
  html`<svg class="icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">${SHAPES[name]}</svg>`

/** The mark of floecast: three floes. */
export const mark = (): TemplateResult =>
  html`<svg class="mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
    <rect x="3" y="6" width="19" height="5" rx="2.5" />
    <rect x="10" y="13.5" width="19" height="5" rx="2.5" opacity=".75" />
    <rect x="5" y="21" width="15" height="5" rx="2.5" opacity=".5" />
  </svg>`
