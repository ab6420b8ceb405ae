import { html, nothing } from 'lit'
import { customElement, state } from 'lit/decorators.js'
import { PageElement } from './parts/element.js'
import { mark } from './parts/icon.js'
import { sentenceOf } from './parts/resource.js'
import { prefix, session } from './session.js'

/** The door of the panel. */
@customElement('floe-sign-in')
export class FloeSignIn extends PageElement {
  @state() accessor #problem = ''
  @state() accessor #busy = false

  protected override render(): unknown {
    return html`<main class="sign-in">
      <form class="card" @submit=${this.#submit}>
        <h1>${mark()} floecast</h1>
        <p class="soft">${session.ended ? 'Your session has ended. Sign in to go on where you were.' : 'Sign in to run this server.'}</p>
        <label class="stack"
          >Name <input name="user" autocomplete="username" autocapitalize="off" spellcheck="false" value="admin" required
        /></label>
        <label class="stack">Password <input name="password" type="password" autocomplete="current-password" required autofocus /></label>
        ${this.#problem === '' ? nothing : html`<p class="problem" role="alert">${this.#problem}</p>`}
        <button class="primary" ?disabled=${this.#busy}>${this.#busy ? 'Signing in…' : 'Sign in'}</button>
        <p class="small"><a href="${prefix}/">What is on the air</a></p>
      </form>
    </main>`
  }

  protected override firstUpdated(): void {
    this.querySelector<HTMLInputElement>('[name=password]')?.focus()
  }

  readonly #submit = async (event: Event): Promise<void> => {
    event.preventDefault()
    if (this.#busy || !(event.target instanceof HTMLFormElement)) return
    const field = (name: string): string => this.querySelector<HTMLInputElement>(`[name=${name}]`)?.value ?? ''
    this.#busy = true
    this.#problem = ''
    try {
      await session.signIn(field('user').trim(), field('password'))
    } catch (problem) {
      this.#problem = sentenceOf(problem)
      const password = this.querySelector<HTMLInputElement>('[name=password]')
      password?.focus()
      password?.select()
    }
    this.#busy = false
  }
}
