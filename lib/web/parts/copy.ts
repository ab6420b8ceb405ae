import { html, nothing, type TemplateResult } from 'lit'
import { icons } from './marks.js'
import { PageElement } from './page-element.js'

/** Milliseconds for which a button says that it has copied. */
const TOLD = 2_000

/** A line of text that is made to be copied, with a button that does so. */
export class CopyLine extends PageElement {
  static override properties = { label: {}, value: {}, href: {}, shown: { attribute: false }, state: { state: true } }
  /** What it is, in a word or two; empty for none. */
  declare label: string
  /** The text. */
  declare value: string
  /** Where it leads; empty for none. */
  declare href: string
  /** The text as it is shown, where parts of it stand out. */
  declare shown: TemplateResult | undefined
  declare private state: 'idle' | 'done' | 'failed'
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor() {
    super()
    this.label = ''
    this.value = ''
    this.href = ''
    this.state = 'idle'
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    clearTimeout(this.#timer)
  }

  protected override render(): TemplateResult {
    const { label, value, href, state } = this
    const title = state === 'done' ? 'Copied' : state === 'failed' ? 'Press Ctrl+C to copy' : `Copy${label === '' ? '' : ` ${label}`}`
    const text = html`<code>${this.shown ?? value}</code>`
    return html`${label === '' ? nothing : html`<span class="label">${label}</span>`}
      ${href === '' ? text : html`<a href=${href} title=${value}>${text}</a>`}
      <button class="quiet" type="button" title=${title} aria-label=${title} @click=${this.#copy}>
        ${state === 'done' ? icons.done : icons.copy}
      </button>
      <span class="visually-hidden" role="status">${state === 'idle' ? '' : title}</span>`
  }

  readonly #copy = async (): Promise<void> => {
    this.state = (await copyText(this.value, this.querySelector('code'))) ? 'done' : 'failed'
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => (this.state = 'idle'), TOLD)
  }
}
customElements.define('copy-line', CopyLine)

// Without TLS browsers offer no clipboard: then what is shown is selected, and copied as by hand.
async function copyText(text: string, shown: Element | null): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    const selection = getSelection()
    if (shown === null || selection === null) return false
    selection.selectAllChildren(shown)
    const isCopied = document.execCommand('copy')
    if (isCopied) selection.removeAllRanges()
    return isCopied
  }
}
