import { html, nothing, type TemplateResult } from 'lit'
import { customElement, state } from 'lit/decorators.js'
import { keyed } from 'lit/directives/keyed.js'
import { isLost, Live } from './live.js'
import { PageElement } from './parts/element.js'
import { icon, type IconName, mark } from './parts/icon.js'
import { sentenceOf } from './parts/resource.js'
import { act } from './change.js'
import { turnTheme } from './theme.js'
import { prefix, session } from './session.js'
import './sign-in.js'
import './parts/toast.js'
import './pages/overview.js'
import './pages/mounts.js'
import './pages/mount.js'
import './pages/go-live.js'
import './pages/listeners.js'
import './pages/recordings.js'
import './pages/protocols.js'
import './pages/people.js'
import './pages/account.js'
import './pages/log.js'

interface Place {
  readonly id: string
  readonly label: string
  readonly drawing: IconName
  readonly draw: (rest: string, query: URLSearchParams) => TemplateResult
  /** Whether only administrators find something there. */
  readonly admin?: boolean
  /** Whether those who may send to no mount find nothing there. */
  readonly sends?: boolean
  /** Whether it stays on the bar of a phone; others are below More. */
  readonly first?: boolean
}

const LIVE = 'live'
const PLACES: readonly Place[] = [
  { id: 'overview', label: 'Overview', drawing: 'overview', first: true, draw: () => html`<floe-overview></floe-overview>` },
  {
    id: 'mounts',
    label: 'Mounts',
    drawing: 'mounts',
    first: true,
    draw: (mount) => (mount === '' ? html`<floe-mounts></floe-mounts>` : html`<floe-mount .mount=${mount}></floe-mount>`),
  },
  // Drawn by the panel itself: what is on the air goes on while one looks elsewhere.
  { id: LIVE, label: 'Go live', drawing: 'camera', first: true, sends: true, draw: () => html`` },
  {
    id: 'listeners',
    label: 'Listeners',
    drawing: 'listeners',
    first: true,
    draw: (_, query) => html`<floe-listeners .mount=${query.get('mount') ?? ''}></floe-listeners>`,
  },
  { id: 'recordings', label: 'Recordings', drawing: 'recordings', draw: () => html`<floe-recordings></floe-recordings>` },
  {
    id: 'protocols',
    label: 'Protocols',
    drawing: 'protocols',
    admin: true,
    draw: () => html`<floe-protocols></floe-protocols>`,
  },
  {
    id: 'people',
    label: 'Passwords and people',
    drawing: 'people',
    admin: true,
    draw: () => html`<floe-people></floe-people>`,
  },
  { id: 'log', label: 'Log', drawing: 'log', admin: true, draw: () => html`<floe-log></floe-log>` },
]
const ACCOUNT: Place = { id: 'account', label: 'Your account', drawing: 'people', draw: () => html`<floe-account></floe-account>` }

/** The panel: who is signed in, where one is, and the way to everything else. */
@customElement('floe-admin')
export class FloeAdmin extends PageElement {
  @state() accessor #ready = false
  @state() accessor #problem = ''
  @state() accessor #isOnAir = false
  readonly #again = (): void => this.requestUpdate()

  constructor() {
    super()
    void new Live(this)
  }

  override connectedCallback(): void {
    super.connectedCallback()
    session.addEventListener('change', this.#again)
    addEventListener('hashchange', this.#moved)
    void this.#begin()
  }
  override disconnectedCallback(): void {
    super.disconnectedCallback()
    session.removeEventListener('change', this.#again)
    removeEventListener('hashchange', this.#moved)
  }

  protected override render(): unknown {
    if (this.#problem !== '')
      return html`<main class="sign-in">
        <div class="card">
          <h1>${mark()} floecast</h1>
          <p role="alert">${this.#problem}</p>
          <button class="primary" @click=${() => void this.#begin()}>Try again</button>
        </div>
      </main>`
    if (!this.#ready) return nothing
    if (session.who === undefined) return html`<floe-sign-in></floe-sign-in>`
    const places = [
      ...PLACES.filter(({ admin = false, sends = false }) => (!admin || session.isAdmin) && (!sends || session.who?.role !== 'viewer')),
      ...(session.who.via === 'password' || session.isAdmin ? [] : [ACCOUNT]),
    ]
    const [, id = '', rest = '', question = ''] = /^#\/([^/?]*)\/?([^?]*)\??(.*)$/.exec(location.hash) ?? []
    const here = places.find((place) => place.id === id) ?? places[0]!
    document.title = `${here.label} · floecast`
    return html`<a class="skip" href="#main" @click=${this.#skip}>To the content</a>
      <nav class="rail" aria-label="Pages of the panel">
        <a class="brand" href="${prefix}/" aria-label="floecast">${mark()}<span>floecast</span></a>
        <ul>
          ${places.map((place) => this.#link(place, place === here))}
          <li class="more-item">
            <button popovertarget="more" class=${here.first === true ? '' : 'here'}>${icon('more')}<span>More</span></button>
          </li>
        </ul>
        <div class="rail-foot">${this.#foot()}</div>
      </nav>
      <nav class="sheet" id="more" aria-label="More pages of the panel" popover @click=${this.#hideSheet}>
        <ul>
          ${places.filter(({ first }) => first !== true).map((place) => this.#link(place, place === here))}
        </ul>
        ${this.#foot()}
      </nav>
      <main id="main" tabindex="-1">
        ${isLost() ? html`<p class="banner" role="status">The server does not answer. What you see may be old; it goes on by itself.</p>` : nothing}
        ${
          here.id === LIVE || this.#isOnAir
            ? html`<floe-go-live
                ?hidden=${here.id !== LIVE}
                @on-air=${({ detail }: CustomEvent<boolean>) => (this.#isOnAir = detail)}
              ></floe-go-live>`
            : nothing
        }
        ${keyed(here.id + rest + question, here.draw(decode(rest), new URLSearchParams(question)))}
      </main>
      <floe-toasts></floe-toasts>`
  }

  #link({ id, label, drawing, first }: Place, here: boolean): TemplateResult {
    return html`<li class=${first === true ? '' : 'second'}>
      <a href="#/${id}" class=${here ? 'here' : ''} aria-current=${here ? 'page' : nothing} title=${label} aria-label=${label}>
        ${icon(drawing)}<span>${label}</span>${id === LIVE && this.#isOnAir ? html`<b class="on-air" aria-label="on the air"></b>` : nothing}
      </a>
    </li>`
  }

  #foot(): TemplateResult {
    return html`<button class="quiet" title="Light or dark" aria-label="Light or dark" @click=${turnTheme}>
        ${icon('theme')}<span>Light or dark</span>
      </button>
      <button
        class="quiet"
        title="Sign out ${session.who?.name}"
        aria-label="Sign out ${session.who?.name}"
        @click=${() => void act(() => session.signOut(), 'You have signed out.')}
      >
        ${icon('out')}<span>Sign out <bdi class="soft">${session.who?.name}</bdi></span>
      </button>`
  }

  async #begin(): Promise<void> {
    this.#problem = ''
    try {
      await session.resume()
      this.#ready = true
    } catch (problem) {
      this.#problem = sentenceOf(problem)
    }
  }

  readonly #moved = (): void => {
    this.requestUpdate()
    this.#hideSheet()
    scrollTo(0, 0)
    // Whoever hears the page should hear where they have come to.
    void this.updateComplete.then(() => this.querySelector<HTMLElement>('main')?.focus({ preventScroll: true }))
  }

  readonly #hideSheet = (): void => this.querySelector<HTMLElement>('#more:popover-open')?.hidePopover()

  readonly #skip = (event: Event): void => {
    event.preventDefault()
    this.querySelector<HTMLElement>('main')?.focus()
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
