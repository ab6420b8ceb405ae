import { svg } from 'lit'
import { icon, icons as common } from '../parts/marks.js'

/** Small pictures on buttons. */
export const icons = {
  ...common,
  up: icon(svg`<path d="m5 12 5-5 5 5"/>`),
  down: icon(svg`<path d="m5 8 5 5 5-5"/>`),
  grip: icon(
    svg`<g fill="currentColor" stroke="none"><circle cx="7.5" cy="5" r="1.4"/><circle cx="12.5" cy="5" r="1.4"/><circle cx="7.5" cy="10" r="1.4"/><circle cx="12.5" cy="10" r="1.4"/><circle cx="7.5" cy="15" r="1.4"/><circle cx="12.5" cy="15" r="1.4"/></g>`,
  ),
  pause: icon(svg`<path d="M7 4.5v11M13 4.5v11" stroke-width="2.6"/>`),
  next: icon(svg`<path d="M4.5 4.5v11l8-5.5z" fill="currentColor"/><path d="M15 4.5v11"/>`),
  previous: icon(svg`<path d="M15.5 4.5v11l-8-5.5z" fill="currentColor"/><path d="M5 4.5v11"/>`),
  folder: icon(
    svg`<path d="M2.5 6.2v8.6c0 .7.5 1.2 1.2 1.2h12.6c.7 0 1.2-.5 1.2-1.2V7.4c0-.7-.5-1.2-1.2-1.2H10L8.4 4.2H3.7c-.7 0-1.2.5-1.2 1.2z"/>`,
  ),
  film: icon(svg`<rect x="2.5" y="4" width="15" height="12" rx="2"/><path d="m8.5 7.5 4 2.5-4 2.5z" fill="currentColor"/>`),
  drop: icon(svg`<path d="M10 12.5v-9M6.5 7 10 3.5 13.5 7M3.5 12v3c0 .8.7 1.5 1.5 1.5h10c.8 0 1.5-.7 1.5-1.5v-3"/>`),
  link: icon(
    svg`<path d="M8.5 11.5a3 3 0 0 0 4.3 0l2.8-2.8a3 3 0 0 0-4.3-4.3l-.8.8M11.5 8.5a3 3 0 0 0-4.3 0l-2.8 2.8a3 3 0 0 0 4.3 4.3l.8-.8"/>`,
  ),
} as const
