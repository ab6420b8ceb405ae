import { html } from 'lit'
import { customElement, property } from 'lit/decorators.js'
import UPlot from 'uplot'
import { timeOfDay } from '../units.js'
import { PageElement } from './element.js'

/** A line over time, without axes: what matters stands beside it in words. A pointer over it tells the value at that moment. */
@customElement('floe-chart')
export class FloeChart extends PageElement {
  /** Seconds since 1970, ascending. */
  @property({ attribute: false }) accessor times: readonly number[] = []
  /** A value for each time. */
  @property({ attribute: false }) accessor values: readonly number[] = []
  /** What it shows, for screen readers. */
  @property() accessor label = ''
  /** Writes a value in words. */
  @property({ attribute: false }) accessor write: (value: number) => string = String
  #plot: UPlot | undefined
  #observer: ResizeObserver | undefined
  readonly #dark = matchMedia('(prefers-color-scheme: dark)')
  readonly #theme = new MutationObserver(() => this.#renew())

  override connectedCallback(): void {
    super.connectedCallback()
    this.#dark.addEventListener('change', this.#renew)
    this.#theme.observe(document.documentElement, { attributeFilter: ['data-theme'] })
  }
  override disconnectedCallback(): void {
    super.disconnectedCallback()
    this.#dark.removeEventListener('change', this.#renew)
    this.#theme.disconnect()
    this.#observer?.disconnect()
    this.#plot?.destroy()
    this.#plot = undefined
  }

  protected override render(): unknown {
    const least = Math.min(...this.values)
    const most = Math.max(...this.values)
    const words = this.values.length === 0 ? 'nothing yet' : `between ${this.write(least)} and ${this.write(most)}`
    return html`<div class="chart" role="img" aria-label="${this.label} over the last hour: ${words}"></div>
      <output class="chart-value" aria-hidden="true"></output>`
  }

  protected override updated(): void {
    if (this.#plot === undefined) this.#make()
    this.#plot?.setData([[...this.times], [...this.values]])
  }

  readonly #renew = (): void => {
    this.#plot?.destroy()
    this.#plot = undefined
    this.requestUpdate()
  }

  #make(): void {
    const room = this.querySelector<HTMLElement>('.chart')
    if (room === null) return
    // Canvases know no custom properties; the element's own colour is what they mean.
    const { color } = getComputedStyle(room)
    const size = (): { width: number; height: number } => ({ width: Math.max(60, room.clientWidth), height: room.clientHeight })
    this.#plot = new UPlot(
      {
        ...size(),
        padding: [4, 0, 0, 0],
        legend: { show: false },
        axes: [{ show: false }, { show: false }],
        scales: { y: { range: (_, low, high) => [Math.min(0, low), Math.max(high, 1) * 1.05] } },
        cursor: { y: false, points: { size: 7, fill: color, width: 0 }, drag: { setScale: false, x: false, y: false } },
        series: [{}, { stroke: color, width: 1.75, fill: fade(color), points: { show: false } }],
        hooks: { setCursor: [(plot) => this.#point(plot.cursor.idx ?? undefined)] },
      },
      [[...this.times], [...this.values]],
      room,
    )
    this.#observer?.disconnect()
    this.#observer = new ResizeObserver(() => this.#plot?.setSize(size()))
    this.#observer.observe(room)
  }

  #point(index: number | undefined): void {
    const output = this.querySelector('output')
    const time = index === undefined ? undefined : this.times[index]
    const value = index === undefined ? undefined : this.values[index]
    if (output !== null)
      output.value = time === undefined || value === undefined ? '' : `${timeOfDay(new Date(time * 1000))}  ${this.write(value)}`
  }
}

// The same colour, hardly there.
const fade = (color: string): string => color.replace(/^rgb\((.*)\)$/, 'rgba($1, 0.12)')
