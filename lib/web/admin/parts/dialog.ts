import { html, nothing, render, type TemplateResult } from 'lit'
import { freshId } from './element.js'
import { icon } from './icon.js'
import { sentenceOf } from './resource.js'

/** A question, a form, or details, above the page. */
export interface Dialog {
  readonly heading: string
  /** What stands in it; asked for again after {@link Opened.refresh}. */
  readonly body: (dialog: Opened) => unknown
  /** Word on the button that does it; without it there is only a button to close. */
  readonly submit?: string
  /** Whether doing it destroys or interrupts something. */
  readonly danger?: boolean
  /** Does it; what it throws is shown in the dialog, which stays. */
  readonly onSubmit?: (dialog: Opened) => Promise<void> | void
  /** Word on the button that leaves. Default: Cancel, or Close. */
  readonly cancel?: string
  /** Room for a table or a player. */
  readonly wide?: boolean
}

/** A dialog that is open. */
export interface Opened {
  /** Draws it again. */
  refresh(): void
  /** Ends it. */
  close(done?: boolean): void
  /** What somebody has written into the field of this name, without blanks around it. */
  text(name: string): string
  /** The element. */
  readonly element: HTMLDialogElement
}

/** Opens a dialog, and keeps the focus in it until it is left. @returns whether it was done */
export function openDialog(spec: Dialog): Promise<boolean> {
  const element = document.createElement('dialog')
  const id = freshId('dialog')
  element.className = spec.wide === true ? 'dialog wide' : 'dialog'
  element.setAttribute('aria-labelledby', id)
  let problem = ''
  let busy = false
  let done = false
  const dialog: Opened = {
    element,
    refresh: draw,
    close(isDone = false) {
      done = isDone
      element.close()
    },
    text: (name) => {
      const field = element.querySelector<HTMLInputElement>(`[name="${name}"]`)
      return field?.type === 'password' ? field.value : (field?.value.trim() ?? '')
    },
  }
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault()
    if (busy || spec.onSubmit === undefined) return
    busy = true
    problem = ''
    for (const field of element.querySelectorAll('[aria-invalid]')) field.removeAttribute('aria-invalid')
    draw()
    try {
      await spec.onSubmit(dialog)
      dialog.close(true)
    } catch (error) {
      problem = problemOf(error, element)
    }
    busy = false
    draw()
  }
  function draw(): void {
    const leave = spec.cancel ?? (spec.submit === undefined ? 'Close' : 'Cancel')
    render(
      html`<form @submit=${submit} novalidate>
        <header>
          <h2 id=${id}>${spec.heading}</h2>
          <button type="button" class="quiet round" aria-label="Close" @click=${() => dialog.close()}>${icon('close')}</button>
        </header>
        <div class="dialog-body">
          ${spec.body(dialog)}${problem === '' ? nothing : html`<p class="problem" role="alert">${problem}</p>`}
        </div>
        <footer>
          <button type="button" @click=${() => dialog.close()}>${leave}</button>
          ${
            spec.submit === undefined
              ? nothing
              : html`<button class=${spec.danger === true ? 'danger' : 'primary'} ?disabled=${busy} autofocus>${spec.submit}</button>`
          }
        </footer>
      </form>`,
      element,
    )
  }
  draw()
  document.body.append(element)
  // A click beside the dialog leaves it, as long as nothing has been written into it.
  element.addEventListener('click', (event) => {
    if (event.target === element && element.querySelector('input, textarea, select') === null) dialog.close()
  })
  element.showModal()
  // A form begins at its first field, a question at its answer.
  element.querySelector<HTMLElement>('.dialog-body :is(input, select, textarea):not([readonly], [disabled])')?.focus()
  return new Promise((resolve) => {
    element.addEventListener('close', () => {
      render(nothing, element)
      element.remove()
      resolve(done)
    })
  })
}

/** Asks before something is done, saying what will happen. @returns whether to do it */
export const ask = (heading: string, happens: readonly unknown[], submit: string, danger = true): Promise<boolean> =>
  openDialog({ heading, submit, danger, body: () => sentences(happens), onSubmit: () => {} })

/** Sentences of what will happen: one as a paragraph, several as a list. */
export const sentences = (all: readonly unknown[]): TemplateResult =>
  all.length === 1
    ? html`<p>${ended(all[0])}</p>`
    : html`<ul class="bullets">
        ${all.map((one) => html`<li>${ended(one)}</li>`)}
      </ul>`

// The server's sentences have no stop.
const ended = (one: unknown): unknown => (typeof one === 'string' && /[^.!?]$/.test(one) ? `${one}.` : one)

/** Says what is wrong with a field, by the field's own name, and marks it; any other problem as it is. */
function problemOf(error: unknown, element: HTMLElement): string {
  const words = sentenceOf(error)
  const [, name = '', reason = ''] = /^Cannot read the request: (\w+): (.+)$/.exec(words) ?? []
  const field = element.querySelector<HTMLInputElement>(`[name="${name}"]`)
  if (field === null) return words
  field.setAttribute('aria-invalid', 'true')
  field.focus()
  return `${field.labels?.[0]?.firstChild?.textContent?.trim() ?? name}: ${reason}.`
}
