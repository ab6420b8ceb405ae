import { html, nothing, type TemplateResult } from 'lit'
import type { BroadcastState } from './broadcast.js'
import { drawing } from './drawings.js'
import type { SourceKind } from './problem.js'

const WORDS: Readonly<Record<SourceKind, string>> = {
  camera: 'Your camera, before anybody sees it',
  screen: 'Your screen, a window or a tab',
  microphone: 'Sound without a picture',
  file: 'A film or a song that this browser plays',
}

/** What has happened where a stream ends by itself. */
export const GONE: Readonly<Record<SourceKind, string>> = {
  camera: 'The camera is gone',
  screen: 'The screen is no longer shared',
  microphone: 'The microphone is gone',
  file: 'The file is over',
}

/** What stands where there is no picture. */
export function veil(kind: SourceKind, isOpen: boolean, isOpening: boolean, open: () => void): TemplateResult {
  return html`<div class="veil">
    ${drawing(kind)}
    <p>${isOpen ? 'The microphone is on' : WORDS[kind]}</p>
    ${
      kind === 'file' || isOpen
        ? nothing
        : html`<button ?disabled=${isOpening} @click=${open}>
            ${isOpening ? 'Waiting for your permission' : kind === 'screen' ? 'Choose' : 'Try it'}
          </button>`
    }
  </div>`
}

/** Whether it is on the air, over the picture. */
export function badge(state: BroadcastState | 'off', time: number | undefined): TemplateResult | typeof nothing {
  if (state === 'off' || state === 'over') return nothing
  if (state === 'live') return html`<p class="badge live"><span class="dot"></span>Live ${formatTime(time ?? 0)}</p>`
  return html`<p class="badge"><span class="dot"></span>${state === 'lost' ? 'Connecting again' : 'Connecting'}</p>`
}

const two = (number: number): string => String(number).padStart(2, '0')

// Milliseconds as people read them: `1:04`, `2:00:31`.
function formatTime(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000))
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`
}
