import { html, nothing, type TemplateResult } from 'lit'
import type { Person, Token } from '../../../api/index.js'
import { act } from '../change.js'
import { ask, openDialog, type Opened } from '../parts/dialog.js'
import { refreshAll } from '../parts/resource.js'
import { tell } from '../parts/toast.js'
import { api } from '../session.js'
import '../parts/copy.js'

const ROLES: readonly (readonly [Person['role'], string])[] = [
  ['viewer', 'Viewer: looks, changes nothing'],
  ['owner', 'Owner: manages some mounts'],
  ['admin', 'Administrator: may do everything'],
]

const roleOf = (dialog: Opened): Person['role'] => ROLES.find(([role]) => role === dialog.text('role'))?.[0] ?? 'viewer'
const mountsOf = (dialog: Opened): string[] =>
  roleOf(dialog) === 'owner'
    ? dialog
        .text('mounts')
        .split(/[\s,]+/)
        .filter((one) => one !== '')
    : []

function roleFields(dialog: Opened, role: Person['role'], mounts: readonly string[]): TemplateResult {
  const chosen = dialog.element.querySelector<HTMLSelectElement>('[name=role]')?.value ?? role
  return html`<label class="stack"
      >Role
      <select name="role" @change=${() => dialog.refresh()}>
        ${ROLES.map(([id, words]) => html`<option value=${id} ?selected=${id === role}>${words}</option>`)}
      </select>
    </label>
    ${
      chosen === 'owner'
        ? html`<label class="stack"
            >Mounts <input name="mounts" spellcheck="false" placeholder="/live, /studio/*" value=${mounts.join(', ')}
          /></label>`
        : nothing
    }`
}

/** Adds a person, or changes one. */
export async function personDialog(person?: Person): Promise<void> {
  const { name = '', role = 'viewer', mounts = [] } = person ?? {}
  await openDialog({
    heading: person === undefined ? 'Add a person' : `Change ${name}`,
    submit: person === undefined ? 'Add' : 'Change',
    body: (dialog) =>
      html`${person === undefined ? html`<label class="stack">Name <input name="name" autocomplete="off" spellcheck="false" maxlength="64" /></label>` : nothing}
        <label class="stack"
          >${person === undefined ? 'Password' : 'New password'}
          <input
            name="password"
            type="password"
            autocomplete="new-password"
            placeholder=${person === undefined ? '8 characters or more' : 'Unchanged'}
          />
        </label>
        ${roleFields(dialog, role, mounts)}
        ${person === undefined ? nothing : html`<p class="soft small">Whoever is signed in as ${name} has to sign in again.</p>`}`,
    onSubmit: async (dialog) => {
      const password = dialog.text('password')
      const body = { role: roleOf(dialog), mounts: mountsOf(dialog) }
      if (person === undefined) await api.call('addPerson', { body: { ...body, name: dialog.text('name'), password } })
      else await api.call('changePerson', { params: { name }, body: { ...body, ...(password === '' ? {} : { password }) } })
      tell({ words: person === undefined ? `${dialog.text('name')} can sign in now.` : `${name} has been changed.` })
      refreshAll()
    },
  })
}

/** Removes a person. */
export async function removePerson({ name }: Person): Promise<void> {
  const happens = [`${name} is signed out at once and cannot sign in any more. Tokens and mounts stay as they are.`]
  if (await ask(`Remove ${name}?`, happens, 'Remove'))
    await act(() => api.call('removePerson', { params: { name } }), `${name} is removed.`)
}

/** Makes a token, and shows it this once. */
export async function tokenDialog(): Promise<void> {
  let made = ''
  await openDialog({
    heading: 'Make a token',
    submit: 'Make',
    body: (dialog) =>
      html`<label class="stack"
          >What it is for <input name="name" autocomplete="off" maxlength="64" placeholder="Nagios, title robot…"
        /></label>
        ${roleFields(dialog, 'viewer', [])}
        <label class="stack"
          >Ends
          <select name="days">
            <option value="">never</option>
            <option value="1">after a day</option>
            <option value="30">after 30 days</option>
            <option value="365">after a year</option>
          </select>
        </label>`,
    onSubmit: async (dialog) => {
      const days = Number(dialog.text('days'))
      const expires = days === 0 ? null : new Date(Date.now() + days * 86_400_000).toISOString()
      const body = { name: dialog.text('name'), role: roleOf(dialog), mounts: mountsOf(dialog), expires }
      made = (await api.call('makeToken', { body })).token
      refreshAll()
    },
  })
  if (made !== '') await showOnce('Copy the token now', made)
}

/** Shows a secret that nobody will see again. */
export async function showOnce(heading: string, text: string): Promise<void> {
  await openDialog({
    heading,
    cancel: 'Done',
    body: () =>
      html`<p>It is shown this once: the panel cannot show it again.</p>
        <floe-copy .text=${text}></floe-copy>`,
  })
}

/** Revokes a token. */
export async function revokeToken({ id, name }: Token): Promise<void> {
  const happens = [`Programs that use the token “${name}” are refused at once. It cannot be brought back.`]
  if (await ask('Revoke the token?', happens, 'Revoke'))
    await act(() => api.call('revokeToken', { params: { id } }), `The token “${name}” is revoked.`)
}

const LETTERS = 'abcdefghijkmnpqrstuvwxyz23456789'
// Without letters that look alike: one may have to read it over the telephone.
function suggestion(): string {
  const random = crypto.getRandomValues(new Uint8Array(15))
  const letters = [...random].map((byte) => LETTERS[byte % LETTERS.length])
  return [0, 5, 10].map((at) => letters.slice(at, at + 5).join('')).join('-')
}

/** Changes the source or the admin password. */
export async function passwordDialog(whose: 'source' | 'admin'): Promise<void> {
  let open = false
  await openDialog({
    heading: whose === 'source' ? 'Change the source password' : 'Change the admin password',
    submit: 'Change',
    body: (dialog) => {
      const field = (): HTMLInputElement | null => dialog.element.querySelector('[name=password]')
      const show = (next: boolean): void => {
        open = next
        dialog.refresh()
      }
      const suggest = (): void => {
        const input = field()
        if (input !== null) input.value = suggestion()
        show(true)
      }
      return html`<label class="stack"
          >New password
          <input name="password" type=${open ? 'text' : 'password'} autocomplete="new-password" autocapitalize="off" spellcheck="false" />
        </label>
        <div class="actions">
          <button type="button" class="quiet" @click=${suggest}>Suggest one</button>
          <label class="check-label"><input type="checkbox" .checked=${open} @change=${() => show(!open)} /> Show it</label>
        </div>
        <p class="soft small">
          ${
            whose === 'source'
              ? 'Sources that are connected stay; whoever connects from now on needs the new password.'
              : 'Everybody signed in with the old password has to sign in again; you stay.'
          }
        </p>`
    },
    onSubmit: async (dialog) => {
      await api.call('changePassword', { params: { whose }, body: { password: dialog.text('password') } })
      tell({ words: `The ${whose} password is changed.` })
      refreshAll()
    },
  })
}
