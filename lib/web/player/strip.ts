import { html, nothing, type TemplateResult } from 'lit'
import { type Mode, MODES } from './pick.js'
import { behind, MEANING, NAMES } from './words.js'

/** What stands under the picture. */
export interface StripView {
  /** The modes in which the mount can be played. */
  readonly modes: readonly Mode[]
  /** The one that plays, or will. */
  readonly mode: Mode | undefined
  /** Seconds behind live; `undefined` while unknown. */
  readonly delay: number | undefined
  /** What was done by itself, and why. */
  readonly notice: string
  /** Chooses a mode. */
  choose(mode: Mode): void
}

/** Draws the switch between the modes, with what was measured. */
export function renderStrip(view: StripView): TemplateResult {
  const { modes, mode, delay, notice } = view
  const move = (event: KeyboardEvent): void => {
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key]
    if (by === undefined) return
    event.preventDefault()
    event.stopPropagation()
    const next = modes[(modes.indexOf(mode ?? modes[0]!) + by + modes.length) % modes.length]!
    view.choose(next)
    const group = event.currentTarget
    if (group instanceof HTMLElement) group.querySelector<HTMLElement>(`[data-mode="${next}"]`)?.focus()
  }
  return html`<div class="strip">
    ${
      modes.length < 2
        ? nothing
        : html`<div class="modes" role="radiogroup" aria-label="How near to live" @keydown=${move}>
            ${MODES.filter((one) => modes.includes(one)).map(
              (one) =>
                html`<button
                  role="radio"
                  data-mode=${one}
                  aria-checked=${one === mode}
                  tabindex=${one === (mode ?? modes[0]) ? 0 : -1}
                  title=${MEANING[one]}
                  @click=${() => view.choose(one)}
                >
                  ${NAMES[one]}
                </button>`,
            )}
          </div>`
    }
    <span class="delay">${behind(delay)}</span>
    <p class="notice" role="status" ?hidden=${notice === ''}>${notice}</p>
  </div>`
}
