import { html, type TemplateResult } from 'lit'
import { customElement } from 'lit/decorators.js'
import type { AnswerOf, Operations } from '../../../api/index.js'
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
import '../parts/table.js'

type Webhooks = AnswerOf<Operations['listWebhooks']>
type Webhook = Webhooks['webhooks'][number]

/** Addresses that are told of what happens. */
@customElement('floe-webhooks')
export class FloeWebhooks extends PageElement {
  readonly #webhooks = new Resource(this, () => api.call('listWebhooks'), 30_000)

  protected override render(): unknown {
    return html`<section aria-labelledby="webhooks">
      <div class="section-head">
        <h2 id="webhooks">Webhooks</h2>
        <button @click=${() => void addDialog(this.#webhooks.value?.events ?? [])}>${icon('add')} Add webhook</button>
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
  return last.problem === null
    ? html`<span class="good">Heard</span> ${showMoment(last.time)}`
    : html`<span class="bad" title=${last.problem}>Failed</span> ${showMoment(last.time)}`
}

const COLUMNS: readonly Column<Webhook>[] = [
  {
    label: 'Address',
    phone: 'title',
    width: 'minmax(0, 1.5fr)',
    sort: ({ url }) => url,
    cell: ({ url }) => html`<bdi title=${url}>${url}</bdi>`,
  },
  { label: 'Hears of', width: 'minmax(0, 1fr)', cell: ({ events }) => html`<span title=${events.join(', ')}>${events.join(', ')}</span>` },
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

async function addDialog(events: readonly string[]): Promise<void> {
  await openDialog({
    heading: 'Add a webhook',
    submit: 'Add',
    body: () =>
      html`<label class="stack">Address <input name="url" type="url" placeholder="https://example.org/hook" spellcheck="false" /></label>
        <fieldset class="plain">
          <legend>What it hears of</legend>
          ${events.map((event) => html`<label class="check-label"><input type="checkbox" name="events" value=${event} checked /> ${event}</label>`)}
        </fieldset>
        <label class="stack">Secret <input name="secret" type="password" autocomplete="new-password" placeholder="Optional" /></label>
        <p class="soft small">With a secret, each message is signed, so that the other side can tell that it comes from here.</p>`,
    onSubmit: async (dialog) => {
      const chosen = [...dialog.element.querySelectorAll<HTMLInputElement>('[name=events]:checked')].map(({ value }) => value)
      const secret = dialog.text('secret')
      await api.call('addWebhook', { body: { url: dialog.text('url'), events: chosen, ...(secret === '' ? {} : { secret }) } })
      tell({ words: 'The webhook is added.' })
      refreshAll()
    },
  })
}

async function test({ id, url }: Webhook): Promise<void> {
  try {
    const { status, problem } = await api.call('testWebhook', { params: { id } })
    tell(problem === null ? { words: `${url} has answered ${status ?? ''}.` } : { words: problem, bad: true })
  } catch (problem) {
    tellProblem(problem)
  }
  refreshAll()
}

async function remove({ id, url }: Webhook): Promise<void> {
  if (!(await ask('Remove the webhook?', [`${url} is told of nothing any more.`], 'Remove'))) return
  await act(() => api.call('removeWebhook', { params: { id } }), 'The webhook is removed.')
}
