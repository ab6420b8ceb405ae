import { html, svg, type TemplateResult } from 'lit'
import type { SourceKind } from './problem.js'

// On a grid of 20 × 20, by lines.
const SHAPES: Readonly<Record<SourceKind, TemplateResult>> = {
  camera: svg`<rect x="2.5" y="5.5" width="10.5" height="9" rx="2"/><path d="m13 9 4.5-2.5v7L13 11"/>`,
  screen: svg`<rect x="2.5" y="4" width="15" height="10" rx="1.5"/><path d="M7 17h6M10 14v3"/>`,
  microphone: svg`<rect x="7.5" y="2.5" width="5" height="9" rx="2.5"/><path d="M4.5 9.5a5.5 5.5 0 0 0 11 0M10 15v2.5"/>`,
  file: svg`<path d="M5 2.5h6.5L15.5 6.5v11H5z"/><path d="m8.5 9.5 4 2.5-4 2.5z"/>`,
}

/** A small drawing of where a stream comes from; words stand beside it. */
export const drawing = (kind: SourceKind): TemplateResult =>
  html`<svg viewBox="0 0 20 20" aria-hidden="true" focusable="false">${SHAPES[kind]}</svg>`
