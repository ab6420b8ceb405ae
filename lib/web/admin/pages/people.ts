import { html, nothing, type TemplateResult } from 'lit'
import { customElement } from 'lit/decorators.js'
import type { Banned, Person, Token } from '../../../api/index.js'
import { PageElement } from '../parts/element.js'
import { empty, loaded } from '../parts/empty.js'
import { icon } from '../parts/icon.js'
import { showMoment } from '../parts/moment.js'
import { Resource } from '../parts/resource.js'
import type { Column } from '../parts/table.js'
import { api } from '../session.js'
import { banDialog, unban } from './mount-dialogs.js'
import { passwordDialog, personDialog, removePerson, revokeToken, tokenDialog } from './people-dialogs.js'
import '../parts/table.js'
import './webhooks.js'

const ROLES: Readonly<Record<Person['role'], string>> = { admin: 'Administrator', owner: 'Owner', viewer: 'Viewer' }

/** Passwords, people, tokens, webhooks and bans: who may come in, and who may not. */
@customElement('floe-people')
export class FloePeople extends PageElement {
  readonly #passwords = new Resource(this, () => api.call('getPasswords'))
  readonly #people = new Resource(this, async () => (await api.call('listPeople')).people, 30_000)
  readonly #tokens = new Resource(this, async () => (await api.call('listTokens')).tokens, 30_000)
  readonly #bans = new Resource(this, async () => (await api.call('listBans')).bans, 30_000)

  protected override render(): unknown {
    return html`<header class="page-head"><h1>Passwords and people</h1></header>
      <section aria-labelledby="passwords">
        <h2 id="passwords">Passwords</h2>
        ${loaded(
          this.#passwords,
          ({ source, admin }) =>
            html`<ul class="card rows">
              ${passwordRow('source', 'Source password', 'Encoders such as OBS and ffmpeg send with it, unless a mount has its own.', source.locked)}
              ${passwordRow('admin', 'Admin password', 'Of the administrator “admin”, for this panel and Icecast’s own admin pages.', admin.locked)}
            </ul>`,
          2,
        )}
      </section>
      ${this.#section('people', 'People', 'Everybody who can sign in besides the administrator “admin”.', ['Add person', () => personDialog()], this.#peopleTable())}
      ${this.#section(
        'tokens',
        'Tokens',
        html`With these, programs use the API in place of a password: <code>Authorization: Bearer TOKEN</code>.`,
        ['Make token', () => tokenDialog()],
        this.#tokenTable(),
      )}
      <floe-webhooks></floe-webhooks>
      ${this.#section('bans', 'Bans', 'Addresses that are not let in.', ['Ban an address', () => banDialog()], this.#banTable())}`
  }

  #section(
    id: string,
    heading: string,
    words: unknown,
    [label, add]: readonly [string, () => Promise<void>],
    body: unknown,
  ): TemplateResult {
    return html`<section aria-labelledby=${id}>
      <div class="section-head">
        <h2 id=${id}>${heading}</h2>
        <button @click=${() => void add()}>${icon('add')} ${label}</button>
      </div>
      <p class="soft lead">${words}</p>
      ${body}
    </section>`
  }

  #peopleTable(): unknown {
    return loaded(
      this.#people,
      (rows) =>
        html`<div class="card flush">
          <floe-table
            label="People"
            .rows=${rows}
            .columns=${PEOPLE}
            .key=${({ name }: Person) => name}
            .none=${empty('people', 'Nobody else yet', 'Add somebody who looks after some mounts, or who only looks.')}
          ></floe-table>
        </div>`,
      2,
    )
  }

  #tokenTable(): unknown {
    return loaded(
      this.#tokens,
      (rows) =>
        html`<div class="card flush">
          <floe-table
            label="Tokens"
            .rows=${rows}
            .columns=${TOKENS}
            .key=${({ id }: Token) => id}
            .none=${empty('protocols', 'No tokens', 'A token is shown once, when it is made.')}
          ></floe-table>
        </div>`,
      2,
    )
  }

  #banTable(): unknown {
    return loaded(
      this.#bans,
      (rows) =>
        html`<div class="card flush">
          <floe-table
            label="Bans"
            .rows=${rows}
            .columns=${BANS}
            .key=${({ address }: Banned) => address}
            .none=${empty('lock', 'Nobody is banned', 'Everybody with the right password may come in.')}
          ></floe-table>
        </div>`,
      2,
    )
  }
}

function passwordRow(whose: 'source' | 'admin', heading: string, words: string, locked: string | null): TemplateResult {
  return html`<li class="switch-row">
    <div>
      <h3>${heading}</h3>
      <p class="soft small">${words}</p>
      ${locked === null ? nothing : html`<p class="locked small">${icon('lock')} Set by ${locked}; it can be changed only there.</p>`}
    </div>
    ${
      locked === null
        ? html`<button aria-label="Change ${whose} password" @click=${() => void passwordDialog(whose)}>Change</button>`
        : nothing
    }
  </li>`
}

const role = ({ role: name, mounts }: Person | Token): unknown =>
  html`${ROLES[name]}${name === 'owner' ? html` <bdi class="soft" title=${mounts.join(', ')}>of ${mounts.length === 0 ? 'no mount' : mounts.join(', ')}</bdi>` : nothing}`

const PEOPLE: readonly Column<Person>[] = [
  { label: 'Name', phone: 'title', width: 'minmax(0, 1fr)', sort: ({ name }) => name, cell: ({ name }) => html`<bdi>${name}</bdi>` },
  { label: 'Role', width: 'minmax(0, 1.5fr)', sort: ({ role: name }) => name, cell: role },
  { label: 'Last seen', named: true, width: '150px', sort: ({ lastSeen }) => lastSeen, cell: ({ lastSeen }) => showMoment(lastSeen) },
  {
    label: '',
    phone: 'action',
    width: '170px',
    cell: (person) =>
      html`<span class="row-actions">
        <button class="quiet" aria-label="Change ${person.name}" @click=${() => void personDialog(person)}>Change</button>
        <button class="quiet danger-text" aria-label="Remove ${person.name}" @click=${() => void removePerson(person)}>Remove</button>
      </span>`,
  },
]

const TOKENS: readonly Column<Token>[] = [
  { label: 'For', phone: 'title', width: 'minmax(0, 1fr)', sort: ({ name }) => name, cell: ({ name }) => html`<bdi>${name}</bdi>` },
  { label: 'Role', width: 'minmax(0, 1fr)', sort: ({ role: name }) => name, cell: role },
  { label: 'Last used', named: true, width: '150px', sort: ({ lastUsed }) => lastUsed, cell: ({ lastUsed }) => showMoment(lastUsed) },
  { label: 'Ends', width: '150px', phone: 'hide', sort: ({ expires }) => expires, cell: ({ expires }) => showMoment(expires, 'never') },
  {
    label: '',
    phone: 'action',
    width: '110px',
    cell: (one) =>
      html`<span class="row-actions">
        <button class="quiet danger-text" aria-label="Revoke ${one.name}" @click=${() => void revokeToken(one)}>Revoke</button>
      </span>`,
  },
]

const BANS: readonly Column<Banned>[] = [
  {
    label: 'Address',
    phone: 'title',
    width: 'minmax(0, 1fr)',
    sort: ({ address }) => address,
    cell: ({ address }) => html`<bdi>${address}</bdi>`,
  },
  {
    label: 'Reason',
    width: 'minmax(0, 1.5fr)',
    cell: ({ reason }) => (reason === '' ? nothing : html`<bdi title=${reason}>${reason}</bdi>`),
  },
  { label: 'By', phone: 'hide', width: '110px', cell: ({ by }) => html`<bdi>${by}</bdi>` },
  { label: 'Ends', named: true, width: '150px', sort: ({ until }) => until, cell: ({ until }) => showMoment(until, 'never') },
  {
    label: '',
    phone: 'action',
    width: '110px',
    cell: ({ address }) =>
      html`<span class="row-actions"
        ><button class="quiet" aria-label="Let in ${address}" @click=${() => void unban(address)}>Let in</button></span
      >`,
  },
]
