import { html, type TemplateResult } from 'lit'
import '../parts/copy.js'
import { PageElement } from '../parts/page-element.js'
import { origin } from '../parts/start.js'

const TABS = ['OBS', 'ffmpeg', 'floecast-source'] as const
type Tab = (typeof TABS)[number]

const secured = origin.startsWith('https:')
const place = origin.replace(/^\w+:\/\//, '')
const login = 'source:PASSWORD@'
const address = `${secured ? 'https' : 'http'}://${login}${place}/live`

/** A line with the place of the password marked: it is never shown. */
function line(text: string, label = ''): TemplateResult {
  const [before = '', after = ''] = text.split('PASSWORD')
  const shown = text.includes('PASSWORD') ? html`${before}<mark>PASSWORD</mark>${after}` : undefined
  return html`<copy-line .label=${label} .value=${text} .shown=${shown} class=${label === '' ? 'block' : ''}></copy-line>`
}

const ffmpeg = (input: string, mount: string): string => `ffmpeg -re ${input}${secured ? ' -tls 1' : ''} icecast://${login}${place}${mount}`

const PANELS: Readonly<Record<Tab, () => TemplateResult>> = {
  OBS: () =>
    html`<p>Settings → Output → Output Mode: <b>Advanced</b> → Recording. Then press <b>Start Recording</b>.</p>
      <ul class="settings">
        <li>${line('Custom Output (FFmpeg)', 'Type')}</li>
        <li>${line('Output to URL', 'FFmpeg Output Type')}</li>
        <li>${line(`icecast://${login}${place}/live`, 'File path or URL')}</li>
        <li>${line('mpegts', 'Container Format')}</li>
        <li>${line(`content_type=video/mp2t${secured ? ' tls=1' : ''}`, 'Muxer Settings')}</li>
        <li>${line('60', 'Keyframe interval (frames)')}</li>
        <li>${line('libx264', 'Video Encoder')}</li>
        <li>${line('aac', 'Audio Encoder')}</li>
      </ul>
      <p class="soft small">60 frames are 2 seconds at 30 frames a second: viewers then see a picture quickly.</p>`,
  ffmpeg: () =>
    html`<p>Video, for every browser, phone and player:</p>
      ${line(ffmpeg('-i video.mp4 -c:v libx264 -pix_fmt yuv420p -g 50 -c:a aac -content_type video/mp2t -f mpegts', '/live'))}
      <p>Music, for every browser and radio:</p>
      ${line(ffmpeg('-i music.flac -vn -c:a libmp3lame -b:a 128k -content_type audio/mpeg -f mp3', '/radio.mp3'))}`,
  'floecast-source': () =>
    html`<p>Films, music, whole folders, one after the other without a break:</p>
      ${line(`npx floecast-source video.mp4 --to ${address}`)}
      <p>Your camera, or a page in your browser to steer all of it:</p>
      ${line(`npx floecast-source --webcam --to ${address}`)} ${line(`npx floecast-source --ui --to ${address}`)}`,
}

/** How to go live at this very address. */
export class GoLive extends PageElement {
  static override properties = { tab: { state: true } }
  declare private tab: Tab

  constructor() {
    super()
    this.tab = 'OBS'
  }

  protected override render(): TemplateResult {
    return html`<div class="tabs" role="tablist" aria-label="Send with" @keydown=${this.#turn}>
        ${TABS.map(
          (name) =>
            html`<button
              type="button"
              role="tab"
              id="tab-${name}"
              aria-controls="go-live-panel"
              aria-selected=${name === this.tab}
              tabindex=${name === this.tab ? 0 : -1}
              @click=${() => (this.tab = name)}
            >
              ${name}
            </button>`,
        )}
      </div>
      <div class="panel" id="go-live-panel" role="tabpanel" aria-labelledby="tab-${this.tab}">
        ${PANELS[this.tab]()}
        <p class="soft small">
          PASSWORD is the password for sources, which was shown at the first start; <a href="${origin}/admin/">Admin</a> can change it.
        </p>
      </div>`
  }

  readonly #turn = ({ key }: KeyboardEvent): void => {
    const step = key === 'ArrowRight' ? 1 : key === 'ArrowLeft' ? -1 : 0
    if (step === 0) return
    this.tab = TABS[(TABS.indexOf(this.tab) + step + TABS.length) % TABS.length]!
    void this.updateComplete.then(() => this.querySelector<HTMLElement>(`[aria-selected='true']`)?.focus())
  }
}
customElements.define('go-live', GoLive)

/** What stands on the page while nothing is on the air. */
export function emptyState(): TemplateResult {
  return html`<section class="empty">
    <h1>Nothing is on the air yet</h1>
    <p class="soft">Send a stream to this server, and it plays here by itself.</p>
    <p><a class="button" href="${origin}/admin/#/live">Go live from this browser</a></p>
    <p class="soft">Or send with a program:</p>
    <go-live></go-live>
    <h2>What follows</h2>
    <ol class="steps">
      <li>This page shows the stream a moment after it begins; nothing needs to be loaded again.</li>
      <li>Everyone watches at <code>${origin}/live</code>: browsers get a player, VLC and mpv the stream itself.</li>
      <li>Phones, televisions and other sites play <code>${origin}/live.m3u8</code>.</li>
    </ol>
  </section>`
}
