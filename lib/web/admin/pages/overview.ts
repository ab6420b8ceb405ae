import { html, nothing, type TemplateResult } from 'lit'
import { customElement } from 'lit/decorators.js'
import type { AnswerOf, Operations } from '../../../api/index.js'
import { Live } from '../live.js'
import { type MountRow, readMountRows } from '../mount-rows.js'
import { PageElement } from '../parts/element.js'
import { empty, loaded } from '../parts/empty.js'
import { icon } from '../parts/icon.js'
import { showMoment } from '../parts/moment.js'
import { Resource } from '../parts/resource.js'
import { api, prefix } from '../session.js'
import { bitRate, byteSize, count, plural } from '../units.js'
import '../parts/chart.js'

type Overview = AnswerOf<Operations['getOverview']>
type Now = Overview['now']

interface Figure {
  readonly label: string
  readonly value: (now: Now) => number
  readonly write: (value: number) => string
  readonly exact: (value: number) => string
}

const FIGURES: readonly Figure[] = [
  {
    label: 'Viewers',
    value: ({ viewers }) => viewers,
    write: (value) => count(Math.round(value)),
    exact: (value) => plural(value, 'viewer'),
  },
  { label: 'Coming in', value: ({ bitsIn }) => bitsIn, write: bitRate, exact: (value) => `${count(value)} bit/s` },
  { label: 'Going out', value: ({ bitsOut }) => bitsOut, write: bitRate, exact: (value) => `${count(value)} bit/s` },
  {
    label: 'Event-loop delay',
    value: ({ eventLoopDelay }) => eventLoopDelay,
    write: (value) => `${value < 9.95 ? value.toFixed(1) : Math.round(value)} ms`,
    exact: (value) => `${value.toFixed(3)} ms; above 50 ms the server is too busy`,
  },
]

/** How the server is, at a glance. */
@customElement('floe-overview')
export class FloeOverview extends PageElement {
  readonly #overview = new Resource(this, () => api.call('getOverview'), 60_000)
  // A pattern is no mount that could be well or not.
  readonly #mounts = new Resource(this, async () => (await readMountRows()).filter(({ pattern }) => !pattern), 15_000)

  constructor() {
    super()
    void new Live(this, { overview: (now: Now) => this.#hear(now), sources: () => void this.#mounts.reload() })
  }

  protected override render(): unknown {
    return html`<header class="page-head"><h1>Overview</h1></header>
      ${loaded(this.#overview, (overview) => this.#figures(overview), 2)}
      <section aria-labelledby="overview-mounts">
        <h2 id="overview-mounts">Mounts</h2>
        ${loaded(this.#mounts, (rows) =>
          rows.length === 0
            ? noMounts()
            : html`<ul class="card rows">
                ${rows.map(mountRow)}
              </ul>`,
        )}
      </section>`
  }

  #figures({ now, history, version, started }: Overview): TemplateResult {
    const times = history.map(({ time }) => new Date(time).getTime() / 1000)
    return html`<ul class="figures">
        ${FIGURES.map(
          ({ label, value, write, exact }) =>
            html`<li class="card figure">
              <h2 class="soft small">${label}</h2>
              <p class="big" title=${exact(value(now))}>${write(value(now))}</p>
              <floe-chart .times=${times} .values=${history.map(value)} .write=${write} label=${label}></floe-chart>
            </li>`,
        )}
      </ul>
      <p class="facts soft small">
        <span>CPU ${Math.round(now.cpu * 100)} %</span>
        <span title="${count(now.memory)} bytes">Memory ${byteSize(now.memory)}</span>
        <span>${plural(now.sources, 'source')}</span>
        <span>${plural(now.connections, 'connection')}</span>
        <span>Started ${showMoment(started)}</span>
        <span>floecast ${version}</span>
      </p>`
  }

  // One of these comes every second or so; the line grows every ten.
  #hear(now: Now): void {
    const { value } = this.#overview
    if (value === undefined) return
    const last = value.history.at(-1)
    const time = new Date().toISOString()
    const isDue = last === undefined || Date.now() - new Date(last.time).getTime() >= 10_000
    this.#overview.set({ ...value, now, history: isDue ? [...value.history.slice(-359), { ...now, time }] : value.history })
  }
}

const noMounts = (): TemplateResult =>
  html`<div class="card">
    ${empty('mounts', 'Nothing is on the air yet', html`<a href="${prefix}/">See how to go live</a>, or <a href="#/mounts">prepare a mount</a>.`)}
  </div>`

function mountRow({ mount, live, name, title, source, viewers, health }: MountRow): TemplateResult {
  return html`<li>
    <a class="row-link" href="#/mounts/${encodeURIComponent(mount)}">
      <span class="row-main"><bdi class="strong">${mount}</bdi> <bdi class="soft">${title ?? name ?? ''}</bdi></span>
      <span class="row-side">
        ${live ? html`<span class="live"><span class="dot"></span>Live</span>` : html`<span class="soft">Off the air</span>`}
        ${viewers === null || !live ? nothing : html`<span>${plural(viewers, 'viewer')}</span>`}
        ${source === undefined ? nothing : html`<span title="${count(source.rate * 8)} bit/s">${bitRate(source.rate * 8)}</span>`}
      </span>
      <span class="row-note ${health.state}">
        ${health.state === 'off' ? nothing : icon(health.state === 'good' ? 'check' : 'warn')}
        <span>${health.words}</span>
        ${source === undefined ? nothing : html`<span class="soft">began ${showMoment(source.connected)}</span>`}
      </span>
    </a>
  </li>`
}
