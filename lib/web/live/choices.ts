import { html, nothing, type TemplateResult } from 'lit'
import { type Device, NONE } from './capture.js'
import { drawing } from './drawings.js'
import type { SourceKind } from './problem.js'
import { QUALITIES, type Quality } from './qualities.js'

const KINDS: readonly { readonly kind: SourceKind; readonly label: string }[] = [
  { kind: 'camera', label: 'Camera' },
  { kind: 'screen', label: 'Screen' },
  { kind: 'microphone', label: 'Sound only' },
  { kind: 'file', label: 'File' },
]

/** Where the stream comes from. A file cannot follow on something else that is on the air. */
function kindChoice(chosen: SourceKind, isOnAir: boolean, choose: (kind: SourceKind) => void): TemplateResult {
  return html`<fieldset>
    <legend>What to send</legend>
    <div class="kinds">
      ${KINDS.map(
        ({ kind, label }) =>
          html`<label class="choice">
            <input
              type="radio"
              name="kind"
              .checked=${kind === chosen}
              ?disabled=${isOnAir && (kind === 'file' || chosen === 'file')}
              @change=${() => choose(kind)}
            />
            ${drawing(kind)} ${label}
          </label>`,
      )}
    </div>
  </fieldset>`
}

/** Which file. */
function fileChoice(isOnAir: boolean, choose: (file: File) => void): TemplateResult {
  const pick = ({ target }: Event): void => {
    const file = target instanceof HTMLInputElement ? target.files?.[0] : undefined
    if (file !== undefined) choose(file)
  }
  return html`<label
    ><span class="label">File</span><input type="file" accept="video/*,audio/*" ?disabled=${isOnAir} @change=${pick}
  /></label>`
}

/** Which camera or microphone. */
function deviceChoice(
  label: string,
  devices: readonly Device[],
  chosen: string,
  isOptional: boolean,
  choose: (id: string) => void,
): TemplateResult {
  const pick = ({ target }: Event): void => {
    if (target instanceof HTMLSelectElement) choose(target.value)
  }
  return html`<label>
    <span class="label">${label}</span>
    <select @change=${pick}>
      <option value="" ?selected=${chosen === ''}>The usual one</option>
      ${devices.map(({ id, label: name }) => html`<option value=${id} ?selected=${id === chosen}>${name}</option>`)}
      ${isOptional ? html`<option value=${NONE} ?selected=${chosen === NONE}>None</option>` : nothing}
    </select>
  </label>`
}

/** How good it is to be. */
function qualityChoice(chosen: Quality, choose: (quality: Quality) => void): TemplateResult {
  return html`<fieldset>
    <legend>Quality</legend>
    <div class="qualities">
      ${QUALITIES.map(
        (one) =>
          html`<label class="choice">
            <input type="radio" name="quality" .checked=${one === chosen} @change=${() => choose(one)} />
            ${one.label}<span class="soft">${one.words}</span>
          </label>`,
      )}
    </div>
  </fieldset>`
}

/** What has been chosen. */
export interface Chosen {
  readonly kind: SourceKind
  readonly isOnAir: boolean
  readonly cameras: readonly Device[]
  readonly camera: string
  readonly microphones: readonly Device[]
  readonly microphone: string
  readonly quality: Quality
}

/** What another choice does. */
export interface ChoiceActions {
  readonly kind: (kind: SourceKind) => void
  readonly file: (file: File) => void
  readonly camera: (id: string) => void
  readonly microphone: (id: string) => void
  readonly quality: (quality: Quality) => void
}

/** Draws all that can be chosen of what is sent. */
export function renderChoices(chosen: Chosen, act: ChoiceActions): TemplateResult {
  const { kind, isOnAir, cameras, camera, microphones, microphone, quality } = chosen
  const hasCamera = kind === 'camera' && cameras.length > 1
  const hasMicrophone = kind !== 'file' && microphones.length > 0
  return html`${kindChoice(kind, isOnAir, act.kind)} ${kind === 'file' ? fileChoice(isOnAir, act.file) : nothing}
  ${hasCamera ? deviceChoice('Camera', cameras, camera, false, act.camera) : nothing}
  ${hasMicrophone ? deviceChoice('Microphone', microphones, microphone, kind !== 'microphone', act.microphone) : nothing}
  ${qualityChoice(quality, act.quality)}`
}

/** What plays, and a way to say so while it is on the air. */
export function titleField(
  title: string,
  isOnAir: boolean,
  isNew: boolean,
  write: (title: string) => void,
  tell: (event: Event) => void,
): TemplateResult {
  const read = ({ target }: Event): void => {
    if (target instanceof HTMLInputElement) write(target.value)
  }
  return html`<form @submit=${tell}>
    <label for="title" class="label">Title</label>
    <div class="row">
      <input type="text" id="title" maxlength="200" autocomplete="off" placeholder="What you show" .value=${title} @input=${read} />
      ${isOnAir ? html`<button ?disabled=${!isNew}>Set</button>` : nothing}
    </div>
  </form>`
}
