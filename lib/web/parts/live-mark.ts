import { html, type TemplateResult } from 'lit'
import type { MountStatus } from '../../api/status.js'
import './running-clock.js'
import { exactMoment, momentWords } from './units.js'

/** Whether a mount is live, in a word and never by colour alone: and for how long, or since when not. */
export function liveMark({ live, connected, ended }: MountStatus, skew: number): TemplateResult {
  if (live)
    return html`<span class="mark live"
      ><span class="dot"></span
      >Live${connected === null ? '' : html` <running-clock .since=${connected} .skew=${skew}></running-clock>`}</span
    >`
  const last = ended === null ? '' : html`<span class="since" title="until ${exactMoment(ended)}">last ${momentWords(ended)}</span>`
  return html`<span class="mark"><span class="ring"></span>Off the air ${last}</span>`
}
