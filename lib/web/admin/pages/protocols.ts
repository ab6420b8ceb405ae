import { html, nothing, type TemplateResult } from 'lit'
import { customElement } from 'lit/decorators.js'
import { makeChange, tryChange } from '../change.js'
import { readServerSettings, type ServerState } from '../locks.js'
import { type MountEntry } from '../mount-rows.js'
import { PageElement } from '../parts/element.js'
import { empty, loaded } from '../parts/empty.js'
import { icon } from '../parts/icon.js'
import { Resource } from '../parts/resource.js'
import { at, fieldsOf, type Field, labelOf, nested } from '../parts/schema.js'
import { factsOfWay, type WayFacts } from '../ways.js'
import { drawSwitch } from '../parts/switch.js'
import { api } from '../session.js'
import '../parts/form.js'

// What comes in; all else goes out.
const IN = new Set(['icecast', 'shoutcast', 'webcast'])
// Where a mount's own settings have another name for it.
const OF_MOUNT: Readonly<Record<string, string>> = { hls: 'hls.enabled', lowLatency: 'hls.lowLatency' }
const LOW = 'lowLatency'

const GROUPS = [
  {
    heading: 'Where it stands',
    paths: ['hostname', 'host', 'port', 'tls*', 'shoutcastPort', 'shoutcastMount', 'trustedProxies', 'location', 'admin'],
  },
  { heading: 'Limits', paths: ['maxSources', 'maxListeners', 'maxConnections', 'headerSize', 'headerTimeout'] },
  { heading: 'Disk', paths: ['mediaDir'] },
]

type Shown = ServerState & Pick<WayFacts, 'timings'>

const nameOf = (key: string): string => (key === LOW ? labelOf('hls.lowLatency') : labelOf(key))

/** Every way in and out, for the server and for each mount, and what else is set for the server. */
@customElement('floe-protocols')
export class FloeProtocols extends PageElement {
  readonly #server = new Resource(this, async () => {
    const [server, { settings: timings }] = await Promise.all([readServerSettings(), api.call('getMount', { params: { mount: '/*' } })])
    return { ...server, timings }
  })
  readonly #mounts = new Resource(this, async () => (await api.call('listMountSettings')).mounts, 15_000)

  protected override render(): unknown {
    return html`<header class="page-head"><h1>Protocols</h1></header>
      ${loaded(
        this.#server,
        (server) =>
          html`${this.#switches(server)}
            <section aria-labelledby="protocols-mounts">
              <h2 id="protocols-mounts">For each mount</h2>
              <p class="soft lead">
                What is on above can be off for a single mount. Segment lengths and other timings stand with the mount’s settings.
              </p>
              ${loaded(this.#mounts, (mounts) => this.#matrix(server, mounts))}
            </section>
            <section aria-labelledby="protocols-server">
              <h2 id="protocols-server">Ports, limits and timings</h2>
              ${
                server.file === null
                  ? html`<p class="soft lead">
                      The server runs without a configuration file that can be written: changes here end with it.
                    </p>`
                  : html`<p class="soft lead">
                      Changes take effect at once and are written to <bdi><code>${server.file}</code></bdi
                      >.
                    </p>`
              }
              <floe-form
                .schema=${server.schema}
                .values=${server.settings}
                .lock=${server.lock}
                .groups=${GROUPS}
                .without=${['protocols.*', 'mounts*', 'sourcePassword', 'adminPassword']}
                .save=${save}
              ></floe-form>
            </section>`,
        8,
      )}`
  }

  #switches({ schema, settings, lock, ports, timings }: Shown): TemplateResult {
    const facts = { ports, timings, shoutcastMount: settings.shoutcastMount }
    const fields = fieldsOf(schema.properties?.['protocols'] ?? {})
    const list = (some: readonly Field[]): TemplateResult =>
      html`<ul class="card rows">
        ${some.map(({ path, schema: { description } }) => {
          const on = at(settings, `protocols.${path}`) === true
          return html`<li class="switch-row">
            <div>
              <h3>${nameOf(path)}</h3>
              <p class="soft small">${description}</p>
              <ul class="way soft small">
                ${factsOfWay(path, facts).map((fact, i) => html`<li>${i === 0 ? fact[0]?.toUpperCase() + fact.slice(1) : fact}</li>`)}
              </ul>
            </div>
            ${drawSwitch({
              label: `${nameOf(path)} for the server`,
              on,
              locked: lock(`protocols.${path}`),
              onSwitch: (next) => switchServer(path, next),
            })}
          </li>`
        })}
      </ul>`
    return html`<div class="columns even">
      <section aria-labelledby="ways-in">
        <h2 id="ways-in">Ways in</h2>
        ${list(fields.filter(({ path }) => IN.has(path)))}
      </section>
      <section aria-labelledby="ways-out">
        <h2 id="ways-out">Ways out</h2>
        ${list(fields.filter(({ path }) => !IN.has(path)))}
      </section>
    </div>`
  }

  #matrix({ schema, settings, mountLock }: ServerState, mounts: readonly MountEntry[]): TemplateResult {
    if (mounts.length === 0)
      return html`<div class="card">${empty('mounts', 'No mounts yet', 'They appear as soon as a source connects.')}</div>`
    const keys = fieldsOf(schema.properties?.['protocols'] ?? {}).map(({ path }) => path)
    return html`<div class="card flush scroll-x" tabindex="0" role="region" aria-label="Ways in and out of each mount">
      <table class="matrix">
        <thead>
          <tr>
            <th scope="col">Mount</th>
            ${keys.map((key) => html`<th scope="col">${nameOf(key)}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${mounts.map((entry) => {
            const lock = mountLock(entry.mount)
            return html`<tr>
              <th scope="row">
                <a href="#/mounts/${encodeURIComponent(entry.mount)}"><bdi>${entry.mount}</bdi></a>
                ${entry.live ? html`<span class="live small"><span class="dot"></span>Live</span>` : nothing}
              </th>
              ${keys.map((key) => {
                const path = OF_MOUNT[key] ?? key
                const off = at(settings, `protocols.${key}`) === false
                const name = nameOf(key)
                return html`<td data-label=${name}>
                  ${
                    off
                      ? html`<span class="soft small" title="${name} is off for the whole server">Off ${icon('lock')}</span>`
                      : drawSwitch({
                          label: `${name} for ${entry.mount}`,
                          on: at(entry.settings, path) === true,
                          locked: lock(path),
                          onSwitch: (next) => switchMount(entry.mount, path, name, next),
                        })
                  }
                </td>`
              })}
            </tr>`
          })}
        </tbody>
      </table>
    </div>`
  }
}

function switchServer(key: string, on: boolean): void {
  const name = nameOf(key)
  const word = on ? 'on' : 'off'
  tryChange({
    question: `Switch ${name} ${word}?`,
    submit: `Switch ${word}`,
    danger: !on,
    done: `${name} is ${word}.`,
    apply: (query) => api.call('changeSettings', { query, body: { protocols: { [key]: on } } }),
  })
}

function switchMount(mount: string, path: string, name: string, on: boolean): void {
  const word = on ? 'on' : 'off'
  tryChange({
    question: `Switch ${name} ${word} for ${mount}?`,
    submit: `Switch ${word}`,
    danger: !on,
    done: `${name} is ${word} for ${mount}.`,
    apply: (query) => api.call('changeMount', { params: { mount }, query, body: nested(new Map([[path, on]])) }),
  })
}

const save = (patch: Record<string, unknown>): Promise<boolean> =>
  makeChange({
    question: 'Change the settings of the server?',
    submit: 'Change',
    done: 'The settings have been changed.',
    apply: (query) => api.call('changeSettings', { query, body: patch }),
  })
