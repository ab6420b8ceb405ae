import { html, type TemplateResult } from 'lit'
import { floe, icons } from './marks.js'
import { PageElement } from './page-element.js'
import { prefix } from './start.js'

type Theme = 'system' | 'light' | 'dark'

const KEY = 'floecast.theme'
const NEXT: Readonly<Record<Theme, Theme>> = { system: 'light', light: 'dark', dark: 'system' }
const NAMES: Readonly<Record<Theme, string>> = { system: 'as the system has it', light: 'light', dark: 'dark' }

/** A button that goes through the themes, and keeps the choice in this browser. */
export class ThemeSwitch extends PageElement {
  protected override render(): TemplateResult {
    const theme = themeNow()
    const label = `Theme: ${NAMES[theme]}`
    return html`<button class="quiet" type="button" aria-label=${label} title=${label} @click=${this.#turn}>${icons[theme]}</button>`
  }

  readonly #turn = (): void => {
    const theme = NEXT[themeNow()]
    const { dataset } = document.documentElement
    if (theme === 'system') delete dataset['theme']
    else dataset['theme'] = theme
    try {
      if (theme === 'system') localStorage.removeItem(KEY)
      else localStorage.setItem(KEY, theme)
    } catch {
      // Storage is refused: the choice holds for this page.
    }
    this.requestUpdate()
  }
}
customElements.define('theme-switch', ThemeSwitch)

const themeNow = (): Theme => {
  const theme = document.documentElement.dataset['theme']
  return theme === 'light' || theme === 'dark' ? theme : 'system'
}

/** What stands at the top of every page. */
export const header = (): TemplateResult =>
  html`<header class="top">
    <a class="brand" href="${prefix}/">${floe}<span>floecast</span></a>
    <nav><theme-switch></theme-switch><a href="${prefix}/admin/">Admin</a></nav>
  </header>`
