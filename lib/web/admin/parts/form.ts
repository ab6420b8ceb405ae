import { html, nothing, type TemplateResult } from 'lit'
import { customElement, property, state } from 'lit/decorators.js'
import { plural } from '../units.js'
import { freshId, PageElement } from './element.js'
import { drawField, readField } from './field.js'
import { at, type Draft, type Field, fieldsOf, nested, type Schema } from './schema.js'
import { sentenceOf } from './resource.js'

/** Settings that belong together: under a heading, by their paths, or by what these begin with (`hls.*`). */
export interface Group {
  readonly heading: string
  readonly paths: readonly string[]
}

/** A form made from a JSON schema. It saves what was changed, and nothing else. */
@customElement('floe-form')
export class FloeForm extends PageElement {
  @property({ attribute: false }) accessor schema: Schema = {}
  /** What is in force. */
  @property({ attribute: false }) accessor values: unknown = {}
  /** Paths that have been set here; others are as they are everywhere. */
  @property({ attribute: false }) accessor own: ReadonlySet<string> = new Set()
  /** Who has fixed the setting at a path. */
  @property({ attribute: false }) accessor lock: (path: string) => string | undefined = () => undefined
  /** In which order, under which headings; whatever no group names comes last. */
  @property({ attribute: false }) accessor groups: readonly Group[] = []
  /** Paths that are not shown. */
  @property({ attribute: false }) accessor without: readonly string[] = []
  /** Whether one may look but not touch. */
  @property({ type: Boolean }) accessor still = false
  /** Saves; answers whether it was done. What it throws is shown. */
  @property({ attribute: false }) accessor save: (patch: Record<string, unknown>) => Promise<boolean> = async () => true
  @state() accessor #draft: Draft = new Map()
  @state() accessor #problems: ReadonlyMap<string, string> = new Map()
  @state() accessor #problem = ''
  @state() accessor #busy = false
  readonly #id = freshId('form')

  /** Whether something is written and not saved. */
  get changed(): boolean {
    return this.#draft.size > 0
  }

  protected override render(): TemplateResult {
    const fields = fieldsOf(this.schema).filter(({ path }) => !this.without.some((one) => matches(one, path)))
    const left = new Set(fields)
    const parts = this.groups.map(({ heading, paths }) => {
      const some = paths.flatMap((one) => fields.filter((field) => left.has(field) && matches(one, field.path) && left.delete(field)))
      return this.#group(heading, some)
    })
    return html`<form class="settings" @submit=${this.#submit} novalidate>
      ${parts}${this.#group(this.groups.length === 0 ? '' : 'More', [...left])} ${this.#bar()}
    </form>`
  }

  #group(heading: string, fields: readonly Field[]): unknown {
    if (fields.length === 0) return nothing
    return html`<fieldset class="card">
      ${heading === '' ? nothing : html`<legend><h3>${heading}</h3></legend>`}
      <div class="fields">${fields.map((field) => this.#field(field))}</div>
    </fieldset>`
  }

  #field(field: Field): TemplateResult {
    const { path, schema } = field
    const changed = this.#draft.has(path)
    const written = this.#draft.get(path)
    return drawField(field, `${this.#id}-${path.replaceAll('.', '-')}`, {
      value: changed ? (written ?? schema.default) : at(this.values, path),
      changed,
      own: this.own.has(path),
      locked: schema.fileOnly === true ? 'the configuration file' : this.lock(path),
      disabled: this.still || this.#busy,
      problem: this.#problems.get(path),
      onInput: (value) => this.#write(field, value),
    })
  }

  #bar(): unknown {
    if (!this.changed) return nothing
    const wrong = this.#problems.size > 0
    return html`<div class="save-bar" role="region" aria-label="Changes">
      <span
        >${this.#problem === '' ? (wrong ? `${plural(this.#problems.size, 'value')} to put right` : `${plural(this.#draft.size, 'change')} not saved`) : html`<span class="problem" role="alert">${this.#problem}</span>`}</span
      >
      <button type="button" @click=${() => this.reset()}>Discard</button>
      <button class="primary" ?disabled=${wrong || this.#busy}>Save</button>
    </div>`
  }

  /** Forgets what is written. */
  reset(): void {
    this.#draft = new Map()
    this.#problems = new Map()
    this.#problem = ''
  }

  #write(field: Field, written: unknown): void {
    const { path } = field
    const draft = new Map(this.#draft)
    const problems = new Map(this.#problems)
    problems.delete(path)
    this.#problem = ''
    let value = written
    try {
      if (typeof written === 'string') value = readField(field, written)
    } catch (error) {
      problems.set(path, error instanceof RangeError ? error.message : sentenceOf(error))
    }
    const before = at(this.values, path)
    if (!problems.has(path) && (value ?? undefined) === before && !(value === null && this.own.has(path))) draft.delete(path)
    else draft.set(path, value)
    this.#draft = draft
    this.#problems = problems
  }

  readonly #submit = async (event: Event): Promise<void> => {
    event.preventDefault()
    if (this.#busy || this.#problems.size > 0) return
    this.#busy = true
    try {
      if (await this.save(nested(this.#draft))) this.reset()
    } catch (error) {
      this.#problem = sentenceOf(error)
    }
    this.#busy = false
  }
}

const matches = (pattern: string, path: string): boolean =>
  pattern.endsWith('*') ? path.startsWith(pattern.slice(0, -1)) : path === pattern
