import { html } from 'lit'
import { act } from '../change.js'
import { openDialog } from '../parts/dialog.js'
import { refreshAll } from '../parts/resource.js'
import { tell } from '../parts/toast.js'
import { api } from '../session.js'
import { plural } from '../units.js'

/** Asks what plays now, and says so to the listeners. */
export async function titleDialog(mount: string, title: string | null): Promise<void> {
  await openDialog({
    heading: 'Set the title',
    submit: 'Set title',
    body: () =>
      html`<label class="stack">What plays now <input name="title" maxlength="1024" value=${title ?? ''} /></label>
        <p class="soft small">Players and the status page show it at once, until the source says something else.</p>`,
    onSubmit: async (dialog) => {
      await api.call('setTitle', { params: { mount }, body: { title: dialog.text('title') } })
      tell({ words: 'The title is set.' })
      refreshAll()
    },
  })
}

/** Asks where the listeners of a mount shall go, and moves them. */
export async function moveDialog(mount: string): Promise<void> {
  const { sources } = await api.call('listSources')
  const others = sources.filter((source) => source.mount !== mount)
  if (others.length === 0) {
    await openDialog({
      heading: 'Move listeners',
      body: () => html`<p>No other mount is live at the moment, so there is nowhere to move them.</p>`,
    })
    return
  }
  await openDialog({
    heading: `Move the listeners of ${mount}`,
    submit: 'Move',
    body: () =>
      html`<label class="stack"
          >To
          <select name="to">
            ${others.map((other) => html`<option>${other.mount}</option>`)}
          </select></label
        >
        <p class="soft small">
          Whoever takes the stream as it comes hears the other one from its next key frame on, without connecting again. It must be in the
          same format.
        </p>`,
    onSubmit: async (dialog) => {
      const { moved } = await api.call('moveListeners', { params: { mount }, body: { to: dialog.text('to') } })
      tell({ words: `${plural(moved, 'listener')} moved.` })
      refreshAll()
    },
  })
}

/** Asks for how long an address shall be kept out, and why. */
export async function banDialog(address = ''): Promise<void> {
  await openDialog({
    heading: 'Ban an address',
    submit: 'Ban',
    danger: true,
    body: () =>
      html`<label class="stack"
          >Address or range <input name="address" value=${address} placeholder="192.0.2.0/24" spellcheck="false"
        /></label>
        <label class="stack"
          >For
          <select name="minutes">
            <option value="10">10 minutes</option>
            <option value="60" selected>1 hour</option>
            <option value="1440">1 day</option>
            <option value="43200">30 days</option>
            <option value="">ever</option>
          </select>
        </label>
        <label class="stack">Reason <input name="reason" maxlength="256" placeholder="For other administrators" /></label>
        <p class="soft small">Everything that it has open ends at once, and nothing of it is let in: no source, no listener, no page.</p>`,
    onSubmit: async (dialog) => {
      const minutes = dialog.text('minutes')
      const body = { address: dialog.text('address'), minutes: minutes === '' ? null : Number(minutes), reason: dialog.text('reason') }
      const answer = await api.call('ban', { body })
      tell({ words: `${answer.address} is banned${answer.ended === 0 ? '' : `; ${plural(answer.ended, 'connection')} of it ended`}.` })
      refreshAll()
    },
  })
}

/** Lets an address in again. */
export const unban = (address: string): Promise<void> =>
  act(() => api.call('unban', { params: { address } }), `${address} may come in again.`)
