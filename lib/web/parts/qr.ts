import { html, type PropertyValues, type TemplateResult } from 'lit'
import { PageElement } from './page-element.js'

/** An address as a QR code, which is drawn once it can be seen. */
export class QrCode extends PageElement {
  static override properties = { value: {}, drawn: { state: true } }
  /** What it says. */
  declare value: string
  declare private drawn: { path: string; size: number } | undefined
  readonly #observer = new IntersectionObserver((entries) => {
    if (entries.some(({ isIntersecting }) => isIntersecting)) void this.#draw()
  })

  constructor() {
    super()
    this.value = ''
  }

  override connectedCallback(): void {
    super.connectedCallback()
    this.#observer.observe(this)
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    this.#observer.disconnect()
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has('value') && this.drawn !== undefined) void this.#draw()
  }

  protected override render(): TemplateResult {
    const { path, size } = this.drawn ?? { path: '', size: 1 }
    return html`<svg viewBox="0 0 ${size} ${size}" role="img" aria-label="QR code of ${this.value}" shape-rendering="crispEdges">
      <path d=${path} fill="#000" />
    </svg>`
  }

  async #draw(): Promise<void> {
    const { encode } = await import('uqr')
    const { data, size } = encode(this.value, { border: 2 })
    const path = data.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : []))).join('')
    this.drawn = { path, size }
  }
}
customElements.define('qr-code', QrCode)
