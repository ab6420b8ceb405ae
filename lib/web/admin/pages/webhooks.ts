import { html, type TemplateResult } from 'lit'
import { customElement } from 'lit/decorators.js'
import type { Webhook, WebhookEvent } from '../../../api/index.js'
import { act } from '../change.js'
import { ask, openDialog } from '../parts/dialog.js'
import { PageElement } from '../parts/element.js'
import { empty, loaded } from '../parts/empty.js'
import { icon } from '../parts/icon.js'
import { showMoment } from '../parts/moment.js'
import { refreshAll, Resource } from '../parts/resource.js'
import type { Column } from '../parts/table.js'
import { tell, tellProblem } from '../parts/toast.js'
import { api } from '../session.js'
import { showOnce } from './people-dialogs.js'
import '../parts/table.js'

const EVENTS: Readonly<Record<WebhookEvent, string>> = {
  'source.connected': 'A source connects',
  'source.disconnected': 'A source goes',
  'listener.connected': 'A listener comes',
  'listener.disconnected': 'A listener goes',
  title: 'Another title plays',
  'mount.warning': 'Something is not as it should be',
  'mount.failed': 'Something has failed',
  'recording.finished': 'A recording is finished',
}
const NAMES: readonly WebhookEvent[] = [
  'source.connected',
  'source.disconnected',
  'listener.connected',
  'listener.disconnected',
  'title',
  'mount.warning',
  'mount.failed',
  'recording.finished',
]
// Listeners come and go by the thousand, so nobody hears of them who has not asked.
const ASKED = /^listener\./

/** Addresses that are told of what happens. */
@customElement('floe-webhooks')
export class FloeWebhooks extends PageElement {
  readonly #webhooks = new Resource(this, () => api.call('listWebhooks'), 30_000)

  protected override render(): unknown {
    return html`<section aria-labelledby="webhooks">
      <div class="section-head">
        <h2 id="webhooks">Webhooks</h2>
        <button @click=${() => void addDialog()}>${icon('add')} Add webhook</button>
      </div>
      <p class="soft lead">Addresses of other programs that are told, by a signed POST, when something happens.</p>
      ${loaded(
        this.#webhooks,
        ({ webhooks }) =>
          html`<div class="card flush">
            <floe-table
              label="Webhooks"
              .rows=${webhooks}
              .columns=${COLUMNS}
              .key=${({ id }: Webhook) => id}
              .none=${empty('external', 'No webhooks', 'Add one to start a light, a bot or a recording when a source connects.')}
            ></floe-table>
          </div>`,
        2,
      )}
    </section>`
  }
}

function lastWords({ last }: Webhook): TemplateResult {
  if (last === null) return html`<span class="soft">Nothing sent yet</span>`
  return last.error === null
    ? html`<span class="good">Heard</span> ${showMoment(last.time)}`
    : html`<span class="bad" title=${last.error}>Failed</span> ${showMoment(last.time)}`
}

const COLUMNS: readonly Column<Webhook>[] = [
  {
    label: 'Address',
    phone: 'title',
    width: 'minmax(0, 1.5fr)',
    sort: ({ url }) => url,
    cell: ({ url }) => html`<bdi title=${url}>${url}</bdi>`,
  },
  {
    label: 'Hears of',
    width: 'minmax(0, 1fr)',
    cell: ({ events }) => {
      const words = events.map((event) => EVENTS[event]).join(', ')
      return html`<span title=${words}>${words}</span>`
    },
  },
  { label: 'Last', width: '170px', cell: lastWords },
  {
    label: '',
    phone: 'action',
    width: '160px',
    cell: (one) =>
      html`<span class="row-actions">
        <button class="quiet" aria-label="Test ${one.url}" @click=${() => void test(one)}>Test</button>
        <button class="quiet danger-text" aria-label="Remove ${one.url}" @click=${() => void remove(one)}>Remove</button>
      </span>`,
  },
]

async function addDialog(): Promise<void> {
  let made: string | null = null
  await openDialog({
    heading: 'Add a webhook',
    submit: 'Add',
    body: () =>
      html`<label class="stack">Address <input name="url" type="url" placeholder="https://example.org/hook" spellcheck="false" /></label>
        <fieldset class="plain">
          <legend>What it hears of</legend>
          ${NAMES.map(
            (event) =>
              html`<label class="check-label"
                ><input type="checkbox" name="events" value=${event} ?checked=${!ASKED.test(event)} /> ${EVENTS[event]}</label
              >`,
          )}
        </fieldset>
        <label class="stack"
          >Secret <input name="secret" type="password" autocomplete="new-password" placeholder="One is made if you leave it empty"
        /></label>
        <p class="soft small">Each message is signed with it, so that the other side can tell that it comes from here.</p>`,
    onSubmit: async (dialog) => {
      const chosen = new Set([...dialog.element.querySelectorAll<HTMLInputElement>('[name=events]:checked')].map(({ value }) => value))
      const events = NAMES.filter((event) => chosen.has(event))
      const secret = dialog.text('secret')
      made = (await api.call('addWebhook', { body: { url: dialog.text('url'), events, ...(secret === '' ? {} : { secret }) } })).secret
      tell({ words: 'The webhook is added.' })
      refreshAll()
    },
  })
  if (made !== null) await showOnce('Copy the secret now', made)
}

async function test({ id, url }: Webhook): Promise<void> {
  try {
    const { status, error } = await api.call('testWebhook', { params: { id } })
    tell(error === null ? { words: `${url} has answered ${status ?? ''}.` } : { words: `${url} has not taken it: ${error}`, bad: true })
  } catch (problem) {
    tellProblem(problem)
  }
  refreshAll()
}

async function remove({ id, url }: Webhook): Promise<void> {
  if (!(await ask('Remove the webhook?', [`${url} is told of nothing any more.`], 'Remove'))) return
  await act(() => api.call('removeWebhook', { params: { id } }), 'The webhook is removed.')
}
