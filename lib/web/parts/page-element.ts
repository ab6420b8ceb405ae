import { LitElement } from 'lit'

/** An element that draws into the page itself, so that the page's style sheets hold for what it draws. */
export class PageElement extends LitElement {
  protected override createRenderRoot(): HTMLElement {
    return this
  }
}
