import { html, nothing, type TemplateResult } from 'lit'
import { customElement, property, state } from 'lit/decorators.js'
import { repeat } from 'lit/directives/repeat.js'
import { PageElement } from './element.js'
import { icon } from './icon.js'
import { styled } from './style.js'

/** A column of a {@link FloeTable}. */
export interface Column<Row> {
  readonly label: string
  readonly cell: (row: Row) => unknown
  /** What rows are put in order by; without it they cannot be. */
  readonly sort?: (row: Row) => string | number | null
  readonly numeric?: boolean
  /** A track of a CSS grid. Default: an equal share. */
  readonly width?: string
  /** On a narrow screen a row is a title, an action beside it, and a line of details below; `hide` is seen only on wider screens. */
  readonly phone?: 'title' | 'action' | 'detail' | 'hide'
  /** Whether a detail says there what it is, because its value alone does not. */
  readonly named?: boolean
}

const ROW = 48
const PHONE_ROW = 68
// Up to here the page itself scrolls, and all rows are drawn.
const FEW = 60
const MARGIN = 10

/** A table that sorts, and that draws its rows only as they come into view: ten thousand cost no more than twenty. */
@customElement('floe-table')
export class FloeTable<Row = unknown> extends PageElement {
  @property() accessor label = ''
  @property({ attribute: false }) accessor rows: readonly Row[] = []
  @property({ attribute: false }) accessor columns: readonly Column<Row>[] = []
  /** Tells rows apart. */
  @property({ attribute: false }) accessor key: (row: Row) => unknown = (row) => row
  /** What stands there while there are no rows. */
  @property({ attribute: false }) accessor none: unknown = nothing
  /** The label of the column to sort by at first; a minus in front turns the order. */
  @property() accessor order = ''
  @state() accessor #order: string | undefined
  @state() accessor #first = 0
  readonly #phone = matchMedia('(max-width: 959px)')
  readonly #again = (): void => this.requestUpdate()

  override connectedCallback(): void {
    super.connectedCallback()
    this.#phone.addEventListener('change', this.#again)
  }
  override disconnectedCallback(): void {
    super.disconnectedCallback()
    this.#phone.removeEventListener('change', this.#again)
  }

  protected override render(): unknown {
    if (this.rows.length === 0) return this.none
    const rows = this.#sorted()
    const many = rows.length > FEW
    const height = this.#phone.matches ? PHONE_ROW : ROW
    const seen = many ? Math.ceil(innerHeight / height) + 2 * MARGIN : rows.length
    const from = many ? Math.max(0, Math.min(this.#first, rows.length - seen)) : 0
    const tracks = this.columns.map(({ width = 'minmax(0, 1fr)' }) => width).join(' ')
    return html`${this.#phone.matches ? this.#chooser() : nothing}
      <div
        class="table ${many ? 'many' : ''}"
        role="table"
        aria-label=${this.label}
        aria-rowcount=${rows.length + 1}
        aria-colcount=${this.columns.length}
        tabindex=${many ? '0' : nothing}
        ${styled({ '--tracks': tracks })}
        @scroll=${many ? this.#scrolled : nothing}
      >
        <div role="rowgroup" class="table-head">
          <div role="row" aria-rowindex="1" class="row">${this.columns.map((column) => this.#head(column))}</div>
        </div>
        <div role="rowgroup" class="table-body" ${styled({ height: many ? `${rows.length * height}px` : '' })}>
          ${repeat(
            rows.slice(from, from + seen),
            (row) => this.key(row),
            (row, index) => this.#row(row, from + index, many ? (from + index) * height : undefined),
          )}
        </div>
      </div>`
  }

  #row(row: Row, index: number, top: number | undefined): TemplateResult {
    const cell = ({ label, cell: draw, numeric, phone = 'detail', named }: Column<Row>): TemplateResult =>
      html`<div role="cell" class="cell ${phone} ${numeric === true ? 'numeric' : ''}">
        ${named === true && this.#phone.matches ? `${label.toLowerCase()}: ` : nothing}${draw(row)}
      </div>`
    const of = (what: Column<Row>['phone']): TemplateResult[] => this.columns.filter(({ phone = 'detail' }) => phone === what).map(cell)
    return html`<div
      role="row"
      class="row"
      aria-rowindex=${index + 2}
      ${styled({ transform: top === undefined ? '' : `translateY(${top}px)` })}
    >
      ${
        this.#phone.matches
          ? html`${of('title')}${of('action')}
              <div class="cell-details" role="none">${of('detail')}</div>`
          : this.columns.map(cell)
      }
    </div>`
  }

  #head({ label, sort, numeric, phone = 'detail' }: Column<Row>): TemplateResult {
    const [by, down] = this.#by()
    const direction = by !== label ? 'none' : down ? 'descending' : 'ascending'
    return html`<div
      role="columnheader"
      class="cell ${phone} ${numeric === true ? 'numeric' : ''}"
      aria-sort=${sort === undefined ? nothing : direction}
    >
      ${
        sort === undefined
          ? label === ''
            ? html`<span class="visually-hidden">Actions</span>`
            : label
          : html`<button class="quiet sort" @click=${() => (this.#order = by === label && !down ? `-${label}` : label)}>
              ${label}${direction === 'none' ? nothing : icon(down ? 'down' : 'up')}
            </button>`
      }
    </div>`
  }

  // Narrow screens show no heads of columns, so the order is chosen above.
  #chooser(): unknown {
    const columns = this.columns.filter(({ sort }) => sort !== undefined)
    if (columns.length < 2 || this.rows.length < 4) return nothing
    const [by, down] = this.#by()
    return html`<div class="chooser">
      <label
        >Sort by
        <select @change=${(event: Event) => event.target instanceof HTMLSelectElement && (this.#order = event.target.value)}>
          ${by === '' ? html`<option value="" selected>As they come</option>` : nothing}
          ${columns.map(({ label }) => html`<option value=${label} ?selected=${by === label}>${label}</option>`)}
        </select></label
      >
      <button aria-label="Turn the order round" @click=${() => (this.#order = down ? by : `-${by}`)}>${icon(down ? 'down' : 'up')}</button>
    </div>`
  }

  #by(): [label: string, down: boolean] {
    const order = this.#order ?? this.order
    return order.startsWith('-') ? [order.slice(1), true] : [order, false]
  }

  #sorted(): readonly Row[] {
    const [by, down] = this.#by()
    const value = this.columns.find(({ label }) => label === by)?.sort
    if (value === undefined) return this.rows
    const sign = down ? -1 : 1
    return this.rows.toSorted((a, b) => sign * compare(value(a), value(b)))
  }

  readonly #scrolled = (event: Event): void => {
    if (!(event.target instanceof HTMLElement)) return
    const height = this.#phone.matches ? PHONE_ROW : ROW
    this.#first = Math.max(0, Math.floor(event.target.scrollTop / height) - MARGIN)
  }
}

const words = new Intl.Collator('en', { numeric: true, sensitivity: 'base' })
function compare(a: string | number | null, b: string | number | null): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? -1 : 1
  return typeof a === 'number' && typeof b === 'number' ? a - b : words.compare(String(a), String(b))
}
