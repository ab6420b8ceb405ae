import { html, nothing, type TemplateResult } from 'lit'
import type { DeskMemo, DeskRefusal, DeskTarget } from '../../api/desk.js'
import { PageElement } from '../parts/page-element.js'
import { check, DeskError } from './desk-client.js'

type Field = 'server' | 'mount' | 'password'

/** What has come of a check, or of an attempt to connect. */
interface Verdict {
  readonly sentence: string
  readonly isGood: boolean
  readonly field: DeskRefusal['error']['field']
}

/** Where to stream to: server, mount, password, and what only some servers need. */
export class TargetForm extends PageElement {
  static override properties = {
    server: { state: true },
    mount: { state: true },
    user: { state: true },
    password: { state: true },
    protocol: { state: true },
    remember: { state: true },
    name: { state: true },
    isShown: { state: true },
    isBusy: { state: true },
    verdict: { state: true },
    memo: { attribute: false },
  }
  declare private server: string
  declare private mount: string
  declare private user: string
  declare private password: string
  declare private protocol: DeskTarget['protocol']
  declare private isShown: boolean
  declare private isBusy: boolean
  declare private verdict: Verdict | undefined
  /** Whether the password is kept, too. */
  declare remember: boolean
  /** What the server calls the stream; empty for nothing. */
  declare name: string
  /** What was used last. */
  declare memo: DeskMemo | null

  constructor() {
    super()
    this.server = ''
    this.mount = '/live'
    this.user = ''
    this.password = ''
    this.protocol = 'put'
    this.remember = false
    this.name = ''
    this.isShown = false
    this.isBusy = false
    this.memo = null
  }

  /**
   * Writes what was used last into the fields.
   * @param remembers whether its password is kept from one time to the next
   */
  fill(memo: DeskMemo, remembers: boolean): void {
    this.memo = memo
    this.server = memo.server
    this.mount = memo.mount
    this.user = memo.user === 'source' ? '' : memo.user
    this.protocol = memo.protocol
    this.name = memo.name
    this.remember = remembers
  }

  /** Whether a server is named. */
  get isFilled(): boolean {
    return this.server.trim() !== ''
  }

  /** Whether the server is to be reached by TLS. */
  get isSecure(): boolean {
    return /^https:/i.test(this.server)
  }

  /** What is written; `undefined`, and a sentence beside the field, when there is too little of it. */
  read(): DeskTarget | undefined {
    const { server, mount, user, password, protocol } = this
    if (!this.isFilled) {
      this.show(new DeskError('Say where the server is, such as localhost:8000.', 'server'))
      return undefined
    }
    const isKnown = password === '' && this.#isRemembered
    return { server: server.trim(), mount: mount.trim(), user: user.trim() || 'source', password: isKnown ? null : password, protocol }
  }

  /** Shows what is wrong, beside what it is about. @returns whether that is a field of this form */
  show(error: DeskError): boolean {
    this.verdict = { sentence: error.message, isGood: false, field: error.field }
    if (error.field !== null) void this.updateComplete.then(() => this.querySelector<HTMLElement>(`#to-${error.field}`)?.focus())
    return error.field !== null
  }

  /** Forgets what was wrong. */
  clear(): void {
    this.verdict = undefined
  }

  get #isRemembered(): boolean {
    const { memo } = this
    return memo !== null && memo.hasPassword && memo.server === this.server.trim() && memo.user === (this.user.trim() || 'source')
  }

  protected override render(): TemplateResult {
    const { verdict, protocol, isShown } = this
    return html`<form class="fields" novalidate @submit=${this.#check}>
      ${this.#text('server', 'Server', this.server, 'localhost:8000', this.#takeServer)}
      ${protocol === 'shoutcast' ? nothing : this.#text('mount', 'Mount', this.mount, '/live', (text) => (this.mount = text))}
      <div class="field">
        <label for="to-password">Password</label>
        <div class="joined">
          <input
            id="to-password"
            type=${isShown ? 'text' : 'password'}
            autocomplete="off"
            spellcheck="false"
            placeholder=${this.#isRemembered ? 'as before' : 'of sources, such as tide-amber-41'}
            aria-invalid=${verdict?.field === 'password' ? 'true' : nothing}
            aria-describedby="to-password-problem"
            .value=${this.password}
            @input=${(event: Event) => this.#write(event, (text) => (this.password = text))}
          />
          <button type="button" class="button plain" aria-pressed=${isShown} @click=${() => (this.isShown = !isShown)}>
            ${isShown ? 'Hide' : 'Show'}
          </button>
        </div>
        ${this.#problem('password')}
      </div>
      <label class="tick">
        <input type="checkbox" .checked=${this.remember} @change=${(event: Event) => (this.remember = isTicked(event))} />
        Remember the password on this computer
      </label>
      <details class="more">
        <summary>More about the server</summary>
        <div class="fields">
          <div class="field">
            <label for="to-protocol">It is</label>
            <select id="to-protocol" @change=${this.#takeProtocol}>
              ${PROTOCOLS.map(([value, words]) => html`<option value=${value} ?selected=${value === protocol}>${words}</option>`)}
            </select>
          </div>
          ${this.#text('user', 'User name', this.user, 'source', (text) => (this.user = text))}
          ${this.#text('name', 'Name of the stream', this.name, 'Harbour TV', (text) => (this.name = text))}
        </div>
      </details>
      <div class="check">
        <button class="button plain" ?disabled=${this.isBusy}>${this.isBusy ? 'Checking…' : 'Check'}</button>
        <p class=${verdict?.isGood ? 'good' : 'problem'} role="status">${verdict?.field === null ? verdict.sentence : ''}</p>
      </div>
    </form>`
  }

  #text(id: Field | 'user' | 'name', label: string, value: string, placeholder: string, take: (text: string) => void): TemplateResult {
    return html`<div class="field">
      <label for="to-${id}">${label}</label>
      <input
        id="to-${id}"
        autocomplete="off"
        autocapitalize="off"
        spellcheck="false"
        placeholder=${placeholder}
        aria-invalid=${this.verdict?.field === id ? 'true' : nothing}
        aria-describedby="to-${id}-problem"
        .value=${value}
        @input=${(event: Event) => this.#write(event, take)}
      />
      ${this.#problem(id)}
    </div>`
  }

  #problem(id: string): TemplateResult {
    const { verdict } = this
    return html`<p class="problem" id="to-${id}-problem" role="alert">${verdict?.field === id ? verdict.sentence : ''}</p>`
  }

  #write(event: Event, take: (text: string) => void): void {
    if (event.target instanceof HTMLInputElement) take(event.target.value)
    this.verdict = undefined
    this.dispatchEvent(new Event('edit'))
  }

  // Whoever pastes a whole address gets it into the fields that it is made of.
  readonly #takeServer = (text: string): void => {
    const [, scheme = '', login, host = '', path = ''] = /^\s*([a-z]+:\/\/)?(?:([^@]*)@)?([^/?#]+)(\/[^?#\s]*)?\s*$/i.exec(text) ?? []
    if (host === '' || (login === undefined && path.length < 2)) {
      this.server = text
      return
    }
    this.server = `${/^https/i.test(scheme) ? scheme : ''}${host}`
    if (path.length > 1) this.mount = decode(path)
    if (login === undefined) return
    const colon = login.indexOf(':')
    const user = decode(colon < 0 ? login : login.slice(0, colon))
    if (colon >= 0) this.password = decode(login.slice(colon + 1))
    this.user = user === 'source' ? '' : user
  }

  readonly #takeProtocol = (event: Event): void => {
    const { value } = event.target instanceof HTMLSelectElement ? event.target : { value: '' }
    this.protocol = value === 'source' || value === 'shoutcast' ? value : 'put'
    this.verdict = undefined
  }

  readonly #check = async (event: Event): Promise<void> => {
    event.preventDefault()
    const target = this.read()
    if (target === undefined || this.isBusy) return
    this.isBusy = true
    try {
      await check(target)
      const where = target.protocol === 'shoutcast' ? target.server : `${target.mount} on ${target.server}`
      this.verdict = { sentence: `All is well: ${where} takes your stream.`, isGood: true, field: null }
    } catch (error) {
      this.show(error instanceof DeskError ? error : new DeskError(String(error)))
    }
    this.isBusy = false
  }
}
customElements.define('target-form', TargetForm)

const PROTOCOLS = [
  ['put', 'floecast, or Icecast 2.4 and newer'],
  ['source', 'an older Icecast'],
  ['shoutcast', 'SHOUTcast 1'],
] as const

const isTicked = (event: Event): boolean => event.target instanceof HTMLInputElement && event.target.checked

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
