import { html, nothing, type TemplateResult } from 'lit'
import { byteSize, count, duration } from '../units.js'
import { icon } from './icon.js'
import type { Field } from './schema.js'

/** How a setting stands. */
export interface FieldState {
  /** What is in force, or what somebody has written. */
  readonly value: unknown
  /** Who has fixed it, such as `FLOECAST_PORT`. */
  readonly locked?: string | undefined
  /** Whether it has been set here, and can go back to what it would be otherwise. */
  readonly own: boolean
  /** Whether it is written, but not saved yet. */
  readonly changed: boolean
  readonly disabled: boolean
  /** Why it cannot be saved. */
  readonly problem?: string | undefined
  /** Hears what is written; `null` for back to the default, `undefined` for what cannot be read. */
  readonly onInput: (value: unknown) => void
}

/** Draws a setting: its name, what it is, its value, and how to let go of it. */
export function drawField(field: Field, id: string, state: FieldState): TemplateResult {
  const { label, schema, kind, path } = field
  const { locked, own, changed, problem, onInput } = state
  const back = own && !changed && locked === undefined && !state.disabled
  return html`<div class="field ${kind === 'switch' ? 'switch-field' : ''} ${changed ? 'changed' : ''}" data-path=${path}>
    <div class="field-head">
      <label for=${id}>${label}</label>
      ${
        back
          ? html`<button type="button" class="quiet small" @click=${() => onInput(null)} aria-label="Back to default: ${label}">
              Back to default
            </button>`
          : nothing
      }
    </div>
    <div class="field-control">${control(field, id, state)}${unitOf(field, state.value)}</div>
    ${locked === undefined ? nothing : html`<p class="locked small">${icon('lock')} Set by ${locked}; it can be changed only there.</p>`}
    ${problem === undefined ? nothing : html`<p class="problem small" id="${id}-problem" role="alert">${problem}</p>`}
    <p class="soft small" id="${id}-help">${help(schema, kind)}</p>
  </div>`
}

/** Reads what somebody has written into a field. @throws RangeError with a sentence about what is wrong */
export function readField({ schema, kind, label }: Field, text: string): unknown {
  const trimmed = text.trim()
  if (kind === 'list') return trimmed === '' ? null : trimmed.split(/[\s,]+/)
  if (trimmed === '') return null
  if (kind !== 'number') return trimmed
  const value = Number(trimmed.replaceAll(/[\s,_](?=\d{3})/g, ''))
  const { minimum, maximum = Number.MAX_SAFE_INTEGER } = schema
  const bounded = maximum < Number.MAX_SAFE_INTEGER
  if (!Number.isFinite(value)) throw new RangeError(`${label} is a number.`)
  if (schema.type === 'integer' && !Number.isInteger(value)) throw new RangeError(`${label} is a whole number.`)
  if (minimum !== undefined && minimum > -Number.MAX_SAFE_INTEGER && value < minimum)
    throw new RangeError(`${label} is ${bounded ? `between ${minimum} and ${count(maximum)}` : `${minimum} or more`}.`)
  if (bounded && value > maximum) throw new RangeError(`${label} is at most ${count(maximum)}.`)
  return value
}

function control({ schema, kind, label }: Field, id: string, { value, locked, disabled, problem, onInput }: FieldState): TemplateResult {
  const off = locked !== undefined || disabled
  const describe = problem === undefined ? `${id}-help` : `${id}-problem ${id}-help`
  const text = (event: Event): void => {
    if (event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement) onInput(event.target.value)
  }
  if (kind === 'switch')
    return html`<input
      type="checkbox"
      role="switch"
      class="check"
      id=${id}
      .checked=${value === true}
      ?disabled=${off}
      aria-describedby=${describe}
      @change=${(event: Event) => event.target instanceof HTMLInputElement && onInput(event.target.checked)}
    />`
  if (kind === 'choice') return choice(schema, id, describe, value, off, onInput)
  if (kind === 'long')
    return html`<textarea id=${id} rows="2" .value=${shown(value)} ?disabled=${off} aria-describedby=${describe} @input=${text}></textarea>`
  const secret = kind === 'secret'
  return html`<input
    id=${id}
    type=${secret ? 'password' : 'text'}
    inputmode=${kind === 'number' ? 'decimal' : nothing}
    autocomplete=${secret ? 'new-password' : 'off'}
    spellcheck="false"
    placeholder=${placeholder(schema, kind, value)}
    aria-invalid=${problem === undefined ? nothing : 'true'}
    aria-label=${label}
    .value=${secret && typeof value !== 'string' ? '' : shown(value)}
    ?disabled=${off}
    aria-describedby=${describe}
    @input=${text}
  />`
}

function choice(
  schema: Field['schema'],
  id: string,
  describe: string,
  value: unknown,
  off: boolean,
  onInput: FieldState['onInput'],
): TemplateResult {
  const choices: readonly (readonly [string, unknown])[] = schema.enum?.map((one) => [String(one), one]) ?? [
    ['Yes', true],
    ['No', false],
  ]
  const all = schema.default === undefined ? [['As the source says', null] as const, ...choices] : choices
  return html`<select
    id=${id}
    ?disabled=${off}
    aria-describedby=${describe}
    @change=${(event: Event) => event.target instanceof HTMLSelectElement && onInput(all[event.target.selectedIndex]?.[1])}
  >
    ${all.map(([words, one]) => html`<option ?selected=${(value ?? null) === one}>${words}</option>`)}
  </select>`
}

function shown(value: unknown): string {
  if (value === undefined || value === null) return ''
  if (Array.isArray(value)) return value.join(', ')
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function placeholder({ default: otherwise, examples }: Field['schema'], kind: Field['kind'], value: unknown): string {
  if (kind === 'secret') return value === true ? 'Set; it is never shown' : 'None'
  if (otherwise !== undefined && shown(otherwise) !== '') return `Default: ${shown(otherwise)}`
  if (kind === 'list') return 'None'
  return examples?.[0] === undefined || kind === 'number' ? 'Not set' : `Such as ${shown(examples[0])}`
}

// The unit, and large numbers in words that one can picture.
function unitOf({ schema: { unit }, kind }: Field, value: unknown): unknown {
  if (kind !== 'number' || unit === undefined) return nothing
  const words =
    typeof value !== 'number' || value < 1000
      ? ''
      : unit === 'bytes'
        ? ` (${byteSize(value)})`
        : unit === 'milliseconds'
          ? ` (${duration(value / 1000)})`
          : ''
  return html`<span class="unit soft small">${unit}${words}</span>`
}

function help({ description = '', allowed, minimum, maximum }: Field['schema'], kind: Field['kind']): string {
  const limits =
    kind === 'number' && minimum !== undefined && maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER
      ? `From ${minimum} to ${count(maximum)}.`
      : allowed === undefined || kind === 'switch' || kind === 'secret' || kind === 'number'
        ? ''
        : `Allowed: ${allowed}.`
  return `${description}${description === '' || /[.!?]$/.test(description) ? '' : '.'} ${limits}`.trim()
}
