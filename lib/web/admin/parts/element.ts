import { LitElement } from 'lit'

/** An element whose markup stands in the page itself, where one style sheet and all labels reach it. */
export class PageElement extends LitElement {
  protected override createRenderRoot(): HTMLElement {
    return this
  }
}

let made = 0
/** An id that no other element of the page has. */
export const freshId = (word: string): string => `${word}-${++made}`
