import { html, nothing, type TemplateResult } from 'lit'
import { ICONS } from './icons.js'
import type { State } from './playback.js'

/** What stands over the picture, where there is none or it has stopped. */
export interface VeilView {
  readonly state: State
  /** The stream's name, or the mount's. */
  readonly name: string
  /** Why nothing plays. */
  readonly why: string
  /** Whether the sound alone could be played. */
  readonly hasSound: boolean
  /** Whether there is a picture behind it. */
  readonly hasPicture: boolean
  /** The stream's own address, for other programs. */
  readonly url: string
  /** The same for VLC. */
  readonly vlc: string
}

/** What its buttons do. */
export interface VeilActions {
  play(): void
  playSound(): void
}

/** Draws what stands over the picture in this state. */
export function renderVeil(view: VeilView, act: VeilActions): TemplateResult | typeof nothing {
  const { state, name, why, hasSound, hasPicture, url, vlc } = view
  const title = html`<p class="name" dir="auto">${name}</p>`
  if (state === 'waiting')
    return html`<div class="veil waits">
      ${ICONS.floe}${title}
      <p class="soft">Not on the air yet. This starts by itself.</p>
    </div>`
  if (state === 'lost')
    return html`<div class="veil waits ${hasPicture ? 'over' : ''}">
      ${ICONS.floe}${title}
      <p class="soft">The stream has been interrupted. It goes on by itself when it is back.</p>
    </div>`
  if (state === 'unplayable')
    return html`<div class="veil">
      ${ICONS.floe}${title}
      <p class="soft">${why}</p>
      <div class="links">
        <a class="pill" href=${vlc}>Open in VLC</a>
        <a class="pill plain" href="${url}.m3u" download>Playlist (.m3u)</a>
        ${hasSound ? html`<button class="pill plain" @click=${() => act.playSound()}>Play the sound alone</button>` : nothing}
      </div>
    </div>`
  if (state === 'ready')
    return html`<div class="veil">
      ${title}
      <button class="play-big" aria-label="Play" @click=${() => act.play()}>${ICONS.play}</button>
    </div>`
  return nothing
}
