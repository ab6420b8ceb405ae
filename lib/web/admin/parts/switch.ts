import { html, nothing, type TemplateResult } from 'lit'
import { icon } from './icon.js'

/** A switch. */
export interface Switch {
  /** What it switches, for screen readers; hidden where the words already stand beside it. */
  readonly label: string
  readonly on: boolean
  /** Who has fixed it, such as `FLOECAST_PORT`; then nobody can switch it here. */
  readonly locked?: string | undefined
  /** Whether somebody may look but not touch. */
  readonly disabled?: boolean
  readonly onSwitch: (on: boolean) => void
}

/** Draws a switch. It shows what is, and moves once the change has come back from the server. */
export function drawSwitch({ label, on, locked, disabled = false, onSwitch }: Switch): TemplateResult {
  return html`<button
    type="button"
    role="switch"
    class="switch"
    aria-checked=${on}
    aria-label=${label}
    aria-disabled=${locked !== undefined || disabled}
    title=${locked === undefined ? nothing : `Set by ${locked}: it can be changed only there`}
    @click=${() => locked === undefined && !disabled && onSwitch(!on)}
  >
    <span class="knob">${locked === undefined ? nothing : icon('lock')}</span>
  </button>`
}
