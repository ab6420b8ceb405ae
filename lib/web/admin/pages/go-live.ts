import { html, type TemplateResult } from 'lit'
import { customElement, query, state } from 'lit/decorators.js'
import type { FloecastLive } from '../../live/live-element.js'
import { encodeMount } from '../../parts/start.js'
import { Live } from '../live.js'
import { PageElement } from '../parts/element.js'
import { icon } from '../parts/icon.js'
import { showMoment } from '../parts/moment.js'
import { Resource } from '../parts/resource.js'
import { api, prefix, session } from '../session.js'
import { bitRate, count } from '../units.js'
import '../../live/live-element.js'

/** Sends from this very browser to a mount. It tells by `on-air` whether it does. */
@customElement('floe-go-live')
export class FloeGoLive extends PageElement {
  @state() accessor #mount = usualMount()
  @query('floecast-live') accessor #element!: FloecastLive
  #isOnAir = false
  readonly #mounts = new Resource(this, async () => (await api.call('listMountSettings')).mounts, 15_000)
  readonly #status = new Resource(this, () => api.status(), 5000)

  constructor() {
    super()
    void new Live(this, {
      sources: () => {
        void this.#status.reload()
        void this.#mounts.reload()
      },
    })
  }

  protected override render(): unknown {
    const problem = this.#problem()
    return html`<header class="page-head"><h1>Go live</h1></header>
      <p class="soft lead">Send from this browser: your camera, your screen, a microphone or a file. Viewers see it a moment later.</p>
      <section class="card go-live-mount ${this.#isOnAir ? 'on' : ''}" aria-label="Mount">
        ${this.#isOnAir ? this.#facts() : this.#choice(problem)}
      </section>
      <section class="card" aria-label="What is sent">
        <floecast-live .address=${problem === '' ? addressOf(this.#mount) : ''} @change=${this.#changed}></floecast-live>
      </section>`
  }

  #choice(problem: string): TemplateResult {
    const own = (this.#mounts.value ?? []).map(({ mount }) => mount).filter((mount) => !mount.endsWith('*') && session.manages(mount))
    return html`<label class="stack"
        >Mount
        <input
          name="mount"
          list="own-mounts"
          spellcheck="false"
          autocapitalize="off"
          autocomplete="off"
          aria-describedby="mount-words"
          .value=${this.#mount}
          @input=${({ target }: Event) => {
            if (target instanceof HTMLInputElement) this.#mount = target.value.trim()
          }}
        />
      </label>
      <datalist id="own-mounts">${own.map((mount) => html`<option value=${mount}></option>`)}</datalist>
      <p class="small ${problem === '' ? 'soft' : 'warn'}" id="mount-words" aria-live="polite">
        ${problem === '' ? html`Viewers find it at <bdi>${location.host}${prefix}${this.#mount}</bdi>` : problem}
      </p>`
  }

  #facts(): TemplateResult {
    const { since, bitRate: rate, state: where } = this.#element
    const viewers = this.#status.value?.mounts.find(({ mount }) => mount === this.#mount)?.listeners
    return html`<dl class="go-live-facts">
        <div>
          <dt>Mount</dt>
          <dd><bdi>${this.#mount}</bdi></dd>
        </div>
        <div>
          <dt>State</dt>
          <dd>
            ${
              where === 'live' && since !== undefined
                ? html`<span class="live"><span class="dot"></span>Live</span>, began ${showMoment(new Date(since).toISOString())}`
                : where === 'lost'
                  ? 'Connecting again'
                  : 'Connecting'
            }
          </dd>
        </div>
        <div>
          <dt>Sends</dt>
          <dd title="${count(Math.round(rate))} bit/s">${bitRate(rate)}</dd>
        </div>
        <div>
          <dt>Viewers</dt>
          <dd>${viewers ?? '—'}</dd>
        </div>
      </dl>
      <a class="button" href="${prefix}${encodeMount(this.#mount)}" target="_blank">Open its page ${icon('external')}</a>`
  }

  /** Why nothing can be sent to the mount that is written there; empty where it can. */
  #problem(): string {
    const mount = this.#mount
    if (this.#isOnAir) return ''
    if (!/^\/[^\s?#*]+$/.test(mount) || mount.endsWith('/')) return 'A mount is a path such as /live.'
    if (!session.manages(mount)) return `This mount is not yours: yours are ${session.who?.mounts.join(', ')}.`
    const entry = this.#mounts.value?.find((one) => one.mount === mount)
    if (entry?.settings.webcast === false) return 'This mount takes nothing from browsers; switch Webcast on in its settings.'
    if (entry?.live === true && !entry.settings.takeover)
      return 'Somebody is live on this mount already; choose another one, or wait until they have ended.'
    return ''
  }

  readonly #changed = (): void => {
    const { state: where } = this.#element
    const isOnAir = where !== 'off' && where !== 'over'
    if (isOnAir !== this.#isOnAir) {
      this.#isOnAir = isOnAir
      this.dispatchEvent(new CustomEvent<boolean>('on-air', { detail: isOnAir }))
      void this.#mounts.reload()
    }
    this.requestUpdate()
  }
}

/** What stands in the field at first: of an owner, a mount that is theirs. */
function usualMount(): string {
  if (session.isAdmin) return '/live'
  const own = session.who?.mounts ?? []
  const first = own.find((one) => !one.endsWith('*')) ?? own[0] ?? '/live'
  return first.replace(/\/\*$/, '/live').replace(/\*$/, '')
}

const addressOf = (mount: string): string =>
  `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}${prefix}${encodeMount(mount)}`
