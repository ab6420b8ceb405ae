import { html, nothing, type TemplateResult } from 'lit'
import { customElement, property } from 'lit/decorators.js'
import type { AnswerOf, ConnectedSource, Operations } from '../../../api/index.js'
import { act, makeChange, tryChange } from '../change.js'
import { Live } from '../live.js'
import { readServerSettings } from '../locks.js'
import { ask } from '../parts/dialog.js'
import { PageElement } from '../parts/element.js'
import { loaded } from '../parts/empty.js'
import { icon } from '../parts/icon.js'
import { showMoment } from '../parts/moment.js'
import { Resource } from '../parts/resource.js'
import { api, prefix, session } from '../session.js'
import { bitRate, byteSize, count } from '../units.js'
import { moveDialog, titleDialog } from './mount-dialogs.js'
import '../parts/form.js'
import './doctor.js'

const GROUPS = [
  { heading: 'About the stream', paths: ['name', 'description', 'genre', 'url', 'public', 'hidden', 'group'] },
  { heading: 'Who may send', paths: ['sourcePassword', 'takeover', 'sourceTimeout', 'charset', 'icecast', 'shoutcast', 'webcast'] },
  {
    heading: 'Who may watch',
    paths: ['maxListeners', 'maxListenerDuration', 'burstSize', 'burstDuration', 'queueSize', 'metaint', 'access.*'],
  },
  { heading: 'When it is off the air', paths: ['fallback', 'fallbackOverride', 'fallbackWhenFull', 'intro'] },
  { heading: 'From another server', paths: ['relay', 'relayUser', 'relayPassword', 'onDemand'] },
  { heading: 'From a file', paths: ['file'] },
  { heading: 'Ways out', paths: ['progressive', 'instant', 'dash', 'hls.enabled', 'hls.*'] },
  { heading: 'Keeping', paths: ['dvr', 'dvrSize', 'dump'] },
]

/** One mount: its source, how it does, and all its settings. */
@customElement('floe-mount')
export class FloeMount extends PageElement {
  /** With its first slash. */
  @property() accessor mount = ''
  readonly #entry = new Resource(this, () => api.call('getMount', { params: { mount: this.mount } }))
  readonly #source = new Resource(this, () => this.#readSource(), 5000)
  readonly #server = new Resource(this, readServerSettings)

  constructor() {
    super()
    void new Live(this, { sources: () => void this.#source.reload() })
  }

  async #readSource(): Promise<ConnectedSource | null> {
    const { sources } = await api.call('listSources')
    return sources.find(({ mount }) => mount === this.mount) ?? null
  }

  protected override render(): unknown {
    const { mount } = this
    const pattern = mount.endsWith('*')
    return html`<header class="page-head">
        <div>
          <a class="back small" href="#/mounts">${icon('back')} Mounts</a>
          <h1><bdi>${mount}</bdi></h1>
        </div>
        <div class="actions">
          ${pattern ? nothing : html`<a class="button" href="#/listeners?mount=${encodeURIComponent(mount)}">Listeners</a>`}
          ${pattern ? nothing : html`<a class="button" href="${prefix}${encodeURI(mount)}">Open ${icon('external')}</a>`}
        </div>
      </header>
      ${
        pattern
          ? html`<p class="soft lead">
              These settings hold for every mount whose name begins with <bdi>${mount.slice(0, -1)}</bdi> and that has none of its own.
            </p>`
          : html`<div class="columns">
              <section class="card" aria-labelledby="mount-source">
                <h2 id="mount-source">Source</h2>
                ${loaded(this.#source, (source) => this.#drawSource(source))}
              </section>
              <floe-doctor class="card" .mount=${mount} .live=${this.#source.value !== null}></floe-doctor>
            </div>`
      }
      ${loaded(this.#entry, (entry) => this.#settings(entry), 8)}`
  }

  #drawSource(source: ConnectedSource | null): TemplateResult {
    if (source === null) return html`<p class="soft">Off the air. The mount plays as soon as a source connects.</p>`
    const { address, agent, user, protocol, connected, bytesReceived, rate, contentType, tracks, title, warnings } = source
    const manages = session.manages(this.mount)
    return html`<dl class="details">
        <dt>State</dt>
        <dd>
          <span class="live"><span class="dot"></span>Live</span>, began ${showMoment(connected)}
        </dd>
        <dt>Playing</dt>
        <dd><bdi>${title ?? '—'}</bdi></dd>
        <dt>From</dt>
        <dd><bdi>${address}</bdi>${agent === null ? nothing : html`, <bdi>${agent}</bdi>`}</dd>
        <dt>By</dt>
        <dd>${protocol}, signed in as <bdi>${user}</bdi></dd>
        <dt>Stream</dt>
        <dd>${contentType ?? 'not clear yet'}${tracks.map((track) => html`<br />${wordsOf(track)}`)}</dd>
        <dt>Received</dt>
        <dd title="${count(bytesReceived)} bytes">${byteSize(bytesReceived)}, now ${bitRate(rate * 8)}</dd>
      </dl>
      ${
        warnings.length === 0
          ? nothing
          : html`<ul class="warnings">
              ${warnings.map((one) => html`<li>${icon('warn')}<span>${one}</span></li>`)}
            </ul>`
      }
      ${
        manages
          ? html`<div class="actions">
              <button @click=${() => void titleDialog(this.mount, title)}>Set title</button>
              <button @click=${() => void moveDialog(this.mount)}>Move listeners</button>
              <button class="danger-quiet" @click=${() => void this.#kick(source)}>Kick the source</button>
            </div>`
          : nothing
      }`
  }

  #settings(entry: AnswerOf<Operations['getMount']>): unknown {
    const { mount } = this
    const server = this.#server.value
    if (server === undefined) return nothing
    const manages = session.manages(mount)
    return html`<section aria-labelledby="mount-settings">
      <div class="section-head">
        <h2 id="mount-settings">Settings</h2>
        ${
          entry.configured && session.isAdmin
            ? html`<button class="quiet danger-text" @click=${() => this.#remove()}>Remove these settings</button>`
            : nothing
        }
      </div>
      <p class="soft lead">
        ${entry.configured ? 'What is set here holds for this mount.' : 'Nothing is set for this mount alone yet: it has the defaults.'}
        Changes take effect at once.
      </p>
      <floe-form
        .schema=${server.mountSchema}
        .values=${entry.settings}
        .own=${new Set(entry.own)}
        .lock=${server.mountLock(mount)}
        .groups=${GROUPS}
        ?still=${!manages}
        .save=${(patch: Record<string, unknown>) => this.#save(patch)}
      ></floe-form>
    </section>`
  }

  #save(patch: Record<string, unknown>): Promise<boolean> {
    const { mount } = this
    return makeChange({
      question: `Change ${mount}?`,
      submit: 'Change',
      done: `${mount} has been changed.`,
      apply: (query) => api.call('changeMount', { params: { mount }, query, body: patch }),
    })
  }

  async #kick({ mount, address, agent }: ConnectedSource): Promise<void> {
    const happens = [
      `${agent ?? 'The source'} at ${address} is disconnected from ${mount}; viewers wait until it is back.`,
      'Many encoders connect again by themselves. To keep it out, change the source password or ban its address.',
    ]
    if (await ask('Kick the source?', happens, 'Kick it'))
      await act(() => api.call('kickSource', { params: { mount } }), `The source of ${mount} has been kicked.`)
  }

  #remove(): void {
    const { mount } = this
    tryChange({
      question: `Remove the settings of ${mount}?`,
      submit: 'Remove',
      danger: true,
      done: `The settings of ${mount} are removed.`,
      apply: (query) => api.call('removeMount', { params: { mount }, query }),
    })
  }
}

/** A track in words: `H.264 1280 × 720, 25 pictures a second`. */
function wordsOf({ codec, width, height, frameRate, sampleRate, channels, bitrate }: ConnectedSource['tracks'][number]): string {
  const words = [
    width === null || height === null ? null : `${width} × ${height}`,
    frameRate === null ? null : `${Math.round(frameRate * 100) / 100} pictures a second`,
    sampleRate === null ? null : `${sampleRate / 1000} kHz`,
    channels === null ? null : channels === 1 ? 'mono' : channels === 2 ? 'stereo' : `${channels} channels`,
    bitrate === null ? null : bitRate(bitrate),
  ]
  return [codec, words.filter((one) => one !== null).join(', ')].join(' ')
}
