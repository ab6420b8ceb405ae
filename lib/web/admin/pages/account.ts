import { html, nothing } from 'lit'
import { customElement, state } from 'lit/decorators.js'
import { PageElement } from '../parts/element.js'
import { sentenceOf } from '../parts/resource.js'
import { tell } from '../parts/toast.js'
import { api, session } from '../session.js'

const ROLES = {
  admin: 'an administrator: you may do everything',
  owner: 'the owner of some mounts',
  viewer: 'a viewer: you may look at everything',
}

/** The own account of a person who is no administrator. */
@customElement('floe-account')
export class FloeAccount extends PageElement {
  @state() accessor #problem = ''

  protected override render(): unknown {
    const { who } = session
    if (who === undefined) return nothing
    return html`<header class="page-head"><h1>Your account</h1></header>
      <section class="card narrow">
        <p>You are <bdi class="strong">${who.name}</bdi>, ${ROLES[who.role]}.</p>
        ${who.mounts.length === 0 ? nothing : html`<p class="soft">Your mounts: <bdi>${who.mounts.join(', ')}</bdi></p>`}
      </section>
      <section class="card narrow">
        <h2>Change your password</h2>
        <form class="stacked" @submit=${this.#submit}>
          <input type="text" name="username" autocomplete="username" value=${who.name} hidden />
          <label class="stack">Password so far <input name="current" type="password" autocomplete="current-password" required /></label>
          <label class="stack"
            >New password <input name="password" type="password" autocomplete="new-password" minlength="8" required
          /></label>
          ${this.#problem === '' ? nothing : html`<p class="problem" role="alert">${this.#problem}</p>`}
          <button class="primary">Change password</button>
        </form>
      </section>`
  }

  readonly #submit = async (event: Event): Promise<void> => {
    event.preventDefault()
    if (!(event.target instanceof HTMLFormElement)) return
    const data = new FormData(event.target)
    const [current, password] = [data.get('current'), data.get('password')].map((value) => (typeof value === 'string' ? value : ''))
    this.#problem = ''
    try {
      await api.call('changeOwnPassword', { body: { current: current!, password: password! } })
      event.target.reset()
      tell({ words: 'Your password is changed. Your other sessions have ended.' })
    } catch (problem) {
      this.#problem = sentenceOf(problem)
    }
  }
}
