import { html, nothing } from 'lit'
import { customElement, property, state } from 'lit/decorators.js'
import type { PresentListener } from '../../../api/index.js'
import { act } from '../change.js'
import { openDialog } from '../parts/dialog.js'
import { PageElement } from '../parts/element.js'
import { empty, loaded } from '../parts/empty.js'
import { Resource, sentenceOf } from '../parts/resource.js'
import type { Column } from '../parts/table.js'
import { tellProblem } from '../parts/toast.js'
import { api, session } from '../session.js'
import { byteSize, count, duration, plural } from '../units.js'
import { banDialog, moveDialog } from './mount-dialogs.js'
import '../parts/table.js'

const PAGE = 1000
const MOST = 20_000
const PROTOCOLS: Readonly<Record<PresentListener['protocol'], string>> = {
  progressive: 'Progressive',
  instant: 'Instant',
  hls: 'HLS',
  'll-hls': 'LL-HLS',
  dash: 'DASH',
}

interface Present {
  readonly total: number
  readonly listeners: readonly PresentListener[]
}

// A page of the answer holds a thousand; the rest is asked for one page after the other.
async function readListeners(mount: string, filter: string): Promise<Present> {
  const listeners: PresentListener[] = []
  for (;;) {
    const query = { limit: PAGE, offset: listeners.length, ...(mount === '' ? {} : { mount }), ...(filter === '' ? {} : { filter }) }
    const page = await api.call('listListeners', { query })
    listeners.push(...page.listeners)
    if (page.listeners.length < PAGE || listeners.length >= Math.min(page.total, MOST)) return { total: page.total, listeners }
  }
}

/** Who listens and watches. */
@customElement('floe-listeners')
export class FloeListeners extends PageElement {
  /** Only those of this mount; empty for all. */
  @property() accessor mount = ''
  @state() accessor #filter = ''
  #wait: ReturnType<typeof setTimeout> | undefined
  #asked = 0
  readonly #present = new Resource(this, () => readListeners(this.mount, this.#filter))
  readonly #mounts = new Resource(this, async () => (await api.call('listSources')).sources.map(({ mount }) => mount), 15_000)
  #timer: ReturnType<typeof setInterval> | undefined

  override connectedCallback(): void {
    super.connectedCallback()
    // Thousands are asked for less often: nobody reads them so fast, and the server has other things to do.
    this.#timer = setInterval(() => {
      const every = Math.max(3, (this.#present.value?.listeners.length ?? 0) / 200)
      if (document.hidden || Date.now() - this.#asked < every * 1000) return
      this.#ask()
    }, 1000)
    this.#asked = Date.now()
  }
  override disconnectedCallback(): void {
    super.disconnectedCallback()
    clearInterval(this.#timer)
  }

  protected override render(): unknown {
    const { mount } = this
    const all = [...new Set([...(this.#mounts.value ?? []), ...(mount === '' ? [] : [mount])])].toSorted()
    const { value } = this.#present
    return html`<header class="page-head">
        <h1>Listeners</h1>
        <span class="soft" role="status">${value === undefined ? '' : plural(value.total, 'listener')}</span>
      </header>
      <div class="tools">
        <label class="grow"
          ><span class="visually-hidden">Filter</span>
          <input type="search" placeholder="Address, player…" @input=${this.#typed} />
        </label>
        <label
          ><span class="visually-hidden">Mount</span>
          <select @change=${this.#chosen}>
            <option value="">All mounts</option>
            ${all.map((one) => html`<option ?selected=${one === mount}>${one}</option>`)}
          </select>
        </label>
        ${
          mount !== '' && session.manages(mount)
            ? html`<button @click=${() => moveDialog(mount).catch(tellProblem)}>Move all…</button>`
            : nothing
        }
      </div>
      ${loaded(
        this.#present,
        ({ listeners, total }) =>
          html`<div class="card flush">
              <floe-table
                label="Listeners"
                order="-Here for"
                .rows=${listeners}
                .columns=${this.#columns}
                .key=${({ id }: PresentListener) => id}
                .none=${empty(
                  'listeners',
                  this.#filter === '' ? 'Nobody listens at the moment' : 'Nobody fits this filter',
                  this.#filter === '' ? 'They appear here as soon as somebody opens a mount.' : 'Try fewer letters.',
                )}
              ></floe-table>
            </div>
            ${total > listeners.length ? html`<p class="soft small">The ${count(listeners.length)} who have been here longest are shown; filter for others.</p>` : nothing}`,
        8,
      )}`
  }

  readonly #columns: readonly Column<PresentListener>[] = [
    {
      label: 'Address',
      phone: 'title',
      width: 'minmax(0, 1.3fr)',
      sort: ({ address }) => address,
      cell: (one) => html`<button class="link" @click=${() => this.#details(one)}><bdi>${one.address}</bdi></button>`,
    },
    { label: 'Mount', width: 'minmax(0, 1fr)', sort: ({ mount }) => mount, cell: ({ mount }) => html`<bdi>${mount}</bdi>` },
    { label: 'By', width: '92px', sort: ({ protocol }) => protocol, cell: ({ protocol }) => PROTOCOLS[protocol] },
    {
      label: 'Player',
      phone: 'hide',
      width: 'minmax(0, 2fr)',
      sort: ({ agent }) => agent,
      cell: ({ agent }) => html`<bdi title=${agent ?? ''}>${agent ?? '—'}</bdi>`,
    },
    {
      label: 'Here for',
      numeric: true,
      width: '92px',
      sort: ({ seconds }) => seconds,
      cell: ({ seconds }) => html`<span title="${count(Math.floor(seconds))} seconds">${duration(seconds)}</span>`,
    },
    {
      label: 'Data',
      phone: 'hide',
      numeric: true,
      width: '72px',
      sort: ({ bytes }) => bytes,
      cell: ({ bytes }) => html`<span title="${count(bytes)} bytes">${byteSize(bytes)}</span>`,
    },
    {
      label: 'Behind',
      phone: 'hide',
      numeric: true,
      width: '64px',
      sort: ({ lag }) => lag,
      cell: ({ lag }) =>
        lag === null ? html`<span class="soft" title="Not known of viewers who fetch segments">—</span>` : `${lag.toFixed(1)} s`,
    },
    {
      label: '',
      phone: 'action',
      width: '116px',
      cell: (one) =>
        session.manages(one.mount)
          ? html`<span class="row-actions">
              <button class="quiet" aria-label="Kick ${one.address}" @click=${() => void this.#kick(one)}>Kick</button>
              ${
                session.isAdmin
                  ? html`<button class="quiet danger-text" aria-label="Ban ${one.address}" @click=${() => banDialog(one.address)}>
                      Ban
                    </button>`
                  : nothing
              }
            </span>`
          : nothing,
    },
  ]

  #ask(): void {
    this.#asked = Date.now()
    void this.#present.reload()
  }

  readonly #typed = (event: Event): void => {
    if (!(event.target instanceof HTMLInputElement)) return
    this.#filter = event.target.value.trim()
    clearTimeout(this.#wait)
    this.#wait = setTimeout(() => this.#ask(), 200)
  }

  readonly #chosen = (event: Event): void => {
    if (!(event.target instanceof HTMLSelectElement)) return
    const { value } = event.target
    location.hash = value === '' ? '#/listeners' : `#/listeners?mount=${encodeURIComponent(value)}`
  }

  // What is kicked can be there again a moment later, so nobody is asked first.
  async #kick({ id, address, mount }: PresentListener): Promise<void> {
    await act(() => api.call('kickListener', { params: { id } }), `${address} has been sent away from ${mount}.`)
  }

  #details(one: PresentListener): void {
    const { address, mount, protocol, agent, user, seconds, bytes, lag, method } = one
    const manages = session.manages(mount)
    openDialog({
      heading: address,
      body: (dialog) =>
        html`<dl class="details">
            <dt>Mount</dt>
            <dd><bdi>${mount}</bdi></dd>
            <dt>By</dt>
            <dd>
              ${PROTOCOLS[protocol]}, told apart by
              ${method === 'connection' ? 'a connection' : method === 'id' ? 'an id of the player' : 'address and player'}
            </dd>
            <dt>Player</dt>
            <dd><bdi>${agent ?? 'not told'}</bdi></dd>
            ${
              user === null
                ? nothing
                : html`<dt>Signed in as</dt>
                    <dd><bdi>${user}</bdi></dd>`
            }
            <dt>There for</dt>
            <dd>${duration(seconds)}</dd>
            <dt>Data</dt>
            <dd title="${count(bytes)} bytes">${byteSize(bytes)}</dd>
            <dt>Behind</dt>
            <dd>${lag === null ? 'not known' : `${lag.toFixed(1)} s`}</dd>
          </dl>
          ${
            manages
              ? html`<div class="actions">
                  <button type="button" @click=${() => (dialog.close(), void this.#kick(one))}>Kick</button>
                  ${
                    session.isAdmin
                      ? html`<button type="button" class="danger-quiet" @click=${() => (dialog.close(), void banDialog(address))}>
                          Ban the address
                        </button>`
                      : nothing
                  }
                </div>`
              : nothing
          }`,
    }).catch(sentenceOf)
  }
}
