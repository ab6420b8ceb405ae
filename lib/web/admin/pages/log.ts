import { html, nothing, type TemplateResult } from 'lit'
import { customElement, state } from 'lit/decorators.js'
import type { AuditEntry, LogEntry, LogLevel } from '../../../api/index.js'
import { Live } from '../live.js'
import { PageElement } from '../parts/element.js'
import { empty, loaded } from '../parts/empty.js'
import { icon } from '../parts/icon.js'
import { showMoment } from '../parts/moment.js'
import { Resource } from '../parts/resource.js'
import type { Column } from '../parts/table.js'
import { api } from '../session.js'
import { moment, timeOfDay } from '../units.js'
import '../parts/table.js'

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error']
const NAMES: Readonly<Record<LogLevel, string>> = { debug: 'Everything', info: 'News', warn: 'Warnings', error: 'Errors' }
const KEPT = 1000

/** What happens, and who has changed what. */
@customElement('floe-log')
export class FloeLog extends PageElement {
  @state() accessor #level: LogLevel = 'info'
  @state() accessor #text = ''
  @state() accessor #paused = false
  @state() accessor #missed = 0
  readonly #log = new Resource(this, async () => (await api.call('getLog', { query: { level: this.#level, limit: 500 } })).entries)
  readonly #audit = new Resource(this, async () => (await api.call('getAudit', { query: { limit: 200 } })).entries)

  constructor() {
    super()
    void new Live(this, { log: (entry: LogEntry) => this.#hear(entry), audit: () => void this.#audit.reload() })
  }

  protected override render(): unknown {
    return html`<header class="page-head"><h1>Log</h1></header>
      <div class="tools">
        <label
          ><span class="visually-hidden">Level</span>
          <select @change=${this.#chosen}>
            ${LEVELS.map((level) => html`<option value=${level} ?selected=${level === this.#level}>${NAMES[level]}</option>`)}
          </select>
        </label>
        <label class="grow"
          ><span class="visually-hidden">Find</span>
          <input type="search" placeholder="Find in what is shown" @input=${this.#typed} />
        </label>
        <button aria-pressed=${this.#paused} @click=${() => this.#pause()}>
          ${icon(this.#paused ? 'play' : 'pause')}${this.#paused ? `Go on${this.#missed === 0 ? '' : ` (${this.#missed} new)`}` : 'Pause'}
        </button>
      </div>
      ${loaded(this.#log, (entries) => this.#tail(entries), 8)}
      <section aria-labelledby="audit-heading">
        <h2 id="audit-heading">Who changed what</h2>
        ${loaded(
          this.#audit,
          (entries) =>
            html`<div class="card flush">
              <floe-table
                label="Who changed what"
                .rows=${entries}
                .columns=${TRAIL}
                .key=${({ id }: AuditEntry) => id}
                .none=${empty('log', 'Nothing has been changed yet', 'Every change is kept here: who made it, when, and from where.')}
              ></floe-table>
            </div>`,
        )}
      </section>`
  }

  #tail(entries: readonly LogEntry[]): TemplateResult {
    const text = this.#text.toLowerCase()
    const found = text === '' ? entries : entries.filter((entry) => lineOf(entry).toLowerCase().includes(text))
    if (found.length === 0) return html`<div class="card">${empty('log', 'Nothing to show', 'No entry fits.')}</div>`
    return html`<div class="card log" role="log" aria-label="Log, newest first" aria-live="off" tabindex="0">
      <ol>
        ${found.map(
          ({ time, level, message, fields }) =>
            html`<li class=${level}>
              <time class="soft" datetime=${time} title=${moment(new Date(time))}>${timeOfDay(new Date(time))}</time>
              <span class="level">${level}</span>
              <span class="message"
                >${message}
                <span class="soft"
                  >${Object.entries(fields).map(([key, value]) => html`<span class="pair">${key}=${shown(value)}</span> `)}</span
                ></span
              >
            </li>`,
        )}
      </ol>
    </div>`
  }

  #hear(entry: LogEntry): void {
    if (LEVELS.indexOf(entry.level) < LEVELS.indexOf(this.#level)) return
    if (this.#paused) this.#missed++
    else this.#log.set([entry, ...(this.#log.value ?? [])].slice(0, KEPT))
  }

  #pause(): void {
    this.#paused = !this.#paused
    if (!this.#paused && this.#missed > 0) void this.#log.reload()
    this.#missed = 0
  }

  readonly #chosen = (event: Event): void => {
    const { target } = event
    if (target instanceof HTMLSelectElement) this.#level = LEVELS.find((level) => level === target.value) ?? 'info'
    void this.#log.reload()
  }
  readonly #typed = (event: Event): void => {
    if (event.target instanceof HTMLInputElement) this.#text = event.target.value.trim()
  }
}

const shown = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))
const lineOf = ({ message, fields }: LogEntry): string => `${message} ${JSON.stringify(fields)}`

const TRAIL: readonly Column<AuditEntry>[] = [
  { label: 'What', phone: 'title', width: 'minmax(0, 1fr)', cell: ({ summary }) => html`<bdi title=${summary}>${summary}</bdi>` },
  {
    label: 'Who',
    width: '120px',
    cell: ({ who, via }) => html`<bdi>${who}</bdi>${via === 'token' ? html` <span class="soft">(token)</span>` : nothing}`,
  },
  { label: 'From', phone: 'hide', width: '130px', cell: ({ address }) => html`<bdi>${address}</bdi>` },
  { label: 'When', width: '130px', cell: ({ time }) => showMoment(time) },
]
