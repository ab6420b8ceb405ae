import { html, nothing, type TemplateResult } from 'lit'
import { customElement, property } from 'lit/decorators.js'
import type { Diagnosis, Finding, Playing } from '../../../api/index.js'
import { PageElement } from '../parts/element.js'
import { loaded } from '../parts/empty.js'
import { icon } from '../parts/icon.js'
import { Resource } from '../parts/resource.js'
import { api } from '../session.js'

const VERDICTS: Readonly<Record<Playing['verdict'], string>> = {
  yes: 'Plays',
  perhaps: 'May play',
  partly: 'Sound only',
  no: 'Does not play',
}
const WORDS: Readonly<Record<Finding['severity'], string>> = { bad: 'Wrong', warn: 'Warning', good: 'Good' }

/** What is wrong or right with what a source sends, and what to change. */
@customElement('floe-doctor')
export class FloeDoctor extends PageElement {
  /** With its first slash. */
  @property() accessor mount = ''
  /** Whether a source sends. */
  @property({ type: Boolean }) accessor live = false
  readonly #diagnosis = new Resource(this, () => api.call('getDoctor', { params: { mount: this.mount } }), 5000)

  protected override render(): unknown {
    return html`<section aria-labelledby="mount-doctor">
      <h2 id="mount-doctor">Stream doctor</h2>
      ${this.live ? loaded(this.#diagnosis, (diagnosis) => draw(diagnosis)) : html`<p class="soft">It looks at the stream once a source sends.</p>`}
    </section>`
  }
}

function draw({ findings, playsIn }: Diagnosis): TemplateResult {
  return html`<ul class="findings">
      ${findings.map(
        ({ severity, sentence, advice, figure }) =>
          html`<li class=${severity}>
            ${icon(severity === 'good' ? 'check' : 'warn')}
            <div>
              <p><span class="visually-hidden">${WORDS[severity]}: </span>${sentence}</p>
              ${advice === null ? nothing : html`<p class="soft small">${advice}</p>`}
            </div>
            ${figure === null ? nothing : html`<span class="figure-value" title=${figure.name}>${rounded(figure.value)} ${figure.unit}</span>`}
          </li>`,
      )}
    </ul>
    ${
      playsIn.length === 0
        ? nothing
        : html`<details>
            <summary>Where it plays</summary>
            <dl class="details">
              ${playsIn.map(
                ({ where, verdict, why }) =>
                  html`<dt>${where}</dt>
                    <dd>
                      <span class=${verdict === 'yes' ? 'good' : verdict === 'no' ? 'bad' : 'warn'}>${VERDICTS[verdict]}</span>
                      <span class="soft small">${why}</span>
                    </dd>`,
              )}
            </dl>
          </details>`
    }`
}

const rounded = (value: number): string => (Number.isInteger(value) ? String(value) : value.toFixed(Math.abs(value) < 10 ? 2 : 1))
