import { html, nothing, type TemplateResult } from 'lit'
import type { Option, Range } from './engine.js'
import { ICONS } from './icons.js'
import { clock } from './words.js'

/** A menu that can be open. */
export type MenuName = 'quality' | 'captions'

/** What the bar shows. */
export interface BarView {
  readonly paused: boolean
  readonly muted: boolean
  /** From 0 to 1. */
  readonly volume: number
  /** Whether a source is connected. */
  readonly live: boolean
  /** Whether what plays is what is live, and not something before it. */
  readonly atEdge: boolean
  /** What can be gone back to; `undefined` where it is not worth a bar. */
  readonly window: Range | undefined
  /** What plays, in seconds of the same clock. */
  readonly position: number
  readonly qualities: readonly Option[]
  readonly captions: readonly Option[]
  readonly menu: MenuName | undefined
  readonly statistics: boolean
  readonly fullScreen: boolean
  readonly isVideo: boolean
  readonly canPip: boolean
  readonly canCast: boolean
  readonly canFullScreen: boolean
}

/** What the buttons do. */
export interface BarActions {
  togglePlay(): void
  toggleMute(): void
  setVolume(volume: number): void
  seek(time: number): void
  goLive(): void
  openMenu(menu: MenuName | undefined): void
  choose(menu: MenuName, id: string): void
  toggleStatistics(): void
  togglePip(): void
  cast(): void
  toggleFullScreen(): void
}

const valueOf = (event: Event): number => (event.target instanceof HTMLInputElement ? event.target.valueAsNumber : 0)

/** Draws the bar of controls. */
export function renderBar(view: BarView, act: BarActions): TemplateResult {
  return html`<div class="bar" part="bar">
    ${view.window === undefined ? nothing : renderSeek(view.window, view.position, act)}
    ${button(view.paused ? 'Play (k)' : 'Pause (k)', view.paused ? ICONS.play : ICONS.pause, () => act.togglePlay())}
    ${button(view.muted ? 'Sound on (m)' : 'Mute (m)', view.muted ? ICONS.muted : ICONS.sound, () => act.toggleMute())}
    <input
      class="volume"
      type="range"
      min="0"
      max="1"
      step="0.05"
      aria-label="Volume"
      .value=${String(view.muted ? 0 : view.volume)}
      @input=${(event: Event) => act.setVolume(valueOf(event))}
    />
    ${renderLive(view, act)}
    <span class="space"></span>
    ${view.captions.length === 0 ? nothing : menuButton('captions', 'Captions', ICONS.captions, view, act)}
    ${view.qualities.length === 0 ? nothing : menuButton('quality', 'Quality', ICONS.quality, view, act)}
    ${button('Statistics', ICONS.statistics, () => act.toggleStatistics(), view.statistics)}
    ${view.canCast ? button('Play on another screen', ICONS.cast, () => act.cast()) : nothing}
    ${view.canPip ? button('Picture in picture', ICONS.pip, () => act.togglePip()) : nothing}
    ${view.canFullScreen ? button(view.fullScreen ? 'Leave full screen (f)' : 'Full screen (f)', view.fullScreen ? ICONS.smallScreen : ICONS.fullScreen, () => act.toggleFullScreen()) : nothing}
  </div>`
}

function renderLive({ live, atEdge }: BarView, act: BarActions): TemplateResult {
  if (!live) return html`<span class="live"><span class="dot"></span>Off the air</span>`
  if (atEdge) return html`<span class="live on"><span class="dot"></span>Live</span>`
  return html`<button class="live" @click=${() => act.goLive()}><span class="dot"></span>Back to live</button>`
}

function renderSeek({ start, end }: Range, position: number, act: BarActions): TemplateResult {
  const back = Math.max(0, end - position)
  const text = back < 5 ? 'live' : `${clock(back)} before live`
  return html`<div class="seek">
    <input
      type="range"
      min=${start}
      max=${end}
      step="1"
      aria-label="Go back in time"
      aria-valuetext=${text}
      .value=${String(Math.min(end, Math.max(start, position)))}
      @change=${(event: Event) => act.seek(valueOf(event))}
    />
    <span title="of ${clock(end - start)}">${back < 5 ? 'live' : `−${clock(back)}`}</span>
  </div>`
}

function button(label: string, picture: TemplateResult, act: () => void, pressed?: boolean): TemplateResult {
  return html`<button aria-label=${label} title=${label} aria-pressed=${pressed === undefined ? nothing : String(pressed)} @click=${act}>
    ${picture}
  </button>`
}

function menuButton(name: MenuName, label: string, picture: TemplateResult, { menu }: BarView, act: BarActions): TemplateResult {
  const isOpen = menu === name
  return html`<button
    aria-label=${label}
    title=${label}
    aria-haspopup="menu"
    aria-expanded=${isOpen}
    @click=${() => act.openMenu(isOpen ? undefined : name)}
  >
    ${picture}
  </button>`
}

// Up and down go through a menu, round its ends; anywhere else they are for the volume.
function moveInMenu(event: KeyboardEvent): void {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key]
  if (by === undefined || !(event.currentTarget instanceof Element) || !(event.target instanceof Element)) return
  event.preventDefault()
  event.stopPropagation()
  const all = [...event.currentTarget.querySelectorAll('button')]
  all.at((all.findIndex((one) => one === event.target) + by) % all.length)?.focus()
}

/** Draws the menu that is open. */
export function renderMenu(view: BarView, act: BarActions): TemplateResult | typeof nothing {
  const { menu, qualities, captions } = view
  if (menu === undefined) return nothing
  const isShown = captions.some(({ chosen }) => chosen)
  const options = menu === 'quality' ? qualities : [{ id: '', label: 'Off', chosen: !isShown }, ...captions]
  return html`<div class="menu" role="menu" aria-label=${menu === 'quality' ? 'Quality' : 'Captions'} @keydown=${moveInMenu}>
    ${options.map(
      ({ id, label, chosen }) =>
        html`<button role="menuitemradio" aria-checked=${chosen} @click=${() => act.choose(menu, id)}>${label}</button>`,
    )}
  </div>`
}
